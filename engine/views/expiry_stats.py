"""What the quotes of one expiration say: forward, straddle, max pain, and the volatility by strike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from ..analytics.chain_stats import at_the_money
from ..analytics.smile import moneyness, smooth
from ..analytics.valuation import Valuation
from ..fold.state import State
from ..model.events import MISSING, PRICE_SCALE
from .queries import Smile
from .scope import TapeContracts
from .view import Floats, Ints

_VENDOR_SCALE = 1e6  # see `engine.model.events`


@dataclass(frozen=True, slots=True, eq=False)
class ExpiryStats:
    """What the first settlement of an expiration says; None or nan where it does not.

    strike    : (n,) $, ascending
    iv, error : (n,) per year, as far as the quotes measure them
    measures  : (n,) the row of the contract whose quote does
    """

    years: float
    forward: float | None
    move: float | None
    max_pain: float | None
    strike: Floats
    iv: Floats
    error: Floats
    measures: Ints
    atm_iv: float | None
    atm_error: float | None


_NONE = np.zeros(0)
NO_STATS = ExpiryStats(0.0, None, None, None, _NONE, _NONE, _NONE, np.zeros(0, np.int64), None, None)


def stats_of(of: Valuation, expiry: date | None, tick: int) -> ExpiryStats:
    """Return what an expiration says that is part of a valued chain; tick in price units."""
    listed = of.chain.listed
    i = next((i for i, group in enumerate(listed.groups) if group.expiry == expiry), None)
    if i is None:
        return NO_STATS
    group, told = listed.groups[i], of.forwards[i]
    strike, forward = listed.pair_strike[group.pairs], None if told.parity.value is None else told.quoted
    iv, error = of.measured(i, tick / PRICE_SCALE)
    return ExpiryStats(
        years=told.years,
        forward=forward,
        move=of.expected_move(i),
        max_pain=of.max_pain(group),
        strike=strike,
        iv=iv,
        error=error,
        measures=of.measures[group.pairs],
        atm_iv=at_the_money(strike, iv, forward),
        atm_error=at_the_money(strike, error, forward),
    )


def smile_of(
    stats: ExpiryStats, state: State, contracts: TapeContracts, expiry: date | None, strike_milli: Ints
) -> Smile:
    """Return the smile at some strikes; the curve is drawn through all that are listed."""
    vendor = state.cells["vendor_iv"][contracts.cid[stats.measures]]
    columns = (
        stats.iv, stats.error, _fitted(stats), np.where(vendor == MISSING, np.nan, vendor / _VENDOR_SCALE)
    )  # fmt: skip
    iv, error, fitted, own = (_at(strike_milli / 1000, stats.strike, column) for column in columns)
    return Smile(
        expiry=expiry,
        strike_milli=strike_milli,
        iv=iv,
        error=error,
        fitted=fitted,
        vendor=own,
        forward=stats.forward,
        atm_iv=stats.atm_iv,
        atm_error=stats.atm_error,
    )


def _fitted(stats: ExpiryStats) -> Floats:
    if stats.forward is None or stats.atm_iv is None:
        return np.full(stats.strike.size, np.nan)
    z = moneyness(stats.strike, stats.forward, stats.atm_iv, stats.years)
    return smooth(z, stats.iv, stats.error)


def _at(strikes: Floats, listed: Floats, column: Floats) -> Floats:
    """Return a column by the listed strikes at others, nan where one is not listed."""
    found = np.full(strikes.size, np.nan)
    there = np.isin(strikes, listed)
    found[there] = column[np.searchsorted(listed, strikes[there])]
    return found
