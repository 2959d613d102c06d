"""Strike by time: what dealers' gamma, its decay or the day's flow was at every minute, laid out by strike.

Owns what a cell of the map is worth. Every minute has its own spot, volatilities, inventory and time to
settlement; open interest is that of the day. It refuses to know which strikes are shown.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..analytics.exposure_choice import Convention
from ..analytics.greeks import greeks, years
from ..analytics.positioning import held
from ..fold.params import FoldParams
from ..fold.state import State
from ..model.events import MISSING, PRICE_SCALE
from ..tape.timeline import Timeline
from .expiration import ABSENT, Expiration, known, rows_of
from .queries import Heat, HeatMetric, HeatQuery
from .view import Floats, Ints

UNITS: dict[HeatMetric, str] = {
    "gex": "shares per $1",
    "flow": "shares",
    "charm": "shares per minute",
}
MINUTES_PER_YEAR = 525_600


def heat(
    timeline: Timeline, ladder: Expiration, query: HeatQuery, convention: Convention, fold: FoldParams
) -> Heat:
    """Return the map of some strikes of an expiration up to the playhead."""
    minutes = timeline.history.minutes(timeline.at_ns)
    at = timeline.history.rungs.of[np.where(ladder.call == ABSENT, ladder.put, ladder.call)]
    values = (
        minutes["delta_flow"].T[at].astype(np.float64)
        if query.metric == "flow"
        else _exposures(minutes, at, timeline.state, ladder, query.metric, convention, fold)
    )
    if query.since_ns is not None:
        values = values - _column(values, minutes["ts"], query.since_ns)
    return Heat(
        metric=query.metric,
        since_ns=query.since_ns,
        convention=convention,
        unit=UNITS[query.metric],
        times_ns=minutes["ts"].copy(),
        strike_milli=ladder.strike_milli,
        values=values,
        spot=minutes["spot"].astype(np.int64),
    )


def _exposures(
    minutes: NDArray[np.void], at: Ints, state: State, ladder: Expiration, metric: HeatMetric,
    convention: Convention, fold: FoldParams,
) -> Floats:  # fmt: skip
    """Return (n, t) what dealers hold of each strike, times its greek at each minute; nan where unknown."""
    shape = len(at), len(minutes)
    spot = np.where(minutes["spot"] == MISSING, np.nan, minutes["spot"] / PRICE_SCALE)
    # A settled contract has no exposure, and so none to show: nan, not 0.
    left = np.array([years(ladder.settle_ns, ts) or np.nan for ts in minutes["ts"].tolist()], np.float64)
    places = (spot, ladder.strike[:, np.newaxis], left, minutes["iv"].T[at])
    S, K, T, iv = (np.broadcast_to(place, shape).ravel() for place in places)
    legs = [(ladder.call, minutes["call_net"], 1.0), (ladder.put, minutes["put_net"], -1.0)]
    worth = []
    for cids, net, cp in legs:
        table = greeks(S, K, T, fold.rate, fold.dividend, iv, cp)
        each = table.gamma if metric == "gex" else table.charm / MINUTES_PER_YEAR
        oi = np.where(cids == ABSENT, np.nan, known(rows_of(state, cids)["oi"]))
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
