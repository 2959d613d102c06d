"""What a stance sums: the contracts of some expirations, and what is known of each at one moment.

Owns which contracts belong to a scope and their columns. It refuses to know which rows are shown and what
the columns come to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from ..analytics.exposure import Book
from ..analytics.exposure_choice import CONVENTIONS, ExposureChoice
from ..analytics.greeks import years
from ..analytics.positioning import positions
from ..fold.params import FoldParams
from ..fold.state import State
from ..model.events import PRICE_SCALE
from .expiration import ABSENT, Expiration, Moment, known, volatilities
from .view import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class ContractSet:
    """Every contract of some expirations, of all roots and both settlements of a date, each once.

    cid, strike_milli : (n,)
    cp       : (n,) +1 call, -1 put
    expiry   : (n,) index into `expiries`
    ladder   : (n,) index into `ladders`, whose settlement it has
    rung     : (n,) index into the strikes of all ladders, one after the other; call and put share one
    """

    expiries: tuple[date, ...]
    ladders: tuple[Expiration, ...]
    cid: Ints
    strike_milli: Ints
    cp: Floats
    expiry: Ints
    ladder: Ints
    rung: Ints


def roster_of(expiries: Mapping[date, Sequence[Expiration]]) -> ContractSet:
    """Return the contracts of expirations; on each ladder calls come before puts, by strike."""
    dates = tuple(expiries)
    ladders = tuple(ladder for each in dates for ladder in expiries[each])
    of = [i for i, each in enumerate(dates) for _ in expiries[each]]
    parts, start = [np.zeros((6, 0), np.int64)], 0
    for i, ladder in enumerate(ladders):
        rungs = np.arange(start, start + len(ladder.strike_milli))
        for cids, cp in ((ladder.call, 1), (ladder.put, -1)):
            columns = np.broadcast_arrays(cids, ladder.strike_milli, cp, of[i], i, rungs)
            parts.append(np.stack(columns)[:, cids != ABSENT])
        start += len(rungs)
    cid, strike_milli, cp, expiry, at, rung = np.concatenate(parts, axis=1)
    return ContractSet(dates, ladders, cid, strike_milli, cp.astype(np.float64), expiry, at, rung)


@dataclass(frozen=True, slots=True, eq=False)
class ScopeChain:
    """What is known of a roster's contracts; columns (n,) float64 in its order.

    years         : to settlement, 0 once settled
    iv            : per year, nan when it cannot be had
    oi            : contracts, nan when unknown
    volume, buy, sell, unknown : contracts today without cancelled ones, and by side
    confidence    : sum over the sided contracts of how often their rule is right, 0-1 each
    premium_usd, net_premium_usd : traded; bought minus sold
    """

    roster: ContractSet
    years: Floats
    iv: Floats
    oi: Floats
    volume: Floats
    buy: Floats
    sell: Floats
    unknown: Floats
    confidence: Floats
    premium_usd: Floats
    net_premium_usd: Floats

    @property
    def strike(self) -> Floats:
        """Strikes in $."""
        return self.roster.strike_milli / 1000

    def books(self, stance: ExposureChoice, multiplier: float) -> tuple[Book, ...]:
        """Return what dealers hold under each of `CONVENTIONS`; on the stance's basis under its own."""
        return tuple(
            self._book(stance if each == stance.convention else stance.with_convention(each), multiplier)
            for each in CONVENTIONS
        )

    def _book(self, stance: ExposureChoice, multiplier: float) -> Book:
        cp = self.roster.cp
        held = positions(
            stance.convention, stance.basis, oi=self.oi, volume=self.volume, buy=self.buy, sell=self.sell,
            cp=cp,
        )  # fmt: skip
        return Book(self.strike, cp, self.years, self.iv, cp * held, multiplier, stance.basis)


def pool_at(state: State, roster: ContractSet, moment: Moment, fold: FoldParams) -> ScopeChain:
    """Return what is known of the roster's contracts at a moment."""
    cids = roster.cid
    left = np.array([years(ladder.settle_ns, moment.now_ns) for ladder in roster.ladders])
    iv = [np.zeros(0), *(volatilities(state, ladder, moment, fold) for ladder in roster.ladders)]

    def whole(name: str) -> Ints:
        return state.cells[name][cids].astype(np.int64)

    return ScopeChain(
        roster=roster,
        years=left[roster.ladder],
        iv=np.concatenate(iv)[roster.rung],
        oi=known(whole("oi")),
        volume=(whole("volume") - whole("cancelled")).astype(np.float64),
        buy=whole("buy").astype(np.float64),
        sell=whole("sell").astype(np.float64),
        unknown=whole("unknown").astype(np.float64),
        confidence=whole("sided_confidence") / 100,
        premium_usd=whole("premium") / PRICE_SCALE,
        net_premium_usd=(whole("buy_premium") - whole("sell_premium")) / PRICE_SCALE,
    )
