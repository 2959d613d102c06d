"""A slot: one symbol's tape, opened, with its timeline and its projector; and the slots of several sources.

Owns what a source must offer, which expirations are watched, between which bounds, and what is open. It
refuses to know what is shown and what plays it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, runtime_checkable

from .errors import NoDataError, SpymonError
from .events import NS
from .kernel.params import FoldParams
from .projection import Playing, Projector
from .rules import RuleKind
from .rules.run import Piece, RuleRun
from .stance import Stance
from .timeline import Tape, Timeline, TimelineParams
from .view import Fired, SignalLog, View

Key = tuple[str, str]
"""A source's name and a symbol."""

SCOUT_EVENTS = 32_768
"""Events folded ahead in one go: short enough that a key press waits for no more than a few ms."""


class Source(Protocol):
    """Somewhere tapes come from; `symbols` are those it can open, in the order they are shown."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def symbols(self) -> tuple[str, ...]: ...

    def open(self, symbol: str) -> Tape:
        """Return the symbol's tape; NoDataError or StoreError when there is none."""
        ...


@runtime_checkable
class LiveSource(Source, Protocol):
    """A source whose tapes are written while `run` runs; `open` returns a symbol's one `LiveTape`."""

    async def run(self, notify: Callable[[], None]) -> None:
        """Write the tapes until the day is over, then close them; SpymonError when it cannot go on.

        notify : to be called, from any thread, when there is more to read or a link has changed
        """
        ...


@dataclass(frozen=True, slots=True)
class DeckParams:
    """How tapes are folded and shown.

    expiry  : '0dte', one expiration, or how many of the nearest
    strikes : rows each side of at-the-money
    start_ns, end_ns : bounds of the first source's replay, ns UTC; None is the tape's own
    frame_ns : wall time of one frame; a step is one frame of tape
    rules    : the user's own
    notes    : sentences about the run that every view should carry
    """

    fold: FoldParams = FoldParams()
    expiry: str | int | date = 3
    strikes: int = 25
    start_ns: int | None = None
    end_ns: int | None = None
    frame_ns: int = NS // 10
    timeline: TimelineParams = TimelineParams()
    rules: tuple[RuleKind, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Slot:
    """One symbol of one source, opened."""

    timeline: Timeline
    projector: Projector
    rules: RuleRun | None = None

    def advance(self, to_ns: int, limit: int | None = None) -> Iterator[Piece]:
        """Play on to `to_ns` as `Timeline.advance` does; the user's rules look on the way."""
        return (self.rules or self.timeline).advance(to_ns, limit)

    def view(self, playing: Playing, expiry: date | None = None, stance: Stance | None = None) -> View:
        """Return the view at the playhead, with what the user's rules have said."""
        view = self.projector.project(playing, expiry, stance)
        return self.rules.log.between(view) if self.rules else view

    def signals(self) -> SignalLog:
        """Return the log at the playhead, by whose index a view's signals are asked about."""
        log = self.projector.signals()
        return self.rules.log.merged(log, self.timeline.clock) if self.rules else log

    def fired_after(self, count: int) -> tuple[Fired, ...]:
        """Return the signals up to the playhead, without the fold's first `count` and all told before."""
        info = self.timeline.tape.info
        rows = self.projector.signals()[count:]
        if self.rules:
            rows = sorted([*rows, *self.rules.drain()], key=lambda row: row.ts_ns)
        return tuple(Fired(info.symbol, row, info.badge) for row in rows)

    def signal_beside(self, clock: int, direction: int) -> int | None:
        """Return the ts of the next known signal after `clock`, or of the last before when negative."""
        logs = (self.timeline, self.rules.log) if self.rules else (self.timeline,)
        if direction > 0:
            return min((ts for log in logs if (ts := log.signal_after(clock)) is not None), default=None)
        return max((ts for log in logs if (ts := log.signal_before(clock)) is not None), default=None)


def chosen_expiries(choice: str | int | date, day: date, listed: Sequence[date]) -> tuple[date, ...]:
    """Return the expirations that a choice of `DeckParams.expiry` means on a day."""
    alive = [expiry for expiry in listed if expiry >= day]
    if choice == "0dte":
        choice = day
    if isinstance(choice, date):
        return (choice,) if choice in alive else ()
    return tuple(alive[: int(choice)])


def open_slot(tape: Tape, params: DeckParams, bounded: bool = True) -> Slot:
    """Return a tape with its playhead at the start; NoDataError when it lists nothing that was chosen."""
    info = tape.info
    listed = tape.contracts.expiries()
    expiries = chosen_expiries(params.expiry, info.day, listed)
    if not expiries:
        raise NoDataError(
            f"{info.symbol} lists no expiration for --expiry {params.expiry} on {info.day}; "
            f"it lists {', '.join(map(str, listed[:5])) or 'none at all'}."
        )
    timeline = open_timeline(tape, params, bounded)

    def projector() -> Projector:
        return Projector(timeline, params.fold, params.strikes, expiries)

    rules = RuleRun(params.rules, timeline, projector()) if params.rules else None
    return Slot(timeline, projector(), rules)


def open_timeline(tape: Tape, params: DeckParams, bounded: bool) -> Timeline:
    """Return a tape's fold at its start; between the bounds of `params` if `bounded`."""
    start_ns, end_ns = (params.start_ns, params.end_ns) if bounded else (None, None)
    return Timeline(tape, params.fold, params.timeline, start_ns, end_ns)


class Slots:
    """Slots by source and symbol, each opened once; the bounds of `params` are those of the first source."""

    def __init__(self, sources: Sequence[Source], params: DeckParams) -> None:
        self._sources = {source.name: source for source in sources}
        self._bounded = sources[0].name
        self._params = params
        self._slots: dict[Key, Slot] = {}
        self._refused: dict[Key, str] = {}

    def source(self, name: str) -> Source:
        """Return a source by its name; NoDataError when there is none."""
        if name not in self._sources:
            raise NoDataError(f"There is no source called {name}; choose one of {', '.join(self._sources)}.")
        return self._sources[name]

    def open(self, key: Key) -> Slot:
        """Return a tape, opened now if it was not before; raises what its source raises."""
        if key not in self._slots:
            name, symbol = key
            tape = self._sources[name].open(symbol)
            self._slots[key] = open_slot(tape, self._params, bounded=name == self._bounded)
            self._refused.pop(key, None)
        return self._slots[key]

    def again(self, key: Key, params: DeckParams) -> Timeline:
        """Return another fold of an open tape, between the same bounds, at its start."""
        return open_timeline(self.open(key).timeline.tape, params, bounded=key[0] == self._bounded)

    def scout(self, source: Source, first: str) -> bool:
        """Fold a source's tapes a little ahead, `first` before the others; return whether there is more.

        A symbol that cannot be opened or read is left alone from then on.
        """
        for symbol in (first, *source.symbols):
            key = source.name, symbol
            try:
                if key not in self._refused and not self.open(key).timeline.scout(SCOUT_EVENTS):
                    return True
            except SpymonError as error:
                self._refused[key] = str(error)
        return False

    def refusals(self, source: Source) -> list[str]:
        """Return a sentence for each symbol of a source that cannot be had."""
        return [why for (name, _), why in self._refused.items() if name == source.name]
