"""Names of recordings, and who may write."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.model.calendar import session
from engine.model.errors import StoreError
from engine.model.events import NS
from engine.store.files import is_claimed
from engine.store.journal.folders import Lock, RecordingFolder, is_recording

DAY = date(2025, 12, 16)
OPEN_NS = session(DAY).open_ns


@pytest.fixture
def folder(tmp_path: Path) -> RecordingFolder:
    folder = RecordingFolder(tmp_path, DAY, "SPY")
    folder.path.mkdir(parents=True)
    return folder


def test_a_file_is_named_after_the_exchange_time_at_which_it_began(folder: RecordingFolder) -> None:
    assert folder.next_file(OPEN_NS).name == "SPY-093000.arrows"


def test_a_file_comes_after_those_that_are_there_even_if_the_clock_was_set_back(
    folder: RecordingFolder,
) -> None:
    folder.next_file(OPEN_NS).touch()
    assert folder.next_file(OPEN_NS).name == "SPY-093001.arrows"
    assert folder.next_file(OPEN_NS - 3600 * NS).name == "SPY-093001.arrows"
    assert folder.next_file(OPEN_NS + 29 * NS).name == "SPY-093029.arrows"


def test_the_hours_of_a_session_that_crosses_midnight_stay_in_order(folder: RecordingFolder) -> None:
    evening_before, after_midnight = OPEN_NS - 13 * 3600 * NS, OPEN_NS + 15 * 3600 * NS
    assert folder.next_file(evening_before).name == "SPY-000000.arrows"
    assert folder.next_file(after_midnight).name == "SPY-243000.arrows"


def test_files_of_other_symbols_are_not_counted(folder: RecordingFolder) -> None:
    (folder.path / "SPYG-120000.arrows").touch()
    assert folder.files() == []
    assert folder.next_file(OPEN_NS).name == "SPY-093000.arrows"


def test_a_lock_is_held_by_one_and_cleared_away_when_it_is_let_go(folder: RecordingFolder) -> None:
    pytest.importorskip("fcntl")
    first, second = Lock(folder), Lock(folder)
    first.take()
    first.take()
    assert is_recording(folder)
    with pytest.raises(StoreError, match="by another spymon; stop that one first"):
        second.take()
    first.release()
    first.release()
    assert not folder.lock.exists()
    assert not is_recording(folder)
    second.take()
    second.release()


def test_a_lock_that_a_killed_process_left_is_nobodys(folder: RecordingFolder) -> None:
    folder.lock.touch()
    assert not is_recording(folder)
    lock = Lock(folder)
    lock.take()
    lock.release()


def test_asking_who_writes_needs_no_right_to_write(folder: RecordingFolder) -> None:
    folder.lock.mkdir()  # nobody may write this, and not even root may
    assert not is_recording(folder)


def test_asking_who_writes_leaves_nothing_behind(folder: RecordingFolder) -> None:
    assert not is_recording(folder)
    assert list(folder.path.iterdir()) == []


def test_asking_who_writes_does_not_keep_the_next_one_from_it(folder: RecordingFolder) -> None:
    pytest.importorskip("fcntl")
    with folder.lock.open("w") as asked:
        assert not is_claimed(asked)
        lock = Lock(folder)
        lock.take()
        assert is_claimed(asked)
        lock.release()


def test_a_recording_without_a_byte_is_empty(folder: RecordingFolder) -> None:
    assert folder.empty
    folder.path.mkdir(parents=True, exist_ok=True)
    first, second = (folder.path / f"{folder.symbol}-{at}.arrows" for at in ("093000", "101500"))
    first.touch()
    assert folder.empty
    second.write_bytes(b"x")
    assert not folder.empty
