"""The day's flow as lines over time, beside the spot, and how fast it goes now.

Owns which group of channels is shown and the scale. What the lines say is decided in `flow_lines_rows`.
"""

from __future__ import annotations

import numpy as np

from engine.views.queries import CHANNELS, FlowLines, FlowQuery
from engine.views.view import View

from ...settings.prefs import Prefs
from ..draw.cell_widget import Row, centred
from ..grid.scroll import Axis
from . import flow_lines_rows as rows
from .answers import NO_ANSWERS, Answers
from .time_columns import known_until
from .widget import StageWidget

_BESIDE = 110  # columns from which the table stands beside the chart
_LEAST = 6  # lines of the smallest chart that leaves some to a table


class FlowChart(StageWidget):
    """One group of channels at a time."""

    DEFAULT_CSS = """
    FlowChart { height: 1fr; }
    """

    def __init__(
        self, axis: Axis | None = None, *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(axis, id=id, classes=classes)
        self._group = 0
        self._tape: tuple[object, ...] = ()
        self._span = rows.ValueRange(0.0, 0.0)
        self._painted: tuple[object, ...] = ()

    def queries(self, view: View) -> tuple[FlowQuery]:
        """Return the question for the day's flow."""
        return (FlowQuery(),)

    def next_metric(self, prefs: Prefs) -> Prefs:
        """Show the next group of channels, which is the chart's own choice."""
        self._group = (self._group + 1) % len(rows.GROUPS)
        self._span = rows.ValueRange(0.0, 0.0)
        self.again()
        return prefs

    def autoscale(self) -> None:
        """Fit the scale to what is shown now."""
        self._span, self._painted = rows.ValueRange(0.0, 0.0), ()
        self.again()

    def show(self, view: View, prefs: Prefs, answers: Answers = NO_ANSWERS) -> None:
        """Paint the lines that differ from the frame before."""
        self._shown = (view, prefs, answers)
        tape = (view.source, view.day, view.symbol)
        if tape != self._tape:
            self._tape, self._span = tape, rows.ValueRange(0.0, 0.0)
        answers = answers.of_tape(view)
        lines = answers.get(*self.queries(view))
        known = 0 if lines is None else known_until(lines.times_ns, answers.known_ns(view))
        frame = (lines, answers.refusal, known, self._group)
        if (*frame, self._span, self.size) != self._painted:
            self.paint(self._all_rows(lines, known, answers.refusal))
            self._painted = (*frame, self._span, self.size)

    def _all_rows(self, lines: FlowLines | None, known: int, refusal: str) -> list[Row]:
        width, height = self.size
        group = rows.GROUPS[self._group]
        title = rows.title_row(group, lines, known - 1, width)
        if lines is None or not known or not np.nan_to_num(lines.lines[:, :known]).any():
            blank: list[Row] = [()] * max(0, height // 2 - 1)
            sentence = refusal or "…" if lines is None else "nothing has traded yet"
            return [title, *blank, centred(sentence, width)][:height]
        of_group = tuple(channel for channel, _ in group.channels)
        at = [CHANNELS.index(channel) for channel in of_group]
        self._span = rows.widened(self._span, lines.lines[at, :known])
        chart = (group, lines, known, self._span)
        if width >= _BESIDE:
            drawn = rows.chart_rows(*chart, width - rows.TABLE_WIDTH, height - 1)
            table = rows.table_rows(lines, known - 1, CHANNELS, rows.TABLE_WIDTH)
            return [title, *_beside(drawn, table)]
        table = rows.table_rows(lines, known - 1, of_group, width)
        room = height - 1 - len(table)
        if room < _LEAST:
            room, table = height - 1, []
        return [title, *rows.chart_rows(*chart, width, room), *table]


def _beside(left: list[Row], right: list[Row]) -> list[Row]:
    padding: list[Row] = [()] * max(0, len(left) - len(right))
    return [[*one, *other] for one, other in zip(left, [*right, *padding], strict=False)]
