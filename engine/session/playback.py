"""The playhead: where a screen stands on the tape that is shown, where it is going, and how fast it plays.

Owns the replay clock, seeks and the search for signals, and the way from the front of a live day and back.
Wall time is an argument.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from ..model.calendar import clock_text
from ..model.errors import UsageError
from ..model.events import NS
from ..tape.replay_clock import TapeClock
from ..tape.timeline import Timeline
from .symbol_day import SCOUT_EVENTS, SymbolDay
from .user_rules.run import Piece

TICK_EVENTS = 200_000
"""Most events one tick plays; only the unlimited speed reaches it."""


class Playhead:
    """A moment of the day that is shown, and a clock that moves it.

    A long way is gone in ticks (`travel`), so that views can be shown in between.

    symbol_day    : the day that is shown; `show` changes it
    clock         : that of the replay; the front of a live day has its own
    away_since_ns : when the front of a live day was left, wall ns; None at the front
    jumps         : grows whenever the moment changes otherwise than by playing on
    """

    def __init__(self, symbol_day: SymbolDay, speed: float, wall_ns: int) -> None:
        self.symbol_day = symbol_day
        self.clock = TapeClock(symbol_day.timeline.start_ns, wall_ns, speed, paused=False)
        self.away_since_ns: int | None = None
        self.jumps = 0
        self._target: int | None = None
        self._direction = 0  # in which a signal is searched for; 0 when none is
        if not symbol_day.live:
            self._begin(symbol_day.timeline)
        self._rate = (wall_ns, symbol_day.timeline.events, 0.0)

    def _begin(self, timeline: Timeline) -> None:
        """Stand where the replay begins; the way there from the open is gone in ticks."""
        if timeline.log.covers(timeline.start_ns):
            timeline.seek(timeline.start_ns)
        else:
            self.go(timeline.start_ns)

    # --- where it is ------------------------------------------------------------------------------

    @property
    def at_front(self) -> bool:
        """Whether a live day is shown as it happens."""
        return self.symbol_day.live and not self.symbol_day.parted

    @property
    def paused(self) -> bool:
        """Whether the tape stands still; the front of a live day does not."""
        return self.clock.paused and not self.at_front

    @property
    def speed(self) -> float:
        """How fast it plays, tape seconds per wall second."""
        return 1.0 if self.at_front else self.clock.speed

    @property
    def on_the_way(self) -> bool:
        """Whether `travel` has more to do."""
        return self._direction != 0 or self._target is not None

    @property
    def target_ns(self) -> int:
        """The moment the playhead is going to, or stands at."""
        return self._timeline.at_ns if self._target is None else self._target

    @property
    def return_ns(self) -> int | None:
        """The moment to come back to, None for the front of a live day."""
        return None if self.at_front and self._target is None else self.target_ns

    @property
    def under_way(self) -> str:
        """What it is on the way to, as one sentence; empty when it stands where it was sent."""
        if self._target is not None:
            return f"Going to {clock_text(self._target)} …"
        return "Looking for the next signal …" if self._direction else ""

    @property
    def _timeline(self) -> Timeline:
        return self.symbol_day.timeline

    # --- being sent -------------------------------------------------------------------------------

    def show(self, symbol_day: SymbolDay, at_ns: int | None, wall_ns: int) -> None:
        """Be on another day, or the same; `at_ns` None is where that stands, or the front of a live one."""
        self.symbol_day.rejoin()
        self.symbol_day = symbol_day
        self.jumps += 1
        self.count_from(wall_ns)
        if symbol_day.live and at_ns is None:
            self.to_front()
        else:
            self.go(self._timeline.at_ns if at_ns is None else at_ns)

    def go(self, ts_ns: int) -> None:
        """Set out for a moment of the tape."""
        timeline = self._timeline
        if self.symbol_day.live and ts_ns >= timeline.end_ns:
            self.to_front()  # there is nothing later than now
            return
        self._target = min(max(ts_ns, timeline.start_ns), timeline.end_ns)
        self._direction = 0

    def step(self, ns: int) -> None:
        """Go so many ns of wall time on, but not to the front of a live day, which does not stand still."""
        speed = 1.0 if self.clock.speed == inf else self.clock.speed
        ts_ns = self.target_ns + int(ns * speed)
        self.go(min(ts_ns, self._timeline.end_ns - 1) if self.symbol_day.live else ts_ns)

    def search(self, direction: int) -> None:
        """Go to a signal that is known already; else `travel` searches for one, after a pending seek."""
        self._direction = 1 if direction > 0 else -1
        found = self._nearest_signal() if self._timeline.log.covers(self.target_ns) else None
        if found is not None:
            self.go(found)

    def to_front(self) -> None:
        """Show the live day as it happens."""
        self._target, self._direction, self.away_since_ns = None, 0, None
        if self.symbol_day.parted:
            self.symbol_day.rejoin()
            self.jumps += 1

    def pause(self, paused: bool, wall_ns: int) -> None:
        """Stop or play on; to stop at the front of a live day is to leave it."""
        if not self.at_front:
            self._settle(wall_ns)
            self.hold(paused, wall_ns)
        elif paused:
            self._freeze(wall_ns)

    def change_speed(self, speed: float, wall_ns: int) -> None:
        """Play at another speed; UsageError at the front of a live day."""
        if self.at_front:
            raise UsageError("A live day has its own speed; go back in it, or to another day, to change it.")
        self._settle(wall_ns)
        self.clock = self.clock.with_speed(speed, wall_ns)

    def hold(self, paused: bool, wall_ns: int) -> None:
        """Stop the clock or let it go on, wherever the screen is."""
        self.clock = self.clock.paused_at(wall_ns) if paused else self.clock.resumed_at(wall_ns)

    def halt(self, wall_ns: int) -> None:
        """Pause where the tape cannot be read on, and forget where it was going."""
        self._target, self._direction = None, 0
        self.anchor(wall_ns)
        self.hold(True, wall_ns)
        self.jumps += 1

    def anchor(self, wall_ns: int) -> None:
        """Set the clock to where the playhead stands."""
        self.clock = self.clock.sought(self._timeline.at_ns, wall_ns)

    def _settle(self, wall_ns: int) -> None:
        if self.clock.speed == inf:  # a clock at this speed does not know where the playhead is
            self.anchor(wall_ns)

    def _freeze(self, wall_ns: int) -> None:
        """Stop the screen where it is; the live day goes on without it."""
        self.symbol_day.part()
        self.anchor(wall_ns)
        self.hold(True, wall_ns)
        self.away_since_ns = wall_ns if self.away_since_ns is None else self.away_since_ns
        self.jumps += 1

    # --- moving -----------------------------------------------------------------------------------

    def play(self, wall_ns: int) -> Iterator[Piece]:
        """Play on to the wall's moment, yielding what is news; an earlier moment of a live day is none."""
        if self.symbol_day.live:
            self._play_behind(wall_ns)
        else:
            yield from self.symbol_day.advance(self.clock.now(wall_ns), TICK_EVENTS)

    def _play_behind(self, wall_ns: int) -> None:
        """Play on from an earlier moment of a live day until it has caught up."""
        timeline = self._timeline
        if not self.symbol_day.parted or self.clock.paused:
            return
        for _ in timeline.advance(self.clock.now(wall_ns), TICK_EVENTS):
            pass
        if timeline.at_ns >= timeline.end_ns:
            self.to_front()

    def travel(self, wall_ns: int) -> str:
        """Go a little further to where it was sent; return why it could not be found, or nothing."""
        why = self._search_on(wall_ns) if self._target is None else ""
        if self._target is not None:
            self._approach(self._target, wall_ns)
        return why

    def _search_on(self, wall_ns: int) -> str:
        """Search a little further for a signal; fold ahead if none is known."""
        found = self._nearest_signal()
        if found is None and self._direction > 0:
            complete = self.symbol_day.live or self._timeline.scout(SCOUT_EVENTS)
            found = self._nearest_signal()
            if found is None and not complete:
                return ""
        if found is not None:
            self.go(found)
            return ""
        why = f"There is no {'later' if self._direction > 0 else 'earlier'} signal."
        self._direction = 0
        self.anchor(wall_ns)
        return why

    def _nearest_signal(self) -> int | None:
        """Return the ts of the nearest known signal in the direction of the search."""
        return self.symbol_day.signal_beside(self.target_ns, self._direction)

    def _approach(self, target: int, wall_ns: int) -> None:
        """Fold ahead until the target has been seen, then go there."""
        timeline = self._timeline
        if not timeline.log.covers(target) and not timeline.scout(SCOUT_EVENTS):
            return
        if self.at_front:
            self._freeze(wall_ns)
        timeline.seek(target)
        self.clock = self.clock.sought(target, wall_ns)
        self._target = None
        self.jumps += 1
        self.count_from(wall_ns, self._rate[2])

    # --- its pace ---------------------------------------------------------------------------------

    def events_per_s(self, wall_ns: int) -> float:
        """Return the pace over the last second or so; a seek is not a pace."""
        since, events, _ = self._rate
        if wall_ns - since >= NS:
            self.count_from(wall_ns, (self._timeline.events - events) * NS / (wall_ns - since))
        return self._rate[2]

    def count_from(self, wall_ns: int, rate: float = 0.0) -> None:
        """Begin to measure the pace anew; `rate` stands until it is known."""
        self._rate = wall_ns, self._timeline.events, rate
