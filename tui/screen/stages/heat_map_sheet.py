"""The heat map in integers: for every visible cell its level, its sign and what is drawn over it.

Owns the rounding from a `Heat` to what is displayed, so that two pictures which look alike compare equal.

Levels grow with the root of the value: the strikes at the money would leave everything else cold otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.model.events import MISSING, PRICE_SCALE
from engine.views.queries import Heat
from engine.views.view import Floats, Ints

from ...settings.prefs import Unit
from ..draw.path import path
from ..theme import HEAT_LEVELS
from .time_columns import TimeColumns, columns

UNKNOWN = HEAT_LEVELS
"""Level of a cell whose value nobody knows; known ones are -(HEAT_LEVELS - 1) to HEAT_LEVELS - 1."""

LINE, CURSOR = 100, 1_000
"""A cell's code is its level + LINE x the glyph of the spot's path + CURSOR for each cursor it is under: of
time, and where that crosses the strike's."""

_HOT = HEAT_LEVELS - 1


@dataclass(frozen=True, slots=True)
class Grid:
    """A `Heat` fitted to the screen.

    values   : (strikes, columns) in the unit shown, strikes ascending
    spot     : (columns,) price units
    times_ns : (columns,) tape time of the last minute of each column
    """

    columns: TimeColumns
    times_ns: Ints
    strike_milli: Ints
    values: Floats
    spot: Ints

    @property
    def peak(self) -> float:
        """Return the largest size of a value, 0 when none is known."""
        return float(np.nan_to_num(np.abs(self.values)).max(initial=0.0))

    def column_at(self, ts_ns: int | None) -> int:
        """Return the column that holds a time; without one the newest, -1 when there is none."""
        if ts_ns is None or not len(self.times_ns):
            return len(self.times_ns) - 1
        return min(int(np.searchsorted(self.times_ns, ts_ns)), len(self.times_ns) - 1)

    def value(self, strike_milli: int, column: int) -> float:
        """Return the value of a strike in a column, nan where it is not known."""
        row = int(np.searchsorted(self.strike_milli, strike_milli))
        known = row < len(self.strike_milli) and self.strike_milli[row] == strike_milli and column >= 0
        return float(self.values[row, column]) if known else float("nan")


def grid(heat: Heat, known: int, width: int, unit: Unit) -> Grid:
    """Fit the first `known` minutes into `width` cells; gamma in `unit`, at the spot of its time."""
    fitted = columns(known, width)
    values, spot = heat.values[:, fitted.last], heat.spot[fitted.last]
    if heat.metric == "gex" and unit != "shares":
        usd = np.where(spot == MISSING, np.nan, spot / PRICE_SCALE)
        values = values * (usd if unit == "usd_per_1" else usd * usd * 0.01)
    return Grid(fitted, heat.times_ns[fitted.last], heat.strike_milli, values, spot)


def levels(values: Floats, scale: float) -> Ints:
    """Grade values by the root of their share of the scale, their sign kept."""
    known = np.isfinite(values)
    share = np.abs(np.where(known, values, 0.0)) / scale if scale > 0 else np.zeros(values.shape)
    size = np.minimum(np.floor(_HOT * np.sqrt(share) + 0.5), _HOT)
    return np.where(known, np.where(values < 0, -size, size), UNKNOWN).astype(np.int64)


def lower_bound(of_level: int, scale: float) -> float:
    """Return the smallest value that has this level."""
    return scale * ((of_level - 0.5) / _HOT) ** 2


def codes(shown: Grid, strikes: Ints, scale: float, cursor: int, strike: int) -> Ints:
    """Return (rows, cells) codes of the visible strikes, the highest first.

    strikes : strike_milli of the rows; one the heat map does not know is unknown throughout
    cursor  : the column of the cursor of time, -1 for none
    strike  : strike_milli under the other cursor, -1 for none
    """
    rows = np.searchsorted(shown.strike_milli, strikes)
    found = np.isin(strikes, shown.strike_milli)
    picked = np.full((len(strikes), shown.values.shape[1]), np.nan)
    picked[found] = shown.values[rows[found]]
    cells = np.repeat(levels(picked, scale), shown.columns.cells, axis=1)
    cells += LINE * path(_spot_rows(shown, strikes), len(strikes))
    if cursor >= 0:
        cells[:, cursor * shown.columns.cells] += CURSOR
        cells[strikes == strike, cursor * shown.columns.cells] += CURSOR
    return cells


def _spot_rows(shown: Grid, strikes: Ints) -> list[int | None]:
    """Return the row nearest to the spot by cell; -1 or one past the last where it is not in sight."""
    if not len(strikes):
        return [None] * (len(shown.spot) * shown.columns.cells)
    half = float(np.abs(np.diff(strikes)).min(initial=1_000_000)) / 2
    each = [_row(units, strikes, half) for units in shown.spot.tolist()]
    return [row for row in each for _ in range(shown.columns.cells)]


def _row(units: int, strikes: Ints, half: float) -> int | None:
    if units == MISSING:
        return None
    at = units * 1_000 / PRICE_SCALE
    if at > strikes[0] + half:
        return -1
    return len(strikes) if at < strikes[-1] - half else int(np.abs(strikes - at).argmin())
