"""Atomic files, atomic folders, and scratch folders that do not outlive their process."""

from __future__ import annotations

import errno
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.model.errors import StoreError
from engine.store.files import (
    make_folder,
    present,
    replace_folder,
    scratch,
    settled_names,
    write_text,
    writing,
)
from tests.paths import ROOT


def folder(path: Path, content: str) -> Path:
    path.mkdir(parents=True)
    (path / "content").write_text(content)
    return path


def content(path: Path) -> str:
    return (path / "content").read_text()


def interrupted(root: Path) -> None:
    with scratch(root) as inside:
        (inside / "run").write_text("x")
        raise KeyboardInterrupt


def test_a_written_file_replaces_the_old_one_and_leaves_nothing_beside(tmp_path: Path) -> None:
    write_text(tmp_path / "meta.json", "old")
    write_text(tmp_path / "meta.json", "new")
    assert (tmp_path / "meta.json").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["meta.json"]


def test_a_file_that_cannot_be_encoded_leaves_the_old_one(tmp_path: Path) -> None:
    write_text(tmp_path / "meta.json", "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "meta.json", "\ud800")
    assert (tmp_path / "meta.json").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["meta.json"]


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    folder(tmp_path / "day" / "SPY", "old")
    replace_folder(folder(tmp_path / "fresh", "new"), tmp_path / "day" / "SPY")
    assert content(tmp_path / "day" / "SPY") == "new"
    assert [path.name for path in (tmp_path / "day").iterdir()] == ["SPY"]


def test_a_folder_goes_where_there_was_none(tmp_path: Path) -> None:
    replace_folder(folder(tmp_path / "fresh", "new"), tmp_path / "days" / "2025-12-16" / "SPY")
    assert content(tmp_path / "days" / "2025-12-16" / "SPY") == "new"


def test_between_the_two_renames_the_previous_folder_can_be_read(tmp_path: Path) -> None:
    """The state a kill leaves behind when it strikes right between the renames."""
    target = tmp_path / "SPY"
    folder(tmp_path / ".SPY.old", "old")
    assert content(present(target)) == "old"
    assert settled_names(tmp_path) == ["SPY"]


def test_the_next_replacement_clears_what_a_kill_left(tmp_path: Path) -> None:
    folder(tmp_path / ".SPY.old", "older")
    replace_folder(folder(tmp_path / "fresh", "new"), tmp_path / "SPY")
    assert content(present(tmp_path / "SPY")) == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["SPY"]


def test_a_leftover_beside_the_new_folder_is_not_read(tmp_path: Path) -> None:
    folder(tmp_path / ".SPY.old", "old")
    folder(tmp_path / "SPY", "new")
    assert content(present(tmp_path / "SPY")) == "new"
    assert settled_names(tmp_path) == ["SPY"]


def test_hidden_names_are_nobodys_business(tmp_path: Path) -> None:
    folder(tmp_path / ".scratch-abc", "x")
    folder(tmp_path / "2025-12-16", "x")
    assert settled_names(tmp_path) == ["2025-12-16"]


def test_scratch_is_gone_after_success_and_after_failure(tmp_path: Path) -> None:
    with scratch(tmp_path / "data") as inside:
        (inside / "run").write_text("x")
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path / "data")
    assert list((tmp_path / "data").iterdir()) == []


def test_scratch_of_a_killed_process_is_swept_and_that_of_a_living_one_stays(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    script = (
        "import sys; from pathlib import Path; from engine.store.files import scratch\n"
        "with scratch(Path(sys.argv[1])) as inside:\n"
        "    print(inside, flush=True); sys.stdin.read()\n"
    )
    repo = ROOT
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=repo, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        theirs = Path(child.stdout.readline().strip())
        with scratch(tmp_path):
            assert theirs.exists()
        child.kill()
    assert theirs.exists()
    with scratch(tmp_path):
        assert not theirs.exists()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(StoreError) as caught, scratch(tmp_path / "data"):
        pass
    assert str(caught.value).count("\n") == 0
    assert str(tmp_path / "data") in str(caught.value)
    assert "--data-dir" in str(caught.value)


def test_a_full_disk_is_told_in_the_words_of_the_system(tmp_path: Path) -> None:
    said = "Error writing bytes to file. Detail: [errno 28]"
    with pytest.raises(StoreError, match=r"cannot be written \(No space left on device\)"), writing(tmp_path):
        raise OSError(errno.ENOSPC, said)


def test_only_failures_of_the_system_become_store_errors(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mine"), writing(tmp_path):
        raise ValueError("mine")
    with pytest.raises(StoreError, match="No space left"), writing(tmp_path):
        raise OSError(28, "No space left on device")


def test_nobody_sweeps_a_folder_that_is_just_being_made(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")

    def use(_: int) -> None:
        with scratch(tmp_path) as inside:
            (inside / "run").write_text("x")

    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(use, range(1000)))) == 1000
    assert list(tmp_path.iterdir()) == []


def test_a_folder_comes_with_those_above_it(tmp_path: Path) -> None:
    make_folder(tmp_path / "one" / "two")
    make_folder(tmp_path / "one" / "two")
    assert (tmp_path / "one" / "two").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="Not a directory"):
        make_folder(tmp_path / "file" / "one")
