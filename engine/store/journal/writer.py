"""Recording one symbol's day, so that whatever was acknowledged outlives the process.

Owns the file under way, what has reached the disk, and what could not be recorded.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from ...model.contracts import Contract, ContractTable
from ...model.errors import BusyError, StoreError
from ...model.events import KIND_NAMES, NS, Events, gap
from ..files import make_folder, sync_folder
from .encoding import Encoder, Recording
from .folders import Lock, RecordingFolder

RETRY_NS = 5 * NS
_SOURCE = "journal"


class Journal:
    """Writes what one process records of one symbol and day; one thread may call.

    An append hands its batch to the operating system, which survives a killed process; `sync` waits for the
    disk, which survives a power cut. When the disk refuses, one call raises StoreError and the journal is
    `broken`: it drops what it is given, tries again every `retry_ns` in a new file, and marks there, by a GAP
    event, the time of which nothing was recorded.

    broken : why nothing is recorded now, one sentence; '' while all is well
    """

    def __init__(self, root: Path, recording: Recording, retry_ns: int = RETRY_NS) -> None:
        self.folder = RecordingFolder(root, recording.day, recording.symbol)
        self.broken = ""
        self._recording, self._retry_ns = recording, retry_ns
        self._contracts = ContractTable()
        self._lock = Lock(self.folder)
        self._file: FileIO | None = None
        self._encoder, self._contracts_written, self._whole_bytes = Encoder(recording), 0, 0
        self._written = JournalEnd()
        self._synced = JournalEnd()
        self._lost: tuple[int, int] | None = None
        self._broke_ns = 0

    def open(self, now_ns: int) -> None:
        """Begin the file now rather than with the first append.

        Raises BusyError when another process records the same, StoreError when the disk refuses.
        """
        try:
            if self._file is None:
                self._begin(now_ns)
        except BusyError:
            raise
        except (OSError, StoreError) as error:
            raise self._breaks(error, now_ns) from error
        self.broken = ""

    def add_contracts(self, contracts: Iterable[Contract]) -> None:
        """Number contracts as a `ContractTable` does; new ones are written before the next events."""
        for contract in contracts:
            self._contracts.add(contract)

    def append(self, events: Events, received_ns: int, source: str) -> bool:
        """Write one batch; say whether it was recorded.

        received_ns : ns UTC, the time in which retries are counted
        Raises StoreError for the batch at which the journal breaks, ValueError for an event that cannot be.
        """
        if not len(events):
            return not self.broken
        if not 0 <= int(events["cid"].min()) <= int(events["cid"].max()) <= len(self._contracts):
            raise ValueError("an event names a contract that was not added to the journal")
        if int(events["kind"].max()) >= len(KIND_NAMES):
            raise ValueError("an event is of no known kind")
        # A clock that was set back must not put the next try off.
        if self.broken and 0 <= received_ns - self._broke_ns < self._retry_ns:
            self._lose(events)
            return False
        return self._record(events, received_ns, source)

    def sync(self) -> int:
        """Wait for the disk and return how many rows are safe there, marks of gaps included.

        Raises StoreError when the disk refuses; what was not safe yet then counts as not recorded.
        """
        flush = self.flush()
        return self._synced.rows if flush is None else self.settle(flush, flush.wait())

    def flush(self) -> Flush | None:
        """Return what waits for the disk as `sync` does, in any thread; None when nothing is open.

        Hand its outcome to `settle` before asking for the next one. StoreError when the system refuses.
        """
        try:
            return None if self._file is None else Flush(os.dup(self._file.fileno()), self._written.copy())
        except OSError as error:
            raise self._breaks(error, self._written.received_ns) from error

    def settle(self, flush: Flush, error: OSError | None) -> int:
        """Take note of what came of a flush, as `sync` does; return how many rows are safe."""
        if error is not None:
            self._disown()
            raise self._breaks(error, flush.reach.received_ns) from error
        self._synced = flush.reach
        return self._synced.rows

    def close(self) -> int:
        """End the file, wait for the disk, let go of the lock, and return the rows that are safe.

        A last try is made to mark what could not be recorded.
        """
        try:
            if self._lost is not None:
                with suppress(OSError, StoreError):  # it was told when the disk refused
                    self._begin(self._broke_ns)
            if self._file is not None and self._whole_bytes:
                self._write(self._encoder.end())
                self.sync()
        except OSError as error:
            raise self._breaks(error, self._written.received_ns) from error
        finally:
            self._shut()
            with suppress(OSError):
                self._lock.release()
        return self._synced.rows

    def _record(self, events: Events, received_ns: int, source: str) -> bool:
        """Write events, in a new file if there is none; False when a retry fails."""
        was_broken = bool(self.broken)
        try:
            if self._file is None:
                self._begin(received_ns)
            self._put(events, received_ns, source)
        except (OSError, StoreError) as error:
            self._lose(events)
            sentence = self._breaks(error, received_ns)
            if was_broken:
                return False
            raise sentence from error
        self.broken = ""
        return True

    def _begin(self, now_ns: int) -> None:
        """Start a file with everything that a reader must know, and the mark of what is missing."""
        make_folder(self.folder.path)
        self._lock.take()
        path = self.folder.next_file(now_ns)
        self._encoder, self._contracts_written, self._whole_bytes = Encoder(self._recording), 0, 0
        self._file = FileIO(path, "xb")
        sync_folder(self.folder.path)
        if self._lost is not None:
            self._put(gap(*self._lost), now_ns, _SOURCE)
            self._lost = None

    def _put(self, events: Events, received_ns: int, source: str) -> None:
        fresh = list(self._contracts)[self._contracts_written :]
        self._write(self._encoder.record(events, received_ns, source, fresh))
        self._contracts_written = len(self._contracts)
        self._written.add(events, received_ns)

    def _write(self, data: bytes) -> None:
        """Write all of it; a disk that is nearly full takes a part at first."""
        assert self._file is not None
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) or 0 :]
        self._whole_bytes += len(data)

    def _lose(self, events: Events) -> None:
        """Note that these events are not in the recording."""
        first, last = int(events["ts"].min()), int(events["ts"].max())
        since, until = self._lost or (self._written.clock_or(first), last)
        self._lost = since, max(until, last, since)

    def _disown(self) -> None:
        """Count what is not safe as not recorded."""
        if self._written.rows > self._synced.rows:
            since = self._synced.clock_or(self._written.first_ns)
            before = self._lost or (since, since)
            self._lost = min(since, before[0]), max(self._written.clock_ns, before[1])
        self._written = self._synced.copy()

    def _breaks(self, error: Exception, now_ns: int) -> StoreError:
        """Give the file up and return the sentence."""
        if not self._shut():
            self._disown()
        self._broke_ns = now_ns
        reason = error.strerror or str(error) if isinstance(error, OSError) else ""
        self.broken = str(error) if not reason else (
            f"{self.folder.symbol} is not being recorded: {reason}, {self.folder.path} cannot be written; "
            "what is missed until that is mended will be marked as a gap."
        )  # fmt: skip
        return StoreError(self.broken)

    def _shut(self) -> bool:
        """Close the file after its last whole batch, and take one without any away.

        False when what it holds may not be on the disk: the next file's syncs vouch for these rows too.
        """
        if self._file is None:
            return True
        file, self._file = self._file, None
        with suppress(OSError):  # a torn end is cut by whoever reads it
            file.truncate(self._whole_bytes)
        try:
            os.fsync(file.fileno())
        except OSError:
            return False
        finally:
            with suppress(OSError):
                file.close()
                if not self._whole_bytes:
                    os.unlink(file.name)
        return True


class JournalEnd:
    """How far the recording goes: rows, the tape's clock, and the last time of receipt."""

    def __init__(self) -> None:
        self.rows = 0
        self.first_ns = self.clock_ns = self.received_ns = 0

    def add(self, events: Events, received_ns: int) -> None:
        if not self.rows:
            self.first_ns = int(events["ts"][0])
        self.rows += len(events)
        self.clock_ns = max(self.clock_ns, int(events["ts"].max()))
        self.received_ns = received_ns

    def clock_or(self, ts_ns: int) -> int:
        """Return the clock, or the time given when nothing was recorded yet."""
        return self.clock_ns if self.rows else ts_ns

    def copy(self) -> JournalEnd:
        twin = JournalEnd()
        twin.rows, twin.first_ns = self.rows, self.first_ns
        twin.clock_ns, twin.received_ns = self.clock_ns, self.received_ns
        return twin


@dataclass(frozen=True, slots=True)
class Flush:
    """An fsync to come, by a descriptor of its own: the journal may be closed meanwhile.

    reach : what is safe once it has succeeded
    """

    descriptor: int
    reach: JournalEnd

    def wait(self) -> OSError | None:
        """Wait for the disk and return what it said; call it once."""
        try:
            os.fsync(self.descriptor)
        except OSError as error:
            return error
        finally:
            os.close(self.descriptor)
        return None
