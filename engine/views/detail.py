"""One contract in full at one moment of tape: what it is worth, what was done in it, its last minute.

Owns what `Detail` holds. It refuses to know which contract is asked for, and who asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from math import nan

import numpy as np

from ..analytics.chain_stats import mids
from ..analytics.exposure import MINUTES_PER_YEAR
from ..analytics.greeks import OK, STATUS_NAMES
from ..fold.conditions import CANCELS, label
from ..fold.params import FoldParams
from ..fold.rules.firing import RULE_NAMES
from ..fold.trade_side import RULE_NAMES as SIDE_RULES
from ..model.contracts import Contract
from ..model.events import MISSING, NS, QUOTE, TRADE
from ..tape.timeline import Timeline
from .expiration import ABSENT, Expiration, Moment, greeks_at, legs, on_call
from .view import Detail, Leg, Print

DETAIL_SECONDS = 60
DETAIL_PRINTS = 12


def detail_of(timeline: Timeline, cid: int, moment: Moment, fold: FoldParams, fired: Sequence[str]) -> Detail:
    """Return one contract in full, with its last minute of tape; `fired` are the rules of its signals."""
    state, contract = timeline.state, timeline.contracts[cid]
    cell, static = state.cells[cid], state.static[cid]
    rung = _rung(cid, contract, static)
    call, put = legs(state, rung, moment, fold)
    leg = call if contract.right == "C" else put
    table = greeks_at(moment, rung.strike, rung.settle_ns, leg.iv, float(static["cp"]), fold)
    volume, mid_by_s = _last_minute(timeline, cid)
    last_ts = int(cell["last_ts"])
    return Detail(
        contract=contract,
        cid=cid,
        tape_ns=moment.now_ns,
        bid=int(cell["bid"]),
        ask=int(cell["ask"]),
        bid_size=int(cell["bid_size"]),
        ask_size=int(cell["ask_size"]),
        quote_age_s=float(leg.age_s[0]),
        last=int(cell["last"]),
        last_side=int(cell["last_side"]),
        last_age_s=(moment.now_ns - last_ts) / NS if last_ts else nan,
        fmv=int(cell["fmv"]),
        volume=int(leg.volume[0]),
        buy=int(cell["buy"]),
        sell=int(cell["sell"]),
        oi=int(cell["oi"]),
        premium_usd=float(leg.premium_usd[0]),
        net_premium_usd=float(leg.net_premium_usd[0]),
        net_delta_flow=float(leg.net_delta_flow[0]),
        iv=float(leg.iv[0]),
        iv_status=_iv_status(rung, call, put, moment),
        delta=float(table.delta[0]),
        gamma=float(table.gamma[0]),
        theta=float(table.theta[0]) / MINUTES_PER_YEAR,
        vega=float(table.vega[0]) / 100,
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
        rule=SIDE_RULES[int(side["rule"])],
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


def _rung(cid: int, contract: Contract, static: np.void) -> Expiration:
    """Return the ladder of one contract and, if it is listed, the other right of its strike."""
    twin = int(static["twin"]) or ABSENT
    call, put = (cid, twin) if contract.right == "C" else (twin, cid)
    strike_milli, calls, puts = (np.array([value], np.int64) for value in (contract.strike_milli, call, put))
    return Expiration(strike_milli, calls, puts, int(static["settle_ns"]))


def _iv_status(rung: Expiration, call: Leg, put: Leg, moment: Moment) -> str:
    """Say why a strike has no volatility."""
    if moment.spot == MISSING:
        return "no spot yet"
    if moment.now_ns >= rung.settle_ns:
        return "expired"
    if np.isfinite([call.iv[0], put.iv[0]]).any():
        return STATUS_NAMES[OK]
    leg, right = (call, "call") if on_call(rung, moment)[0] else (put, "put")
    return f"no two-sided {right} quote" if np.isnan(mids(leg.bid, leg.ask)[0]) else "no time value"
