"""When to ask again, and after how long. Pure: no clock and no network."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Iterable, Optional

import grpc

PUSH_BACK_KEY = "grpc-retry-pushback-ms"


@dataclass(frozen=True)
class RetryPolicy:
    """A server that is away (UNAVAILABLE) is asked again after a pause that doubles, with jitter; one that names the
    pause itself (push-back), also with RESOURCE_EXHAUSTED, after that pause; one that says "do not" is not. Nothing
    else is asked again: it would be refused again. The call's timeout covers all attempts and pauses.
    """

    attempts: int = 4  # in all; 1: never again
    first_pause: float = 0.1  # seconds
    longest_pause: float = 2.0

    def pause(
        self, attempt: int, code: grpc.StatusCode, push_back: Optional[float], time_left: Optional[float]
    ) -> Optional[float]:
        """Seconds to wait before the next attempt after attempt number `attempt` (from 1) failed; None: give up.

        push_back: what the server said, in seconds; below zero: do not. time_left: None without a timeout.
        """
        if attempt >= self.attempts or (push_back is not None and push_back < 0):
            return None
        if push_back is not None and code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED):
            pause = push_back
        elif code == grpc.StatusCode.UNAVAILABLE:
            pause = min(self.first_pause * 2 ** (attempt - 1), self.longest_pause) * random.uniform(0.8, 1.2)
        else:
            return None
        return None if time_left is not None and pause >= time_left else pause


def push_back_of(trailers: Optional[Iterable[Any]]) -> Optional[float]:
    """Seconds of the push-back in trailing metadata; -1 for one that is no number, which means "do not"."""
    for key, value in trailers or ():
        if key == PUSH_BACK_KEY:
            text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
            return int(text) / 1000 if text.isdecimal() else -1.0
    return None
