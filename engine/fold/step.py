"""The fold: `step(state, events, params) -> signals`, one compiled loop over the tape.

No clock, no randomness, no Python object inside: cutting a tape into batches differently changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..jit.options import JIT
from ..model.events import (
    BAR,
    FLAG_FILLED,
    FLAG_POLLED,
    FMV,
    GAP,
    MARK,
    NS,
    OI,
    PREV_CLOSE,
    QUOTE,
    SPOT,
    TRADE,
    UNDERLYING,
    VENDOR,
    Events,
)
from .conditions import CANCEL, EXCLUDED, LATE, MULTILEG, OPENING
from .duplicates import count_leg, count_repeat, is_remembered, is_repeat, is_repeated_cancel
from .flow import add_trade, take_back
from .forwards import BORROWED, JUMP_WINDOW_NS, heed_others, keep_up, spot_of
from .records import N_RULES, SIDE, SIGNAL
from .rules.block import judge_block
from .rules.fmv_divergence import judge_fmv, judge_smile
from .rules.gamma_levels import doubt_levels, judge_levels
from .rules.price_move import judge_price
from .rules.spread_tightening import judge_spread, weigh_spread
from .rules.sweep import judge_sweep
from .rules.volume_spike import judge_volume, roll_bucket
from .state import State
from .trade_side import UNKNOWN, classify, treatment
from .volatility import refresh, refresh_if_older, two_sided

SIGNALS_PER_EVENT = 2 * N_RULES  # no rule fires more than twice at one event: two walls, two fair values
SIGNAL_ROOM = 64
SECOND_HAND = FLAG_FILLED | FLAG_POLLED
"""A trade nobody saw happen: told after the fact, or a difference of volumes."""


@njit(**JIT)
def set_quote(e, cell, spot, priced_spot):
    """Make the event the contract's quote; keep the one before it if it is earlier."""
    if e.ts > cell.quote_ts:
        if cell.quote_ts > 0:
            cell.quote_gap = max(e.ts - cell.quote_ts, cell.quote_gap - (cell.quote_gap >> 3))
        cell.prev_ts = cell.quote_ts
        cell.prev_bid = cell.bid
        cell.prev_ask = cell.ask
        cell.prev_bid_size = cell.bid_size
        cell.prev_ask_size = cell.ask_size
        cell.prev_spot = cell.quote_spot
        cell.quote_ts = e.ts
    cell.bid = e.p1
    cell.ask = e.p2
    cell.bid_size = e.s1
    cell.ask_size = e.s2
    cell.quote_spot = spot
    cell.priced_spot = priced_spot


@njit(**JIT)
def is_old(e, cell):
    """Whether a quote is older than the standing one, or that one told again."""
    if e.ts != cell.quote_ts:
        return e.ts < cell.quote_ts
    same = e.p1 == cell.bid and e.p2 == cell.ask
    return same and e.s1 == cell.bid_size and e.s2 == cell.ask_size


@njit(**JIT)
def on_quote(e, now, cid, cell, twin, static, forward, under, p):
    """Fold one quote, before it is judged."""
    if cell.bucket_end == 0:
        roll_bucket(now, cell, static.strike, under, p)
    weigh_spread(now, cell)
    spot = keep_up(e, now, cid, cell, forward, under, static.tick, p)
    set_quote(e, cell, under.spot, spot)
    if (cell.greeks_ts == 0 or cell.greeks_ts < forward.since) and two_sided(cell):
        refresh(now, cell, twin, static, spot, p)


@njit(**JIT)
def on_trade(e, now, cell, twin, static, forward, under, decided, p):
    """Fold one trade or cancel; return whether it is a print that may be judged.

    Legs of a package, cancels, late prints and repeats never are: their price or size says nothing new.
    What is told at second hand counts as volume and for nothing else, and was held against what is on the
    tape before it came here; only the volume of a poll may be judged.
    """
    how = treatment(e.cond)
    second_hand = e.flags & SECOND_HAND != 0
    if e.s1 <= 0 or e.p1 < 0:
        under.rejected += 1
        return False
    if how == CANCEL:
        if not second_hand and is_repeated_cancel(e, now, cell, under):
            count_repeat(under)
        else:
            take_back(e, cell, static, under)
        return False
    if second_hand:
        decided.side, decided.confidence, decided.method = 0, 0, UNKNOWN
        add_trade(e, LATE, 0, 0, cell, static, under)
        if now >= cell.bucket_end:
            roll_bucket(now, cell, static.strike, under, p)
        return e.flags & FLAG_POLLED != 0
    if is_repeat(e, cell, under):
        count_repeat(under)
        return False
    repeat = is_remembered(e, cell)
    side, confidence, method = classify(e.ts, e.p1, e.cond, cell, under.spot, p)
    decided.side = side
    decided.confidence = confidence
    decided.method = method
    if side != 0:
        refresh_if_older(now, p.greeks_max_age_s, cell, twin, static, spot_of(forward, under), p)
    add_trade(e, how, side, confidence, cell, static, under)
    if now >= cell.bucket_end:
        roll_bucket(now, cell, static.strike, under, p)
    if how == MULTILEG:
        count_leg(e, under)
    return not repeat and how not in (LATE, EXCLUDED, MULTILEG, OPENING)


@njit(**JIT)
def on_spot(e, now, under):
    """Fold one price of the underlying, and keep the one of about two seconds ago."""
    if e.p1 <= 0:
        under.rejected += 1
        return
    if e.ts < under.spot_ts or (e.ts == under.spot_ts and e.p1 == under.spot):
        count_repeat(under)
        return
    under.spot = e.p1
    under.spot_ts = e.ts
    if now - under.recent_ts >= JUMP_WINDOW_NS:
        under.anchor_ts = under.recent_ts
        under.anchor_spot = under.recent_spot
        under.recent_ts = now
        under.recent_spot = e.p1


@njit(**JIT)
def on_fmv(e, cell, under, p):
    """Fold a provider's fair value; return whether it is new."""
    if e.ts < cell.fmv_ts or (e.ts == cell.fmv_ts and e.p1 == cell.fmv):
        count_repeat(under)
        return False
    if e.ts - cell.fmv_ts > p.fmv_hold_s * NS:
        cell.fmv_sign = 0  # nobody knows what it was meanwhile: it has not held
    cell.fmv = e.p1
    cell.fmv_ts = e.ts
    return True


@njit(**JIT)
def on_other(e, now, cell, under, p):
    """Fold what is neither a quote nor a trade, nor a spot or a fair value."""
    if e.kind == OI:
        cell.oi = e.s1
    elif e.kind == VENDOR:
        cell.vendor_iv = e.p1
        cell.vendor_gamma = e.p2
        cell.vendor_delta = e.s1
    elif e.kind == BAR:
        cell.day_volume = max(cell.day_volume, e.s2)
    elif e.kind == PREV_CLOSE:
        under.prev_close = e.p1
    elif e.kind == GAP:
        under.gaps += 1
        doubt_levels(now, under, p)
    elif e.kind == MARK:
        under.mark_ts = now
    else:
        under.rejected += 1


@njit(**JIT)
def fold(events, start, statics, pairs, cells, unders, forwards, params, sig, sides):
    """Fold events[start:] until they or the room for signals end; return (next event, signals).

    Only records are handed on where it can be: an array costs an atomic reference count per call.
    """
    under = unders[0]
    p = params[0]
    n_sig = 0
    n_cells = len(cells)
    for i in range(start, len(events)):
        if n_sig + SIGNALS_PER_EVENT > len(sig):
            return i, n_sig
        e = events[i]
        if e.ts > under.clock:
            under.clock = e.ts
        now = under.clock
        if under.events == 0:
            under.begin_ts = now
        under.events += 1
        if e.ts < now and e.flags & SECOND_HAND == 0:
            under.lag_event = under.events
        cid = e.cid
        kind = e.kind
        if now >= under.levels_next and kind != GAP:
            n_sig = judge_levels(now, statics, cells, under, sig, n_sig, p)
        if cid < 0 or cid >= n_cells:
            under.rejected += 1
            continue
        if kind == SPOT:
            on_spot(e, now, under)
            continue
        cell = cells[cid]
        static = statics[cid]
        if kind == FMV:
            if on_fmv(e, cell, under, p) and judge_fmv(now, cid, cell, static, under, sig[n_sig], p):
                n_sig += 1
            continue
        if kind != QUOTE and kind != TRADE:
            on_other(e, now, cell, under, p)
            continue
        if cid == UNDERLYING:
            under.rejected += 1
            continue
        if under.first_ts == 0:
            under.first_ts = now
        twin = cells[static.twin]
        forward = forwards[static.settlement]
        if kind == TRADE:
            under.trades += 1
            if not on_trade(e, now, cell, twin, static, forward, under, sides[i], p):
                continue
            side, sure = sides[i].side, sides[i].confidence
            if judge_volume(now, cid, side, sure, e, cell, static, under, sig[n_sig], p):
                n_sig += 1
            if e.flags & FLAG_POLLED != 0:
                continue  # a difference of volumes is no print: it has no size of its own
            if judge_sweep(now, cid, side, sure, e, cell, static, under, sig[n_sig], p):
                n_sig += 1
            if judge_block(now, cid, side, sure, e, cell, static, under, sig[n_sig], p):
                n_sig += 1
            continue
        under.quotes += 1
        if e.ts <= cell.quote_ts and is_old(e, cell):
            count_repeat(under)
            continue
        if now >= forward.due or forward.source == BORROWED:
            heed_others(now, forward, pairs, cells, under, forwards, static.tick, p)
        on_quote(e, now, cid, cell, twin, static, forward, under, p)
        if judge_spread(now, cid, cell, static, forward, under, sig[n_sig], p):
            n_sig += 1
        if judge_price(now, cid, cell, twin, static, forward, under, sig[n_sig], p):
            n_sig += 1
        if judge_fmv(now, cid, cell, static, under, sig[n_sig], p):
            n_sig += 1
        if now >= cell.smile_due and judge_smile(
            now, cid, cell, static, cells, statics, under, sig[n_sig], p
        ):
            n_sig += 1
    return len(events), n_sig


def step(
    state: State, events: Events, params: NDArray[np.void], sides: NDArray[np.void] | None = None
) -> NDArray[np.void]:
    """Fold `events` into `state` in place and return the (k,) SIGNAL rows they fired.

    params : `FoldParams.pack()`
    sides  : (n,) SIDE to be filled for every trade, when a caller wants to know
    """
    decided = np.zeros(len(events), SIDE) if sides is None else sides
    found = list(_runs(state, events, params, decided))
    return found[0] if len(found) == 1 else np.concatenate(found)


def _runs(
    state: State, events: Events, params: NDArray[np.void], sides: NDArray[np.void]
) -> Iterator[NDArray[np.void]]:
    start = 0
    while True:
        room = np.zeros(SIGNAL_ROOM, SIGNAL)
        start, count = fold(
            events,
            start,
            state.static,
            state.pairs,
            state.cells,
            state.under,
            state.forwards,
            params,
            room,
            sides,
        )
        yield room[:count]
        if start == len(events):
            return
