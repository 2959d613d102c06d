"""Manifests: the last line of a ticker counts, a torn one never does, and one process writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.model.errors import StoreError
from engine.store.cache.manifest import FetchManifest, TickerProgress, read_manifest

CALL, PUT = "O:SPY251216C00685000", "O:SPY251216P00685000"
NOW_NS = 1_766_000_000_000_000_000


def test_the_last_word_on_a_ticker_counts(tmp_path: Path) -> None:
    path = tmp_path / "SPY.jsonl"
    with FetchManifest(path) as manifest:
        manifest.put(TickerProgress("trades", CALL, "partial", NOW_NS, rows=3, parts=1, until_ns=7))
        manifest.put(TickerProgress("quotes", CALL, "empty", NOW_NS))
        manifest.put(TickerProgress("trades", CALL, "complete", NOW_NS, rows=5, bytes=99))
    assert [(each.kind, each.state, each.rows) for each in read_manifest(path)] == [
        ("trades", "complete", 5),
        ("quotes", "empty", 0),
    ]
    with FetchManifest(path) as again:
        assert again.find("trades", CALL) == TickerProgress(
            "trades", CALL, "complete", NOW_NS, rows=5, bytes=99
        )
        assert again.find("trades", PUT) is None


def test_a_second_process_is_kept_out_until_the_first_is_done(tmp_path: Path) -> None:
    path = tmp_path / "2025-12-16" / "SPY.jsonl"
    first, second = FetchManifest(path), FetchManifest(path)
    with first, pytest.raises(StoreError, match="SPY on 2025-12-16 is being fetched by another spymon"):
        second.__enter__()
    with second:
        assert second.entries() == []


def test_what_is_no_entry_ends_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "SPY.jsonl"
    with FetchManifest(path) as manifest:
        manifest.put(TickerProgress("trades", CALL, "empty", NOW_NS))
    with path.open("ab") as file:
        file.write(b'{"kind":"fables","ticker":"*","state":"complete","fetched_ns":1}\n')
    assert len(read_manifest(path)) == 1


def test_a_manifest_forgets_a_torn_line_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "SPY.jsonl"
    entry = TickerProgress("trades", CALL, "complete", NOW_NS, rows=3, bytes=99)
    with FetchManifest(path) as manifest:
        manifest.put(entry)
        manifest.put(TickerProgress("trades", PUT, "empty", NOW_NS))
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        with FetchManifest(path) as manifest:
            lines = whole[:cut].count(b"\n")
            assert len(manifest.entries()) == lines
            manifest.put(entry)
        assert read_manifest(path)[0] == entry


def test_an_entry_is_on_the_disk_as_soon_as_it_is_put(tmp_path: Path) -> None:
    path = tmp_path / "SPY.jsonl"
    with FetchManifest(path) as manifest:
        manifest.put(TickerProgress("trades", CALL, "empty", NOW_NS))
        assert read_manifest(path) == manifest.entries()


def test_what_nothing_was_put_into_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "2025-12-16" / "SPY.jsonl"
    with FetchManifest(path):
        assert path.exists()
    assert list(tmp_path.iterdir()) == []
    with FetchManifest(path.with_name("QQQ.jsonl")) as other, FetchManifest(path):
        other.put(TickerProgress("trades", CALL, "empty", NOW_NS))
    assert [each.name for each in path.parent.iterdir()] == ["QQQ.jsonl"]
