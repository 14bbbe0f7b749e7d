"""Arrays and pictures to messages, and back."""

from __future__ import annotations

import os
import sys
from typing import Any, List, Mapping, Sequence, Tuple, Union

import numpy as np
import numpy.typing as npt

from baryon_client import api
from baryon_client.values import Array

_DTYPES = frozenset("bool float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64".split())

Picture = Union[str, "os.PathLike[str]", bytes]  # the path of a PNG or JPEG file, or its bytes


class Pictures:
    """PNG or JPEG files as an input: a row each. The server decodes, resizes and scales them as the model says."""

    def __init__(self, files: Union[Picture, Sequence[Picture]]) -> None:
        if isinstance(files, (str, bytes, os.PathLike)):
            files = [files]
        self.files: List[bytes] = [_read(file) for file in files]


# One array or Pictures for a model with one input, or each input by its name.
Input = Union[npt.ArrayLike, Pictures]
Inputs = Union[Input, Mapping[str, Input]]


def _read(file: Picture) -> bytes:
    if isinstance(file, bytes):
        return file
    with open(file, "rb") as opened:
        return opened.read()


def encode_inputs(inputs: Inputs) -> List[Any]:
    """Messages for `inputs`. TypeError: an element type that does not travel."""
    named: Sequence[Tuple[str, Any]] = list(inputs.items()) if isinstance(inputs, Mapping) else [("", inputs)]
    return [_encode(name, value) for name, value in named]


def _encode(name: str, value: Any) -> Any:
    if isinstance(value, Pictures):
        return api.Tensor(name=name, pictures=value.files)
    array = np.asarray(value)
    dtype = array.dtype.name
    if dtype not in _DTYPES and dtype != "bfloat16":
        raise TypeError(f"input {name!r}: expected an array of numbers or booleans, got {array.dtype}")
    if array.dtype.byteorder == ">" or (array.dtype.byteorder == "=" and sys.byteorder == "big"):
        array = array.astype(array.dtype.newbyteorder("<"))
    return api.Tensor(name=name, dtype=dtype, shape=array.shape, data=array.tobytes())


def decode_output(tensor: Any) -> Array:
    """A read-only array over the bytes of `tensor`. ValueError: they are not as many as dtype and shape say."""
    dtype = _dtype_named(tensor.name, tensor.dtype)
    shape = tuple(tensor.shape)
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if size != len(tensor.data):
        raise ValueError(
            f"output {tensor.name!r}: expected {size} bytes for {tensor.dtype}{list(shape)}, got {len(tensor.data)}"
        )
    return np.frombuffer(tensor.data, dtype).reshape(shape)


def _dtype_named(output: str, name: str) -> np.dtype[Any]:
    if name in _DTYPES:
        return np.dtype(name).newbyteorder("<")
    if name == "bfloat16":
        try:
            import ml_dtypes  # type: ignore[import-not-found, unused-ignore]

            found: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
            return found
        except ImportError:
            raise TypeError(f"output {output!r} is bfloat16: NumPy knows it when ml_dtypes is installed") from None
    raise TypeError(f"output {output!r}: unknown dtype {name!r}")
