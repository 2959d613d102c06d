"""What a power cut leaves: nothing counts, and nothing is deleted, before it is on the disk with its names.

The system's calls are watched, and a disk is imagined that keeps what it was told to keep and nothing else.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from pyarrow import fs

from engine.store.archive.objects import ObjectStore
from engine.store.archive.units import units
from tests.paths import ROOT

DAY = date(2025, 12, 16)
CALL = re.compile(r"(\w+)\((.*)\) = (\d+)")
WATCHED = (
    "trace=openat,mkdir,mkdirat,rename,renameat,renameat2,write,pwrite64,fsync,fdatasync,unlink,unlinkat"
)

COMPACT = """
import sys
from datetime import date
from pathlib import Path
from engine.store.days.store import DayStore
from engine.store.journal.compaction import compact
from engine.store.journal.folders import RecordingFolder

root = Path(sys.argv[1])
compact(DayStore(root), RecordingFolder(root, date(2025, 12, 16), "SPY"), lambda tape: str(tape.end_ns))
"""
RECORD = """
import sys
from datetime import date
from pathlib import Path
from engine.model.events import gap
from engine.model.underlyings import PRESETS
from engine.store.journal.encoding import Recording
from engine.store.journal.writer import Journal

journal = Journal(Path(sys.argv[1]), Recording(date(2025, 12, 16), PRESETS["SPY"], "tape", 100))
journal.append(gap(1, 2), 2, "test")
assert journal.sync() == 1
"""
READ = """
import sys
from pathlib import Path
from engine.model.errors import StoreError
from engine.store.journal.file import JournalFile

try:
    print(JournalFile(Path(sys.argv[1])).events)
except StoreError as error:
    print(error)
"""
BRING = """
import sys
from datetime import date
from pathlib import Path
from pyarrow import fs
from engine.store.archive.objects import ObjectStore

store = ObjectStore(fs.LocalFileSystem(), sys.argv[2])
store.get_day(Path(sys.argv[1]), date(2025, 12, 16), "SPY")
"""


class Disk:
    """What is on the disk for certain, of what was made since it is watched."""

    def __init__(self) -> None:
        self.unsafe: set[Path] = set()
        """Files whose content, and whatever's name, may be gone."""
        self._unnamed: set[Path] = set()

    def hear(self, call: str, words: str) -> None:
        """Take in one call that succeeded."""
        paths = [Path(path) for path in re.findall(r'["<](/[^">]*)[">]', words)]
        match call:
            case "mkdir" | "mkdirat":
                self._unnamed.add(paths[-1])
            case "openat" if "O_CREAT" in words:
                self._unnamed.add(paths[-1])
                self.unsafe.add(paths[-1])
            case "write" | "pwrite64" if paths:
                self.unsafe.add(paths[0])
            case "rename" | "renameat" | "renameat2":
                self._move(paths[-2], paths[-1])
            case "fsync" | "fdatasync":
                self.unsafe.discard(paths[0])
                self._unnamed = {path for path in self._unnamed if path.parent != paths[0]}

    def lost(self, path: Path) -> list[Path]:
        """Return what of a file and of the names that lead to it is not safe."""
        return [each for each in (path, *path.parents) if each in self._unnamed | self.unsafe]

    def _move(self, old: Path, new: Path) -> None:
        def moved(paths: set[Path]) -> set[Path]:
            return {new / each.relative_to(old) if each.is_relative_to(old) else each for each in paths}

        self.unsafe, self._unnamed = moved(self.unsafe), moved(self._unnamed) | {new}


def watched(log: Path, *options: str) -> list[str]:
    """Return what goes before a command whose calls are to be watched; skips where that cannot be."""
    strace = ["strace", "-qq", "-o", str(log), *options]
    if not shutil.which("strace") or subprocess.run([*strace, "true"], check=False).returncode:
        pytest.skip("this system cannot watch a process's calls: it needs strace")
    return strace


def calls(script: str, log: Path, *words: object) -> Iterator[tuple[str, str]]:
    """Run a script and yield the calls of its main thread that succeeded, and their arguments."""
    command = [*watched(log, "-y", "-s", "4096", "-e", WATCHED), sys.executable, "-c", script]
    subprocess.run([*command, *map(str, words)], cwd=ROOT, check=True)
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if found := CALL.match(line):
            yield found[1], found[2]


def day_files(root: Path) -> list[Path]:
    folder = root / "days" / DAY.isoformat() / "SPY"
    return [folder / name for name in ("tape.parquet", "contracts.parquet", "meta.json")]


def test_a_recording_goes_only_when_its_day_is_on_the_disk(tmp_path: Path) -> None:
    root, disk, gone = tmp_path / "data", Disk(), 0
    subprocess.run([sys.executable, "-c", RECORD, str(root)], cwd=ROOT, check=True)
    for call, words in calls(COMPACT, tmp_path / "log", root):
        if call.startswith("unlink") and words.rstrip('"').endswith(".arrows"):
            gone += 1
            assert [disk.lost(path) for path in day_files(root)] == [[], [], []]
        disk.hear(call, words)
    assert gone == 1


def test_what_a_sync_vouches_for_has_its_names_on_the_disk(tmp_path: Path) -> None:
    root, disk = tmp_path / "data", Disk()
    for call, words in calls(RECORD, tmp_path / "log", root):
        disk.hear(call, words)
    (file,) = root.glob("journal/*/*.arrows")
    assert disk.lost(file) == []


def test_a_day_that_was_brought_is_on_the_disk(tmp_path: Path) -> None:
    here, root, bucket, disk = tmp_path / "here", tmp_path / "data", tmp_path / "bucket", Disk()
    for path in day_files(here):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    for folder in (bucket / "days" / DAY.isoformat() / "SPY", root):
        folder.mkdir(parents=True)
    store = ObjectStore(fs.LocalFileSystem(), str(bucket))
    for unit in units(here):
        store.put(unit)
    for call, words in calls(BRING, tmp_path / "log", root, bucket):
        disk.hear(call, words)
    assert [disk.lost(path) for path in day_files(root)] == [[], [], []]


def test_a_disk_that_fails_while_a_recording_is_read_is_not_taken_for_its_end(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", RECORD, str(tmp_path)], cwd=ROOT, check=True)
    (file,) = tmp_path.glob("journal/*/*.arrows")
    said = []
    for number in range(1, 6):
        inject = ["-P", str(file), "-e", f"inject=read,pread64:error=EIO:when={number}"]
        command = [*watched(tmp_path / "log", *inject), sys.executable, "-c", READ, str(file)]
        said.append(
            subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
        )
    failed = f"{file} cannot be read (Input/output error)."
    assert failed in said
    assert set(said) <= {failed, "1"}
