"""Volatility by strike: which quotes measure it, how well, and a smooth curve through them.

Owns the error bar of a volatility, when one is too uncertain to be shown, and the smoothing (quant 1.3, 4.3).
It knows no contracts and no time: everything is a column by strike. Unknown is nan.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..jit.options import compiled

Floats = NDArray[np.float64]

WORST_ERROR = 0.10
"""A volatility known no better than this is not shown: 10 volatility points."""

_LEAST_TRUST = 1e-9  # where all are outliers their mean is still a value
_STEADY_TICKS = 1.0 - 1e-9  # of time value, below which a price says nothing about volatility


@dataclass(frozen=True, slots=True)
class SmileParams:
    """How the curve is smoothed.

    width     : half-width of the window, standard deviations of ln(strike) at the money
    neighbours: known points a window holds at least; it widens until it does
    least     : known points without which there is no curve
    rounds    : of weighing outliers down
    sure      : error below which a point weighs no more, volatility per year
    """

    width: float = 1.0
    neighbours: int = 7
    least: int = 5
    rounds: int = 8
    sure: float = 0.0005


def measured(
    iv: Floats, bid: Floats, ask: Floats, vega: Floats, time_value: Floats, tick: float
) -> tuple[Floats, Floats]:
    """Return (volatility, its error) of quotes that measure one, nan elsewhere.

    bid, ask   : (n,) $, of the option that is out of the money; nan when unknown
    vega       : (n,) $ per 1.00 of volatility
    time_value : (n,) $ of the mid
    tick       : smallest price step, $

    The error is half the spread over vega: what the quote leaves open. One above `WORST_ERROR`, or a price
    with less than a tick of time value, is no measurement.
    """
    error = np.full(iv.size, np.nan)
    two_sided = (bid > 0.0) & (ask > bid) & (vega > 0.0)
    error[two_sided] = (0.5 * (ask - bid) / np.where(two_sided, vega, 1.0))[two_sided]
    good = np.isfinite(iv) & (error <= WORST_ERROR) & (time_value >= tick * _STEADY_TICKS)
    return np.where(good, iv, np.nan), np.where(good, error, np.nan)


def moneyness(strikes: Floats, forward: float, atm_iv: float, years: float) -> Floats:
    """Return (n,) ln(strike / forward) in standard deviations at the money."""
    return np.log(strikes / forward) / (atm_iv * math.sqrt(years))


def smooth(z: Floats, iv: Floats, error: Floats, params: SmileParams | None = None) -> Floats:
    """Return (n,) the curve at every z between the outermost known points; nan outside and without enough.

    Local quadratic regression with tricube weights (Cleveland 1979), each point weighed by 1 / error squared
    and, where it stands off, by how far (see `_trust`).

    z         : (n,) moneyness, ascending
    iv, error : (n,) per year; nan where not measured
    """
    p = params or SmileParams()
    known = np.isfinite(iv) & np.isfinite(error)
    curve = np.full(z.size, np.nan)
    if known.sum() < p.least:
        return curve
    at, value, spread = z[known], iv[known], np.maximum(error[known], p.sure)
    inside = (z >= at[0]) & (z <= at[-1])
    weight = 1.0 / spread**2
    trust = np.ones(at.size)
    for turn in range(p.rounds):
        others = _local(at, at, value, weight * trust, p.width, p.neighbours, True)
        off = np.abs(value - others) / spread
        trust = _trust(off, final=turn == p.rounds - 1)
    curve[inside] = _local(z[inside], at, value, weight * trust, p.width, p.neighbours, False)
    return curve


def _trust(off: Floats, final: bool) -> Floats:
    """Return how much points count that stand so many of their errors off the curve through the others.

    One bad quote bends the first curve away from its good neighbours, so that weights must not vanish
    (Huber) before the curve has settled; then they do (bisquare).
    """
    usual = max(float(np.median(off)), 1.0)
    if not final:
        return np.minimum(1.0, usual / np.maximum(off, usual))
    return np.maximum(np.clip(1.0 - (off / (6.0 * usual)) ** 2, 0.0, 1.0) ** 2, _LEAST_TRUST)


@compiled
def _local(
    where: Floats, z: Floats, iv: Floats, weight: Floats, width: float, neighbours: int, alone: bool
) -> Floats:
    """Return the local quadratic through (z, iv) at each of `where`.

    alone : leave out the point itself (`where` is z then); at the ends a curve follows whatever is last
    """
    out = np.empty(where.size)
    last = min(neighbours, z.size) - 1
    for j in range(where.size):
        apart = np.abs(z - where[j])
        reach = max(width, np.sort(apart)[last] * 1.001)
        moments = np.zeros(5)
        sums = np.zeros(3)
        for i in range(z.size):
            if apart[i] < reach and not (alone and i == j):
                near = (1.0 - (apart[i] / reach) ** 3) ** 3
                _weigh((z[i] - where[j]) / reach, iv[i], weight[i] * near, moments, sums)
        out[j] = _value_at_zero(moments, sums)
    return out


@compiled
def _weigh(x: float, value: float, weight: float, moments: Floats, sums: Floats) -> None:
    """Add a point to the moments (5,) of x and to the sums (3,) of value times the powers of x."""
    for k in range(5):
        moments[k] += weight
        if k < 3:
            sums[k] += weight * value
        weight *= x


@compiled
def _value_at_zero(m: Floats, s: Floats) -> float:
    """Return the value at 0 of the quadratic with these weighted moments: Cramer's rule.

    With less than three points that count it is the weighted mean, and nan without any.
    """
    if not m[0] > 0.0:
        return math.nan
    a, b, c, d = m[1] / m[0], m[2] / m[0], m[3] / m[0], m[4] / m[0]
    p, q, r = s[0] / m[0], s[1] / m[0], s[2] / m[0]
    whole = (b * d - c * c) - a * (a * d - b * c) + b * (a * c - b * b)
    if not whole > 1e-12:
        return float(p)
    return float((p * (b * d - c * c) - a * (q * d - c * r) + b * (q * c - b * r)) / whole)
