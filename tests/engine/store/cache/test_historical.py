"""Fetched files: pieces become one file, what was written is known again, and a day can be cleared."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from engine.model.errors import StoreError
from engine.store.cache.cache import read_cache
from engine.store.cache.historical import Columns, Historical, TickerFile, count
from engine.store.cache.manifest import ALL_TICKERS, FetchManifest, TickerProgress

DAY, NEXT = date(2025, 12, 16), date(2025, 12, 17)
CALL = "O:SPY251216C00685000"
TS = 1_765_895_400_123_456_789


def trades(first: int, end: int) -> Columns:
    numbers = np.arange(first, end)
    return {
        "sip_timestamp": TS + numbers,
        "price": numbers + 0.25,
        "size": numbers + 1.0,
        "exchange": np.full(len(numbers), 302.0),
        "correction": np.full(len(numbers), np.nan),
        "sequence_number": numbers * 1.0,
        "conditions": np.array(["209,219"] * len(numbers), object),
    }


def test_pieces_and_the_rest_become_one_file_in_order(tmp_path: Path) -> None:
    path = Historical(tmp_path).file("trades", DAY, CALL)
    file = TickerFile(path)
    file.add(trades(0, 3))
    assert not path.exists()
    resumed = TickerFile(path, parts=1)
    resumed.add(trades(3, 5))
    size = resumed.finish(trades(5, 6))
    assert size == path.stat().st_size
    assert pq.read_table(path)["sequence_number"].to_pylist() == list(range(6))
    resumed.tidy()
    assert [each.name for each in path.parent.iterdir()] == ["O_SPY251216C00685000.parquet"]


def test_a_piece_that_the_manifest_does_not_know_is_written_again(tmp_path: Path) -> None:
    path = Historical(tmp_path).file("trades", DAY, CALL)
    TickerFile(path).add(trades(0, 3))
    again = TickerFile(path, parts=0)
    again.add(trades(0, 2))
    again.finish(trades(2, 4))
    assert pq.read_table(path)["sequence_number"].to_pylist() == [0, 1, 2, 3]


def test_pieces_that_a_killed_process_left_are_swept_once_the_file_is_complete(tmp_path: Path) -> None:
    cache = Historical(tmp_path)
    path = cache.file("trades", DAY, CALL)
    file = TickerFile(path)
    file.add(trades(0, 3))
    file.finish(trades(3, 4))
    cache.sweep(
        DAY, [TickerProgress("trades", CALL, "partial", 0), TickerProgress("quotes", CALL, "complete", 0)]
    )
    assert len(list(path.parent.iterdir())) == 2
    cache.sweep(DAY, [TickerProgress("trades", CALL, "complete", 0)])
    assert list(path.parent.iterdir()) == [path]


def test_what_is_written_is_a_trade_cache_that_the_importer_reads(tmp_path: Path) -> None:
    path = Historical(tmp_path).file("trades", DAY, CALL)
    TickerFile(path).finish(trades(0, 2))
    [rows] = read_cache(path)
    assert rows.table.to_pylist() == [
        {"price": i + 0.25, "size": i + 1.0, "sip_timestamp": TS + i, "conditions": "209,219",
         "exchange": 302.0, "correction": None, "sequence_number": i, "ticker": CALL}
        for i in range(2)
    ]  # fmt: skip


def test_a_file_of_another_size_is_not_what_was_written(tmp_path: Path) -> None:
    cache = Historical(tmp_path)
    size = TickerFile(cache.file("trades", DAY, CALL)).finish(trades(0, 2))
    entry = TickerProgress("trades", CALL, "complete", 0, rows=2, bytes=size)
    assert cache.holds(entry, DAY)
    assert not cache.holds(entry, NEXT)
    cache.file("trades", DAY, CALL).write_bytes(b"PAR1")
    assert not cache.holds(entry, DAY)
    assert cache.holds(TickerProgress("trades", CALL, "empty", 0), DAY)
    assert not cache.holds(TickerProgress("trades", CALL, "partial", 0), DAY)


def test_a_manifest_is_summed_up_by_kind_and_state() -> None:
    entries = [
        TickerProgress("trades", CALL, "complete", 0, rows=5, bytes=100),
        TickerProgress("trades", "O:SPY251216P00685000", "partial", 0, rows=2, bytes=40, parts=1),
        TickerProgress("quotes", "*", "refused", 0, reason="There are no quotes."),
        TickerProgress("contracts", "2025-12-16..2025-12-16", "complete", 0, rows=900),
    ]
    found = count(DAY, "SPY", entries)
    assert found.states == {("trades", "complete"): 1, ("trades", "partial"): 1}
    assert (found.rows, found.bytes, found.notes) == (7, 140, ("There are no quotes.",))


def test_clearing_a_day_leaves_the_others(tmp_path: Path) -> None:
    cache = Historical(tmp_path)
    for day in (DAY, NEXT):
        TickerFile(cache.file("trades", day, CALL)).finish(trades(0, 2))
        with FetchManifest(cache.manifest(day, "SPY")) as manifest:
            manifest.put(TickerProgress("trades", CALL, "complete", 0))
    assert cache.days() == [DAY, NEXT]
    assert cache.measure(DAY)[0] == 2
    cache.clear(DAY)
    assert cache.days() == [NEXT]
    assert list(cache.entries(NEXT)) == ["SPY"]
    cache.clear()
    assert cache.measure() == (0, 0)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "historical").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be written"):
        TickerFile(Historical(tmp_path).file("trades", DAY, CALL)).finish(trades(0, 2))


def test_pieces_that_were_changed_or_deleted_are_not_gone_on_with(tmp_path: Path) -> None:
    cache = Historical(tmp_path)
    file = TickerFile(cache.file("trades", DAY, CALL))
    file.add(trades(0, 3))
    size = file.add(trades(3, 6))
    entry = TickerProgress("trades", CALL, "partial", 0, 6, size, 2)
    assert cache.holds_pieces(entry, DAY)
    assert not cache.holds_pieces(TickerProgress("trades", CALL, "complete", 0, 6, size, 2), DAY)
    last = sorted(file.path.parent.iterdir())[-1]
    last.write_bytes(last.read_bytes()[:-1])
    assert not cache.holds_pieces(entry, DAY)
    last.unlink()
    assert not cache.holds_pieces(entry, DAY)


def test_a_damaged_piece_is_one_sentence(tmp_path: Path) -> None:
    file = TickerFile(Historical(tmp_path).file("trades", DAY, CALL))
    file.add(trades(0, 3))
    [piece] = file.path.parent.iterdir()
    piece.write_bytes(bytes(piece.stat().st_size))
    with pytest.raises(StoreError, match="is damaged; delete it and fetch the day again"):
        file.finish(trades(3, 6))


def test_a_refusal_is_no_news_once_the_plan_has_what_it_refused() -> None:
    refused = TickerProgress("quotes", ALL_TICKERS, "refused", 1, reason="There are no quotes.")
    assert count(DAY, "SPY", [refused, TickerProgress("trades", CALL, "complete", 2)]).notes == (
        refused.reason,
    )
    assert count(DAY, "SPY", [refused, TickerProgress("quotes", CALL, "complete", 2)]).notes == ()


def test_a_day_can_be_made_of_ticks_that_are_there(tmp_path: Path) -> None:
    cache = Historical(tmp_path)
    assert not cache.has_ticks(DAY, "SPY")
    with FetchManifest(cache.manifest(DAY, "SPY")) as manifest:
        manifest.put(TickerProgress("contracts", "2025-12-16..2025-12-16", "complete", TS, names=(CALL,)))
        manifest.put(TickerProgress("quotes", ALL_TICKERS, "refused", TS, reason="not in the plan"))
        manifest.put(TickerProgress("trades", CALL, "partial", TS, parts=1))
        assert not cache.has_ticks(DAY, "SPY")
        manifest.put(TickerProgress("trades", CALL, "complete", TS, bytes=4))
        assert not cache.has_ticks(DAY, "SPY"), "the file is not there"
        path = cache.file("trades", DAY, CALL)
        path.parent.mkdir(parents=True)
        path.write_bytes(b"1234")
        assert cache.has_ticks(DAY, "SPY")
