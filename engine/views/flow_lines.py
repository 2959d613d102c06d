"""The day's classified flow as lines: from the samples of a symbol's history to a panel."""

from __future__ import annotations

import numpy as np

from ..model.events import NS
from ..tape.history import EVERY_NS, MINUTE_NS, History
from .queries import CHANNELS, VELOCITY_S, FlowLines
from .view import Floats, Ints

CHANGE_NS = 5 * MINUTE_NS
"""Over how long the header tells the change of the delta that customers bought."""


def flow_lines(history: History, now_ns: int) -> FlowLines:
    """Return the lines up to a moment of tape."""
    rows = history.samples(now_ns)
    lines = np.ascontiguousarray(rows["channels"].T)
    return FlowLines(
        times_ns=rows["ts"].copy(),
        spot=rows["spot"].astype(np.int64),
        lines=lines,
        velocity=np.stack([_velocity(lines, seconds) for seconds in VELOCITY_S], axis=1),
    )


def delta_change(history: History, rungs: Ints, delta: float, now_ns: int) -> float | None:
    """Return by how many shares the delta that customers bought has changed in about five minutes.

    That is since the full minute nearest to five minutes ago, as strikes are kept by the minute; None while
    there is none.

    rungs : the strikes that are summed, by their place in the history's
    delta : what they come to now
    """
    mark = (now_ns - CHANGE_NS + MINUTE_NS // 2) // MINUTE_NS * MINUTE_NS
    rows = history.minutes(mark)
    if not len(rows) or rows["ts"][-1] != mark:
        return None
    return delta - float(rows["delta_flow"][-1][rungs].sum(dtype=np.float64))


def _velocity(lines: Floats, seconds: int) -> Floats:
    """Return (channels,) change per second over the last `seconds`, nan when the lines are shorter."""
    back = seconds * NS // EVERY_NS
    if lines.shape[1] <= back:
        return np.full(len(CHANNELS), np.nan)
    change: Floats = (lines[:, -1] - lines[:, -1 - back]) / seconds
    return change
