"""How a recording is encoded as an Arrow IPC stream.

Owns the schema, what stands in the stream's and the batches' metadata, and the check sum.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from ...model.contracts import Contract, parse_occ
from ...model.errors import UsageError
from ...model.events import EVENT, Events
from ...model.underlyings import Underlying
from ..days.meta import underlying_from
from ..parquet import FIELDS, TAPE_SCHEMA

VERSION = 1
"""The version of the layout; another one is foreign."""

END = b"\xff\xff\xff\xff\x00\x00\x00\x00"
"""What closes a stream whose writer was not killed."""

START = END[:4]
"""What every message begins with."""

_KEY = b"spymon"
_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Recording:
    """What a recording's events do not say.

    spot_origin : 'tape', 'minute bars', 'put-call parity' or 'none'
    tick        : smallest price step of the options, price units
    source      : 'recorded', or 'simulated' of a market that never was
    """

    day: date
    underlying: Underlying
    spot_origin: str
    tick: int
    source: str = "recorded"

    @property
    def symbol(self) -> str:
        return self.underlying.symbol


@dataclass(frozen=True, slots=True)
class Record:
    """One batch as it was appended, and the check sum of the file up to its end."""

    events: Events
    contracts: tuple[Contract, ...]
    received_ns: int
    source: str
    crc: int


class Encoder:
    """Turns appends into the bytes of one stream, in order; keeps the running check sum."""

    def __init__(self, recording: Recording) -> None:
        self._sink = io.BytesIO()
        options = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", _LEVEL), use_threads=False)
        self._stream = pa.ipc.new_stream(self._sink, _schema(recording), options=options)
        self._crc = 0

    def record(
        self, events: Events, received_ns: int, source: str, contracts: Iterable[Contract] = ()
    ) -> bytes:
        """Return the next batch, after everything that has not been taken yet."""
        columns = [np.ascontiguousarray(events[name]) for name in FIELDS]
        about = {
            "source": source,
            "received_ns": str(received_ns),
            "contracts": "\n".join(each.occ for each in contracts),
        }
        self._crc = _check_sum(self._crc, about, columns)
        batch = pa.RecordBatch.from_arrays([pa.array(column) for column in columns], schema=TAPE_SCHEMA)
        self._stream.write_batch(batch, custom_metadata=about | {"crc": str(self._crc)})
        return self._drain()

    def end(self) -> bytes:
        """Return what closes the stream."""
        self._stream.close()
        return self._drain()

    def _drain(self) -> bytes:
        data = self._sink.getvalue()
        self._sink.seek(0)
        self._sink.truncate()
        return data


def decode(batch: Any, metadata: Mapping[bytes, bytes] | None, crc: int) -> Record:
    """Read the batch that follows check sum `crc`; ValueError when it is not what was written."""
    try:
        batch.validate()
        about = {key.decode(): value.decode() for key, value in dict(metadata or {}).items()}
        found = int(about.pop("crc"))
        columns = [batch.column(name).to_numpy() for name in FIELDS]
        if found != _check_sum(crc, about, columns):
            raise ValueError("its check sum is another")
        contracts = tuple(parse_occ(name) for name in about["contracts"].splitlines())
        return Record(_events(columns), contracts, int(about["received_ns"]), about["source"], found)
    except (pa.ArrowException, KeyError, UsageError) as error:
        raise ValueError("it is no batch of a recording") from error


def recording_of(schema: Any) -> Recording:
    """Read what a stream's schema says; ValueError says in a few words what is wrong with it."""
    try:
        fields = json.loads((schema.metadata or {})[_KEY])
        if fields["version"] != VERSION:
            raise ValueError(f"its layout is version {fields['version']}, this spymon reads {VERSION}")
        if not schema.equals(TAPE_SCHEMA):
            raise ValueError("it has other columns than a tape")
        day, underlying = date.fromisoformat(fields["day"]), underlying_from(fields["underlying"])
        source = str(fields.get("source", "recorded"))  # the first recordings did not say
        return Recording(day, underlying, str(fields["spot_origin"]), int(fields["tick"]), source)
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError("it is no recording") from error


def _schema(recording: Recording) -> Any:
    fields = asdict(recording) | {"version": VERSION, "day": recording.day.isoformat()}
    return TAPE_SCHEMA.with_metadata({_KEY: json.dumps(fields, sort_keys=True).encode()})


def _check_sum(crc: int, about: Mapping[str, str], columns: Iterable[Any]) -> int:
    crc = zlib.crc32("\0".join(about[key] for key in sorted(about)).encode(), crc)
    for column in columns:
        crc = zlib.crc32(column, crc)
    return crc


def _events(columns: list[Any]) -> Events:
    events = np.zeros(len(columns[0]), EVENT)
    for name, column in zip(FIELDS, columns, strict=True):
        events[name] = column
    return events
