"""How often the provider may be asked: never more than so many requests within any stretch of time.

Pure: times come in as seconds of any clock that never goes back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

PAID = (20, 1.0)
"""Requests and seconds of a plan without a limit of its own; the provider asks to stay well below 100/s."""

FREE = (5, 60.0)
"""Requests and seconds of a plan that answers 429 to more."""

_REFUSALS, _WITHIN_S = 3, 60.0


class RateLimit:
    """Hands out moments to ask at; slows down to `slow` when the provider keeps refusing.

    most, per_s : at most so many requests in any so many seconds
    slow        : the same once three requests of a minute were refused
    slowed      : called when that happens
    """

    def __init__(
        self,
        most: int = PAID[0],
        per_s: float = PAID[1],
        slow: tuple[int, float] = FREE,
        slowed: Callable[[], object] = lambda: None,
    ) -> None:
        self.most, self.per_s = most, per_s
        self._slow, self._slowed = slow, slowed
        self._granted: deque[float] = deque(maxlen=max(most, slow[0]))
        self._refused: deque[float] = deque(maxlen=_REFUSALS)

    def wait_s(self, now_s: float) -> float:
        """Take the next moment and return how far off it is, 0 when it is now."""
        at_s = max(now_s, self._granted[-1]) if self._granted else now_s
        if len(self._granted) >= self.most:
            at_s = max(at_s, self._granted[-self.most] + self.per_s)
        self._granted.append(at_s)
        return at_s - now_s

    def refused(self, now_s: float) -> None:
        """Take note of an answer 429."""
        self._refused.append(now_s)
        often = len(self._refused) == _REFUSALS and now_s - self._refused[0] <= _WITHIN_S
        if often and self._slow[0] / self._slow[1] < self.most / self.per_s:
            self.most, self.per_s = self._slow
            self._slowed()
