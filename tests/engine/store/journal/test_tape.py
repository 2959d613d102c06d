"""Several files, each with ids of its own, as one tape."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.model.errors import NoDataError, StoreError
from engine.model.events import Events
from engine.store.journal.encoding import Recording
from engine.store.journal.folders import RecordingFolder, recordings
from engine.store.journal.tape import open_journal
from engine.store.journal.writer import Journal
from engine.tape.tape import Tape

EventsOf = Callable[[int, int], Events]
Rows = Callable[[Tape], Events]


def test_files_that_number_contracts_differently_become_one_tape(
    tmp_path: Path,
    recording: Recording,
    in_memory: Callable[..., Tape],
    events_of: EventsOf,
    rows_of: Rows,
    state_hash: Callable[[Tape], str],
) -> None:
    events = events_of(1, 1000)
    contracts = tuple(in_memory(events).contracts)
    renumbered = np.array([0, 6, 5, 4, 3, 2, 1], np.int32)
    other = events[400:].copy()
    other["cid"] = renumbered[other["cid"]]
    for listed, part in ((contracts, events[:400]), (contracts[::-1], other)):
        journal = Journal(tmp_path, recording)
        journal.add_contracts(listed)
        journal.append(part, int(part["ts"][-1]), "test")
        journal.close()
    tape = open_journal(journal.folder)
    assert tuple(tape.contracts) == contracts
    assert np.array_equal(rows_of(tape), events)
    assert state_hash(tape) == state_hash(in_memory(events))


def test_the_starts_of_a_later_file_do_not_fall_behind_the_tapes_clock(
    tmp_path: Path, record: Callable[..., Journal], events_of: EventsOf
) -> None:
    events = events_of(1, 200)
    record(tmp_path, events[100:])
    folder = record(tmp_path, events[:100]).folder
    tape = open_journal(folder)
    assert tape.starts.tolist() == [events["ts"][100], events["ts"][100:].max()]
    assert tape.end_ns == events["ts"].max()


def test_no_recording_is_no_data(tmp_path: Path, recording: Recording) -> None:
    with pytest.raises(NoDataError, match="Nothing of SPY on 2025-12-16 is recorded"):
        open_journal(RecordingFolder(tmp_path, recording.day, "SPY"))


def test_a_file_in_the_wrong_place_is_named(
    tmp_path: Path, record: Callable[..., Journal], events_of: EventsOf
) -> None:
    folder = record(tmp_path, events_of(1, 50)).folder
    folder.files()[0].rename(folder.path / "QQQ-093000.arrows")
    with pytest.raises(StoreError, match="speaks of SPY on 2025-12-16; move it where that lies"):
        open_journal(RecordingFolder(tmp_path, folder.day, "QQQ"))


def test_recordings_are_found_by_day_and_symbol_and_nothing_else_is(
    tmp_path: Path, record: Callable[..., Journal], events_of: EventsOf
) -> None:
    folder = record(tmp_path, events_of(1, 50)).folder
    assert recordings(tmp_path) == [folder]
    for name in ("notes.arrows", "SPY-0930.arrows", "SPY-093000.arrows.damaged"):
        (folder.path / name).touch()
    (tmp_path / "journal" / "elsewhere").mkdir()
    (tmp_path / "journal" / "elsewhere" / "SPY-093000.arrows").touch()
    assert recordings(tmp_path) == [folder]
    assert len(folder.files()) == 1
    assert recordings(tmp_path / "nowhere") == []
