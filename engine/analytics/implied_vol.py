"""Implied volatility: the Black-Scholes-Merton price inverted, compiled.

Owns the inversion and why there may be none; units are those of `greeks`. The scalar functions are meant to
be called inside other compiled loops; they allocate nothing and raise nothing.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..jit.options import compiled
from .greeks import Floats, broadcast, log_ratio, norm_pdf

Codes = NDArray[np.int64]

OK, BELOW_INTRINSIC, ABOVE_BOUND, BAD_INPUT, NO_CONVERGENCE = range(5)
STATUS_NAMES = ("ok", "below intrinsic", "above bound", "bad input", "no convergence")

_SQRT_HALF = math.sqrt(0.5)
_SQRT_2PI = math.sqrt(2.0 * math.pi)
_STEP_TOLERANCE = 3e-5  # the step is of fourth order: after one this small the error is below 1e-16
_MAX_STEPS = 100
_PARITY_NOISE = 4.0 * 2.0**-52  # rounding of S and K leaves no time value finer than this


@compiled
def _solve(b: float, x: float, up: float, s: float, lo: float, hi: float, low: bool) -> float:
    """Return the deviation s at which the normalised option is worth b, nan when it does not settle.

    The option is out of the money: worth up * N(x/s + s/2) - N(x/s - s/2) / up with x <= 0 and
    up = exp(x/2). Each step is Householder's of fourth order, on ln b where `low` (below the inflection
    the value spans hundreds of decades) and on b otherwise, and bisects when it would leave (lo, hi).
    """
    for _ in range(_MAX_STEPS):
        h = x / s
        d1 = h + 0.5 * s
        value = 0.5 * (up * math.erfc(-d1 * _SQRT_HALF) - math.erfc((s - d1) * _SQRT_HALF) / up)
        slope = up * norm_pdf(d1)
        if value < b:
            lo = s
        else:
            hi = s
        second = h * h / s - 0.25 * s
        third = second * second - 3.0 * h * h / (s * s) - 0.25
        if low:
            p = slope / value
            newton = -math.log(value / b) / p
            third += p * (2.0 * p - 3.0 * second)
            second -= p
        else:
            newton = (b - value) / slope
        step = newton * (1.0 + 0.5 * second * newton) / (1.0 + newton * (second + third * newton / 6.0))
        if abs(newton) <= _STEP_TOLERANCE * s:
            return s + step
        s += step
        # Also taken for a nan step, from a value that underflowed.
        if not lo < s < hi:
            s = 0.5 * (lo + hi)
    return math.nan


@compiled
def _cold(b: float, x: float, up: float) -> float:
    """Return the deviation at which the normalised option is worth b, starting from the inflection."""
    bend = math.sqrt(-2.0 * x)
    at_bend = 0.5 * (up - math.erfc(bend * _SQRT_HALF) / up)
    if b < at_bend:
        start = -x / math.sqrt(-0.5 * x - 2.0 * math.log(b / at_bend))
        return _solve(b, x, up, start, 0.0, bend, True)
    top = 40.0 + 2.0 * bend
    start = bend + (b - at_bend) * _SQRT_2PI / up
    return _solve(b, x, up, min(max(start, 1e-300), 0.5 * top), bend, top, False)


@compiled
def _normalised(
    price: float, S: float, K: float, T: float, r: float, q: float, cp: float
) -> tuple[float, float, float, int]:
    """Return (b, x, exp(x/2), status): the out-of-the-money twin's normalised time value and moneyness."""
    sane = price < math.inf and 0.0 < S < math.inf and 0.0 < K < math.inf and 0.0 < T < math.inf
    if not (sane and abs(cp) == 1.0 and abs(r) + abs(q) < math.inf):
        return math.nan, math.nan, math.nan, BAD_INPUT
    stock = S * math.exp(-q * T)
    bond = K * math.exp(-r * T)
    x = -abs(log_ratio(S, K) + (r - q) * T)
    intrinsic = max(cp * (stock - bond), 0.0)
    time_value = price - intrinsic
    least = _PARITY_NOISE * max(stock, bond) if intrinsic > 0.0 else 0.0
    if not time_value > least:
        return math.nan, math.nan, math.nan, BELOW_INTRINSIC
    if time_value >= min(stock, bond):
        return math.nan, math.nan, math.nan, ABOVE_BOUND
    return time_value / math.sqrt(stock * bond), x, math.exp(0.5 * x), OK


@compiled
def implied_vol(
    price: float, S: float, K: float, T: float, r: float, q: float, cp: float
) -> tuple[float, int]:
    """Return (volatility per year, status) for a price in $; nan unless the status is `OK`.

    An in-the-money price is turned into its out-of-the-money twin by put-call parity first: its own
    time value is the small difference of large numbers.
    """
    b, x, up, status = _normalised(price, S, K, T, r, q, cp)
    if status != OK:
        return math.nan, status
    s = _cold(b, x, up)
    return s / math.sqrt(T), OK if s > 0.0 else NO_CONVERGENCE


@compiled
def implied_vol_near(
    price: float, S: float, K: float, T: float, r: float, q: float, cp: float, guess: float
) -> tuple[float, int]:
    """Return what `implied_vol` does, sooner when `guess` (a volatility, nan for none) is close."""
    b, x, up, status = _normalised(price, S, K, T, r, q, cp)
    if status != OK:
        return math.nan, status
    start = guess * math.sqrt(T)
    bend = math.sqrt(-2.0 * x)
    top = 40.0 + 2.0 * bend
    s = _solve(b, x, up, start, 0.0, top, start < bend) if 0.0 < start < top else math.nan
    if not s > 0.0:
        s = _cold(b, x, up)
    return s / math.sqrt(T), OK if s > 0.0 else NO_CONVERGENCE


@compiled
def _implied_rows(columns: Floats, out: Floats, status: Codes) -> None:
    price, S, K, T, r, q, cp = columns
    for i in range(S.size):
        out[i], status[i] = implied_vol(price[i], S[i], K[i], T[i], r[i], q[i], cp[i])


def implied_vols(
    price: ArrayLike, S: ArrayLike, K: ArrayLike, T: ArrayLike, r: ArrayLike, q: ArrayLike, cp: ArrayLike
) -> tuple[Floats, Codes]:
    """Return (volatility (n,), status (n,)); arguments as in `implied_vol`, scalars are repeated."""
    columns = broadcast(price, S, K, T, r, q, cp)
    out = np.empty(columns.shape[1])
    status = np.empty(columns.shape[1], np.int64)
    _implied_rows(columns, out, status)
    return out, status
