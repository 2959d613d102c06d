"""Black-Scholes-Merton: price and greeks, compiled.

Owns the formulas and their degenerate limits; `implied_vol` inverts them. Every number is an argument, in
dollars, years and per-year fractions. The scalar functions are meant to be called inside other compiled
loops; they allocate nothing and raise nothing.

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
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..jit.options import compiled

Floats = NDArray[np.float64]

YEAR_NS = 365 * 86_400 * 1_000_000_000
"""Nanoseconds per year: calendar time over 365 days."""

T_FLOOR_NS = 60 * 1_000_000_000
T_FLOOR_YEARS = T_FLOOR_NS / YEAR_NS
"""The shortest time to expiry used before settlement: below it at-the-money gamma grows without bound."""

_SQRT_HALF = math.sqrt(0.5)
_INV_SQRT_2PI = 1.0 / math.sqrt(2.0 * math.pi)
_SD_MIN = 1e-100  # below this d1 * d1 may overflow; the limit is exact long before


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


def broadcast(*arguments: ArrayLike) -> Floats:
    """Broadcast m arguments to one (m, n) float64 table."""
    columns = np.broadcast_arrays(*(np.atleast_1d(np.asarray(a, np.float64)) for a in arguments))
    return np.stack(columns)


def greeks(
    S: ArrayLike, K: ArrayLike, T: ArrayLike, r: ArrayLike, q: ArrayLike, sigma: ArrayLike, cp: ArrayLike
) -> GreekTable:
    """Return the greeks of (n,) contracts; arguments as in `price_greeks`, scalars are repeated."""
    columns = broadcast(S, K, T, r, q, sigma, cp)
    out = np.empty((7, columns.shape[1]))
    _greeks_rows(columns, out)
    return GreekTable(*out)


def greeks_on_forward(
    S: float, F: ArrayLike, K: ArrayLike, T: ArrayLike, r: float, q: float, sigma: ArrayLike, cp: ArrayLike
) -> GreekTable:
    """Return the greeks of (n,) contracts whose forward is F, $, and not S exp((r - q) T).

    What carry does not explain stays a factor of the spot: it does not go away with time.
    """
    factor = S * np.exp((r - q) * np.asarray(T)) / np.asarray(F)
    found = greeks(S, np.asarray(K) * factor, T, r, q, sigma, cp)
    return GreekTable(*(getattr(found, each.name) / factor for each in fields(GreekTable)))
