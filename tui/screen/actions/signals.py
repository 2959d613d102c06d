"""The signals: what the log shows, what came of them, and which of them send alerts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.model.errors import UsageError
from engine.views.commands import WhatIf
from engine.views.queries import Scoreboard, ScoreQuery, WhatIfComparison, WhatIfQuery
from tui.alerts.alerter import Alerter

from ..draw.cell_widget import Row
from ..draw.lines import words
from ..log.log_filter import unknown_words
from ..main_screen import MainScreen
from ..sheets.ask import AskScreen, Question, Verdict
from ..sheets.panel import PanelSheet
from ..sheets.score import comparison_rows, score_rows
from .home import ScreenActions

GRAMMAR = "spike 685c 0dte >50k z>5: all must hold; a,b either; !a not"
"""What a filter may say; it fits the smallest screen that has a log."""


class LogActions(ScreenActions):
    """Choose what the log shows, and ask what came of the signals."""

    def filter(self) -> None:
        """Ask what the signals must match; the log follows while it is typed."""
        screen, before = self._screen, self._screen.prefs.log_filter

        def judge(text: str) -> Verdict:
            screen.set_prefs(replace(screen.prefs, log_filter=text.strip()))
            unknown = unknown_words(text, screen.newest.signals)
            sentence = f"{GRAMMAR}; empty shows all"
            if unknown:
                sentence = f"nothing is called {', '.join(unknown)}; {GRAMMAR}"
            return Verdict(True, sentence)

        def take(answer: str | None) -> None:
            if answer is None:
                screen.set_prefs(replace(screen.prefs, log_filter=before))

        question = Question("filter the signals", "spike,sweep 685c 0dte >50k z>5 !fmv", judge, before)
        screen.app.push_screen(AskScreen(question), take)

    def kind(self) -> None:
        """Show the next kind of signal, or all."""
        self._screen.set_prefs(self._screen.prefs.next_rule())

    def outcomes(self) -> None:
        """Show how the day's signals did so far."""

        def write(board: Scoreboard | None, width: int) -> Sequence[Row]:
            return [words("counting …", width)] if board is None else score_rows(board, width)

        title = f"outcomes of {self._screen.newest.symbol}'s signals so far"
        self._screen.app.push_screen(PanelSheet(title, ScoreQuery(), write, self._screen.monitor))

    def what_if(self) -> None:
        """Ask for other thresholds, run the day again with them, and show what they change."""
        question = Question("what if", "volume_spike.z=5 sweep.size=200", judge_settings)
        self._screen.app.push_screen(AskScreen(question), self._run_again)

    def _run_again(self, answer: str | None) -> None:
        if not answer:
            return
        screen, settings = self._screen, tuple(answer.split())
        screen.send(WhatIf(settings))

        def write(found: WhatIfComparison | None, width: int) -> Sequence[Row]:
            return comparison_rows(found, settings, width)

        sheet = PanelSheet("what if", WhatIfQuery(), write, screen.monitor)
        screen.app.push_screen(sheet, lambda _: screen.send(WhatIf(())))


class AlertActions:
    """Choose what rings and what is sent."""

    def __init__(self, screen: MainScreen, alerter: Alerter) -> None:
        self._screen = screen
        self._alerter = alerter

    def bell(self) -> None:
        """Turn the bell on or off; turned on by hand it rings in a replay too."""
        self._screen.notify(f"The bell is {'on' if self._alerter.toggle_bell() else 'off'}.", timeout=3)

    def mute(self) -> None:
        """Send no alerts of the chosen signal's rule, or send them again."""
        screen = self._screen
        row = screen.chosen_signal()
        if row is None:
            screen.notify("There is no signal yet whose rule could be muted.", timeout=3)
            return
        muted = self._alerter.toggle_mute(row.rule)
        screen.set_prefs(replace(screen.prefs, muted=self._alerter.muted))
        screen.notify(f"{row.rule} {'is muted: it sends no alerts' if muted else 'alerts again'}.", timeout=4)


def judge_settings(text: str) -> Verdict:
    """Say whether the words are thresholds that can be set."""
    from engine.fold.params import SignalParams, with_settings
    from engine.fold.thresholds import changes

    if not text.strip():
        return Verdict(False, "a threshold and its value, volume_spike.z=5; several are parted by blanks")
    try:
        with_settings(SignalParams(), changes(text.split()))
    except UsageError as error:
        return Verdict(False, str(error))
    return Verdict(True, "enter runs the day so far again with these")
