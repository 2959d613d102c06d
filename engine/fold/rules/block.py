"""Block: one print far larger than what the session prints, in contracts or in money."""

from __future__ import annotations

from numba import njit

from ...jit.options import JIT
from ...model.events import PRICE_SCALE
from ..state import SIZE_BINS
from .firing import BLOCK, fire, quiet, rearm


@njit(**JIT)
def size_bin(size):
    """Return the bin of a print's size: four to a doubling, the last one open."""
    power = 0
    while size >> (power + 1) > 0:
        power += 1
    quarter = (size << 2 >> power) & 3
    return min(4 * power + quarter, SIZE_BINS - 1)


@njit(**JIT)
def rarity(bin, before, under):
    """Return the share of the session's `before` prints that are about as large as this one or larger."""
    found = -1  # this one itself has been counted
    for k in range(bin, SIZE_BINS):
        found += under.size_bins[k]
    return found / max(before, 1)


@njit(**JIT)
def judge_block(now, cid, side, confidence, event, cell, static, under, sig, p):
    """Judge one print by itself, against those before it."""
    size = event.s1
    premium = event.p1 * size * static.multiplier / PRICE_SCALE
    bin = size_bin(size)
    under.size_bins[bin] += 1
    under.size_prints += 1
    if size < p.block_size and premium < p.block_premium_usd:
        rearm(cell, BLOCK)
        return False
    over = max(size / p.block_size, premium / p.block_premium_usd)
    before = under.size_prints - 1
    share = rarity(bin, before, under)
    if (before >= p.block_warm_prints and share > p.block_share) or quiet(now, cell, static, under, p):
        return False
    direction = side if confidence >= 100.0 * p.neutral_below else 0
    if not fire(now, cid, BLOCK, direction, over, 1.0, p.block_half, cell, static, under, sig, p):
        return False
    sig.side_confidence = confidence / 100.0
    row = sig.evidence
    row[0], row[1], row[2], row[3] = over, size, premium, event.p1 / PRICE_SCALE
    row[4], row[5] = share, before
    return True
