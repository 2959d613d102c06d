"""Recording: what was acknowledged is on disk, and what could not be recorded is marked."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from engine.model.contracts import Contract
from engine.model.errors import StoreError
from engine.model.events import GAP, NS, Events
from engine.store.journal.encoding import END, Recording
from engine.store.journal.folders import is_recording
from engine.store.journal.tape import open_journal
from engine.store.journal.writer import RETRY_NS, Journal
from engine.tape.tape import Tape

EventsOf = Callable[[int, int], Events]
Rows = Callable[[Tape], Events]


@pytest.fixture
def journal(
    tmp_path: Path, recording: Recording, in_memory: Callable[..., Tape], events_of: EventsOf
) -> Iterator[Journal]:
    """A journal that knows the listed contracts."""
    journal = Journal(tmp_path, recording)
    journal.add_contracts(in_memory(events_of(0, 1)).contracts)
    yield journal
    journal.close()


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def syncs_failing(path: Path) -> Iterator[None]:
    """Put a pipe, which cannot be synced, under the descriptor by which this process writes a file."""
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("this system does not list open files")
    [found] = [fd for fd in descriptors.iterdir() if fd.exists() and fd.resolve() == path.resolve()]
    reading, writing = os.pipe()
    os.dup2(writing, int(found.name))
    yield
    os.close(reading)
    os.close(writing)


@contextmanager
def unusable(path: Path) -> Iterator[None]:
    """Put what can neither be written nor synced under the descriptor by which this process writes a file."""
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("this system does not list open files")
    [found] = [fd for fd in descriptors.iterdir() if fd.exists() and fd.resolve() == path.resolve()]
    reading, writing = os.pipe()
    os.dup2(reading, int(found.name))
    yield
    os.close(reading)
    os.close(writing)


def append(journal: Journal, events: Events, at_ns: int | None = None) -> bool:
    return journal.append(events, int(events["ts"].max()) if at_ns is None else at_ns, "test")


def test_what_was_recorded_is_read_bit_for_bit(
    tmp_path: Path, record: Callable[..., Journal], events_of: EventsOf, rows_of: Rows
) -> None:
    events = events_of(1, 2000)
    tape = open_journal(record(tmp_path, events).folder)
    assert np.array_equal(rows_of(tape), events)
    assert tape.problems == ()
    assert (tape.info.symbol, tape.info.source, tape.info.badge) == ("SPY", "recorded", "REPLAY")
    assert (tape.info.tick, tape.info.spot_origin, len(tape.contracts)) == (100, "tape", 6)


def test_rows_are_readable_before_they_are_safe_and_safe_after_a_sync(
    journal: Journal, events_of: EventsOf, rows_of: Rows
) -> None:
    events = events_of(1, 300)
    append(journal, events[:100])
    assert journal.sync() == 100
    append(journal, events[100:150])
    assert np.array_equal(rows_of(open_journal(journal.folder)), events[:150])
    assert journal.sync() == 150
    assert journal.close() == 150


def test_a_contract_stands_in_the_file_before_its_first_event(
    journal: Journal, in_memory: Callable[..., Tape], events_of: EventsOf
) -> None:
    late = Contract("SPY", journal.folder.day, "C", 700_000)
    event = events_of(1, 50)[:1].copy()
    append(journal, event)
    event["cid"] = 7
    with pytest.raises(ValueError, match="a contract that was not added"):
        append(journal, event)
    journal.add_contracts([*in_memory(event).contracts, late, late])  # those it knows keep their ids
    append(journal, event)
    tape = open_journal(journal.folder)
    assert (len(tape.contracts), tape.contracts[7]) == (7, late)
    assert tape.read(0)["cid"].tolist()[1:] == [7]


def test_an_event_of_no_kind_is_refused(journal: Journal, events_of: EventsOf) -> None:
    event = events_of(1, 50)[:1].copy()
    event["kind"] = 77
    with pytest.raises(ValueError, match="no known kind"):
        append(journal, event)


def test_an_empty_batch_is_nothing(journal: Journal, events_of: EventsOf) -> None:
    assert append(journal, events_of(1, 50)[:0], 0)
    assert journal.folder.files() == []
    assert journal.sync() == 0


def test_a_journal_in_which_nothing_was_recorded_leaves_no_file(tmp_path: Path, recording: Recording) -> None:
    journal = Journal(tmp_path, recording)
    journal.open(0)
    assert is_recording(journal.folder)
    journal.close()
    assert list(journal.folder.path.iterdir()) == []


def test_a_second_writer_is_refused_until_the_first_is_done(
    tmp_path: Path, record: Callable[..., Journal], recording: Recording, events_of: EventsOf
) -> None:
    pytest.importorskip("fcntl")
    events = events_of(1, 50)
    first = record(tmp_path, events, close=False)
    second = Journal(tmp_path, recording)
    second.add_contracts([])
    with pytest.raises(StoreError, match="SPY on 2025-12-16 is being recorded into"):
        second.open(0)
    assert is_recording(first.folder)
    first.close()
    assert not is_recording(first.folder)
    second.open(0)
    assert second.broken == ""
    second.close()


def test_each_process_writes_a_file_of_its_own_that_comes_after_the_others(
    tmp_path: Path, record: Callable[..., Journal], events_of: EventsOf, rows_of: Rows
) -> None:
    events = events_of(1, 300)
    folder = record(tmp_path, events[200:300]).folder  # its clock was ahead
    for part in (events[:100], events[100:200]):
        record(tmp_path, part)
    names = [path.name for path in folder.files()]
    assert len(names) == 3
    assert names == sorted(names)
    expected = np.concatenate([events[200:300], events[:100], events[100:200]])
    assert np.array_equal(rows_of(open_journal(folder)), expected)


def test_a_disk_that_refuses_is_told_once_and_the_gap_is_marked(
    tmp_path: Path, journal: Journal, events_of: EventsOf, rows_of: Rows
) -> None:
    events = events_of(1, 400)
    (tmp_path / "journal").write_text("in the way", encoding="utf-8")
    with pytest.raises(StoreError, match="SPY is not being recorded: "):
        append(journal, events[:100], 0)
    assert "cannot be written" in journal.broken
    assert append(journal, events[100:200], RETRY_NS - 1) is False
    assert append(journal, events[200:300], RETRY_NS) is False
    (tmp_path / "journal").unlink()
    assert append(journal, events[300:350], 2 * RETRY_NS - 1) is False
    assert append(journal, events[350:], 2 * RETRY_NS) is True
    assert journal.broken == ""
    mark, *rest = rows_of(open_journal(journal.folder))
    assert np.array_equal(np.array(rest), events[350:])
    until = int(events["ts"][:350].max())
    assert (mark["kind"], mark["cid"], mark["ts"]) == (GAP, 0, until)
    first = int(events["ts"][:100].min())
    assert mark["s1"] == -((first - until) // 1_000_000)
    assert journal.sync() == len(events) - 350 + 1


def test_a_full_disk_ends_the_file_after_its_last_whole_batch_and_a_new_one_marks_the_gap(
    journal: Journal, events_of: EventsOf, rows_of: Rows
) -> None:
    events = events_of(2, 3000)
    append(journal, events[:500])
    assert journal.sync() == 500
    size = journal.folder.files()[0].stat().st_size
    with no_file_beyond(size + 1000), pytest.raises(StoreError, match="File too large"):
        append(journal, events[500:1000], 0)
    assert journal.folder.files()[0].stat().st_size == size
    assert journal.sync() == 500
    assert append(journal, events[1000:1500], RETRY_NS)
    tape = open_journal(journal.folder)
    assert tape.problems == ()
    rows = rows_of(tape)
    assert np.array_equal(rows[:500], events[:500])
    assert np.array_equal(rows[501:], events[1000:1500])
    since, until = int(events["ts"][:500].max()), int(events["ts"][500:1000].max())
    assert (rows[500]["kind"], rows[500]["ts"]) == (GAP, max(since, until))
    assert rows[500]["s1"] == max(-((since - until) // 1_000_000), 1)
    assert journal.sync() == len(rows)


def test_a_disk_that_fails_at_the_sync_leaves_only_what_was_safe_before_acknowledged(
    journal: Journal, events_of: EventsOf, rows_of: Rows
) -> None:
    events = events_of(4, 300)
    append(journal, events[:100])
    assert journal.sync() == 100
    append(journal, events[100:200])
    with syncs_failing(journal.folder.files()[0]), pytest.raises(StoreError, match="Invalid argument"):
        journal.sync()
    assert journal.sync() == 100
    assert append(journal, events[200:], int(events["ts"].max()) + RETRY_NS)
    assert journal.sync() == len(events) - 100 + 1
    rows = rows_of(open_journal(journal.folder))
    marks = rows[rows["kind"] == GAP][-1:]
    since, until = int(events["ts"][:100].max()), int(events["ts"][:200].max())
    assert marks["ts"].tolist() == [until]
    assert marks["s1"].tolist() == [-((since - until) // 1_000_000)]


def test_a_flush_vouches_for_what_was_written_before_it_was_asked_for(
    journal: Journal, events_of: EventsOf
) -> None:
    events = events_of(4, 300)
    assert journal.flush() is None
    append(journal, events[:100])
    flush = journal.flush()
    assert flush is not None
    append(journal, events[100:150])
    assert journal.settle(flush, flush.wait()) == 100
    assert journal.sync() == 150


def test_a_flush_that_fails_late_takes_what_was_written_meanwhile_with_it(
    journal: Journal, events_of: EventsOf, rows_of: Rows
) -> None:
    events = events_of(4, 400)
    append(journal, events[:100])
    assert journal.sync() == 100
    append(journal, events[100:200])
    with syncs_failing(journal.folder.files()[0]):
        flush = journal.flush()
    assert flush is not None
    error = flush.wait()
    assert error is not None
    with pytest.raises(StoreError, match="SPY is not being recorded"):
        journal.settle(flush, error)
    assert append(journal, events[200:], int(events["ts"].max()) + RETRY_NS)
    rows = rows_of(open_journal(journal.folder))
    mark = rows[rows["kind"] == GAP][-1]
    assert int(mark["ts"]) == int(events["ts"][:200].max())
    assert int(mark["s1"]) == -((int(events["ts"][:100].max()) - int(mark["ts"])) // 1_000_000)


def test_a_flush_outlives_its_file(journal: Journal, events_of: EventsOf) -> None:
    append(journal, events_of(4, 100))
    flush = journal.flush()
    journal.close()
    assert flush is not None
    assert flush.wait() is None


def test_what_a_torn_end_of_another_process_left_is_never_appended_to(
    tmp_path: Path, record: Callable[..., Journal], events_of: EventsOf, rows_of: Rows
) -> None:
    events = events_of(3, 200)
    folder = record(tmp_path, events[:100], step=50).folder
    torn = folder.files()[0]
    torn.write_bytes(torn.read_bytes()[:-20])
    before = torn.read_bytes()
    record(tmp_path, events[100:])
    assert torn.read_bytes() == before
    tape = open_journal(folder)
    assert np.array_equal(rows_of(tape), np.concatenate([events[:50], events[100:]]))
    assert len(tape.problems) == 1


def test_the_time_between_two_tries_is_counted_in_received_time(
    tmp_path: Path, recording: Recording, in_memory: Callable[..., Tape], events_of: EventsOf
) -> None:
    events = events_of(1, 50)
    journal = Journal(tmp_path, recording, retry_ns=60 * NS)
    journal.add_contracts(in_memory(events).contracts)
    (tmp_path / "journal").touch()
    with pytest.raises(StoreError):
        append(journal, events, 0)
    (tmp_path / "journal").unlink()
    assert append(journal, events, 60 * NS - 1) is False
    assert append(journal, events, 60 * NS) is True
    journal.close()


def test_a_clock_that_is_set_back_does_not_put_the_next_try_off(
    tmp_path: Path, journal: Journal, events_of: EventsOf
) -> None:
    events = events_of(1, 50)
    (tmp_path / "journal").touch()
    with pytest.raises(StoreError):
        append(journal, events, 3600 * NS)
    (tmp_path / "journal").unlink()
    assert append(journal, events, 0) is True


def test_what_a_broken_file_may_have_lost_is_not_acknowledged_by_the_next_ones_sync(
    journal: Journal, events_of: EventsOf, rows_of: Rows
) -> None:
    events = events_of(4, 400)
    append(journal, events[:100])
    assert journal.sync() == 100
    append(journal, events[100:200])
    with unusable(journal.folder.files()[0]), pytest.raises(StoreError, match="Bad file descriptor"):
        append(journal, events[200:300], 0)
    assert append(journal, events[300:], RETRY_NS)
    assert journal.sync() == 100 + 1 + len(events) - 300
    rows = rows_of(open_journal(journal.folder))
    mark = rows[rows["kind"] == GAP][-1]
    since, until = int(events["ts"][:100].max()), int(events["ts"][:300].max())
    assert (int(mark["ts"]), int(mark["s1"])) == (until, -((since - until) // 1_000_000))


def test_what_is_missed_until_the_close_is_marked_if_the_disk_takes_it_again(
    tmp_path: Path, journal: Journal, events_of: EventsOf, rows_of: Rows
) -> None:
    events = events_of(1, 200)
    (tmp_path / "journal").touch()
    with pytest.raises(StoreError):
        append(journal, events[:100], 0)
    append(journal, events[100:], 1)
    (tmp_path / "journal").unlink()
    assert journal.close() == 1
    (mark,) = rows_of(open_journal(journal.folder))
    assert (mark["kind"], mark["ts"]) == (GAP, int(events["ts"].max()))


def test_a_disk_that_refuses_until_the_close_was_told_before(
    tmp_path: Path, journal: Journal, events_of: EventsOf
) -> None:
    (tmp_path / "journal").touch()
    with pytest.raises(StoreError):
        append(journal, events_of(1, 100), 0)
    assert journal.close() == 0
    assert "cannot be written" in journal.broken


def test_a_file_that_is_closed_says_that_nothing_is_missing_at_its_end(
    journal: Journal, events_of: EventsOf
) -> None:
    append(journal, events_of(1, 50))
    journal.close()
    (file,) = journal.folder.files()
    assert file.read_bytes().endswith(END)
