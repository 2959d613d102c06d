"""What if: a tape folded once more with other thresholds, a little at a time, and what that changes.

Owns the second fold and its progress, and compares it with the first over what had been played when it was
asked for: a replay must not tell the future.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
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

MOVED_NS = 5 * NS
"""A signal of the same rule and contract that fires so much sooner or later is the same one, moved."""


@dataclass(frozen=True, slots=True)
class SignalIdentity:
    """A signal by what makes it the same under other thresholds: symbol, moment, rule and contract."""

    ts_ns: int
    symbol: str
    rule: str
    contract: Contract | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What other thresholds change: signals that came, that went, that moved, and how many stayed.

    moved : each as it was, and when it fires now, ns UTC
    """

    kept: int
    added: tuple[SignalIdentity, ...]
    removed: tuple[SignalIdentity, ...]
    moved: tuple[tuple[SignalIdentity, int], ...] = ()


def with_changes(fold: FoldParams, settings: Sequence[str]) -> FoldParams:
    """Return the parameters with 'volume_spike.z=5' and its like applied; UsageError for what cannot be."""
    return replace(fold, signals=with_settings(fold.signals, changes(settings, once=True)))


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
        moved=tuple((*_row(then), now_ns) for then, now_ns in found.moved),
    )


def _row(spotted: SignalIdentity) -> tuple[int, str, Contract | None]:
    return spotted.ts_ns, spotted.rule, spotted.contract


def difference(then: Sequence[Tally], now: Sequence[Tally]) -> Difference:
    """Compare two folds of the same tapes.

    Signals of one rule and contract answer to each other in their order: the same when less than a second
    lies between them, moved within `MOVED_NS`.
    """
    before, after = _by_key(then), _by_key(now)
    kept = 0
    added: list[SignalIdentity] = []
    removed: list[SignalIdentity] = []
    moved: list[tuple[SignalIdentity, int]] = []
    for key in {**before, **after}:
        same, gone, come = _paired(before.get(key, []), after.get(key, []), NS - 1)
        kept += len(same)
        shifted, gone, come = _paired(gone, come, MOVED_NS)
        moved += [(old, new.ts_ns) for old, new in shifted]
        removed += gone
        added += come
    return Difference(
        kept,
        tuple(sorted(added, key=_ts)),
        tuple(sorted(removed, key=_ts)),
        tuple(sorted(moved, key=lambda pair: pair[0].ts_ns)),
    )


def _paired(
    old: Sequence[SignalIdentity], new: Sequence[SignalIdentity], within_ns: int
) -> tuple[list[tuple[SignalIdentity, SignalIdentity]], list[SignalIdentity], list[SignalIdentity]]:
    """Pair off two lists in order of time; return the pairs, and what is left of each."""
    pairs: list[tuple[SignalIdentity, SignalIdentity]] = []
    gone: list[SignalIdentity] = []
    come: list[SignalIdentity] = []
    i = j = 0
    while i < len(old) and j < len(new):
        apart = new[j].ts_ns - old[i].ts_ns
        if abs(apart) <= within_ns:
            pairs.append((old[i], new[j]))
            i, j = i + 1, j + 1
        elif apart > 0:
            gone.append(old[i])
            i += 1
        else:
            come.append(new[j])
            j += 1
    return pairs, [*gone, *old[i:]], [*come, *new[j:]]


def _by_key(tallies: Sequence[Tally]) -> Mapping[tuple[object, ...], list[SignalIdentity]]:
    """Return the signals in order of time by what they are about."""
    found: defaultdict[tuple[object, ...], list[SignalIdentity]] = defaultdict(list)
    for each in sorted(tallies, key=lambda tally: tally.day):
        for ts_ns, rule, cid in zip(each.ts_ns.tolist(), each.rule.tolist(), each.cid.tolist(), strict=True):
            contract = None if cid == UNDERLYING else each.contracts[cid]
            found[each.symbol, rule, contract].append(
                SignalIdentity(ts_ns, each.symbol, RULE_NAMES[rule], contract)
            )
    return found


def _ts(each: SignalIdentity) -> int:
    return each.ts_ns
