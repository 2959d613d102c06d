"""Lines of a flat file as typed columns, and what is wrong with those that have none.

Owns the reading of a block: a fast typed parse, and a search for the bad lines when that fails. What values
mean is decided in `flat_files`. Bad lines are counted and reported, never fatal.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from ..blocks import Block
from .layouts import Layout

FEW_LINES = 64
"""A block that cannot be parsed is halved until it has so few lines, which are then looked at one by one."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_WHOLE = re.compile(r"[+-]?\d{1,18}|[+-]?[0-8]\d{18}")

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row that could not be taken; `line` counts from 1, the header included."""

    path: Path
    line: int
    reason: str


class BadRows:
    """Counts every bad row and keeps the first few with their reasons."""

    def __init__(self, keep: int = 20) -> None:
        self.count = 0
        self.first: list[BadRow] = []
        self._keep = keep

    def add(self, path: Path, line: int, reason: str) -> None:
        """Take one bad row."""
        self.count += 1
        if len(self.first) < self._keep:
            self.first.append(BadRow(path, line, reason))

    def add_many(self, path: Path, lines: NDArray[np.int64], reason: Callable[[int], str]) -> None:
        """Take many; `reason` is asked for the i-th only while reasons are kept."""
        room = self._keep - len(self.first)
        self.first += [BadRow(path, int(line), reason(i)) for i, line in enumerate(lines[:room])]
        self.count += len(lines)


@dataclass(frozen=True, slots=True)
class ParsedRows:
    """Typed columns of good lines and their line numbers, (n,) each."""

    table: pa.Table
    lines: NDArray[np.int64]


class RowReader:
    """Reads blocks of one file with one header."""

    def __init__(self, path: Path, layout: Layout, header: tuple[str, ...], bad: BadRows) -> None:
        self._path, self._bad = path, bad
        self._types = layout.types(header)
        # A name that occurs twice would make the parser refuse the file; the first one counts.
        self._names = [name if header.index(name) == i else f"{name} {i}" for i, name in enumerate(header)]

    def read(self, block: Block) -> Iterator[ParsedRows]:
        """Yield the block's good rows in order, in one piece unless some are bad."""
        try:
            yield self._typed(block)
        except (pa.ArrowInvalid, UnicodeDecodeError):
            lines = [line + b"\n" for line in block.data.removesuffix(b"\n").split(b"\n")]
            if len(lines) <= FEW_LINES:
                yield from self._one_by_one(block.first_line, lines)
            else:
                half = len(lines) // 2
                yield from self.read(Block(b"".join(lines[:half]), block.first_line))
                yield from self.read(Block(b"".join(lines[half:]), block.first_line + half))

    def _typed(self, block: Block) -> ParsedRows:
        lines = np.arange(block.first_line, block.first_line + _count(block.data), dtype=np.int64)
        return ParsedRows(self._table(block.data, len(lines)), lines)

    def _table(self, data: bytes, lines: int) -> pa.Table:
        table = pacsv.read_csv(
            pa.BufferReader(data),
            pacsv.ReadOptions(column_names=self._names, use_threads=False, block_size=len(data) + 1),
            convert_options=pacsv.ConvertOptions(
                column_types=self._types,
                include_columns=list(self._types),
                null_values=[""],
                strings_can_be_null=False,
            ),
        )
        if table.num_rows != lines:
            raise pa.ArrowInvalid("a row that is not one line")
        return table

    def _one_by_one(self, first_line: int, lines: list[bytes]) -> Iterator[ParsedRows]:
        fine: list[tuple[int, bytes]] = []
        for number, line in enumerate(lines, first_line):
            reason = self._fault(line) if line.strip() else ""
            if reason is None:
                fine.append((number, line))
            elif reason:
                self._bad.add(self._path, number, reason)
        if fine:
            yield from self._together(fine)

    def _together(self, fine: list[tuple[int, bytes]]) -> Iterator[ParsedRows]:
        """Parse lines that look right at once; those that still cannot be parsed are bad after all."""
        numbers = np.array([number for number, _ in fine], np.int64)
        try:
            yield ParsedRows(self._table(b"".join(line for _, line in fine), len(fine)), numbers)
        except (pa.ArrowInvalid, UnicodeDecodeError):
            if len(fine) == 1:
                self._bad.add(self._path, fine[0][0], "cannot be read")
                return
            yield from self._together(fine[: len(fine) // 2])
            yield from self._together(fine[len(fine) // 2 :])

    def _fault(self, line: bytes) -> str | None:
        """Say what is wrong with a line, None when nothing can be seen."""
        try:
            fields = next(csv.reader([line.decode().rstrip("\r\n")], strict=True))
        except (UnicodeDecodeError, csv.Error):
            return "is not readable text"
        if len(fields) != len(self._names):
            return f"has {len(fields)} fields where the header has {len(self._names)}"
        named = dict(zip(self._names, fields, strict=True))
        faults = (_unreadable(name, named[name], kind) for name, kind in self._types.items())
        return next((fault for fault in faults if fault), None)


def _count(data: bytes) -> int:
    return data.count(b"\n") + (not data.endswith(b"\n"))


def _unreadable(name: str, text: str, kind: pa.DataType) -> str | None:
    if pa.types.is_dictionary(kind) or not text.strip():
        return None
    pattern, what = (_WHOLE, "a whole number") if pa.types.is_integer(kind) else (_NUMBER, "a number")
    return None if pattern.fullmatch(text.strip()) else f"{name} {text[:40]!r} is not {what}"
