"""The day's flow as lines over time, beside the spot, and how fast it goes now.

Owns which group of channels is shown and the scale. What the lines say is decided in `flow_lines_rows`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from engine.views.queries import CHANNELS, FlowLines, FlowQuery, Query
from engine.views.view import View

from ...settings.prefs import Prefs
from ..draw.cell_widget import CellWidget, Row, centred
from . import flow_lines_rows as rows
from .time_columns import known_until

_BESIDE = 110  # columns from which the table stands beside the chart
_LEAST = 6  # lines of the smallest chart that leaves some to a table


class FlowChart(CellWidget, can_focus=True):
    """One group of channels at a time."""

    DEFAULT_CSS = """
    FlowChart { height: 1fr; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._shown: tuple[View, Prefs] | None = None
        self._group = 0
        self._lines: FlowLines | None = None
        self._generation = -1
        self._limit_ns: int | None = None
        self._of: tuple[object, ...] = ()
        self._refusal = ""
        self._span = rows.ValueRange(0.0, 0.0)
        self._painted: tuple[object, ...] = ()

    def queries(self) -> tuple[Query[object], ...]:
        """Return what must be asked to paint this."""
        return (FlowQuery(),)

    def take(self, query: Query[object], answer: object) -> None:
        """Take an answer in."""
        if isinstance(answer, FlowLines):
            self._lines, self._limit_ns, self._refusal = answer, None, ""
            self._again()

    def refuse(self, sentence: str) -> None:
        """Say why there is no answer."""
        self._lines, self._refusal = None, sentence
        self._again()

    def next_metric(self) -> None:
        """Show the next group of channels."""
        self._group = (self._group + 1) % len(rows.GROUPS)
        self._span = rows.ValueRange(0.0, 0.0)
        self._again()

    def autoscale(self) -> None:
        """Fit the scale to what is shown now."""
        self._span, self._painted = rows.ValueRange(0.0, 0.0), ()
        self._again()

    def move(self, by: int) -> None:
        """Do nothing: a chart has no rows."""

    def page(self, direction: int) -> None:
        """Do nothing, likewise."""

    def jump(self, where: Literal["top", "bottom", "spot"]) -> None:
        """Do nothing, likewise."""

    def show(self, view: View, prefs: Prefs) -> None:
        """Paint the lines that differ from the frame before."""
        self._shown = (view, prefs)
        tape = (view.source, view.day, view.symbol)
        if tape != self._of:
            self._of, self._lines, self._refusal, self._span = tape, None, "", rows.ValueRange(0.0, 0.0)
        if view.generation != self._generation:  # after going back the old answer knows what lies ahead
            self._generation, self._limit_ns = view.generation, view.tape_ns
        known = 0 if self._lines is None else known_until(self._lines.times_ns, self._limit_ns)
        stamp = (self._lines, self._refusal, known, self._group, self._span, self.size)
        if stamp != self._painted:
            self.paint(self._all_rows(known))
            self._painted = (*stamp[:4], self._span, self.size)

    def on_resize(self) -> None:
        """Fit the lines to the new size."""
        self._again()

    def _again(self) -> None:
        if self._shown is not None and self.display:
            self.show(*self._shown)

    def _all_rows(self, known: int) -> list[Row]:
        width, height = self.size
        group, lines = rows.GROUPS[self._group], self._lines
        title = rows.title_row(group, lines, known - 1, width)
        if lines is None or not known or not np.nan_to_num(lines.lines[:, :known]).any():
            blank: list[Row] = [()] * max(0, height // 2 - 1)
            return [title, *blank, centred(self._sentence(lines), width)][:height]
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

    def _sentence(self, lines: FlowLines | None) -> str:
        if lines is None:
            return self._refusal or "…"
        return "nothing has traded yet"


def _beside(left: list[Row], right: list[Row]) -> list[Row]:
    padding: list[Row] = [()] * max(0, len(left) - len(right))
    return [[*one, *other] for one, other in zip(left, [*right, *padding], strict=False)]
