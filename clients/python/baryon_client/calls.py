"""The calls of the native API, each as a value: where to, what to send, what to make of the answer.

What is here has no network in it; `Client` and `AsyncClient` differ in how they carry a call out, and in nothing else.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Callable, Generic, List, Optional, Sequence, TypeVar, Union

from baryon_client import api, tensors
from baryon_client.tensors import Inputs, Picture, Pictures
from baryon_client.values import Model, Prediction, PullProgress, ScoredClass, TensorInfo

Result = TypeVar("Result")

_PREDICTION = "/baryon.v1.PredictionService/"
_REGISTRY = "/baryon.v1.ModelRegistry/"


@dataclass(frozen=True)
class Call(Generic[Result]):
    """One request and how to read its answer."""

    method: str
    request: Any
    response_type: Any
    read: Callable[[Any], Result]


def serialize(request: Any) -> bytes:
    data: bytes = request.SerializeToString()
    return data


class Budget:
    """The time that a call and all its attempts may take."""

    def __init__(self, timeout: Optional[float]) -> None:
        self._end = None if timeout is None else time.monotonic() + timeout

    def left(self) -> Optional[float]:
        """Seconds; None: no limit."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())


def predict(model: str, inputs: Inputs, version: int = 0, top: int = 0) -> Call[Prediction]:
    request = api.PredictRequest(
        model_spec={"name": model, "version": version}, inputs=tensors.encode_inputs(inputs), top=top
    )
    return Call(_PREDICTION + "Predict", request, api.PredictResponse, _read_prediction)


def classify(
    model: str, pictures: Union[Picture, Sequence[Picture]], top: int, version: int
) -> Call[List[List[ScoredClass]]]:
    call = predict(model, Pictures(pictures), version, top)
    return Call(call.method, call.request, call.response_type, lambda response: _read_prediction(response).classes)


def list_models() -> Call[List[Model]]:
    return Call(_REGISTRY + "ListModels", api.ListModelsRequest(), api.ListModelsResponse, _read_models)


def get_model(name: str) -> Call[List[Model]]:
    return Call(_REGISTRY + "GetModel", api.GetModelRequest(name=name), api.GetModelResponse, _read_versions)


def load_model(name: str) -> Call[None]:
    return Call(_REGISTRY + "LoadModel", api.LoadModelRequest(name=name), api.LoadModelResponse, lambda response: None)


def unload_model(name: str) -> Call[None]:
    request = api.UnloadModelRequest(name=name)
    return Call(_REGISTRY + "UnloadModel", request, api.UnloadModelResponse, lambda response: None)


def pull_model(name: str) -> Call[PullProgress]:
    """Answers with a stream."""
    return Call(_REGISTRY + "PullModel", api.PullModelRequest(name=name), api.PullModelProgress, _read_progress)


def check_health(model: Optional[str]) -> Call[bool]:
    service = "" if model is None else f"baryon.model/{model}"
    return Call(
        "/grpc.health.v1.Health/Check",
        api.HealthCheckRequest(service=service),
        api.HealthCheckResponse,
        lambda response: bool(response.status == 1),  # SERVING
    )


def _read_prediction(response: Any) -> Prediction:
    return Prediction(
        response.model_spec.name,
        response.model_spec.version,
        {output.name: tensors.decode_output(output) for output in response.outputs},
        [[ScoredClass(best.index, best.label, best.score) for best in row.classes] for row in response.rows],
    )


def _read_models(response: Any) -> List[Model]:
    return [_read_model(info) for info in response.models]


def _read_versions(response: Any) -> List[Model]:
    return [_read_model(info) for info in response.versions]


def _read_model(info: Any) -> Model:
    return Model(
        name=info.name,
        version=info.version,
        state=api.ModelInfo.State.Name(info.state).lower(),
        error=info.error,
        inputs=tuple(TensorInfo(input.name, input.dtype, tuple(input.shape)) for input in info.inputs),
        outputs=tuple(TensorInfo(output.name, output.dtype, tuple(output.shape)) for output in info.outputs),
        succeeded=info.succeeded,
        failed=info.failed,
        rows=info.rows,
        forward_passes=info.forward_passes,
        mean_ms=info.mean_ms,
        memory_bytes=info.memory_bytes,
    )


def _read_progress(progress: Any) -> PullProgress:
    return PullProgress(progress.bytes_done, progress.bytes_total, progress.step)
