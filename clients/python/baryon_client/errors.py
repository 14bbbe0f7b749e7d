"""What can go wrong between a call and its answer."""

from __future__ import annotations

from typing import Any, Iterable, Optional

import grpc

from baryon_client import api
from baryon_client.retry import push_back_of

DETAILS_KEY = "grpc-status-details-bin"


class BaryonError(Exception):
    """A call failed. The message names the thing, what was expected and what came.

    code: the gRPC status code by its name, "INVALID_ARGUMENT".
    reason: a word for programs that stays while messages get better, "QUEUE_FULL"; empty when no server answered.
    field, expected, got: what in the request is at fault ("inputs[0].shape"), when it is one thing.
    retry_delay: seconds after which the server says it is worth coming again; None when it did not say.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.reason = ""
        self.field = ""
        self.expected = ""
        self.got = ""
        self.retry_delay: Optional[float] = None


class InvalidArgument(BaryonError):
    """An input is unknown, missing, or of another dtype or shape than the model takes."""


class NotFound(BaryonError):
    """There is no such model or version; the message says what is loaded."""


class FailedPrecondition(BaryonError):
    """The version could not be loaded, or the server does not take this kind of request."""


class ResourceExhausted(BaryonError):
    """The queue is full, or the request is larger than the server allows."""


class DeadlineExceeded(BaryonError):
    """The time ran out."""


class Unavailable(BaryonError):
    """There is no server, it is about to end, or the version is still loading."""


class Unauthenticated(BaryonError):
    """No token, or a wrong one."""


class PermissionDenied(BaryonError):
    """The token is right for less than this."""


_CLASSES = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgument,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.FAILED_PRECONDITION: FailedPrecondition,
    grpc.StatusCode.RESOURCE_EXHAUSTED: ResourceExhausted,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
}


def make_error(
    code: grpc.StatusCode, message: Optional[str], target: str, trailers: Optional[Iterable[Any]] = None
) -> BaryonError:
    """The error for a gRPC status that came from, or on the way to, `target`, with its trailing metadata."""
    error = _CLASSES.get(code, BaryonError)(code.name, f"server {target}: {message or 'no message'}")
    push_back = push_back_of(trailers)
    error.retry_delay = push_back if push_back is None or push_back >= 0 else None
    info = _info_in(trailers)
    if info is not None:
        error.reason = info.reason
        error.field, error.expected, error.got = (info.metadata.get(key, "") for key in ("field", "expected", "got"))
    return error


def _info_in(trailers: Optional[Iterable[Any]]) -> Any:
    """The google.rpc.ErrorInfo that a server of ours sends along; None: there is none."""
    for key, value in trailers or ():
        if key != DETAILS_KEY or not isinstance(value, bytes):
            continue
        try:
            for detail in api.RpcStatus.FromString(value).details:
                if detail.type_url.endswith("/google.rpc.ErrorInfo"):
                    return api.ErrorInfo.FromString(detail.value)
        except api.DecodeError:
            return None  # of somebody between us and the server: the code and the message are enough
    return None
