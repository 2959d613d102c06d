"""The rankings: ten strikes by open interest, ten by volume, ten by put/call ratio; contracts when asked.

Owns the cursor. What a row says is decided in `ranking_rows`.
"""

from __future__ import annotations

from typing import Literal

from textual import events

from engine.views.queries import RANKINGS, Ranking, Top, TopQuery, TopRow
from engine.views.view import View

from ...settings.prefs import Prefs, after
from ..draw.cell_widget import Cell, Row, centred, fitted
from ..grid.scroll import Axis
from . import ranking_rows as rows
from .answers import NO_ANSWERS, Answers
from .widget import Right, StageWidget, StrikeTarget, Target

_HEAD = 2  # title and headings of a table


class Rankings(StageWidget):
    """Three tables side by side, or the chosen one where there is no room for three."""

    DEFAULT_CSS = """
    Rankings { height: 1fr; }
    """

    def __init__(
        self, axis: Axis | None = None, *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(axis, id=id, classes=classes)
        self._tops: dict[Ranking, Top] = {}
        self._tape: tuple[object, ...] = ()
        self._refusal = ""
        self._table: Ranking = RANKINGS[0]
        self._rank = 0
        self._contracts = False
        self._painted: tuple[object, ...] = ()

    def queries(self, view: View) -> tuple[TopQuery, ...]:
        """Return the questions for all tables, so that the next one is there when it is wanted."""
        return tuple(self._query(by) for by in RANKINGS)

    def next_profile(self, prefs: Prefs) -> Prefs:
        """Rank contracts, or strikes again."""
        self._contracts, self._rank = not self._contracts, 0
        self.again()
        return prefs

    def next_metric(self, prefs: Prefs) -> Prefs:
        """Put the cursor into the next table, which is the tables' own choice."""
        self._table = after(RANKINGS, self._table)
        self.again()
        return prefs

    def chosen(self) -> TopRow | None:
        """Return the row under the cursor, None in an empty table."""
        top = self._tops.get(self._table)
        return top.rows[min(self._rank, len(top.rows) - 1)] if top and top.rows else None

    def target(self) -> Target | None:
        """Return the strike of the row under the cursor."""
        row = self.chosen()
        return None if row is None else _strike_of(row)

    def move(self, by: int) -> None:
        """Move the cursor down by so many rows."""
        top = self._tops.get(self._table)
        last = max(0, len(top.rows) - 1) if top else 0
        self._rank = min(max(0, self._rank + by), last)
        self.again()

    def page(self, direction: int) -> None:
        """Go to the end of the table, or to its start."""
        self.move(direction * rows.ROWS)

    def jump(self, where: Literal["top", "bottom", "spot"]) -> None:
        """Go to the last row, or to the first."""
        self.move(rows.ROWS if where == "bottom" else -rows.ROWS)

    def show(self, view: View, prefs: Prefs, answers: Answers = NO_ANSWERS) -> None:
        """Paint the lines that differ from the frame before."""
        self._shown = (view, prefs, answers)
        tape = (view.source, view.day, view.symbol)
        if tape != self._tape:
            self._tape, self._rank = tape, 0
        answers = answers.of_tape(view)
        found = {by: answers.get(self._query(by)) for by in RANKINGS}
        self._tops = {by: top for by, top in found.items() if top is not None}
        self._refusal = answers.refusal
        stamp = (*self._tops.values(), self._refusal, self._table, self._rank, self._contracts, self.size)
        if stamp != self._painted:
            self._painted = stamp
            self.paint(self._lines())

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; a double click chooses the row."""
        in_sight = self._in_sight
        index = min(event.x * len(in_sight) // max(1, self.size.width), len(in_sight) - 1)
        top = self._tops.get(in_sight[index])
        rank = event.y - _HEAD
        if top is None or not 0 <= rank < len(top.rows):
            return
        self._table, self._rank = in_sight[index], rank
        self.again()
        if event.chain == 2:
            self.post_message(self.Chosen(_strike_of(top.rows[rank])))

    def _query(self, by: Ranking) -> TopQuery:
        return TopQuery(by, self._contracts and by != "put_call")

    @property
    def _in_sight(self) -> tuple[Ranking, ...]:
        return RANKINGS if self.size.width >= len(RANKINGS) * rows.LEAST_WIDTH else (self._table,)

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
        lines: list[Row] = [
            rows.title(self._query(by), width - 1, here=by == self._table),
            rows.heading(self._query(by), width),
        ]
        top = self._tops.get(by)
        if top is None or not top.rows:
            sentence = rows.NOTHING[by] if by in self._tops else self._refusal or "…"
            lines.append(centred(sentence, width))
        else:
            rank = min(self._rank, len(top.rows) - 1) if by == self._table else -1
            lines += [rows.line(top, n, width - 1, cursor=n == rank) for n in range(len(top.rows))]
        blank: list[Row] = [()] * (_HEAD + rows.ROWS - len(lines))
        return lines + blank


def _strike_of(row: TopRow) -> StrikeTarget:
    """Return the strike of a row, with the side of the contract it tells of."""
    right: Right | None = None
    if row.contract is not None:
        right = "C" if row.contract.right == "C" else "P"
    return StrikeTarget(row.strike_milli, row.expiry, right)
