"""How a tape and its contracts are encoded in Parquet.

Owns the schemas, the encodings and the size of a chunk.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..model.contracts import Contract
from ..model.errors import StoreError
from ..model.events import EVENT, Events

CHUNK = 65_536
"""Rows per row group; the last one of a tape may be shorter."""

FIELDS = EVENT.names or ()
"""The columns of a tape."""

TAPE_SCHEMA = pa.schema([(name, pa.from_numpy_dtype(EVENT[name])) for name in FIELDS])
"""A tape as columns, in Parquet and in a journal."""

_CONTRACT_SCHEMA = pa.schema(
    [("root", pa.string()), ("expiry", pa.date32()), ("right", pa.string()), ("strike_milli", pa.int32())]
)


def tape_writer(path: Path) -> Any:
    """Open a new tape; a context manager that takes `to_table` results, one per chunk."""
    return pq.ParquetWriter(
        path,
        TAPE_SCHEMA,
        compression="zstd",
        use_dictionary=False,
        column_encoding=dict.fromkeys(FIELDS, "DELTA_BINARY_PACKED"),
        write_statistics=["ts"],
        write_page_checksum=True,
        store_schema=False,
    )


def to_table(chunk: Events) -> pa.Table:
    """Return a chunk as columns."""
    columns = [pa.array(np.ascontiguousarray(chunk[name])) for name in FIELDS]
    return pa.Table.from_arrays(columns, schema=TAPE_SCHEMA)


def from_table(table: pa.Table) -> Events:
    """Return columns as a chunk; KeyError when one is missing."""
    events = np.zeros(table.num_rows, EVENT)
    for name in FIELDS:
        events[name] = table.column(name).to_numpy()
    return events


def write_contracts(path: Path, contracts: tuple[Contract, ...]) -> None:
    """Write contracts in the order of their ids."""
    rows = [(each.root, each.expiry, each.right, each.strike_milli) for each in contracts]
    columns = list(zip(*rows, strict=True)) or [()] * len(_CONTRACT_SCHEMA)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, _CONTRACT_SCHEMA, strict=True)]
    pq.write_table(
        pa.Table.from_arrays(arrays, schema=_CONTRACT_SCHEMA), path, compression="zstd", store_schema=False
    )


def read_contracts(path: Path) -> list[Contract]:
    """Read contracts in the order of their ids; StoreError when damaged."""
    with open_parquet(path) as file:
        try:
            rows = file.read(use_threads=False).to_pylist()
            return [Contract(row["root"], row["expiry"], row["right"], row["strike_milli"]) for row in rows]
        except (pa.ArrowException, OSError, KeyError) as error:
            raise StoreError(f"{path} is damaged; import the day again.") from error


def open_parquet(path: Path) -> Any:
    """Open a Parquet file; StoreError when it is damaged or not there."""
    try:
        return pq.ParquetFile(path, page_checksum_verification=True)
    except (pa.ArrowException, OSError) as error:
        raise StoreError(f"{path} is damaged or not there; import the day again.") from error
