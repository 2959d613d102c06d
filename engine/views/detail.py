"""One contract in full at one moment of tape: what it is worth, what was done in it, its last minute.

Owns what `Detail` holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import nan

import numpy as np

from ..analytics.exposure import MINUTES_PER_YEAR, POINTS_PER_UNIT
from ..analytics.implied_vol import OK, STATUS_NAMES
from ..analytics.valuation import Valuation
from ..fold.conditions import CANCELS, label
from ..fold.rules.catalogue import RULE_NAMES
from ..fold.trade_side import METHOD_NAMES
from ..model.events import MISSING, NS, PRICE_SCALE, QUOTE, TRADE
from ..tape.timeline import Timeline
from .scope import TapeContracts
from .view import Detail, Print

DETAIL_SECONDS = 60
DETAIL_PRINTS = 12


def detail_of(
    timeline: Timeline, cid: int, of: Valuation, contracts: TapeContracts, fired: Sequence[str]
) -> Detail:
    """Return one contract in full, with its last minute of tape.

    of, contracts : a valued chain in which it stands
    fired         : the rules of its signals
    """
    cell, contract, now_ns = timeline.state.cells[cid], timeline.contracts[cid], of.terms.at_ns
    row = int(contracts.row[cid])
    greeks = of.greeks(np.array([row]))
    volume, mid_by_s = _last_minute(timeline, cid)
    last_ts, quote_ts = int(cell["last_ts"]), int(cell["quote_ts"])
    return Detail(
        contract=contract,
        cid=cid,
        tape_ns=now_ns,
        bid=int(cell["bid"]),
        ask=int(cell["ask"]),
        bid_size=int(cell["bid_size"]),
        ask_size=int(cell["ask_size"]),
        quote_age_s=(now_ns - quote_ts) / NS if quote_ts else nan,
        last=int(cell["last"]),
        last_side=int(cell["last_side"]),
        last_age_s=(now_ns - last_ts) / NS if last_ts else nan,
        fmv=int(cell["fmv"]),
        volume=int(cell["volume"] - cell["cancelled"]),
        buy=int(cell["buy"]),
        sell=int(cell["sell"]),
        oi=int(cell["oi"]),
        premium_usd=float(cell["premium"] / PRICE_SCALE),
        net_premium_usd=float((cell["buy_premium"] - cell["sell_premium"]) / PRICE_SCALE),
        net_delta_flow=float(cell["delta_flow"]),
        iv=float(of.iv[row]),
        iv_status=_iv_status(of, row),
        delta=float(greeks.delta[0]),
        gamma=float(greeks.gamma[0]),
        theta=float(greeks.theta[0]) / MINUTES_PER_YEAR,
        vega=float(greeks.vega[0]) / POINTS_PER_UNIT,
        volume_by_s=volume,
        mid_by_s=mid_by_s,
        prints=_prints(timeline, cid),
        signals=tuple((rule, fired.count(rule)) for rule in RULE_NAMES if rule in fired),
    )


def print_row(event: np.void, side: np.void) -> Print:
    """Return a trade, and the SIDE the fold gave it, as a person reads it."""
    return Print(
        ts_ns=int(event["ts"]),
        price=int(event["p1"]),
        size=int(event["s1"]),
        side=int(side["side"]),
        confidence=int(side["confidence"]) / 100,
        rule=METHOD_NAMES[int(side["method"])],
        condition=label(int(event["cond"])),
    )


def last_known(before: int, now: int) -> int:
    """Return the newer of two prices that is not MISSING."""
    return before if now == MISSING else now


def _last_minute(timeline: Timeline, cid: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return (volume by second, mid by second) of the last minute; what was cancelled was printed too."""
    since = timeline.at_ns - DETAIL_SECONDS * NS
    events = timeline.recent(cid, since)
    second = np.clip((events["ts"] - since) // NS, 0, DETAIL_SECONDS - 1)
    printed = (events["kind"] == TRADE) & (events["s1"] > 0) & ~np.isin(events["cond"], CANCELS)
    volume = np.bincount(second[printed], events["s1"][printed], DETAIL_SECONDS).astype(np.int64)
    quoted = (events["kind"] == QUOTE) & (events["p1"] > 0) & (events["p2"] > 0)
    bid, ask = events["p1"][quoted].astype(np.int64), events["p2"][quoted]
    mid = [MISSING] * DETAIL_SECONDS
    for i, value in zip(second[quoted].tolist(), ((bid + ask) // 2).tolist(), strict=True):
        mid[i] = value
    return tuple(volume.tolist()), tuple(accumulate(mid, last_known))


def _prints(timeline: Timeline, cid: int) -> tuple[Print, ...]:
    """Return the last prints of the contract, newest first, with the sides the fold gave them."""
    events, sides = timeline.recent_trades(cid)
    last = list(zip(events[-DETAIL_PRINTS:], sides[-DETAIL_PRINTS:], strict=True))
    return tuple(print_row(event, side) for event, side in reversed(last))


def _iv_status(of: Valuation, row: int) -> str:
    """Say why a contract has no volatility."""
    if np.isnan(of.terms.spot):
        return "no spot yet"
    if of.years[row] == 0.0:
        return "expired"
    if np.isfinite(of.iv[row]):
        return STATUS_NAMES[OK]
    pair = of.chain.listed.pair[row]
    mid, right = (of.call_mid, "call") if of.on_call[pair] else (of.put_mid, "put")
    return f"no two-sided {right} quote" if np.isnan(mid[pair]) else "no time value"
