"""Compaction: the same tape as a day, and the recording gone only then."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from engine.model.calendar import session
from engine.model.errors import NoDataError, StoreError
from engine.model.events import GAP, NS, Events, gap
from engine.store.days.meta import Facts
from engine.store.days.store import DayStore
from engine.store.journal.compaction import compact
from engine.store.journal.encoding import Recording
from engine.store.journal.folders import RecordingFolder
from engine.store.journal.tape import open_journal
from engine.store.journal.writer import Journal
from engine.tape.tape import Tape
from tests.paths import ROOT

EventsOf = Callable[[int, int], Events]
Rows = Callable[[Tape], Events]
Record = Callable[..., Journal]
Fold = Callable[[Tape], str]


def spread(events: Events, from_share: float, to_share: float) -> Events:
    """Return events, as evenly as can be over a part of the session."""
    hours, spread = session(date(2025, 12, 16)), events.copy()
    shares = np.linspace(from_share, to_share, len(events))
    spread["ts"] = hours.open_ns + (shares * (hours.close_ns - hours.open_ns)).astype(np.int64)
    return spread


def day_rows(store: DayStore, folder: RecordingFolder, rows_of: Rows) -> Events:
    return rows_of(store.open(folder.day, folder.symbol))


def test_a_recording_becomes_the_same_day_and_goes(
    tmp_path: Path, record: Record, events_of: EventsOf, rows_of: Rows, state_hash: Fold
) -> None:
    events, store = events_of(1, 3000), DayStore(tmp_path)
    record(tmp_path, events[:1000])
    folder = record(tmp_path, events[1000:]).folder
    names = [path.name for path in folder.files()]
    expected, told = state_hash(open_journal(folder)), list[float]()
    done = compact(store, folder, state_hash, lambda what, share: told.append(share))
    assert done.meta is not None
    assert (done.files, done.problems, done.set_aside) == (2, (), ())
    assert np.array_equal(day_rows(store, folder, rows_of), events)
    assert done.meta.state_hash == store.meta(folder.day, "SPY").state_hash == expected
    assert done.meta.facts.source == "recorded"
    assert [each.name for each in done.meta.facts.inputs] == names
    assert not done.meta.facts.complete
    assert told[0] == 0.0
    assert told[-1] == 1.0
    assert not folder.path.exists()


def test_there_must_be_a_recording_that_nobody_writes(
    tmp_path: Path, record: Record, events_of: EventsOf, state_hash: Fold
) -> None:
    pytest.importorskip("fcntl")
    journal = record(tmp_path, events_of(1, 100), close=False)
    with pytest.raises(StoreError, match="is being recorded"):
        compact(DayStore(tmp_path), journal.folder, state_hash)
    journal.close()
    compact(DayStore(tmp_path), journal.folder, state_hash)
    with pytest.raises(NoDataError, match="There is no recording of SPY"):
        compact(DayStore(tmp_path), journal.folder, state_hash)


def test_a_run_that_was_killed_after_the_day_was_written_is_finished(
    tmp_path: Path, record: Record, events_of: EventsOf, rows_of: Rows, state_hash: Fold
) -> None:
    events, store = events_of(1, 500), DayStore(tmp_path)
    record(tmp_path, events[:100])
    folder = record(tmp_path, events[100:]).folder
    shutil.copytree(folder.path, tmp_path / "copy")
    first = compact(store, folder, state_hash)
    (tmp_path / "copy").rename(folder.path)
    folder.files()[0].unlink()  # one of them was away already
    again = compact(store, folder, state_hash)
    assert (again.meta, again.files) == (first.meta, 0)
    assert np.array_equal(day_rows(store, folder, rows_of), events)
    assert not folder.path.exists()


def test_what_is_recorded_after_a_compaction_is_added_to_the_day(
    tmp_path: Path, record: Record, events_of: EventsOf, rows_of: Rows, state_hash: Fold
) -> None:
    events, store = events_of(2, 500), DayStore(tmp_path)
    for part in (events[:200], events[200:]):
        folder = record(tmp_path, part).folder
        done = compact(store, folder, state_hash)
    assert done.meta is not None
    assert done.files == 1
    assert len(done.meta.facts.inputs) == 2
    assert np.array_equal(day_rows(store, folder, rows_of), events)
    assert done.meta.measured.first_ns == events["ts"][0]


def test_an_imported_day_is_not_replaced(
    tmp_path: Path, record: Record, events_of: EventsOf, state_hash: Fold
) -> None:
    events, store = events_of(1, 100), DayStore(tmp_path)
    folder = record(tmp_path, events).folder
    tape = open_journal(folder)
    with store.writer(folder.day, "SPY", tape.contracts) as writer:
        writer.append(events)
        writer.commit(Facts("import", "tape", 100, tape.info.underlying, complete=True))
    with pytest.raises(StoreError, match="was imported and not recorded, and it stays"):
        compact(store, folder, state_hash)
    assert len(folder.files()) == 1


def test_a_day_that_folds_to_something_else_is_not_written_and_the_recording_stays(
    tmp_path: Path, record: Record, events_of: EventsOf
) -> None:
    store = DayStore(tmp_path)
    folder = record(tmp_path, events_of(1, 100)).folder
    answers = iter(("one", "other"))
    with pytest.raises(StoreError, match="folds to one, the day made of it to other; both stay"):
        compact(store, folder, lambda tape: next(answers))
    assert len(folder.files()) == 1
    assert store.list().entries == ()
    assert not list(tmp_path.glob(".scratch-*"))


def test_an_earlier_day_stays_when_the_longer_one_folds_to_something_else(
    tmp_path: Path, record: Record, events_of: EventsOf, rows_of: Rows, state_hash: Fold
) -> None:
    events, store = events_of(1, 200), DayStore(tmp_path)
    compact(store, record(tmp_path, events[:100]).folder, state_hash)
    folder = record(tmp_path, events[100:]).folder
    answers = iter(("one", "other"))
    with pytest.raises(StoreError, match="was not compacted"):
        compact(store, folder, lambda tape: next(answers))
    assert np.array_equal(day_rows(store, folder, rows_of), events[:100])
    compact(store, folder, state_hash)
    assert np.array_equal(day_rows(store, folder, rows_of), events)


def test_a_torn_end_is_noted_in_the_day_and_a_damaged_file_is_kept(
    tmp_path: Path, record: Record, events_of: EventsOf, rows_of: Rows, state_hash: Fold
) -> None:
    events, store = events_of(1, 600), DayStore(tmp_path)
    record(tmp_path, events[:300])
    folder = record(tmp_path, events[300:]).folder
    damaged, torn = folder.files()
    torn.write_bytes(torn.read_bytes()[:-30])
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 255
    damaged.write_bytes(data)
    done = compact(store, folder, state_hash)
    assert done.meta is not None
    assert len(done.problems) == 2
    assert done.set_aside == (damaged.with_name(damaged.name + ".damaged"),)
    assert done.set_aside[0].read_bytes() == data
    assert [path.name for path in folder.path.iterdir()] == [done.set_aside[0].name]
    assert [note.split(" ")[0] for note in done.meta.facts.notes] == [damaged.name, torn.name]
    assert not done.meta.facts.complete
    assert 0 < done.meta.measured.events < len(events)


def test_a_whole_session_of_which_something_was_lost_is_not_complete(
    tmp_path: Path, record: Record, events_of: EventsOf, state_hash: Fold
) -> None:
    folder = record(tmp_path, spread(events_of(1, 500), 0.0, 1.0), step=10).folder
    (file,) = folder.files()
    file.write_bytes(file.read_bytes()[:-20])
    done = compact(DayStore(tmp_path), folder, state_hash)
    assert done.meta is not None
    assert done.meta.measured.last_ns > session(folder.day).close_ns - 15 * 60 * NS
    assert not done.meta.facts.complete


@pytest.mark.parametrize(("silent_min", "complete"), [(5, True), (10, False)])
def test_whether_a_day_of_two_recordings_is_complete_is_judged_by_both(
    tmp_path: Path, record: Record, events_of: EventsOf, state_hash: Fold, silent_min: int, complete: bool
) -> None:
    events, store = events_of(1, 500), DayStore(tmp_path)
    events = events[events["kind"] != GAP]
    for from_share, to_share in ((0.0, 0.5), (0.5, 1.0)):
        part = spread(events, from_share, to_share)
        last_ns = int(part["ts"][-1])
        silence = gap(last_ns - silent_min * 60 * NS, last_ns)
        folder = record(tmp_path, np.concatenate([part, silence])).folder
        done = compact(store, folder, state_hash)
    assert done.meta is not None
    assert done.meta.facts.complete == complete


def test_a_recording_without_an_event_is_taken_away(
    tmp_path: Path, recording: Recording, state_hash: Fold
) -> None:
    folder = RecordingFolder(tmp_path, recording.day, "SPY")
    folder.path.mkdir(parents=True)
    (folder.path / "SPY-093000.arrows").touch()
    done = compact(DayStore(tmp_path), folder, state_hash)
    assert (done.meta, done.files) == (None, 0)
    assert not folder.path.exists()


COMPACT = """
import sys
from datetime import date
from dataclasses import replace
from datetime import date
from pathlib import Path
from engine.store.days.store import DayStore
from engine.store.journal.compaction import compact
from engine.store.journal.folders import RecordingFolder
import hashlib

def fold(tape):
    digest = hashlib.sha256()
    for chunk in range(len(tape.starts)):
        digest.update(tape.read(chunk).tobytes())
        print("fold", flush=True)
    return digest.hexdigest()

root = Path(sys.argv[1])
print("ready", flush=True)
folder = RecordingFolder(root, date(2025, 12, 16), "SPY")
compact(DayStore(root), folder, fold, lambda *told: print(told, flush=True))
print("done", flush=True)
"""


@pytest.mark.parametrize("seed", range(6))
def test_killed_at_any_moment_there_is_the_recording_or_the_day(
    seed: int, tmp_path: Path, record: Record, events_of: EventsOf, rows_of: Rows, state_hash: Fold
) -> None:
    pytest.importorskip("fcntl")
    rng = np.random.default_rng(seed)
    events, store = np.tile(events_of(1, 1000), 200), DayStore(tmp_path)
    events["ts"].sort()
    half = len(events) // 2
    record(tmp_path, events[:half], step=20_000)
    folder = record(tmp_path, events[half:], step=20_000).folder
    lines = int(rng.integers(0, 14))
    with subprocess.Popen(
        [sys.executable, "-c", COMPACT, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        for _ in range(lines):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
    if not store.list().entries:
        assert np.array_equal(rows_of(open_journal(folder)), events)
    else:
        assert np.array_equal(day_rows(store, folder, rows_of), events)
    if folder.files():
        compact(store, folder, lambda tape: str(len(tape.starts) and tape.end_ns))
    assert np.array_equal(day_rows(store, folder, rows_of), events)
    assert not folder.path.exists()
    assert not list(tmp_path.glob(".scratch-*"))


def test_a_simulated_recording_is_not_added_to_a_real_day(
    tmp_path: Path, record: Callable[..., Journal], recording: Recording, events_of: EventsOf,
    state_hash: Callable[[Tape], str],
) -> None:  # fmt: skip
    events, store = events_of(1, 200), DayStore(tmp_path)
    folder = record(tmp_path, events[:100]).folder
    compact(store, folder, state_hash)
    played = Journal(tmp_path, replace(recording, source="simulated"))
    played.add_contracts(store.open(folder.day, folder.symbol).contracts)
    played.append(events[100:], int(events["ts"][-1]), "simulated")
    played.close()
    with pytest.raises(StoreError, match="was recorded, the recording is simulated; both stay"):
        compact(store, folder, state_hash)
    assert len(folder.files()) == 1
    assert store.meta(folder.day, folder.symbol).measured.events == 100
