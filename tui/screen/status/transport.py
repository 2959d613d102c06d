"""The transport bar: where in the day the tape stands, with its signals and gaps, and a hand to move it.

Owns the mapping between cells and tape time. Marks are drawn only up to the playhead: what comes after is
not known yet, on a replayed day as on a live one; of a live day the front is drawn too, where there is now.
"""

from __future__ import annotations

from bisect import bisect_left

from textual import events
from textual.message import Message

from engine.model.calendar import clock_text
from engine.views.view import SignalHistory, View

from ...settings.prefs import Prefs
from .. import format as fmt
from ..draw.cell_widget import Cell, CellWidget, Row
from ..time_position import BEHIND, FRONT, time_position
from .badge import data_clock

_GLYPHS = {"up": ("▲", "buy_hi"), "down": ("▼", "sell_hi")}
_LEAST_TRACK = 8


class TransportBar(CellWidget):
    """Play state, speed, open, track, close, data clock."""

    DEFAULT_CSS = """
    TransportBar { height: 1; }
    """

    GROUND = "bar"

    class Sought(Message):
        """The person pointed at a moment of tape."""

        def __init__(self, ts_ns: int) -> None:
            super().__init__()
            self.ts_ns = ts_ns

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._shown: tuple[View, Prefs] | None = None
        self._stamp: tuple[object, ...] = ()
        self._dragging = False

    def show(self, view: View, prefs: Prefs) -> None:
        """Paint the bar if anything on it changed."""
        self._shown = (view, prefs)
        width = self.size.width
        stamp = (view.generation, view.version, view.paused, view.speed, view.loaded, view.live_ns, width)
        if stamp != self._stamp:
            self._stamp = stamp
            self.paint([transport_row(view, width)])

    def on_resize(self) -> None:
        """Fit the track to the new width."""
        if self._shown is not None:
            self.show(*self._shown)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Seek to where the track was pressed, and follow the mouse until it is let go."""
        self._dragging = True
        self.capture_mouse()
        self._point(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Seek along while the button is held."""
        if self._dragging:
            self._point(event.x)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let the track go."""
        self._dragging = False
        self.release_mouse()

    def _point(self, x: int) -> None:
        if self._shown is None:
            return
        view = self._shown[0]
        start, cells = track_place(view, self.size.width)
        if -1 <= x - start <= cells:
            self.post_message(self.Sought(moment(view, min(max(0, x - start), cells - 1), cells)))


def transport_row(view: View, width: int) -> Row:
    """Write the whole bar for `width` cells."""
    before, after = _ends(view, width)
    _, cells = track_place(view, width)
    nothing: list[Cell] = [(" " * max(0, width - len(before) - len(after)), "text", "bar")]
    return [(before, "text", "bar"), *(track(view, cells) if cells else nothing), (after, "strong", "bar")]


def track_place(view: View, width: int) -> tuple[int, int]:
    """Return the first cell of the track and how many it has; none when the screen is too narrow."""
    before, after = _ends(view, width)
    cells = width - len(before) - len(after)
    return len(before), cells if cells >= _LEAST_TRACK else 0


def cell_of(view: View, ts_ns: int, cells: int) -> int:
    """Return the cell of the track that stands for a moment."""
    span = max(1, view.end_ns - view.start_ns)
    return min(max(0, (ts_ns - view.start_ns) * cells // span), cells - 1)


def moment(view: View, cell: int, cells: int) -> int:
    """Return the moment a cell of the track stands for: its start, for the last cell the end of the day."""
    if cell >= cells - 1:
        return view.end_ns
    return view.start_ns + (view.end_ns - view.start_ns) * cell // cells


def track(view: View, cells: int) -> list[Cell]:
    """Draw the track: played ─, folded ahead ┄, not folded yet ·, gaps ░, signals ▲▼◆, the playhead ●.

    A live day is folded up to its front ┃, and what comes after has not happened yet.
    """
    head = cell_of(view, view.tape_ns, cells)
    ahead, front = _ahead(view, head, cells)
    marks = [("─", "muted")] * head + [("┄", "faint")] * max(0, ahead + 1 - head)
    marks = (marks + [("·" if front is None else " ", "faint")] * cells)[:cells]
    for start_ns, end_ns in view.gaps:
        if end_ns < view.start_ns:
            continue
        for cell in range(cell_of(view, start_ns, cells), cell_of(view, end_ns, cells) + 1):
            marks[cell] = ("░", "warn")
    for cell, mark in signal_marks(view.signals, view, cells):
        marks[cell] = mark
    if front is not None:
        marks[front] = ("┃", "mark")
    marks[head] = ("●", "strong")
    return [(glyph, ink, "bar") for glyph, ink in marks]


def _ahead(view: View, head: int, cells: int) -> tuple[int, int | None]:
    """Return the last folded cell, and that of a live day's front: never under a head that is behind it."""
    if view.live_ns is not None:
        least = min(head + (time_position(view) == BEHIND), cells - 1)
        front = max(least, cell_of(view, view.live_ns, cells))
        return front, front
    return cell_of(view, view.start_ns + round((view.end_ns - view.start_ns) * view.loaded), cells), None


def signal_marks(signals: SignalHistory, view: View, cells: int) -> list[tuple[int, tuple[str, str]]]:
    """Mark the cells that hold signals with the direction of the last one in each.

    Finds each cell's last signal by bisection, so the cost depends on the width, not on the day.
    """
    marks: list[tuple[int, tuple[str, str]]] = []
    head = cell_of(view, view.tape_ns, cells)
    before = bisect_left(signals, view.start_ns, key=lambda row: row.ts_ns)
    span_ns = view.end_ns - view.start_ns
    for cell in range(head + 1):
        end_ns = view.tape_ns + 1 if cell == head else view.start_ns + span_ns * (cell + 1) // cells
        upto = bisect_left(signals, end_ns, key=lambda row: row.ts_ns)
        if upto > before:
            marks.append((cell, _GLYPHS.get(signals[upto - 1].bias, ("◆", "mark"))))
        before = upto
    return marks


def _ends(view: View, width: int) -> tuple[str, str]:
    """Write what stands left and right of the track; the times of open and close only where there is room."""
    glyph = "⏹" if view.finished else "⏸" if view.paused else "⏵"
    clock = data_clock(view, tenths=True)
    left = f" ● {'now':<5}" if time_position(view) == FRONT else f" {glyph} {fmt.speed(view.speed):<5}"
    if width < 72:
        return f"{left} ├", f"┤ {clock} "
    start, end = (clock_text(ts_ns)[:5] for ts_ns in (view.start_ns, view.end_ns))
    date = f" {view.day}" if width >= 100 else ""
    return f"{left}{date} │ {start} ├", f"┤ {end} │ {clock} "
