"""Chain files, recognised by what is in them and never by their names.

Owns reading, gzip, and one sentence for each file that cannot be used. It refuses to know what cells mean.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...model.errors import NoDataError, StoreError, UsageError
from ...model.underlyings import Underlying
from .assembly import ChainFile, assemble
from .documents import read_documents
from .sheet import Sheet
from .tables import PLAIN, read_table

_GZIP_MAGIC = b"\x1f\x8b"
_OTHERS = (b"PAR1", b"%PDF", b"PK\x03\x04")
_HEAD = 4096

KNOWN = (
    "a chain file is the exchange's quotedata.csv or its JSON, Massive chain-snapshot JSON, or a table with "
    f"the columns {PLAIN}"
)


def read_chain(
    paths: Sequence[Path], customs: Mapping[str, Underlying] | None = None, symbol: str | None = None
) -> ChainFile:
    """Read files that are one chain together: all of it, or the underlying named.

    Raises NoDataError for a file that is not there, StoreError for a damaged or foreign one, UsageError when
    several underlyings are in them and none is named.
    """
    sheets = [sheet for path in paths for sheet in _read(path)]
    return assemble(", ".join(map(str, paths)), sheets, customs or {}, symbol)


def _read(path: Path) -> list[Sheet]:
    text = _text(path)
    head = text.lstrip()[:1]
    if not head:
        raise StoreError(f"{path} is empty; fetch it again.")
    if head == "<":
        raise StoreError(f"{path} is a web page or XML; {KNOWN}.")
    try:
        sheets = read_documents(text) if head in "{[" else [read_table(io.StringIO(text, newline=""))]
    except StoreError as error:
        raise StoreError(f"{path} {error}; {KNOWN}.") from error
    if not any(sheet.rows for sheet in sheets):
        raise StoreError(f"{path} has the shape of a chain but no contract in it; fetch it again.")
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
