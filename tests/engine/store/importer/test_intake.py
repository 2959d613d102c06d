"""Which files are read, and in which order."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.model.errors import NoDataError
from engine.store.importer.contract_numbers import ContractNumbers
from engine.store.importer.intake import FileIntake, find_files
from engine.store.importer.spill import Spill

HEADERS = {
    "oi": "ticker,open_interest",
    "bars": "ticker,close,window_start",
    "quotes": "ticker,bid_price,ask_price,sip_timestamp",
    "trades": "ticker,price,size,sip_timestamp",
}


@pytest.fixture
def touch(tmp_path: Path) -> Callable[..., Path]:
    def write(name: str, content: str = "x") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        return path

    return write


def intake(tmp_path: Path) -> FileIntake:
    return FileIntake(ContractNumbers(None, None, {}), Spill(tmp_path, 10), lambda _path, _count: None)


def test_folders_are_walked_and_names_sorted_as_people_count(
    touch: Callable[..., Path], tmp_path: Path
) -> None:
    for name in ("in/part-10.csv", "in/part-9.csv", "in/deep/er/part-1.csv"):
        touch(name)
    names = [path.name for path in find_files([tmp_path / "in"])]
    assert names == ["part-1.csv", "part-9.csv", "part-10.csv"]


def test_a_file_is_found_once_however_it_is_named(touch: Callable[..., Path], tmp_path: Path) -> None:
    path = touch("in/a.csv")
    link = tmp_path / "link.csv"
    link.symlink_to(path)
    assert len(find_files([path, tmp_path / "in", tmp_path / "in" / ".." / "in" / "a.csv", link])) == 1


def test_hidden_files_are_skipped_in_folders_and_taken_when_named(
    touch: Callable[..., Path], tmp_path: Path
) -> None:
    hidden = touch("in/.hidden.csv")
    assert find_files([hidden]) == [hidden]
    with pytest.raises(NoDataError, match="empty folder"):
        find_files([tmp_path / "in"])


@pytest.mark.skipif(os.name != "posix", reason="only POSIX has named pipes")
def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "trades.csv")
    with pytest.raises(NoDataError, match=r"trades\.csv is a pipe or a device; save what it gives to a file"):
        find_files([tmp_path / "trades.csv"])


def test_open_interest_is_read_when_the_days_are_known(touch: Callable[..., Path], tmp_path: Path) -> None:
    paths = [touch(f"{i}.csv", f"{header}\n") for i, header in enumerate(HEADERS.values())]
    known = intake(tmp_path).recognise(paths)
    kinds = [each.layout.kind for each in known if each.layout]
    assert kinds == ["quotes", "trades", "minute bars", "open interest"]


def test_files_of_one_size_and_other_content_are_no_copies(
    touch: Callable[..., Path], tmp_path: Path
) -> None:
    header = HEADERS["trades"]
    paths = [touch(f"{i}.csv", f"{header}\n{line}\n") for i, line in enumerate(("a", "b", "a"))]
    reader = intake(tmp_path)
    assert [each.path.name for each in reader.recognise(paths)] == ["0.csv", "1.csv"]
    (note,) = reader.notes
    assert note == f"{paths[2]} is a copy of {paths[0]} and was read once."
    assert reader.problems == []


def test_strangers_are_problems_and_do_not_stop_the_others(
    touch: Callable[..., Path], tmp_path: Path
) -> None:
    reader = intake(tmp_path)
    known = reader.recognise([touch("a.csv", "a,b\n"), touch("b.csv", HEADERS["trades"] + "\n")])
    assert [each.path.name for each in known] == ["b.csv"]
    assert len(reader.problems) == 1
