"""The day's classified flow as lines: from the samples of a symbol's history to a panel."""

from __future__ import annotations

import numpy as np

from ..model.events import NS
from ..tape.history import EVERY_NS, History
from .queries import CHANNELS, VELOCITY_S, FlowLines
from .view import Floats


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


def _velocity(lines: Floats, seconds: int) -> Floats:
    """Return (channels,) change per second over the last `seconds`, nan when the lines are shorter."""
    back = seconds * NS // EVERY_NS
    if lines.shape[1] <= back:
        return np.full(len(CHANNELS), np.nan)
    change: Floats = (lines[:, -1] - lines[:, -1 - back]) / seconds
    return change
