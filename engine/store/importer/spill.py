"""Rows of any number of tapes in any order, given back tape by tape in tape order.

Owns an external merge sort: sorted runs on disk, merged with bounded memory.

Tape order is (ts, rank, sequence, file, row). Ranks settle what has the same time: open interest, previous
close, the mark of the open, the underlying, quotes, trades, and last the mark of the close. A trade's side
is judged by the quote strictly before it, so quotes ahead of trades of the same instant decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ...model.events import EVENT, KIND_NAMES, MARK, MARK_CLOSE, OI, PREV_CLOSE, QUOTE, SPOT, TRADE

ROW = np.dtype(
    [(name, EVENT[name]) for name in EVENT.names or ()] + [("seq", "<i8"), ("tape", "<i4"), ("file", "<i4")],
    align=True,
)
"""An event on its way to a tape, with its sequence number (0 none), its tape and its input file."""

Rows = NDArray[np.void]

LEAST_READ = 1024
"""Rows read at a time from a run, however many runs there are."""

_RANKED = (OI, PREV_CLOSE, MARK, SPOT, QUOTE, TRADE)
_RANK_OF = np.array(
    [_RANKED.index(kind) if kind in _RANKED else len(_RANKED) for kind in range(len(KIND_NAMES))], np.int64
)
_LAST = len(_RANKED) + 1


class Spill:
    """Takes rows, keeps at most `budget` of them in memory, and gives them back sorted.

    peak_rows : the most rows that were held at once
    """

    def __init__(self, folder: Path, budget: int) -> None:
        self.peak_rows = 0
        self.rows = 0
        self._folder, self._budget = folder, max(budget, 1)
        self._held: list[Rows] = []
        self._held_rows = 0
        self._runs: list[_SortedRun] = []

    def add(self, rows: Rows) -> None:
        """Take rows of any tapes; rows of one file in the file's order, files one after the other."""
        self.rows += len(rows)
        while len(rows):
            room = self._budget - self._held_rows
            self._held.append(rows[:room])
            self._held_rows += len(self._held[-1])
            self._count(self._held_rows)
            rows = rows[room:]
            if self._held_rows >= self._budget:
                self.flush()

    def flush(self) -> None:
        """Write what is held as one sorted run; OSError when the disk refuses."""
        if not self._held:
            return
        rows = np.concatenate(self._held)
        self._held, self._held_rows = [], 0
        rows = rows[_tape_order(rows, by_tape=True)]
        path = self._folder / f"run-{len(self._runs)}"
        with path.open("wb") as file:  # `tofile` would not say why the disk refuses
            file.write(rows.data)
        self._runs.append(_SortedRun(path, rows["tape"]))

    def merged(self, tape: int) -> Iterator[Rows]:
        """Yield a tape's rows in tape order, rows of one instant never apart; call `flush` before."""
        with ExitStack() as stack:
            cursors = [run.cursor(tape, stack) for run in self._runs if run.has(tape)]
            share = max(LEAST_READ, self._budget // max(len(cursors), 1))
            while sum(cursor.refill(share) for cursor in cursors):
                self._count(sum(len(cursor.held) for cursor in cursors))
                yield from _ready(cursors, share)

    def _count(self, rows: int) -> None:
        self.peak_rows = max(self.peak_rows, rows)


class _SortedRun:
    """One sorted file of rows; knows where each tape's part lies."""

    def __init__(self, path: Path, tape: NDArray[np.int32]) -> None:
        self._path = path
        tapes, starts = np.unique(tape, return_index=True)
        ends = np.append(starts[1:], len(tape))
        self._spans = {int(t): (int(a), int(b)) for t, a, b in zip(tapes, starts, ends, strict=True)}

    def has(self, tape: int) -> bool:
        return tape in self._spans

    def cursor(self, tape: int, stack: ExitStack) -> _Cursor:
        start, end = self._spans[tape]
        file = stack.enter_context(self._path.open("rb"))
        file.seek(start * ROW.itemsize)
        return _Cursor(file, end - start)


class _Cursor:
    """Reads one run's part of a tape piece by piece; `left` rows are still on disk."""

    def __init__(self, file: BinaryIO, left: int) -> None:
        self.left = left
        self.held: Rows = np.empty(0, ROW)
        self._file = file

    def refill(self, share: int) -> bool:
        """Hold something while there is something; say whether there is."""
        if not len(self.held):
            self.extend(share)
        return len(self.held) > 0

    def extend(self, share: int) -> None:
        count = min(share, self.left)
        self.held = np.concatenate([self.held, np.fromfile(self._file, ROW, count)])
        self.left -= count

    def take(self, before_ns: int | None) -> Rows:
        cut = len(self.held) if before_ns is None else int(np.searchsorted(self.held["ts"], before_ns))
        taken, self.held = self.held[:cut], self.held[cut:]
        return taken


def _ready(cursors: list[_Cursor], share: int) -> Iterator[Rows]:
    """Yield, in order, all rows that nothing still on disk can precede or share an instant with."""
    behind = [cursor for cursor in cursors if cursor.left]
    cut = min((int(cursor.held["ts"][-1]) for cursor in behind), default=None)
    taken = np.concatenate([cursor.take(cut) for cursor in cursors])
    if len(taken):
        yield taken[_tape_order(taken)]
        return
    # One instant fills a whole share: read on until it ends.
    for cursor in behind:
        if int(cursor.held["ts"][-1]) == cut:
            cursor.extend(share)


def _tape_order(rows: Rows, by_tape: bool = False) -> NDArray[np.intp]:
    """Return the stable order of tape, time, rank and sequence."""
    rank = _RANK_OF[rows["kind"]]
    rank[(rows["kind"] == MARK) & (rows["s1"] == MARK_CLOSE)] = _LAST
    keys = (rows["seq"], rank, rows["ts"])
    return np.lexsort((*keys, rows["tape"]) if by_tape else keys)


def without_copies(rows: Rows) -> Rows:
    """Drop rows that an earlier file already has; equal rows within one file are all kept.

    `rows` must hold whole instants. Of a row that file A has twice and file B three times, three stay.
    """
    content = _fingerprint(rows)
    if len(np.unique(content)) == len(rows):
        return rows
    order = np.lexsort((rows["file"], content))
    grouped = np.column_stack((content[order], rows["file"][order].astype(np.uint64)))
    starts = np.flatnonzero(np.append(True, (grouped[1:] != grouped[:-1]).any(axis=1)))
    nth = np.arange(len(rows)) - np.repeat(starts, np.diff(np.append(starts, len(rows))))
    again = np.lexsort((grouped[:, 1], nth, grouped[:, 0]))
    pairs = np.column_stack((grouped[again, 0], nth[again].astype(np.uint64)))
    first = np.append(True, (pairs[1:] != pairs[:-1]).any(axis=1))
    keep = np.zeros(len(rows), bool)
    keep[order[again[first]]] = True
    return rows[keep]


def _fingerprint(rows: Rows) -> NDArray[np.uint64]:
    """Return 64 bits of each row's content, its file left out."""
    mixed = np.zeros(len(rows), np.uint64)
    for name in (*(EVENT.names or ()), "seq"):
        mixed ^= rows[name].astype(np.int64).view(np.uint64)
        mixed *= np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed
