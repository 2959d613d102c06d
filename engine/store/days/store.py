"""Day files: `days/DATE/SYMBOL/{tape,contracts}.parquet` and `meta.json`.

Owns where days lie, their listing, and what makes a folder a whole day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ...model.contracts import Contract
from ...model.errors import NoDataError, StoreError
from ..files import date_named, present, settled_names, write_text, writing
from .day_tape import DayTape
from .day_writer import DayWriter, content_of
from .meta import DayMeta, from_json


@dataclass(frozen=True, slots=True)
class DayEntry:
    """One line of the list of what is on disk; `bytes` is the folder's size.

    stored : 'day', or for a recording that is no day yet 'journal', and 'recording' while it goes on
    """

    day: date
    symbol: str
    first_ns: int
    last_ns: int
    events: int
    trades: int
    quotes: int
    complete: bool
    gaps: int
    source: str
    spot_origin: str
    inputs: tuple[str, ...]
    bytes: int
    state_hash: str | None
    fold_version: int | None
    stored: str = "day"
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DayListing:
    """The days that can be opened, by date and symbol, and one sentence for each thing that cannot."""

    entries: tuple[DayEntry, ...]
    problems: tuple[str, ...]


class DayStore:
    """The day files below `root / "days"`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.days = root / "days"

    def list(self) -> DayListing:
        """Return what is on disk; unknown and damaged files are named in a sentence each and skipped."""
        entries: list[DayEntry] = []
        problems: list[str] = []
        for folder in _day_folders(self.days, problems):
            try:
                entries.append(_entry(present(folder), _read_meta(folder)))
            except StoreError as error:
                problems.append(str(error))
        return DayListing(tuple(entries), tuple(problems))

    def symbols(self, day: date) -> tuple[str, ...]:
        """Return the symbols that have a readable folder of that day, ascending."""
        return tuple(entry.symbol for entry in self.list().entries if entry.day == day)

    def meta(self, day: date, symbol: str) -> DayMeta:
        """Return what a day says about itself; NoDataError when there is none, StoreError when damaged."""
        return _read_meta(self._existing(day, symbol))

    def has(self, day: date, symbol: str) -> bool:
        """Say whether there is a folder of that day, whatever is in it."""
        return present(self.folder(day, symbol)).is_dir()

    def open(self, day: date, symbol: str, cached_chunks: int = 2) -> DayTape:
        """Return the day's tape; NoDataError when there is none, StoreError when damaged."""
        folder = self._existing(day, symbol)
        return DayTape(present(folder), _read_meta(folder), cached_chunks)

    def check(self, day: date, symbol: str) -> None:
        """Read a whole day; StoreError when it is not what was written."""
        with closing(self.open(day, symbol)) as tape:
            if content_of(tape) != tape.meta.measured.content:
                raise StoreError(
                    f"{self.folder(day, symbol)} is damaged: it holds something else than was written."
                )

    def writer(self, day: date, symbol: str, contracts: Iterable[Contract]) -> DayWriter:
        """Return a writer of one day; `contracts` in the order of their ids, from 1."""
        target = self.folder(day, symbol)
        return DayWriter(
            self.root, target, day, symbol, tuple(contracts), lambda: self._readable(day, symbol)
        )

    def record_hash(self, day: date, symbol: str, state_hash: str) -> None:
        """Write down what the tape folds to."""
        folder = self._existing(day, symbol)
        meta = _read_meta(folder).with_hash(state_hash)
        with writing(self.root):
            write_text(present(folder) / "meta.json", meta.to_json())

    def folder(self, day: date, symbol: str) -> Path:
        """Return where a day lies or would lie."""
        return self.days / day.isoformat() / symbol

    def _readable(self, day: date, symbol: str) -> DayMeta | None:
        try:
            return self.meta(day, symbol)
        except (NoDataError, StoreError):
            return None

    def _existing(self, day: date, symbol: str) -> Path:
        folder = self.folder(day, symbol)
        if not self.has(day, symbol):
            raise NoDataError(f"There is no recorded or imported day {day} of {symbol}; see `spymon days`.")
        return folder


def _day_folders(days: Path, problems: list[str]) -> Iterator[Path]:
    """Yield `days/DATE/SYMBOL` in order; add a sentence for whatever else lies there."""
    for name in settled_names(days) if days.is_dir() else ():
        folder = days / name
        known = folder.is_dir() and date_named(name) is not None
        inside = [folder / symbol for symbol in settled_names(folder)] if known else []
        yield from (each for each in inside if present(each).is_dir())
        strange = [each for each in inside if not present(each).is_dir()] if known else [folder]
        problems += [f"{each} is not a day's folder and was skipped; move it elsewhere." for each in strange]


def _entry(folder: Path, meta: DayMeta) -> DayEntry:
    counts, version = Counter(meta.measured.counts), max(meta.hashes, default=None)
    return DayEntry(
        day=meta.day,
        symbol=meta.symbol,
        first_ns=meta.measured.first_ns,
        last_ns=meta.measured.last_ns,
        events=meta.measured.events,
        trades=counts["trade"],
        quotes=counts["quote"],
        complete=meta.facts.complete,
        gaps=len(meta.measured.gaps),
        source=meta.facts.source,
        spot_origin=meta.facts.spot_origin,
        inputs=tuple(each.name for each in meta.facts.inputs),
        bytes=sum(path.stat().st_size for path in folder.iterdir()),
        state_hash=meta.hashes[version] if version else None,
        fold_version=version,
        notes=meta.facts.notes,
    )


def _read_meta(target: Path) -> DayMeta:
    """Read the meta.json of the folder that stands for `target` and check it against its surroundings."""
    folder = present(target)
    path = folder / "meta.json"
    try:
        meta = from_json(path.read_text(encoding="utf-8"))
        tape_bytes = (folder / "tape.parquet").stat().st_size
    except ValueError as error:
        raise StoreError(
            f"{path} is damaged or foreign: {error}; delete the folder or import again."
        ) from error
    except OSError as error:
        raise StoreError(
            f"{folder} is not a whole day ({error.strerror}: {error.filename}); import it again."
        ) from error
    if (meta.day.isoformat(), meta.symbol) != (target.parent.name, target.name):
        raise StoreError(f"{path} speaks of {meta.symbol} on {meta.day}; move the folder back where it was.")
    if tape_bytes != meta.measured.tape_bytes:
        raise StoreError(
            f"{folder / 'tape.parquet'} is damaged: it was cut or changed; import the day again."
        )
    return meta
