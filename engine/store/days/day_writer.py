"""Writing one day, from events in tape order to a folder that appears in one step.

Owns chunking, counting and the moment of publication.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from ...model.contracts import Contract
from ...model.errors import StoreError
from ...model.events import EVENT, GAP, KIND_NAMES, Events
from ..files import replace_folder, scratch, sync_path, write_text, writing
from ..parquet import CHUNK, FIELDS, tape_writer, to_table, write_contracts
from .day_tape import DayTape
from .meta import DayMeta, Facts, TapeCounts

_MS = 1_000_000


class DayWriter:
    """Writes one day in time order; nothing can be seen of it before `commit`.

    Use it in a `with` block: leaving without a commit leaves no trace.
    """

    def __init__(
        self,
        root: Path,
        target: Path,
        day: date,
        symbol: str,
        contracts: tuple[Contract, ...],
        previous: Callable[[], DayMeta | None],
    ) -> None:
        self._root, self._target, self._day, self._symbol = root, target, day, symbol
        self._contracts, self._previous = contracts, previous
        self._held: list[Events] = []
        self._rows = 0
        self._counts = _RunningCounts(contracts)

    def __enter__(self) -> Self:
        with ExitStack() as stack, writing(self._root):
            self._folder = stack.enter_context(scratch(self._root)) / self._symbol
            self._folder.mkdir()
            write_contracts(self._folder / "contracts.parquet", self._contracts)
            self._file = stack.enter_context(tape_writer(self._folder / "tape.parquet"))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def append(self, events: Events) -> None:
        """Take the next events of the tape, any number of them."""
        self._held.append(events)
        self._rows += len(events)
        if self._rows >= CHUNK:
            with writing(self._root):
                self._flush(whole_chunks_only=True)

    def commit(
        self,
        facts: Facts,
        fold: Callable[[DayTape], str] | None = None,
        holes: tuple[tuple[int, int], ...] = (),
    ) -> DayMeta:
        """Finish the files and put them in place of whatever was there; StoreError without any event.

        holes : silences that no event tells, (start_ns, end_ns); those that one tells count once
        fold : gives the finished tape's state hash, to be written down; if it raises, nothing is replaced
        """
        with writing(self._root):
            self._flush(whole_chunks_only=False)
            self._file.close()
            if self._counts.events == 0:
                raise StoreError(
                    f"There is not one event of {self._symbol} on {self._day}; no day was written."
                )
            meta = self._describe(facts, holes)
        if fold is not None:
            meta = meta.with_hash(self._fold_to(meta, fold))
        with writing(self._root):
            write_text(self._folder / "meta.json", meta.to_json())
            replace_folder(self._folder, self._target)
        return meta

    def _describe(self, facts: Facts, holes: tuple[tuple[int, int], ...]) -> DayMeta:
        """Bring the finished files to the disk and return what they say about themselves."""
        tape = self._folder / "tape.parquet"
        counted = self._counts.so_far(tape.stat().st_size)
        untold = [hole for hole in holes if not any(_overlap(hole, gap) for gap in counted.gaps)]
        counted = replace(counted, gaps=tuple(sorted((*counted.gaps, *untold))))
        meta = DayMeta(self._day, self._symbol, facts, counted)
        sync_path(tape)
        sync_path(self._folder / "contracts.parquet")
        return replace(meta, hashes=self._known_hashes(meta))

    def _fold_to(self, meta: DayMeta, fold: Callable[[DayTape], str]) -> str:
        tape = DayTape(self._folder, meta)
        try:
            return fold(tape)
        finally:
            tape.close()

    def _known_hashes(self, meta: DayMeta) -> Mapping[int, str]:
        """Return the hashes of the day that is replaced when it has the very same content."""
        old = self._previous()
        same = old is not None and old.measured.content == meta.measured.content
        return old.hashes if old is not None and same else {}

    def _flush(self, whole_chunks_only: bool) -> None:
        events = np.concatenate(self._held) if self._held else np.empty(0, EVENT)
        end = len(events) // CHUNK * CHUNK if whole_chunks_only else len(events)
        for start in range(0, end, CHUNK):
            self._write(events[start : min(start + CHUNK, end)])
        self._held, self._rows = [events[end:]], len(events) - end

    def _write(self, chunk: Events) -> None:
        self._counts.add(chunk)
        self._file.write_table(to_table(chunk), row_group_size=CHUNK)


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


class _RunningCounts:
    """What `TapeCounts` is made of, counted chunk by chunk."""

    def __init__(self, contracts: tuple[Contract, ...]) -> None:
        self.events = 0
        self._counts = np.zeros(len(KIND_NAMES), np.int64)
        self._clock: int | None = None
        self._first = 0
        self._starts: list[int] = []
        self._gaps: list[tuple[int, int]] = []
        self.digest = hashlib.blake2b("\n".join(each.occ for each in contracts).encode(), digest_size=16)

    def add(self, chunk: Events) -> None:
        first, most = int(chunk["ts"][0]), int(chunk["ts"].max())
        if self._clock is None:
            self._clock = self._first = first
        self._starts.append(max(self._clock, first))
        self._clock = max(self._clock, most)
        self.events += len(chunk)
        self._counts += np.bincount(chunk["kind"], minlength=len(KIND_NAMES))
        silent = chunk[chunk["kind"] == GAP]
        self._gaps += [(int(gap["ts"]) - int(gap["s1"]) * _MS, int(gap["ts"])) for gap in silent]
        for name in FIELDS:
            self.digest.update(np.ascontiguousarray(chunk[name]).tobytes())

    def so_far(self, tape_bytes: int) -> TapeCounts:
        return TapeCounts(
            events=self.events,
            counts={kind: int(n) for kind, n in zip(KIND_NAMES, self._counts, strict=True) if n},
            first_ns=self._first,
            last_ns=self._clock or self._first,
            starts=tuple(self._starts),
            gaps=tuple(self._gaps),
            content=self.digest.hexdigest(),
            tape_bytes=tape_bytes,
        )


def content_of(tape: DayTape) -> str:
    """Return the digest of all that a tape holds; StoreError when it cannot be read."""
    counts = _RunningCounts(tuple(tape.contracts))
    for chunk in range(len(tape.starts)):
        counts.add(tape.read(chunk))
    return counts.digest.hexdigest()
