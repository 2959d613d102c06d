"""Per-ticker Parquet, `DATE/O_SPY251216C00685000.parquet` or `DATE/SPY.parquet`, as typed columns.

Owns the column names of trade caches, their units of time and the ticker in the file name; quotes and
minute bars have the names of flat files.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ...model.contracts import parse_occ
from ...model.errors import StoreError, UsageError
from ...model.underlyings import parse_symbol
from ..importer.layouts import BARS, QUOTES, TRADES, Layout
from ..importer.rows import ParsedRows

_NAMES = {
    "price": ("price", "p"),
    "size": ("size", "s"),
    "sip_timestamp": ("sip_timestamp", "timestamp", "t"),
    "conditions": ("conditions", "condition", "c"),
    "exchange": ("exchange", "x"),
    "correction": ("correction",),
    "sequence_number": ("sequence_number", "q"),
}
_NEEDED = ("price", "size", "sip_timestamp")
_TIMES = ("sip_timestamp", "window_start")
_BATCH = 65_536
_UNITS = ((10**17, 1), (10**14, 10**3), (10**11, 10**6), (10**8, 10**9))
"""A time of this size or more is in units of so many ns: ns, µs, ms, s of our age do not overlap."""


def cache_layout(path: Path) -> Layout:
    """Return what a Parquet file holds, trades if nothing else; StoreError for a damaged one."""
    try:
        present = set(pq.read_schema(path).names)
    except (pa.ArrowException, OSError) as error:
        raise _damage(path) from error
    return next((each for each in (QUOTES, BARS) if each.required.keys() - {"ticker"} <= present), TRADES)


def read_cache(path: Path) -> Iterator[ParsedRows]:
    """Yield a cache's rows; StoreError for a foreign or damaged file. Lines are row numbers from 1."""
    layout = cache_layout(path)
    ticker = _symbol(path) if layout is BARS else _contract(path)
    try:
        with pq.ParquetFile(path) as file:
            names = _columns(path, layout, file.schema_arrow.names)
            first = 1
            for batch in file.iter_batches(_BATCH, columns=list(names.values()), use_threads=False):
                yield ParsedRows(
                    _to_table(batch, names, ticker), np.arange(first, first + len(batch), dtype=np.int64)
                )
                first += len(batch)
    except (pa.ArrowException, OSError) as error:
        raise _damage(path) from error


def _damage(path: Path) -> StoreError:
    return StoreError(f"{path} is a damaged Parquet file or holds no numbers; fetch it again.")


def _contract(path: Path) -> str:
    """Return the contract a file is named after."""
    name = path.name.split(".")[0]
    try:
        return parse_occ(name.replace("O_", "O:", 1)).occ
    except UsageError:
        raise StoreError(
            f"{path} is a Parquet file that is not named after a contract, like O_SPY251216C00685000.parquet."
        ) from None


def _symbol(path: Path) -> str:
    """Return the underlying a file of minute bars is named after."""
    try:
        return parse_symbol(path.name.removesuffix(".parquet"))
    except UsageError:
        raise StoreError(
            f"{path} is a Parquet file of minute bars that is not named after its symbol, like SPY.parquet."
        ) from None


def _columns(path: Path, layout: Layout, present: list[str]) -> dict[str, str]:
    """Return our name -> the file's name."""
    if layout is not TRADES:
        return {name: name for name in layout.types(tuple(present)) if name != "ticker"}
    found = {name: next((each for each in known if each in present), None) for name, known in _NAMES.items()}
    missing = [name for name in _NEEDED if found[name] is None]
    if missing:
        raise StoreError(f"{path} has no column for {' and '.join(missing)}; it is not a trade cache.")
    return {name: theirs for name, theirs in found.items() if theirs is not None}


def _to_table(batch: pa.RecordBatch, names: dict[str, str], ticker: str) -> pa.Table:
    columns = {name: _cast(name, batch.column(theirs)) for name, theirs in names.items()}
    codes = pa.array(np.zeros(len(batch), np.int32))
    columns["ticker"] = pa.DictionaryArray.from_arrays(codes, pa.array([ticker]))
    return pa.table(columns)


def _cast(name: str, column: pa.Array) -> pa.Array:
    if name in _TIMES:
        return pa.array(_nanoseconds(column))
    if name == "conditions":
        return _texts(column).dictionary_encode()
    return pc.cast(column, pa.int64() if name == "sequence_number" else pa.float64())


def _texts(column: pa.Array) -> pa.Array:
    if pa.types.is_string(column.type):
        return column.fill_null("")
    return pa.array(["" if value is None else str(value) for value in column.to_pylist()], pa.string())


def _nanoseconds(column: pa.Array) -> NDArray[np.int64]:
    """Return times in ns; an empty one is 0 and will be reported as no time."""
    if pa.types.is_timestamp(column.type):
        column = pc.cast(column, pa.timestamp("ns"))
    values = pc.fill_null(pc.cast(column, pa.int64()), 0).to_numpy()
    factor = np.ones(len(values), np.int64)
    for (least, _), (_, scale) in pairwise(_UNITS):
        factor[values < least] = scale
    factor[values < _UNITS[-1][0]] = 1
    nanoseconds: NDArray[np.int64] = values * factor
    return nanoseconds
