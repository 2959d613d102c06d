"""One file of a recording, read as far as it is whole.

Owns finding the last whole batch, and reading any part before it.
"""

from __future__ import annotations

import hashlib
import os
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...model.contracts import ContractTable
from ...model.errors import StoreError
from ...model.events import GAP, KIND_NAMES, Events
from ..days.meta import InputFile
from ..parquet import CHUNK
from .encoding import END, START, Record, Recording, decode, recording_of

_MOST_METADATA = 1 << 20
_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Loss:
    """What of a file cannot be read; `torn` is a last batch that broke off, anything else is damage."""

    at_byte: int
    bytes: int
    torn: bool

    def sentence(self, name: object) -> str:
        if self.torn:
            return f"{name} breaks off within its last batch; {self.bytes:,} bytes were cut."
        return (
            f"{name} is damaged at byte {self.at_byte:,}: the {self.bytes:,} bytes from there on "
            "cannot be read; what stands before is kept."
        )


@dataclass(frozen=True, slots=True)
class _BatchSpan:
    """Whole batches that are read together: bytes from `start` to `end`, after a part with that check sum."""

    start: int
    end: int
    crc: int
    rows: int = 0


class JournalFile:
    """One file of a recording as part of a tape, see `engine.tape.tape.Tape`; its ids are the file's own.

    It is read whole once, and what was appended later is not seen.

    recording : what it is of; None when not even that was written
    counts    : (kinds,) events by kind
    silent_ns : length of all its gaps together
    first_ns, end_ns : the tape's clock at the first and after the last event
    loss      : what cannot be read
    Raises StoreError for a foreign file and one that cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.recording: Recording | None = None
        self.contracts = ContractTable()
        self.counts = np.zeros(len(KIND_NAMES), np.int64)
        self.events = self.first_ns = self.end_ns = self.silent_ns = 0
        self._header = b""
        self._spans: list[_BatchSpan] = []
        self._starts: list[int] = []
        try:
            # Held from here on: a compaction may take the name away while somebody reads.
            self._descriptor = os.open(path, os.O_RDONLY)
            weakref.finalize(self, os.close, self._descriptor)
            self.bytes = os.fstat(self._descriptor).st_size
            self.loss = self._judge_rest(self._scan())
        except OSError as error:
            # Arrow puts its own words where others have the system's.
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise StoreError(f"{path} cannot be read ({reason}).") from error
        self.starts: NDArray[np.int64] = np.array(self._starts, np.int64)

    def read(self, chunk: int) -> Events:
        """Return a chunk's events; StoreError when the file has changed there."""
        span = self._spans[chunk]
        try:
            data = os.pread(self._descriptor, span.end - span.start, span.start)
            parts = [record.events for record, _ in _records(pa.BufferReader(self._header + data), span.crc)]
        except (pa.ArrowException, OSError, ValueError) as error:
            raise StoreError(f"{self.path} was changed or damaged while it was read.") from error
        return np.concatenate(parts)

    def identity(self) -> InputFile:
        """Return name, size and digest of the file on disk."""
        try:
            with self.path.open("rb") as file:
                return InputFile(self.path.name, self.bytes, hashlib.file_digest(file, "sha256").hexdigest())
        except OSError as error:
            raise StoreError(f"{self.path} cannot be read ({error.strerror or error}).") from error

    def _scan(self) -> int:
        """Read every whole batch and return where the last one ends."""
        with pa.OSFile(str(self.path)) as source:
            try:
                self.recording = recording_of(pa.ipc.open_stream(source).schema)
            except (pa.ArrowException, OSError, ValueError) as error:
                self._refuse_foreign(error)
                return 0
            whole, crc = int(source.tell()), 0
            source.seek(0)
            self._header = source.read(whole)
            source.seek(0)
            # What stands behind the first batch that cannot be read is judged by `_judge_rest`.
            try:
                for record, end in _records(source, crc):
                    self._take(record, _BatchSpan(whole, end, crc))
                    whole, crc = end, record.crc
            except (pa.ArrowException, OSError, ValueError) as error:
                if _of_the_disk(error):
                    raise
        return whole

    def _take(self, record: Record, span: _BatchSpan) -> None:
        """Add one batch, which lies in `span`; ValueError when it names an unknown contract."""
        events = record.events
        for contract in record.contracts:
            self.contracts.add(contract)
        if not 0 <= int(events["cid"].min()) <= int(events["cid"].max()) <= len(self.contracts):
            raise ValueError("it names a contract that the file does not")
        if not self.events:
            self.first_ns = int(events["ts"][0])
        if not self._spans or self._spans[-1].rows >= CHUNK:
            self._starts.append(max(self.end_ns, int(events["ts"][0])))
            self._spans.append(span)
        last = self._spans[-1]
        self._spans[-1] = replace(last, end=span.end, rows=last.rows + len(events))
        self.events += len(events)
        self.end_ns = max(self.end_ns, int(events["ts"].max()))
        self.counts += np.bincount(events["kind"], minlength=len(KIND_NAMES))
        self.silent_ns += int(events["s1"][events["kind"] == GAP].sum(dtype=np.int64)) * _MS

    def _judge_rest(self, whole: int) -> Loss | None:
        """Judge what follows the last whole batch; a stream that was ended did not break off."""
        with self.path.open("rb") as file:
            file.seek(whole)
            rest = file.read(max(self.bytes - whole, 0))
        if rest in (b"", END):
            return None
        return Loss(whole, len(rest), torn=not (rest.endswith(END) or _message_within(rest)))

    def _refuse_foreign(self, error: Exception) -> None:
        """Raise StoreError unless the file merely breaks off before its first batch.

        After a power cut there may be zeros in the place of what was written.
        """
        if _of_the_disk(error):
            raise error
        with self.path.open("rb") as file:
            data = file.read(_MOST_METADATA)
        cut = START.startswith(data[: len(START)]) and not _message_within(data)
        cut |= not data.strip(b"\0")
        ours = type(error) is ValueError
        if ours or not cut:
            reason = str(error) if ours else "it is no Arrow stream"
            raise StoreError(f"{self.path} is not a recording: {reason}; move it elsewhere.") from error


def _records(source: Any, crc: int) -> Iterator[tuple[Record, int]]:
    """Yield every batch of a stream, checked, and where it ends; ends quietly where bytes or stream end."""
    options = pa.ipc.IpcReadOptions(use_threads=False)
    stream = pa.ipc.open_stream(source, options=options)
    while True:
        try:
            batch, metadata = stream.read_next_batch_with_custom_metadata()
        except StopIteration:
            return
        record = decode(batch, metadata, crc)
        crc = record.crc
        yield record, source.tell()


def _of_the_disk(error: Exception) -> bool:
    """Say whether the system refused; Arrow's own complaints of what it read have no number."""
    return isinstance(error, OSError) and error.errno is not None


def _message_within(data: bytes) -> bool:
    """Say whether another message begins behind the first one's beginning."""
    at = data.find(START, len(START))
    while at >= 0:
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if 0 < length <= min(_MOST_METADATA, len(data) - at) and length % 8 == 0:
            return True
        at = data.find(START, at + 1)
    return False
