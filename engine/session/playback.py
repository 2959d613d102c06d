"""The playhead: where a screen stands on the tape that is shown, where it is going, and how fast it plays.

Owns the replay clock, seeks and the look for signals, and the way from the front of a live day and back. It
refuses to know commands, sources, and what is chosen to be seen. Wall time is an argument.
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
    """A place on the tape of one slot, and a clock that moves it.

    A way that is long is gone in ticks (`travel`), so that views can be shown in between.

    slot       : the one that is shown; `show` changes it
    clock      : that of the replay; the front of a live day has its own
    away_since : when the front of a live day was left, wall ns; None at the front
    jumps      : grows whenever the place changes otherwise than by playing on
    """

    def __init__(self, slot: SymbolDay, speed: float, wall_ns: int) -> None:
        self.slot = slot
        self.clock = TapeClock(slot.timeline.start_ns, wall_ns, speed, paused=False)
        self.away_since: int | None = None
        self.jumps = 0
        self._target: int | None = None
        self._hunting = 0  # the direction in which a signal is looked for
        if not slot.live:
            slot.timeline.seek(slot.timeline.start_ns)
        self._rate = (wall_ns, slot.timeline.events, 0.0)

    # --- where it is ------------------------------------------------------------------------------

    @property
    def at_front(self) -> bool:
        """Whether a live day is shown as it happens."""
        return self.slot.live and not self._timeline.parted

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
        return self._hunting != 0 or self._target is not None

    @property
    def heading(self) -> int:
        """Where the playhead is going, or is."""
        return self._timeline.clock if self._target is None else self._target

    @property
    def place(self) -> int | None:
        """The place to come back to, None for the front of a live day."""
        return None if self.at_front and self._target is None else self.heading

    @property
    def errand(self) -> str:
        """What it is on the way to, as one sentence; empty when it is not."""
        if self._target is not None:
            return f"Going to {clock_text(self._target)} …"
        return "Looking for the next signal …" if self._hunting else ""

    @property
    def _timeline(self) -> Timeline:
        return self.slot.timeline

    # --- being sent -------------------------------------------------------------------------------

    def show(self, slot: SymbolDay, place: int | None, wall_ns: int) -> None:
        """Be on another tape, or the same; `place` None is where that is, or the front of a live one."""
        if self._timeline.parted:
            self._timeline.rejoin()
        self.slot = slot
        self.jumps += 1
        self.count_from(wall_ns)
        if slot.live and place is None:
            self.to_front()
        else:
            self.go(self._timeline.clock if place is None else place)

    def go(self, ts_ns: int) -> None:
        """Set out for a moment of the tape."""
        timeline = self._timeline
        if self.slot.live and ts_ns >= timeline.end_ns:
            self.to_front()  # there is nothing later than now
            return
        self._target = min(max(ts_ns, timeline.start_ns), timeline.end_ns)
        self._hunting = 0

    def step(self, ns: int) -> None:
        """Go so many ns of wall time on, but not to the front of a live day, which does not stand still."""
        speed = 1.0 if self.clock.speed == inf else self.clock.speed
        ts_ns = self.heading + int(ns * speed)
        self.go(min(ts_ns, self._timeline.end_ns - 1) if self.slot.live else ts_ns)

    def look(self, direction: int) -> None:
        """Go to a signal that is known already; else `travel` looks for it, after a seek that is pending."""
        self._hunting = 1 if direction > 0 else -1
        found = self._quarry() if self._timeline.covers(self.heading) else None
        if found is not None:
            self.go(found)

    def to_front(self) -> None:
        """Show the live day as it happens."""
        self._target, self._hunting, self.away_since = None, 0, None
        if self._timeline.parted:
            self._timeline.rejoin()
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
        self._target, self._hunting = None, 0
        self.anchor(wall_ns)
        self.hold(True, wall_ns)
        self.jumps += 1

    def anchor(self, wall_ns: int) -> None:
        """Put the clock where the playhead is."""
        self.clock = self.clock.sought(self._timeline.clock, wall_ns)

    def _settle(self, wall_ns: int) -> None:
        if self.clock.speed == inf:  # a clock at this speed does not know where the playhead is
            self.anchor(wall_ns)

    def _freeze(self, wall_ns: int) -> None:
        """Stop the screen where it is; the live day goes on without it."""
        self._timeline.part()
        self.anchor(wall_ns)
        self.hold(True, wall_ns)
        self.away_since = wall_ns if self.away_since is None else self.away_since
        self.jumps += 1

    # --- moving -----------------------------------------------------------------------------------

    def play(self, wall_ns: int) -> Iterator[Piece]:
        """Play on to the wall's moment, yielding what is news; an earlier moment of a live day is none."""
        if self.slot.live:
            self._play_behind(wall_ns)
        else:
            yield from self.slot.advance(self.clock.now(wall_ns), TICK_EVENTS)

    def _play_behind(self, wall_ns: int) -> None:
        """Play on from an earlier moment of a live day until it has caught up."""
        timeline = self._timeline
        if not timeline.parted or self.clock.paused:
            return
        for _ in timeline.advance(self.clock.now(wall_ns), TICK_EVENTS):
            pass
        if timeline.clock >= timeline.end_ns:
            self.to_front()

    def travel(self, wall_ns: int) -> str:
        """Go a little further to where it was sent; return why it could not be found, or nothing."""
        why = self._hunt(wall_ns) if self._target is None else ""
        if self._target is not None:
            self._approach(self._target, wall_ns)
        return why

    def _hunt(self, wall_ns: int) -> str:
        """Look a little further for a signal; fold ahead if none is known."""
        found = self._quarry()
        if found is None and self._hunting > 0:
            complete = self.slot.live or self._timeline.scout(SCOUT_EVENTS)
            found = self._quarry()
            if found is None and not complete:
                return ""
        if found is not None:
            self.go(found)
            return ""
        why = f"There is no {'later' if self._hunting > 0 else 'earlier'} signal."
        self._hunting = 0
        self.anchor(wall_ns)
        return why

    def _quarry(self) -> int | None:
        """Return the nearest known signal in the direction of the hunt."""
        return self.slot.signal_beside(self.heading, self._hunting)

    def _approach(self, target: int, wall_ns: int) -> None:
        """Fold ahead until the target has been seen, then go there."""
        timeline = self._timeline
        if not timeline.covers(target) and not timeline.scout(SCOUT_EVENTS):
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
