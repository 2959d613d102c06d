"""Checkpoints: positions of a fold that are kept, so that any earlier moment is a short fold away.

Owns which are kept and what they take. Within minutes most of a state stays as it is, so only now and then
is one kept whole; the others hold the words in which they differ from it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..fold.records import CELL
from ..fold.state import State

Words = NDArray[np.uint64]

GROUP = 8
"""Most checkpoints that lean on one whole state: the further from it, the more words differ."""


@dataclass(slots=True)
class FoldPosition:
    """A state, and the position on the tape right after the last event it folded."""

    chunk: int
    offset: int
    state: State

    @property
    def clock(self) -> int:
        return int(self.state.under["clock"][0])

    @property
    def events(self) -> int:
        return int(self.state.under["events"][0])

    def copy(self) -> FoldPosition:
        """Return another, with a state of its own."""
        return FoldPosition(self.chunk, self.offset, self.state.copy())


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A position that is kept.

    whole   : the cells it leans on, as words
    differs : one bit for each of them that is another one here
    words   : those that are, in order
    """

    clock: int
    events: int
    chunk: int
    offset: int
    static: NDArray[np.void]
    pairs: NDArray[np.void]
    under: NDArray[np.void]
    forwards: NDArray[np.void]
    whole: Words
    differs: NDArray[np.uint8]
    words: Words

    @classmethod
    def of(cls, position: FoldPosition, whole: Words | None = None) -> Checkpoint:
        """Keep a position, leaning on `whole` or on nothing but itself."""
        state = position.state
        here = state.cells.view(np.uint64)
        whole = here.copy() if whole is None else whole
        differs = here != whole
        at = position.clock, position.events, position.chunk, position.offset
        rest = state.static, state.pairs, state.under.copy(), state.forwards.copy()
        return cls(*at, *rest, whole, np.packbits(differs), here[differs])

    @property
    def nbytes(self) -> int:
        """Bytes it takes beside what it leans on."""
        return int(self.under.nbytes + self.forwards.nbytes + self.differs.nbytes + self.words.nbytes)

    def position(self) -> FoldPosition:
        """Return the position, with a state of its own."""
        words = self.whole.copy()
        words[np.unpackbits(self.differs, count=len(words)).view(bool)] = self.words
        state = State(self.static, self.pairs, words.view(CELL), self.under.copy(), self.forwards.copy())
        return FoldPosition(self.chunk, self.offset, state)


class Checkpoints:
    """The checkpoints of one tape, in its order.

    spacing_ns     : tape time between two, at least
    spacing_events : events between two, at least
    budget_bytes   : above it every second one is dropped and both spacings double
    """

    def __init__(self, first: FoldPosition, spacing_ns: int, spacing_events: int, budget_bytes: int) -> None:
        self._spacing_ns, self._spacing_events, self._budget = spacing_ns, spacing_events, budget_bytes
        self._kept: list[Checkpoint] = []
        self.nbytes = 0
        self._in_group = 0
        self._keep(first)

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def last(self) -> Checkpoint:
        return self._kept[-1]

    def before(self, ts_ns: int) -> Checkpoint:
        """Return the last one whose clock is at most `ts_ns`, the first when there is none."""
        at = bisect_right(self._kept, ts_ns, key=lambda kept: kept.clock) - 1
        return self._kept[max(at, 0)]

    def offer(self, position: FoldPosition) -> None:
        """Keep a position if it is far enough from the last."""
        ns, events = position.clock - self.last.clock, position.events - self.last.events
        if ns < self._spacing_ns or events < self._spacing_events:
            return
        self._keep(position)
        if self.nbytes > self._budget:
            self._thin()

    def _keep(self, position: FoldPosition) -> None:
        lean = self._kept and self._in_group < GROUP
        kept = Checkpoint.of(position, self.last.whole if lean else None)
        self._in_group = self._in_group + 1 if lean else 1
        self.nbytes += kept.nbytes + (0 if lean else kept.whole.nbytes)
        self._kept.append(kept)

    def _thin(self) -> None:
        """Drop every second one; those that stay lean on each other anew."""
        self._spacing_ns *= 2
        self._spacing_events *= 2
        before, self._kept, self.nbytes, self._in_group = self._kept, [], 0, 0
        for kept in before[::2]:
            self._keep(kept.position())
