"""A live day on its way to the disk and to whoever reads it: the journal first, then the tape.

Owns taking up what an earlier process recorded of the same day, and that neither a slow disk nor one that
refuses delays the tape.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ...model.contracts import ContractTable
from ...model.errors import BusyError, StoreError
from ...model.events import Events
from ...tape.live_tape import LiveTape, Spool
from ...tape.tape import TapeInfo
from ..journal.compaction import fresh_files, recorded_day
from ..journal.encoding import Recording
from ..journal.folders import RecordingFolder
from ..journal.tape import JoinedTape, read_files
from ..journal.writer import Flush, Journal
from .meta import SIMULATED, DayMeta
from .spool import FileSpool
from .store import DayStore


class DayRecording:
    """One symbol's day, recorded; an `engine.tape.live_tape.TapeWriter`. Any thread may write, one at a time.

    What the journal takes goes on the tape next, so the tape folds to what the recording folds to. What the
    disk refuses is on the tape alone, and a gap in the recording says so.

    disk       : where the disk is waited for, shut down at the close; a thread of its own without it
    resumed_ns : the tape's clock after what was recorded before, 0 without
    rows, safe, missed : events of this process that were recorded, that are certain to be on the disk, and
                         that the disk refused
    """

    def __init__(self, journal: Journal, tape: LiveTape, disk: Executor | None = None) -> None:
        self.tape = tape
        self.resumed_ns = tape.end_ns
        self.rows = self.safe = self.missed = 0
        self._journal, self._contracts_recorded = journal, 0
        self._disk = disk or ThreadPoolExecutor(1, thread_name_prefix="disk")
        self._flushing: tuple[Flush, Future[OSError | None]] | None = None
        self._writing = threading.Lock()
        self._closed = False

    @property
    def listed(self) -> ContractTable:
        """The writer's contract table; what is added is recorded with the next events."""
        return self.tape.listed

    @property
    def folder(self) -> RecordingFolder:
        """Where the recording lies."""
        return self._journal.folder

    @property
    def trouble(self) -> str:
        """Why nothing is recorded now, one sentence; '' while all is well."""
        return self._journal.broken

    def append(self, events: Events, received_ns: int, timely: bool = True) -> None:
        """Record events and put them at the end of the tape, with the contracts added since.

        received_ns : ns UTC when the last of them came in
        timely      : whether they came as soon as they happened
        ValueError once it is closed.
        """
        with self._writing:
            if self._closed:
                raise ValueError("the recording of that day is closed")
            self._settle()
            if len(events):
                self._record(events, received_ns)
            self.tape.append(events, received_ns, timely)

    def keep(self, now_ns: int) -> None:
        """Begin to bring what was appended to the disk, unless that is still under way."""
        with self._writing:
            self._settle()
            if self._flushing is None and not self._closed:
                self._begin_flush()

    def close(self) -> None:
        """Bring everything to the disk and say that nothing comes any more; safe to call twice."""
        with self._writing:
            if self._closed:
                return
            self._closed = True
            self._disk.shutdown()
            self._settle()
            with suppress(StoreError):  # it stays in `trouble`
                self.safe = self._journal.close()
            self.tape.close()

    def _record(self, events: Events, received_ns: int) -> None:
        fresh = range(self._contracts_recorded + 1, len(self.listed) + 1)
        self._journal.add_contracts(self.listed[cid] for cid in fresh)
        self._contracts_recorded += len(fresh)
        recorded = False
        with suppress(StoreError):  # it stays in `trouble`
            recorded = self._journal.append(events, received_ns, self.tape.info.source)
        if recorded:
            self.rows += len(events)
        else:
            self.missed += len(events)

    def _begin_flush(self) -> None:
        with suppress(StoreError):  # it stays in `trouble`
            flush = self._journal.flush()
            if flush is not None:
                self._flushing = flush, self._disk.submit(flush.wait)

    def _settle(self) -> None:
        """Take note of what came of the last flush, if it has ended."""
        if self._flushing is None or not self._flushing[1].done():
            return
        (flush, outcome), self._flushing = self._flushing, None
        try:
            self.safe = self._journal.settle(flush, outcome.result())
        except StoreError:  # it stays in `trouble`; what was not safe counts as not recorded
            self.missed += self.rows - self.safe
            self.rows = self.safe


def open_recorded(
    root: Path,
    info: TapeInfo,
    now: Callable[[], int] = time.time_ns,
    spool: Callable[[], Spool] | None = None,
) -> DayRecording:
    """Begin to record a symbol's day below `root`, after what was recorded of it before.

    now   : ns UTC
    spool : makes what holds whole chunks of the tape; a file beside the recording without it
    Raises BusyError when another process records the same, StoreError for a recording that cannot be gone on
    with. A disk that refuses is no error: see `DayRecording.trouble`.
    """
    journal = Journal(root, _recording(info))
    _open(journal, now())
    try:
        return DayRecording(journal, _resume(DayStore(root), journal.folder, info, spool))
    except BaseException:
        journal.close()
        raise


def _recording(info: TapeInfo) -> Recording:
    source = SIMULATED if info.simulated else "recorded"
    return Recording(info.day, info.underlying, info.spot_origin, info.tick, source)


def _open(journal: Journal, now_ns: int) -> None:
    try:
        journal.open(now_ns)
    except BusyError:
        raise
    except StoreError:
        return  # the journal remembers why, and tries again


def _resume(
    store: DayStore, folder: RecordingFolder, info: TapeInfo, spool: Callable[[], Spool] | None
) -> LiveTape:
    """Make a live tape of everything that earlier processes recorded of the day."""
    old, notes = _day_before(store, folder)
    files = read_files(folder)
    fresh = tuple(fresh_files(files, old))
    found = {old.facts.source} if old else set()
    found |= {file.recording.source for file in fresh if file.recording is not None}
    wanted = _recording(info).source
    if found - {wanted}:
        raise StoreError(
            f"{folder.symbol} on {folder.day} is there as {', '.join(found - {wanted})}, and this would be "
            f"{wanted}: move it out of {folder.root} or choose another --data-dir."
        )
    lost = (each.loss.sentence(each.path.name) for each in fresh if each.loss is not None)
    tape = LiveTape(
        replace(info, notes=(*info.notes, *notes, *lost)), spool() if spool else FileSpool(folder.path)
    )
    before = [store.open(folder.day, folder.symbol)] if old else []
    try:
        _copy(JoinedTape(info, (*before, *fresh)), tape)
    finally:
        for day in before:
            day.close()
    return tape


def _day_before(store: DayStore, folder: RecordingFolder) -> tuple[DayMeta | None, tuple[str, ...]]:
    """Return the day that was recorded and compacted before, and a sentence on one that is in the way."""
    try:
        return recorded_day(store, folder), ()
    except StoreError as error:
        return None, (str(error),)


def _copy(source: JoinedTape, tape: LiveTape) -> None:
    for contract in source.contracts:
        tape.listed.add(contract)
    for chunk in range(len(source.starts)):
        tape.append(source.read(chunk))
        tape.take()  # nobody reads yet, and what waits is held in memory
