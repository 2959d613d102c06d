"""A tape: one symbol's day as a source offers it, and the reading of it from anywhere.

Owns what a tape must offer, and which of its chunks are at hand.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ..model.calendar import Session
from ..model.contracts import ContractTable
from ..model.events import Events
from ..model.underlyings import Underlying
from .link import Badge, Lag, Link

if TYPE_CHECKING:  # it compiles, and a list of days must not
    from .checkpoints import FoldPosition

PIECE = 32_768
"""Most events of one piece: a checkpoint or a stop can only stand between two."""


@dataclass(frozen=True, slots=True)
class TapeInfo:
    """Where a tape comes from, and what a person should know about it.

    source      : 'simulated', 'import', 'recorded', …
    badge       : SIMULATED of a day that no market had; else REPLAY, or LIVE while it is recorded
    spot_origin : 'tape', 'minute bars' or 'put-call parity'
    tick        : the smallest price step of its options, in price units
    notes       : one sentence each, e.g. why a number is missing for the whole day
    """

    symbol: str
    underlying: Underlying
    day: date
    session: Session
    source: str
    badge: Badge
    spot_origin: str
    tick: int
    notes: tuple[str, ...] = ()

    @property
    def simulated(self) -> bool:
        """Whether it is no market's day: whatever shows it says so, and its clock is its own."""
        return self.badge == Badge.SIMULATED


class Tape(Protocol):
    """One symbol's day, readable chunk by chunk, never held in memory whole.

    contracts : complete before the first read; ids are those of the events
    starts    : (k,) ns, non-decreasing; the running maximum of ts at the first event of each chunk
                is at least starts[i], and at most starts[i + 1] at its last
    end_ns    : the tape's clock after the last event
    """

    info: TapeInfo
    contracts: ContractTable
    starts: NDArray[np.int64]
    end_ns: int

    def read(self, chunk: int) -> Events:
        """Return the chunk's events in tape order; the same array content on every call."""
        ...


@runtime_checkable
class GrowingTape(Tape, Protocol):
    """A tape that is still written while `open`: chunks and `end_ns` grow, and so does its last chunk.

    When more contracts are listed, `contracts` is another, longer table; ids stay.

    events : how many can be read
    known  : how many of its first events are no news: they were there before anybody listened
    link   : what the writer says of the connection; any thread may put another one in its place
    """

    open: bool
    events: int
    known: int
    link: Link

    def take(self) -> None:
        """Let what has arrived since the last call be read; nothing changes but in this call."""
        ...

    def lag(self) -> Lag | None:
        """Return how late the last events came, None before any."""
        ...


def growing(tape: Tape) -> GrowingTape | None:
    """Return the tape as one that grows, or has grown; None for one that was whole from the beginning."""
    return tape if isinstance(tape, GrowingTape) else None


class Reader:
    """Reads a tape from anywhere; the last `kept` chunks stay at hand, but for one that is still written.

    growing : the tape, when it is one that may grow
    """

    def __init__(self, tape: Tape, kept: int) -> None:
        self._tape = tape
        self.growing = growing(tape)
        self._kept = kept
        self._chunks: OrderedDict[int, tuple[Events, NDArray[np.int64]]] = OrderedDict()

    @property
    def open(self) -> bool:
        """Whether the tape is still written."""
        return self.growing is not None and self.growing.open

    def read(self, chunk: int) -> tuple[Events, NDArray[np.int64]]:
        """Return a chunk and the tape's clock at each of its events."""
        if chunk in self._chunks:
            self._chunks.move_to_end(chunk)
            return self._chunks[chunk]
        events = self._tape.read(chunk)
        found = events, np.maximum.accumulate(events["ts"])
        if not self._is_written(chunk):
            self._chunks[chunk] = found
            if len(self._chunks) > self._kept:
                self._chunks.popitem(last=False)
        return found

    def pieces(self, position: FoldPosition, to_ns: int) -> Iterator[Events]:
        """Yield the events after the position, which the caller moves, up to `to_ns` inclusive."""
        while position.chunk < len(self._tape.starts) and self._tape.starts[position.chunk] <= to_ns:
            if position.clock > to_ns:
                return
            events, clocks = self.read(position.chunk)
            stop = int(np.searchsorted(clocks, to_ns, side="right"))
            if position.offset < stop:
                yield events[position.offset : min(stop, position.offset + PIECE)]
            elif stop < len(events) or self._is_written(position.chunk):
                return
            else:
                position.chunk += 1
                position.offset = 0

    def backwards(self, position: FoldPosition, since_ns: int) -> Iterator[Events]:
        """Yield the chunks before the position, latest first, down to the one in which `since_ns` is."""
        end: int | None = position.offset
        for chunk in range(position.chunk, -1, -1):
            if chunk < len(self._tape.starts):
                yield self.read(chunk)[0][:end]
                if self._tape.starts[chunk] <= since_ns:
                    return
            end = None

    def _is_written(self, chunk: int) -> bool:
        """Whether more may come at the end of a chunk."""
        return self.open and chunk == len(self._tape.starts) - 1
