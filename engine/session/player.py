"""The deck: which tape is in, what is chosen to be seen of it, and what every command means.

It is plain synchronous code for one thread: wall time is an argument, and long work is cut into ticks so that
a view can be shown in between. It refuses to know event loops, files and screens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from ..analytics.exposure_choice import ExposureChoice
from ..model.contracts import ContractTable
from ..model.errors import NoDataError, SpymonError
from ..model.events import NS
from ..tape.link import Link
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
from ..views.projection import PlaybackState
from ..views.queries import Query
from ..views.view import Counts, Detail, FiredSignal, View
from .answers import AnswerContext, answer
from .open_days import OpenDays
from .playback import TICK_EVENTS, Playhead
from .symbol_day import SCOUT_EVENTS, Key, PlayerParams, Source, SymbolDay
from .user_rules.run import Piece
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

    Live tapes are followed all of them, whatever is shown: what fires there is told as it happens.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        params: PlayerParams,
        speed: float,
        wall_ns: int,
        symbol: str | None = None,
    ) -> None:
        self._slots = OpenDays(sources, params)
        self._params = params
        self._source = sources[0]
        self._symbol = symbol or sources[0].symbols[0]
        self._places: dict[str, _LeftOff] = {}
        self._expiry: date | None = None
        self._stance = ExposureChoice()
        self._note = ""
        self._rerun: tuple[Key, WhatIfFold] | None = None
        self._generation = 0
        self._version = 0
        self._shown: tuple[tuple[object, ...], View] | None = None
        self._head = Playhead(self._slot(), speed, wall_ns)
        self._slots.open_live()

    # --- commands ---------------------------------------------------------------------------------

    def obey(self, command: Command, wall_ns: int) -> None:
        """Do what a command says, or note in one sentence why it cannot be done."""
        self._note = ""
        try:
            self._obey(command, wall_ns)
        except SpymonError as error:
            self._note = str(error)
        if self._note:
            self._shown = None  # the same answer to a second key is an answer again

    def _obey(self, command: Command, wall_ns: int) -> None:
        head = self._head
        match command:
            case Seek(ts_ns):
                head.go(ts_ns)
            case Skip(ns):
                head.go(head.heading + ns)
            case Step(frames):
                head.pause(True, wall_ns)
                head.step(frames * self._params.frame_ns)
            case JumpSignal(direction):
                head.look(direction)
            case SetSpeed(speed):
                head.change_speed(speed, wall_ns)
            case Pause(paused):
                head.pause(not head.paused if paused is None else paused, wall_ns)
            case SelectSymbol(symbol):
                self._show(self._source, symbol, head.place, wall_ns)
            case SelectExpiry(expiry):
                self._choose(expiry)
            case SelectConvention(convention):
                self._stand(self._stance.with_convention(convention))
            case SelectBasis(basis):
                self._stand(self._stance.with_basis(basis))
            case SelectScope(scope):
                self._stand(self._stance.with_scope(scope))
            case UseSource(name):
                self._use(name, wall_ns)
            case GoLive():
                self._return(wall_ns)
            case WhatIf(settings):
                self._run_again(settings)

    def _choose(self, expiry: date | None) -> None:
        expiries = self._slot().projector.expiries
        if expiry is not None and expiry not in expiries:
            known = ", ".join(map(str, expiries))
            raise NoDataError(f"{self._symbol} has no strikes of {expiry} here; choose one of {known}.")
        self._expiry = expiry
        self._generation += 1

    def _stand(self, stance: ExposureChoice) -> None:
        self._stance = stance
        self._generation += 1

    def _run_again(self, settings: tuple[str, ...]) -> None:
        """Begin to fold what has been played once more with other thresholds; without any, stop."""
        self._rerun = None
        if settings:
            fold = with_changes(self._params.fold, settings)
            again = self._slots.again(self._key, replace(self._params, fold=fold, timeline=NO_CHECKPOINTS))
            self._rerun = self._key, WhatIfFold(settings, self._slot().timeline, again)

    def _use(self, name: str, wall_ns: int) -> None:
        source = self._slots.source(name)
        if source is self._source:
            return
        head, left, at_front = self._head, self._slot(), self._head.at_front
        self._places[self._source.name] = _LeftOff(self._symbol, head.place, head.clock.paused)
        there = self._places.get(name, _LeftOff(self._symbol, None, paused=False))
        symbol = there.symbol if there.symbol in source.symbols else source.symbols[0]
        self._show(source, symbol, there.at_ns, wall_ns)
        if at_front and not head.at_front:
            head.away_since = wall_ns
        if left.live or self._slot().live:
            head.hold(there.paused, wall_ns)

    def _show(self, source: Source, symbol: str, place: int | None, wall_ns: int) -> None:
        """Show a symbol of a source at a place; nothing changes if it cannot be opened.

        A place of None is where that tape is, or the front of a live one.
        """
        if symbol not in source.symbols:
            raise NoDataError(f"{symbol} is not in {source.label}; it has {', '.join(source.symbols)}.")
        slot = self._slots.open((source.name, symbol))
        self._source, self._symbol, self._expiry = source, symbol, None
        self._head.show(slot, place, wall_ns)

    def _return(self, wall_ns: int) -> None:
        """Come back to the live day from wherever the screen is, and say how long that was."""
        since_ns = self._head.away_since
        if not self._slot().live:
            live = [key for key, _ in self._slots.live()]
            if not live:
                raise NoDataError("Nothing here is live.")
            name, symbol = next((key for key in live if key[0] == self._source.name), live[0])
            self._use(name, wall_ns)
            if not self._slot().live:  # a symbol whose own tape has ended or failed
                self._show(self._source, symbol, None, wall_ns)
        self._head.to_front()
        self._head.count_from(wall_ns)
        if since_ns is not None:
            self._note = f"Back to now after {span_text(wall_ns - since_ns)}."

    # --- time -------------------------------------------------------------------------------------

    def tick(self, wall_ns: int) -> TickResult:
        """Play on to the wall's moment, or go on looking for where a command wants to be."""
        pieces, fired = self._follow(wall_ns)
        slot, head = self._slot(), self._head
        timeline = slot.timeline
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
        if not slot.live:
            fired.extend(slot.fired_after(before))
        return TickResult(self._symbol, timeline.contracts, tuple(pieces), tuple(fired))

    def _follow(self, wall_ns: int) -> tuple[list[Piece], list[FiredSignal]]:
        """Fold what has come in on every live tape; return the shown one's pieces, and what fired on any."""
        slot = self._slot()
        was_live = slot.live
        pieces, fired = self._slots.follow(TICK_EVENTS)
        if was_live and not slot.live and not slot.timeline.parted:  # the day is over
            self._head.anchor(wall_ns)
        return pieces.get(self._key, []), fired

    def lose(self, source: str, why: str) -> bool:
        """Note that a live source has given up; what it has told stays. Return whether it is shown."""
        self._slots.lose(source, why)
        return source == self._source.name

    @property
    def busy(self) -> bool:
        """Whether a command is still being carried out, so that the next tick should not wait for a frame.

        So should none while a live tape is not yet folded to its end.
        """
        return self._head.on_the_way or any(slot.behind for _, slot in self._slots.live())

    @property
    def resting(self) -> bool:
        """Whether nothing changes until something comes in, or a command."""
        if self.busy or any(slot.longer for _, slot in self._slots.live()):
            return False
        return self._slot().live and (self._head.at_front or self._head.paused)

    def scout(self) -> bool:
        """Fold a little ahead, a re-run and the shown symbol first; return whether there is more to do."""
        return self._work_again() or self._slots.scout(self._source, self._symbol)

    def _work_again(self) -> bool:
        """Fold a little of the re-run; return whether there was something to do."""
        if self._rerun is None or self._rerun[1].done:
            return False
        try:
            self._rerun[1].work(SCOUT_EVENTS)
        except SpymonError as error:
            self._note, self._rerun = str(error), None
        return True

    # --- what is seen -----------------------------------------------------------------------------

    def view(self, wall_ns: int) -> View:
        """Return the view at the playhead; the same one as before when nothing has changed."""
        slot, head = self._slot(), self._head
        notes = (*self._notes(), *slot.timeline.tape.info.notes)
        generation, pace = self._generation + head.jumps, head.events_per_s(wall_ns)
        what = (
            generation, slot.timeline.clock, slot.timeline.events, slot.timeline.loaded,
            head.paused, head.speed, notes, pace, slot.badge, slot.link, len(slot.timeline.contracts),
        )  # fmt: skip
        if self._shown is not None and self._shown[0] == what:
            return self._shown[1]
        self._version += 1
        playing = PlaybackState(
            generation=generation,
            version=self._version,
            source=self._source.name,
            symbols=self._source.symbols,
            badge=slot.badge,
            paused=head.paused,
            speed=head.speed,
            events_per_s=pace,
            notes=notes,
            live_ns=slot.live_ns,
            lag=slot.lag,
            link=slot.link,
        )
        view = slot.view(playing, self._expiry, self._stance)
        self._shown = what, view
        return view

    def detail(self, cid: int) -> Detail:
        """Return one contract of the shown symbol in full; NoDataError for an id nobody listed."""
        slot = self._slot()
        if not 1 <= cid <= len(slot.timeline.contracts):
            raise NoDataError(f"{self._symbol} has no contract with the id {cid}.")
        return slot.projector.detail(cid)

    def answer(self, query: Query[T]) -> T:
        """Return the answer to a query about the shown symbol, at its playhead."""
        key, rerun = self._rerun or (None, None)
        ours = rerun if key == self._key else None
        return answer(self._slot(), AnswerContext(self._stance, self._expiry, ours), query)

    def links(self) -> dict[str, Link]:
        """Return what each live source says of its connection, by its name; any thread may ask."""
        return {name: slot.link for (name, _), slot in self._slots.live() if slot.link is not None}

    def counts(self) -> Counts:
        """Return what has been folded of the shown symbol."""
        slot = self._slot()
        return slot.projector.counts(slot.link)

    def _notes(self) -> Iterator[str]:
        """Yield what the last command came to, what is under way, and what could not be opened."""
        if self._note:
            yield self._note
        if self._head.errand:
            yield self._head.errand
        if self._rerun is not None and not self._rerun[1].done:
            yield f"Running again with {', '.join(self._rerun[1].settings)}: {self._rerun[1].progress:.0%} …"
        slot = self._slot()
        if slot.link is not None and slot.link.note:
            yield slot.link.note
        if slot.live and slot.behind:
            yield f"Catching up with now: {min(slot.followed, 0.99):.0%} …"
        if slot.relisted < 1:
            yield f"More contracts are listed: folding the day again, {slot.relisted:.0%} …"
        yield from self._slots.refusals(self._source)
        if slot.rules:
            yield from slot.rules.notes
        yield from self._params.notes

    @property
    def _key(self) -> Key:
        return self._source.name, self._symbol

    def _slot(self) -> SymbolDay:
        return self._slots.open(self._key)


def span_text(ns: int) -> str:
    """Write a length of time, `12 s`, `3 min 12 s` or `1 h 4 min`; what is left over is cut."""
    minutes, seconds = divmod(ns // NS, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
