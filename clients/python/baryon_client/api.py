"""The messages of the wire, as classes, from the descriptors that the build puts beside this file.

They live in a pool of their own, so that programs which generate classes from the same .proto files, or have another
file of that name, do not collide with this package.
"""

from __future__ import annotations

import pathlib
from typing import Any

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, duration_pb2, message_factory
from google.protobuf.message import DecodeError as DecodeError


def _load_pool() -> descriptor_pool.DescriptorPool:
    path = pathlib.Path(__file__).with_name("api.binpb")
    try:
        files = descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes())
    except FileNotFoundError:
        raise ImportError(f"{path} is missing: install the package (pip install ./clients/python)") from None
    pool = descriptor_pool.DescriptorPool()
    for imported in (any_pb2, duration_pb2):
        pool.AddSerializedFile(imported.DESCRIPTOR.serialized_pb)
    for file in files.file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


_POOL = _load_pool()


def _message(name: str) -> Any:
    descriptor = _POOL.FindMessageTypeByName(name)
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    older: Any = message_factory  # protobuf before 4.22
    return older.MessageFactory(_POOL).GetPrototype(descriptor)


Tensor = _message("baryon.v1.Tensor")
PredictRequest = _message("baryon.v1.PredictRequest")
PredictResponse = _message("baryon.v1.PredictResponse")
ListModelsRequest = _message("baryon.v1.ListModelsRequest")
ListModelsResponse = _message("baryon.v1.ListModelsResponse")
GetModelRequest = _message("baryon.v1.GetModelRequest")
GetModelResponse = _message("baryon.v1.GetModelResponse")
LoadModelRequest = _message("baryon.v1.LoadModelRequest")
LoadModelResponse = _message("baryon.v1.LoadModelResponse")
UnloadModelRequest = _message("baryon.v1.UnloadModelRequest")
UnloadModelResponse = _message("baryon.v1.UnloadModelResponse")
PullModelRequest = _message("baryon.v1.PullModelRequest")
PullModelProgress = _message("baryon.v1.PullModelProgress")
ModelInfo = _message("baryon.v1.ModelInfo")
HealthCheckRequest = _message("grpc.health.v1.HealthCheckRequest")
HealthCheckResponse = _message("grpc.health.v1.HealthCheckResponse")
RpcStatus = _message("google.rpc.Status")
ErrorInfo = _message("google.rpc.ErrorInfo")
