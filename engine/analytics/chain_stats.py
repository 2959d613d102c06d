"""What a chain says besides its gamma: mids, straddle, volatility at the money, max pain, put/call.

Unknown is nan or None, never 0.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..model.events import MISSING, PRICE_SCALE

Floats = NDArray[np.float64]
Prices = NDArray[np.int64] | NDArray[np.int32]

_SAME = 1e-12  # relative difference below which two payouts tie


def mids(bid: Prices, ask: Prices) -> Floats:
    """Return (n,) the mid in $ of each two-sided quote, given in price units; nan elsewhere."""
    two_sided = (bid > 0) & (ask > bid)
    return np.where(two_sided, (bid.astype(np.float64) + ask) / (2 * PRICE_SCALE), np.nan)


def expected_move(strikes: Floats, call_mid: Floats, put_mid: Floats, forward: float) -> float | None:
    """Return the straddle at the strike nearest to the forward, $; None when it has no two mids."""
    if not strikes.size or not math.isfinite(forward):
        return None
    i = np.lexsort((strikes, np.abs(strikes - forward)))[0]
    straddle = float(call_mid[i] + put_mid[i])
    return straddle if math.isfinite(straddle) else None


def at_the_money(strikes: Floats, values: Floats, forward: float | None) -> float | None:
    """Return a value between the known strikes on both sides of the forward; None without one on each.

    strikes : (n,) $, ascending
    values  : (n,) nan where unknown
    """
    known = np.isfinite(values)
    if forward is None or not known.any():
        return None
    strikes, values = strikes[known], values[known]
    if not strikes[0] <= forward <= strikes[-1]:
        return None
    return float(np.interp(forward, strikes, values))


def payouts(strikes: Floats, call_oi: Floats, put_oi: Floats) -> Floats:
    """Return (n,) what all holders receive if the day settles at each strike, $ per share of multiplier.

    strikes        : (n,) $, ascending
    call_oi, put_oi: (n,) contracts; nan or MISSING counts as absent
    """
    calls, puts = _known_oi(call_oi), _known_oi(put_oi)
    below = strikes * np.cumsum(calls) - np.cumsum(calls * strikes)
    above = np.cumsum((puts * strikes)[::-1])[::-1] - strikes * np.cumsum(puts[::-1])[::-1]
    return below + above


def max_pain(strikes: Floats, call_oi: Floats, put_oi: Floats) -> float | None:
    """Return the strike at which holders receive least, ties to the lower; None without open interest."""
    if not np.any(_known_oi(call_oi)) and not np.any(_known_oi(put_oi)):
        return None
    order = np.argsort(strikes, kind="stable")
    paid = payouts(strikes[order], call_oi[order], put_oi[order])
    tied = paid <= paid.min() + _SAME * paid.max()
    return float(strikes[order][int(np.argmax(tied))])


def _known_oi(oi: Floats) -> Floats:
    """Return open interest with the unknown left out."""
    return np.where(np.isfinite(oi) & (oi != MISSING), oi, 0.0)


def put_call(values: Floats, sign: Floats) -> float | None:
    """Return puts over calls of (n,) contracts by volume, open interest or premium; nan ones are left out."""
    return put_call_ratio(known_sum(values[sign > 0.0]), known_sum(values[sign < 0.0]))


def known_sum(values: Floats) -> float:
    """Return the sum of what is known, nan when there is something and nothing of it is."""
    known = values[~np.isnan(values)]
    return float(known.sum()) if known.size or not values.size else math.nan


def put_call_ratio(calls: float, puts: float) -> float | None:
    """Return puts / calls, of volume, open interest or premium; None when calls are 0 or one is unknown."""
    known = math.isfinite(calls) and math.isfinite(puts) and MISSING not in (calls, puts)
    return puts / calls if known and calls else None
