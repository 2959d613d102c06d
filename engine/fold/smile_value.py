"""Our own fair value of a contract: what the smile of its neighbours says it should cost.

A quadratic in log-strike through the volatilities of the three strikes on either side, of the same right and
expiration, without the judged strike itself (quant 4.3). Each neighbour's volatility is inverted at the spot
the quotes implied when its own was made, so that a quote of some seconds ago is not mistaken for a kink.

Most contracts lie on their smile, so a cheap look comes first: prices across strikes are smooth as well, and
only a mid that does not fit the prices beside it is worth six inversions.
"""

from __future__ import annotations

import math

from numba import njit

from ..analytics.greeks import price_greeks, years
from ..analytics.implied_vol import OK, implied_vol_near
from ..jit.options import JIT
from ..model.events import MISSING, NS, PRICE_SCALE
from .forwards import carried
from .volatility import two_sided

N_NEIGHBOURS = 6
"""Strikes that a contract is held against, half of them on each side."""

STALE_NS = 20 * NS
"""A neighbour's quote older than this says nothing."""

LEAST_POINTS = 5
"""Volatilities a quadratic is laid through, at least."""


@njit(**JIT)
def usable(cell, now):
    """Whether a neighbour's quote may stand for its value."""
    return two_sided(cell) and now - cell.quote_ts < STALE_NS and cell.priced_spot != MISSING


@njit(**JIT)
def fits(now, cell, static, cells, unit, edge):
    """Whether the mid is less than `edge` units away from the cubic through the four mids beside it.

    Spots may have moved between the quotes: delta and gamma carry them over where they are known. A contract
    without four usable neighbours fits: nothing can be said against it.
    """
    value = doubt = 0.0
    for k in range(1, 5):
        beside = cells[static.beside[k]]
        if static.beside[k] == 0 or not usable(beside, now):
            return True
        mid = 0.5 * (beside.bid + beside.ask)
        if beside.priced_spot != cell.priced_spot:
            mid = carried(beside, cell.priced_spot)
        value += static.weight[k - 1] * mid
        doubt += 0.125 * (beside.ask - beside.bid)
    return abs(value - 0.5 * (cell.bid + cell.ask)) < edge * max(unit, doubt)


@njit(**JIT)
def quadratic(n, sx, sx2, sx3, sx4, sy, sxy, sx2y):
    """Return (c, b, a) of the least squares c + b x + a x^2 from sums over n points, nan without one."""
    # Cramer's rule on the normal equations.
    m0, m1, m2 = sx2 * sx4 - sx3 * sx3, sx2 * sx3 - sx * sx4, sx * sx3 - sx2 * sx2
    det = n * m0 + sx * m1 + sx2 * m2
    if det == 0.0:
        return math.nan, math.nan, math.nan
    m3, m4, m5 = n * sx4 - sx2 * sx2, sx * sx2 - n * sx3, n * sx2 - sx * sx
    c = m0 * sy + m1 * sxy + m2 * sx2y
    b = m1 * sy + m3 * sxy + m4 * sx2y
    a = m2 * sy + m4 * sxy + m5 * sx2y
    return c / det, b / det, a / det


@njit(**JIT)
def volatility_of(price, spot, strike, T, cp, guess, p):
    """Return the volatility of a price, nan without one: one Newton step where the guess is near enough.

    The volatility that the fold keeps is a few minutes old at most; a step of a fifth of it leaves an error
    below a hundredth of a volatility point at the money.
    """
    model = price_greeks(spot, strike, T, p.rate, p.dividend, guess, cp)
    step = (price - model[0]) / model[4]
    if abs(step) < 0.2 * guess:
        return guess + step
    sigma, status = implied_vol_near(price, spot, strike, T, p.rate, p.dividend, cp, guess)
    return sigma if status == OK else math.nan


@njit(**JIT)
def smile_value(now, cell, static, cells, statics, p):
    """Return (fair value, doubt about it), price units, nan without one.

    The doubt is the neighbours' mean half spread, or how badly they fit one curve if that is more: where one
    of them is off, it spoils the value of the others and not its own. x is log-strike in steps of strikes.
    """
    T = years(static.settle_ns, now)
    n = sx = sx2 = sx3 = sx4 = sy = sxy = sx2y = sy2 = halves = 0.0
    for k in range(N_NEIGHBOURS):
        cid = static.beside[k]
        beside = cells[cid]
        if cid == 0 or not usable(beside, now):
            continue
        strike = statics[cid].strike
        price = (beside.bid + beside.ask) / (2.0 * PRICE_SCALE)
        spot = beside.priced_spot / PRICE_SCALE
        sigma = volatility_of(price, spot, strike, T, static.cp, beside.iv, p)
        if not sigma > 0.0:
            continue
        x = math.log(strike / static.strike) * static.strike / static.step
        n += 1.0
        sx += x
        sx2 += x * x
        sx3 += x * x * x
        sx4 += x * x * x * x
        sy += sigma
        sxy += x * sigma
        sx2y += x * x * sigma
        sy2 += sigma * sigma
        halves += 0.5 * (beside.ask - beside.bid)
    if n < LEAST_POINTS:
        return math.nan, math.nan
    sigma, b, a = quadratic(n, sx, sx2, sx3, sx4, sy, sxy, sx2y)
    if not sigma > 0.0:
        return math.nan, math.nan
    misfit = math.sqrt(max(sy2 - sigma * sy - b * sxy - a * sx2y, 0.0) / (n - 3.0))
    spot = cell.priced_spot / PRICE_SCALE
    found = price_greeks(spot, static.strike, T, p.rate, p.dividend, sigma, static.cp)
    return found[0] * PRICE_SCALE, max(halves / n, misfit * found[4] * PRICE_SCALE)
