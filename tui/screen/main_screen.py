"""The main screen: header, grid, signals, detail, transport and hints, laid out for any terminal.

Owns the layout, what its parts have in common (`ScreenState`), and where choosing something leads. When it
is painted is decided by the app's frame clock, which hands it views; what keys do is in `actions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.widgets import Static

from engine.views.commands import Command, Seek, SelectExpiry, SelectSymbol
from engine.views.view import SignalRow, View

from ..run.lazy_monitor import MonitorLike
from ..settings.prefs import Prefs
from . import keys, steering
from .grid.strike_rows import StrikeRows
from .key import Key
from .log.log import SignalLog
from .pending import PendingRequests
from .screen_state import ScreenState
from .sheets.detail_drawer import DetailDrawer
from .sheets.loading import LoadingPanel
from .sheets.signal import signal_sheet
from .stages.switcher import GRID, StageSwitcher
from .stages.widget import ContractTarget, MomentTarget, StageWidget, StrikeTarget, Target
from .status.header import StatusHeader
from .status.note import NoteLine
from .status.room import HEIGHTS, SMALLEST, WIDTHS, is_cramped, is_tiny
from .status.sentences import SpeakingFooter
from .status.transport import TransportBar
from .time_position import TimePosition, time_position


class MainScreen(Screen[None]):
    """Everything at once, on rows that never move."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings(of_app=False)]
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    AUTO_FOCUS = "Ladder"

    def __init__(self, monitor: MonitorLike, table: Sequence[Key], what: str, prefs: Prefs) -> None:
        super().__init__()
        self.monitor = monitor
        self.state = ScreenState(prefs)
        self.pending = PendingRequests()
        self.stages = StageSwitcher(monitor, self.state)
        self.detail = DetailDrawer(monitor, self.stages, self.state)
        self.signals = SignalLog()
        self._table = tuple(table)
        self._header, self._note = StatusHeader(), NoteLine()
        self._transport, self._footer = TransportBar(), SpeakingFooter()
        self._loading = LoadingPanel(what)
        self._hints_for: tuple[TimePosition, str, bool] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the parts; which of them show is the style sheet's decision."""
        yield self._header
        yield self._note
        yield Container(self.stages, self.detail, self.signals, id="body")
        yield self._transport
        yield self._footer
        yield self._loading
        yield Static(id="too-small", markup=False)

    @property
    def prefs(self) -> Prefs:
        """How the person wants it to look."""
        return self.state.prefs

    @property
    def view(self) -> View | None:
        """The painted view, None before the first."""
        return self.state.view

    @property
    def newest(self) -> View:
        """The newest view, painted or not; there must be one."""
        return self.state.newest

    # painting --------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Begin with the hints, which need no view."""
        self.add_class("-waiting")
        self._hint()

    def on_resize(self) -> None:
        """See whether there is room for the drawer, or no room for anything."""
        width, height = self.size
        self.set_class(width >= 160 and height >= 30, "-docks")
        sentence = f"{width}×{height} is too small; spymon needs {SMALLEST[0]}×{SMALLEST[1]}."
        self.query_one("#too-small", Static).update(sentence)
        if is_tiny(self.size):
            self.app.clear_notifications()  # they would cover that sentence
        self.call_after_refresh(self.repaint)

    def wait(self, tick: int, failure: str | None = None) -> None:
        """Show how the loading goes, or why it does not."""
        if failure:
            self._loading.fail(failure)
        else:
            self._loading.step(tick)

    def show(self, view: View) -> None:
        """Take in a view that is news, and paint it unless the picture is frozen."""
        self.state.latest = view
        self.pending.learn(view)
        self._footer.notes.learn(view)
        if self.prefs.frozen and self.view is not None:
            return
        first, self.state.view = self.view is None, view
        self.set_class(view.link is not None, "-live")
        self._hint()
        if first:
            self.remove_class("-waiting")
            self._show_note(view)  # it takes a line from the others
            self.call_after_refresh(self.repaint)  # only then have they a size
        else:
            self.repaint()

    def set_prefs(self, prefs: Prefs) -> None:
        """Change how things look, at once."""
        if prefs != self.prefs:
            self.state.prefs = prefs
            self.repaint()

    def repaint(self) -> None:
        """Hand the painted view to every part; each repaints only what differs."""
        view = self.view
        if view is None:
            return
        self.stages.paint(view)
        for part in (self._header, self.signals, self._transport):
            part.show(view, self.prefs)
        self._hint()
        self._show_note(view)
        self._footer.speak()
        self._footer.speak_for_link(view)

    def ask(self, tick: int) -> None:
        """Ask the monitor for what the parts in sight need, each in its own frames."""
        self.detail.ask(tick)
        self.stages.ask(tick)

    # sentences and hints ---------------------------------------------------------------------------------

    def fail(self, sentence: str) -> None:
        """Put one sentence in place of the hints, until an empty one."""
        self._footer.fail(sentence)

    def _show_note(self, view: View) -> None:
        lasting = () if is_cramped(self.size) else self._footer.notes.lasting
        self._note.show(view if view.notes == lasting else replace(view, notes=lasting), self.prefs)

    def _hint(self) -> None:
        wanted = (time_position(self.view), self.stages.stage.name, self.in_log)
        if wanted != self._hints_for:
            self._hints_for = wanted
            words = {**self.stages.stage.words(), **(keys.LOG_HINTS if self.in_log else {})}
            self._footer.set_hints(keys.hints(wanted[0], self._table, words))

    def on_descendant_focus(self) -> None:
        """Say what the keys are for where the focus is now."""
        self._hint()

    def key_label(self, own_id: str) -> str:
        """Return a key as a person writes it, the user's own where there is one."""
        return next(key.label for key in self._table if key.id == own_id)

    # panes and views -------------------------------------------------------------------------------------

    @property
    def in_log(self) -> bool:
        """Whether the signals have the focus."""
        return self.focused is self.signals

    @property
    def pane(self) -> StageWidget | SignalLog:
        """What the keys move: the signals while they have the focus, else the view in sight."""
        return self.signals if self.in_log else self.stages.widget

    def toggle_stage(self, name: str) -> None:
        """Put a view in the grid's place, or the grid when that view is already there."""
        self.set_stage(GRID if name == self.stages.stage.name else name)

    def set_stage(self, name: str) -> None:
        """Put a view in the grid's place; the focus follows unless it is elsewhere."""
        if name == self.stages.stage.name:
            return
        focused = self.focused in (None, self.stages.widget)
        self.stages.put(name)
        if focused:
            self.set_focus(self.stages.widget)
        self.call_after_refresh(self.repaint)  # only then has it a size
        self.call_after_refresh(self.stages.ask)

    def back(self) -> None:
        """Go back to the grid; else close the drawer, drop the filter, dismiss the note."""
        if self.stages.stage.name != GRID:
            self.set_stage(GRID)
        elif self.detail.close():
            return
        elif self.prefs.log_filter or self.prefs.log_rule:
            self.set_prefs(replace(self.prefs, log_filter="", log_rule=""))
        else:
            self._footer.notes.dismiss()
            self.repaint()

    # sending, and where choosing leads -------------------------------------------------------------------

    def send(self, command: Command) -> None:
        """Pass a command to the monitor; what it comes to is news, even if it was said before."""
        self._footer.notes.renew()
        self.monitor.send(command)

    def show_symbol(self, symbol: str) -> None:
        """Ask for a symbol of the watch list."""
        self.pending.symbol.ask(symbol)
        self.send(SelectSymbol(symbol))

    def go(self, target: Target | None) -> None:
        """Go to what was chosen on the view in sight."""
        match target:
            case MomentTarget(at_ns):
                self.send(Seek(at_ns))
            case StrikeTarget(strike_milli, expiry, right):
                self._show_expiry(expiry)
                self.set_stage(GRID)
                self.stages.ladder.select(strike_milli, right)
            case ContractTarget():
                self.detail.open()

    def chosen_signal(self) -> SignalRow | None:
        """Return the signal under the log's cursor, the newest while it follows; None when there is none."""
        index = self.signals.chosen()
        return None if index is None or self.view is None else self.view.signals[index]

    def inspect(self, index: int) -> None:
        """Show what a signal was judged by, and the tape around it; from there `enter` goes to it."""
        if self.view is None:
            return
        row = self.view.signals[index]
        sheet = signal_sheet(index, row, self.state, self.monitor)
        self.app.push_screen(sheet, lambda go: self._visit(row) if go else None)

    def _visit(self, row: SignalRow) -> None:
        """Go to a signal's strike, and to shortly before it."""
        contract = row.contract
        if contract is not None:
            self._show_expiry(contract.expiry)
            self.stages.ladder.select(contract.strike_milli, "C" if contract.right == "C" else "P")
        self.send(steering.before(row, self.newest))

    def _show_expiry(self, expiry: date) -> None:
        if expiry != self.newest.expiry and expiry in self.newest.expiries:
            self.send(SelectExpiry(expiry))

    @on(StatusHeader.SymbolChosen)
    def _choose_symbol(self, event: StatusHeader.SymbolChosen) -> None:
        self.show_symbol(event.symbol)

    @on(SignalLog.Chosen)
    def _choose_signal(self, event: SignalLog.Chosen) -> None:
        self.inspect(event.index)

    @on(StageWidget.Chosen)
    def _choose_target(self, event: StageWidget.Chosen) -> None:
        self.go(event.target)

    @on(TransportBar.Sought)
    def _seek(self, event: TransportBar.Sought) -> None:
        self.send(Seek(event.ts_ns))

    @on(StrikeRows.CursorMoved)
    def _follow_cursor(self, event: StrikeRows.CursorMoved) -> None:
        """Show the strike a signal sent the grid to, whatever stands in its place; and the contract there."""
        if not isinstance(self.stages.widget, StrikeRows):
            self.set_stage(GRID)
        elif event.control is not self.stages.widget:
            self.repaint()
        self.detail.ask()
