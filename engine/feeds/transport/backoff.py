"""How long to wait for a connection, for an answer, and before the next attempt.

Pure arithmetic: times are arguments, and the jitter is drawn from a seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConnectionTimes:
    """Every duration of a connection, seconds.

    first, most : bounds of the waits between attempts: the n-th in a row waits up to `first` x 2^(n-1)
    healthy     : how long data must have come before the waits begin again at `first`
    evicted     : wait at least after another program took the connection over
    opening     : for name, TCP, TLS and the upgrade together
    login       : from there until the key was accepted
    closing     : for the other side to end what we close
    settling    : for the last frames of a connection to be decoded
    silent      : without anything, then ping
    pong        : after a ping without anything, then give up
    jump        : wall clock against monotonic clock in one tick; more means that the machine slept
    gather      : after a small read, before the next: fewer, larger reads cost less
    tick        : between two looks at all this
    """

    first: float = 0.5
    most: float = 30.0
    healthy: float = 60.0
    evicted: float = 60.0
    opening: float = 10.0
    login: float = 10.0
    closing: float = 1.0
    settling: float = 10.0
    silent: float = 10.0
    pong: float = 10.0
    jump: float = 5.0
    gather: float = 0.005
    tick: float = 0.25


class Backoff:
    """The waits between the attempts of one connection: full jitter, doubled with each."""

    def __init__(self, times: ConnectionTimes, seed: int) -> None:
        self._times = times
        self._draw = random.Random(seed)
        self._failures = 0

    @property
    def longest_s(self) -> float:
        """Return the most that the next wait can be, s."""
        return min(self._times.first * 2.0**self._failures, self._times.most)

    def next_wait_s(self, data_s: float, long: bool = False) -> float:
        """Return how long to wait now that a connection ended which brought data for `data_s` seconds.

        long : whether coming back soon would do harm
        """
        if data_s >= self._times.healthy:
            self._failures = 0
        jitter = self._draw.uniform(0.0, self.longest_s)
        # The count stops where the wait does: 2.0 to the power of a year's failures would not be a number.
        self._failures += self.longest_s < self._times.most
        return self._times.evicted + jitter if long else jitter
