"""Volume spike: one contract trades far more in ten seconds than it usually does.

Volumes are compared as log1p, because a ratio to a mean fires thousands of times an hour on a market with
nothing in it (quant 4.2). The baseline is exponentially weighted over closed buckets; a contract that has
rarely traded is judged by what its moneyness usually trades when it trades at all.
"""

from __future__ import annotations

import math

from numba import njit

from ...jit.options import JIT
from ...model.events import FLAG_POLLED, MISSING, NS, PRICE_SCALE
from ..state import N_POOLS
from .firing import VOLUME_SPIKE, fire, quiet, rearm


@njit(**JIT)
def pool_of(strike, spot):
    """Return the moneyness pool of a strike: steps of 0.25 % from the money, the last one open."""
    if spot == MISSING:
        return N_POOLS - 1
    distance = abs(strike * PRICE_SCALE - spot) / spot
    return min(int(distance * 400), N_POOLS - 1)


@njit(**JIT)
def absorb(value, mean, var, alpha):
    """Return mean and variance after one more exponentially weighted value."""
    diff = value - mean
    return mean + alpha * diff, (1 - alpha) * (var + alpha * diff * diff)


@njit(**JIT)
def roll_bucket(now, cell, strike, under, p):
    """Close the running bucket, and the empty ones since, into the contract's baseline."""
    width = int(p.volume_bucket_s * NS)
    if cell.bucket_end == 0:
        cell.bucket_end = (now // width + 1) * width
        return
    alpha = p.volume_alpha
    value = math.log1p(cell.bucket_volume)
    z = (value - cell.log_mean) / math.sqrt(max(cell.log_var, p.volume_variance_floor))
    cell.closed += 1
    weight = max(alpha, 1.0 / cell.closed)  # plain means until there is a past to fade
    cell.log_mean, cell.log_var = absorb(value, cell.log_mean, cell.log_var, weight)
    cell.lin_mean += weight * (cell.bucket_volume - cell.lin_mean)
    if cell.bucket_volume > 0:
        pool = pool_of(strike, under.spot)
        under.pool_count[pool] += 1
        under.pool_mean[pool], under.pool_var[pool] = absorb(
            value,
            under.pool_mean[pool],
            under.pool_var[pool],
            max(alpha / 10, 1.0 / under.pool_count[pool]),
        )
        cell.buckets += 1
    empty = (now - cell.bucket_end) // width
    absorb_empty(empty, cell, alpha)
    if empty > 0 or z < p.rearm * p.volume_z:
        rearm(cell, VOLUME_SPIKE)
    cell.bucket_end += (empty + 1) * width
    cell.bucket_volume = 0
    cell.bucket_premium = 0
    cell.bucket_side = 0
    cell.bucket_largest = 0
    cell.bucket_prints = 0


@njit(**JIT)
def absorb_empty(count, cell, alpha):
    """Take `count` empty buckets into the baseline at once.

    A value of 0 with weight w maps (mean, var) to (d mean, d (var + w mean^2)) where d = 1 - w; several give
    D mean and D (var + mean^2 (1 - D)) where D is the product of their d. The weight of the nth bucket is
    1 / n while that is more than alpha.
    """
    if count <= 0:
        return
    young = max(min(cell.closed + count, int(1 / alpha)) - cell.closed, 0)
    decay = cell.closed / (cell.closed + young) * (1 - alpha) ** (count - young)
    cell.closed += count
    cell.log_var = decay * (cell.log_var + cell.log_mean * cell.log_mean * (1 - decay))
    cell.log_mean *= decay
    cell.lin_mean *= decay


@njit(**JIT)
def volume_baseline(cell, strike, under, p):
    """Return the (mean, variance) of log1p(volume) to judge by: the contract's own, or its pool's."""
    if cell.buckets >= p.volume_warm_buckets:
        return cell.log_mean, cell.log_var
    pool = pool_of(strike, under.spot)
    if under.pool_count[pool] < p.volume_warm_buckets:
        return math.nan, math.nan
    return under.pool_mean[pool], under.pool_var[pool]


@njit(**JIT)
def judge_volume(now, cid, side, confidence, event, cell, static, under, sig, p):
    """Add a print to the running bucket and judge the bucket against the ones before it."""
    cell.bucket_volume += event.s1
    cell.bucket_premium += event.p1 * event.s1 * static.multiplier
    cell.bucket_side += side * confidence * event.s1
    if event.flags & FLAG_POLLED == 0:
        cell.bucket_largest = max(cell.bucket_largest, event.s1)
        cell.bucket_prints += 1
    size = cell.bucket_volume
    premium = cell.bucket_premium / PRICE_SCALE
    if p.seed == 0 and size < p.volume_size and premium < p.volume_premium_usd:
        return False
    if cell.bucket_largest > p.volume_one_print * size or quiet(now, cell, static, under, p):
        return False
    mean, var = volume_baseline(cell, static.strike, under, p)
    if mean != mean:
        return False
    z = (math.log1p(size) - mean) / math.sqrt(max(var, p.volume_variance_floor))
    usual = cell.lin_mean if p.seed > 0 else math.expm1(mean)
    ratio = size / max(usual, 1.0)
    if ratio < p.volume_ratio or (p.seed > 0 and cell.lin_mean <= 0.0):
        return False
    evidence, threshold = (ratio, p.volume_ratio) if p.seed > 0 else (z, p.volume_z)
    if evidence < threshold:
        return False
    lean = cell.bucket_side / (100.0 * size)
    direction = 0
    if abs(lean) >= p.neutral_below:
        direction = 1 if lean > 0 else -1
    if not fire(
        now, cid, VOLUME_SPIKE, direction, evidence, threshold, p.volume_half, cell, static, under, sig, p
    ):
        return False
    sig.side_confidence = abs(lean)
    row = sig.evidence
    row[0], row[1], row[2], row[3] = z, ratio, size, usual
    row[4], row[5], row[6] = math.sqrt(max(var, p.volume_variance_floor)), premium, lean
    row[7], row[8], row[9] = p.volume_bucket_s, cell.bucket_largest, cell.bucket_prints
    return True
