"""Black-Scholes-Merton: price, greeks and implied volatility, compiled.

Owns the formulas, their degenerate limits and the inversion. It knows nothing of contracts, quotes or
calendars: every number is an argument, in dollars, years and per-year fractions. The scalar functions
are meant to be called inside other compiled loops; they allocate nothing and raise nothing.

===========  ==========================================================  ==========================
result       meaning (with c = cp, +1 call, -1 put)                       to display
===========  ==========================================================  ==========================
price        $ per share
delta        $ per $1 of spot
gamma        delta per $1 of spot
theta        $ per year of passing time                                   / 525600 = $ per minute
vega         $ per 1.00 of volatility                                     / 100 = $ per vol point
vanna        delta per 1.00 of volatility                                 / 100 = per vol point
charm        delta per year of passing time                               / 525600 = per minute
===========  ==========================================================  ==========================

At and after settlement, and for a volatility of 0, a price is its discounted intrinsic value, delta is
its slope and everything else is 0. Before settlement an unknown volatility (nan) has no greeks: all nan.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..jit.options import compiled

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

OK, BELOW_INTRINSIC, ABOVE_BOUND, BAD_INPUT, NO_CONVERGENCE = range(5)
STATUS_NAMES = ("ok", "below intrinsic", "above bound", "bad input", "no convergence")

YEAR_NS = 365 * 86_400 * 1_000_000_000
"""Nanoseconds per year: calendar time over 365 days."""

T_FLOOR_NS = 60 * 1_000_000_000
T_FLOOR_YEARS = T_FLOOR_NS / YEAR_NS
"""The shortest time to expiry used before settlement: below it at-the-money gamma grows without bound."""

_SQRT_HALF = math.sqrt(0.5)
_INV_SQRT_2PI = 1.0 / math.sqrt(2.0 * math.pi)
_SQRT_2PI = math.sqrt(2.0 * math.pi)
_SD_MIN = 1e-100  # below this d1 * d1 may overflow; the limit is exact long before
_STEP_TOLERANCE = 3e-5  # the step is of fourth order: after one this small the error is below 1e-16
_MAX_STEPS = 100
_PARITY_NOISE = 4.0 * 2.0**-52  # rounding of S and K leaves no time value finer than this


@compiled
def years(settle_ns: int, now_ns: int) -> float:
    """Return calendar years to settlement, at least `T_FLOOR_YEARS` before it and 0 from it on."""
    left = settle_ns - now_ns
    if left <= 0:
        return 0.0
    return max(left, T_FLOOR_NS) / YEAR_NS


@compiled
def norm_cdf(x: float) -> float:
    """Return the normal distribution at x with full relative accuracy in the lower tail."""
    return 0.5 * math.erfc(-x * _SQRT_HALF)


@compiled
def norm_pdf(x: float) -> float:
    """Return the normal density at x."""
    return _INV_SQRT_2PI * math.exp(-0.5 * x * x)


@compiled
def log_ratio(a: float, b: float) -> float:
    """Return ln(a / b) without losing digits where a is close to b."""
    m = (a - b) / b
    return math.log1p(m) if abs(m) < 0.5 else math.log(a / b)


@compiled
def _deviation(T: float, sigma: float) -> float:
    """Return sigma * sqrt(T), 0 after settlement, nan for what is not a volatility."""
    if T <= 0.0:
        return 0.0
    return sigma * math.sqrt(T) if sigma >= 0.0 else math.nan


@compiled
def _settled(
    S: float, K: float, T: float, r: float, q: float, sd: float, cp: float
) -> tuple[float, float, float]:
    """Return (price, delta, 0.0) without any deviation left; all nan when an argument is unusable."""
    if not (S > 0.0 and K > 0.0 and sd <= _SD_MIN) or r + q + T + cp != r + q + T + cp:
        return math.nan, math.nan, math.nan
    left = max(T, 0.0)
    eq = math.exp(-q * left)
    price = cp * (S * eq - K * math.exp(-r * left))
    return (price, cp * eq, 0.0) if price > 0.0 else (0.0, 0.0, 0.0)


@compiled
def price_greeks(
    S: float, K: float, T: float, r: float, q: float, sigma: float, cp: float
) -> tuple[float, float, float, float, float, float, float]:
    """Return (price, delta, gamma, theta, vega, vanna, charm) in the units of the module's table.

    S, K     : spot and strike, $
    T        : years to settlement
    r, q     : rate and dividend yield, continuous, per year
    sigma    : volatility per year (0.2 = 20 %)
    cp       : +1.0 call, -1.0 put
    """
    sd = _deviation(T, sigma)
    if not (_SD_MIN < sd < math.inf and S > 0.0 and K > 0.0):
        price, delta, rest = _settled(S, K, T, r, q, sd, cp)
        return price, delta, rest, rest, rest, rest, rest
    d1 = (log_ratio(S, K) + (r - q) * T) / sd + 0.5 * sd
    d2 = d1 - sd
    eq = math.exp(-q * T)
    density = eq * norm_pdf(d1)
    delta = cp * eq * norm_cdf(cp * d1)
    bond = cp * K * math.exp(-r * T) * norm_cdf(cp * d2)
    gamma = density / (S * sd)
    vega = S * density * math.sqrt(T)
    theta = -0.5 * vega * sigma / T - r * bond + q * S * delta
    vanna = -density * d2 / sigma
    charm = q * delta - density * (2.0 * (r - q) * T - d2 * sd) / (2.0 * T * sd)
    return max(S * delta - bond, 0.0), delta, gamma, theta, vega, vanna, charm


@compiled
def delta_gamma_vega_theta(
    S: float, K: float, T: float, r: float, q: float, sigma: float, cp: float
) -> tuple[float, float, float, float]:
    """Return (delta, gamma, vega, theta): the part of `price_greeks` that every refresh needs."""
    sd = _deviation(T, sigma)
    if not (_SD_MIN < sd < math.inf and S > 0.0 and K > 0.0):
        _, delta, rest = _settled(S, K, T, r, q, sd, cp)
        return delta, rest, rest, rest
    d1 = (log_ratio(S, K) + (r - q) * T) / sd + 0.5 * sd
    eq = math.exp(-q * T)
    density = eq * norm_pdf(d1)
    delta = cp * eq * norm_cdf(cp * d1)
    bond = cp * K * math.exp(-r * T) * norm_cdf(cp * (d1 - sd))
    vega = S * density * math.sqrt(T)
    return delta, density / (S * sd), vega, -0.5 * vega * sigma / T - r * bond + q * S * delta


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


@dataclass(frozen=True, slots=True, eq=False)
class GreekTable:
    """Columns (n,) float64 in the units of the module's table."""

    price: Floats
    delta: Floats
    gamma: Floats
    theta: Floats
    vega: Floats
    vanna: Floats
    charm: Floats


@compiled
def _greeks_rows(columns: Floats, out: Floats) -> None:
    S, K, T, r, q, sigma, cp = columns
    for i in range(S.size):
        out[0, i], out[1, i], out[2, i], out[3, i], out[4, i], out[5, i], out[6, i] = price_greeks(
            S[i], K[i], T[i], r[i], q[i], sigma[i], cp[i]
        )


@compiled
def _implied_rows(columns: Floats, out: Floats, status: Codes) -> None:
    price, S, K, T, r, q, cp = columns
    for i in range(S.size):
        out[i], status[i] = implied_vol(price[i], S[i], K[i], T[i], r[i], q[i], cp[i])


def _columns(*arguments: ArrayLike) -> Floats:
    """Broadcast m arguments to one (m, n) float64 table."""
    columns = np.broadcast_arrays(*(np.atleast_1d(np.asarray(a, np.float64)) for a in arguments))
    return np.stack(columns)


def greeks(
    S: ArrayLike, K: ArrayLike, T: ArrayLike, r: ArrayLike, q: ArrayLike, sigma: ArrayLike, cp: ArrayLike
) -> GreekTable:
    """Return the greeks of (n,) contracts; arguments as in `price_greeks`, scalars are repeated."""
    columns = _columns(S, K, T, r, q, sigma, cp)
    out = np.empty((7, columns.shape[1]))
    _greeks_rows(columns, out)
    return GreekTable(*out)


def implied_vols(
    price: ArrayLike, S: ArrayLike, K: ArrayLike, T: ArrayLike, r: ArrayLike, q: ArrayLike, cp: ArrayLike
) -> tuple[Floats, Codes]:
    """Return (volatility (n,), status (n,)); arguments as in `implied_vol`, scalars are repeated."""
    columns = _columns(price, S, K, T, r, q, cp)
    out = np.empty(columns.shape[1])
    status = np.empty(columns.shape[1], np.int64)
    _implied_rows(columns, out, status)
    return out, status
