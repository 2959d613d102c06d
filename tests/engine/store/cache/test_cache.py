"""Per-contract trade Parquet: names, units of time, and what is no cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.model.errors import StoreError
from engine.store.cache.cache import cache_layout, read_cache
from engine.store.importer.layouts import BARS, QUOTES, TRADES

NAME = "O_SPY251216C00685000.parquet"
TIME_NS = 1_765_895_400_123_456_789


def cache(folder: Path, name: Any = NAME, **columns: Any) -> Path:
    path: Path = folder / name
    pq.write_table(pa.table(columns), path)
    return path


def read(path: Path) -> dict[str, list[Any]]:
    parts = list(read_cache(path))
    names = parts[0].table.column_names
    columns = {name: [x for part in parts for x in part.table.column(name).to_pylist()] for name in names}
    return columns | {"lines": [int(x) for part in parts for x in part.lines]}


@pytest.mark.parametrize(
    "names", [("price", "size", "timestamp"), ("p", "s", "t"), ("p", "size", "sip_timestamp")]
)
def test_long_and_short_names_are_read(tmp_path: Path, names: tuple[str, str, str]) -> None:
    values: list[Any] = [[1.25, 1.3], [3, 4], [TIME_NS, TIME_NS + 1]]
    got = read(cache(tmp_path, **dict(zip(names, values, strict=True))))
    assert got["price"] == [1.25, 1.3]
    assert got["size"] == [3.0, 4.0]
    assert got["sip_timestamp"] == [TIME_NS, TIME_NS + 1]
    assert got["ticker"] == ["O:SPY251216C00685000"] * 2
    assert got["lines"] == [1, 2]


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (TIME_NS, TIME_NS),
        (TIME_NS // 10**3, TIME_NS // 10**3 * 10**3),
        (TIME_NS // 10**6, TIME_NS // 10**6 * 10**6),
        (TIME_NS // 10**9, TIME_NS // 10**9 * 10**9),
        (17, 17),
    ],
)
def test_the_unit_of_time_is_seen_in_its_size(tmp_path: Path, time: int, expected: int) -> None:
    assert read(cache(tmp_path, p=[1.0], s=[1], t=[time]))["sip_timestamp"] == [expected]


@pytest.mark.parametrize("unit", ["ns", "us", "ms", "s"])
def test_parquet_timestamps_are_read_in_their_unit(tmp_path: Path, unit: str) -> None:
    time = np.array([TIME_NS], "datetime64[ns]").astype(f"datetime64[{unit}]")
    column = pa.array(time, pa.timestamp(unit, "UTC"))
    expected = time.astype("datetime64[ns]").astype(np.int64).tolist()
    assert read(cache(tmp_path, p=[1.0], s=[1], t=column))["sip_timestamp"] == expected


def test_a_missing_time_is_no_time(tmp_path: Path) -> None:
    assert read(cache(tmp_path, p=[1.0], s=[1], t=pa.array([None], pa.int64())))["sip_timestamp"] == [0]


def test_conditions_may_be_numbers_lists_or_texts(tmp_path: Path) -> None:
    columns: dict[str, Any] = {"p": [1.0, 1.0], "s": [1, 1], "t": [TIME_NS, TIME_NS], "exchange": [302, 303]}
    assert read(cache(tmp_path, **columns, conditions=[[209, 219], None]))["conditions"] == ["[209, 219]", ""]
    assert read(cache(tmp_path, **columns, c=[209, 232]))["conditions"] == ["209", "232"]
    assert read(cache(tmp_path, **columns, condition=["209,219", ""]))["conditions"] == ["209,219", ""]
    assert read(cache(tmp_path, **columns))["exchange"] == [302.0, 303.0]


def test_large_caches_come_in_pieces_with_running_row_numbers(tmp_path: Path) -> None:
    n = 150_000
    path = cache(tmp_path, p=np.ones(n), s=np.ones(n), t=np.full(n, TIME_NS))
    parts = list(read_cache(path))
    assert len(parts) > 1
    assert np.array_equal(np.concatenate([part.lines for part in parts]), np.arange(1, n + 1))


@pytest.mark.parametrize("name", ["O:SPY251216C00685000.parquet", "SPY251216C00685000.parquet"])
def test_the_contract_in_the_name_may_be_spelled_as_people_do(tmp_path: Path, name: str) -> None:
    assert read(cache(tmp_path, name, p=[1.0], s=[1], t=[TIME_NS]))["ticker"] == ["O:SPY251216C00685000"]


def test_a_name_without_a_contract_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not named after a contract"):
        read(cache(tmp_path, "trades.parquet", p=[1.0], s=[1], t=[TIME_NS]))


def test_missing_columns_are_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no column for size and sip_timestamp"):
        read(cache(tmp_path, p=[1.0]))


def test_texts_where_numbers_belong_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no numbers"):
        read(cache(tmp_path, p=["cheap"], s=[1], t=[TIME_NS]))


def test_a_damaged_file_is_one_sentence(tmp_path: Path) -> None:
    path = cache(tmp_path, p=[1.0] * 1000, s=[1] * 1000, t=[TIME_NS] * 1000)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(StoreError, match="damaged Parquet file"):
        read(path)


def test_quotes_and_minute_bars_are_known_by_their_columns(tmp_path: Path) -> None:
    quotes = cache(tmp_path, sip_timestamp=[TIME_NS], bid_price=[1.2], ask_price=[None], sequence_number=[4])
    bars = cache(
        tmp_path, "SPY.parquet", window_start=[TIME_NS // 10**6], close=[680.5], previous_close=[678.0]
    )
    trades = cache(tmp_path, "O_SPY251216P00685000.parquet", p=[1.0], s=[1], t=[TIME_NS])
    assert [cache_layout(path) for path in (quotes, bars, trades)] == [QUOTES, BARS, TRADES]
    assert read(quotes) == {
        "sip_timestamp": [TIME_NS], "bid_price": [1.2], "ask_price": [None], "sequence_number": [4],
        "ticker": ["O:SPY251216C00685000"], "lines": [1],
    }  # fmt: skip
    assert read(bars) == {
        "window_start": [TIME_NS // 10**6 * 10**6], "close": [680.5], "previous_close": [678.0],
        "ticker": ["SPY"], "lines": [1],
    }  # fmt: skip


def test_minute_bars_must_be_named_after_their_symbol(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"not named after its symbol, like SPY\.parquet"):
        read(cache(tmp_path, "2025-12-16.parquet", window_start=[TIME_NS], close=[680.5]))
