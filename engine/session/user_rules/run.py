"""When users' rules look: at fixed moments of tape, while it is played, however it is cut into frames.

A rule sees what is played and nothing else: a jump over tape is not looked at, and going back and playing on
gives what playing on would have given. For that each stretch that was played without a jump keeps its own
rules, with what they remember.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ...model.events import EVENT, Events
from ...tape.timeline import Timeline
from ...views.projection import PlaybackState, Projector
from ...views.view import SignalRow, View
from . import PREFIX, Rule, RuleKind, judge
from .log import RuleLog

LOOKS_AT_ONCE = 32
"""Most looks of one advance that may stop early: a key must not wait for a whole day of them."""

Piece = tuple[Events, NDArray[np.void]]


@dataclass(slots=True)
class _Seat:
    """One rule and what it has yet to see: `seen_ns` is its last look, or where its stretch began."""

    kind: RuleKind
    rule: Rule
    seen_ns: int
    pending: list[Events] = field(default_factory=list)

    def due_ns(self, open_ns: int) -> int:
        """Return the moment of the next look."""
        every = self.kind.every_ns
        return open_ns + ((self.seen_ns - open_ns) // every + 1) * every

    def batch(self) -> Events:
        """Return what was played since the last look, as a copy nobody can write to."""
        events = np.concatenate([np.zeros(0, EVENT), *self.pending])
        events.flags.writeable = False
        return events

    def cut(self, at_ns: int) -> None:
        """Forget what was played after `at_ns`: it comes again."""
        events = self.batch()
        self.pending = [events[: np.searchsorted(np.maximum.accumulate(events["ts"]), at_ns, side="right")]]


@dataclass(slots=True)
class _Stretch:
    """Tape that was played without a jump."""

    start_ns: int
    reach_ns: int
    seats: list[_Seat]


class RuleRun:
    """The rules of one symbol; advances its timeline in place of whoever plays it.

    notes : one sentence per rule that was switched off
    log   : what the rules have said
    """

    def __init__(self, kinds: Sequence[RuleKind], timeline: Timeline, projector: Projector) -> None:
        self.names = tuple(PREFIX + kind.name for kind in kinds)
        self.notes: list[str] = []
        self.log = RuleLog()
        self._kinds = list(kinds)
        self._timeline = timeline
        self._projector = projector  # of its own: which strike is at the money depends on who looked when
        self._open_ns = timeline.tape.info.session.open_ns
        self._stretches: list[_Stretch] = []
        self._here: _Stretch | None = None
        self._reached_ns = self._left_ns = timeline.at_ns
        self._fresh: list[SignalRow] = []

    def advance(self, to_ns: int, limit: int | None = None) -> Iterator[Piece]:
        """Fold forward as `Timeline.advance` does, and let the rules look on the way.

        With a limit it also stops early after `LOOKS_AT_ONCE` looks.
        """
        timeline = self._timeline
        left, looks = limit, 0
        if self._here is None or timeline.at_ns != self._left_ns:
            for events, sides in timeline.advance(timeline.at_ns, left):  # before a start nothing is played
                left = None if left is None else left - len(events)
                yield events, sides
            if left is not None and left <= 0:
                return
            self._land(timeline.at_ns)
        to_ns = min(to_ns, timeline.end_ns)
        settled_ns = min(to_ns, timeline.settled_ns)
        while left is None or (left > 0 and looks < LOOKS_AT_ONCE):
            stop = min(to_ns, self._next_stop())
            takers = [seat for seat in self._seats if seat.seen_ns <= self._reached_ns]
            for events, sides in timeline.advance(stop, left):
                for seat in takers:
                    seat.pending.append(events)
                left = None if left is None else left - len(events)
                yield events, sides
            self._arrive(cut_short=left is not None and left <= 0)
            looks += self._look()
            if self._reached_ns >= settled_ns:
                return

    def drain(self) -> list[SignalRow]:
        """Return the rows that came since the last call."""
        fresh, self._fresh = self._fresh, []
        return fresh

    @property
    def reached_ns(self) -> int:
        """The last moment at which every rule has looked that was to."""
        return self._reached_ns

    # --- where it is ------------------------------------------------------------------------------

    @property
    def _seats(self) -> list[_Seat]:
        assert self._here is not None, "advance lands before anything is played"
        return self._here.seats

    def _land(self, at_ns: int) -> None:
        """Begin where a jump came down: in a stretch that was played already, or in a new one."""
        self._reached_ns = self._left_ns = at_ns
        self._stretches = [known for known in self._stretches if known.reach_ns > known.start_ns]
        for known in self._stretches:
            if known.start_ns <= at_ns <= known.reach_ns:
                self._enter(known)
                return
        seats = [seat for kind in self._kinds if (seat := self._make(kind, at_ns)) is not None]
        self._here = _Stretch(at_ns, at_ns, seats)
        insort(self._stretches, self._here, key=lambda stretch: stretch.start_ns)

    def _enter(self, stretch: _Stretch) -> None:
        self._here = stretch
        for seat in stretch.seats:
            seat.cut(self._reached_ns)

    def _make(self, kind: RuleKind, at_ns: int) -> _Seat | None:
        try:
            return _Seat(kind, kind.make(), at_ns)
        except (Exception, SystemExit) as error:
            self._switch_off(kind, error)
            return None

    def _next_stop(self) -> int:
        """Return the next moment at which a rule looks, begins to take in, or at which a stretch begins."""
        at = self._reached_ns
        stops = [s.seen_ns if at < s.seen_ns else s.due_ns(self._open_ns) for s in self._seats]
        stops += [known.start_ns for known in self._stretches if known.start_ns > at]
        return min(stops, default=self._timeline.end_ns)

    def _arrive(self, cut_short: bool) -> None:
        """Note how far the tape is folded.

        After a limit, and at the front of an open tape, there may be more events of the same moment.
        """
        assert self._here is not None
        self._left_ns = self._timeline.at_ns
        self._reached_ns = min(self._left_ns - cut_short, self._timeline.settled_ns)
        self._here.reach_ns = max(self._here.reach_ns, self._reached_ns)

    # --- looking ----------------------------------------------------------------------------------

    def _look(self) -> int:
        """Let every rule look that is due; return how many did. Then enter a stretch that begins here."""
        due = [seat for seat in self._seats if seat.due_ns(self._open_ns) <= self._reached_ns]
        view = self._view() if due else None
        for seat in due:
            assert view is not None
            batch = seat.batch()
            seat.pending, seat.seen_ns = [], self._reached_ns
            self._hear(seat, view, batch)
        next_here = [s for s in self._stretches if s is not self._here and s.start_ns == self._reached_ns]
        if next_here:
            self._enter(next_here[0])
        return len(due)

    def _hear(self, seat: _Seat, view: View, batch: Events) -> None:
        timeline = self._timeline
        try:
            rows = judge.look(seat.rule, seat.kind, view, batch, timeline.contracts, timeline.state)
        except (Exception, SystemExit) as error:
            self._switch_off(seat.kind, error)
            return
        rows = [row for row in rows if self._projector.watches(row.contract)]
        self.log.add(rows)
        self._fresh += rows

    def _switch_off(self, kind: RuleKind, error: BaseException) -> None:
        symbol = self._timeline.tape.info.symbol
        self.notes.append(f"The rule {kind.name} is switched off for {symbol}: {judge.fault_of(error)}.")
        self._kinds = [other for other in self._kinds if other is not kind]
        for stretch in self._stretches:
            stretch.seats = [seat for seat in stretch.seats if seat.kind is not kind]

    def _view(self) -> View:
        """Return the view of this moment; nothing in it depends on the person or on the machine."""
        view = self._projector.project(PlaybackState.of(self._timeline.tape.info))
        return replace(view, loaded=(view.tape_ns - view.start_ns) / max(view.end_ns - view.start_ns, 1))
