"""What of a symbol's day has been fetched: one line of JSON per step, the last one of a ticker counts.

Owns the file and its recovery: lines are appended, so a killed process loses at most the line it was
writing, and then what that line spoke of is fetched again. While a manifest is open, no other process can
open it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeAlias

import msgspec

from ...model.errors import StoreError
from ..files import LOCKS, claim, is_at, writing

Kind: TypeAlias = Literal["trades", "quotes", "bars", "contracts"]
State: TypeAlias = Literal["complete", "partial", "empty", "refused"]

ALL_TICKERS = "*"
"""The ticker of an entry that speaks of a whole kind: one the plan refuses, or a listing."""


class TickerProgress(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far one ticker has been fetched.

    state      : partial: everything before `until_ns` is in `parts` pieces; empty: asked for, and there is
                 nothing; refused: the plan does not have it
    bytes      : size of the file, or of the pieces
    until_ns   : where to go on; the end of what was asked for when it is complete
    fetched_ns : when, ns UTC
    reason     : why it was refused, or what is missing
    names      : the tickers of a listing
    """

    kind: Kind
    ticker: str
    state: State
    fetched_ns: int
    rows: int = 0
    bytes: int = 0
    parts: int = 0
    until_ns: int = 0
    reason: str = ""
    names: tuple[str, ...] = ()


_ENTRIES = msgspec.json.Decoder(TickerProgress)


class FetchManifest:
    """One symbol's day, open for more; a context manager. One that nothing was put into is gone afterwards.

    Raises StoreError when another process has it open, or it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._entries: dict[tuple[str, str], TickerProgress] = {}

    def __enter__(self) -> Self:
        with writing(self._path.parent):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab")
        if LOCKS and not (claim(self._file) and is_at(self._file, self._path)):
            self._file.close()
            raise StoreError(
                f"{self._path.stem} on {self._path.parent.name} is being fetched by another spymon; "
                "wait until it has finished."
            )
        entries, whole = _read(self._path)
        self._entries = {(each.kind, each.ticker): each for each in entries}
        with writing(self._path.parent):
            self._file.truncate(whole)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with writing(self._path.parent):
            os.fsync(self._file.fileno())
            if not self._entries:
                self._path.unlink(missing_ok=True)
                with suppress(OSError):  # other symbols may have been fetched
                    self._path.parent.rmdir()
            self._file.close()

    def find(self, kind: Kind, ticker: str) -> TickerProgress | None:
        """Return what is known of a ticker."""
        return self._entries.get((kind, ticker))

    def entries(self) -> list[TickerProgress]:
        """Return the entries that count."""
        return list(self._entries.values())

    def put(self, entry: TickerProgress) -> None:
        """Write an entry down; it counts from here on, for later processes as well."""
        self._entries[entry.kind, entry.ticker] = entry
        with writing(self._path.parent):
            self._file.write(msgspec.json.encode(entry) + b"\n")
            self._file.flush()


def read_manifest(path: Path) -> list[TickerProgress]:
    """Return the entries that count, in the order their tickers were met; StoreError if unreadable."""
    return list({(each.kind, each.ticker): each for each in _read(path)[0]}.values())


def _read(path: Path) -> tuple[list[TickerProgress], int]:
    """Return all whole entries and how many bytes they take; from a torn line on nothing counts."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}); mend that and try again.") from error
    entries: list[TickerProgress] = []
    whole = 0
    for line in data.splitlines(keepends=True):
        try:
            entries.append(_ENTRIES.decode(line))
        except msgspec.DecodeError:
            break
        if not line.endswith(b"\n"):
            entries.pop()
            break
        whole += len(line)
    return entries, whole
