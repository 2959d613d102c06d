"""A live day that is recorded: what is on the tape is on disk, whatever breaks off in between."""

from __future__ import annotations

import errno
import os
import resource
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.fold.params import FoldParams
from engine.model.contracts import Contract
from engine.model.errors import BusyError, StoreError
from engine.model.events import GAP, KIND_NAMES, Events
from engine.store.days.recording import DayRecording, open_recorded
from engine.store.days.store import DayStore
from engine.store.journal.compaction import compact
from engine.store.journal.encoding import Recording
from engine.store.journal.folders import RecordingFolder, is_recording
from engine.store.journal.tape import open_journal
from engine.store.journal.writer import Journal
from engine.tape.live_tape import LiveTape
from engine.tape.tape import Tape, TapeInfo
from engine.tape.timeline import NO_CHECKPOINTS, Timeline

EventsOf = Callable[[int, int], Events]


@pytest.fixture(scope="module")
def events_of(mixed_events: EventsOf) -> EventsOf:
    """Return what makes about n events of everything that can be recorded."""

    def made(seed: int, n: int) -> Events:
        events = mixed_events(seed, n)
        return events[(events["kind"] < len(KIND_NAMES)) & (events["cid"] >= 0) & (events["cid"] <= 6)]

    return made


@pytest.fixture(scope="module")
def contracts(in_memory: Callable[..., Tape], mixed_events: EventsOf) -> list[Contract]:
    return list(in_memory(mixed_events(0, 1)).contracts)


@pytest.fixture(scope="module")
def info(in_memory: Callable[..., Tape], mixed_events: EventsOf) -> TapeInfo:
    return replace(in_memory(mixed_events(0, 1)).info, source="fake", badge="LIVE")


@pytest.fixture
def begin(tmp_path: Path, info: TapeInfo) -> Iterator[Callable[[], DayRecording]]:
    """Return what begins to record below `tmp_path`; closed at the end."""
    begun: list[DayRecording] = []

    def run() -> DayRecording:
        begun.append(open_recorded(tmp_path, info, lambda: info.session.open_ns))
        return begun[-1]

    yield run
    for intake in begun:
        intake.close()


def feed(intake: DayRecording, events: Events, contracts: list[Contract], step: int = 100) -> None:
    """Append events by `step`; contracts are listed when they are first needed."""
    for start in range(0, len(events), step):
        batch = events[start : start + step]
        for contract in contracts[len(intake.listed) : int(batch["cid"].max())]:
            intake.listed.add(contract)
        intake.append(batch, int(batch["ts"].max()))


def folded(tape: Tape) -> str:
    timeline = Timeline(tape, FoldParams(), NO_CHECKPOINTS)
    for _ in timeline.advance(timeline.end_ns):
        pass
    return timeline.state.digest()


def rows(tape: Tape) -> Events:
    return np.concatenate([tape.read(chunk) for chunk in range(len(tape.starts))])


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    step=st.integers(1, 400),
    restarts=st.lists(st.integers(0, 900), max_size=3),
    compacted=st.booleans(),
)
def test_live_replay_and_compacted_day_fold_to_one_hash(
    events_of: EventsOf,
    contracts: list[Contract],
    info: TapeInfo,
    seed: int,
    step: int,
    restarts: list[int],
    compacted: bool,
) -> None:
    events = events_of(seed, 900)
    edges = [0, *sorted(min(cut, len(events)) for cut in restarts), len(events)]
    with TemporaryDirectory() as name:
        root = Path(name)
        store, folder = DayStore(root), RecordingFolder(root, info.day, info.symbol)
        for start, stop in pairwise(edges):
            if compacted and folder.files():
                compact(store, folder, folded)
            intake = open_recorded(root, info, lambda: info.session.open_ns)
            feed(intake, events[start:stop], contracts, step)
            intake.close()
        intake.tape.take()
        live = folded(intake.tape)
        assert np.array_equal(rows(intake.tape), events)
        if not compacted:
            assert folded(open_journal(folder)) == live
        if folder.files():
            compact(store, folder, folded)
        with_day = store.open(info.day, info.symbol)
        assert folded(with_day) == live
        with_day.close()


def test_a_killed_recording_is_gone_on_with(
    begin: Callable[[], DayRecording], events_of: EventsOf, contracts: list[Contract]
) -> None:
    events = events_of(1, 600)
    first = begin()
    assert first.resumed_ns == 0
    feed(first, events[:300], contracts)
    first.close()
    [path] = first.folder.files()
    os.truncate(path, path.stat().st_size - 20)  # within the last batch
    second = begin()
    assert second.resumed_ns == int(events["ts"][:200].max())
    assert np.array_equal(rows(second.tape), events[:200])
    [note] = second.tape.info.notes
    assert note.startswith(f"{path.name} breaks off within its last batch")
    feed(second, events[200:], contracts)
    second.tape.take()
    assert np.array_equal(rows(second.tape), events)
    second.close()
    assert np.array_equal(rows(open_journal(second.folder)), events)


def test_rows_are_safe_once_the_disk_has_said_so(
    begin: Callable[[], DayRecording], events_of: EventsOf, contracts: list[Contract]
) -> None:
    events = events_of(2, 300)
    intake = begin()
    feed(intake, events[:100], contracts)
    assert (intake.rows, intake.safe) == (100, 0)
    intake.keep(0)
    feed(intake, events[100:150], contracts)
    intake.close()
    assert (intake.rows, intake.safe) == (150, 150)


def test_a_disk_that_takes_its_time_delays_no_event(
    tmp_path: Path, info: TapeInfo, events_of: EventsOf, contracts: list[Contract]
) -> None:
    events, slow, disk = events_of(2, 300), threading.Event(), ThreadPoolExecutor(1)
    journal = Journal(tmp_path, Recording(info.day, info.underlying, info.spot_origin, info.tick))
    intake = DayRecording(journal, LiveTape(info), disk)
    disk.submit(slow.wait)
    feed(intake, events[:100], contracts)
    intake.keep(0)
    feed(intake, events[100:], contracts)
    intake.keep(0)
    intake.tape.take()
    assert (len(rows(intake.tape)), intake.rows, intake.safe) == (len(events), len(events), 0)
    slow.set()
    intake.close()
    assert intake.safe == len(events)


def test_a_recording_whose_compaction_was_killed_is_gone_on_with_once(
    tmp_path: Path, begin: Callable[[], DayRecording], events_of: EventsOf, contracts: list[Contract]
) -> None:
    events = events_of(3, 300)
    first = begin()
    feed(first, events[:200], contracts)
    first.close()
    (file,) = first.folder.files()
    content = file.read_bytes()
    compact(DayStore(tmp_path), first.folder, folded)
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    second = begin()
    feed(second, events[200:], contracts)
    second.tape.take()
    assert np.array_equal(rows(second.tape), events)


class Looking(LiveTape):
    """A tape that looks, whenever it is given anything, how many rows are recorded."""

    folder: RecordingFolder

    def append(self, events: Events, received_ns: int | None = None, timely: bool = True) -> None:
        assert len(rows(open_journal(self.folder))) == self.given + len(events)
        super().append(events, received_ns, timely)


def test_what_is_on_the_tape_was_recorded_before(
    tmp_path: Path, info: TapeInfo, events_of: EventsOf, contracts: list[Contract]
) -> None:
    events, tape = events_of(2, 300), Looking(info)
    journal = Journal(tmp_path, Recording(info.day, info.underlying, info.spot_origin, info.tick))
    tape.folder = journal.folder
    intake = DayRecording(journal, tape)
    feed(intake, events, contracts)
    intake.close()
    assert tape.given == len(events)


class Refusing(ThreadPoolExecutor):
    """A disk that takes what is written and then cannot keep it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        fn(*args, **kwargs)
        refused: Future[Any] = Future()
        refused.set_result(OSError(errno.EIO, os.strerror(errno.EIO)))
        return refused


def test_what_the_disk_could_not_keep_counts_as_missed(
    tmp_path: Path, info: TapeInfo, events_of: EventsOf, contracts: list[Contract]
) -> None:
    events = events_of(2, 300)
    journal = Journal(tmp_path, Recording(info.day, info.underlying, info.spot_origin, info.tick))
    intake = DayRecording(journal, LiveTape(info), Refusing(1))
    feed(intake, events[:100], contracts)
    assert (intake.rows, intake.missed) == (100, 0)
    intake.keep(0)
    feed(intake, events[100:150], contracts)
    assert intake.missed >= 100
    assert intake.rows + intake.missed == 150
    intake.close()


class Hanging(ThreadPoolExecutor):
    """A disk that never answers."""

    asked = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.asked += 1
        return Future()


def test_a_disk_that_has_not_answered_is_not_asked_again(
    tmp_path: Path, info: TapeInfo, events_of: EventsOf, contracts: list[Contract]
) -> None:
    disk = Hanging(1)
    journal = Journal(tmp_path, Recording(info.day, info.underlying, info.spot_origin, info.tick))
    intake = DayRecording(journal, LiveTape(info), disk)
    for second in range(3):
        feed(intake, events_of(second, 100), contracts)
        intake.keep(second)
    assert disk.asked == 1
    intake.close()


def test_another_process_that_records_the_same_is_an_error(begin: Callable[[], DayRecording]) -> None:
    pytest.importorskip("fcntl")
    first = begin()
    with pytest.raises(BusyError, match="SPY on 2025-12-16 is being recorded into"):
        begin()
    first.close()
    begin()


@contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond so many bytes, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_told_and_marked_and_the_tape_goes_on(
    begin: Callable[[], DayRecording], events_of: EventsOf, contracts: list[Contract]
) -> None:
    events = events_of(3, 2000)
    intake = begin()
    feed(intake, events[:500], contracts)
    with no_file_beyond(intake.folder.files()[0].stat().st_size + 100):
        feed(intake, events[500:510], contracts)
        assert intake.trouble.startswith("SPY is not being recorded: ")
    feed(intake, events[510:], contracts)
    assert intake.trouble == ""
    intake.close()
    intake.tape.take()
    assert np.array_equal(rows(intake.tape), events)
    kept = rows(open_journal(intake.folder))
    [mark] = np.flatnonzero((kept["kind"] == GAP) & (kept["cid"] == 0) & (kept["s1"] != 1500))
    assert np.array_equal(kept[:mark], events[:500])
    assert np.array_equal(kept[mark + 1 :], events[len(events) - (len(kept) - mark - 1) :])
    assert intake.rows == len(kept) - 1


def test_a_folder_that_cannot_be_written_stops_no_tape(
    tmp_path: Path, begin: Callable[[], DayRecording], events_of: EventsOf, contracts: list[Contract]
) -> None:
    (tmp_path / "journal").write_text("in the way")
    intake = begin()
    assert "SPY is not being recorded" in intake.trouble
    feed(intake, events_of(1, 100), contracts)
    intake.keep(0)
    intake.tape.take()
    assert len(rows(intake.tape)) == len(events_of(1, 100))
    assert intake.safe == 0


def test_a_simulated_market_never_mixes_with_a_real_one(
    tmp_path: Path, info: TapeInfo, events_of: EventsOf, contracts: list[Contract]
) -> None:
    played = replace(info, source="simulated", badge="SIMULATED")
    intake = open_recorded(tmp_path, played, lambda: info.session.open_ns)
    feed(intake, events_of(1, 100), contracts)
    intake.close()
    kept = open_journal(intake.folder)
    assert (kept.info.source, kept.info.badge) == ("simulated", "SIMULATED")
    with pytest.raises(StoreError, match="is there as simulated, and this would be recorded"):
        open_recorded(tmp_path, info, lambda: info.session.open_ns)
    assert not is_recording(intake.folder)
    store = DayStore(tmp_path)
    compact(store, intake.folder, folded)
    with pytest.raises(StoreError, match="is there as simulated"):
        open_recorded(tmp_path, info, lambda: info.session.open_ns)
    day = store.open(info.day, info.symbol)
    assert (day.info.source, day.info.badge) == ("simulated", "SIMULATED")
    day.close()


def test_a_closed_recording_takes_nothing(
    begin: Callable[[], DayRecording], events_of: EventsOf, contracts: list[Contract]
) -> None:
    intake = begin()
    feed(intake, events_of(1, 100), contracts)
    intake.close()
    intake.close()
    with pytest.raises(ValueError, match="closed"):
        intake.append(events_of(1, 100), 0)
    intake.tape.take()
    assert not intake.tape.open
    assert not is_recording(intake.folder)
