"""A day on disk is its day file, and before there is one its recording."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from engine.model.calendar import session
from engine.model.contracts import Contract
from engine.model.errors import NoDataError
from engine.model.events import QUOTE, Events, empty_events
from engine.model.underlyings import underlying
from engine.store.days.any_day import open_stored, stored_symbols
from engine.store.days.recording import open_recorded
from engine.store.days.store import DayStore
from engine.store.journal.compaction import compact
from engine.store.journal.folders import RecordingFolder
from engine.tape.tape import Tape, TapeInfo

DAY = date(2025, 12, 16)


@pytest.fixture
def events() -> Events:
    made = empty_events(60)
    made["ts"], made["cid"], made["kind"] = session(DAY).open_ns + np.arange(60), 1, QUOTE
    made["p1"], made["p2"] = 10_000, 10_100
    return made


@pytest.fixture
def record(tmp_path: Path, events: Events) -> Callable[[str], RecordingFolder]:
    """Return what records a symbol's day in three batches."""

    def run(symbol: str) -> RecordingFolder:
        info = TapeInfo(symbol, underlying(symbol), DAY, session(DAY), "fake", "LIVE", "tape", 100)
        intake = open_recorded(tmp_path, info, lambda: session(DAY).open_ns)
        intake.listed.add(Contract(symbol, DAY, "C", 685_000))
        for start in range(0, 60, 20):
            intake.append(events[start : start + 20], int(events["ts"][start]))
        intake.close()
        return intake.folder

    return run


def rows(tape: Tape) -> Events:
    return np.concatenate([tape.read(chunk) for chunk in range(len(tape.starts))])


def test_a_recording_can_be_opened_before_it_is_a_day_and_after(
    tmp_path: Path, record: Callable[[str], RecordingFolder], events: Events
) -> None:
    store = DayStore(tmp_path)
    folder = record("SPY")
    record("QQQ")
    assert stored_symbols(store, DAY) == ("QQQ", "SPY")
    before = open_stored(store, DAY, "SPY")
    assert np.array_equal(rows(before), events)
    compact(store, folder, lambda tape: "the same")
    assert stored_symbols(store, DAY) == ("QQQ", "SPY")
    after = store.open(DAY, "SPY")
    assert np.array_equal(rows(open_stored(store, DAY, "SPY")), rows(after))
    assert after.info == replace(before.info, notes=after.info.notes)


def test_what_is_lost_of_a_recording_stands_in_its_notes(
    tmp_path: Path, record: Callable[[str], RecordingFolder], events: Events
) -> None:
    [path] = record("SPY").files()
    os.truncate(path, path.stat().st_size - 20)
    tape = open_stored(DayStore(tmp_path), DAY, "SPY")
    assert np.array_equal(rows(tape), events[:40])
    [note] = tape.info.notes
    assert "breaks off within its last batch" in note


def test_neither_a_day_nor_a_recording_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="no recorded or imported day 2025-12-16 of SPY"):
        open_stored(DayStore(tmp_path), DAY, "SPY")
    assert stored_symbols(DayStore(tmp_path), DAY) == ()
