"""The client that blocks."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Deque, Iterable, Iterator, List, Optional, Sequence, Type, Union

import grpc

from baryon_client import calls, connection
from baryon_client.calls import Budget, Call, Result
from baryon_client.errors import DeadlineExceeded, NotFound, Unavailable, make_error
from baryon_client.retry import RetryPolicy, push_back_of
from baryon_client.tensors import Inputs, Picture
from baryon_client.values import Model, Prediction, PullProgress, ScoredClass


class Client:
    """A connection to one server. Thread-safe; make one and keep it: connecting costs more than most predictions.

    target: "HOST:PORT", or any name that gRPC takes; None: the environment's BARYON_SERVER, else 127.0.0.1:8001.
    timeout: seconds that a call may take with all its attempts; a call's own `timeout` goes before it; None: no limit.
    token: for servers with --auth-token-file; a string, or a function that returns it.

    Every method raises BaryonError, or the subclass for what happened.
    """

    def __init__(
        self,
        target: Optional[str] = None,
        *,
        timeout: Optional[float] = 60.0,
        retry: RetryPolicy = RetryPolicy(),
        tls: Optional[connection.Tls] = None,
        token: Optional[connection.Token] = None,
    ) -> None:
        self.target = connection.resolve_target(target)
        self._timeout = timeout
        self._retry = retry
        self._token = token
        options = connection.channel_options(tls)
        if tls is None:
            self._channel = grpc.insecure_channel(self.target, options)
        else:
            self._channel = grpc.secure_channel(self.target, tls.credentials(), options)

    def close(self) -> None:
        """Ends calls that are under way."""
        self._channel.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def predict(
        self, model: str, inputs: Inputs, *, version: int = 0, top: int = 0, timeout: Optional[float] = None
    ) -> Prediction:
        """One forward pass. Axis 0 of the inputs is the batch.

        inputs: an array (or Pictures) for a model with one input, or a mapping from names to them.
        version: 0 is the highest that is loaded. top: of a classifier, how many classes of each row to name.
        """
        return self._invoke(calls.predict(model, inputs, version, top), timeout)

    def predict_many(
        self,
        model: str,
        batches: Iterable[Inputs],
        *,
        in_flight: int = 4,
        version: int = 0,
        top: int = 0,
        timeout: Optional[float] = None,
    ) -> Iterator[Prediction]:
        """Predicts one after the other of `batches`, in their order, with up to `in_flight` requests under way: the
        frames of a video, the pages of a data set. Reads only as far ahead as it asks. `timeout` is of each.
        """
        with ThreadPoolExecutor(in_flight) as pool:
            waiting: Deque[Future[Prediction]] = deque()
            try:
                for inputs in batches:
                    call = calls.predict(model, inputs, version, top)
                    waiting.append(pool.submit(self._invoke, call, timeout))
                    if len(waiting) >= in_flight:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def classify(
        self,
        model: str,
        pictures: Union[Picture, Sequence[Picture]],
        *,
        top: int = 5,
        version: int = 0,
        timeout: Optional[float] = None,
    ) -> List[List[ScoredClass]]:
        """The best classes of each picture, best first. Pictures are paths of PNG or JPEG files, or their bytes."""
        return self._invoke(calls.classify(model, pictures, top, version), timeout)

    def models(self, *, timeout: Optional[float] = None) -> List[Model]:
        """Every version that serves, loads, or could not be loaded."""
        return self._invoke(calls.list_models(), timeout)

    def model(self, name: str, *, timeout: Optional[float] = None) -> List[Model]:
        """The versions of one model."""
        return self._invoke(calls.get_model(name), timeout)

    def load(self, name: str, *, timeout: Optional[float] = None) -> None:
        """Loads a model of the server's repository, again when it serves already; returns when it serves."""
        self._invoke(calls.load_model(name), timeout)

    def unload(self, name: str, *, timeout: Optional[float] = None) -> None:
        """Takes a model out of service; requests in flight are answered."""
        self._invoke(calls.unload_model(name), timeout)

    def pull(self, name: str, *, timeout: Optional[float] = None) -> Iterator[PullProgress]:
        """Has the server fetch a model of the zoo, and says how far it is. Asked once: a retry would start over.

        timeout: without one, none: it takes as long as it takes.
        """
        call = calls.pull_model(name)
        stream = self._channel.unary_stream(call.method, calls.serialize, call.response_type.FromString)
        responses = stream(call.request, timeout=timeout, metadata=connection.call_metadata(self._token))
        try:
            for progress in responses:
                yield call.read(progress)
        except grpc.RpcError as error:
            raise make_error(error.code(), error.details(), self.target, error.trailing_metadata()) from None
        finally:
            responses.cancel()

    def is_ready(self, model: Optional[str] = None, *, timeout: Optional[float] = None) -> bool:
        """Whether the server takes requests, or one model does. False as well when there is no server or model."""
        try:
            return self._invoke(calls.check_health(model), timeout, RetryPolicy(attempts=1))
        except (Unavailable, NotFound, DeadlineExceeded):
            return False

    def wait_until_ready(self, model: Optional[str] = None, *, timeout: float = 60.0) -> None:
        """Returns as soon as `is_ready`. Unavailable: it is not after `timeout` seconds."""
        budget = Budget(timeout)
        while not self.is_ready(model, timeout=budget.left()):
            if budget.left() == 0.0:
                what = "it" if model is None else f"model {model!r}"
                raise make_error(grpc.StatusCode.UNAVAILABLE, f"{what} is not ready after {timeout} s", self.target)
            time.sleep(0.05)

    def _invoke(self, call: Call[Result], timeout: Optional[float], retry: Optional[RetryPolicy] = None) -> Result:
        retry = retry or self._retry
        budget = Budget(self._timeout if timeout is None else timeout)
        stub = self._channel.unary_unary(call.method, calls.serialize, call.response_type.FromString)
        attempt = 1
        while True:
            try:
                metadata = connection.call_metadata(self._token)
                return call.read(stub(call.request, timeout=budget.left(), metadata=metadata))
            except grpc.RpcError as error:
                push_back = push_back_of(error.trailing_metadata())
                pause = retry.pause(attempt, error.code(), push_back, budget.left())
                if pause is None:
                    raise make_error(error.code(), error.details(), self.target, error.trailing_metadata()) from None
            time.sleep(pause)
            attempt += 1
