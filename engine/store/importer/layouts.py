"""Which kind of file this is, by what is in it and never by its name.

Owns the column sets of the flat files and the sentences about files that are something else.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from ...model.errors import StoreError
from ..blocks import TextFile

_NUMBER, _WHOLE, _TEXT = pa.float64(), pa.int64(), pa.dictionary(pa.int32(), pa.string())
_SNIFF = 1 << 16
_PARQUET_MAGIC = b"PAR1"


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of one kind of flat file; others in the file are ignored, order does not matter."""

    kind: str
    required: dict[str, pa.DataType]
    optional: dict[str, pa.DataType]

    def types(self, header: tuple[str, ...]) -> dict[str, pa.DataType]:
        """Return the types of those columns that this file has."""
        return {name: kind for name, kind in (self.required | self.optional).items() if name in header}


QUOTES = Layout(
    "quotes",
    {"ticker": _TEXT, "ask_price": _NUMBER, "bid_price": _NUMBER, "sip_timestamp": _WHOLE},
    {
        "ask_exchange": _NUMBER, "ask_size": _NUMBER, "bid_exchange": _NUMBER, "bid_size": _NUMBER,
        "sequence_number": _WHOLE,
    },
)  # fmt: skip
TRADES = Layout(
    "trades",
    {"ticker": _TEXT, "price": _NUMBER, "sip_timestamp": _WHOLE, "size": _NUMBER},
    {"conditions": _TEXT, "correction": _NUMBER, "exchange": _NUMBER, "sequence_number": _WHOLE},
)
BARS = Layout(
    "minute bars",
    {"ticker": _TEXT, "close": _NUMBER, "window_start": _WHOLE},
    {"previous_close": _NUMBER},
)
OPEN_INTEREST = Layout("open interest", {"ticker": _TEXT, "open_interest": _NUMBER}, {})
LAYOUTS = (QUOTES, TRADES, BARS, OPEN_INTEREST)


@dataclass(frozen=True, slots=True)
class RecognisedFile:
    """A file that can be imported; a per-ticker Parquet has no layout yet and no header."""

    path: Path
    layout: Layout | None
    header: tuple[str, ...] = ()


class StrangerError(StoreError):
    """A whole file of another sort than those that are imported."""


def recognise(path: Path) -> RecognisedFile:
    """Look into a file; StrangerError says what it is instead, StoreError what is wrong with it."""
    head = _head(path)
    if head.startswith(_PARQUET_MAGIC):
        return RecognisedFile(path, None)
    header = _header(head)
    for layout in LAYOUTS:
        if layout.required.keys() <= set(header):
            return RecognisedFile(path, layout, header)
    raise StrangerError(f"{path} {_what_else(head, header)}")


def _head(path: Path) -> bytes:
    """Return the first bytes, unzipped; StoreError for an empty or unreadable file."""
    with TextFile(path) as file:
        block = next(file.blocks(_SNIFF), None)
        if block is not None:
            return block.data
        if file.damage:
            raise StoreError(f"{path} {file.damage} before its first line ends; fetch it again.")
    raise StoreError(f"{path} is empty; fetch it again.")


def _header(head: bytes) -> tuple[str, ...]:
    line = head.split(b"\n", 1)[0].decode("utf-8-sig", "replace").strip()
    return tuple(name.strip().lower() for name in next(csv.reader([line]), []))


_FLAT = (
    "`spymon import` reads Massive flat files of trades, quotes and minute bars, open-interest tables "
    "and per-contract trade Parquet"
)


def _what_else(head: bytes, header: tuple[str, ...]) -> str:
    """Say what a file is that has none of the layouts, and what to do."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:512].lower()
    if _is_chain(start, header):
        return "is an option chain, one moment and not a tape; spymon levels --chain FILE shows its levels."
    if _is_wide_chain(header):
        return (
            "is an option chain, one moment and not a tape; import the trades and quotes of that day instead."
        )
    if start.startswith((b"{", b"[")):
        return f"is a JSON document, not a tape; {_FLAT}."
    if start.startswith(b"<"):
        return f"is a web page or XML, not a tape; {_FLAT}."
    if b"\x00" in head or b"\xff" in head:
        return f"is not text; {_FLAT}."
    if len(header) < 2:
        return f"has no columns; {_FLAT}."
    names = ", ".join(header[:6]) + (" …" if len(header) > 6 else "")
    return f"has the columns {names}, which no known file has; {_FLAT}."


def _is_chain(start: bytes, header: tuple[str, ...]) -> bool:
    """Say whether `spymon levels` reads it: the exchange's table or JSON, Massive's pages, a plain table."""
    if start.startswith((b"{", b"[")):
        return b'"options"' in start or b'"details"' in start
    plain = {"strike", "right", "oi"} <= set(header) or {"symbol", "oi", "iv"} <= set(header)
    return plain or any(b"last:" in line for line in start.splitlines()[:2])


def _is_wide_chain(header: tuple[str, ...]) -> bool:
    return {"strike", "callbid", "putbid"} <= set(header)
