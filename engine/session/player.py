"""The player: which day is shown, at which moment, and what every command means.

It is plain synchronous code for one thread: wall time is an argument, and long work is cut into ticks so that
a view can be shown in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from ..model.contracts import ContractTable
from ..model.errors import NoDataError, SpymonError
from ..model.events import NS
from ..tape.link import Link
from ..tape.source import Key, Source
from ..tape.timeline import NO_CHECKPOINTS
from ..views.commands import (
    Command,
    GoLive,
    JumpSignal,
    Pause,
    Seek,
    SelectBasis,
    SelectConvention,
    SelectExpiry,
    SelectScope,
    SelectSymbol,
    SetSpeed,
    Skip,
    Step,
    UseSource,
    WhatIf,
)
from ..views.queries import Query
from ..views.view import Counts, Detail, FiredSignal, View
from .answers import AnswerContext, answer
from .open_days import OpenDays
from .playback import TICK_EVENTS, Playhead
from .symbol_day import SCOUT_EVENTS, PlayerParams, SymbolDay
from .user_rules.run import Piece
from .view_maker import ViewMaker
from .what_if import WhatIfFold, with_changes

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class TickResult:
    """What one tick folded: pieces of tape with the SIDE rows of their trades, and the signals fired."""

    symbol: str
    contracts: ContractTable
    pieces: tuple[Piece, ...]
    fired: tuple[FiredSignal, ...]


@dataclass(frozen=True, slots=True)
class _LeftOff:
    """Where a source was left; `at_ns` None is the front of a live day, or the start of another."""

    symbol: str
    at_ns: int | None
    paused: bool


class Player:
    """Plays the tapes of several sources; one symbol is shown at a time, and only that one plays.

    The news of every live tape are folded, whatever is shown: what fires there is told as it happens.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        params: PlayerParams,
        speed: float,
        wall_ns: int,
        symbol: str | None = None,
    ) -> None:
        self._days = OpenDays(sources, params)
        self._params = params
        self._source = sources[0]
        self._symbol = symbol or sources[0].symbols[0]
        self._left_off: dict[str, _LeftOff] = {}
        self._views = ViewMaker()
        self._note = ""
        self._what_if: tuple[Key, WhatIfFold] | None = None
        self._head = Playhead(self._days.open(self._key), speed, wall_ns)
        self._days.open_live()

    # --- commands ---------------------------------------------------------------------------------

    def obey(self, command: Command, wall_ns: int) -> None:
        """Do what a command says, or note in one sentence why it cannot be done."""
        self._note = ""
        try:
            self._obey(command, wall_ns)
        except SpymonError as error:
            self._note = str(error)
        if self._note:
            self._views.forget()  # the same answer to a second key is an answer again

    def _obey(self, command: Command, wall_ns: int) -> None:
        head, views = self._head, self._views
        match command:
            case Seek(ts_ns):
                head.go(ts_ns)
            case Skip(ns):
                head.go(head.target_ns + ns)
            case Step(frames):
                head.pause(True, wall_ns)
                head.step(frames * self._params.frame_ns)
            case JumpSignal(direction):
                head.search(direction)
            case SetSpeed(speed):
                head.change_speed(speed, wall_ns)
            case Pause(paused):
                head.pause(not head.paused if paused is None else paused, wall_ns)
            case SelectSymbol(symbol):
                self._show(self._source, symbol, head.return_ns, wall_ns)
            case SelectExpiry(expiry):
                self._choose_expiry(expiry)
            case SelectConvention(convention):
                views.choose(views.choice.with_convention(convention))
            case SelectBasis(basis):
                views.choose(views.choice.with_basis(basis))
            case SelectScope(scope):
                views.choose(views.choice.with_scope(scope))
            case UseSource(name):
                self._use(name, wall_ns)
            case GoLive():
                self._go_live(wall_ns)
            case WhatIf(settings):
                self._begin_what_if(settings)

    def _choose_expiry(self, expiry: date | None) -> None:
        expiries = self._day.projector.expiries
        if expiry is not None and expiry not in expiries:
            known = ", ".join(map(str, expiries))
            raise NoDataError(f"{self._symbol} has no strikes of {expiry} here; choose one of {known}.")
        self._views.choose_expiry(expiry)

    def _begin_what_if(self, settings: tuple[str, ...]) -> None:
        """Begin to fold what has been played once more with other thresholds; without any, stop."""
        self._what_if = None
        if settings:
            fold = with_changes(self._params.fold, settings)
            again = self._days.again(self._key, replace(self._params, fold=fold, timeline=NO_CHECKPOINTS))
            self._what_if = self._key, WhatIfFold(settings, self._day.timeline, again)

    def _use(self, name: str, wall_ns: int) -> None:
        source = self._days.source(name)
        if source is self._source:
            return
        head, left, was_at_front = self._head, self._day, self._head.at_front
        self._left_off[self._source.name] = _LeftOff(self._symbol, head.return_ns, head.clock.paused)
        there = self._left_off.get(name, _LeftOff(self._symbol, None, paused=False))
        symbol = there.symbol if there.symbol in source.symbols else source.symbols[0]
        self._show(source, symbol, there.at_ns, wall_ns)
        if was_at_front and not head.at_front:
            head.away_since_ns = wall_ns
        if left.live or self._day.live:
            head.hold(there.paused, wall_ns)

    def _show(self, source: Source, symbol: str, at_ns: int | None, wall_ns: int) -> None:
        """Show a symbol of a source at a moment; nothing changes if it cannot be opened.

        `at_ns` None is where that day stands, or the front of a live one.
        """
        if symbol not in source.symbols:
            raise NoDataError(f"{symbol} is not in {source.label}; it has {', '.join(source.symbols)}.")
        day = self._days.open((source.name, symbol))
        self._source, self._symbol, self._views.expiry = source, symbol, None
        self._head.show(day, at_ns, wall_ns)

    def _go_live(self, wall_ns: int) -> None:
        """Come back to the live day from wherever the screen is, and say how long that was."""
        since_ns = self._head.away_since_ns
        if not self._day.live:
            live = [key for key, _ in self._days.live()]
            if not live:
                raise NoDataError("Nothing here is live.")
            name, symbol = next((key for key in live if key[0] == self._source.name), live[0])
            self._use(name, wall_ns)
            if not self._day.live:  # a symbol whose own tape has ended or failed
                self._show(self._source, symbol, None, wall_ns)
        self._head.to_front()
        self._head.count_from(wall_ns)
        if since_ns is not None:
            self._note = f"Back to now after {span_text(wall_ns - since_ns)}."

    # --- time -------------------------------------------------------------------------------------

    def tick(self, wall_ns: int) -> TickResult:
        """Play on to the wall's moment, or go on looking for where a command wants to be."""
        pieces, fired = self._fold_news(wall_ns)
        day, head = self._day, self._head
        timeline = day.timeline
        before = timeline.signal_count
        try:
            if head.on_the_way:
                self._note = head.travel(wall_ns) or self._note
                before = timeline.signal_count
            else:
                pieces.extend(head.play(wall_ns))
        except SpymonError as error:
            self._note = str(error)
            head.halt(wall_ns)
        if not day.live:
            fired.extend(day.fired_after(before))
        return TickResult(self._symbol, timeline.contracts, tuple(pieces), tuple(fired))

    def _fold_news(self, wall_ns: int) -> tuple[list[Piece], list[FiredSignal]]:
        """Fold what has come in on every live tape; return the shown one's pieces, and what fired on any."""
        was_at_front = self._head.at_front
        pieces, fired = self._days.fold_news(TICK_EVENTS)
        if was_at_front and not self._day.live:  # the day is over
            self._head.anchor(wall_ns)
        return pieces.get(self._key, []), fired

    def lose(self, source: str, why: str) -> bool:
        """Note that a live source has given up; what it has told stays. Return whether it is shown."""
        self._days.lose(source, why)
        return source == self._source.name

    @property
    def busy(self) -> bool:
        """Whether a command is still being carried out, so that the next tick should not wait for a frame.

        So should none while a live tape is not yet folded to its end.
        """
        return self._head.on_the_way or any(day.behind for _, day in self._days.live())

    @property
    def resting(self) -> bool:
        """Whether nothing changes until something comes in, or a command."""
        if self.busy or any(day.longer for _, day in self._days.live()):
            return False
        return self._day.live and (self._head.at_front or self._head.paused)

    def scout(self) -> bool:
        """Fold a little ahead, a what-if and the shown symbol first; return whether there is more to do."""
        return self._fold_what_if() or self._days.scout(self._source, self._symbol)

    def _fold_what_if(self) -> bool:
        """Fold a little with other thresholds; return whether there was something to do."""
        if self._what_if is None or self._what_if[1].done:
            return False
        try:
            self._what_if[1].work(SCOUT_EVENTS)
        except SpymonError as error:
            self._note, self._what_if = str(error), None
        return True

    # --- what is seen -----------------------------------------------------------------------------

    def view(self, wall_ns: int) -> View:
        """Return the view at the playhead; the same one as before when nothing has changed."""
        return self._views.view(self._head, self._source, tuple(self._notes()), wall_ns)

    def detail(self, cid: int) -> Detail:
        """Return one contract of the shown symbol in full; NoDataError for an id nobody listed."""
        if not 1 <= cid <= len(self._day.timeline.contracts):
            raise NoDataError(f"{self._symbol} has no contract with the id {cid}.")
        return self._day.projector.detail(cid)

    def answer(self, query: Query[T]) -> T:
        """Return the answer to a query about the shown symbol, at its playhead."""
        key, fold = self._what_if or (None, None)
        what_if = fold if key == self._key else None
        return answer(self._day, AnswerContext(self._views.choice, self._views.expiry, what_if), query)

    def links(self) -> dict[str, Link]:
        """Return what each live source says of its connection, by its name; any thread may ask."""
        return {name: day.link for (name, _), day in self._days.live() if day.link is not None}

    def counts(self) -> Counts:
        """Return what has been folded of the shown symbol."""
        return self._day.projector.counts(self._day.link)

    def _notes(self) -> Iterator[str]:
        """Yield what the last command came to, what is under way, and what could not be opened."""
        if self._note:
            yield self._note
        if self._head.under_way:
            yield self._head.under_way
        if self._what_if is not None and not self._what_if[1].done:
            fold = self._what_if[1]
            yield f"Running again with {', '.join(fold.settings)}: {fold.progress:.0%} …"
        day = self._day
        if day.link is not None and day.link.note:
            yield day.link.note
        if day.live and day.behind:
            yield f"Catching up with now: {min(day.share_folded, 0.99):.0%} …"
        if day.share_folded_again < 1:
            yield f"More contracts are listed: folding the day again, {day.share_folded_again:.0%} …"
        yield from self._days.refusals(self._source)
        if day.rules:
            yield from day.rules.notes
        yield from self._params.notes

    @property
    def _key(self) -> Key:
        return self._source.name, self._symbol

    @property
    def _day(self) -> SymbolDay:
        return self._head.symbol_day


def span_text(ns: int) -> str:
    """Write a length of time, `12 s`, `3 min 12 s` or `1 h 4 min`; what is left over is cut."""
    minutes, seconds = divmod(ns // NS, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
