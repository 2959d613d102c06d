"""The external sort: tape order whatever the arrival, in bounded memory, and copies taken once."""

from __future__ import annotations

import errno
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.events import MARK, MARK_CLOSE, MARK_OPEN, OI, PREV_CLOSE, QUOTE, SPOT, TRADE
from engine.store.importer.spill import LEAST_READ, ROW, Rows, Spill, without_copies


def rows(n: int, seed: int = 0, instants: int = 50, tapes: int = 1, files: int = 1) -> Rows:
    """Return n quotes and trades of few instants; `p1` is the order of arrival."""
    rng = np.random.default_rng(seed)
    made = np.zeros(n, ROW)
    made["ts"] = rng.integers(0, instants, n)
    made["kind"] = rng.choice([QUOTE, TRADE, SPOT], n)
    made["seq"] = np.where(made["kind"] == QUOTE, rng.integers(0, 5, n), 0)
    made["tape"] = rng.integers(0, tapes, n)
    made["file"] = np.sort(rng.integers(0, files, n))
    made["p1"] = np.arange(n)
    return made


def sorted_plainly(given_rows: Rows, tape: int) -> list[int]:
    """The order in its plainest form: a stable sort by time, rank and sequence."""
    rank = {SPOT: 0, QUOTE: 1, TRADE: 2}
    mine = [row for row in given_rows if row["tape"] == tape]
    mine.sort(key=lambda row: (row["ts"], rank[int(row["kind"])], row["seq"]))
    return [int(row["p1"]) for row in mine]


def merged(spill: Spill, tape: int) -> list[int]:
    return [int(value) for part in spill.merged(tape) for value in part["p1"]]


def filled(folder: Path, given_rows: Rows, budget: int, step: int = 1 << 30) -> Spill:
    folder.mkdir(parents=True, exist_ok=True)
    spill = Spill(folder, budget)
    for start in range(0, len(given_rows), step):
        spill.add(given_rows[start : start + step])
    spill.flush()
    return spill


@given(
    n=st.integers(0, 300),
    seed=st.integers(0, 10**6),
    instants=st.integers(1, 60),
    budget=st.integers(1, 100),
    step=st.integers(1, 100),
)
def test_any_budget_and_any_pieces_give_the_same_tape_order(
    tmp_path_factory: pytest.TempPathFactory, n: int, seed: int, instants: int, budget: int, step: int
) -> None:
    given_rows = rows(n, seed, instants, tapes=3)
    spill = filled(tmp_path_factory.mktemp("spill"), given_rows, budget, step)
    for tape in range(3):
        assert merged(spill, tape) == sorted_plainly(given_rows, tape)
    assert spill.rows == n


def test_rows_of_one_instant_are_never_apart(tmp_path: Path) -> None:
    spill = filled(tmp_path, rows(20_000, instants=300), budget=1500)
    ends = [(int(part["ts"][0]), int(part["ts"][-1])) for part in spill.merged(0)]
    assert len(ends) > 1
    assert all(before[1] < after[0] for before, after in pairwise(ends))


def test_an_instant_larger_than_the_budget_is_still_whole(tmp_path: Path) -> None:
    spill = filled(tmp_path, rows(10_000, instants=1), budget=700)
    (part,) = spill.merged(0)
    assert len(part) == 10_000


def test_memory_is_bounded_by_the_budget_and_not_by_the_input(tmp_path: Path) -> None:
    peaks = []
    for n in (40_000, 160_000):
        spill = filled(tmp_path / str(n), rows(n, instants=n), budget=20_000, step=7_000)
        assert sum(len(part) for part in spill.merged(0)) == n
        peaks.append(spill.peak_rows)
    runs = 160_000 // 20_000
    assert max(peaks) <= 20_000 + runs * LEAST_READ


def test_the_budget_is_kept_while_reading(tmp_path: Path) -> None:
    spill = Spill(tmp_path, 1000)
    spill.add(rows(10_500))
    assert spill.peak_rows == 1000
    assert spill.rows == 10_500


def test_at_one_instant_what_is_known_before_comes_first_and_the_close_last(tmp_path: Path) -> None:
    made = np.zeros(7, ROW)
    made["kind"] = [MARK, TRADE, QUOTE, SPOT, MARK, PREV_CLOSE, OI]
    made["s1"] = [MARK_CLOSE, 1, 1, 0, MARK_OPEN, 0, 5]
    (part,) = filled(tmp_path, made, 10).merged(0)
    assert part["kind"].tolist() == [OI, PREV_CLOSE, MARK, SPOT, QUOTE, TRADE, MARK]
    assert part["s1"][[2, 6]].tolist() == [MARK_OPEN, MARK_CLOSE]


def test_a_tape_nobody_filled_is_empty(tmp_path: Path) -> None:
    assert list(filled(tmp_path, rows(10), 5).merged(7)) == []


def copies(*files: list[int]) -> Rows:
    """Return one row per value; equal values are equal rows, each list is a file."""
    values = [(value, file) for file, content in enumerate(files) for value in content]
    made = np.zeros(len(values), ROW)
    made["p1"] = [value for value, _ in values]
    made["file"] = [file for _, file in values]
    return made


def test_a_file_given_twice_is_taken_once() -> None:
    kept = without_copies(copies([1, 2, 3], [1, 2, 3]))
    assert kept["p1"].tolist() == [1, 2, 3]
    assert set(kept["file"]) == {0}


def test_equal_rows_within_one_file_are_all_real() -> None:
    assert without_copies(copies([1, 1, 1, 2], [3]))["p1"].tolist() == [1, 1, 1, 2, 3]


@given(st.lists(st.lists(st.integers(0, 4), max_size=8), min_size=1, max_size=4))
def test_of_each_row_as_many_stay_as_the_richest_file_has(files: list[list[int]]) -> None:
    kept = without_copies(copies(*files))
    expected: Counter[int] = Counter()
    for file in files:
        expected |= Counter(file)
    assert Counter(kept["p1"].tolist()) == expected


@pytest.mark.parametrize(
    "field", ["ts", "cid", "p1", "p2", "s1", "s2", "cond", "exch", "kind", "flags", "seq"]
)
def test_rows_that_differ_anywhere_are_no_copies(field: str) -> None:
    made = copies([1], [1])
    made[field][1] = 2
    assert len(without_copies(made)) == 2


def test_the_order_of_what_stays_is_kept() -> None:
    kept = without_copies(copies([5, 3, 9], [9, 7, 3]))
    assert kept["p1"].tolist() == [5, 3, 9, 7]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk here that is always full")
def test_a_full_disk_says_that_it_is_full(tmp_path: Path) -> None:
    (tmp_path / "run-0").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device") as error:
        filled(tmp_path, rows(10_000), budget=1 << 20)
    assert error.value.errno == errno.ENOSPC
