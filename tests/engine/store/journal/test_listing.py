"""What is listed of recordings that are no day yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from engine.model.calendar import session
from engine.model.events import GAP, QUOTE, TRADE, Events, gap
from engine.store.days.store import DayStore
from engine.store.journal.compaction import compact
from engine.store.journal.encoding import Recording
from engine.store.journal.folders import RecordingFolder
from engine.store.journal.listing import list_journals
from engine.store.journal.writer import Journal

EventsOf = Callable[[int, int], Events]


def test_a_recording_is_listed_with_what_is_in_it(
    tmp_path: Path, record: Callable[..., Journal], events_of: EventsOf
) -> None:
    events = events_of(1, 500)
    record(tmp_path, events[:200])
    folder = record(tmp_path, events[200:]).folder
    listing = list_journals(tmp_path)
    [entry] = listing.entries
    assert listing.problems == ()
    assert (entry.day, entry.symbol, entry.stored) == (folder.day, "SPY", "journal")
    assert (entry.first_ns, entry.last_ns) == (events["ts"][0], events["ts"].max())
    kinds = [int(np.sum(events["kind"] == kind)) for kind in (TRADE, QUOTE, GAP)]
    assert [entry.trades, entry.quotes, entry.gaps] == kinds
    assert entry.events == len(events)
    assert entry.bytes == sum(path.stat().st_size for path in folder.files())
    assert len(entry.inputs) == 2
    assert (entry.complete, entry.state_hash, entry.source) == (False, None, "recorded")


def test_a_recording_from_open_to_close_is_complete_unless_something_is_lost(
    tmp_path: Path, record: Callable[..., Journal], events_of: EventsOf, recording: Recording
) -> None:
    events = events_of(1, 500)
    step = 6 * 3600 * 10**9 // 400
    events["ts"] = events["ts"][0] - 25 * 60 * 10**9 + np.arange(len(events)) * step
    folder = record(tmp_path, events).folder
    assert [entry.complete for entry in list_journals(tmp_path).entries] == [True]
    path = folder.files()[0]
    path.write_bytes(path.read_bytes()[:-20])
    listing = list_journals(tmp_path)
    assert [entry.complete for entry in listing.entries] == [False]
    assert [problem.split(" ")[1] for problem in listing.problems] == ["breaks"]


def test_a_recording_that_goes_on_is_listed_as_one(
    tmp_path: Path, record: Callable[..., Journal], events_of: EventsOf
) -> None:
    pytest.importorskip("fcntl")
    journal = record(tmp_path, events_of(1, 100), close=False)
    assert [entry.stored for entry in list_journals(tmp_path).entries] == ["recording"]
    journal.close()
    assert [entry.stored for entry in list_journals(tmp_path).entries] == ["journal"]


def test_what_cannot_be_read_is_named(tmp_path: Path, recording: Recording) -> None:
    path = RecordingFolder(tmp_path, recording.day, "SPY").path
    path.mkdir(parents=True)
    (path / "QQQ-093000.arrows").write_bytes(b"no arrows")
    (path / "SPY-093000.arrows").touch()
    listing = list_journals(tmp_path)
    assert listing.entries == ()
    assert "QQQ-093000.arrows is not a recording" in listing.problems[0]
    assert "Nothing of SPY on 2025-12-16 is recorded yet." in listing.problems[1]


@pytest.mark.parametrize(("silent_min", "complete"), [(10, True), (20, False)])
def test_a_recording_that_was_silent_for_long_is_not_complete(
    tmp_path: Path,
    record: Callable[..., Journal],
    events_of: EventsOf,
    state_hash: Callable[..., str],
    silent_min: int,
    complete: bool,
) -> None:
    day = session(date(2025, 12, 16))
    events = events_of(1, 500)
    events = events[events["kind"] != GAP]
    events["ts"] = np.linspace(day.open_ns, day.close_ns, len(events)).astype(np.int64)
    silence = gap(day.close_ns - silent_min * 60 * 10**9, day.close_ns)
    folder = record(tmp_path, np.concatenate([events, silence])).folder

    assert [entry.complete for entry in list_journals(tmp_path).entries] == [complete]
    compact(DayStore(tmp_path), folder, state_hash)
    assert [entry.complete for entry in DayStore(tmp_path).list().entries] == [complete]
