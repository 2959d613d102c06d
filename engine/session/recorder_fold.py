"""One live tape folded to its end, and a snapshot every five minutes of it.

Owns when a snapshot is due.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from ..analytics.key_levels import Levels
from ..analytics.terms import Terms
from ..fold.params import FoldParams
from ..fold.state import State, new_state
from ..fold.step import step
from ..model.calendar import close_ns, settle_ns
from ..model.errors import NoDataError, StoreError
from ..model.events import NS, Events
from ..tape.live_tape import LiveTape
from ..views.levels import levels_of

SNAPSHOT_NS = 300 * NS


class RecorderFold:
    """Folds a live tape as it grows, and is its one reader.

    A snapshot is due at every five minutes from the open to the close, unless nothing came in the five
    before; what was on the tape before has had its own.

    terms     : what snapshots are measured on
    snapshots : taken so far
    note      : why the last one could not be; '' when it could
    """

    def __init__(self, tape: LiveTape, snap: Callable[[Levels], None], terms: Terms) -> None:
        self.snapshots, self.note = 0, ""
        self._tape, self._snap, self._terms = tape, snap, terms
        self._params = FoldParams().pack()
        self._state = _blank(tape)
        self._listed = len(tape.contracts)
        self._at = (0, 0)
        self._known_ns = tape.end_ns
        self._due_ns = tape.info.session.open_ns + SNAPSHOT_NS
        self._last_ns = close_ns(tape.info.underlying, tape.info.day)

    @property
    def events(self) -> int:
        """Events folded so far."""
        return int(self._state.under["events"][0])

    @property
    def gaps(self) -> int:
        """Silences of the feed so far."""
        return int(self._state.under["gaps"][0])

    def digest(self) -> str:
        """Return the state hash of what is folded."""
        return self._state.digest()

    def fold_arrivals(self) -> None:
        """Fold what has arrived."""
        tape = self._tape
        tape.take()
        if len(tape.contracts) != self._listed:
            # The fold looks at neighbouring strikes: with a longer table it begins again.
            self._state, self._at, self._listed = _blank(tape), (0, 0), len(tape.contracts)
        chunk, offset = self._at
        while chunk < len(tape.starts):
            events = tape.read(chunk)
            self._fold(events[offset:])
            self._at = chunk, len(events)
            chunk, offset = chunk + 1, 0
        if not tape.open and self._due_ns == self._last_ns:
            self._pass_due()

    def _fold(self, events: Events) -> None:
        """Fold events, and look where a snapshot is due before them."""
        while len(events):
            clock = np.maximum.accumulate(events["ts"])
            count = int(np.searchsorted(np.maximum(clock, self._clock), self._due_ns, "right"))
            if count:
                step(self._state, events[:count], self._params)
            events = events[count:]
            if len(events):
                self._pass_due()

    @property
    def _clock(self) -> int:
        return int(self._state.under["clock"][0])

    def _pass_due(self) -> None:
        """Go on from one due moment to the next; take its snapshot if there is anything new to see."""
        due, self._due_ns = self._due_ns, self._due_ns + SNAPSHOT_NS
        if self._known_ns < due <= self._last_ns and self._clock > due - SNAPSHOT_NS:
            self._take_snapshot(due)

    def _take_snapshot(self, at_ns: int) -> None:
        try:
            self._snap(levels_of(self._state, self._tape, self._terms, at_ns))
        except (NoDataError, StoreError) as error:
            self.note = str(error)
        else:
            self.snapshots, self.note = self.snapshots + 1, ""


def _blank(tape: LiveTape) -> State:
    """Return the state before the tape's first event."""
    u = tape.info.underlying
    return new_state(tape.contracts, partial(settle_ns, u), u.multiplier, tape.info.tick, u.tick_3)
