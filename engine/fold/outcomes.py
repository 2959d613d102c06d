"""Following: where prices stand a while after a signal, and how far they went on the way.

One compiled loop over the tape keeps the newest prices, begins to follow each signal at the end of its
moment, and closes its horizons in order. Random moments are followed beside the signals, with the same
arithmetic, so that a rule can be held against chance. A moment's price is what all events up to it have told.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ..jit.options import JIT
from ..model.events import GAP, MISSING, NS, PRICE_SCALE, QUOTE, SPOT, UNDERLYING

HORIZONS_S = (60, 300, 900)
"""How long a signal is followed, seconds of tape, ascending."""

PENDING, KNOWN, BROKEN = range(3)
"""A horizon: not over yet; over; over, but the feed was silent within it, so nobody can know."""

CONTROL_NS = 30 * NS
"""Tape time in which one random moment lies."""

EDGES = (-0.02, -0.01, -0.005, -0.0025, 0.0, 0.0025, 0.005, 0.01, 0.02)
"""Moneyness that parts the pools: how far out of the money, as a share of spot."""

UNDERLYING_POOL = 2 * (len(EDGES) + 1)
N_FOLLOW_POOLS = UNDERLYING_POOL + 1
"""Calls by moneyness, puts by moneyness, the underlying."""

SPOT_TOUCH = 0.0002
"""The underlying has no quote on the tape; this share of it stands for its spread."""

PRICE = np.dtype(
    [
        ("ts", "<i8"),  # of the standing quote; an older one changes nothing
        ("mid", "<i4"),  # of the last two-sided quote, MISSING before it; of row 0 the spot
        ("spread", "<i4"),  # of the same quote
        ("oldest", "<i4"),  # the point that follows it longest, -1 for none
        ("newest", "<i4"),
        ("two_sided", "u1"),  # whether the standing quote is
    ],
    align=True,
)
"""What following knows of one contract; row 0 is the underlying. Price units."""

POINT = np.dtype(
    [
        ("ts", "<i8"),
        ("cid", "<i4"),
        ("signal", "<i4"),  # its position among the signals, -1 for a random moment
        ("next", "<i4"),  # the point that follows the same contract next longest, -1 for none
        ("spot", "<i4"),  # spot, mid, spread: at ts, MISSING where nobody knew
        ("mid", "<i4"),
        ("spread", "<i4"),
        ("high", "<i4"),  # of the mid since ts
        ("low", "<i4"),
        ("direction", "i1"),
        ("pool", "i1"),  # -1 when spot was not known
        ("known", "u1", (len(HORIZONS_S),)),
        ("end_spot", "<i4", (len(HORIZONS_S),)),
        ("end_mid", "<i4", (len(HORIZONS_S),)),
        ("highs", "<i4", (len(HORIZONS_S),)),
        ("lows", "<i4", (len(HORIZONS_S),)),
    ],
    align=True,
)
"""One moment that is followed. Points stand in the order of their moments."""

FIRED = np.dtype([("ts", "<i8"), ("cid", "<i4"), ("point", "<i4"), ("direction", "i1")], align=True)
"""A signal to follow; `point` is -1 until its moment is over."""

RUN = np.dtype(
    [
        ("clock", "<i8"),
        ("due", "<i8"),  # nothing happens at moments before it
        ("points", "<i8"),
        ("fired", "<i8"),  # signals told
        ("begun", "<i8"),  # signals that have a point
        ("window", "<i8"),  # of the next random moment, CONTROL_NS long
        ("control_ts", "<i8"),
        ("open_ns", "<i8"),
        ("close_ns", "<i8"),
        ("seed", "<u8"),
        ("closed", "<i8", (len(HORIZONS_S),)),  # by horizon, how many points are over
    ],
    align=True,
)
"""How far following has come."""

NEVER = 2**62
_HORIZONS_NS = tuple(seconds * NS for seconds in HORIZONS_S)
_LAST = len(HORIZONS_S) - 1
_A, _B, _GOLDEN = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB), np.uint64(0x9E3779B97F4A7C15)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)


@njit(**JIT)
def mix(key, counter):
    """Hash a key and a counter to a uint64 (the splitmix64 finaliser)."""
    x = np.uint64(key) + np.uint64(counter) * _GOLDEN + _GOLDEN
    x = (x ^ (x >> _S30)) * _A
    x = (x ^ (x >> _S27)) * _B
    return x ^ (x >> _S31)


@njit(**JIT)
def follow_pool(cid, static, spot):
    """Return the pool of a contract, or of the underlying; -1 without a spot."""
    if spot == MISSING:
        return -1
    if cid == UNDERLYING:
        return UNDERLYING_POOL
    out_of_money = static.cp * (static.strike * PRICE_SCALE - spot) / spot
    pool = 0 if static.cp > 0 else len(EDGES) + 1
    for edge in EDGES:
        pool += out_of_money >= edge
    return pool


@njit(**JIT)
def aim(run):
    """Choose the moment of the next random point: uniform within its window, none after the close."""
    within = np.int64(mix(run.seed, run.window) % np.uint64(CONTROL_NS))
    run.control_ts = run.open_ns + run.window * CONTROL_NS + within
    if run.control_ts >= run.close_ns:
        run.control_ts = NEVER


@njit(**JIT)
def begin(ts, cid, direction, signal, run, prices, points, statics):
    """Follow a contract from `ts` on, at the prices that stand."""
    k = run.points
    point, price = points[k], prices[cid]
    point.ts = ts
    point.cid = cid
    point.signal = signal
    point.direction = direction
    point.spot = prices[UNDERLYING].mid
    point.pool = follow_pool(cid, statics[cid], point.spot)
    point.mid = price.mid
    point.spread = price.spread if cid != UNDERLYING else int(price.mid * SPOT_TOUCH)
    point.high = price.mid
    point.low = price.mid
    point.next = -1
    run.points += 1
    if price.mid == MISSING:
        return
    if price.oldest < 0:
        price.oldest = k
    else:
        points[price.newest].next = k
    price.newest = k


@njit(**JIT)
def begin_controls(ts, run, prices, points, statics):
    """Follow one contract of every pool, drawn among those quoted on both sides, and the underlying."""
    chosen = np.full(N_FOLLOW_POOLS, -1, np.int64)
    best = np.zeros(N_FOLLOW_POOLS, np.uint64)
    spot = prices[UNDERLYING].mid
    key = mix(run.seed, run.window + (1 << 32))
    for cid in range(1, len(prices)):
        if prices[cid].two_sided == 0 or statics[cid].settle_ns <= ts:
            continue
        pool = follow_pool(cid, statics[cid], spot)
        ticket = mix(key, cid)
        if pool >= 0 and (chosen[pool] < 0 or ticket > best[pool]):
            chosen[pool] = cid
            best[pool] = ticket
    if spot != MISSING:
        chosen[UNDERLYING_POOL] = UNDERLYING
    for drawn in chosen:
        if drawn >= 0:
            begin(ts, drawn, 0, -1, run, prices, points, statics)


@njit(**JIT)
def begin_all(until, run, prices, points, fired, statics):
    """Begin to follow every signal and random moment before `until`, in order."""
    while True:
        signal_ts = fired[run.begun].ts if run.begun < run.fired else NEVER
        if min(signal_ts, run.control_ts) >= until:
            return
        if signal_ts <= run.control_ts:
            signal = fired[run.begun]
            signal.point = run.points
            begin(signal.ts, signal.cid, signal.direction, run.begun, run, prices, points, statics)
            run.begun += 1
        else:
            begin_controls(run.control_ts, run, prices, points, statics)
            run.window += 1
            aim(run)


@njit(**JIT)
def close(k, h, run, prices, points):
    """Note where a point stands at the end of horizon `h`; after the last one, stop following it."""
    point = points[k]
    price = prices[point.cid]
    point.known[h] = KNOWN
    point.end_spot[h] = prices[UNDERLYING].mid
    point.end_mid[h] = price.mid
    point.highs[h] = point.high
    point.lows[h] = point.low
    if h == _LAST and price.oldest == k:
        price.oldest = point.next


@njit(**JIT)
def settle(until, run, prices, points, fired, statics):
    """Do all that is due at moments before `until`; every event up to then has been seen, and none after."""
    begin_all(until, run, prices, points, fired, statics)
    due = run.control_ts
    if run.begun < run.fired:
        due = min(due, fired[run.begun].ts)
    for h in range(len(_HORIZONS_NS)):
        k = run.closed[h]
        while k < run.points and points[k].ts + _HORIZONS_NS[h] < until:
            close(k, h, run, prices, points)
            k += 1
        run.closed[h] = k
        if k < run.points:
            due = min(due, points[k].ts + _HORIZONS_NS[h])
    run.due = due


@njit(**JIT)
def break_off(gap, run, prices, points, fired, statics):
    """Close what was over before a silence began; give up what it cut, and forget the prices before it."""
    now = max(gap.ts, run.clock)
    settle(min(gap.ts - gap.s1 * 1_000_000 + 1, now), run, prices, points, fired, statics)
    begin_all(now, run, prices, points, fired, statics)
    for h in range(len(_HORIZONS_NS)):
        for k in range(run.closed[h], run.points):
            points[k].known[h] = BROKEN
        run.closed[h] = run.points
    for cid in range(len(prices)):
        price = prices[cid]
        price.mid = MISSING
        price.two_sided = 0
        price.oldest = -1


@njit(**JIT)
def tell(mid, price, points):
    """Let the points that follow a price see its newest value."""
    price.mid = mid
    k = price.oldest
    while k >= 0:
        point = points[k]
        if mid > point.high:
            point.high = mid
        elif mid < point.low:
            point.low = mid
        k = point.next


@njit(**JIT)
def follow(events, run_of, prices, points, fired, statics):
    """Follow the tape through `events`; `points` must have room for all that begins in them."""
    run = run_of[0]
    settle(run.clock, run, prices, points, fired, statics)
    n_prices = len(prices)
    for i in range(len(events)):
        e = events[i]
        if e.kind == GAP:
            break_off(e, run, prices, points, fired, statics)
        if e.ts > run.clock:
            run.clock = e.ts
            if e.ts > run.due:
                settle(e.ts, run, prices, points, fired, statics)
        cid = e.cid
        if e.kind == QUOTE and 0 < cid < n_prices:
            price = prices[cid]
            if e.ts < price.ts:
                continue
            price.ts = e.ts
            price.two_sided = e.p1 > 0 and e.p2 > e.p1
            if price.two_sided:
                price.spread = e.p2 - e.p1
                mid = (np.int64(e.p1) + e.p2) // 2
                if mid != price.mid:
                    tell(mid, price, points)
        elif e.kind == SPOT and e.p1 > 0 and 0 <= cid < n_prices:
            price = prices[UNDERLYING]
            if e.ts >= price.ts:
                price.ts = e.ts
                if e.p1 != price.mid:
                    tell(e.p1, price, points)


@njit(**JIT)
def reach(to_ns, run_of, prices, points, fired, statics):
    """Say that every event up to `to_ns` has been seen."""
    settle(to_ns + 1, run_of[0], prices, points, fired, statics)
