"""The client for asyncio, against the real program."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from conftest import PICTURES

import baryon_client
from baryon_client import AsyncClient


def run(server, test):
    async def body():
        async with AsyncClient(server) as client:
            return await test(client)

    return asyncio.run(body())


def digits(rows: int, scale: float = 1.0) -> np.ndarray:
    return np.random.default_rng(1).random((rows, 1, 8, 8), np.float32) * np.float32(scale)


def test_asks_many_at_once(server):
    async def test(client):
        pictures = [PICTURES / f"{digit}.png" for digit in range(10)]
        rows = await asyncio.gather(*(client.classify("digits", picture, top=1) for picture in pictures))
        assert [row[0][0].index for row in rows] == list(range(10))

    run(server, test)


def test_predicts_many_in_order_from_plain_and_asynchronous_iterables(server):
    batches = [digits(1, (i + 1) / 8) for i in range(8)]

    async def frames():
        for batch in batches:
            yield batch

    async def test(client):
        expected = [(await client.predict("digits", batch)).array for batch in batches]
        for source in (iter(batches), frames()):
            answers = [answer.array async for answer in client.predict_many("digits", source, in_flight=3)]
            np.testing.assert_allclose(answers, expected, atol=1e-5)

    run(server, test)


def test_says_what_is_loaded(server):
    async def test(client):
        assert await client.is_ready("digits")
        assert not await client.is_ready("nosuch")
        await client.wait_until_ready("digits")
        assert [model.name for model in await client.models()] == ["digits"]
        assert (await client.model("digits"))[0].state == "ready"

    run(server, test)


def test_unloads_and_loads(server):
    async def test(client):
        await client.unload("digits")
        assert not await client.is_ready("digits")
        await client.load("digits")
        assert await client.is_ready("digits")

    run(server, test)


def test_refusals_are_the_same_errors(server):
    async def test(client):
        with pytest.raises(baryon_client.InvalidArgument, match=r"\[1, 3, 8, 8\]"):
            await client.predict("digits", np.zeros((1, 3, 8, 8), np.float32))

    run(server, test)


def test_a_task_that_is_cancelled_ends(server):
    async def test(client):
        task = asyncio.ensure_future(client.predict("digits", digits(1)))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await client.predict("digits", digits(1))).array.shape == (1, 10)

    run(server, test)
