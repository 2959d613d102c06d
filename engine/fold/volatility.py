"""When and from what a contract's greeks are refreshed inside the fold.

Implied volatility is inverted on the out-of-the-money side and given to both rights of a strike, because
the in-the-money side has no time value left to measure. It belongs to the moment of its quote: it is inverted
with the time and at the spot there were then, and stands from there on for as long as `analytics.age` says. A
contract that is only offered at a tick has none, and an old one would give it the delta of the morning.
Without a volatility the greeks are nan and the flow counts what it could not weigh.
"""

from __future__ import annotations

import math

from numba import njit

from ..analytics.age import limit_ns
from ..analytics.greeks import delta_gamma_vega_theta, log_ratio, years
from ..analytics.implied_vol import OK, implied_vol_near
from ..jit.options import JIT
from ..model.events import MISSING, NS, PRICE_SCALE

THREE_DOLLARS = 3 * PRICE_SCALE


@njit(**JIT)
def two_sided(cell):
    """Whether the quote has a positive bid below its ask."""
    return cell.bid > 0 and cell.ask > cell.bid


@njit(**JIT)
def tick_of(cell, static):
    """Return the price step at the quote's ask, price units."""
    return static.tick if cell.ask < THREE_DOLLARS else static.tick_3


@njit(**JIT)
def forget(cell):
    """Drop a volatility that nothing supports any more, and the greeks that came from it."""
    cell.iv = math.nan
    cell.delta = math.nan
    cell.gamma = math.nan
    cell.vega = math.nan
    cell.theta = math.nan


@njit(**JIT)
def measure(quote, cell, static, cp, p):
    """Invert a two-sided quote into the contract's volatility, at the quote's own moment and spot."""
    S, T = quote.priced_spot / PRICE_SCALE, years(static.settle_ns, quote.quote_ts)
    price = (quote.bid + quote.ask) / (2.0 * PRICE_SCALE)
    sigma, status = implied_vol_near(price, S, static.strike, T, p.rate, p.dividend, cp, cell.iv)
    if status == OK:
        away = log_ratio(static.strike, S) / (sigma * math.sqrt(T))
        cell.iv = sigma
        cell.iv_ts = quote.quote_ts
        left_ns = static.settle_ns - quote.quote_ts
        cell.iv_until = quote.quote_ts + int(limit_ns(left_ns, away, quote.quote_gap))


@njit(**JIT)
def is_due(now, cell):
    """Whether a volatility has used up three quarters of the time for which it stands."""
    return now > cell.iv_until - ((cell.iv_until - cell.iv_ts) >> 2)


@njit(**JIT)
def refresh(now, cell, twin, static, spot, p):
    """Bring the contract's volatility and greeks to the moment `now`; False when there are none.

    twin : the cell of the other right at the same strike; the underlying's, never quoted, if not listed
    spot : price units, as the quotes of the settlement imply it
    """
    if static.settle_ns <= now:
        forget(cell)
        return False
    if spot == MISSING:
        return False
    S = spot / PRICE_SCALE
    T = years(static.settle_ns, now)
    out_of_money = static.cp * (static.strike - S) >= 0
    quote, cp = (cell, static.cp) if out_of_money or static.twin == 0 else (twin, -static.cp)
    if two_sided(quote) and quote.quote_ts > cell.iv_ts and quote.priced_spot != MISSING:
        measure(quote, cell, static, cp, p)
    if now > cell.iv_until:
        forget(cell)
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


@njit(**JIT)
def kept_iv(now, cell, twin):
    """Return the volatility last measured for a strike, on whichever right; nan when it is too old."""
    newest = cell if cell.iv_ts >= twin.iv_ts else twin
    return newest.iv if now <= newest.iv_until else math.nan
