"""What calls return. Immutable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, Tuple

import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class ScoredClass:
    """One of the best classes of a row."""

    index: int
    label: str  # empty when the model has no labels
    score: float  # a probability when the network ends in a softmax


class Prediction(Mapping[str, Array]):
    """The answer to one request: its outputs by name, in the model's order.

    model, version: what answered. classes: of each row the best classes, best first; empty unless asked for.
    The arrays are read-only: they are views of the message. `np.array(output)` makes a copy to write to.
    """

    def __init__(
        self, model: str, version: int, outputs: Dict[str, Array], classes: List[List[ScoredClass]]
    ) -> None:
        self.model = model
        self.version = version
        self.classes = classes
        self._outputs = outputs

    def __getitem__(self, name: str) -> Array:
        try:
            return self._outputs[name]
        except KeyError:
            raise KeyError(f"no output {name!r}; there are: {', '.join(self._outputs)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._outputs)

    def __len__(self) -> int:
        return len(self._outputs)

    @property
    def array(self) -> Array:
        """The output of a model that has one. ValueError: it has several."""
        if len(self._outputs) != 1:
            raise ValueError(f"model {self.model!r} has {len(self)} outputs, name one of: {', '.join(self._outputs)}")
        return next(iter(self._outputs.values()))

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name}: {array.dtype}{list(array.shape)}" for name, array in self._outputs.items())
        return f"Prediction({self.model!r} version {self.version}, {shapes})"


@dataclass(frozen=True)
class TensorInfo:
    """An input or output as the model declares it."""

    name: str
    dtype: str  # as NumPy calls it; empty: any
    shape: Tuple[int, ...]  # -1: any size


@dataclass(frozen=True)
class Model:
    """A version of a model on the server."""

    name: str
    version: int
    state: str  # "ready", "loading", "failed", "unloaded"
    error: str  # of the last load, when it failed; the version may serve all the same
    inputs: Tuple[TensorInfo, ...]
    outputs: Tuple[TensorInfo, ...]
    succeeded: int  # requests since it was loaded first
    failed: int
    rows: int
    forward_passes: int
    mean_ms: float  # of the requests that succeeded, from arrival to answer
    memory_bytes: int


@dataclass(frozen=True)
class PullProgress:
    """How far a pull has come."""

    bytes_done: int
    bytes_total: int  # 0: not known
    step: str  # "fetching resnet50_v2"
