"""What a file holds, as bytes that can be searched: a compressed one hides what stands in it."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def unpacked(path: Path) -> bytes:
    """Return a file's bytes, and behind them everything in it that is compressed, decoded.

    Journals, a torn end included as it is; Parquet with the metadata of file, schema and columns; gzip.
    """
    data = path.read_bytes()
    return data + b"".join(_decoded(path, data))


def _decoded(path: Path, data: bytes) -> Iterator[bytes]:
    match path.suffix:
        case ".arrows":
            yield from _batches(data)
        case ".parquet" | ".part":
            with pq.ParquetFile(io.BytesIO(data)) as file:
                yield repr(file.metadata.to_dict()).encode()
                yield repr(file.metadata.metadata).encode()
                yield _plain(file.read())
        case ".gz":
            yield gzip.decompress(data)


def _batches(data: bytes) -> Iterator[bytes]:
    """Yield what the whole batches of a journal hold, which may break off anywhere."""
    try:
        with pa.ipc.open_stream(data) as stream:
            yield repr(stream.schema.metadata).encode()
            while True:
                batch, metadata = stream.read_next_batch_with_custom_metadata()
                yield repr(dict(metadata or {})).encode()
                yield _plain(pa.Table.from_batches([batch]))
    except (StopIteration, pa.ArrowException, OSError):
        return


def _plain(table: Any) -> bytes:
    """Return a table, its schema and its dictionaries without compression."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()
