"""A slot: one symbol's tape, opened, with its timeline and its projector.

Owns what a source must offer, which expirations are watched and between which bounds. It refuses to know
what plays it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from .errors import NoDataError
from .events import NS
from .kernel.params import FoldParams
from .projection import Playing, Projector
from .rules import RuleKind
from .rules.run import Piece, RuleRun
from .stance import Stance
from .timeline import Tape, Timeline, TimelineParams
from .view import Fired, SignalLog, View


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
