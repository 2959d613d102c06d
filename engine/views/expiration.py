"""The legs of one expiration: what the fold knows of its contracts, laid out by strike.

Owns which contracts stand on a ladder, the volatility both rights of a strike share, and the greeks at the
spot of the moment. It refuses to know which strikes are shown, and what their exposures add up to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from math import nan

import numpy as np
from numpy.typing import NDArray

from ..analytics.chain_stats import mids
from ..analytics.exposure_choice import ExposureChoice
from ..analytics.greeks import GreekTable, greeks, implied_vols, years
from ..analytics.positioning import positions
from ..analytics.smile import measured
from ..fold.params import FoldParams
from ..fold.state import State
from ..fold.volatility import IV_LIFE_NS
from ..model.contracts import Contract
from ..model.events import MISSING, NS, PRICE_SCALE, UNDERLYING
from .view import Floats, Ints, Leg

ABSENT = -1
"""The contract id where a strike has no such contract."""


@dataclass(frozen=True, slots=True, eq=False)
class Expiration:
    """The listed strikes of one expiration, and who stands on them.

    strike_milli : (n,) ascending, 1/1000 $
    call, put    : (n,) contract ids, ABSENT where there is none
    settle_ns    : when all of them settle, ns UTC
    """

    strike_milli: Ints
    call: Ints
    put: Ints
    settle_ns: int

    @property
    def strike(self) -> Floats:
        """Strikes in $."""
        return self.strike_milli / 1000

    def part(self, rows: slice) -> Expiration:
        """Return some of the strikes."""
        return Expiration(self.strike_milli[rows], self.call[rows], self.put[rows], self.settle_ns)


@dataclass(frozen=True, slots=True)
class Moment:
    """When and at what spot a ladder is looked at: ns UTC and price units, MISSING without a spot."""

    now_ns: int
    spot: int

    @property
    def spot_usd(self) -> float:
        """The spot in $, nan when there is none."""
        return nan if self.spot == MISSING else self.spot / PRICE_SCALE


NO_LADDER = Expiration(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), 0)


def ladder_of(contracts: Iterable[Contract], settles: Ints, root: str, expiry: date) -> Expiration:
    """Return the ladder of an expiration.

    settles : (n + 1,) settlement by contract id, ns UTC
    root    : the underlying's first; where two roots list a strike, it is the one shown

    One date may settle twice (index options on the morning's and on the evening's prints). The ladder is
    that of the first root's settlement, since one time to expiry must hold for all of it.
    """
    return next(iter(ladders_of(contracts, settles, root, expiry)), NO_LADDER)


def ladders_of(
    contracts: Iterable[Contract], settles: Ints, root: str, expiry: date
) -> tuple[Expiration, ...]:
    """Return ladders on which every contract of an expiration stands once, `ladder_of`'s first.

    The others are those of contracts that settle at another time, or have a twin of another root.
    """
    listed = [(cid, each) for cid, each in enumerate(contracts, 1) if each.expiry == expiry]
    if not listed:
        return ()
    # Sorting on the root puts the first root's contracts last, so that they take the place of others.
    listed.sort(key=lambda pair: pair[1].root == root)
    settle_ns = int(settles[listed[-1][0]])
    shown = _ladder(((cid, each) for cid, each in listed if settles[cid] == settle_ns), settle_ns)
    standing = {*shown.call.tolist(), *shown.put.tolist()}
    others: dict[tuple[int, str], list[tuple[int, Contract]]] = {}
    for cid, each in listed:
        if cid not in standing:
            others.setdefault((int(settles[cid]), each.root), []).append((cid, each))
    return shown, *(_ladder(pairs, at_ns) for (at_ns, _), pairs in sorted(others.items()))


def _ladder(listed: Iterable[tuple[int, Contract]], settle_ns: int) -> Expiration:
    """Return the ladder of contracts that settle at once; of two alike the later one stands on it."""
    at = {(each.strike_milli, each.right): cid for cid, each in listed}
    strikes = sorted({strike for strike, _ in at})
    call, put = (np.array([at.get((k, right), ABSENT) for k in strikes], np.int64) for right in "CP")
    return Expiration(np.array(strikes, np.int64), call, put, settle_ns)


def legs(
    state: State, ladder: Expiration, moment: Moment, fold: FoldParams, stance: ExposureChoice | None = None
) -> tuple[Leg, Leg]:
    """Return (calls, puts) of a ladder, their exposures under the stance's convention and basis."""
    iv = volatilities(state, ladder, moment, fold)
    under = stance or ExposureChoice()
    return (
        _leg(state, ladder.call, 1.0, iv, ladder, moment, fold, under),
        _leg(state, ladder.put, -1.0, iv, ladder, moment, fold, under),
    )


def volatilities(state: State, ladder: Expiration, moment: Moment, fold: FoldParams) -> Floats:
    """Return (n,) the volatility of each strike, nan when it cannot be had.

    It comes from the quote `on_call` names, as it stands, if that is two-sided. Without it, the volatility
    the fold measured within the last minute still stands.
    """
    left, spot = years(ladder.settle_ns, moment.now_ns), moment.spot_usd
    if moment.spot == MISSING or left <= 0:
        return np.full(len(ladder.strike_milli), nan)
    use_call = on_call(ladder, moment)
    cells = rows_of(state, np.where(use_call, ladder.call, ladder.put))
    mid, cp = mids(cells["bid"], cells["ask"]), np.where(use_call, 1.0, -1.0)
    iv, _ = implied_vols(mid, spot, ladder.strike, left, fold.rate, fold.dividend, cp)
    recent = moment.now_ns - cells["iv_ts"] <= IV_LIFE_NS
    return np.where(np.isnan(iv) & recent, cells["iv"], iv)


def on_call(ladder: Expiration, moment: Moment) -> NDArray[np.bool_]:
    """Return (n,) whether a strike's volatility is measured on the call.

    It is on the right that is out of the money: the other one has no time value to measure, and serves
    only where it is listed alone.
    """
    above = ladder.strike >= moment.spot_usd
    chosen: NDArray[np.bool_] = np.where(above, ladder.call != ABSENT, ladder.put == ABSENT)
    return chosen


def greeks_at(
    moment: Moment, strike: Floats, settle_ns: int, iv: Floats, cp: Floats | float, fold: FoldParams
) -> GreekTable:
    """Return the greeks of (n,) contracts at a moment; nan without a spot or a volatility."""
    left = years(settle_ns, moment.now_ns)
    return greeks(moment.spot_usd, strike, left, fold.rate, fold.dividend, iv, cp)


def rows_of(state: State, cids: Ints) -> NDArray[np.void]:
    """Return (n,) CELL rows; where a contract is absent, that of the underlying, which is never quoted."""
    return state.cells[np.where(cids == ABSENT, UNDERLYING, cids)]


def measured_vols(
    ladder: Expiration, call: Leg, put: Leg, moment: Moment, fold: FoldParams, tick: int
) -> tuple[Floats, Floats]:
    """Return (n,) the volatility of each strike that its quote measures, and its error; nan elsewhere.

    tick : smallest price step, price units
    """
    use_call = on_call(ladder, moment)
    iv, bid, ask = (
        np.where(use_call, getattr(call, name), getattr(put, name)) for name in ("iv", "bid", "ask")
    )
    cp = np.where(use_call, 1.0, -1.0)
    vega = greeks_at(moment, ladder.strike, ladder.settle_ns, iv, cp, fold).vega
    time_value = mids(bid, ask) - np.maximum(cp * (moment.spot_usd - ladder.strike), 0.0)
    return measured(iv, bid / PRICE_SCALE, ask / PRICE_SCALE, vega, time_value, tick / PRICE_SCALE)


def known(oi: Ints) -> Floats:
    """Return open interest as floats, nan when unknown."""
    return np.where(oi == MISSING, nan, oi)


def part_of(leg: Leg, rows: slice) -> Leg:
    """Return some rows of a leg."""
    return Leg(**{field.name: getattr(leg, field.name)[rows] for field in fields(Leg)})


def _leg(
    state: State,
    cids: Ints,
    cp: float,
    iv: Floats,
    ladder: Expiration,
    moment: Moment,
    fold: FoldParams,
    stance: ExposureChoice,
) -> Leg:
    row = rows_of(state, cids)
    own = np.where(cids == ABSENT, nan, iv)
    table = greeks_at(moment, ladder.strike, ladder.settle_ns, own, cp, fold)
    quoted = row["quote_ts"] > 0
    volume = row["volume"] - row["cancelled"]
    held = positions(
        stance.convention, stance.basis, oi=known(row["oi"]), volume=volume, buy=row["buy"], sell=row["sell"],
        cp=cp,
    )  # fmt: skip

    def whole(name: str) -> Ints:
        return row[name].astype(np.int64)

    return Leg(
        cid=cids,
        bid=whole("bid"),
        ask=whole("ask"),
        bid_size=whole("bid_size"),
        ask_size=whole("ask_size"),
        last=whole("last"),
        fmv=whole("fmv"),
        volume=volume,
        buy=row["buy"],
        sell=row["sell"],
        oi=whole("oi"),
        iv=own,
        delta=table.delta,
        gamma=table.gamma,
        gex=np.where(cids == ABSENT, nan, table.gamma * held * state.static["multiplier"][0]),
        premium_usd=row["premium"] / PRICE_SCALE,
        net_premium_usd=(row["buy_premium"] - row["sell_premium"]) / PRICE_SCALE,
        net_delta_flow=row["delta_flow"],
        age_s=np.where(quoted, (moment.now_ns - row["quote_ts"]) / NS, nan),
    )
