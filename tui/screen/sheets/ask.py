"""One question in one line at the foot of the screen: go to a time, filter the signals.

Owns the prompt and its verdict line; what an answer means is judged by the question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from .modal import Modal


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether what is typed can be taken, and one sentence about it."""

    accepted: bool
    sentence: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question in one line.

    judge : called with each state of the text; may show its effect at once
    """

    title: str
    examples: str
    judge: Callable[[str], Verdict]
    value: str = ""


class AskScreen(Modal[str | None]):
    """Asks the question; gives the accepted answer, or None when it was called off."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "call it off", show=False)]
    DEFAULT_CSS = """
    AskScreen {
        align: center bottom;
        background: transparent;
        Vertical { width: 100%; height: 3; background: $panel; border-top: heavy $primary; padding: 0 1; }
        Input { width: 100%; height: 1; border: none; background: $panel; padding: 0; }
        Input:focus { border: none; }
        Static { width: 100%; height: 1; color: $text-muted; background: $panel; }
        Static.-refused { color: $text-error; }
    }
    """

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """Lay out the line and its verdict."""
        line = Input(self._question.value, placeholder=self._question.examples, select_on_focus=False)
        line.cursor_blink = False
        box = Vertical(line, Static("enter takes it, esc calls it off", markup=False))
        box.border_title = self._question.title
        yield box

    @on(Input.Changed)
    def _judge(self, event: Input.Changed) -> None:
        self._say(self._question.judge(event.value))

    @on(Input.Submitted)
    def _take(self, event: Input.Submitted) -> None:
        verdict = self._question.judge(event.value)
        self._say(verdict)
        if verdict.accepted:
            self.dismiss(event.value)

    def _say(self, verdict: Verdict) -> None:
        line = self.query_one(Static)
        line.update(verdict.sentence, layout=False)
        line.set_class(not verdict.accepted, "-refused")
