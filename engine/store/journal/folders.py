"""Where recordings lie, what their files are called, and who is writing one.

Owns the names and the lock.

A name carries when its process began to record, in exchange time, and is always later than those beside it:
names in order are the recording in order, even when the clock was set back.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as wall
from pathlib import Path
from typing import IO

from ...model.calendar import ET
from ...model.errors import BusyError
from ...model.events import NS
from ..files import LOCKS, RECORDING, claim, date_named, is_at, is_claimed, make_folder

_TRIES, _PATIENCE_S = 4, 0.02
"""How long a lock is waited for: somebody may be asking just now whether it is taken."""


@dataclass(frozen=True, slots=True, order=True)
class RecordingFolder:
    """One symbol's recording of one day."""

    root: Path
    day: date
    symbol: str

    @property
    def path(self) -> Path:
        return self.root / "journal" / self.day.isoformat()

    @property
    def lock(self) -> Path:
        return self.path / f".{self.symbol}.lock"

    def files(self) -> list[Path]:
        """Return the recording's files in the order they were written."""
        names = sorted(self.path.glob(f"{self.symbol}-*.arrows"))
        return [path for path in names if RECORDING.fullmatch(path.name)]

    @property
    def empty(self) -> bool:
        """Whether nothing was ever written there: a file begins with its first event."""
        return not any(path.stat().st_size for path in self.files())

    def next_file(self, now_ns: int) -> Path:
        """Return the name of a file that begins now, later than those that are there."""
        midnight_ns = int(datetime.combine(self.day, wall(), ET).timestamp()) * NS
        # Beyond midnight hours go on counting, and what began the evening before began at 0.
        second = min(max((now_ns - midnight_ns) // NS, 0), 99 * 3600)
        last = max((_second(path) for path in self.files()), default=-1)
        return self.path / f"{self.symbol}-{_digits(max(second, last + 1))}.arrows"


def recordings(root: Path) -> list[RecordingFolder]:
    """Return every recording below `root`, by day and symbol."""
    found = set()
    for path in (root / "journal").glob("*/*.arrows"):
        name = RECORDING.fullmatch(path.name)
        day = date_named(path.parent.name)
        if name is not None and day is not None:
            found.add(RecordingFolder(root, day, name[1]))
    return sorted(found)


class Lock:
    """Says that one process writes; it goes with the process, however that ends.

    Without POSIX locks nobody is refused.
    """

    def __init__(self, folder: RecordingFolder) -> None:
        self._folder = folder
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Take the lock, or keep it; BusyError when another has it, OSError when the disk refuses."""
        for attempt in range(_TRIES):
            if self._file is None:
                self._file = _claim_file(self._folder.lock)
            if self._file is not None:
                return
            time.sleep(_PATIENCE_S * (attempt + 1 < _TRIES))
        raise BusyError(
            f"{self._folder.symbol} on {self._folder.day} is being recorded into {self._folder.path} "
            "by another spymon; stop that one first."
        )

    def release(self) -> None:
        """Let it go and clear it away."""
        if self._file is None:
            return
        with self._file:
            self._file = None
            self._folder.lock.unlink(missing_ok=True)


def is_recording(folder: RecordingFolder) -> bool:
    """Say whether a living process writes there; asking needs no right to write and leaves nothing."""
    try:
        with folder.lock.open("rb") as file:
            return is_claimed(file)
    except OSError:
        return False


def _claim_file(path: Path) -> IO[str] | None:
    """Lock a file, made if need be, and return it; None when another has it."""
    make_folder(path.parent)
    file = path.open("a")
    if not LOCKS or (claim(file) and is_at(file, path)):
        return file
    file.close()
    return None


def _second(path: Path) -> int:
    digits = path.stem[-6:]
    return int(digits[:2]) * 3600 + int(digits[2:4]) * 60 + int(digits[4:])


def _digits(second: int) -> str:
    return f"{second // 3600:02d}{second // 60 % 60:02d}{second % 60:02d}"
