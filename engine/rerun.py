"""What if: a tape folded once more with other thresholds, a little at a time.

Owns the second fold and its progress, and compares it with the first over what had been played when it was
asked for: a replay must not tell the future. It refuses to know who waits for it.
"""

from __future__ import annotations

from .panels import Comparison, Scoreboard
from .study import Spotted, Tally, difference, scoreboard, tally
from .symbols import Contract
from .timeline import Timeline

Row = tuple[int, str, Contract | None]


class Rerun:
    """A second fold of a timeline's tape, up to where its playhead stands now.

    settings : what is different about it, as it was asked for
    again    : a timeline of the same tape between the same bounds, with those settings, at its start
    done     : whether there is nothing more to fold
    """

    def __init__(self, settings: tuple[str, ...], played: Timeline, again: Timeline) -> None:
        self.settings = settings
        self.done = False
        self._again = again
        self._until_ns = played.clock
        self._then = tally(played)
        self._comparison: Comparison | None = None

    @property
    def progress(self) -> float:
        """Share that has been folded again, 0-1."""
        span_ns = self._until_ns - self._again.start_ns
        return (self._again.clock - self._again.start_ns) / span_ns if span_ns > 0 else 1.0

    def work(self, limit: int) -> None:
        """Fold `limit` events more."""
        folded = sum(len(events) for events, _ in self._again.advance(self._until_ns, limit))
        self.done = folded < limit

    def comparison(self) -> Comparison:
        """Return what has come of it so far; complete once it is done."""
        if not self.done:
            then, nothing = scoreboard([self._then]), Scoreboard((), ())
            return Comparison(self.settings, min(self.progress, 0.999), then, nothing, 0, (), ())
        if self._comparison is None:
            self._comparison = compared(self.settings, self._then, tally(self._again, self._until_ns))
        return self._comparison


def compared(settings: tuple[str, ...], then: Tally, now: Tally) -> Comparison:
    """Return what is different between two folds of one tape."""
    found = difference([then], [now])
    return Comparison(
        settings=settings,
        progress=1.0,
        then=scoreboard([then]),
        now=scoreboard([now]),
        kept=found.kept,
        added=tuple(map(_row, found.added)),
        removed=tuple(map(_row, found.removed)),
    )


def _row(spotted: Spotted) -> Row:
    return spotted.ts_ns, spotted.rule, spotted.contract
