"""What has come of a tape so far, whichever cursor folded it: signals, gaps, samples, outcomes, checkpoints.

Each event is noted by whoever folds it first, so that several cursors on one tape tell everything once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
from numpy.typing import NDArray

from ..fold.params import FoldParams
from ..fold.state import State, new_state
from ..fold.step import step
from ..model.calendar import close_ns, settle_ns
from ..model.events import GAP, Events
from .checkpoints import Checkpoints, FoldPosition
from .history import History
from .outcomes import OutcomeTracker
from .tape import Reader, Tape


class FoldLog:
    """One symbol's tape, folded with one set of parameters between two bounds.

    start_ns, end_ns : what is shown of it; the fold begins with the tape in any case, and ends at `end_ns`
    firings : every signal that has fired so far, oldest first
    signals : those of them that stand alone: heads
    head_at : where each head stands in `firings`
    gaps    : (start_ns, end_ns) of each silence of the feed
    history : samples of everything folded so far
    """

    def __init__(
        self,
        tape: Tape,
        fold: FoldParams,
        start_ns: int | None,
        end_ns: int | None,
        spacing: tuple[int, int],
        budget_bytes: int,
        cached_chunks: int,
    ) -> None:
        hours = tape.info.session
        self.tape, self.contracts = tape, tape.contracts
        self.reader = Reader(tape, cached_chunks)
        self.signals: list[np.void] = []
        self.firings: list[np.void] = []
        self.head_at: list[int] = []
        self.gaps: list[tuple[int, int]] = []
        self._packed = fold.pack()
        self.start_ns = hours.open_ns if start_ns is None else start_ns
        self.end_ns = max(tape.end_ns if end_ns is None else end_ns, self.start_ns)
        begin = self._origin()
        static = begin.state.static
        self._least_ns = min(self.start_ns, hours.open_ns)
        self.history = History(static, self._least_ns, hours.open_ns, fold.rate)
        self.outcomes = OutcomeTracker(static, hours.open_ns, hours.close_ns)
        self.checkpoints = Checkpoints(begin, *spacing, budget_bytes)
        self._scout: FoldPosition | None = None
        self._furthest, self._furthest_ns = 0, self._least_ns
        self._complete = False

    # --- how far it is ----------------------------------------------------------------------------

    @property
    def open(self) -> bool:
        """Whether the tape is still written."""
        return self.reader.open

    @property
    def outgrown(self) -> bool:
        """Whether the tape lists contracts that were not listed at the beginning: it must be folded anew."""
        return len(self.tape.contracts) > len(self.contracts)

    @property
    def settled_ns(self) -> int:
        """The last moment of which every event is at hand; of an open tape's last one more may come."""
        return min(self.end_ns, self.tape.end_ns - 1) if self.open else self.end_ns

    @property
    def close_ns(self) -> int:
        """Where the day ends as far as anybody knows: an open tape goes on until its options' close."""
        info = self.tape.info
        return max(self.end_ns, close_ns(info.underlying, info.day)) if self.open else self.end_ns

    @property
    def loaded(self) -> float:
        """Share of the replay that has been folded at least once, 0-1."""
        if self._complete:
            return 1.0
        return max(self._furthest_ns - self.start_ns, 0) / max(self.close_ns - self.start_ns, 1)

    def covers(self, ts_ns: int) -> bool:
        """Whether the tape has been folded up to `ts_ns` at least once, so that a seek there is short."""
        return self._complete or ts_ns <= self._furthest_ns

    # --- folding ----------------------------------------------------------------------------------

    def grow(self) -> None:
        """Take in what has arrived; tape and end stay as they are until the next call."""
        growing = self.reader.growing
        if growing is None:
            return
        if growing.open:
            growing.take()
        if not self.outgrown:
            self.end_ns = max(self.tape.end_ns, self.start_ns)

    def fold(self, position: FoldPosition, events: Events, sides: NDArray[np.void] | None = None) -> None:
        """Fold the events at a position, note what nobody has seen yet, leave a checkpoint when one is due.

        sides : SIDE rows to fill, as many as events
        """
        for part in self._parts(position, len(events)):
            fired = step(position.state, events[part], self._packed, None if sides is None else sides[part])
            self._note(position, events[part], fired)
        position.offset += len(events)
        unseen = position.events - self._furthest
        if unseen > 0:
            self.outcomes.feed(events[-unseen:], self.firings)
            self._furthest, self._furthest_ns = position.events, max(position.clock, self._least_ns)
            self.checkpoints.offer(position)

    def reach(self, state: State, to_ns: int) -> None:
        """Note that a state has folded every event up to `to_ns`."""
        settled_ns = min(to_ns, self.settled_ns)
        self.history.take(state, settled_ns)
        self.outcomes.reach(min(settled_ns, self.tape.end_ns))
        self._complete |= to_ns >= self.end_ns and not self.open

    def scout(self, limit: int) -> bool:
        """Fold `limit` events more ahead of everything seen so far; return whether the end is reached."""
        if self._complete:
            return True
        if self._scout is None or self._scout.events < self.checkpoints.last.events:
            self._scout = self.checkpoints.last.position()
        left = limit
        for piece in self.reader.pieces(self._scout, self.end_ns):
            self.fold(self._scout, piece[:left])
            left -= len(piece)
            if left <= 0:
                return False
        self.reach(self._scout.state, self.end_ns)
        self._scout = None
        return True

    # --- inside -----------------------------------------------------------------------------------

    def _origin(self) -> FoldPosition:
        """Return the position before the first event of the tape."""
        info = self.tape.info

        def settles(root: str, expiry: date) -> int:
            return settle_ns(info.underlying, root, expiry)

        u = info.underlying
        return FoldPosition(0, 0, new_state(self.contracts, settles, u.multiplier, info.tick, u.tick_3))

    def _parts(self, position: FoldPosition, count: int) -> Iterator[slice]:
        """Cut the next `count` events so that each moment of the history is kept before it is passed."""
        clocks = self.reader.read(position.chunk)[1][position.offset : position.offset + count]
        at = 0
        while at < count:
            self.history.take(position.state, int(clocks[at]) - 1)
            stop = int(np.searchsorted(clocks, self.history.due_ns, side="right"))
            yield slice(at, stop)
            at = stop

    def _note(self, position: FoldPosition, events: Events, fired: NDArray[np.void]) -> None:
        """Keep the signals and gaps that nobody has come to before."""
        under = position.state.under[0]
        unseen = int(under["signals"]) + int(under["joined"]) - len(self.firings)
        for row in fired[-unseen:] if unseen > 0 else ():
            if row["parent"] < 0:
                self.head_at.append(len(self.firings))
                self.signals.append(row)
            self.firings.append(row)
        new_gaps = int(under["gaps"]) - len(self.gaps)
        if new_gaps > 0:
            gaps = events[events["kind"] == GAP][-new_gaps:]
            self.gaps.extend((int(gap["ts"]) - int(gap["s1"]) * 1_000_000, int(gap["ts"])) for gap in gaps)
