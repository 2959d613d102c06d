"""From a recording to a day file, and the recording away: never neither.

Owns the order of the steps. A recording goes only once a day that holds it is in place and folds to the
same hash. The day names the files it was made from, so a run that was killed after that is finished by the
next one, and what was recorded later is added to the day that is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...model.errors import NoDataError, StoreError
from ...tape.tape import Tape
from ..days.day_tape import DayTape
from ..days.meta import SIMULATED, DayMeta, Facts, InputFile, whole_session
from ..days.store import DayStore
from ..files import sync_folder, writing
from .file import JournalFile
from .folders import Lock, RecordingFolder
from .tape import JournalTape, read_files

RECORDED = ("recorded", SIMULATED)
"""Sources of days that were recordings."""

Progress = Callable[[str, float], None]
"""Told what is being done and which share of it, 0-1, is done."""


@dataclass(frozen=True, slots=True)
class CompactionResult:
    """What a compaction did.

    meta      : the day as it is now; None when there was not one event
    files     : files of the recording that were added to it now
    bytes     : of these files
    problems  : one sentence for each file that could not be read to its end
    set_aside : damaged files, which are kept under another name
    """

    meta: DayMeta | None
    files: int
    bytes: int
    problems: tuple[str, ...]
    set_aside: tuple[Path, ...]


def compact(
    store: DayStore,
    folder: RecordingFolder,
    fold: Callable[[Tape], str],
    progress: Progress = lambda what, share: None,
) -> CompactionResult:
    """Make a recording part of its day and take it away.

    fold : gives a tape's state hash
    Raises NoDataError without a recording, StoreError while it is being written, when the day that is there
    was imported, when the disk refuses, and when the day would not fold to what the recording folds to; in
    each case the recording and the day stay as they were.
    """
    if not folder.files():
        raise NoDataError(f"There is no recording of {folder.symbol} on {folder.day}; see `spymon days`.")
    lock = Lock(folder)
    with writing(folder.root):
        lock.take()
    try:
        done = _Compaction(store, folder, fold, progress).run()
    finally:
        with suppress(OSError):  # whoever comes next clears it away
            lock.release()
    with suppress(OSError):  # something else may lie there
        folder.path.rmdir()
    return done


class _Compaction:
    """One compaction under way."""

    def __init__(
        self, store: DayStore, folder: RecordingFolder, fold: Callable[[Tape], str], progress: Progress
    ) -> None:
        self._store, self._folder, self._fold, self._progress = store, folder, fold, progress
        self._what = f"compacting {folder.symbol} {folder.day}"
        self._old = recorded_day(store, folder)

    def run(self) -> CompactionResult:
        """Write what the day does not have yet, then take the files away."""
        self._progress(self._what, 0.0)
        files = read_files(self._folder)
        fresh = fresh_files(files, self._old)
        meta = self._write(tuple(fresh), tuple(fresh.values())) if fresh else self._old
        with writing(self._folder.root):
            aside = [moved for file in files if (moved := _put_away(file)) is not None]
            sync_folder(self._folder.path)
        return CompactionResult(
            meta=meta,
            files=len(fresh),
            bytes=sum(file.bytes for file in fresh),
            problems=_problems(files, by_path=True),
            set_aside=tuple(aside),
        )

    def _write(self, fresh: Sequence[JournalFile], inputs: tuple[InputFile, ...]) -> DayMeta:
        """Write the day of everything that is there and of the fresh files; verified before it shows."""
        before = [self._store.open(self._folder.day, self._folder.symbol)] if self._old else []
        try:
            return self._write_after(before, fresh, inputs)
        finally:
            for tape in before:
                tape.close()

    def _write_after(
        self, before: Sequence[DayTape], fresh: Sequence[JournalFile], inputs: tuple[InputFile, ...]
    ) -> DayMeta:
        recording = fresh[-1].recording
        assert recording is not None  # a file without one has no events
        if self._old is not None and self._old.facts.source != recording.source:
            raise StoreError(
                f"{self._folder.symbol} on {self._folder.day} was {self._old.facts.source}, the recording is "
                f"{recording.source}; both stay as they were, move one of them away."
            )
        tape = JournalTape(recording, fresh, before)
        with self._store.writer(self._folder.day, self._folder.symbol, tape.contracts) as writer:
            for chunk in range(len(tape.starts)):
                writer.append(tape.read(chunk))
                self._progress(self._what, (chunk + 1) / len(tape.starts))
            expected = self._fold(tape)
            return writer.commit(self._facts(tape, inputs), lambda day: self._verify(day, expected))

    def _verify(self, day: DayTape, expected: str) -> str:
        """Return the day's hash; StoreError when it is not the recording's."""
        found = self._fold(day)
        if found != expected:
            raise StoreError(
                f"{self._folder.symbol} on {self._folder.day} was not compacted: the recording folds to "
                f"{expected}, the day made of it to {found}; both stay as they were."
            )
        return found

    def _facts(self, tape: JournalTape, inputs: tuple[InputFile, ...]) -> Facts:
        old = self._old
        first_ns = old.measured.first_ns if old else tape.files[0].first_ns
        silent_ns = sum(end_ns - start_ns for start_ns, end_ns in old.measured.gaps) if old else 0
        silent_ns += sum(file.silent_ns for file in tape.files)
        notes = (old.facts.notes if old else ()) + _problems(tape.files, by_path=False)
        return Facts(
            source=tape.recording.source,
            spot_origin=tape.recording.spot_origin,
            tick=tape.recording.tick,
            underlying=tape.recording.underlying,
            complete=whole_session(self._folder.day, first_ns, tape.end_ns, silent_ns) and not notes,
            notes=notes,
            inputs=(old.facts.inputs if old else ()) + inputs,
        )


def recorded_day(store: DayStore, folder: RecordingFolder) -> DayMeta | None:
    """Return the day that was recorded before; StoreError for one that was not recorded."""
    if not store.has(folder.day, folder.symbol):
        return None
    old = store.meta(folder.day, folder.symbol)
    if old.facts.source not in RECORDED:
        raise StoreError(
            f"{folder.symbol} on {folder.day} was imported and not recorded, and it stays; "
            f"move {store.folder(folder.day, folder.symbol)} away to compact the recording."
        )
    return old


def fresh_files(files: Sequence[JournalFile], old: DayMeta | None) -> dict[JournalFile, InputFile]:
    """Return the files with events that a day does not have yet, in their order."""
    known = old.facts.inputs if old else ()
    return {file: its for file in files if file.events and (its := file.identity()) not in known}


def _problems(files: Sequence[JournalFile], by_path: bool) -> tuple[str, ...]:
    lost = [(file.path, file.loss) for file in files if file.loss is not None]
    return tuple(loss.sentence(path if by_path else path.name) for path, loss in lost)


def _put_away(file: JournalFile) -> Path | None:
    """Delete a file whose events are in the day; rename one that holds more than could be read."""
    if file.loss is None or file.loss.torn:
        file.path.unlink()
        return None
    return file.path.rename(file.path.with_name(file.path.name + ".damaged"))
