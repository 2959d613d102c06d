"""Chain files, recognised by what is in them and never by their names.

Owns reading, gzip, and one sentence for each file that cannot be used.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...model.errors import NoDataError, StoreError, UsageError
from ...model.underlyings import Underlying, root_of
from .assembly import ChainFile, assemble
from .documents import read_documents
from .sheet import Sheet
from .tables import read_table

_GZIP_MAGIC = b"\x1f\x8b"
_OTHERS = (b"PAR1", b"%PDF", b"PK\x03\x04")
_HEAD = 4096
_BRACKETED = re.compile(r"\s*\[[A-Z_]+\]\s*,")  # OptionsDX writes its column names in brackets

KNOWN = (
    "a chain file is the exchange's quotedata.csv, its JSON or its end-of-day sheet, chain JSON of Massive, "
    "Schwab, Tradier, TradeStation, OpenBB or yfinance, or a table with the columns "
    "root,expiry,right,strike,bid,ask,volume,oi,iv"
)


def read_chain(
    paths: Sequence[Path], customs: Mapping[str, Underlying] | None = None, symbol: str | None = None
) -> ChainFile:
    """Read files that are one chain together: all of it, or the underlying named.

    Raises NoDataError for a file that is not there, StoreError for a damaged or foreign one, UsageError when
    several underlyings are in them and none is named.
    """
    root = "" if symbol is None else root_of(symbol)
    sheets = [sheet for path in paths for sheet in _read(path, root)]
    return _assembled(", ".join(map(str, paths)), sheets, customs or {}, symbol)


def read_chain_text(text: str, name: str, customs: Mapping[str, Underlying], symbol: str) -> ChainFile:
    """Read what a provider answered as one would a file of that name; errors as for `read_chain`."""
    return _assembled(name, _sheets(text, name, root_of(symbol)), customs, symbol)


def _assembled(
    names: str, sheets: Sequence[Sheet], customs: Mapping[str, Underlying], symbol: str | None
) -> ChainFile:
    has = frozenset[str]().union(*(sheet.has for sheet in sheets))
    missing = [] if "iv" in has else [name for name in ("bid", "ask") if name not in has]
    missing += [] if {"oi", "volume"} & has else ["oi"]
    if missing:
        lacks = f"lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}"
        raise StoreError(f"{names} {lacks}; {KNOWN}.")
    return assemble(names, sheets, customs, symbol)


def _read(path: Path, root: str) -> list[Sheet]:
    return _sheets(_text(path), path, root)


def _sheets(text: str, path: Path | str, root: str) -> list[Sheet]:
    head = text.lstrip()[:1]
    if not head:
        raise StoreError(f"{path} is empty; fetch it again.")
    if head == "<":
        raise StoreError(f"{path} is a web page or XML; {KNOWN}.")
    try:
        sheets = (
            read_documents(text) if head in "{[" and not _BRACKETED.match(text) else [read_table(text, root)]
        )
    except StoreError as error:
        raise StoreError(f"{path} {error}; {KNOWN}.") from error
    if not any(sheet.rows for sheet in sheets):
        bad = next((f" ({sheet.bad})" for sheet in sheets if sheet.bad), "")
        raise StoreError(f"{path} has the shape of a chain but no contract in it{bad}; fetch it again.")
    return sheets


def _text(path: Path) -> str:
    data = _bytes(path)
    if b"\x00" in data[:_HEAD] or data.startswith(_OTHERS):
        raise StoreError(f"{path} is not text; {KNOWN}.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name the chain files in it.")
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise NoDataError(f"{path} does not exist; name a chain file.") from error
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise StoreError(f"{path} cannot be read ({why}).") from error
    if not data.startswith(_GZIP_MAGIC):
        return data
    try:
        return gzip.decompress(data)
    except EOFError as error:
        raise StoreError(f"{path} breaks off in the middle; fetch it again.") from error
    except (OSError, zlib.error) as error:
        raise StoreError(f"{path} is damaged ({error}); fetch it again.") from error
