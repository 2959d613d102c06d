"""A slot: one symbol's tape, opened, with its timeline and its projector.

Owns what a source must offer, which expirations are watched, between which bounds, and how a tape that is
still written is followed. It refuses to know what is shown and what plays it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol, runtime_checkable

from ..analytics.exposure_choice import ExposureChoice
from ..analytics.terms import Terms
from ..fold.params import FoldParams
from ..model.errors import NoDataError
from ..model.events import NS
from ..tape.link import Badge, Lag, Link
from ..tape.live_tape import LiveTape
from ..tape.tape import Tape
from ..tape.timeline import Timeline, TimelineParams
from ..views.projection import PlaybackState, Projector
from ..views.view import FiredSignal, SignalHistory, View
from .user_rules import RuleKind
from .user_rules.run import Piece, RuleRun

Key = tuple[str, str]
"""A source's name and a symbol."""

SCOUT_EVENTS = 32_768
"""Events folded ahead in one go: short enough that a key press waits for no more than a few ms."""

LOST = "lost"
"""The state of a connection whose source has given up."""


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
class PlayerParams:
    """How tapes are folded and shown.

    expiry  : '0dte', one expiration, or how many of the nearest
    strikes : rows each side of at-the-money
    start_ns, end_ns : bounds of the first source's replay, ns UTC; None is the tape's own
    dividend : yearly yield somebody has set; None takes each settlement's forward from put-call parity
    frame_ns : wall time of one frame; a step is one frame of tape
    rules    : the user's own
    notes    : sentences about the run that every view should carry
    """

    fold: FoldParams = FoldParams()
    dividend: float | None = None
    expiry: str | int | date = 3
    strikes: int = 25
    start_ns: int | None = None
    end_ns: int | None = None
    frame_ns: int = NS // 10
    timeline: TimelineParams = TimelineParams()
    rules: tuple[RuleKind, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class SymbolDay:
    """One symbol of one source, opened.

    live   : whether the tape is still written, or not all of it has been followed
    behind : whether `follow` has more to fold
    longer : the day as far as it is folded again, while the tape lists contracts the timeline does not know
    """

    timeline: Timeline
    projector: Projector
    rules: RuleRun | None = None
    params: PlayerParams = field(default_factory=PlayerParams)
    live: bool = False
    behind: bool = False
    longer: SymbolDay | None = None

    # --- a day that goes on -----------------------------------------------------------------------

    @property
    def link(self) -> Link | None:
        """What the source says of the connection; None for a day that was never live."""
        tape = self.timeline.tape
        return tape.link if isinstance(tape, LiveTape) else None

    @property
    def lag(self) -> Lag | None:
        """How late the last events of a day that goes on came."""
        tape = self.timeline.tape
        return tape.lag() if self.live and isinstance(tape, LiveTape) else None

    @property
    def live_ns(self) -> int | None:
        """The front of a day that goes on, ns UTC; None of any other."""
        return self.timeline.front_ns if self.live else None

    @property
    def only_known(self) -> bool:
        """Whether all that is folded at the front was on the tape before anybody listened."""
        tape = self.timeline.tape
        return isinstance(tape, LiveTape) and self.timeline.front_events <= tape.known

    @property
    def badge(self) -> Badge:
        """What a view of the playhead shows first."""
        if self.live and self.timeline.parted:
            return Badge.REWIND
        return self._front_badge

    @property
    def _front_badge(self) -> Badge:
        info = self.timeline.tape.info
        if self.link is None or (info.simulated and not self.live):
            return info.badge
        return self.link.badge if self.live or self._broke_off else Badge.REPLAY

    @property
    def _broke_off(self) -> bool:
        """Whether this is the last that a source told before it gave up."""
        lost = self.link is not None and self.link.state == LOST
        return lost and self.timeline.clock >= self.timeline.end_ns

    def follow(self, limit: int) -> tuple[list[Piece], tuple[FiredSignal, ...]]:
        """Fold what a live tape has been given, wherever the screen looks; return it and what fired.

        At most about `limit` events; what is no news is folded, and not returned.
        """
        timeline = self.timeline
        timeline.grow()
        if self.relist(SCOUT_EVENTS):
            return [], ()
        timeline, rewound = self.timeline, self.timeline.parted
        if rewound:
            timeline.exchange()
        try:
            return self._followed(limit)
        finally:
            if rewound:
                timeline.exchange()

    def _followed(self, limit: int) -> tuple[list[Piece], tuple[FiredSignal, ...]]:
        timeline = self.timeline
        assert isinstance(timeline.tape, LiveTape), "only live tapes are followed"
        known = timeline.tape.known - timeline.events
        most = min(limit, known) if known > 0 else limit
        before = timeline.signal_count
        pieces = list(self.advance(timeline.end_ns, most))
        if timeline.events == timeline.tape.events:  # a limit that was just met leaves the last moment open
            pieces.extend(self.advance(timeline.end_ns, limit))
        fired = self.fired_after(before)
        self.behind = timeline.events < timeline.tape.events or timeline.clock < timeline.end_ns
        self.live = timeline.open or self.behind
        return ([], ()) if known > 0 else (pieces, fired)

    def relist(self, limit: int) -> bool:
        """Fold `limit` events of the day again if more contracts are listed; return whether there is more.

        What was told already is not told again: the longer fold takes over at the very event this one is at.
        """
        if not self.timeline.outgrown:
            return False
        if self.longer is None or self.longer.timeline.outgrown:
            self.longer = laid_out(self.timeline.tape, self.params, bounded=False)
        if not self._has_caught_up(self.longer):
            self._catch_up(self.longer, limit)
        if not self._has_caught_up(self.longer):
            return True
        self._take_over(self.longer)
        return False

    def _has_caught_up(self, longer: SymbolDay) -> bool:
        """Whether the longer fold is at the very event the front is at, and the rules have looked as far."""
        looked = not self.rules or not longer.rules or longer.rules.reached_ns >= self.rules.reached_ns
        return looked and longer.timeline.events >= self.timeline.front_events

    def _catch_up(self, longer: SymbolDay, limit: int) -> None:
        left, to_ns = self.timeline.front_events - longer.timeline.events, longer.timeline.end_ns
        if left <= 0 and self.rules:
            left, to_ns = limit, self.rules.reached_ns
        for _ in longer.advance(to_ns, min(limit, left)):
            pass

    def _take_over(self, longer: SymbolDay) -> None:
        """Go on with a longer table, at the front and where the screen is."""
        if longer.rules:
            longer.rules.drain()
        if self.timeline.parted:
            longer.timeline.part()
            longer.timeline.seek(self.timeline.clock)
        self.timeline, self.projector, self.rules = longer.timeline, longer.projector, longer.rules
        self.longer = None

    @property
    def followed(self) -> float:
        """Share of a live tape that is folded at its front, 0-1."""
        tape = self.timeline.tape
        return self.timeline.front_events / max(tape.events, 1) if isinstance(tape, LiveTape) else 1.0

    @property
    def relisted(self) -> float:
        """Share of the day that is folded again with a longer table, 0-1; 1 when nothing is to be."""
        again = self.longer
        return 1.0 if again is None else again.timeline.events / max(self.timeline.front_events, 1)

    # --- any day ----------------------------------------------------------------------------------

    def advance(self, to_ns: int, limit: int | None = None) -> Iterator[Piece]:
        """Play on to `to_ns` as `Timeline.advance` does; the user's rules look on the way."""
        return (self.rules or self.timeline).advance(to_ns, limit)

    def view(
        self, playing: PlaybackState, expiry: date | None = None, stance: ExposureChoice | None = None
    ) -> View:
        """Return the view at the playhead, with what the user's rules have said."""
        view = self.projector.project(playing, expiry, stance)
        return self.rules.log.between(view) if self.rules else view

    def signals(self) -> SignalHistory:
        """Return the log at the playhead, by whose index a view's signals are asked about."""
        log = self.projector.signals()
        return self.rules.log.merged(log, self.timeline.clock) if self.rules else log

    def fired_after(self, count: int) -> tuple[FiredSignal, ...]:
        """Return the signals up to the playhead, without the fold's first `count` and all told before."""
        info = self.timeline.tape.info
        rows = self.projector.signal_rows()[count:]
        if self.rules:
            rows = sorted([*rows, *self.rules.drain()], key=lambda row: row.ts_ns)
        badge, replayed = self._front_badge, info.simulated or not (self.live or self._broke_off)
        return tuple(FiredSignal(info.symbol, row, badge, replayed) for row in rows)

    def signal_beside(self, clock: int, direction: int) -> int | None:
        """Return the ts of the next known signal after `clock`, or of the last before when negative."""
        logs = (self.timeline, self.rules.log) if self.rules else (self.timeline,)
        if direction > 0:
            return min((ts for log in logs if (ts := log.signal_after(clock)) is not None), default=None)
        return max((ts for log in logs if (ts := log.signal_before(clock)) is not None), default=None)


def chosen_expiries(choice: str | int | date, day: date, listed: Sequence[date]) -> tuple[date, ...]:
    """Return the expirations that a choice of `PlayerParams.expiry` means on a day."""
    alive = [expiry for expiry in listed if expiry >= day]
    if choice == "0dte":
        choice = day
    if isinstance(choice, date):
        return (choice,) if choice in alive else ()
    return tuple(alive[: int(choice)])


def open_slot(tape: Tape, params: PlayerParams, bounded: bool = True) -> SymbolDay:
    """Return a tape with its playhead at the start; NoDataError when it lists nothing that was chosen.

    A tape that is still written may list nothing yet.
    """
    if isinstance(tape, LiveTape):
        tape.take()
    slot = laid_out(tape, params, bounded)
    slot.live = slot.behind = slot.timeline.open
    if not slot.projector.expiries and not slot.live:
        info, listed = tape.info, tape.contracts.expiries()
        raise NoDataError(
            f"{info.symbol} lists no expiration for --expiry {params.expiry} on {info.day}; "
            f"it lists {', '.join(map(str, listed[:5])) or 'none at all'}."
        )
    return slot


def laid_out(tape: Tape, params: PlayerParams, bounded: bool) -> SymbolDay:
    """Return a tape with its playhead at the start; it may list nothing that was chosen."""
    expiries = chosen_expiries(params.expiry, tape.info.day, tape.contracts.expiries())
    timeline = open_timeline(tape, params, bounded)
    terms = Terms(rate=params.fold.rate, dividend=params.dividend)

    def projector() -> Projector:
        return Projector(timeline, terms, params.strikes, expiries)

    rules = RuleRun(params.rules, timeline, projector()) if params.rules else None
    return SymbolDay(timeline, projector(), rules, params)


def open_timeline(tape: Tape, params: PlayerParams, bounded: bool) -> Timeline:
    """Return a tape's fold at its start; between the bounds of `params` if `bounded` and nothing is live."""
    bounded = bounded and not isinstance(tape, LiveTape)
    start_ns, end_ns = (params.start_ns, params.end_ns) if bounded else (None, None)
    return Timeline(tape, params.fold, params.timeline, start_ns, end_ns)
