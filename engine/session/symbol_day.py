"""One symbol's day, opened: its fold at the front and at the moment that is shown, and what is seen of it.

Owns which expirations are watched, between which bounds, and how the news of a tape that is still written is
folded, whatever is shown.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from ..analytics.exposure_choice import ExposureChoice
from ..analytics.terms import Terms
from ..fold.params import FoldParams
from ..model.errors import NoDataError
from ..model.events import NS
from ..tape.link import Badge, Link
from ..tape.tape import Tape, growing
from ..tape.timeline import Timeline, TimelineParams
from ..views.projection import PlaybackState, Projector
from ..views.view import FiredSignal, SignalHistory, SignalRow, View
from .user_rules import RuleKind
from .user_rules.run import Piece, RuleRun

SCOUT_EVENTS = 32_768
"""Events folded ahead in one go: short enough that a key press waits for no more than a few ms."""

LOST = "lost"
"""The state of a connection whose source has given up."""


@dataclass(frozen=True, slots=True)
class PlayerParams:
    """How tapes are folded and shown.

    expiry  : '0dte', one expiration, or how many of the nearest
    strikes : rows each side of at-the-money
    start_ns, end_ns : what is shown of the first source's replay, ns UTC; None is the tape's own
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

    front    : its fold as far as it goes; the user's rules look there
    timeline : the same fold at the moment that is shown; only of a live day that can be another one
    live     : whether the tape is still written, or not all of it has been folded
    behind   : whether `fold_news` has more to fold
    longer   : the day as far as it is folded again, while the tape lists contracts the fold does not know
    """

    front: Timeline
    timeline: Timeline
    projector: Projector
    rules: RuleRun | None = None
    params: PlayerParams = field(default_factory=PlayerParams)
    live: bool = False
    behind: bool = False
    longer: SymbolDay | None = None

    # --- two cursors ------------------------------------------------------------------------------

    @property
    def parted(self) -> bool:
        """Whether another moment than the front is shown."""
        return self.timeline.cursor is not self.front.cursor

    def part(self) -> None:
        """Let what is shown stay where it is, while the front goes on."""
        self.timeline.cursor = self.front.cursor.copy()

    def rejoin(self) -> None:
        """Show the front again."""
        self.timeline.cursor = self.front.cursor

    def end(self) -> None:
        """Say that nothing comes any more; what is shown stays, and is what is played on."""
        self.live = False
        self.front.cursor = self.timeline.cursor

    # --- a day that goes on -----------------------------------------------------------------------

    @property
    def link(self) -> Link | None:
        """What the source says of the connection; None for a day that was never live."""
        tape = self.front.growing
        return tape.link if tape else None

    @property
    def live_ns(self) -> int | None:
        """The front of a day that goes on, ns UTC; None of any other."""
        if not self.live:
            return None
        return self.front.state_ns if self.front.is_early else self.front.end_ns

    @property
    def only_known(self) -> bool:
        """Whether all that is folded at the front was on the tape before anybody listened."""
        tape = self.front.growing
        return tape is not None and self.front.events <= tape.known

    @property
    def badge(self) -> Badge:
        """What a view of it shows first."""
        return Badge.REWIND if self.live and self.parted else self._front_badge

    @property
    def _front_badge(self) -> Badge:
        info = self.front.tape.info
        if self.link is None or (info.simulated and not self.live):
            return info.badge
        return self.link.badge if self.live or self._broke_off else Badge.REPLAY

    @property
    def _broke_off(self) -> bool:
        """Whether this is the last that a source told before it gave up."""
        lost = self.link is not None and self.link.state == LOST
        return lost and self.timeline.at_ns >= self.timeline.end_ns

    def fold_news(self, limit: int) -> tuple[list[Piece], tuple[FiredSignal, ...]]:
        """Fold what a live tape has been given, whatever is shown of it; return it and what fired.

        At most about `limit` events; what is no news is folded, and not returned.
        """
        self.front.grow()
        if self.fold_again(SCOUT_EVENTS):
            return [], ()
        front, tape = self.front, self.front.growing
        assert tape is not None, "only a tape that grows has news"
        known = tape.known - front.events
        most = min(limit, known) if known > 0 else limit
        before = front.signal_count
        pieces = list(self.advance(front.end_ns, most))
        if front.events == tape.events:  # a limit that was just met leaves the last moment open
            pieces.extend(self.advance(front.end_ns, limit))
        fired = self.fired_after(before)
        self.behind = front.events < tape.events or front.at_ns < front.end_ns
        if not front.open and not self.behind:
            self.end()
        return ([], ()) if known > 0 else (pieces, fired)

    def fold_again(self, limit: int) -> bool:
        """Fold `limit` events of the day again if more contracts are listed; return whether there is more.

        What was told already is not told again: the longer fold takes over at the very event this one is at.
        """
        if not self.front.outgrown:
            return False
        if self.longer is None or self.longer.front.outgrown:
            self.longer = at_start(self.front.tape, self.params, bounded=False)
        if not self._has_caught_up(self.longer):
            self._catch_up(self.longer, limit)
        if not self._has_caught_up(self.longer):
            return True
        self._take_over(self.longer)
        return False

    def _has_caught_up(self, longer: SymbolDay) -> bool:
        """Whether the longer fold is at the very event the front is at, and the rules have looked as far."""
        looked = not self.rules or not longer.rules or longer.rules.reached_ns >= self.rules.reached_ns
        return looked and longer.front.events >= self.front.events

    def _catch_up(self, longer: SymbolDay, limit: int) -> None:
        left, to_ns = self.front.events - longer.front.events, longer.front.end_ns
        if left <= 0 and self.rules:
            left, to_ns = limit, self.rules.reached_ns
        for _ in longer.advance(to_ns, min(limit, left)):
            pass

    def _take_over(self, longer: SymbolDay) -> None:
        """Go on with a longer table, at the front and where the screen is."""
        if longer.rules:
            longer.rules.drain()
        if self.parted:
            longer.part()
            longer.timeline.seek(self.timeline.at_ns)
        self.front, self.timeline = longer.front, longer.timeline
        self.projector, self.rules, self.longer = longer.projector, longer.rules, None

    @property
    def share_folded(self) -> float:
        """Share of a live tape that is folded at its front, 0-1."""
        tape = self.front.growing
        return self.front.events / max(tape.events, 1) if tape else 1.0

    @property
    def share_folded_again(self) -> float:
        """Share of the day that is folded again with a longer table, 0-1; 1 when nothing is to be."""
        again = self.longer
        return 1.0 if again is None else again.front.events / max(self.front.events, 1)

    # --- any day ----------------------------------------------------------------------------------

    def advance(self, to_ns: int, limit: int | None = None) -> Iterator[Piece]:
        """Fold the front on to `to_ns` as `Timeline.advance` does; the user's rules look on the way."""
        return (self.rules or self.front).advance(to_ns, limit)

    def playback(self) -> PlaybackState:
        """Return what is to be said of how it is watched, before anybody has chosen anything."""
        tape = self.front.growing
        return replace(
            PlaybackState.of(self.front.tape.info),
            badge=self.badge,
            live_ns=self.live_ns,
            lag=tape.lag() if tape and self.live else None,
            link=self.link,
        )

    def view(
        self, playback: PlaybackState, expiry: date | None = None, choice: ExposureChoice | None = None
    ) -> View:
        """Return the view of the moment that is shown, with what the user's rules have said."""
        view = self.projector.project(playback, expiry, choice)
        return self.rules.log.between(view) if self.rules else view

    def signals(self) -> SignalHistory:
        """Return the log at the moment that is shown, by whose index a view's signals are asked about."""
        log = self.projector.signals()
        return self.rules.log.merged(log, self.timeline.at_ns) if self.rules else log

    def fired_after(self, count: int) -> tuple[FiredSignal, ...]:
        """Return the signals up to the front, without the fold's first `count` and all told before."""
        info = self.front.tape.info
        badge, replayed = self._front_badge, info.simulated or not (self.live or self._broke_off)
        fired = [
            FiredSignal(info.symbol, row, badge, replayed, event, self.projector.joined_at_once(event))
            for event, row in self.projector.rows_between(count, self.front.signal_count)
        ]
        if self.rules:
            fired += [FiredSignal(info.symbol, row, badge, replayed) for row in self.rules.drain()]
            fired.sort(key=lambda each: each.row.ts_ns)
        return tuple(fired)

    def signal_beside(self, at_ns: int, direction: int) -> int | None:
        """Return the ts of the next known signal after `at_ns`, or of the last before when negative."""
        known = self.projector.signal_rows(len(self.front.signals))
        logs: list[Sequence[SignalRow]] = [known, self.rules.log.rows] if self.rules else [known]
        if direction > 0:
            later = [(log, bisect_right(log, at_ns, key=_ts)) for log in logs]
            return min((log[at].ts_ns for log, at in later if at < len(log)), default=None)
        start_ns = self.front.start_ns
        earlier = [(log, bisect_left(log, at_ns, key=_ts) - 1) for log in logs]
        found = (log[at].ts_ns for log, at in earlier if at >= 0)
        return max((ts for ts in found if ts >= start_ns), default=None)


def _ts(row: SignalRow) -> int:
    return row.ts_ns


def chosen_expiries(choice: str | int | date, day: date, listed: Sequence[date]) -> tuple[date, ...]:
    """Return the expirations that a choice of `PlayerParams.expiry` means on a day."""
    alive = [expiry for expiry in listed if expiry >= day]
    if choice == "0dte":
        choice = day
    if isinstance(choice, date):
        return (choice,) if choice in alive else ()
    return tuple(alive[: int(choice)])


def open_symbol_day(tape: Tape, params: PlayerParams, bounded: bool = True) -> SymbolDay:
    """Return a tape at its start; NoDataError when it lists nothing that was chosen.

    A tape that is still written may list nothing yet.
    """
    grows = growing(tape)
    if grows:
        grows.take()
    day = at_start(tape, params, bounded)
    day.live = day.behind = day.front.open
    if not day.projector.expiries and not day.live:
        info, listed = tape.info, tape.contracts.expiries()
        raise NoDataError(
            f"{info.symbol} lists no expiration for --expiry {params.expiry} on {info.day}; "
            f"it lists {', '.join(map(str, listed[:5])) or 'none at all'}."
        )
    return day


def at_start(tape: Tape, params: PlayerParams, bounded: bool) -> SymbolDay:
    """Return a tape with both cursors at its start; it may list nothing that was chosen."""
    expiries = chosen_expiries(params.expiry, tape.info.day, tape.contracts.expiries())
    front = open_timeline(tape, params, bounded)
    shown, terms = front.beside(), Terms(rate=params.fold.rate, dividend=params.dividend)

    def projector(timeline: Timeline) -> Projector:
        return Projector(timeline, terms, params.strikes, expiries)

    rules = RuleRun(params.rules, front, projector(front)) if params.rules else None
    return SymbolDay(front, shown, projector(shown), rules, params)


def open_timeline(tape: Tape, params: PlayerParams, bounded: bool) -> Timeline:
    """Return a tape's fold at its start; between the bounds of `params` if `bounded` and nothing is live."""
    bounded = bounded and growing(tape) is None
    start_ns, end_ns = (params.start_ns, params.end_ns) if bounded else (None, None)
    return Timeline(tape, params.fold, params.timeline, start_ns, end_ns)
