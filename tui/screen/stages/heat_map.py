"""The heat map: strikes by minutes, on the rows of the ladder.

Owns the cursor of time, the marked time and the scale. What a cell says is decided in `heat_map_sheet`
(integers) and `heat_map_rows` (cells).
"""

from __future__ import annotations

import numpy as np
from textual import events
from textual.geometry import Region

from engine.views.queries import HEAT_METRICS, Heat, HeatMetric, HeatQuery
from engine.views.view import Ints, View

from ...settings.prefs import Prefs, after
from ..draw.bars import grown
from ..draw.cell_widget import Row, centred, fitted
from ..grid import sheet
from ..grid.scroll import Axis
from ..grid.strike_rows import StrikeRows
from . import heat_map_rows as rows
from . import heat_map_sheet as hs
from .answers import NO_ANSWERS, Answers
from .time_columns import axis_text, known_until
from .widget import MomentTarget, Target

_MARGIN = 4  # cells at the right that hold the marks of walls, flip and max pain
_STRIKE, _FLAGS, _MARKS, _FIRST_CELL = range(4)
_FAR = 10  # columns of a skip of a minute or more; a shorter one is one column


class HeatMap(StrikeRows):
    """One column per minute, or per few; the spot's path lies over the cells."""

    DEFAULT_CSS = """
    HeatMap { height: 1fr; }
    """

    FOOT = 1

    def __init__(
        self, axis: Axis | None = None, *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(axis, id=id, classes=classes)
        self._metric: HeatMetric = HEAT_METRICS[0]
        self._since_ns: int | None = None
        self._at_ns: int | None = None
        self._heat: Heat | None = None
        self._chain: tuple[object, ...] = ()
        self._refusal = ""
        self._grid: hs.Grid | None = None
        self._grid_of: tuple[object, ...] = ()
        self._scale = 0.0
        self._scale_of: tuple[object, ...] = ()
        self._numbers: Ints = np.zeros((0, _FIRST_CELL), np.int64)
        self._axis_line: Row = ()
        self._sentence = ""

    def queries(self, view: View) -> tuple[HeatQuery]:
        """Return the question for the metric shown; a mark in another chain is none."""
        return (HeatQuery(self._metric, self._since_ns if _chain(view) == self._chain else None),)

    def next_metric(self, prefs: Prefs) -> Prefs:
        """Show the next metric, which is the map's own."""
        self._metric = after(HEAT_METRICS, self._metric)
        self.again()
        return prefs

    # the cursor of time ----------------------------------------------------------------------------------

    @property
    def pointed_ns(self) -> int | None:
        """Return the time under the cursor, None before the first minute."""
        if self._grid is None:  # an answer is on its way
            return self._at_ns
        column = self._column
        return None if column < 0 else int(self._grid.times_ns[column])

    def skip(self, seconds: int) -> bool:
        """Move the cursor of time by a column, by several for a minute or more."""
        columns = _FAR if abs(seconds) >= 60 else 1
        self.move_time(columns if seconds > 0 else -columns)
        return True

    def target(self) -> Target | None:
        """Return the time under the cursor."""
        return None if self.pointed_ns is None else MomentTarget(self.pointed_ns)

    def move_time(self, by: int) -> None:
        """Move the cursor of time by so many columns; on the newest it follows."""
        if self._grid is not None and self._column >= 0:
            last = len(self._grid.times_ns) - 1
            self._stand_at(min(max(0, self._column + by), last))

    def mark(self) -> None:
        """Show what has changed since the time under the cursor, or the values themselves again."""
        self._since_ns = self.pointed_ns if self._since_ns is None else None
        self.again()

    def autoscale(self) -> None:
        """Fit the scale to what is shown now."""
        self._scale_of = ()
        self.again()

    @property
    def _column(self) -> int:
        return -1 if self._grid is None else self._grid.column_at(self._at_ns)

    def _stand_at(self, column: int) -> None:
        assert self._grid is not None
        times = self._grid.times_ns
        self._at_ns = None if column == len(times) - 1 else int(times[column])
        self.again()

    # painting --------------------------------------------------------------------------------------------

    def learn(self, view: View) -> None:
        """Take in a view; in another chain the cursor of time and the mark are given up."""
        if _chain(view) != self._chain:
            self._chain = _chain(view)
            self._at_ns = self._since_ns = None
        super().learn(view)

    def show(self, view: View, prefs: Prefs, answers: Answers = NO_ANSWERS) -> None:
        """Paint the cells that differ from the frame before."""
        self._shown = (view, prefs, answers)
        self.learn(view)
        answers = answers.of_chain(view)
        self._heat, self._refusal = answers.get(*self.queries(view)), answers.refusal
        self._regrid(prefs, answers.known_ns(view))
        sentence = self._reason(view)
        if sentence != self._sentence:
            self._sentence = sentence
            self.refresh()
        span = self._settle()
        self.paint(self._head(view, prefs))
        before, self._numbers = self._numbers, self._sheet(view, span)
        self._refresh_cells(before, self._numbers)
        axis = self._axis_row()
        if axis != self._axis_line:
            self._axis_line = axis
            self.repaint([self.size.height - 1])

    def row(self, y: int) -> Row:
        """Return the cells of line `y`, made when they are asked for."""
        head, width = len(self._rows), self.size.width
        if y < head:
            return self._rows[y]
        if self._sentence and y == head + self._body // 2:
            return centred(self._sentence, width)
        if y == self.size.height - 1:
            return self._axis_line
        return self._strike_row(self._numbers[y - head].tolist()) if y - head < len(self._numbers) else ()

    def on_click(self, event: events.Click) -> None:
        """Put both cursors where the mouse is; a double click chooses the time."""
        row, cell = event.y - len(self._rows), event.x - self._left
        if not 0 <= row < len(self._numbers):
            return
        self.stand_on(int(self._numbers[row, _STRIKE]))
        grid = self._grid
        if grid is not None and 0 <= cell < len(grid.times_ns) * grid.columns.cells:
            self._stand_at(cell // grid.columns.cells)
            if event.chain == 2 and (target := self.target()) is not None:
                self.post_message(self.Chosen(target))

    @property
    def _left(self) -> int:
        """Count the cells of the strikes' column."""
        return rows.label_width([] if self._view is None else self._view.strike_milli.tolist())

    def _regrid(self, prefs: Prefs, known_ns: int | None) -> None:
        """Fit the map to the width again if either is new, and let the scale grow with it."""
        heat, room = self._heat, max(1, self.size.width - self._left - _MARGIN)
        if heat is None:
            self._grid, self._grid_of = None, ()
            return
        known = known_until(heat.times_ns, known_ns)
        stamp = (heat, known, room, prefs.unit)
        if stamp != self._grid_of:
            self._grid, self._grid_of = hs.grid(heat, known, room, prefs.unit), stamp
        meaning = (self._chain, heat.metric, heat.since_ns, heat.convention, prefs.unit)
        if meaning != self._scale_of:
            self._scale, self._scale_of = 0.0, meaning
        if self._grid is not None:
            self._scale = grown(self._scale, self._grid.peak)

    def _reason(self, view: View) -> str:
        """Say why there is nothing to see, if so."""
        if self._refusal or self._grid is None:
            return self._refusal or "…"
        if not len(self._grid.times_ns):
            return "no minute of the day has passed yet"
        if np.isfinite(self._grid.values).any():
            return "" if self._grid.peak or self._metric != "flow" else "nothing has traded yet"
        if self._metric == "flow":
            return "nothing has traded yet"
        return view.gamma.missing_reason or "nothing is known yet"

    def _head(self, view: View, prefs: Prefs) -> list[Row]:
        width = self.size.width
        title: Row = rows.bare_title(self._metric, width)
        if self._heat is not None and self._grid is not None:
            title = rows.title_row(
                self._heat,
                self._grid,
                prefs.unit,
                self._pointed(view),
                width,
                scale=0.0 if self._titled else self._scale,
            )
        if not self._titled:
            return [title]
        return [title, rows.scale_row(self._metric, self._scale, self._left, width)]

    def _pointed(self, view: View) -> rows.Pointer | None:
        pointed = self.pointed_ns
        strike = self.cursor if self.cursor is not None or view.atm < 0 else int(view.strike_milli[view.atm])
        if self._grid is None or pointed is None or strike is None:
            return None
        return rows.Pointer(strike, pointed, self._grid.value(strike, self._column))

    def _sheet(self, view: View, span: sheet.StrikeSpan) -> Ints:
        strikes = view.strike_milli[span.rows]
        cursor = -1 if self.cursor is None else self.cursor
        labels = (strikes, sheet.flags_of(view, span, (cursor, "C")), sheet.marks_of(view, span.rows))
        columns = np.stack(labels, axis=1)
        if self._grid is None or self._sentence:
            return columns
        column = -1 if self._at_ns is None else self._column
        return np.hstack((columns, hs.codes(self._grid, strikes, self._scale, column, cursor)))

    def _refresh_cells(self, before: Ints, after: Ints) -> None:
        """Ask for the cells that differ to be painted again; of a line whose strike differs, for all."""
        head, width = len(self._rows), self.size.width
        if before.shape != after.shape:
            self.refresh()
            return
        differs = before != after
        for line in np.flatnonzero(differs.any(axis=1)).tolist():
            columns = np.flatnonzero(differs[line])
            first, last = int(columns[0]) - _FIRST_CELL, int(columns[-1]) - _FIRST_CELL
            whole = first < 0
            x, cells = (0, width) if whole else (self._left + first, last - first + 1)
            self.refresh(Region(x, head + line, cells, 1))

    def _strike_row(self, numbers: list[int]) -> Row:
        width = self.size.width
        left = rows.label(numbers[_STRIKE], numbers[_FLAGS], self._left)
        cells = fitted(
            rows.heat_row(numbers[_FIRST_CELL:], self._metric), width - self._left - _MARGIN, "base"
        )
        return [*left, *cells, rows.margin(numbers[_MARKS], _MARGIN)]

    def _axis_row(self) -> Row:
        left = (" " * self._left, "muted", "base")
        grid = self._grid
        if grid is None or self._sentence:
            return [left]
        text = axis_text(grid.times_ns, grid.columns.cells, max(0, self.size.width - self._left))
        return [
            left,
            *rows.axis_cells(text, self._at_ns and self.pointed_ns, self._column * grid.columns.cells),
        ]


def _chain(view: View) -> tuple[object, ...]:
    return view.source, view.day, view.symbol, view.expiry
