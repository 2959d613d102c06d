"""What if: a tape folded once more with other thresholds, a little at a time, and what that changes.

Owns the second fold and its progress, and compares it with the first over what had been played when it was
asked for: a replay must not tell the future.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..fold.params import FoldParams, with_settings
from ..fold.rules.catalogue import RULE_NAMES
from ..fold.thresholds import changes
from ..model.contracts import Contract
from ..model.events import NS, UNDERLYING
from ..tape.timeline import Timeline
from ..views.queries import Scoreboard, WhatIfComparison
from ..views.scores import scoreboard
from ..views.study import Tally, tally


@dataclass(frozen=True, slots=True)
class SignalIdentity:
    """A signal by what makes it the same under other thresholds: symbol, second, rule and contract."""

    ts_ns: int
    symbol: str
    rule: str
    contract: Contract | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What other thresholds change: signals that came, that went, and how many stayed."""

    kept: int
    added: tuple[SignalIdentity, ...]
    removed: tuple[SignalIdentity, ...]


def with_changes(fold: FoldParams, settings: Sequence[str]) -> FoldParams:
    """Return the parameters with 'volume_spike.z=5' and its like applied; UsageError for what cannot be."""
    return replace(fold, signals=with_settings(fold.signals, changes(settings)))


class WhatIfFold:
    """A second fold of a timeline's tape, up to where its playhead stands now.

    settings : what is different about it, as it was asked for
    again    : a timeline of the same tape between the same bounds, with those settings, at its start
    done     : whether there is nothing more to fold
    """

    def __init__(self, settings: tuple[str, ...], played: Timeline, again: Timeline) -> None:
        self.settings = settings
        self.done = False
        self._again = again
        self._until_ns = played.at_ns
        self._then = tally(played)
        self._comparison: WhatIfComparison | None = None

    @property
    def progress(self) -> float:
        """Share that has been folded again, 0-1."""
        span_ns = self._until_ns - self._again.start_ns
        return (self._again.at_ns - self._again.start_ns) / span_ns if span_ns > 0 else 1.0

    def work(self, limit: int) -> None:
        """Fold `limit` events more."""
        folded = sum(len(events) for events, _ in self._again.advance(self._until_ns, limit))
        self.done = folded < limit

    def comparison(self) -> WhatIfComparison:
        """Return what has come of it so far; complete once it is done."""
        if not self.done:
            then, nothing = scoreboard([self._then]), Scoreboard((), ())
            return WhatIfComparison(self.settings, min(self.progress, 0.999), then, nothing, 0, (), ())
        if self._comparison is None:
            self._comparison = compared(self.settings, self._then, tally(self._again, self._until_ns))
        return self._comparison


def compared(settings: tuple[str, ...], then: Tally, now: Tally) -> WhatIfComparison:
    """Return what is different between two folds of one tape."""
    found = difference([then], [now])
    return WhatIfComparison(
        settings=settings,
        progress=1.0,
        then=scoreboard([then]),
        now=scoreboard([now]),
        kept=found.kept,
        added=tuple(map(_row, found.added)),
        removed=tuple(map(_row, found.removed)),
    )


def _row(spotted: SignalIdentity) -> tuple[int, str, Contract | None]:
    return spotted.ts_ns, spotted.rule, spotted.contract


def difference(then: Sequence[Tally], now: Sequence[Tally]) -> Difference:
    """Compare two folds of the same tapes; a signal is the same when rule, contract and second agree.

    Of several in one second the first answers to the first, the second to the second.
    """
    before, after = _spotted(then), _spotted(now)
    known_before, known_after = ({key for key, _ in spotted} for spotted in (before, after))
    added = tuple(each for key, each in after if key not in known_before)
    removed = tuple(each for key, each in before if key not in known_after)
    return Difference(len(after) - len(added), added, removed)


def _spotted(tallies: Sequence[Tally]) -> list[tuple[tuple[object, ...], SignalIdentity]]:
    found: list[tuple[tuple[object, ...], SignalIdentity]] = []
    seen: Counter[tuple[object, ...]] = Counter()
    for each in tallies:
        for ts_ns, rule, cid in zip(each.ts_ns.tolist(), each.rule.tolist(), each.cid.tolist(), strict=True):
            contract = None if cid == UNDERLYING else each.contracts[cid]
            key = each.symbol, ts_ns // NS, rule, cid
            seen[key] += 1
            found.append(((*key, seen[key]), SignalIdentity(ts_ns, each.symbol, RULE_NAMES[rule], contract)))
    return found
