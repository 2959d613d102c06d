"""Past days as they were fetched: one Parquet per ticker, and a manifest per symbol and day.

    historical/trades/2025-12-16/O_SPY251216C00685000.parquet
    historical/quotes/2025-12-16/O_SPY251216C00685000.parquet
    historical/bars/2025-12-16/SPY.parquet
    historical/manifest/2025-12-16/SPY.jsonl

Owns where these lie, how a ticker is written piece by piece, and counting and clearing them. Everything is
fetched once; `cache` reads it again for the importer.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any, Literal, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ...model.errors import StoreError
from ..files import date_named, make_folder, sync_folder, sync_path, writing
from .manifest import TickerProgress, read_manifest

Columns: TypeAlias = Mapping[str, NDArray[Any]]
"""Columns by name, (n,) each; a missing number is nan, texts are objects."""

Files: TypeAlias = Literal["trades", "quotes", "bars"]

_TICKS: tuple[Files, ...] = ("trades", "quotes")
KINDS: tuple[Files, ...] = (*_TICKS, "bars")
_MANIFEST = "manifest"
_WHOLE = frozenset(("size", "exchange", "correction", "bid_size", "ask_size", "bid_exchange", "ask_exchange"))


class Historical:
    """The folder of everything that was fetched, below a data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir / "historical"

    def file(self, kind: Files, day: date, ticker: str) -> Path:
        """Return where a ticker's file lies or would lie."""
        return self.root / kind / day.isoformat() / f"{ticker.replace('O:', 'O_', 1)}.parquet"

    def manifest(self, day: date, symbol: str) -> Path:
        """Return where the manifest of a symbol's day lies or would lie."""
        return self.root / _MANIFEST / day.isoformat() / f"{symbol}.jsonl"

    def days(self) -> list[date]:
        """Return the days of which anything was fetched, ascending."""
        found = {date_named(path.name) for path in self.root.glob("*/*") if path.is_dir()}
        return sorted(day for day in found if day is not None)

    def entries(self, day: date) -> dict[str, list[TickerProgress]]:
        """Return what the manifests of a day say, by symbol; StoreError when one cannot be read."""
        folder = self.root / _MANIFEST / day.isoformat()
        return {path.stem: read_manifest(path) for path in sorted(folder.glob("*.jsonl"))}

    def has_ticks(self, day: date, symbol: str) -> bool:
        """Say whether trades or quotes of a symbol's day are there, so that a day can be made of them."""
        path = self.manifest(day, symbol)
        entries = read_manifest(path) if path.is_file() else []
        ticks = (each for each in entries if each.kind in _TICKS and each.state == "complete")
        return any(self.holds(each, day) for each in ticks)

    def holds(self, entry: TickerProgress, day: date) -> bool:
        """Say whether what an entry calls complete is there as it was written."""
        if entry.state != "complete" or entry.kind == "contracts":
            return entry.state in ("complete", "empty")
        try:
            return self.file(entry.kind, day, entry.ticker).stat().st_size == entry.bytes
        except OSError:
            return False

    def holds_pieces(self, entry: TickerProgress, day: date) -> bool:
        """Say whether the pieces that an entry calls partial are there as they were written."""
        if entry.state != "partial" or entry.kind == "contracts":
            return False
        try:
            return TickerFile(self.file(entry.kind, day, entry.ticker), entry.parts).measure() == entry.bytes
        except OSError:
            return False

    def sweep(self, day: date, entries: Iterable[TickerProgress]) -> None:
        """Delete the pieces of files that are complete, which a killed process left behind."""
        for kind in _TICKS:
            done = {self.file(kind, day, each.ticker).stem for each in entries if self._is_done(each, kind)}
            for piece in (self.root / kind / day.isoformat()).glob(".*.part"):
                if piece.name[1:].rsplit(".", 2)[0] in done:
                    piece.unlink(missing_ok=True)

    @staticmethod
    def _is_done(entry: TickerProgress, kind: Files) -> bool:
        return entry.kind == kind and entry.state == "complete"

    def measure(self, day: date | None = None) -> tuple[int, int]:
        """Return how many files there are, of one day or of all, and their bytes."""
        sizes = [path.stat().st_size for folder in self._folders(day) for path in _inside(folder)]
        return len(sizes), sum(sizes)

    def clear(self, day: date | None = None) -> None:
        """Delete what was fetched of one day, or everything; the days made of it stay."""
        with writing(self.root):
            for folder in self._folders(day):
                shutil.rmtree(folder)

    def _folders(self, day: date | None) -> list[Path]:
        """Return the folders to clear, manifests first: what none speaks of is fetched again."""
        named = [self.root / kind for kind in (_MANIFEST, *KINDS)]
        folders = named if day is None else [folder / day.isoformat() for folder in named]
        return [folder for folder in folders if folder.is_dir()]


def _inside(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@dataclass(frozen=True, slots=True)
class CacheCounts:
    """What there is of one symbol's day; `states` counts tickers by (kind, state)."""

    day: date
    symbol: str
    states: Counter[tuple[str, str]]
    rows: int
    bytes: int
    notes: tuple[str, ...]


def count(day: date, symbol: str, entries: Iterable[TickerProgress]) -> CacheCounts:
    """Sum up a manifest."""
    entries = [each for each in entries if each.kind != "contracts"]
    tickers = [each for each in entries if each.state != "refused"]
    return CacheCounts(
        day,
        symbol,
        Counter((each.kind, each.state) for each in tickers),
        sum(each.rows for each in tickers),
        sum(each.bytes for each in tickers),
        tuple(each.reason for each in entries if each.reason and not _is_superseded(each, tickers)),
    )


def _is_superseded(entry: TickerProgress, tickers: Iterable[TickerProgress]) -> bool:
    """Say whether a kind that was refused once has been had since."""
    since = entry.fetched_ns
    return entry.state == "refused" and any(
        each.kind == entry.kind and each.fetched_ns > since for each in tickers
    )


class TickerFile:
    """One ticker's file in the making: pieces that survive a killed process, then one file in their place.

    `parts` pieces are there already. Nothing counts until the manifest says so; a piece that it does not know
    of is written again.
    """

    def __init__(self, path: Path, parts: int = 0) -> None:
        self.path, self.parts = path, parts

    def add(self, columns: Columns) -> int:
        """Write one more piece; return the bytes of all."""
        with writing(self.path.parent):
            make_folder(self.path.parent)
            _write(self._piece(self.parts), [_table(columns)])
            self.parts += 1
            return self.measure()

    def finish(self, columns: Columns) -> int:
        """Write the file from all pieces and these last rows; return its bytes."""
        with writing(self.path.parent):
            make_folder(self.path.parent)
            _write(self.path, chain(map(self._read, range(self.parts)), [_table(columns)]))
            return self.path.stat().st_size

    def tidy(self) -> None:
        """Delete the pieces, once the manifest calls the file complete."""
        with writing(self.path.parent):
            for i in range(self.parts):
                self._piece(i).unlink(missing_ok=True)

    def measure(self) -> int:
        """Return the bytes of all pieces; OSError when one is not there."""
        return sum(self._piece(i).stat().st_size for i in range(self.parts))

    def _read(self, number: int) -> pa.Table:
        try:
            return pq.read_table(self._piece(number), use_threads=False)
        except pa.ArrowException as error:
            raise StoreError(
                f"{self._piece(number)} is damaged; delete it and fetch the day again."
            ) from error

    def _piece(self, number: int) -> Path:
        return self.path.with_name(f".{self.path.stem}.{number:05d}.part")


def _table(columns: Columns) -> pa.Table:
    return pa.table({name: _array(name, values) for name, values in columns.items()})


def _array(name: str, values: NDArray[Any]) -> pa.Array:
    """Return a column with its nan as nulls; whole numbers as such."""
    if values.dtype.kind == "O":
        return pa.array(values, pa.string())
    if values.dtype.kind == "i":
        return pa.array(values)
    array = pa.array(values, from_pandas=True)
    if name == "sequence_number":
        return array.cast(pa.int64())
    return array.cast(pa.int32()) if name in _WHOLE else array


def _write(path: Path, tables: Iterable[pa.Table]) -> None:
    """Replace a Parquet file in one step, a row group per table; OSError when the disk refuses."""
    fresh = path.with_name(f".{path.name}.new")
    writer: pq.ParquetWriter | None = None
    try:
        for table in tables:
            writer = writer or pq.ParquetWriter(fresh, table.schema, compression="zstd")
            writer.write_table(table)
        assert writer is not None, "there is at least one table"
        writer.close()
        sync_path(fresh)
        os.replace(fresh, path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
