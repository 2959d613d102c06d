"""When and from what a contract's greeks are refreshed inside the fold.

Implied volatility is inverted on the out-of-the-money side and given to both rights of a strike, because
the in-the-money side has no time value left to measure. Without a two-sided quote the last volatility
stays; without any the greeks stay nan and the flow counts what it could not weigh.
"""

from __future__ import annotations

from numba import njit

from ..events import MISSING, NS, PRICE_SCALE
from ..greeks import OK, delta_gamma_vega_theta, implied_vol_near, years
from . import JIT


@njit(**JIT)
def two_sided(cell):
    """Whether the quote has a positive bid below its ask."""
    return cell.bid > 0 and cell.ask > cell.bid


@njit(**JIT)
def refresh(now, cell, twin, static, spot, p):
    """Bring the contract's volatility and greeks to the moment `now`; False when there are none.

    twin : the cell of the other right at the same strike; the underlying's, never quoted, if not listed
    """
    if spot == MISSING or static.settle_ns <= now:
        return False
    S = spot / PRICE_SCALE
    T = years(static.settle_ns, now)
    out_of_money = static.cp * (static.strike - S) >= 0
    quote, cp = (cell, static.cp) if out_of_money or not two_sided(twin) else (twin, -static.cp)
    if two_sided(quote):
        price = (quote.bid + quote.ask) / (2.0 * PRICE_SCALE)
        sigma, status = implied_vol_near(price, S, static.strike, T, p.rate, p.dividend, cp, cell.iv)
        if status == OK:
            cell.iv = sigma
    if cell.iv != cell.iv:
        return False
    cell.delta, cell.gamma, cell.vega, cell.theta = delta_gamma_vega_theta(
        S, static.strike, T, p.rate, p.dividend, cell.iv, static.cp
    )
    cell.greeks_ts = now
    cell.greeks_spot = spot
    return True


@njit(**JIT)
def refresh_if_older(now, age_s, cell, twin, static, spot, p):
    """Refresh greeks that are older than `age_s` seconds of tape, or that there never were."""
    if cell.greeks_ts == 0 or now - cell.greeks_ts > age_s * NS:
        return refresh(now, cell, twin, static, spot, p)
    return True
