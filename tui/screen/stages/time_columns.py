"""Columns of time: how many samples one column stands for, where it stands, and how the axis is labelled.

Pure arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.model.calendar import clock_text
from engine.model.events import NS
from engine.views.view import Ints

STEPS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 60)
"""Samples one column may stand for."""

_WIDE = (4, 2, 1)  # cells of a column while there is room; powers of two, so that it seldom changes
_TICKS_MIN = (1, 2, 5, 10, 15, 30, 60, 120)
_LABEL = 9  # cells from one label of the axis to the next, at least


@dataclass(frozen=True, slots=True)
class TimeColumns:
    """Columns from the left, old ones unmoved by new samples.

    step  : samples of one column, which shows the last of them
    cells : screen cells of one column
    last  : (count,) index of each column's last sample
    """

    step: int
    cells: int
    last: Ints


def columns(samples: int, width: int, wide: Sequence[int] = _WIDE) -> TimeColumns:
    """Fit so many samples into `width` cells.

    wide : cells a column may have when every sample has its own, the most first
    """
    step = next((step for step in STEPS if -(-samples // step) <= width), STEPS[-1])
    count = -(-samples // step)
    cells = next((cells for cells in wide if count * cells <= width), 1) if step == 1 else 1
    last = np.minimum(np.arange(1, count + 1) * step, samples) - 1
    return TimeColumns(step, cells, last)


def known_until(times_ns: Ints, limit_ns: int | None) -> int:
    """Count the samples up to a time; all of them without one."""
    return len(times_ns) if limit_ns is None else int(np.searchsorted(times_ns, limit_ns, side="right"))


def axis_text(times_ns: Ints, cells: int, width: int) -> str:
    """Write clock times below columns of `cells` cells each, at round times, as many as fit."""
    text = [" "] * width
    free = 0
    for column in _ticks(times_ns, cells):
        x, label = column[0] * cells, f"╵{clock_text(column[1])[:5]}"
        if x >= free and x + len(label) <= width:
            text[x : x + len(label)] = label
            free = x + len(label) + 1
    return "".join(text)


def _ticks(times_ns: Ints, cells: int) -> list[tuple[int, int]]:
    """Return (column, round time) of every column that is the first at or after a round time."""
    if len(times_ns) < 2:
        return [(0, int(times_ns[0]))] if len(times_ns) else []
    per_cell = int(times_ns[-1] - times_ns[0]) / (len(times_ns) - 1) / cells
    tick = next((t for t in _TICKS_MIN if t * 60 * NS >= _LABEL * per_cell), _TICKS_MIN[-1]) * 60 * NS
    round_ns = times_ns // tick
    first = np.flatnonzero(np.diff(round_ns, prepend=round_ns[0] - (times_ns[0] % tick == 0)))
    return [(int(column), int(round_ns[column] * tick)) for column in first]
