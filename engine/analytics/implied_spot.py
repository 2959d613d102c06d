"""The spot that option quotes imply, for a day without any price of the underlying.

Owns the choice of strikes and the pace of put-call parity: spot = strike + call mid - put mid at the strikes
where call and put cost most nearly the same, rate and dividends taken as zero over so short a life.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from ..model.contracts import Contract
from ..model.events import (
    FLAG_PARITY,
    MISSING,
    NS,
    PRICE_SCALE,
    QUOTE,
    SPOT,
    UNDERLYING,
    Events,
    empty_events,
)

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ImpliedSpotParams:
    """How the implied spot is sampled.

    every_ns  : least tape time between two samples
    max_age_ns: a quote older than this says nothing
    strikes   : the median of so many strikes is taken
    """

    every_ns: int = NS
    max_age_ns: int = 120 * NS
    strikes: int = 3


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Strikes that have a call and a put of one expiration: price units and contract ids, (k,) each."""

    strike: Ints
    call: Ints
    put: Ints


def nearest_pairs(contracts: Sequence[Contract], roots: Sequence[str]) -> Pairs:
    """Return the pairs of the nearest expiration that has any, the first of `roots` preferred; ids from 1."""
    found: dict[tuple[date, int], dict[int, dict[str, int]]] = {}
    for cid, each in enumerate(contracts, 1):
        group = found.setdefault((each.expiry, roots.index(each.root)), {})
        group.setdefault(each.strike_milli, {})[each.right] = cid
    for _, strikes in sorted(found.items(), key=lambda item: item[0]):
        rows = [
            (milli * (PRICE_SCALE // 1000), at["C"], at["P"])
            for milli, at in sorted(strikes.items())
            if len(at) == 2
        ]
        if rows:
            columns = np.array(rows, np.int64)
            return Pairs(columns[:, 0], columns[:, 1], columns[:, 2])
    none = np.empty(0, np.int64)
    return Pairs(none, none, none)


class ImpliedSpot:
    """Adds SPOT events to a stream of events in tape order; `samples` counts them."""

    def __init__(self, contracts: int, pairs: Pairs, params: ImpliedSpotParams) -> None:
        self.samples = 0
        self._pairs, self._params = pairs, params
        self._bid = np.full(contracts + 1, MISSING, np.int64)
        self._ask = np.full(contracts + 1, MISSING, np.int64)
        self._ts = np.zeros(contracts + 1, np.int64)
        self._useful = np.zeros(contracts + 1, bool)
        self._useful[pairs.call] = self._useful[pairs.put] = True
        self._due_ns = 0
        self._last = MISSING

    def insert(self, blocks: Iterable[Events]) -> Iterator[Events]:
        """Yield the blocks with SPOT after the quotes that imply it; an instant never spans two blocks."""
        for block in blocks:
            yield self._with_spots(block)

    def hear(self, quotes: Events) -> None:
        """Take quotes as the standing ones of their contracts."""
        useful = quotes[self._useful[quotes["cid"]]]
        # Of several quotes of one contract the last one counts: numpy assigns in order.
        self._bid[useful["cid"]] = useful["p1"]
        self._ask[useful["cid"]] = useful["p2"]
        self._ts[useful["cid"]] = useful["ts"]

    def sample(self, now_ns: int) -> Events | None:
        """Return a SPOT when one is due and differs from the last one; `now_ns` is tape time."""
        if now_ns < self._due_ns:
            return None
        self._due_ns = now_ns + self._params.every_ns
        spot = self._implied(now_ns)
        if spot is None or spot == self._last:
            return None
        self._last = spot
        self.samples += 1
        event = empty_events(1)
        event["ts"], event["cid"], event["p1"] = now_ns, UNDERLYING, spot
        event["kind"], event["flags"] = SPOT, FLAG_PARITY
        return event

    def _with_spots(self, block: Events) -> Events:
        at = np.flatnonzero((block["kind"] == QUOTE) & self._useful[block["cid"]])
        quotes = block[at]
        where: list[int] = []
        spots: list[Events] = []
        start = 0
        while start < len(quotes):
            due = int(np.searchsorted(quotes["ts"], self._due_ns))
            due = min(max(due, start), len(quotes) - 1)
            end = int(np.searchsorted(quotes["ts"], quotes["ts"][due], "right"))
            self.hear(quotes[start:end])
            spot = self.sample(int(quotes["ts"][end - 1]))
            if spot is not None:
                where.append(int(at[end - 1]) + 1)
                spots.append(spot)
            start = end
        return np.insert(block, where, np.concatenate(spots)) if spots else block

    def _implied(self, now_ns: int) -> int | None:
        call, put = self._mid(self._pairs.call, now_ns), self._mid(self._pairs.put, now_ns)
        gap = call - put
        chosen = np.argsort(np.abs(gap), kind="stable")[: self._params.strikes]
        chosen = chosen[np.isfinite(gap[chosen])]
        implied = self._pairs.strike[chosen] + gap[chosen]
        return int(np.floor(np.median(implied) + 0.5)) if len(implied) else None

    def _mid(self, cid: Ints, now_ns: int) -> NDArray[np.float64]:
        """Return two-sided, uncrossed, fresh mids in price units, (k,); nan for the others."""
        bid, ask = self._bid[cid], self._ask[cid]
        fresh = now_ns - self._ts[cid] <= self._params.max_age_ns
        usable = fresh & (bid > 0) & (ask >= bid)
        return np.where(usable, (bid + ask) / 2, np.nan)
