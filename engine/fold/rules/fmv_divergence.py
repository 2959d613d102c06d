"""FMV divergence: a fair value that stays away from the mid, in units of the spread.

The fair value is a provider's while one is told, else our own, from the smile of the neighbours. The
evidence says which.
"""

from __future__ import annotations

from numba import njit

from ...jit.options import JIT
from ...model.events import MISSING, NS, PRICE_SCALE
from ..volatility import tick_of, two_sided
from .firing import FMV_DIVERGENCE, fire, muted, rearm
from .smile_value import fits, smile_value

VENDOR_VALUE, OWN_VALUE = 0, 1
"""Where a fair value comes from, as the evidence tells it."""

TOLD_NS = 10 * NS
"""While a provider told a fair value so recently, there is no need of our own."""

NEAR_STRIKES = 12
"""Only contracts so near the money are held against their smile: the others cost too much for their worth."""

CALM_LOOKS = 3
"""A contract whose prices beside it do not fit, but whose smile does, is left alone for so many looks."""


@njit(**JIT)
def unit_of(cell, static):
    """Return what a distance from the mid is measured in: half the spread, two ticks at least."""
    return max((cell.ask - cell.bid) / 2.0, 2.0 * tick_of(cell, static))


@njit(**JIT)
def judge_fmv(now, cid, cell, static, under, sig, p):
    """Judge the provider's fair value against the mid, while it is fresh."""
    if cell.fmv == MISSING or now - cell.fmv_ts >= p.fmv_age_s * NS or not two_sided(cell):
        return False
    distance = cell.fmv - (cell.bid + cell.ask) / 2.0
    sign = 1 if distance > 0 else -1
    percent = 200.0 * distance / (cell.bid + cell.ask)
    unit = unit_of(cell, static)
    if p.seed > 0:
        evidence, threshold, hold = abs(percent), p.fmv_percent, 0.0
    else:
        evidence, threshold, hold = abs(distance) / unit, p.fmv_edge, p.fmv_hold_s
    if evidence < threshold:
        cell.fmv_sign = 0
        if evidence < p.rearm * threshold:
            rearm(cell, FMV_DIVERGENCE)
        return False
    if cell.fmv_sign != sign:
        cell.fmv_sign = sign
        cell.fmv_since = now
    held = (now - cell.fmv_since) / NS
    if held < hold or muted(now, under, p):
        return False
    if not fire(now, cid, FMV_DIVERGENCE, sign, evidence, threshold, p.fmv_half, cell, static, under, sig, p):
        return False
    write_value(cell.fmv, distance, unit, held, cell, static, sig)
    row = sig.evidence
    row[5], row[8], row[9] = (now - cell.fmv_ts) / NS, 0.0, VENDOR_VALUE
    return True


@njit(**JIT)
def belongs(now, cell, static):
    """Whether a contract is held against its smile at all."""
    if not two_sided(cell) or cell.quote_spot == MISSING:
        return False
    told = cell.fmv != MISSING and now - cell.fmv_ts < TOLD_NS
    away = abs(static.strike - cell.quote_spot / PRICE_SCALE)
    return not told and away <= NEAR_STRIKES * static.step


@njit(**JIT)
def judge_smile(now, cid, cell, static, cells, statics, under, sig, p):
    """Judge our own fair value against the mid, once in a while, and decide when to look again."""
    look = int(p.fmv_look_s * NS)
    cell.smile_due = now + look
    if p.seed > 0 or not belongs(now, cell, static):
        cell.smile_due = now + CALM_LOOKS * look
        cell.smile_sign = 0
        return False
    unit = unit_of(cell, static)
    if fits(now, cell, static, cells, unit, p.fmv_own_edge):
        cell.smile_sign = 0
        rearm(cell, FMV_DIVERGENCE)
        return False
    value, doubt = smile_value(now, cell, static, cells, statics, p)
    distance = value - (cell.bid + cell.ask) / 2.0
    unit = max(unit, doubt)
    edge = abs(distance) / unit
    if not edge >= p.fmv_own_edge:
        cell.smile_sign = 0
        cell.smile_due = now + CALM_LOOKS * look
        if edge < p.rearm * p.fmv_own_edge:
            rearm(cell, FMV_DIVERGENCE)
        return False
    cell.smile_due = now + int(p.fmv_hold_s * NS / 4)
    sign = 1 if distance > 0 else -1
    if cell.smile_sign != sign:
        cell.smile_sign = sign
        cell.smile_since = now
    held = (now - cell.smile_since) / NS
    if held < p.fmv_hold_s or muted(now, under, p):
        return False
    if not fire(
        now, cid, FMV_DIVERGENCE, sign, edge, p.fmv_own_edge, p.fmv_half, cell, static, under, sig, p
    ):
        return False
    write_value(value, distance, unit, held, cell, static, sig)
    row = sig.evidence
    row[5], row[8], row[9] = 0.0, doubt / PRICE_SCALE, OWN_VALUE
    return True


@njit(**JIT)
def write_value(value, distance, unit, held, cell, static, sig):
    """Fill the evidence that both fair values share."""
    row = sig.evidence
    row[0], row[1] = abs(distance) / unit, value / PRICE_SCALE
    row[2], row[3] = (cell.bid + cell.ask) / (2.0 * PRICE_SCALE), 200.0 * distance / (cell.bid + cell.ask)
    row[4] = held
    row[6], row[7] = (cell.ask - cell.bid) / (2.0 * PRICE_SCALE), tick_of(cell, static) / PRICE_SCALE
