"""Parts of one day, one after the other, as a tape.

Owns one contract table over parts that number contracts each in its own way, and the files of a recording
as one tape.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...model.calendar import session
from ...model.contracts import ContractTable
from ...model.errors import NoDataError, StoreError
from ...model.events import Events
from ...tape.tape import TapeInfo
from ..days.meta import badge_of
from .encoding import Recording
from .file import JournalFile
from .folders import RecordingFolder


class Part(Protocol):
    """A stretch of a tape; ids are its own, the rest as in `engine.tape.tape.Tape`."""

    contracts: ContractTable
    starts: NDArray[np.int64]
    end_ns: int

    def read(self, chunk: int) -> Events: ...


class JoinedTape:
    """Parts as one `Tape`, in the order given."""

    def __init__(self, info: TapeInfo, parts: Sequence[Part]) -> None:
        self.info = info
        self.contracts = ContractTable()
        self._chunks: list[tuple[Part, int, NDArray[np.int32]]] = []
        starts = [np.zeros(0, np.int64)]
        self.end_ns = 0
        for part in parts:
            ids = np.array([0, *(self.contracts.add(each) for each in part.contracts)], np.int32)
            self._chunks += [(part, chunk, ids) for chunk in range(len(part.starts))]
            starts.append(np.maximum(part.starts, self.end_ns))
            self.end_ns = max(self.end_ns, part.end_ns)
        self.starts: NDArray[np.int64] = np.concatenate(starts)

    def read(self, chunk: int) -> Events:
        """Return the chunk's events under the ids of the whole tape."""
        part, at, ids = self._chunks[chunk]
        events = part.read(at)
        if np.array_equal(ids, np.arange(len(ids))):
            return events
        renamed = events.copy()
        renamed["cid"] = ids[events["cid"]]
        return renamed


class JournalTape(JoinedTape):
    """A recording as a tape, as far as its files are whole; what is appended later is not seen.

    Parts `before` stand ahead of the files.

    files    : in the order they were written
    problems : one sentence for each file that cannot be read to its end
    """

    def __init__(
        self, recording: Recording, files: Sequence[JournalFile], before: Sequence[Part] = ()
    ) -> None:
        self.files = tuple(files)
        self.recording = recording
        super().__init__(_info(recording), (*before, *self.files))

    @property
    def problems(self) -> tuple[str, ...]:
        return tuple(each.loss.sentence(each.path) for each in self.files if each.loss is not None)


def open_journal(folder: RecordingFolder) -> JournalTape:
    """Open a recording, whether or not somebody is writing it.

    Raises NoDataError when there is nothing in it, StoreError for a foreign file.
    """
    files = read_files(folder)
    recordings = [each.recording for each in files if each.recording is not None]
    if not recordings:
        raise NoDataError(f"Nothing of {folder.symbol} on {folder.day} is recorded yet.")
    return JournalTape(recordings[-1], files)


def read_files(folder: RecordingFolder) -> list[JournalFile]:
    """Read every file of a recording as far as it is whole; StoreError for one that is of something else."""
    files = [JournalFile(path) for path in folder.files()]
    for file in files:
        its = file.recording
        if its is not None and (its.day, its.symbol) != (folder.day, folder.symbol):
            raise StoreError(f"{file.path} speaks of {its.symbol} on {its.day}; move it where that lies.")
    return files


def _info(recording: Recording) -> TapeInfo:
    return TapeInfo(
        symbol=recording.symbol,
        underlying=recording.underlying,
        day=recording.day,
        session=session(recording.day),
        source=recording.source,
        badge=badge_of(recording.source),
        spot_origin=recording.spot_origin,
        tick=recording.tick,
    )
