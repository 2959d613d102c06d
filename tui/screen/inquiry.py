"""The actions that ask the desk a question and show its answer as a sheet: evidence, outcomes, what if."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.model.errors import SpymonError, UsageError
from engine.views.commands import WhatIf
from engine.views.queries import (
    Scoreboard,
    ScoreQuery,
    SignalTape,
    SignalTapeQuery,
    WhatIfComparison,
    WhatIfQuery,
)
from engine.views.view import SignalRow

from ..run.lazy_monitor import MonitorLike
from .actions import Actions
from .draw.cell_widget import Row
from .draw.lines import words
from .sheets.ask import AskScreen, Question, Verdict
from .sheets.evidence import evidence_rows
from .sheets.panel import PanelSheet
from .sheets.score import comparison_rows, score_rows

ASK_EVERY = 5
"""Frames between two questions of an open sheet."""


class Inquiry(Actions):
    """Keeps at most one sheet open, and asks its question while it is."""

    def __init__(self, desk: MonitorLike) -> None:
        super().__init__(desk)
        self._inquiry: PanelSheet | None = None
        self._asking_inquiry = False

    def refresh_inquiry(self, tick: int = 0) -> None:
        """Ask the open sheet's question again, unless an answer is still awaited."""
        if self._inquiry is not None and not self._asking_inquiry and tick % ASK_EVERY == 0:
            self._asking_inquiry = True
            self.run_worker(self._fetch_inquiry(self._inquiry), group="inquiry")

    async def _fetch_inquiry(self, sheet: PanelSheet) -> None:
        try:
            await sheet.ask(self.desk)
        except SpymonError as error:
            self.notify(str(error), severity="error")
            sheet.dismiss(False)
        finally:
            self._asking_inquiry = False

    def _open_panel(self, sheet: PanelSheet, closed: Callable[[bool], None] | None = None) -> None:
        def close(go: bool | None) -> None:
            self._inquiry = None
            if closed is not None:
                closed(bool(go))

        self._inquiry = sheet
        self.app.push_screen(sheet, close)
        self.refresh_inquiry()

    # the evidence of a signal ----------------------------------------------------------------------------

    def visit(self, row: SignalRow) -> None:
        """Go to a signal's strike, and to shortly before it."""
        raise NotImplementedError

    def inspect(self, index: int, row: SignalRow) -> None:
        """Show what a signal was judged by, and the tape around it; enter goes to it."""

        def write(around: SignalTape | None, width: int) -> Sequence[Row]:
            view = self.newest
            known = view.outcomes.of(index) if index < len(view.signals) else ()
            return evidence_rows(row, view.symbol, known, around, width)

        sheet = PanelSheet("evidence", SignalTapeQuery(index), write, "go there").add_class("-slim")
        self._open_panel(sheet, lambda go: self.visit(row) if go else None)

    # outcomes --------------------------------------------------------------------------------------------

    def action_outcomes(self) -> None:
        """Show how the day's signals did so far."""

        def write(board: Scoreboard | None, width: int) -> Sequence[Row]:
            return [words("counting …", width)] if board is None else score_rows(board, width)

        symbol = self.newest.symbol
        self._open_panel(PanelSheet(f"outcomes of {symbol}'s signals so far", ScoreQuery(), write))

    # what if ---------------------------------------------------------------------------------------------

    def action_what_if(self) -> None:
        """Ask for other thresholds, run the day again with them, and show what they change."""
        question = Question("what if", "volume_spike.z=5 sweep.size=200", judge_settings)
        self.app.push_screen(AskScreen(question), self._run_again)

    def _run_again(self, answer: str | None) -> None:
        if not answer:
            return
        settings = tuple(answer.split())
        self.send(WhatIf(settings))

        def write(found: WhatIfComparison | None, width: int) -> Sequence[Row]:
            return comparison_rows(found, settings, width)

        sheet = PanelSheet("what if", WhatIfQuery(), write)
        self._open_panel(sheet, lambda _: self.send(WhatIf(())))


def judge_settings(text: str) -> Verdict:
    """Say whether the words are thresholds that can be set."""
    from engine.fold.params import SignalParams, changes, with_settings

    if not text.strip():
        return Verdict(False, "a threshold and its value, volume_spike.z=5; several are parted by blanks")
    try:
        with_settings(SignalParams(), changes(text.split()))
    except UsageError as error:
        return Verdict(False, str(error))
    return Verdict(True, "enter runs the day so far again with these")
