"""Events: what each row of the signal log stands for, as more signals join it.

Owns the sums of an event, and that none is told before its time has come.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ..fold.rules.catalogue import rules
from .view import SignalEvent


@dataclass(frozen=True, slots=True)
class Joining:
    """A signal that joined a row of the log: its number among all that fired, whose row, what that is now."""

    firing: int
    head: int
    event: SignalEvent


@dataclass(slots=True)
class Joinings:
    """Every signal of a fold that joined a row, in the order of the tape; `take` adds what has fired since.

    traded : by row and rule, contracts and $ so far
    """

    all: list[Joining] = field(default_factory=list)
    of_head: dict[int, list[int]] = field(default_factory=dict)
    traded: dict[int, dict[int, tuple[float, float]]] = field(default_factory=dict)
    _taken: int = 0

    def take(self, firings: Sequence[np.void], signals: Sequence[np.void]) -> None:
        """Take in the firings that are new; `signals` are the heads among them."""
        for at in range(self._taken, len(firings)):
            if firings[at]["parent"] >= 0:
                self._join(at, firings[at], signals[int(firings[at]["parent"])])
        self._taken = len(firings)

    def _join(self, at: int, fired: np.void, head_row: np.void) -> None:
        head = int(fired["parent"])
        if head not in self.traded:
            self.traded[head] = {}
            self.of_head[head] = []
            self._add(head, head_row)
            event = SignalEvent((rules()[head_row["rule"]].name,), 1, None, None)
        else:
            event = self.all[self.of_head[head][-1]].event
        self._add(head, fired)
        name = rules()[fired["rule"]].name
        size, premium_usd = max(self.traded[head].values(), default=(None, None))
        self.of_head[head].append(len(self.all))
        self.all.append(
            Joining(
                at,
                head,
                replace(
                    event,
                    rules=event.rules if name in event.rules else (*event.rules, name),
                    count=event.count + 1,
                    size=None if size is None else round(size),
                    premium_usd=premium_usd,
                ),
            )
        )

    def _add(self, head: int, fired: np.void) -> None:
        """Add what was traded in one signal to that of its rule."""
        rule = rules()[fired["rule"]]
        if rule.size:
            numbers = dict(rule.named(fired["evidence"].tolist()))
            size, premium_usd = self.traded[head].get(rule.number, (0.0, 0.0))
            sums = size + numbers[rule.size], premium_usd + numbers["premium_usd"]
            self.traded[head][rule.number] = sums


@dataclass(frozen=True, slots=True)
class EventsUntil:
    """An `EventLog` of the first `firings` signals; `placed` is the number of each row's event."""

    joinings: Joinings
    firings: int
    placed: Sequence[int]

    def of(self, index: int) -> SignalEvent | None:
        """Return what row `index` stands for; None while nothing has joined it."""
        every = self.joinings.all
        of_head = self.joinings.of_head.get(self.placed[index], ()) if index < len(self.placed) else ()
        n = bisect_left(of_head, self.firings, key=lambda k: every[k].firing)
        return every[of_head[n - 1]].event if n else None
