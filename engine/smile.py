"""Volatility by strike: which quotes measure it, how well, and a smooth curve through them.

Owns the error bar of a volatility, when one is too uncertain to be shown, and the smoothing (quant 1.3, 4.3).
It knows no contracts and no time: everything is a column by strike. Unknown is nan.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .greeks import compiled

Floats = NDArray[np.float64]

WORST_ERROR = 0.10
"""A volatility known no better than this is not shown: 10 volatility points."""

_LEAST_REACH = 3.0  # errors away at which a point of an otherwise smooth chain counts no more
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
    rounds: int = 3
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

    Local quadratic regression with tricube weights, each point weighed by 1 / error squared, points that
    stand off weighed down by the bisquare of their distance (Cleveland 1979). A point within its own error
    is never an outlier.

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
    robust = np.ones(at.size)
    for _ in range(p.rounds):
        off = np.abs(value - _local(at, at, value, weight * robust, p.width, p.neighbours)) / spread
        reach = max(6.0 * float(np.median(off)), _LEAST_REACH)
        robust = np.where(off <= 1.0, 1.0, np.clip(1.0 - (off / reach) ** 2, 0.0, 1.0) ** 2)
    curve[inside] = _local(z[inside], at, value, weight * robust, p.width, p.neighbours)
    return curve


@compiled
def _local(where: Floats, z: Floats, iv: Floats, weight: Floats, width: float, neighbours: int) -> Floats:
    """Return the local quadratic through (z, iv) at each of `where`."""
    out = np.empty(where.size)
    last = min(neighbours, z.size) - 1
    for j in range(where.size):
        apart = np.abs(z - where[j])
        reach = max(width, np.sort(apart)[last] * 1.001)
        moments = np.zeros(5)
        sums = np.zeros(3)
        for i in range(z.size):
            if apart[i] < reach:
                near = 1.0 - (apart[i] / reach) ** 3
                power = weight[i] * near * near * near
                x = (z[i] - where[j]) / reach
                for k in range(5):
                    moments[k] += power
                    if k < 3:
                        sums[k] += power * iv[i]
                    power *= x
        out[j] = _value_at_zero(moments, sums)
    return out


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
