"""A text file, gzipped or not, as blocks of whole lines.

Owns reading in bounded memory, gzip, the digest of what was read, and line numbers. A file that breaks off
or is damaged gives every whole line before that, and says so.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

from ..model.errors import StoreError
from .days.meta import InputFile

_READ = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"
_MOST_LINE = 1 << 20
"""No flat file has a line of a mebibyte; what has one is not text."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a file; `first_line` counts from 1."""

    data: bytes
    first_line: int


class _Meter:
    """The raw bytes of a file on their way in, counted and digested."""

    def __init__(self, raw: BinaryIO, on_bytes: Callable[[int], None]) -> None:
        self.raw, self.size, self.digest, self._on_bytes = raw, 0, hashlib.sha256(), on_bytes

    def read(self, n: int = -1) -> bytes:
        data = self.raw.read(n)
        self.size += len(data)
        self.digest.update(data)
        self._on_bytes(len(data))
        return data


class TextFile:
    """One input file; `identity` and `damage` are known once `blocks` has been iterated."""

    def __init__(self, path: Path, on_bytes: Callable[[int], None] = lambda _: None) -> None:
        self.path = path
        self.damage = ""
        self._on_bytes = on_bytes

    def __enter__(self) -> Self:
        try:
            raw = self.path.open("rb")
        except OSError as error:
            raise StoreError(f"{self.path} cannot be read ({error.strerror}).") from error
        self._meter = _Meter(raw, self._on_bytes)
        zipped = raw.read(2) == _GZIP_MAGIC
        raw.seek(0)
        file = cast(BinaryIO, self._meter)
        self._source: _Meter | gzip.GzipFile = gzip.GzipFile(fileobj=file) if zipped else self._meter
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._meter.raw.close()

    def blocks(self, block_bytes: int) -> Iterator[Block]:
        """Yield the file's lines in blocks of about `block_bytes`; StoreError for a line without an end."""
        line, held, size = 1, list[bytes](), 0
        for piece in self._pieces():
            held.append(piece)
            size += len(piece)
            if size >= block_bytes:
                data, rest = _cut(b"".join(held))
                if data:
                    yield Block(data, line)
                    line += data.count(b"\n")
                self._check_line(len(rest))
                held, size = [rest], len(rest)
        # Behind the last line end of a damaged file there is half a row, which is no row.
        data = _cut(b"".join(held))[0] if self.damage else b"".join(held)
        if data:
            yield Block(data, line)

    def identity(self) -> InputFile:
        """Return name, size and digest of the file on disk."""
        while self._meter.read(_READ):
            pass
        return InputFile(self.path.name, self._meter.size, self._meter.digest.hexdigest())

    def _pieces(self) -> Iterator[bytes]:
        while True:
            try:
                piece = self._read_some()
            except EOFError:
                self.damage = "breaks off in the middle"
                return
            except (zlib.error, OSError) as error:
                self.damage = f"is damaged ({error})"
                return
            if not piece:
                return
            yield piece

    def _read_some(self) -> bytes:
        source = self._source
        return source.read1(_READ) if isinstance(source, gzip.GzipFile) else source.read(_READ)

    def _check_line(self, size: int) -> None:
        if size > _MOST_LINE:
            raise StoreError(f"{self.path} has no lines of text; it is not a flat file.")


def _cut(data: bytes) -> tuple[bytes, bytes]:
    end = data.rfind(b"\n") + 1
    return data[:end], data[end:]
