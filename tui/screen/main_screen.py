"""The main screen: header, ladder, signals, detail, transport and hints, laid out for any terminal.

Owns the layout, the choices of the person (`Prefs`), and what moving and choosing do. It refuses to know when
it is painted: the app's frame clock hands it views.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from string import digits
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.widgets import Static

from engine.model.errors import NoDataError
from engine.views.commands import Command, Seek, SelectExpiry
from engine.views.view import Detail, SignalRow, View

from ..run.lazy_monitor import MonitorLike
from ..settings.prefs import Prefs
from . import keys, steering
from .grid.ladder import Ladder
from .grid.strike_rows import StrikeRows
from .inquiry import Inquiry
from .keys import Key, Place
from .log.log import SignalLog
from .notes import Notes, under_way
from .sheets.ask import AskScreen, Question, Verdict
from .sheets.detail import ContractDetail
from .sheets.detail_screen import DetailScreen
from .sheets.loading import LoadingScreen
from .stages.flow_lines import FlowChart
from .stages.heat_map import HeatMap
from .stages.ranking import Rankings
from .stages.smile import SmileChart
from .stages.stages import HINTS, LOG_HINTS, StageName, Stages
from .status.footer import HintFooter
from .status.header import StatusHeader
from .status.note import NoteLine
from .status.transport import TransportBar

SMALLEST = (40, 8)
PASSING_S = 6.0
"""How long the answer to a key takes the place of the hints."""

DETAIL_EVERY = 3
"""Frames between two looks at the contract in detail; it is read by a person, not by a reflex."""

_NO_DIGITS = str.maketrans("", "", digits)
_WIDTHS = [
    (0, "-slit"),
    (SMALLEST[0], "-narrow"),
    (80, "-normal"),
    (160, "-wide"),
    (200, "-huge"),
    (214, "-giant"),
]
_HEIGHTS = [(0, "-sliver"), (SMALLEST[1], "-flat"), (20, "-low"), (30, "-tall"), (48, "-towering")]


class MainScreen(Inquiry, Stages):
    """Everything at once, on rows that never move."""

    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings(of_app=False)]
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS
    AUTO_FOCUS = "Ladder"

    def __init__(self, desk: MonitorLike, table: Sequence[Key], what: str, prefs: Prefs) -> None:
        super().__init__(desk)
        self.prefs = prefs
        self.view: View | None = None
        self._table = tuple(table)
        self._header, self._note = StatusHeader(), NoteLine()
        self._signals, self._docked_detail = SignalLog(), ContractDetail()
        self._transport, self._footer = TransportBar(), HintFooter()
        self._waiting = LoadingScreen(what)
        self._hinted: tuple[Place, StageName, bool] | None = None
        self._notes, self._failure, self._told = Notes(), "", ""
        self._said = ""
        self._asking_detail = False
        self._sheet: DetailScreen | None = None

    def compose(self) -> ComposeResult:
        """Lay out the parts; which of them show is the style sheet's decision."""
        yield self._header
        yield self._note
        yield Container(self._stage, self._docked_detail, self._signals, id="body")
        yield self._transport
        yield self._footer
        yield self._waiting
        yield Static(id="too-small", markup=False)

    # painting --------------------------------------------------------------------------------------------

    @property
    def has_view(self) -> bool:
        """Say whether anything has been painted yet."""
        return self.view is not None

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
        if self._tiny:
            self.app.clear_notifications()  # they would cover that sentence
        self.call_after_refresh(self.repaint)

    def wait(self, tick: int, failure: str | None = None) -> None:
        """Show how the loading goes, or why it does not."""
        if failure:
            self._waiting.fail(failure)
        else:
            self._waiting.step(tick)

    def show(self, view: View) -> None:
        """Take in a view that is news, and paint it unless the picture is frozen."""
        self.learn(view)
        self._notes.learn(view)
        if self.prefs.frozen and self.view is not None:
            return
        first, self.view = self.view is None, view
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
            self.prefs = prefs
            self.repaint()

    def repaint(self) -> None:
        """Hand the painted view to every part; each repaints only what differs."""
        view = self.view
        if view is None:
            return
        self._ladder.learn(view)  # the drawer's contract is the ladder's, on the stage or not
        for part in (self._header, self.on_stage, self._signals, self._transport):
            part.show(view, self.prefs)
        self._hint()
        self._show_note(view)
        self._tell()
        self._say_link(view)

    def _say_link(self, view: View) -> None:
        """Say over the grid what a live source says, where its line has no room; not again when it counts."""
        note = view.link.note if view.link and self._cramped and not self._tiny else ""
        said = note.translate(_NO_DIGITS)
        if said and said != self._said and not under_way(note):
            self.notify(note, timeout=PASSING_S)
        self._said = said

    def _show_note(self, view: View) -> None:
        standing = () if self._cramped else self._notes.standing
        self._note.show(view if view.notes == standing else replace(view, notes=standing), self.prefs)

    @property
    def _cramped(self) -> bool:
        return self.size.width < 80 or self.size.height < 20

    @property
    def _tiny(self) -> bool:
        return self.size.width < SMALLEST[0] or self.size.height < SMALLEST[1]

    def fail(self, sentence: str) -> None:
        """Put one sentence in place of the hints, until an empty one."""
        self._failure = sentence
        self._tell()

    def send(self, command: Command) -> None:
        """Pass a command to the desk; what it comes to is news, even if it was said before."""
        self._notes.renew()
        super().send(command)

    def _tell(self) -> None:
        """Say in place of the hints what there is to say; where there is no room for hints, over the grid."""
        sentence = self._failure or self._notes.passing
        self._footer.say(sentence)
        if sentence == self._told:
            return
        self._told = sentence
        if not sentence or under_way(sentence):
            return
        if self._cramped and not self._tiny:
            self.notify(sentence, severity="error" if self._failure else "information", timeout=PASSING_S)
        if not self._failure:
            self.set_timer(PASSING_S, partial(self._let_pass, sentence))

    def _let_pass(self, sentence: str) -> None:
        self._notes.let_pass(sentence)
        self._tell()

    def _hint(self) -> None:
        hinted = (steering.standing(self.view), self.staged, self.focused is self._signals)
        if hinted != self._hinted:
            self._hinted = place, staged, in_log = hinted
            words = {**HINTS[staged], **LOG_HINTS} if in_log else HINTS[staged]
            self._footer.set_hints(keys.hints(place, self._table, words))

    def on_descendant_focus(self) -> None:
        """Say what the keys are for where the focus is now."""
        self._hint()

    # the contract in detail ------------------------------------------------------------------------------

    @property
    def _drawer(self) -> ContractDetail | None:
        if self._sheet is not None:
            return self._sheet.drawer
        return self._docked_detail if self._docked and self.view is not None else None

    def refresh_detail(self, tick: int = 0) -> None:
        """Ask for the contract the cursor aims at, if it is shown somewhere and is not being asked for."""
        if self._drawer is None or self._asking_detail or tick % DETAIL_EVERY:
            return
        if (cid := self._ladder.chosen()) is not None:
            self._asking_detail = True
            self.run_worker(self._fetch_detail(cid, self.newest), group="detail")

    async def _fetch_detail(self, cid: int, asked_of: View) -> None:
        try:
            detail = await self.desk.detail(cid)
        except NoDataError:
            return  # the symbol changed between the question and the answer
        finally:
            self._asking_detail = False
        if self.newest.generation == asked_of.generation:
            self._show_detail(detail)

    def _show_detail(self, detail: Detail) -> None:
        if (drawer := self._drawer) is not None:
            drawer.show(detail, self.view, self.prefs)

    @property
    def _docked(self) -> bool:
        wide = self.has_class("-huge") or self.has_class("-giant") or self.has_class("-wide", "-detail")
        return wide and self.has_class("-docks")

    def _open_detail(self) -> None:
        if self._docked:
            self.flip()
        elif self.has_class("-wide", "-docks"):
            self.add_class("-detail")
        else:
            self._sheet = DetailScreen(self)
            self.app.push_screen(self._sheet, self._close_sheet)
        self.call_after_refresh(self.refresh_detail)

    def _close_sheet(self, _: None) -> None:
        self._sheet = None

    def flip(self) -> None:
        """Aim at the other side of the strike."""
        view = self.view
        if view is not None and (cid := self._ladder.chosen()) is not None:
            self._ladder.aim("P" if cid in view.call.cid else "C")
            self.refresh_detail()

    # moving and choosing ---------------------------------------------------------------------------------

    @property
    def _pane(self) -> Ladder | HeatMap | SmileChart | FlowChart | Rankings | SignalLog:
        return self._signals if self.focused is self._signals else self.on_stage

    def action_row(self, by: int) -> None:
        """Move by rows."""
        self._pane.move(by)
        self.refresh_detail()

    def action_page(self, by: int) -> None:
        """Move by half pages."""
        self._pane.page(by)
        self.refresh_detail()

    def action_edge(self, which: int) -> None:
        """Go to the first or the last row."""
        self._pane.jump("top" if which < 0 else "bottom")
        self.refresh_detail()

    def action_centre(self) -> None:
        """Follow the spot again, or the newest signal."""
        pane = self._pane
        pane.jump("bottom") if isinstance(pane, SignalLog) else pane.jump("spot")

    def action_pane(self, by: int) -> None:
        """Focus the next pane."""
        self.focus_next() if by > 0 else self.focus_previous()

    def action_choose(self) -> None:
        """Show the contract in detail; on a signal, its evidence."""
        pane = self._pane
        if isinstance(pane, SignalLog):
            if (index := pane.chosen()) is not None:
                self._inspect(index)
        elif not self.choose_on_stage():
            self._open_detail()

    def _inspect(self, index: int) -> None:
        if self.view is not None:
            self.inspect(index, self.view.signals[index])

    def chosen_signal(self) -> SignalRow | None:
        """Return the signal under the log's cursor, the newest while it follows; None when there is none."""
        index = self._signals.chosen()
        return None if index is None or self.view is None else self.view.signals[index]

    def visit(self, row: SignalRow) -> None:
        """Go to a signal's strike, and to shortly before it."""
        view = self.newest
        contract = row.contract
        if contract is not None:
            if contract.expiry != view.expiry and contract.expiry in view.expiries:
                self.send(SelectExpiry(contract.expiry))
            self._ladder.select(contract.strike_milli, "C" if contract.right == "C" else "P")
        self.send(steering.before(row, view))

    @on(StatusHeader.SymbolChosen)
    def _symbol_chosen(self, event: StatusHeader.SymbolChosen) -> None:
        self.show_symbol(event.symbol)

    @on(SignalLog.Chosen)
    def _signal_chosen(self, event: SignalLog.Chosen) -> None:
        self._inspect(event.index)

    @on(StrikeRows.CursorMoved)
    def _cursor_moved(self) -> None:
        self.refresh_detail()

    @on(Ladder.Chosen)
    def _contract_chosen(self) -> None:
        self._open_detail()

    @on(TransportBar.Sought)
    def _sought(self, event: TransportBar.Sought) -> None:
        self.send(Seek(event.ts_ns))

    # looks -----------------------------------------------------------------------------------------------

    def action_profile_view(self) -> None:
        """Show the next view of the profile."""
        self.set_prefs(self.prefs.next_profile_view())

    def action_metric(self) -> None:
        """Show the next metric of what stands on the stage; on the ladder the exposure to the next greek."""
        if not self.metric_on_stage():
            self.set_prefs(self.prefs.next_metric())

    def action_unit(self) -> None:
        """Show gamma in the next unit."""
        self.set_prefs(self.prefs.next_unit())

    def action_autoscale(self) -> None:
        """Fit the scale of the gamma profile to what it shows now."""
        self.on_stage.autoscale()

    def action_side(self, side: Literal["calls", "puts"]) -> None:
        """Show one side of the ladder, or both again."""
        self.set_prefs(self.prefs.toggled(side))

    def action_signal_kind(self) -> None:
        """Show the next kind of signal, or all."""
        self.set_prefs(self.prefs.next_rule())

    def action_freeze(self) -> None:
        """Hold the picture, or paint what has come since."""
        self.set_prefs(replace(self.prefs, frozen=not self.prefs.frozen))
        if not self.prefs.frozen and self._newest is not None:
            self.show(self._newest)

    def action_filter(self) -> None:
        """Ask what the signals must match; the log follows while it is typed."""
        before = self.prefs.log_filter

        def judge(text: str) -> Verdict:
            self.set_prefs(replace(self.prefs, log_filter=text.strip()))
            return Verdict(True, "words must all match; empty shows everything")

        def take(answer: str | None) -> None:
            if answer is None:
                self.set_prefs(replace(self.prefs, log_filter=before))

        question = Question("filter the signals", "spike 685c >100k", judge, before)
        self.app.push_screen(AskScreen(question), take)

    def action_back(self) -> None:
        """Go back to the grid; else close the drawer, drop the filter, dismiss the note."""
        if self.leave_stage():
            return
        if self.has_class("-wide", "-detail", "-docks"):
            self.remove_class("-detail")
        elif self.prefs.log_filter or self.prefs.log_rule:
            self.set_prefs(replace(self.prefs, log_filter="", log_rule=""))
        else:
            self._notes.dismiss()
            self.repaint()
