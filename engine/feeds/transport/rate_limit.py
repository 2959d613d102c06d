"""How often a provider may be asked: never more than so many requests within any stretch of time.

Pure: times come in as seconds of any clock that never goes back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

_REFUSALS, _WITHIN_S = 3, 60.0


class RateLimit:
    """Hands out moments to ask at; slows down to `slow` when the provider keeps refusing.

    most, per_s : at most so many requests in any so many seconds
    slow        : the same once three requests of a minute were refused; None to go on as before
    on_slow     : called when that happens
    """

    def __init__(
        self,
        most: int,
        per_s: float,
        slow: tuple[int, float] | None = None,
        on_slow: Callable[[], object] = lambda: None,
    ) -> None:
        self.most, self.per_s = most, per_s
        self._slow, self._on_slow = slow or (most, per_s), on_slow
        self._granted: deque[float] = deque(maxlen=max(most, self._slow[0]))
        self._refused: deque[float] = deque(maxlen=_REFUSALS)

    def take_turn(self, now_s: float) -> float:
        """Take the next moment and return how far off it is, s; 0 when it is now."""
        at_s = max(now_s, self._granted[-1]) if self._granted else now_s
        if len(self._granted) >= self.most:
            at_s = max(at_s, self._granted[-self.most] + self.per_s)
        self._granted.append(at_s)
        return at_s - now_s

    def note_refusal(self, now_s: float) -> None:
        """Take note of an answer 429."""
        self._refused.append(now_s)
        often = len(self._refused) == _REFUSALS and now_s - self._refused[0] <= _WITHIN_S
        if often and self._slow[0] / self._slow[1] < self.most / self.per_s:
            self.most, self.per_s = self._slow
            self._on_slow()
