"""A day on disk as a tape that can be read anywhere.

Owns decoding by chunk and what a screen may know of the day.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pyarrow as pa

from ...model.calendar import session
from ...model.contracts import ContractTable
from ...model.errors import StoreError
from ...model.events import Events
from ...tape.tape import TapeInfo
from ..parquet import from_table, open_parquet, read_contracts
from .meta import DayMeta, badge_of


class DayTape:
    """A day file as a `Tape`: chunks are decoded when read, the last few stay decoded.

    `read` may be called from any thread. The arrays it returns are shared: do not write to them.
    """

    def __init__(self, folder: Path, meta: DayMeta, cached_chunks: int = 2) -> None:
        self.meta = meta
        self.info = _info(meta)
        self.contracts = ContractTable(read_contracts(folder / "contracts.parquet"))
        self.starts = np.array(meta.measured.starts, np.int64)
        self.end_ns = meta.measured.last_ns
        self._path = folder / "tape.parquet"
        self._file = open_parquet(self._path)
        if self._file.metadata.num_rows != meta.measured.events:
            self._file.close()
            raise StoreError(f"{self._path} does not belong to its meta.json; import the day again.")
        self._lock = threading.Lock()
        self._cache: OrderedDict[int, Events] = OrderedDict()
        self._cached_chunks = cached_chunks

    def read(self, chunk: int) -> Events:
        """Return a chunk's events in tape order; StoreError when the file is damaged there."""
        with self._lock:
            events = self._cache.pop(chunk, None)
            if events is None:
                events = self._decode(chunk)
            self._cache[chunk] = events
            while len(self._cache) > self._cached_chunks:
                self._cache.popitem(last=False)
            return events

    def close(self) -> None:
        """Give the file back; reading is over then."""
        with self._lock:
            self._cache.clear()
            self._file.close()

    def _decode(self, chunk: int) -> Events:
        if not 0 <= chunk < len(self.starts):
            raise IndexError(f"no chunk {chunk}; there are {len(self.starts)}")
        try:
            events = from_table(self._file.read_row_group(chunk, use_threads=False))
        except (pa.ArrowException, OSError, KeyError) as error:
            raise StoreError(f"{self._path} is damaged at chunk {chunk}; import the day again.") from error
        # The compiled fold looks contracts up unchecked.
        if not 0 <= int(events["cid"].min()) <= int(events["cid"].max()) <= len(self.contracts):
            raise StoreError(f"{self._path} names contracts that it does not list; import the day again.")
        return events


def _info(meta: DayMeta) -> TapeInfo:
    facts = meta.facts
    return TapeInfo(
        symbol=meta.symbol,
        underlying=facts.underlying,
        day=meta.day,
        session=session(meta.day),
        source=facts.source,
        badge=badge_of(facts.source),
        spot_origin=facts.spot_origin,
        tick=facts.tick,
        notes=facts.notes,
    )
