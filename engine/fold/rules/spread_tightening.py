"""Spread tightening: a quote much narrower than the median of the last minutes, in ticks, that holds."""

from __future__ import annotations

from numba import njit

from ...jit.options import JIT
from ...model.events import NS, PRICE_SCALE
from ..params import RECENT_MINUTES
from ..volatility import tick_of, two_sided
from .firing import SPREAD_TIGHTENING, fire, muted, rearm

MINUTE_NS = 60 * NS


@njit(**JIT)
def median_of(values, n):
    """Return the lower median of the first `n` values: the smallest that half of them do not exceed."""
    half = (n + 1) // 2
    best = values[0]
    found = False
    for i in range(n):
        below = 0
        for j in range(n):
            below += values[j] <= values[i]
        if below >= half and (not found or values[i] < best):
            best = values[i]
            found = True
    return best


@njit(**JIT)
def roll_minute(now, cell):
    """Close the running minute's time-weighted spread into the baseline."""
    spreads = cell.spreads
    mids = cell.mids
    if cell.spread_time > 0:
        slot = cell.spread_minutes % RECENT_MINUTES
        spreads[slot] = cell.spread_area // cell.spread_time
        mids[slot] = cell.mid_area // cell.spread_time
        cell.spread_minutes += 1
        n = min(cell.spread_minutes, RECENT_MINUTES)
        cell.spread_median = median_of(spreads, n)
        spread = 0
        level = 0
        for i in range(n):
            spread += spreads[i]
            level += mids[i]
        cell.spread_percent = 100.0 * spread / level if level > 0 else 0.0
    cell.minute_end = (now // MINUTE_NS + 1) * MINUTE_NS
    cell.spread_time = 0
    cell.spread_area = 0
    cell.mid_area = 0


@njit(**JIT)
def weigh_spread(now, cell):
    """Count the standing quote's spread for as long as it stood, before a new quote replaces it."""
    if two_sided(cell):
        # A quote that stands for long counts for a minute at most: nobody was quoting.
        stood = min(now - cell.quote_ts, MINUTE_NS) >> 10
        cell.spread_time += stood
        cell.spread_area += stood * (cell.ask - cell.bid)
        cell.mid_area += stood * ((cell.ask + cell.bid) >> 1)
    if now >= cell.minute_end:
        roll_minute(now, cell)


@njit(**JIT)
def spread_is_tight(cell, static, p):
    """Return how many times narrower than its baseline the quote is, or 0 when that means nothing."""
    if not two_sided(cell) or cell.spread_minutes < p.spread_minutes:
        return 0.0
    spread = cell.ask - cell.bid
    if p.seed > 0:
        percent = 200.0 * spread / (cell.ask + cell.bid)
        return cell.spread_percent / percent
    if cell.spread_median < p.spread_ticks * tick_of(cell, static):
        return 0.0
    if cell.bid_size < p.spread_size or cell.ask_size < p.spread_size:
        return 0.0
    return cell.spread_median / spread


@njit(**JIT)
def judge_spread(now, cid, cell, static, under, sig, p):
    """Judge the new quote's spread against the median of the minutes before."""
    narrower = spread_is_tight(cell, static, p)
    if narrower < 1.0 / p.spread_ratio:
        cell.tight_quotes = 0
        if narrower < p.rearm / p.spread_ratio:
            rearm(cell, SPREAD_TIGHTENING)
        return False
    if cell.tight_quotes == 0:
        cell.tight_since = now
    cell.tight_quotes += 1
    if muted(now, under, p):
        return False
    held = (now - cell.tight_since) / NS
    if p.seed == 0:
        if held < p.spread_hold_s or cell.tight_quotes < p.spread_hold_quotes:
            return False
        if under.jump_ts > 0 and now - under.jump_ts < p.spread_jump_s * NS:
            return False
    if not fire(
        now,
        cid,
        SPREAD_TIGHTENING,
        0,
        narrower,
        1.0 / p.spread_ratio,
        p.spread_half,
        cell,
        static,
        under,
        sig,
        p,
    ):
        return False
    row = sig.evidence
    row[0] = narrower
    row[1] = (cell.ask - cell.bid) / PRICE_SCALE
    row[2] = cell.spread_median / PRICE_SCALE
    row[3], row[4], row[5], row[6] = cell.bid_size, cell.ask_size, held, cell.tight_quotes
    row[7] = 200.0 * (cell.ask - cell.bid) / (cell.ask + cell.bid)
    row[8] = cell.spread_percent
    row[9] = tick_of(cell, static) / PRICE_SCALE
    return True
