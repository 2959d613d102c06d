"""The signal log: newest at the bottom, and kept in sight until the person looks back.

Owns scroll and cursor. Which lines there are is `log_model`'s; what they say is `log_rows`'s.
"""

from __future__ import annotations

from typing import Literal

from textual import events
from textual.message import Message

from engine.views.view import Outcome, View

from ...settings.prefs import Prefs
from ..draw.cell_widget import CellWidget, Row
from .log_filter import unknown_words
from .log_model import LogEntry, LogModel
from .log_rows import empty_line, signal_line, title_row


class SignalLog(CellWidget, can_focus=True):
    """A title line and as many signals as fit."""

    DEFAULT_CSS = """
    SignalLog { height: 1fr; }
    """

    class Chosen(Message):
        """A signal was clicked; `index` is its position among the day's signals."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._model = LogModel()
        self._shown: tuple[View, Prefs] | None = None
        self._cursor: int | None = None
        self._top = 0
        self._known = 0
        self._stamp: tuple[object, ...] = ()

    @property
    def at_newest(self) -> bool:
        """Tell whether the newest signal stays in sight."""
        return self._cursor is None

    @property
    def new(self) -> int:
        """Count the lines that came in below since the person looked back."""
        return 0 if self.at_newest else max(0, len(self._model.entries) - self._known)

    def show(self, view: View, prefs: Prefs) -> None:
        """Paint the lines that differ from the frame before."""
        self._shown = (view, prefs)
        before = len(self._model.entries)
        self._model.update(view, prefs)
        if len(self._model.entries) < before and self._cursor is not None:
            self._cursor = min(self._cursor, len(self._model.entries) - 1) if self._model.entries else None
            self._known = len(self._model.entries)
        self._settle()
        total = len(view.signals)
        stamp = (
            self._model.revision,
            total,
            prefs,
            self._top,
            self._cursor,
            self._known,
            self.size,
            self.has_focus,
            tuple(self._told(view, entry) for entry in self._visible()),
        )
        if stamp != self._stamp:
            self._stamp = stamp
            self.paint(self._lines(view, prefs))

    def chosen(self) -> int | None:
        """Return which signal is under the cursor, the newest without one; None when there is none."""
        entries = self._model.entries
        if not entries:
            return None
        return entries[-1 if self._cursor is None else self._cursor].indices[-1]

    def move(self, rows: int) -> None:
        """Move the cursor down by `rows`; past the last line the newest is in sight again."""
        last = len(self._model.entries) - 1
        if last < 0:
            return
        if self._cursor is None:
            if rows > 0:
                return
            self._known = last + 1
            self._cursor = max(0, last + rows)
        else:
            target = self._cursor + rows
            self._cursor = None if target > last else max(0, target)
        self._again()

    def page(self, direction: int) -> None:
        """Move the cursor down by a screen of lines, or up."""
        self.move(direction * max(1, self._body - 1))

    def jump(self, where: Literal["top", "bottom"]) -> None:
        """Go to the first signal of the day, or have the newest in sight again."""
        if where == "bottom":
            self._cursor = None
            self._again()
        elif self._model.entries:
            self.move(-len(self._model.entries))

    def on_resize(self) -> None:
        """Fit the lines to the new size."""
        self._again()

    def on_focus(self) -> None:
        """Light up the title."""
        self._again()

    def on_blur(self) -> None:
        """Dim the title."""
        self._again()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Look back."""
        event.stop()
        self.move(-3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Look forward."""
        event.stop()
        self.move(3)

    def on_click(self, event: events.Click) -> None:
        """Choose the signal under the mouse; the title's right end leads to the newest."""
        index = self._top + event.y - 1
        if event.y == 0:
            self.jump("bottom")
        elif index < len(self._model.entries):
            self._known = len(self._model.entries) if self._cursor is None else self._known
            self._cursor = index
            self._again()
            self.post_message(self.Chosen(self._model.entries[index].indices[-1]))

    @property
    def _body(self) -> int:
        return max(0, self.size.height - 1)

    def _visible(self) -> list[LogEntry]:
        return self._model.entries[self._top : self._top + self._body]

    @staticmethod
    def _told(view: View, entry: LogEntry) -> tuple[int, tuple[str, ...], tuple[Outcome, ...]]:
        """Return what time adds to a line: how many signals, the rules that joined, what came of the last."""
        return entry.count(view.signals), entry.also(view.signals), view.outcomes.of(entry.indices[-1])

    def _again(self) -> None:
        if self._shown is not None:
            self.show(*self._shown)

    def _settle(self) -> None:
        """Scroll just enough: to the end without a cursor, else to keep the cursor in sight."""
        most = max(0, len(self._model.entries) - self._body)
        if self._cursor is None:
            self._top = most
            return
        self._top = min(max(self._top, self._cursor - self._body + 1), self._cursor, most)
        bottom = self._top + self._body
        self._known = max(self._known, min(bottom, len(self._model.entries)))

    def _lines(self, view: View, prefs: Prefs) -> list[Row]:
        width = self.size.width
        entries = self._model.entries
        lines = [
            title_row(
                prefs,
                width,
                shown=sum(len(entry.indices) for entry in entries),
                total=len(view.signals),
                new=self.new,
                at_newest=self.at_newest,
                focus=self.has_focus,
                unknown=unknown_words(prefs.log_filter, view.signals),
            )
        ]
        if not entries:
            lines.append(empty_line(len(view.signals), width))
        for index, entry in enumerate(self._visible(), self._top):
            count, also, outcomes = self._told(view, entry)
            line = signal_line(
                entry.last,
                width,
                first_ns=entry.first.ts_ns,
                before=entry.first.mid_before,
                count=count,
                also=also,
                day=view.day,
                cursor=index == self._cursor,
                outcomes=outcomes,
            )
            lines.append(line)
        return lines
