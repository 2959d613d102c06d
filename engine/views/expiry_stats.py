"""What the quotes of one expiration say: forward, straddle, max pain, and the volatility by strike.

Owns these readings of a ladder's legs. It refuses to know which strikes are shown and what dealers hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from ..analytics.chain_stats import at_the_money, expected_move, implied_forward, max_pain, mids
from ..analytics.greeks import years
from ..analytics.smile import moneyness, smooth
from ..fold.params import FoldParams
from ..fold.state import State
from ..model.events import MISSING
from .expiration import Expiration, Moment, known, measured_vols, on_call, rows_of
from .queries import Smile
from .view import Floats, Leg

_VENDOR_SCALE = 1e6  # see `engine.model.events`


@dataclass(frozen=True, slots=True, eq=False)
class ExpiryStats:
    """What an expiration's quotes say; None or nan when they do not. Prices in $, volatilities per year.

    iv, error : (n,) by the ladder's strikes, as far as the quotes measure them
    """

    years: float
    forward: float | None
    move: float | None
    max_pain: float | None
    iv: Floats
    error: Floats
    atm_iv: float | None
    atm_error: float | None


def read(ladder: Expiration, call: Leg, put: Leg, moment: Moment, fold: FoldParams, tick: int) -> ExpiryStats:
    """Return what the legs of a ladder say; tick in price units."""
    left = years(ladder.settle_ns, moment.now_ns)
    strike, call_mid, put_mid = ladder.strike, mids(call.bid, call.ask), mids(put.bid, put.ask)
    forward = implied_forward(strike, call_mid, put_mid, left, fold.rate)
    iv, error = measured_vols(ladder, call, put, moment, fold, tick)
    return ExpiryStats(
        years=left,
        forward=forward,
        move=None if forward is None else expected_move(strike, call_mid, put_mid, forward),
        max_pain=max_pain(strike, known(call.oi), known(put.oi)),
        iv=iv,
        error=error,
        atm_iv=at_the_money(strike, iv, forward),
        atm_error=at_the_money(strike, error, forward),
    )


def smile_of(
    reading: ExpiryStats, state: State, ladder: Expiration, moment: Moment, expiry: date | None, rows: slice
) -> Smile:
    """Return the smile of some rows; the curve is drawn through all strikes."""
    return Smile(
        expiry=expiry,
        strike_milli=ladder.strike_milli[rows],
        iv=reading.iv[rows],
        error=reading.error[rows],
        fitted=_fitted(reading, ladder.strike)[rows],
        vendor=_vendor(state, ladder, moment)[rows],
        forward=reading.forward,
        atm_iv=reading.atm_iv,
        atm_error=reading.atm_error,
    )


def _fitted(reading: ExpiryStats, strike: Floats) -> Floats:
    if reading.forward is None or reading.atm_iv is None:
        return np.full(strike.size, np.nan)
    z = moneyness(strike, reading.forward, reading.atm_iv, reading.years)
    return smooth(z, reading.iv, reading.error)


def _vendor(state: State, ladder: Expiration, moment: Moment) -> Floats:
    told = rows_of(state, np.where(on_call(ladder, moment), ladder.call, ladder.put))["vendor_iv"]
    return np.where(told == MISSING, np.nan, told / _VENDOR_SCALE)
