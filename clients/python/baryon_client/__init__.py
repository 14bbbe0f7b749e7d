"""Client of the Baryon inference server.

    from baryon_client import Client

    with Client("127.0.0.1:8001") as client:
        outputs = client.predict("digits", array)["dense1_fwd_output"]

`Client` blocks, `AsyncClient` is for asyncio; both have the same methods. Arrays are NumPy's. Everything that goes wrong
between here and the answer is a `BaryonError`.
"""

from baryon_client.async_client import AsyncClient
from baryon_client.client import Client
from baryon_client.connection import Tls
from baryon_client.errors import (
    BaryonError,
    DeadlineExceeded,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
)
from baryon_client.retry import RetryPolicy
from baryon_client.tensors import Inputs, Pictures
from baryon_client.values import Model, Prediction, PullProgress, ScoredClass, TensorInfo

__all__ = [
    "AsyncClient",
    "BaryonError",
    "Client",
    "DeadlineExceeded",
    "FailedPrecondition",
    "Inputs",
    "InvalidArgument",
    "Model",
    "NotFound",
    "PermissionDenied",
    "Pictures",
    "Prediction",
    "PullProgress",
    "ResourceExhausted",
    "RetryPolicy",
    "ScoredClass",
    "TensorInfo",
    "Tls",
    "Unauthenticated",
    "Unavailable",
]
__version__ = "0.1.0"
