"""Sweep: one order that takes what several exchanges offer at once.

Prints of one contract and side within half a second count together. An intermarket sweep condition says that
they are one order, so it adds to the confidence in their side.
"""

from __future__ import annotations

from numba import njit

from ...jit.options import JIT
from ...model.events import NS, PRICE_SCALE
from ..conditions import SWEEP as ISO
from ..trade_side import treatment
from .firing import SWEEP, fire, quiet, rearm_direction

EXCHANGE_BITS = 62
"""How many exchanges can be told apart: those of one tape are numbered closely."""

ISO_SHARE = 0.5
"""How much of the doubt about the side goes when all of a sweep carries the condition."""


@njit(**JIT)
def add_to_sweep(now, run, confidence, event, cell, static, p):
    """Add a print to the running sweep of its side, or begin another with it."""
    if now - cell.sweep_ts[run] > p.sweep_window_s * NS:
        cell.sweep_ts[run] = now
        cell.sweep_exchanges[run] = 0
        cell.sweep_premium[run] = 0
        cell.sweep_volume[run] = 0
        cell.sweep_confidence[run] = 0
        cell.sweep_prints[run] = 0
        cell.sweep_iso[run] = 0
        rearm_direction(cell, SWEEP, run)
    cell.sweep_exchanges[run] |= 1 << (event.exch % EXCHANGE_BITS)
    cell.sweep_premium[run] += event.p1 * event.s1 * static.multiplier
    cell.sweep_volume[run] += event.s1
    cell.sweep_confidence[run] += confidence * event.s1
    cell.sweep_prints[run] += 1
    if treatment(event.cond) == ISO:
        cell.sweep_iso[run] += event.s1


@njit(**JIT)
def bits_set(mask):
    """Return how many bits of a mask are set."""
    count = 0
    while mask != 0:
        mask &= mask - 1
        count += 1
    return count


@njit(**JIT)
def judge_sweep(now, cid, side, confidence, event, cell, static, under, sig, p):
    """Add a print to its side's running sweep and judge it."""
    if side == 0:
        return False
    run = 0 if side > 0 else 1
    add_to_sweep(now, run, confidence, event, cell, static, p)
    volume = cell.sweep_volume[run]
    if volume < p.sweep_size or cell.sweep_prints[run] < p.sweep_prints:
        return False
    exchanges = bits_set(cell.sweep_exchanges[run])
    premium = cell.sweep_premium[run] / PRICE_SCALE
    known = cell.sweep_confidence[run] / (100.0 * volume)
    if exchanges < p.sweep_exchanges or premium < p.sweep_premium_usd or known < p.neutral_below:
        return False
    if quiet(now, cell, static, under, p):
        return False
    # Its own evidence as threshold: a sweep that grows is still the same one, not a louder one.
    if not fire(now, cid, SWEEP, side, volume, volume, p.sweep_half, cell, static, under, sig, p):
        return False
    iso = cell.sweep_iso[run] / volume
    sig.side_confidence = known + (1.0 - known) * ISO_SHARE * iso
    row = sig.evidence
    row[0], row[1], row[2] = volume, cell.sweep_prints[run], exchanges
    row[3] = (now - cell.sweep_ts[run]) / NS
    row[4], row[5], row[6] = premium, event.p1 / PRICE_SCALE, iso
    return True
