"""The gamma profile of an earlier minute: what the contracts that are summed now came to then.

Owns which minute is meant and what a strike was worth at it. Spot, volatilities and flow are those of the
minute, as the fold kept them; open interest is that of the day.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..analytics.exposure_choice import ExposureChoice
from ..analytics.greeks import greeks, years
from ..analytics.positioning import held
from ..analytics.terms import Terms
from ..model.events import MISSING, PRICE_SCALE, UNDERLYING
from ..tape.history import MINUTE_NS
from ..tape.timeline import Timeline
from .queries import PastMoment, PastProfile
from .view import Floats, Ints

AGO_NS = 5 * MINUTE_NS


def past_profile(
    timeline: Timeline, cids: Ints, strike_milli: Ints, of: PastMoment, choice: ExposureChoice, terms: Terms
) -> PastProfile:
    """Return the exposure of contracts at an earlier minute, for (n,) strikes ascending.

    cids : the contracts that are summed
    """
    unknown = np.full(len(strike_milli), np.nan)
    if choice.convention == "assumed" and choice.basis == "volume":
        reason = "volume by strike is not kept by the minute"
        return PastProfile(choice, None, strike_milli, unknown, reason)
    rungs = np.unique(timeline.history.rungs.of[cids])
    minute = _minute(timeline, rungs, of)
    if minute is None:
        reason = "less than five minutes of tape" if of == "five_minutes" else "no quotes since the open"
        return PastProfile(choice, None, strike_milli, unknown, reason)
    net = _nets(timeline, minute, rungs, choice, terms)
    of_rung = np.rint(timeline.history.rungs.strike[rungs] * 1000).astype(np.int64)
    here = np.isfinite(net) & np.isin(of_rung, strike_milli)
    at = np.searchsorted(strike_milli, of_rung[here])
    summed = np.bincount(at, net[here], len(strike_milli))
    known = np.bincount(at, minlength=len(strike_milli)) > 0
    return PastProfile(choice, int(minute["ts"]), strike_milli, np.where(known, summed, np.nan))


def _minute(timeline: Timeline, rungs: Ints, of: PastMoment) -> np.void | None:
    """Return the minute that is meant, None when there is none."""
    minutes: NDArray[np.void] = timeline.history.minutes(timeline.at_ns)
    if of == "five_minutes":
        back = int(np.searchsorted(minutes["ts"], timeline.at_ns - AGO_NS, side="right"))
        return minutes[back - 1] if back else None
    opened = int(np.searchsorted(minutes["ts"], timeline.tape.info.session.open_ns, side="right"))
    return next((each for each in minutes[opened:] if np.isfinite(each["iv"][rungs]).any()), None)


def _nets(timeline: Timeline, minute: np.void, rungs: Ints, choice: ExposureChoice, terms: Terms) -> Floats:
    """Return (rungs,) what dealers held of call and put times their gamma; nan where unknown."""
    pairs, state, ts = timeline.history.rungs, timeline.state, int(minute["ts"])
    spot = np.nan if minute["spot"] == MISSING else minute["spot"] / PRICE_SCALE
    # A settled contract has no exposure, and so none to show: nan, not 0.
    left = np.array([years(int(settle), ts) or np.nan for settle in pairs.settle_ns[rungs]], np.float64)
    iv = minute["iv"][rungs].astype(np.float64)
    strike = pairs.strike[rungs]
    gamma = greeks(np.full(len(rungs), spot), strike, left, terms.rate, terms.carry_yield, iv, 1.0).gamma
    worth = []
    for ids, net, sign in ((pairs.call, "call_net", 1.0), (pairs.put, "put_net", -1.0)):
        cid = ids[rungs]
        told = state.cells["oi"][cid]
        oi = np.where((cid == UNDERLYING) | (told == MISSING), np.nan, told)
        position = held(choice.convention, sign * oi, -minute[net][rungs].astype(np.float64))
        worth.append(np.where(cid == UNDERLYING, np.nan, position * gamma))
    unknown = np.isnan(worth[0]) & np.isnan(worth[1])
    multiplier = float(state.static["multiplier"][0])
    return np.where(unknown, np.nan, multiplier * (np.nan_to_num(worth[0]) + np.nan_to_num(worth[1])))
