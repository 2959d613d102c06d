"""The smile: volatility by strike, on the rows of the ladder.

Owns the scale. What a line says is decided in `smile_rows`.
"""

from __future__ import annotations

import numpy as np
from textual import events

from engine.views.queries import Smile, SmileQuery
from engine.views.view import Ints, View

from ...settings.prefs import Prefs
from ..draw.cell_widget import Row, centred, fitted
from ..grid.scroll import Axis
from ..grid.strike_rows import StrikeRows
from . import smile_rows as rows
from .answers import NO_ANSWERS, Answers
from .heat_map_rows import label, label_width
from .widget import ContractTarget, Target

_STRIKE, _FLAGS, _FIRST = range(3)


class SmileChart(StrikeRows):
    """Dots with error bars, one strike per row; lower volatilities stand left."""

    DEFAULT_CSS = """
    SmileChart { height: 1fr; }
    """

    FOOT = 1

    def __init__(
        self, axis: Axis | None = None, *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(axis, id=id, classes=classes)
        self._smile: Smile | None = None
        self._chain: tuple[object, ...] = ()
        self._refusal = ""
        self._scale: rows.Scale | None = None
        self._numbers: Ints = np.zeros((0, _FIRST), np.int64)
        self._sentence = ""
        self._axis_line: Row = ()

    def queries(self, view: View) -> tuple[SmileQuery]:
        """Return the question for the smile of the shown expiration."""
        return (SmileQuery(),)

    def autoscale(self) -> None:
        """Fit the scale to what is shown now."""
        self._scale = None
        self.again()

    def target(self) -> Target:
        """Return that `enter` shows the contract in detail."""
        return ContractTarget()

    def learn(self, view: View) -> None:
        """Take in a view; another chain has a scale of its own."""
        chain = (view.source, view.day, view.symbol, view.expiry)
        if chain != self._chain:
            self._chain, self._scale = chain, None
        super().learn(view)

    def show(self, view: View, prefs: Prefs, answers: Answers = NO_ANSWERS) -> None:
        """Paint the lines that differ from the frame before."""
        self._shown = (view, prefs, answers)
        self.learn(view)
        answers = answers.of_chain(view)
        self._smile, self._refusal = answers.get(*self.queries(view)), answers.refusal
        before, self._numbers = self._numbers, self._sheet(view)
        sentence = self._reason()
        if sentence != self._sentence or before.shape != self._numbers.shape:
            self._sentence = sentence
            self.refresh()
        self.paint(self._head(view))
        if before.shape == self._numbers.shape:
            changed = np.flatnonzero((before != self._numbers).any(axis=1))
            self.repaint([len(self._rows) + int(line) for line in changed])
        axis = self._axis_row()
        if axis != self._axis_line:
            self._axis_line = axis
            self.repaint([self.size.height - 1])

    def row(self, y: int) -> Row:
        """Return the cells of line `y`, made when they are asked for."""
        head = len(self._rows)
        if y < head:
            return self._rows[y]
        if self._sentence and y == head + self._body // 2:
            return centred(self._sentence, self.size.width)
        if y == self.size.height - 1:
            return self._axis_line
        if y - head >= len(self._numbers):
            return ()
        numbers = self._numbers[y - head].tolist()
        own = label(numbers[_STRIKE], numbers[_FLAGS], self._left)
        return rows.strike_row(own, numbers[_FIRST:], self._shown_numbers, self._chart)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is."""
        row = event.y - len(self._rows)
        if 0 <= row < len(self._numbers):
            self.stand_on(int(self._numbers[row, _STRIKE]))

    @property
    def _left(self) -> int:
        return label_width([] if self._view is None else self._view.strike_milli.tolist())

    @property
    def _shown_numbers(self) -> tuple[tuple[str, int], ...]:
        return rows.numbers_shown(self.size.width, self._left)

    @property
    def _chart_left(self) -> int:
        return self._left + sum(cells for _, cells in self._shown_numbers)

    @property
    def _chart(self) -> int:
        return max(1, self.size.width - self._chart_left)

    def _sheet(self, view: View) -> Ints:
        span = self._settle()
        strikes = view.strike_milli[span.rows]
        smile = self._smile or _nothing(view)
        seen = np.isin(smile.strike_milli, strikes)
        shown = np.concatenate((smile.iv[seen], smile.fitted[seen], smile.vendor[seen]))
        self._scale = rows.widened(self._scale, shown)
        numbers = rows.sheet(smile, self._scale or rows.Scale(0.0, 1.0), strikes, self._chart)
        return np.column_stack((strikes, rows.flags_of(view, span, self.cursor), numbers))

    def _reason(self) -> str:
        """Say why there is nothing to see, if so."""
        if self._smile is None:
            return self._refusal or "…"
        return "" if self._scale is not None else "no volatility yet: no strike has a two-sided quote"

    def _head(self, view: View) -> list[Row]:
        width = self.size.width
        title = rows.title_row(
            self._smile or _nothing(view), width, self._pointed(view), legend=not self._titled
        )
        if not self._titled:
            return [title]
        unknown = bool(len(self._numbers)) and bool((self._numbers[:, _FIRST] == rows.UNKNOWN).any())
        return [title, rows.heading_row(self._shown_numbers, self._left, width, unknown=unknown)]

    def _pointed(self, view: View) -> str:
        if self.cursor is None or self._smile is None:
            return ""
        at = np.flatnonzero(self._numbers[:, _STRIKE] == self.cursor)
        if not len(at):
            return ""
        index = int(np.searchsorted(view.strike_milli, self.cursor))
        return rows.pointed(view, index, self._numbers[int(at[0]), _FIRST:].tolist())

    def _axis_row(self) -> Row:
        if self._scale is None or self._sentence:
            return ()
        text = " " * self._chart_left + rows.axis_text(self._scale, self._chart)
        return fitted([(text, "muted", "base")], self.size.width, "base")


def _nothing(view: View) -> Smile:
    """Return the smile of a chain of which nothing is known."""
    unknown = np.full(len(view.strike_milli), np.nan)
    return Smile(view.expiry, view.strike_milli, unknown, unknown, unknown, unknown, None, None, None)
