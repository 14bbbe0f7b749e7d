"""When calls are made again: the policy alone, then against a server that refuses as it is told."""

from __future__ import annotations

import asyncio

import grpc
import pytest

import baryon_client
from baryon_client import AsyncClient, Client, RetryPolicy
from baryon_client.retry import push_back_of

AWAY, FULL, WRONG = grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INVALID_ARGUMENT
FAST = RetryPolicy(attempts=3, first_pause=0.001)


def test_pauses_double_up_to_the_longest():
    policy = RetryPolicy(attempts=9, first_pause=0.1, longest_pause=1.0)
    for attempt, expected in ((1, 0.1), (2, 0.2), (3, 0.4), (4, 0.8), (5, 1.0), (8, 1.0)):
        assert policy.pause(attempt, AWAY, None, None) == pytest.approx(expected, rel=0.2001)


@pytest.mark.parametrize(
    "attempt, code, push_back, time_left, expected",
    [
        (1, AWAY, 0.7, None, 0.7),
        (1, FULL, 0.7, None, 0.7),
        (1, FULL, None, None, None),  # larger than the server allows: it would be refused again
        (1, WRONG, 0.7, None, None),
        (1, AWAY, -1.0, None, None),
        (4, AWAY, 0.7, None, None),  # the last attempt
        (1, AWAY, 0.7, 0.6, None),  # the answer would come too late
        (1, AWAY, 0.7, 0.8, 0.7),
    ],
)
def test_decides(attempt, code, push_back, time_left, expected):
    assert RetryPolicy(attempts=4).pause(attempt, code, push_back, time_left) == expected


def test_reads_the_push_back():
    assert push_back_of([("other", "x"), ("grpc-retry-pushback-ms", "250")]) == 0.25
    assert push_back_of([("grpc-retry-pushback-ms", b"0")]) == 0
    assert push_back_of([("grpc-retry-pushback-ms", "-5")]) == -1
    assert push_back_of([("grpc-retry-pushback-ms", "soon")]) == -1
    assert push_back_of([("other", "x")]) is None
    assert push_back_of(None) is None


def ask(address: str, kind: str, retry: RetryPolicy = FAST, timeout: float = 30.0) -> None:
    """Predicts once with either client."""
    if kind == "blocking":
        with Client(address, retry=retry, timeout=timeout) as client:
            client.predict("m", [1.0])
        return

    async def body():
        async with AsyncClient(address, retry=retry, timeout=timeout) as client:
            await client.predict("m", [1.0])

    asyncio.run(body())


both = pytest.mark.parametrize("kind", ["blocking", "asyncio"])


@both
def test_asks_again_until_the_server_is_back(fake, kind):
    fake.start()
    fake.fail_with(AWAY)
    fake.fail_with(FULL, push_back="1")
    ask(fake.address, kind)
    assert len(fake.metadata) == 3


@both
def test_gives_up_after_the_last_attempt_and_says_when_to_come_again(fake, kind):
    fake.start()
    for _ in range(4):
        fake.fail_with(FULL, push_back="20")
    with pytest.raises(baryon_client.ResourceExhausted, match="come later") as caught:
        ask(fake.address, kind)
    assert caught.value.retry_delay == 0.02
    assert len(fake.metadata) == 3


@both
def test_does_not_ask_again_when_told_not_to(fake, kind):
    fake.start()
    fake.fail_with(AWAY, push_back="-1")
    with pytest.raises(baryon_client.Unavailable):
        ask(fake.address, kind)
    assert len(fake.metadata) == 1


@both
def test_one_timeout_covers_all_attempts(fake, kind):
    fake.start()
    fake.fail_with(AWAY, push_back="200")
    ask(fake.address, kind, timeout=5.0)
    first, second = fake.time_left
    assert first <= 5.1  # rounded on the wire
    assert second <= first - 0.1


@both
def test_does_not_wait_longer_than_its_time(fake, kind):
    fake.start()
    fake.fail_with(AWAY, push_back="60000")
    with pytest.raises(baryon_client.Unavailable):
        ask(fake.address, kind, timeout=5.0)
    assert len(fake.metadata) == 1
