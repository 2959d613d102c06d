"""Blocks as typed columns; bad lines are found, counted and named by their number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.store.blocks import Block
from engine.store.importer.layouts import TRADES
from engine.store.importer.rows import BadRows, ParsedRows, RowReader

PATH = Path("trades.csv")
HEADER = ("ticker", "conditions", "correction", "exchange", "price", "sip_timestamp", "size")


def line(i: int = 0, **fields: str) -> bytes:
    values = {
        "ticker": "O:SPY251216C00685000",
        "conditions": "209",
        "correction": "0",
        "exchange": "302",
        "price": "1.25",
        "sip_timestamp": str(1_765_895_400_000_000_000 + i),
        "size": "3",
    } | fields
    return ",".join(values[name] for name in HEADER).encode() + b"\n"


def read(
    data: bytes, first_line: int = 2, header: tuple[str, ...] = HEADER
) -> tuple[list[ParsedRows], BadRows]:
    bad = BadRows()
    return list(RowReader(PATH, TRADES, header, bad).read(Block(data, first_line))), bad


def lines_of(parts: list[ParsedRows]) -> list[int]:
    return [int(number) for part in parts for number in part.lines]


def times(parts: list[ParsedRows]) -> list[int]:
    return [t for part in parts for t in part.table.column("sip_timestamp").to_pylist()]


def test_a_good_block_is_one_piece_with_its_types() -> None:
    parts, bad = read(line(1) + line(2))
    (part,) = parts
    assert bad.count == 0
    assert part.lines.tolist() == [2, 3]
    assert part.table.column("price").to_pylist() == [1.25, 1.25]
    assert part.table.column("ticker").to_pylist() == ["O:SPY251216C00685000"] * 2


def test_nanoseconds_are_exact() -> None:
    assert times(read(line(987_654_321))[0]) == [1_765_895_400_987_654_321]


def test_empty_fields_are_nulls_of_numbers_and_empty_texts() -> None:
    (part,), bad = read(line(price="", conditions="", exchange=""))
    assert bad.count == 0
    assert part.table.column("price").to_pylist() == [None]
    assert part.table.column("conditions").to_pylist() == [""]


def test_quoted_lists_carriage_returns_and_a_missing_last_line_end_are_read() -> None:
    data = (line(1, conditions='"209,219"') + line(2)).replace(b"\n", b"\r\n").removesuffix(b"\r\n")
    (part,), bad = read(data)
    assert bad.count == 0
    assert part.table.column("conditions").to_pylist() == ["209,219", "209"]
    assert part.table.column("size").to_pylist() == [3.0, 3.0]


def test_extra_and_repeated_columns_are_ignored() -> None:
    header = ("extra", *HEADER, "price")
    (part,), bad = read(b"x," + line().strip() + b",99\n", header=header)
    assert bad.count == 0
    assert part.table.column("price").to_pylist() == [1.25]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (line(price="abc"), "price 'abc' is not a number"),
        (line(size="three"), "size 'three' is not a number"),
        (line(sip_timestamp="1.7e18"), "sip_timestamp '1.7e18' is not a whole number"),
        (line(sip_timestamp="99999999999999999999"), "is not a whole number"),
        (b"O:SPY251216C00685000,209\n", "has 2 fields where the header has 7"),
        (b"garbage\n", "has 1 fields where the header has 7"),
        (line().replace(b"209", b'"209'), "is not readable text"),
        (line().replace(b"SPY", b"\xff\xfe\xff"), "is not readable text"),
    ],
)
def test_a_bad_line_is_named_and_its_neighbours_are_read(broken: bytes, reason: str) -> None:
    parts, bad = read(line(1) + broken + line(2))
    assert lines_of(parts) == [2, 4]
    assert times(parts) == [1_765_895_400_000_000_001, 1_765_895_400_000_000_002]
    assert bad.count == 1
    assert (bad.first[0].path, bad.first[0].line) == (PATH, 3)
    assert reason in bad.first[0].reason


def test_blank_lines_are_no_rows_but_count_as_lines() -> None:
    parts, bad = read(line(1) + b"\n\r\n" + line(2) + b"\n")
    assert lines_of(parts) == [2, 5]
    assert bad.count == 0


@given(
    n=st.integers(1, 700),
    broken=st.sets(st.integers(0, 699), max_size=12),
    first_line=st.integers(1, 10**9),
)
def test_exactly_the_broken_lines_are_missing(n: int, broken: set[int], first_line: int) -> None:
    broken = {i for i in broken if i < n}
    data = b"".join(line(i, price="x") if i in broken else line(i) for i in range(n))
    parts, bad = read(data, first_line)
    good = [i for i in range(n) if i not in broken]
    assert lines_of(parts) == [first_line + i for i in good]
    assert times(parts) == [1_765_895_400_000_000_000 + i for i in good]
    assert bad.count == len(broken)
    assert [row.line for row in bad.first] == [first_line + i for i in sorted(broken)]


def test_all_bad_rows_are_counted_and_the_first_twenty_kept() -> None:
    parts, bad = read(line(price="x") * 1000)
    assert parts == []
    assert bad.count == 1000
    assert [row.line for row in bad.first] == list(range(2, 22))


def test_reasons_are_only_made_while_they_are_kept() -> None:
    asked: list[int] = []

    def reason(i: int) -> str:
        asked.append(i)
        return f"row {i}"

    bad = BadRows(keep=3)
    bad.add_many(PATH, np.arange(10, 12), reason)
    bad.add_many(PATH, np.arange(20, 30), reason)
    assert bad.count == 12
    assert asked == [0, 1, 0]
    assert [row.line for row in bad.first] == [10, 11, 20]
