"""The client for asyncio."""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType
from typing import AsyncIterator, Deque, Iterable, List, Optional, Sequence, Type, Union

import grpc
import grpc.aio

from baryon_client import calls, connection
from baryon_client.calls import Budget, Call, Result
from baryon_client.errors import DeadlineExceeded, NotFound, Unavailable, make_error
from baryon_client.retry import RetryPolicy, push_back_of
from baryon_client.tensors import Inputs, Picture
from baryon_client.values import Model, Prediction, PullProgress, ScoredClass


class AsyncClient:
    """`Client` for asyncio: the same arguments, methods and errors; see there. Belongs to the loop it was made in."""

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
            self._channel = grpc.aio.insecure_channel(self.target, options)
        else:
            self._channel = grpc.aio.secure_channel(self.target, tls.credentials(), options)

    async def close(self) -> None:
        """Ends calls that are under way."""
        await self._channel.close()

    async def __aenter__(self) -> "AsyncClient":
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await self.close()

    async def predict(
        self, model: str, inputs: Inputs, *, version: int = 0, top: int = 0, timeout: Optional[float] = None
    ) -> Prediction:
        """One forward pass; see Client.predict."""
        return await self._invoke(calls.predict(model, inputs, version, top), timeout)

    async def predict_many(
        self,
        model: str,
        batches: Union[Iterable[Inputs], AsyncIterator[Inputs]],
        *,
        in_flight: int = 4,
        version: int = 0,
        top: int = 0,
        timeout: Optional[float] = None,
    ) -> AsyncIterator[Prediction]:
        """Predicts one after the other of `batches`, a plain or an asynchronous iterable; see Client.predict_many."""
        waiting: Deque["asyncio.Task[Prediction]"] = deque()
        try:
            async for inputs in _each(batches):
                call = calls.predict(model, inputs, version, top)
                waiting.append(asyncio.ensure_future(self._invoke(call, timeout)))
                if len(waiting) >= in_flight:
                    yield await waiting.popleft()
            while waiting:
                yield await waiting.popleft()
        finally:
            for task in waiting:
                task.cancel()

    async def classify(
        self,
        model: str,
        pictures: Union[Picture, Sequence[Picture]],
        *,
        top: int = 5,
        version: int = 0,
        timeout: Optional[float] = None,
    ) -> List[List[ScoredClass]]:
        """The best classes of each picture, best first; see Client.classify. Reads files where it is called."""
        return await self._invoke(calls.classify(model, pictures, top, version), timeout)

    async def models(self, *, timeout: Optional[float] = None) -> List[Model]:
        """Every version that serves, loads, or could not be loaded."""
        return await self._invoke(calls.list_models(), timeout)

    async def model(self, name: str, *, timeout: Optional[float] = None) -> List[Model]:
        """The versions of one model."""
        return await self._invoke(calls.get_model(name), timeout)

    async def load(self, name: str, *, timeout: Optional[float] = None) -> None:
        """Loads a model of the server's repository; see Client.load."""
        await self._invoke(calls.load_model(name), timeout)

    async def unload(self, name: str, *, timeout: Optional[float] = None) -> None:
        """Takes a model out of service; requests in flight are answered."""
        await self._invoke(calls.unload_model(name), timeout)

    async def pull(self, name: str, *, timeout: Optional[float] = None) -> AsyncIterator[PullProgress]:
        """Has the server fetch a model of the zoo, and says how far it is; see Client.pull."""
        call = calls.pull_model(name)
        stream = self._channel.unary_stream(call.method, calls.serialize, call.response_type.FromString)
        responses = stream(call.request, timeout=timeout, metadata=connection.call_metadata(self._token))
        try:
            async for progress in responses:
                yield call.read(progress)
        except grpc.aio.AioRpcError as error:
            raise make_error(error.code(), error.details(), self.target, error.trailing_metadata()) from None
        finally:
            responses.cancel()

    async def is_ready(self, model: Optional[str] = None, *, timeout: Optional[float] = None) -> bool:
        """Whether the server takes requests, or one model does. False as well when there is no server or model."""
        try:
            return await self._invoke(calls.check_health(model), timeout, RetryPolicy(attempts=1))
        except (Unavailable, NotFound, DeadlineExceeded):
            return False

    async def wait_until_ready(self, model: Optional[str] = None, *, timeout: float = 60.0) -> None:
        """Returns as soon as `is_ready`. Unavailable: it is not after `timeout` seconds."""
        budget = Budget(timeout)
        while not await self.is_ready(model, timeout=budget.left()):
            if budget.left() == 0.0:
                what = "it" if model is None else f"model {model!r}"
                raise make_error(grpc.StatusCode.UNAVAILABLE, f"{what} is not ready after {timeout} s", self.target)
            await asyncio.sleep(0.05)

    async def _invoke(
        self, call: Call[Result], timeout: Optional[float], retry: Optional[RetryPolicy] = None
    ) -> Result:
        retry = retry or self._retry
        budget = Budget(self._timeout if timeout is None else timeout)
        stub = self._channel.unary_unary(call.method, calls.serialize, call.response_type.FromString)
        attempt = 1
        while True:
            try:
                metadata = connection.call_metadata(self._token)
                return call.read(await stub(call.request, timeout=budget.left(), metadata=metadata))
            except grpc.aio.AioRpcError as error:
                push_back = push_back_of(error.trailing_metadata())
                pause = retry.pause(attempt, error.code(), push_back, budget.left())
                if pause is None:
                    raise make_error(error.code(), error.details(), self.target, error.trailing_metadata()) from None
            await asyncio.sleep(pause)
            attempt += 1


async def _each(batches: Union[Iterable[Inputs], AsyncIterator[Inputs]]) -> AsyncIterator[Inputs]:
    if isinstance(batches, Iterable):
        for inputs in batches:
            yield inputs
    else:
        async for inputs in batches:
            yield inputs
