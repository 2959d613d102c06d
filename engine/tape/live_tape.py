"""A tape that is being written: events come in from any thread, one thread reads.

Owns the hand-over between the two and what is measured on the way. A writer only queues; nothing that the
reader sees changes but in `take`, so the reader needs no lock and no copy. It refuses to know where events
come from and whether they are recorded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..model.contracts import Contract, ContractTable
from ..model.events import (
    EVENT,
    FLAG_FILLED,
    FLAG_MINUTE,
    FLAG_PARITY,
    FLAG_POLLED,
    FLAG_RECEIVED,
    FMV,
    QUOTE,
    SPOT,
    TRADE,
    Events,
)
from .link import Lag, Link
from .tape import TapeInfo

CHUNK = 65_536
"""Events of a whole chunk."""

NO_LAG = FLAG_RECEIVED | FLAG_PARITY | FLAG_POLLED | FLAG_MINUTE | FLAG_FILLED
"""What carries no time of the provider's that says how fresh it is."""

TIMED = np.isin(np.arange(256), (QUOTE, TRADE, SPOT, FMV))
"""By kind, whether an event carries the provider's time at all."""

LAG_EVENTS = 4_096
"""How many of the last events the lag is measured on."""


class Spool(Protocol):
    """Where whole chunks of a tape lie that need not be held in memory."""

    def put(self, chunk: int, events: Events) -> bool:
        """Take a chunk away; False when it cannot be taken, and must be kept."""
        ...

    def get(self, chunk: int) -> Events:
        """Return a chunk that was taken."""
        ...


class TapeWriter(Protocol):
    """Where a source puts what it hears of one symbol's day; one thread writes.

    tape       : what the fold reads; its `link` is the source's to set
    listed     : the writer's contract table: add to it, before the events that name the new ids
    resumed_ns : the tape's clock when the day was resumed from a recording, 0 when it begins now
    trouble    : why nothing is recorded now, one sentence; '' while all is well
    """

    @property
    def tape(self) -> LiveTape: ...
    @property
    def listed(self) -> ContractTable: ...
    @property
    def resumed_ns(self) -> int: ...
    @property
    def trouble(self) -> str: ...

    def append(self, events: Events, received_ns: int, timely: bool = True) -> None:
        """Record events and put them at the end of the tape, with the contracts added since.

        received_ns : ns UTC when the last of them came in
        timely      : whether they came as soon as they happened; what a snapshot repeats says nothing of lag
        """
        ...

    def keep(self, now_ns: int) -> None:
        """Wait for the disk with what was appended; call it about once a second."""
        ...

    def close(self) -> None:
        """Say that nothing comes any more."""
        ...


Begin = Callable[[TapeInfo], TapeWriter]
"""Opens the intake of a symbol's day: what was recorded of it already is on its tape."""


class LiveTape:
    """One symbol's day while it happens; a `Tape` to one reader, fed by one writer on another thread.

    Chunks hold `chunk` events, the last one what there is so far. The order is that of arrival, and
    `end_ns` is the running maximum of ts, 0 before the first event.

    The contract table should be complete before the first event; when the exchange lists more during the day,
    `contracts` is another, longer table, and whoever folded the tape folds it again with that one: the fold
    may look at neighbouring strikes, and must come to what the whole day comes to.

    listed  : the writer's contract table
    events  : how many there are
    listing : how often contracts were added after events had been read
    known   : how many of its first events are no news: they were there before anybody listened
    link    : what the writer says of the connection; any thread may put another one in its place
    given   : how many were appended; those beyond `events` cannot be read yet
    """

    def __init__(self, info: TapeInfo, spool: Spool | None = None, chunk: int = CHUNK) -> None:
        self.info = info
        self.contracts = ContractTable()
        self.starts: NDArray[np.int64] = np.zeros(0, np.int64)
        self.end_ns = 0
        self.open = True
        self.events = 0
        self.listing = 0
        self.known = 0
        self.listed = ContractTable()
        self.link = Link()
        self.given = 0
        self._spool = spool
        self._chunks: list[Events | None] = []
        self._chunk = chunk
        self._filled = chunk  # of the last chunk: there is none, so the first event begins one
        self._delays = np.zeros(LAG_EVENTS)
        self._delayed = 0
        self._listens = False  # whether there has been news
        self._closed = False
        self._arrived: deque[Callable[[], None]] = deque()
        self._published = 0

    # --- for the writer ---------------------------------------------------------------------------

    def append(self, events: Events, received_ns: int | None = None, timely: bool = True) -> None:
        """Put events at the end of the tape, in the order given; they belong to the tape from then on.

        received_ns : ns UTC when they came in; None when they are no news
        timely      : whether they came as soon as they happened, and say something of the lag
        ValueError for an id that is not in `listed`, and once the tape is closed.
        """
        if self._closed:
            raise ValueError(f"the live tape of {self.info.symbol} is closed")
        if len(events) and int(events["cid"].max()) > len(self.listed):
            raise ValueError(f"an event names contract {events['cid'].max()}, which was never listed")
        if len(self.listed) > self._published:
            new = [self.listed[cid] for cid in range(self._published + 1, len(self.listed) + 1)]
            self._published = len(self.listed)
            self._arrived.append(partial(self._list, new))
        if len(events):
            self._arrived.append(partial(self._write, events, received_ns, timely))
        self.given += len(events)

    def close(self) -> None:
        """Say that nothing comes any more."""
        self._closed = True
        self._arrived.append(self._end)

    # --- for the reader ---------------------------------------------------------------------------

    def take(self) -> None:
        """Let what has arrived be read; what comes in meanwhile waits for the next call."""
        for _ in range(len(self._arrived)):
            self._arrived.popleft()()

    def read(self, chunk: int) -> Events:
        """Return a chunk's events in tape order; the array is shared: do not write to it."""
        events = self._chunks[chunk]
        if events is None:
            assert self._spool is not None, "only a spool takes chunks away"
            return self._spool.get(chunk)
        return events[: self._filled] if chunk == len(self._chunks) - 1 else events

    def lag(self) -> Lag | None:
        """Return how late the last events came, by the provider's clock and ours; None before any."""
        delays = self._delays[: min(self._delayed, LAG_EVENTS)]
        if not len(delays):
            return None
        p50, p99 = np.percentile(delays, (50, 99))
        return Lag(p50_ms=float(p50) / 1e6, p99_ms=float(p99) / 1e6)

    # --- for any thread -----------------------------------------------------------------------------

    def since(self, row: int) -> Events:
        """Return the events from a row on to the end of its chunk, none when there are no more yet.

        Rows that can be read never change, so no lock is needed; the array is shared: do not write to it.
        """
        count = self.events
        if row >= count:
            return np.empty(0, EVENT)
        chunk, offset = divmod(row, self._chunk)
        events = self._chunks[chunk]
        if events is None:
            assert self._spool is not None, "only a spool takes chunks away"
            events = self._spool.get(chunk)
        return events[offset : count - chunk * self._chunk]

    # --- in `take` --------------------------------------------------------------------------------

    def _list(self, contracts: list[Contract]) -> None:
        self.contracts = ContractTable([*self.contracts, *contracts])
        self.listing += len(self.starts) > 0

    def _write(self, events: Events, received_ns: int | None, timely: bool) -> None:
        self._listens |= received_ns is not None
        if received_ns is not None and timely:
            self._measure(events, received_ns)
        self._put(events)
        self.events += len(events)  # after they are there: another thread may read up to here
        if not self._listens:
            self.known = self.events

    def _put(self, events: Events) -> None:
        while len(events):
            if self._filled == self._chunk:
                self._begin_chunk(int(events["ts"][0]))
            part = events[: self._chunk - self._filled]
            last = self._chunks[-1]
            assert last is not None, "the chunk that is written is never spooled"
            last[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            self.end_ns = max(self.end_ns, int(part["ts"].max()))
            events = events[len(part) :]

    def _begin_chunk(self, ts_ns: int) -> None:
        last = len(self._chunks) - 1
        if last >= 0 and self._spool is not None:
            whole = self._chunks[last]
            assert whole is not None, "a chunk is spooled once"
            if self._spool.put(last, whole):
                self._chunks[last] = None
        self._chunks.append(np.empty(self._chunk, EVENT))
        self._filled = 0
        self.starts = np.append(self.starts, max(self.end_ns, ts_ns))

    def _measure(self, events: Events, received_ns: int) -> None:
        """Keep the delays of market events that carry the provider's time, the oldest overwritten."""
        timed = TIMED[events["kind"]] & (events["flags"] & NO_LAG == 0)
        delays = (received_ns - events["ts"][timed])[-LAG_EVENTS:]
        at = self._delayed % LAG_EVENTS
        head = delays[: LAG_EVENTS - at]
        self._delays[at : at + len(head)] = head
        self._delays[: len(delays) - len(head)] = delays[len(head) :]
        self._delayed += len(delays)

    def _end(self) -> None:
        self.open = False
