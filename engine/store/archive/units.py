"""What of a data folder is finished, and copied whole: days, and the snapshots of each day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ..files import date_named, present, settled_names
from ..snapshots import snapshot_files

FINISHED = "meta.json"
"""The file of a day that is there once the day is finished."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Files that are copied together; `name` is their folder in the bucket."""

    name: str
    files: Mapping[str, Path]

    @property
    def bytes(self) -> int:
        return sum(path.stat().st_size for path in self.files.values())


def units(root: Path, day: date | None = None, symbol: str | None = None) -> list[Unit]:
    """Return what below `root` is finished: days, and the snapshots of each day; all, or some."""
    found = [*_days(root), *_snapshots(root)]
    return [unit for unit, its in found if day in (None, its[0]) and symbol in (None, its[1])]


def day_name(day: date, symbol: str) -> str:
    """Return the folder of a day, on disk and in a bucket."""
    return f"days/{day}/{symbol}"


def _days(root: Path) -> Iterator[tuple[Unit, tuple[date, str]]]:
    days = root / "days"
    for name in settled_names(days) if days.is_dir() else ():
        day = date_named(name)
        for symbol in settled_names(days / name) if day is not None else ():
            folder = present(days / name / symbol)
            if day is not None and (folder / FINISHED).is_file():
                files = {path.name: path for path in folder.glob("[!.]*") if path.is_file()}
                yield Unit(day_name(day, symbol), files), (day, symbol)


def _snapshots(root: Path) -> Iterator[tuple[Unit, tuple[date, str]]]:
    found: dict[tuple[date, str], dict[str, Path]] = {}
    for path, symbol, day in snapshot_files(root):
        found.setdefault((day, symbol), {})[path.name] = path
    for (day, symbol), files in sorted(found.items()):
        yield Unit(f"intraday/{symbol}_{day}", files), (day, symbol)
