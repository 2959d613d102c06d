"""Per-contract trade caches, `DATE/O_SPY251216C00685000.parquet`, as typed columns.

Owns their column names, their units of time and the contract in the file name. It refuses to know tapes:
what comes out has the columns of `layouts.TRADES`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..errors import StoreError, UsageError
from ..symbols import parse_occ
from .rows import Rows

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
_BATCH = 65_536
_UNITS = ((10**17, 1), (10**14, 10**3), (10**11, 10**6), (10**8, 10**9))
"""A time of this size or more is in units of so many ns: ns, µs, ms, s of our age do not overlap."""


def read_cache(path: Path) -> Iterator[Rows]:
    """Yield a cache's trades; StoreError for a foreign or damaged file. Lines are row numbers from 1."""
    ticker = _ticker(path)
    try:
        with pq.ParquetFile(path) as file:
            names = _columns(path, file.schema_arrow.names)
            first = 1
            for batch in file.iter_batches(_BATCH, columns=list(names.values()), use_threads=False):
                yield Rows(_typed(batch, names, ticker), np.arange(first, first + len(batch), dtype=np.int64))
                first += len(batch)
    except (pa.ArrowException, OSError) as error:
        raise StoreError(f"{path} is a damaged Parquet file or holds no numbers; fetch it again.") from error


def _ticker(path: Path) -> str:
    """Return the contract a file is named after."""
    name = path.name.split(".")[0]
    try:
        return parse_occ(name.replace("O_", "O:", 1)).occ
    except UsageError:
        raise StoreError(
            f"{path} is a Parquet file that is not named after a contract, like O_SPY251216C00685000.parquet."
        ) from None


def _columns(path: Path, present: list[str]) -> dict[str, str]:
    """Return our name -> the file's name."""
    found = {name: next((each for each in known if each in present), None) for name, known in _NAMES.items()}
    missing = [name for name in _NEEDED if found[name] is None]
    if missing:
        raise StoreError(f"{path} has no column for {' and '.join(missing)}; it is not a trade cache.")
    return {name: theirs for name, theirs in found.items() if theirs is not None}


def _typed(batch: pa.RecordBatch, names: dict[str, str], ticker: str) -> pa.Table:
    columns: dict[str, Any] = {name: batch.column(theirs) for name, theirs in names.items()}
    columns["sip_timestamp"] = pa.array(_nanoseconds(columns["sip_timestamp"]))
    if "conditions" in columns:
        texts = ["" if value is None else str(value) for value in columns["conditions"].to_pylist()]
        columns["conditions"] = pa.array(texts, pa.string()).dictionary_encode()
    if "sequence_number" in columns:
        columns["sequence_number"] = pc.cast(columns["sequence_number"], pa.int64())
    for name in ("price", "size", "exchange", "correction"):
        if name in columns:
            columns[name] = pc.cast(columns[name], pa.float64())
    columns["ticker"] = pa.array([ticker] * len(batch), pa.string()).dictionary_encode()
    return pa.table(columns)


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
