"""Which contracts of a past day are fetched: the strikes around every price its underlying visited.

Owns the choice of expirations and strikes; listings and prices are arguments.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from ...model.calendar import Expiry, expirations
from ...model.contracts import Contract
from ...model.errors import NoDataError
from ...model.events import PRICE_SCALE
from .day_fetch import BackfillRequest

_UNITS_PER_MILLI = PRICE_SCALE // 1000
_FAR = timedelta(days=60)
"""So far away something expires that has options at all."""


def spans(wanted: BackfillRequest) -> list[tuple[date, date]]:
    """Return the expirations to list, first to last: the second pair when the first has none."""
    day, expiry = wanted.day, wanted.expiry
    if isinstance(expiry, date):
        return [(expiry, expiry)]
    if expiry == "0dte":
        return [(day, day)]
    nearest = expirations(wanted.underlying, day, expiry)
    return [(day, nearest[-1]), (day, day + _FAR)] if nearest else [(day, day + _FAR)]


def chosen(wanted: BackfillRequest, listed: Iterable[Contract], spots: NDArray[np.int64]) -> list[Contract]:
    """Return the contracts to fetch, in contract order.

    spots : every price of the underlying, 1/10000 $, (n,); not looked at when all strikes are wanted

    Roots of other underlyings and of adjusted contracts are left out. NoDataError when nothing is left.
    """
    ours = [each for each in listed if each.root in wanted.underlying.roots and each.expiry >= wanted.day]
    dates = _expiries(wanted.expiry, sorted({each.expiry for each in ours}))
    near = [each for each in ours if each.expiry in dates]
    if wanted.strikes is not None:
        strikes = np.array([each.strike_milli for each in near], np.int64)
        within = _within(strikes, spots, wanted.strikes, wanted.underlying.increment_milli)
        near = [each for each, is_near in zip(near, within, strict=True) if is_near]
    if not near:
        raise NoDataError(
            f"{wanted.underlying.symbol} had no such options on {wanted.day} (expiry {wanted.expiry}); "
            "choose another --expiry or day."
        )
    return sorted(near)


def _expiries(expiry: Expiry, listed: list[date]) -> set[date]:
    return set(listed[:expiry]) if isinstance(expiry, int) else set(listed)


def _within(
    strikes: NDArray[np.int64], spots: NDArray[np.int64], count: int, increment_milli: int
) -> NDArray[np.bool_]:
    """Say which strikes are at most `count` increments from at-the-money at any of the spots."""
    step = increment_milli * _UNITS_PER_MILLI
    centres = np.unique((2 * spots + step) // (2 * step)) * increment_milli
    after = np.searchsorted(centres, strikes)
    above = centres[np.minimum(after, len(centres) - 1)]
    below = centres[np.maximum(after - 1, 0)]
    nearest = np.minimum(np.abs(above - strikes), np.abs(strikes - below))
    within: NDArray[np.bool_] = nearest <= count * increment_milli
    return within
