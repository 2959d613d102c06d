"""FMV divergence: a provider's fair value that stays away from the mid, in units of the spread."""

from __future__ import annotations

from numba import njit

from ..events import MISSING, NS, PRICE_SCALE
from . import JIT
from .signals import FMV_DIVERGENCE, fire, muted, rearm
from .volatility import tick_of, two_sided

VENDOR_VALUE, OWN_VALUE = 0, 1
"""Where a fair value comes from, as the evidence tells it."""


@njit(**JIT)
def judge_fmv(now, cid, cell, static, under, sig, p):
    """Judge the provider's fair value against the mid, while it is fresh."""
    if cell.fmv == MISSING or now - cell.fmv_ts >= p.fmv_age_s * NS or not two_sided(cell):
        return False
    distance = cell.fmv - (cell.bid + cell.ask) / 2.0
    sign = 1 if distance > 0 else -1
    percent = 200.0 * distance / (cell.bid + cell.ask)
    unit = max((cell.ask - cell.bid) / 2.0, 2.0 * tick_of(cell, static))
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
    row = sig.evidence
    row[0], row[1] = abs(distance) / unit, cell.fmv / PRICE_SCALE
    row[2], row[3] = (cell.bid + cell.ask) / (2.0 * PRICE_SCALE), percent
    row[4], row[5] = held, (now - cell.fmv_ts) / NS
    row[6], row[7] = (cell.ask - cell.bid) / (2.0 * PRICE_SCALE), tick_of(cell, static) / PRICE_SCALE
    row[8], row[9] = 0.0, VENDOR_VALUE
    return True
