"""Strike by time: what dealers' gamma, its decay or the day's flow was at every minute, laid out by strike.

Owns what a cell of the map is worth. Every minute has its own spot, volatilities, inventory and time to
settlement; open interest is that of the day. Volatilities are those the fold measured at that minute,
from spot, rate and dividend, and are priced alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..analytics.exposure import MINUTES_PER_YEAR
from ..analytics.exposure_choice import Convention
from ..analytics.greeks import greeks, years
from ..analytics.option_chain import ABSENT
from ..analytics.positioning import held
from ..analytics.terms import Terms
from ..fold.state import State
from ..model.events import MISSING, PRICE_SCALE, UNDERLYING
from ..tape.timeline import Timeline
from .expiration import Expiration
from .queries import Heat, HeatMetric, HeatQuery
from .view import Floats, Ints

UNITS: dict[HeatMetric, str] = {
    "gex": "shares per $1",
    "flow": "shares",
    "charm": "shares per minute",
}


def heat(
    timeline: Timeline, expiration: Expiration, query: HeatQuery, convention: Convention, terms: Terms
) -> Heat:
    """Return the map of some strikes of an expiration up to the playhead."""
    minutes = timeline.history.minutes(timeline.at_ns)
    at = timeline.history.rungs.of[np.where(expiration.call == ABSENT, expiration.put, expiration.call)]
    values = (
        minutes["delta_flow"].T[at].astype(np.float64)
        if query.metric == "flow"
        else _exposures(minutes, at, timeline.state, expiration, query.metric, convention, terms)
    )
    if query.since_ns is not None:
        values = values - _column(values, minutes["ts"], query.since_ns)
    return Heat(
        metric=query.metric,
        since_ns=query.since_ns,
        convention=convention,
        unit=UNITS[query.metric],
        times_ns=minutes["ts"].copy(),
        strike_milli=expiration.strike_milli,
        values=values,
        spot=minutes["spot"].astype(np.int64),
    )


def _exposures(
    minutes: NDArray[np.void], at: Ints, state: State, expiration: Expiration, metric: HeatMetric,
    convention: Convention, terms: Terms,
) -> Floats:  # fmt: skip
    """Return (n, t) what dealers hold of each strike, times its greek at each minute; nan where unknown."""
    shape = len(at), len(minutes)
    spot = np.where(minutes["spot"] == MISSING, np.nan, minutes["spot"] / PRICE_SCALE)
    # A settled contract has no exposure, and so none to show: nan, not 0.
    left = np.array([years(expiration.settle_ns, ts) or np.nan for ts in minutes["ts"].tolist()], np.float64)
    places = (spot, expiration.strike[:, np.newaxis], left, minutes["iv"].T[at])
    S, K, T, iv = (np.broadcast_to(place, shape).ravel() for place in places)
    rights = [(expiration.call, minutes["call_net"], 1.0), (expiration.put, minutes["put_net"], -1.0)]
    worth = []
    for cids, net, cp in rights:
        table = greeks(S, K, T, terms.rate, terms.carry_yield, iv, cp)
        each = table.gamma if metric == "gex" else table.charm / MINUTES_PER_YEAR
        told = state.cells["oi"][np.where(cids == ABSENT, UNDERLYING, cids)]
        oi = np.where((cids == ABSENT) | (told == MISSING), np.nan, told)
        position = held(convention, cp * oi[:, np.newaxis], -net.T[at].astype(np.float64))
        position[cids == ABSENT] = np.nan
        worth.append(position * each.reshape(shape) * state.static["multiplier"][0])
    unknown = np.isnan(worth[0]) & np.isnan(worth[1])
    return np.where(unknown, np.nan, np.nan_to_num(worth[0]) + np.nan_to_num(worth[1]))


def _column(values: Floats, times: Ints, since_ns: int) -> Floats:
    """Return (n, 1) the last column up to a moment, the first one before it."""
    if not len(times):
        return np.zeros((len(values), 1))
    at = max(int(np.searchsorted(times, since_ns, side="right")) - 1, 0)
    return values[:, at : at + 1]
