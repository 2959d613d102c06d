"""The rankings: ten contracts with most open interest, ten with most volume, ten strikes by put/call ratio.

Owns the cursor. What a row says is decided in `ranking_rows`.
"""

from __future__ import annotations

from typing import Literal

from textual import events
from textual.message import Message

from engine.views.queries import RANKINGS, Query, Ranking, Top, TopQuery, TopRow
from engine.views.view import View

from ...settings.prefs import Prefs
from ..draw.cell_widget import Cell, CellWidget, Row, centred, fitted
from . import ranking_rows as rows

_HEAD = 2  # title and headings of a table


class Rankings(CellWidget, can_focus=True):
    """Three tables side by side, or the chosen one where there is no room for three."""

    DEFAULT_CSS = """
    Rankings { height: 1fr; }
    """

    class Chosen(Message):
        """A row was clicked twice."""

        def __init__(self, row: TopRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._shown: tuple[View, Prefs] | None = None
        self._tops: dict[Ranking, Top] = {}
        self._of: tuple[object, ...] = ()
        self._refusal = ""
        self._table: Ranking = RANKINGS[0]
        self._rank = 0
        self._painted: tuple[object, ...] = ()

    def queries(self) -> tuple[TopQuery, ...]:
        """Return what must be asked to paint this."""
        return tuple(TopQuery(by) for by in self._in_sight)

    def take(self, query: Query[object], answer: object) -> None:
        """Take an answer in."""
        if isinstance(answer, Top):
            self._tops[answer.by], self._refusal = answer, ""
            self._again()

    def refuse(self, sentence: str) -> None:
        """Say why there is no answer."""
        self._tops, self._refusal = {}, sentence
        self._again()

    def next_metric(self) -> None:
        """Put the cursor into the next table."""
        self._table = RANKINGS[(RANKINGS.index(self._table) + 1) % len(RANKINGS)]
        self._again()

    def autoscale(self) -> None:
        """Do nothing: the bars are measured against the first row."""

    def chosen(self) -> TopRow | None:
        """Return the row under the cursor, None in an empty table."""
        top = self._tops.get(self._table)
        return top.rows[min(self._rank, len(top.rows) - 1)] if top and top.rows else None

    def move(self, by: int) -> None:
        """Move the cursor down by so many rows."""
        self._rank = min(max(0, self._rank + by), self._last)
        self._again()

    def page(self, direction: int) -> None:
        """Go to the end of the table, or to its start."""
        self.move(direction * rows.ROWS)

    def jump(self, where: Literal["top", "bottom", "spot"]) -> None:
        """Go to the last row, or to the first."""
        self.move(rows.ROWS if where == "bottom" else -rows.ROWS)

    def show(self, view: View, prefs: Prefs) -> None:
        """Paint the lines that differ from the frame before."""
        self._shown = (view, prefs)
        tape = (view.source, view.day, view.symbol)
        if tape != self._of:
            self._of, self._tops, self._refusal, self._rank = tape, {}, "", 0
        stamp = (*self._tops.values(), self._refusal, self._table, self._rank, self.size)
        if stamp != self._painted:
            self._painted = stamp
            self.paint(self._lines())

    def on_resize(self) -> None:
        """Fit the tables to the new size."""
        self._again()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; a double click chooses the row."""
        in_sight = self._in_sight
        index = min(event.x * len(in_sight) // max(1, self.size.width), len(in_sight) - 1)
        top = self._tops.get(in_sight[index])
        rank = event.y - _HEAD
        if top is None or not 0 <= rank < len(top.rows):
            return
        self._table, self._rank = in_sight[index], rank
        self._again()
        if event.chain == 2:
            self.post_message(self.Chosen(top.rows[rank]))

    @property
    def _in_sight(self) -> tuple[Ranking, ...]:
        return RANKINGS if self.size.width >= len(RANKINGS) * rows.LEAST_WIDTH else (self._table,)

    @property
    def _last(self) -> int:
        top = self._tops.get(self._table)
        return max(0, len(top.rows) - 1) if top else 0

    def _again(self) -> None:
        if self._shown is not None and self.display:
            self.show(*self._shown)

    def _lines(self) -> list[Row]:
        in_sight = self._in_sight
        width = self.size.width // len(in_sight)
        tables = [self._table_rows(by, width) for by in in_sight]
        joined: list[Row] = []
        for parts in zip(*tables, strict=True):
            cells: list[Cell] = []
            for part in parts:
                cells += fitted(part, width, "base")
            joined.append(cells)
        return joined[: self.size.height]

    def _table_rows(self, by: Ranking, width: int) -> list[Row]:
        lines: list[Row] = [rows.title(by, width - 1, here=by == self._table), rows.heading(by, width)]
        top = self._tops.get(by)
        if top is None or not top.rows:
            lines.append(centred(self._sentence(by), width))
        else:
            rank = min(self._rank, len(top.rows) - 1) if by == self._table else -1
            lines += [rows.line(top, n, width - 1, cursor=n == rank) for n in range(len(top.rows))]
        blank: list[Row] = [()] * (_HEAD + rows.ROWS - len(lines))
        return lines + blank

    def _sentence(self, by: Ranking) -> str:
        return rows.NOTHING[by] if by in self._tops else self._refusal or "…"
