"""Time travel: the fold of a tape at any moment, from checkpoints of the states it came to."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from ..fold.params import FoldParams
from ..fold.records import SIDE
from ..fold.state import State, new_state
from ..fold.step import step
from ..model.calendar import close_ns, settle_ns
from ..model.events import EVENT, GAP, NS, OI, PREV_CLOSE, TRADE, Events
from .checkpoints import Checkpoints, Cursor
from .history import History
from .outcomes import OutcomeTracker
from .tape import Reader, Tape

RECENT_NS = 60 * NS
"""How far back the trades at hand reach, with their sides."""


Trades = deque[tuple[Events, NDArray[np.void]]]
"""Pieces of tape, trades only, with their SIDE rows."""


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
    """One symbol's fold over its tape, with a playhead that goes anywhere between two bounds.

    Folding ahead of the playhead (`scout`) leaves checkpoints behind, so that any moment that was folded
    once is a short fold away. Without `start_ns` the fold begins with the tape, and the playhead at the
    open; with it the fold begins there, knowing only open interest and the previous close.

    A tape that is still written grows between two calls, when `grow` says so. `part` leaves a second playhead
    at the front, so that the one may be elsewhere while the other follows. The contracts are those that were
    listed at the beginning: once the tape has `outgrown` them, only a new timeline can fold on.

    history : samples of everything folded so far, beyond the playhead too
    signals : the heads that have fired so far, oldest first
    joined  : (ts, index of the head) of each signal that was counted into one

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
        self.tape = tape
        self.contracts = tape.contracts
        self._params = params or TimelineParams()
        self._reader = Reader(tape, self._params.cached_chunks)
        self.signals: list[np.void] = []
        self.joined: list[tuple[int, int]] = []
        self.gaps: list[tuple[int, int]] = []
        self._packed = fold.pack()
        self.start_ns = tape.info.session.open_ns if start_ns is None else start_ns
        self.end_ns = max(tape.end_ns if end_ns is None else end_ns, self.start_ns)
        self._playhead = self._origin() if start_ns is None else self._late_origin(start_ns)
        self._other: tuple[Cursor, Trades, int] | None = None
        self._scout = self._playhead
        open_ns, static = tape.info.session.open_ns, self._playhead.state.static
        self.history = History(static, self.start_ns, open_ns, fold.rate)
        spacing = self._params.spacing_ns, self._params.spacing_events
        self._checkpoints = Checkpoints(self._playhead, *spacing, self._params.budget_bytes)
        hours = tape.info.session
        self.outcomes = OutcomeTracker(self.state.static, hours.open_ns, hours.close_ns)
        self._furthest = 0
        self._furthest_clock = self.start_ns
        self._complete = False
        self._trades: Trades = deque()
        self.clock = self.start_ns

    # --- where it is ------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """The state at the playhead."""
        return self._playhead.state

    @property
    def events(self) -> int:
        """How many events have been folded up to the playhead."""
        return self._playhead.events

    @property
    def open(self) -> bool:
        """Whether the tape is still written."""
        return self._reader.open

    @property
    def now_ns(self) -> int:
        """The moment of the state: the clock, but before the open of an open tape that of its last event."""
        return self._playhead.clock if self._is_early(self._playhead) else self.clock

    @property
    def front_ns(self) -> int:
        """The moment of the state at the front, whichever playhead is there."""
        front = self._other[0] if self._other else self._playhead
        return front.clock if self._is_early(front) else self.end_ns

    @property
    def outgrown(self) -> bool:
        """Whether the tape lists contracts that this timeline does not know."""
        return len(self.tape.contracts) > len(self.contracts)

    @property
    def finished(self) -> bool:
        """Whether the playhead has reached the end, beyond which nothing comes any more."""
        return self.clock >= self.end_ns and not self.open

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
    def signal_count(self) -> int:
        """How many of `signals` have fired up to the playhead."""
        return int(self.state.under["signals"][0])

    @property
    def joined_count(self) -> int:
        """How many of `joined` have fired up to the playhead."""
        return int(self.state.under["joined"][0])

    @property
    def gap_count(self) -> int:
        """How many of `gaps` lie before the playhead."""
        return int(self.state.under["gaps"][0])

    @property
    def loaded(self) -> float:
        """Share of the replay that has been folded at least once, 0-1."""
        if self._complete:
            return 1.0
        return (self._furthest_clock - self.start_ns) / max(self.close_ns - self.start_ns, 1)

    def covers(self, ts_ns: int) -> bool:
        """Whether the tape has been folded up to `ts_ns` at least once, so that a seek there is short."""
        return self._complete or ts_ns <= self._furthest_clock

    # --- moving -----------------------------------------------------------------------------------

    def advance(self, to_ns: int, limit: int | None = None) -> Iterator[tuple[Events, NDArray[np.void]]]:
        """Fold forward to `to_ns`, yielding (events, their SIDE rows) piece by piece.

        Stops early after `limit` events; the clock then stands at the last one folded.
        """
        to_ns = min(to_ns, self.end_ns)
        left = limit
        for piece in self._reader.pieces(self._playhead, to_ns):
            events = piece if left is None else piece[:left]
            sides = np.zeros(len(events), SIDE)
            self._fold(self._playhead, events, sides)
            self.clock = max(self.clock, self._playhead.clock)
            self._keep_trades(events, sides)
            yield events, sides
            if left is not None:
                left -= len(events)
                if left <= 0:
                    return
        self.clock = max(self.clock, to_ns)
        self._reach(self._playhead.state, to_ns)

    def seek(self, to_ns: int) -> None:
        """Put the playhead at `to_ns`: its state is that of folding every event up to then."""
        to_ns = min(max(to_ns, self.start_ns), self.end_ns)
        nearest = self._checkpoints.before(to_ns - RECENT_NS)
        if to_ns < self.clock or nearest.events > self._playhead.events:
            self._playhead = nearest.cursor()
            self._trades.clear()
            self.clock = self.start_ns
        for _ in self.advance(to_ns):
            pass
        self.clock = to_ns

    def scout(self, limit: int) -> bool:
        """Fold `limit` events more ahead of everything seen so far; return whether the end is reached."""
        if self._complete:
            return True
        if self._scout is self._playhead or self._scout.events < self._checkpoints.last.events:
            self._scout = self._checkpoints.last.cursor()
        left = limit
        for piece in self._reader.pieces(self._scout, self.end_ns):
            self._fold(self._scout, piece[:left])
            left -= len(piece)
            if left <= 0:
                return False
        self._reach(self._scout.state, self.end_ns)
        self._scout = self._playhead
        return True

    def signal_after(self, clock: int) -> int | None:
        """Return the ts of the first signal later than `clock` among those folded so far."""
        at = bisect_right(self.signals, clock, key=_signal_ts)
        return _signal_ts(self.signals[at]) if at < len(self.signals) else None

    def signal_before(self, clock: int) -> int | None:
        """Return the ts of the last signal earlier than `clock`."""
        at = bisect_left(self.signals, clock, key=_signal_ts)
        return _signal_ts(self.signals[at - 1]) if at > 0 else None

    def recent_trades(self, cid: int) -> tuple[Events, NDArray[np.void]]:
        """Return the contract's trades of at least the last minute, oldest first, and their SIDE rows."""
        events = np.concatenate([np.zeros(0, EVENT), *(events for events, _ in self._trades)])
        sides = np.concatenate([np.zeros(0, SIDE), *(sides for _, sides in self._trades)])
        ours = events["cid"] == cid
        return events[ours], sides[ours]

    def recent(self, cid: int, since_ns: int) -> Events:
        """Return the contract's events after `since_ns` up to the playhead, oldest first."""
        chunks = self._reader.backwards(self._playhead, since_ns)
        found = [events[(events["cid"] == cid) & (events["ts"] > since_ns)] for events in chunks]
        return np.concatenate([np.zeros(0, EVENT), *reversed(found)])

    def look_back(self, since_ns: int, until_ns: int) -> tuple[State, Events, NDArray[np.void]]:
        """Return the state at `since_ns`, and the events from then to `until_ns` with their SIDE rows.

        Folds again from a checkpoint, moves nothing, and never looks beyond the playhead.
        """
        cursor = self._checkpoints.before(since_ns).cursor()
        for piece in self._reader.pieces(cursor, since_ns):
            self._fold(cursor, piece)
        state = cursor.state.copy()
        found, decided = [np.zeros(0, EVENT)], [np.zeros(0, SIDE)]
        for piece in self._reader.pieces(cursor, min(until_ns, self.clock)):
            sides = np.zeros(len(piece), SIDE)
            self._fold(cursor, piece, sides)
            found.append(piece)
            decided.append(sides)
        return state, np.concatenate(found), np.concatenate(decided)

    # --- a tape that is still written -------------------------------------------------------------

    def grow(self) -> None:
        """Take in what has arrived; tape and end stay as they are until the next call."""
        growing = self._reader.growing
        if growing is None:
            return
        if growing.open:
            growing.take()
        if not self.outgrown:
            self.end_ns = max(self.tape.end_ns, self.start_ns)

    @property
    def parted(self) -> bool:
        """Whether there is a second playhead."""
        return self._other is not None

    @property
    def front_events(self) -> int:
        """How many events have been folded up to the front: the second playhead, or the only one."""
        return self._other[0].events if self._other else self.events

    def part(self) -> None:
        """Leave a second playhead behind at this place."""
        self._other = self._playhead.copy(), self._trades.copy(), self.clock

    def exchange(self) -> None:
        """Be where the second playhead is, and leave it here."""
        assert self._other is not None, "nothing to exchange before `part`"
        there, self._other = self._other, (self._playhead, self._trades, self.clock)
        self._playhead, self._trades, self.clock = there

    def rejoin(self) -> None:
        """Go where the second playhead is, and have only one again."""
        self.exchange()
        self._other = None

    # --- inside -----------------------------------------------------------------------------------

    def _reach(self, state: State, to_ns: int) -> None:
        """Note that a state has folded every event up to `to_ns`."""
        settled_ns = min(to_ns, self.settled_ns)
        self.history.take(state, settled_ns)
        self.outcomes.reach(min(settled_ns, self.tape.end_ns))
        self._complete |= to_ns >= self.end_ns and not self.open

    def _origin(self) -> Cursor:
        """Return the place before the first event."""
        info = self.tape.info

        def settles(root: str, expiry: date) -> int:
            return settle_ns(info.underlying, root, expiry)

        u = info.underlying
        return Cursor(0, 0, new_state(self.contracts, settles, u.multiplier, info.tick, u.tick_3))

    def _late_origin(self, start_ns: int) -> Cursor:
        """Return the place of the first event at or after `start_ns`, with the day's standing facts."""
        origin = self._origin()
        if len(self.tape.starts) == 0:
            return origin
        chunk = max(int(np.searchsorted(self.tape.starts, start_ns)) - 1, 0)
        offset = int(np.searchsorted(self._reader.read(chunk)[1], start_ns))
        head = self._reader.read(0)[0][: None if chunk else offset]
        step(origin.state, head[np.isin(head["kind"], (OI, PREV_CLOSE))], self._packed)
        origin.state.under["events"] = 0
        origin.state.under["clock"] = 0
        return Cursor(chunk, offset, origin.state)

    def _is_early(self, cursor: Cursor) -> bool:
        """Whether a playhead that can only be at the open has not come there."""
        return self.open and 0 < cursor.clock < self.start_ns

    def _fold(self, cursor: Cursor, events: Events, sides: NDArray[np.void] | None = None) -> None:
        """Fold events at the cursor, note what nobody has seen yet, leave a checkpoint when one is due."""
        for part in self._parts(cursor, len(events)):
            fired = step(cursor.state, events[part], self._packed, None if sides is None else sides[part])
            self._note(cursor, events[part], fired)
        cursor.offset += len(events)
        unseen = cursor.events - self._furthest
        if unseen > 0:
            self.outcomes.feed(events[-unseen:], self.signals)
            self._furthest, self._furthest_clock = cursor.events, max(cursor.clock, self.start_ns)
            self._checkpoints.offer(cursor)

    def _parts(self, cursor: Cursor, count: int) -> Iterator[slice]:
        """Cut the next `count` events so that each moment of the history is kept before it is passed."""
        clocks = self._reader.read(cursor.chunk)[1][cursor.offset : cursor.offset + count]
        at = 0
        while at < count:
            self.history.take(cursor.state, int(clocks[at]) - 1)
            stop = int(np.searchsorted(clocks, self.history.due_ns, side="right"))
            yield slice(at, stop)
            at = stop

    def _note(self, cursor: Cursor, events: Events, fired: NDArray[np.void]) -> None:
        """Keep the signals and gaps that no cursor has come to before."""
        under = cursor.state.under[0]
        heads = fired["parent"] < 0
        new_signals = int(under["signals"]) - len(self.signals)
        if new_signals > 0:
            self.signals.extend(fired[heads][-new_signals:])
        new_joined = int(under["joined"]) - len(self.joined)
        if new_joined > 0:
            rest = fired[~heads][-new_joined:]
            self.joined.extend(zip(rest["ts"].tolist(), rest["parent"].tolist(), strict=True))
        new_gaps = int(under["gaps"]) - len(self.gaps)
        if new_gaps > 0:
            gaps = events[events["kind"] == GAP][-new_gaps:]
            self.gaps.extend((int(gap["ts"]) - int(gap["s1"]) * 1_000_000, int(gap["ts"])) for gap in gaps)

    def _keep_trades(self, events: Events, sides: NDArray[np.void]) -> None:
        trades = events["kind"] == TRADE
        self._trades.append((events[trades], sides[trades]))
        while self._trades and not np.any(self._trades[0][0]["ts"] > self.clock - RECENT_NS):
            self._trades.popleft()


def _signal_ts(signal: np.void) -> int:
    return int(signal["ts"])
