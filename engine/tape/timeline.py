"""Time travel: the fold of a tape at any moment, from checkpoints of the states it came to."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..fold.params import FoldParams
from ..fold.records import SIDE
from ..fold.state import State
from ..model.events import EVENT, NS, Events
from .cursor import RECENT_NS, Cursor
from .fold_log import FoldLog
from .tape import GrowingTape, Tape


@dataclass(frozen=True, slots=True)
class TimelineParams:
    """Where checkpoints stand and how much memory they may take.

    spacing_ns     : tape time between two checkpoints, at least
    spacing_events : events between two checkpoints, at least
    budget_bytes   : above it every second checkpoint is dropped and both spacings double
    cached_chunks  : chunks of tape kept at hand
    """

    spacing_ns: int = 60 * NS
    spacing_events: int = 16_384
    budget_bytes: int = 32 << 20
    cached_chunks: int = 2


NO_CHECKPOINTS = TimelineParams(spacing_ns=2**62)
"""For a tape that is folded once, from its start to its end."""


class Timeline:
    """One symbol's fold over its tape, seen from a cursor that goes anywhere between two bounds.

    Folding ahead of the cursor (`scout`) leaves checkpoints behind, so that any moment that was folded once
    is a short fold away. The fold begins with the tape. The cursor stands at `start_ns`, or without it at the
    open, and goes no further back.

    A tape that is still written grows between two calls, when `grow` says so. `beside` gives the same
    timeline for a second cursor, so that the one may be elsewhere while the other goes on; what is noted on
    the way (`log`) is common to both. The contracts are those that were listed at the beginning: once the
    tape has `outgrown` them, only a new timeline can fold on.

    signals, firings, gaps, history, outcomes : of everything folded so far, beyond the cursor too (`FoldLog`)

    All work is done in the caller's thread, and only one thread may call.
    """

    def __init__(
        self,
        tape: Tape,
        fold: FoldParams,
        params: TimelineParams | None = None,
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> None:
        params = params or TimelineParams()
        spacing = params.spacing_ns, params.spacing_events
        log = FoldLog(tape, fold, start_ns, end_ns, spacing, params.budget_bytes, params.cached_chunks)
        self.log = log
        self.tape, self.contracts, self.start_ns = tape, log.contracts, log.start_ns
        self.signals, self.firings, self.gaps = log.signals, log.firings, log.gaps
        self.history, self.outcomes = log.history, log.outcomes
        self.cursor = Cursor(log.checkpoints.last.position(), log.start_ns)

    def beside(self) -> Timeline:
        """Return the same timeline, with the same cursor until either is given another one."""
        return copy(self)

    # --- at the cursor ----------------------------------------------------------------------------

    @property
    def at_ns(self) -> int:
        """The moment the cursor stands at, ns UTC."""
        return self.cursor.at_ns

    @property
    def state(self) -> State:
        """The state at the cursor."""
        return self.cursor.position.state

    @property
    def events(self) -> int:
        """How many events have been folded up to the cursor."""
        return self.cursor.position.events

    @property
    def is_early(self) -> bool:
        """Whether all that the cursor has come to on an open tape lies before the start."""
        return self.open and 0 < self.cursor.position.clock < self.start_ns

    @property
    def state_ns(self) -> int:
        """The moment of the state: the cursor's, or while it is early that of the last event."""
        return self.cursor.position.clock if self.is_early else self.cursor.at_ns

    @property
    def finished(self) -> bool:
        """Whether the cursor has reached the end, beyond which nothing comes any more."""
        return self.cursor.at_ns >= self.end_ns and not self.open

    @property
    def signal_count(self) -> int:
        """How many of `signals` have fired up to the cursor."""
        return int(self.state.under["signals"][0])

    @property
    def firing_count(self) -> int:
        """How many of `firings` have fired up to the cursor."""
        return self.signal_count + int(self.state.under["joined"][0])

    @property
    def gap_count(self) -> int:
        """How many of `gaps` lie before the cursor."""
        return int(self.state.under["gaps"][0])

    def recent_trades(self, cid: int) -> tuple[Events, NDArray[np.void]]:
        """Return the contract's trades of at least the last minute, oldest first, and their SIDE rows."""
        return self.cursor.recent_trades(cid)

    def recent(self, cid: int, since_ns: int) -> Events:
        """Return the contract's events after `since_ns` up to the cursor, oldest first."""
        chunks = self.log.reader.backwards(self.cursor.position, since_ns)
        found = [events[(events["cid"] == cid) & (events["ts"] > since_ns)] for events in chunks]
        return np.concatenate([np.zeros(0, EVENT), *reversed(found)])

    def look_back(self, since_ns: int, until_ns: int) -> tuple[State, Events, NDArray[np.void]]:
        """Return the state at `since_ns`, and the events from then to `until_ns` with their SIDE rows.

        Folds again from a checkpoint, moves nothing, and never looks beyond the cursor.
        """
        log = self.log
        position = log.checkpoints.before(since_ns).position()
        for piece in log.reader.pieces(position, since_ns):
            log.fold(position, piece)
        state = position.state.copy()
        found, decided = [np.zeros(0, EVENT)], [np.zeros(0, SIDE)]
        for piece in log.reader.pieces(position, min(until_ns, self.at_ns)):
            sides = np.zeros(len(piece), SIDE)
            log.fold(position, piece, sides)
            found.append(piece)
            decided.append(sides)
        return state, np.concatenate(found), np.concatenate(decided)

    # --- moving -----------------------------------------------------------------------------------

    def advance(self, to_ns: int, limit: int | None = None) -> Iterator[tuple[Events, NDArray[np.void]]]:
        """Fold forward to `to_ns`, yielding (events, their SIDE rows) piece by piece.

        Stops early after `limit` events; the cursor then stands at the last one folded.
        """
        cursor, log = self.cursor, self.log
        to_ns = min(to_ns, log.end_ns)
        left = limit
        for piece in log.reader.pieces(cursor.position, to_ns):
            events = piece if left is None else piece[:left]
            sides = np.zeros(len(events), SIDE)
            log.fold(cursor.position, events, sides)
            cursor.pass_over(events, sides)
            yield events, sides
            if left is not None:
                left -= len(events)
                if left <= 0:
                    return
        cursor.at_ns = max(cursor.at_ns, to_ns)
        log.reach(cursor.position.state, to_ns)

    def seek(self, to_ns: int) -> None:
        """Put the cursor at `to_ns`: its state is that of folding every event up to then."""
        cursor = self.cursor
        to_ns = min(max(to_ns, self.start_ns), self.end_ns)
        nearest = self.log.checkpoints.before(to_ns - RECENT_NS)
        if to_ns < cursor.at_ns or nearest.events > cursor.position.events:
            cursor.restart(nearest.position(), self.start_ns)
        for _ in self.advance(to_ns):
            pass
        cursor.at_ns = to_ns

    # --- beyond the cursor ------------------------------------------------------------------------

    @property
    def end_ns(self) -> int:
        """The last moment of the tape that is at hand."""
        return self.log.end_ns

    @property
    def growing(self) -> GrowingTape | None:
        """The tape, if it is one that grows or has grown."""
        return self.log.reader.growing

    @property
    def open(self) -> bool:
        """Whether the tape is still written."""
        return self.log.open

    @property
    def close_ns(self) -> int:
        """Where the day ends as far as anybody knows: an open tape goes on until its options' close."""
        return self.log.close_ns

    @property
    def settled_ns(self) -> int:
        """The last moment of which every event is at hand."""
        return self.log.settled_ns

    @property
    def outgrown(self) -> bool:
        """Whether the tape lists contracts that this timeline does not know."""
        return self.log.outgrown

    @property
    def loaded(self) -> float:
        """Share of the replay that has been folded at least once, 0-1."""
        return self.log.loaded

    def grow(self) -> None:
        """Take in what has arrived on a tape that is written."""
        self.log.grow()

    def scout(self, limit: int) -> bool:
        """Fold `limit` events more ahead of everything seen so far; return whether the end is reached."""
        return self.log.scout(limit)
