"""The deck: which tape is in, where its playhead stands, how fast it runs.

Owns the replay clock and what every command means. It is plain synchronous code for one thread: wall time is
an argument, and long work is cut into ticks so that a view can be shown in between. It refuses to know event
loops, files and screens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import inf
from typing import TypeVar

from .answers import Asked, answer
from .clock import TapeClock
from .commands import (
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
from .errors import NoDataError, SpymonError, UsageError
from .events import NS
from .market import clock_text
from .panels import Query
from .projection import Playing
from .rerun import Rerun, with_changes
from .rules.run import Piece
from .slot import SCOUT_EVENTS, DeckParams, Key, Slot, Source
from .slots import Slots
from .stance import Stance
from .symbols import ContractTable
from .timeline import NO_CHECKPOINTS, Timeline
from .view import Counts, Detail, Fired, View

T = TypeVar("T")

TICK_EVENTS = 200_000
"""Most events one tick plays; only the unlimited speed reaches it."""


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """What one tick folded: pieces of tape with the SIDE rows of their trades, and the signals fired."""

    symbol: str
    contracts: ContractTable
    pieces: tuple[Piece, ...]
    fired: tuple[Fired, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a source was left; `at_ns` None is the front of a live day, or the start of another."""

    symbol: str
    at_ns: int | None
    paused: bool


class Deck:
    """Plays the tapes of several sources; one symbol is shown at a time, and only that one plays.

    Live tapes are followed all of them, whatever is shown: what fires there is told as it happens.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        params: DeckParams,
        speed: float,
        wall_ns: int,
        symbol: str | None = None,
    ) -> None:
        self._slots = Slots(sources, params)
        self._params = params
        self._source = sources[0]
        self._symbol = symbol or sources[0].symbols[0]
        self._places: dict[str, _Place] = {}
        self._away_since: int | None = None  # when the screen left the front of a live day
        self._expiry: date | None = None
        self._stance = Stance()
        self._target: int | None = None
        self._hunting = 0  # the direction in which a signal is looked for
        self._note = ""
        self._rerun: tuple[Key, Rerun] | None = None
        self._generation = 0
        self._version = 0
        self._rate = (wall_ns, 0, 0.0)
        self._shown: tuple[tuple[object, ...], View] | None = None
        slot = self._slot()
        self._clock = TapeClock(slot.timeline.start_ns, wall_ns, speed, paused=False)
        if not slot.live:
            slot.timeline.seek(slot.timeline.start_ns)
        self._count_from(wall_ns, 0.0)
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
        match command:
            case Seek(ts_ns):
                self._go(ts_ns)
            case Skip(ns):
                self._go(self._heading() + ns)
            case Step(frames):
                self._pause(True, wall_ns)
                self._step(frames)
            case JumpSignal(direction):
                self._jump(direction)
            case SetSpeed(speed):
                self._change_speed(speed, wall_ns)
            case Pause(paused):
                self._pause(not self._paused if paused is None else paused, wall_ns)
            case SelectSymbol(symbol):
                self._show(self._source, symbol, self._place(), wall_ns)
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

    def _pause(self, paused: bool, wall_ns: int) -> None:
        if self._at_front:
            if paused:
                self._freeze(wall_ns)
            return
        self._settle(wall_ns)
        self._clock = self._clock.paused_at(wall_ns) if paused else self._clock.resumed_at(wall_ns)

    def _settle(self, wall_ns: int) -> None:
        """Put the clock where the playhead is: at the unlimited speed it does not know."""
        if self._clock.speed == inf:
            self._clock = self._clock.sought(self._slot().timeline.clock, wall_ns)

    def _heading(self) -> int:
        """Return where the playhead is going, or is."""
        return self._slot().timeline.clock if self._target is None else self._target

    def _step(self, frames: int) -> None:
        """Go some frames of tape, but not to the front of a live day, which does not stand still."""
        slot = self._slot()
        speed = 1.0 if self._clock.speed == inf else self._clock.speed
        ts_ns = self._heading() + int(frames * speed * self._params.frame_ns)
        self._go(min(ts_ns, slot.timeline.end_ns - 1) if slot.live else ts_ns)

    def _change_speed(self, speed: float, wall_ns: int) -> None:
        if self._at_front:
            raise UsageError("A live day has its own speed; go back in it, or to another day, to change it.")
        self._settle(wall_ns)
        self._clock = self._clock.with_speed(speed, wall_ns)

    def _go(self, ts_ns: int) -> None:
        timeline = self._slot().timeline
        if self._slot().live and ts_ns >= timeline.end_ns:
            self._to_front()  # there is nothing later than now
            return
        self._target = min(max(ts_ns, timeline.start_ns), timeline.end_ns)
        self._hunting = 0

    def _jump(self, direction: int) -> None:
        """Go to a signal that is known already; else the ticks look for it, after a seek that is pending."""
        self._hunting = 1 if direction > 0 else -1
        timeline = self._slot().timeline
        found = self._quarry() if timeline.covers(self._heading()) else None
        if found is not None:
            self._go(found)

    def _quarry(self) -> int | None:
        """Return the nearest known signal in the direction of the hunt."""
        return self._slot().signal_beside(self._heading(), self._hunting)

    def _choose(self, expiry: date | None) -> None:
        expiries = self._slot().projector.expiries
        if expiry is not None and expiry not in expiries:
            known = ", ".join(map(str, expiries))
            raise NoDataError(f"{self._symbol} has no strikes of {expiry} here; choose one of {known}.")
        self._expiry = expiry
        self._generation += 1

    def _stand(self, stance: Stance) -> None:
        self._stance = stance
        self._generation += 1

    def _run_again(self, settings: tuple[str, ...]) -> None:
        """Begin to fold what has been played once more with other thresholds; without any, stop."""
        self._rerun = None
        if settings:
            fold = with_changes(self._params.fold, settings)
            again = self._slots.again(self._key, replace(self._params, fold=fold, timeline=NO_CHECKPOINTS))
            self._rerun = self._key, Rerun(settings, self._slot().timeline, again)

    def _use(self, name: str, wall_ns: int) -> None:
        source = self._slots.source(name)
        if source is self._source:
            return
        self._places[self._source.name] = _Place(self._symbol, self._place(), self._clock.paused)
        there = self._places.get(name, _Place(self._symbol, None, paused=False))
        left, at_front = self._slot(), self._at_front
        symbol = there.symbol if there.symbol in source.symbols else source.symbols[0]
        self._show(source, symbol, there.at_ns, wall_ns)
        if at_front and not self._at_front:
            self._away_since = wall_ns
        if left.live or self._slot().live:
            paused_or_not = self._clock.paused_at if there.paused else self._clock.resumed_at
            self._clock = paused_or_not(wall_ns)

    def _show(self, source: Source, symbol: str, place: int | None, wall_ns: int) -> None:
        """Show a symbol of a source at a place; nothing changes if it cannot be opened.

        A place of None is where that tape is, or the front of a live one.
        """
        if symbol not in source.symbols:
            raise NoDataError(f"{symbol} is not in {source.label}; it has {', '.join(source.symbols)}.")
        slot, left = self._slots.open((source.name, symbol)), self._slot().timeline
        if left.parted:
            left.rejoin()
        self._source, self._symbol, self._expiry = source, symbol, None
        self._generation += 1
        self._count_from(wall_ns, 0.0)
        if slot.live and place is None:
            self._to_front()
        else:
            self._go(slot.timeline.clock if place is None else place)

    # --- a live day -------------------------------------------------------------------------------

    @property
    def _at_front(self) -> bool:
        """Whether a live day is shown as it happens."""
        slot = self._slot()
        return slot.live and not slot.timeline.parted

    @property
    def _paused(self) -> bool:
        return self._clock.paused and not self._at_front

    def _place(self) -> int | None:
        """Return the place to come back to, None for the front of a live day."""
        return None if self._at_front and self._target is None else self._heading()

    def _freeze(self, wall_ns: int) -> None:
        """Stop the screen where it is; the live day goes on without it."""
        timeline = self._slot().timeline
        timeline.part()
        self._clock = self._clock.sought(timeline.clock, wall_ns).paused_at(wall_ns)
        self._away_since = wall_ns if self._away_since is None else self._away_since
        self._generation += 1

    def _to_front(self) -> None:
        """Show the live day as it happens."""
        timeline = self._slot().timeline
        self._target, self._hunting, self._away_since = None, 0, None
        if timeline.parted:
            timeline.rejoin()
            self._generation += 1

    def _return(self, wall_ns: int) -> None:
        """Come back to the live day from wherever the screen is, and say how long that was."""
        since_ns = self._away_since
        if not self._slot().live:
            name = next((source for (source, _), _ in self._slots.live()), None)
            if name is None:
                raise NoDataError("Nothing here is live.")
            self._use(name, wall_ns)
        self._to_front()
        self._count_from(wall_ns, 0.0)
        if since_ns is not None:
            self._note = f"Back to now after {span_text(wall_ns - since_ns)}."

    def _follow(self, wall_ns: int) -> tuple[list[Piece], list[Fired]]:
        """Fold what has come in on every live tape; return the shown one's pieces, and what fired on any."""
        slot = self._slot()
        was_live = slot.live
        pieces, fired = self._slots.follow(TICK_EVENTS)
        if was_live and not slot.live and not slot.timeline.parted:  # the day is over
            self._clock = self._clock.sought(slot.timeline.clock, wall_ns)
        return pieces.get(self._key, []), fired

    def _play_behind(self, timeline: Timeline, wall_ns: int) -> None:
        """Play on from an earlier moment of a live day until it has caught up."""
        if not timeline.parted or self._clock.paused:
            return
        for _ in timeline.advance(self._clock.now(wall_ns), TICK_EVENTS):
            pass
        if timeline.clock >= timeline.end_ns:
            self._to_front()

    def lose(self, source: str, why: str) -> bool:
        """Note that a live source has given up; what it has told stays. Return whether it is shown."""
        self._slots.lose(source, why)
        return source == self._source.name

    # --- time -------------------------------------------------------------------------------------

    def tick(self, wall_ns: int) -> Played:
        """Play on to the wall's moment, or go on looking for where a command wants to be."""
        pieces, fired = self._follow(wall_ns)
        slot = self._slot()
        timeline = slot.timeline
        before = timeline.signal_count
        try:
            if self._on_the_way:
                self._travel(timeline, wall_ns)
                before = timeline.signal_count
            elif slot.live:
                self._play_behind(timeline, wall_ns)
            else:
                pieces.extend(slot.advance(self._clock.now(wall_ns), TICK_EVENTS))
        except SpymonError as error:
            self._halt(str(error), wall_ns)
        if not slot.live:
            fired.extend(slot.fired_after(before))
        return Played(self._symbol, timeline.contracts, tuple(pieces), tuple(fired))

    def _travel(self, timeline: Timeline, wall_ns: int) -> None:
        if self._target is None:
            self._hunt(timeline, wall_ns)
        if self._target is not None:
            self._approach(timeline, wall_ns)

    def _hunt(self, timeline: Timeline, wall_ns: int) -> None:
        """Look a little further for a signal; fold ahead if none is known."""
        found = self._quarry()
        if found is None and self._hunting > 0:
            complete = self._slot().live or timeline.scout(SCOUT_EVENTS)
            found = self._quarry()
            if found is None and not complete:
                return
        if found is not None:
            self._go(found)
            return
        self._note = f"There is no {'later' if self._hunting > 0 else 'earlier'} signal."
        self._hunting = 0
        self._clock = self._clock.sought(timeline.clock, wall_ns)

    def _halt(self, why: str, wall_ns: int) -> None:
        """Pause where the tape cannot be read on."""
        self._note, self._target, self._hunting = why, None, 0
        self._clock = self._clock.sought(self._slot().timeline.clock, wall_ns).paused_at(wall_ns)
        self._generation += 1

    def _approach(self, timeline: Timeline, wall_ns: int) -> None:
        """Fold ahead until the target has been seen, then go there."""
        assert self._target is not None
        if not timeline.covers(self._target) and not timeline.scout(SCOUT_EVENTS):
            return
        if self._at_front:
            self._freeze(wall_ns)
        timeline.seek(self._target)
        self._clock = self._clock.sought(self._target, wall_ns)
        self._target = None
        self._generation += 1
        self._count_from(wall_ns, self._rate[2])

    @property
    def busy(self) -> bool:
        """Whether a command is still being carried out, so that the next tick should not wait for a frame.

        So should none while a live tape is not yet folded to its end.
        """
        return self._on_the_way or any(slot.behind for _, slot in self._slots.live())

    @property
    def resting(self) -> bool:
        """Whether nothing changes until something comes in, or a command."""
        if self.busy or any(slot.longer for _, slot in self._slots.live()):
            return False
        return self._slot().live and (self._at_front or self._clock.paused)

    @property
    def _on_the_way(self) -> bool:
        return self._hunting != 0 or self._target is not None

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
        slot = self._slot()
        info = slot.timeline.tape.info
        notes = (*self._notes(), *info.notes)
        pace = self._events_per_s(wall_ns)
        speed = 1.0 if self._at_front else self._clock.speed
        what = (
            self._generation, slot.timeline.clock, slot.timeline.events, slot.timeline.loaded,
            self._paused, speed, notes, pace, slot.badge, slot.link, len(slot.timeline.contracts),
        )  # fmt: skip
        if self._shown is not None and self._shown[0] == what:
            return self._shown[1]
        self._version += 1
        playing = Playing(
            generation=self._generation,
            version=self._version,
            source=self._source.name,
            symbols=self._source.symbols,
            badge=slot.badge,
            paused=self._paused,
            speed=speed,
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
        return answer(self._slot(), Asked(self._stance, self._expiry, ours), query)

    def counts(self) -> Counts:
        """Return what has been folded of the shown symbol."""
        slot = self._slot()
        return slot.projector.counts(slot.link)

    def _notes(self) -> Iterator[str]:
        """Yield what the last command came to, what is under way, and what could not be opened."""
        if self._note:
            yield self._note
        if self._target is not None:
            yield f"Going to {clock_text(self._target)} …"
        elif self._hunting:
            yield "Looking for the next signal …"
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

    def _events_per_s(self, wall_ns: int) -> float:
        """Return the pace over the last second or so; a seek is not a pace."""
        since, events, _ = self._rate
        if wall_ns - since >= NS:
            self._count_from(wall_ns, (self._slot().timeline.events - events) * NS / (wall_ns - since))
        return self._rate[2]

    def _count_from(self, wall_ns: int, rate: float) -> None:
        """Begin to measure the pace anew; `rate` stands until it is known."""
        self._rate = wall_ns, self._slot().timeline.events, rate

    @property
    def _key(self) -> Key:
        return self._source.name, self._symbol

    def _slot(self) -> Slot:
        return self._slots.open(self._key)


def span_text(ns: int) -> str:
    """Write a length of time, `12 s`, `3 min 12 s` or `1 h 4 min`; what is left over is cut."""
    minutes, seconds = divmod(ns // NS, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
