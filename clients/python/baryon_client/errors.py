"""What can go wrong between a call and its answer."""

from __future__ import annotations

from typing import Optional

import grpc


class BaryonError(Exception):
    """A call failed. The message names the thing, what was expected and what came.

    code: the gRPC status code by its name, "INVALID_ARGUMENT".
    retry_delay: seconds after which the server says it is worth coming again; None when it did not say.
    """

    def __init__(self, code: str, message: str, retry_delay: Optional[float] = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.retry_delay = retry_delay


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
    code: grpc.StatusCode, message: Optional[str], target: str, retry_delay: Optional[float] = None
) -> BaryonError:
    """The error for a gRPC status that came from, or on the way to, `target`."""
    return _CLASSES.get(code, BaryonError)(code.name, f"server {target}: {message or 'no message'}", retry_delay)
