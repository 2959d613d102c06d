"""Input files, one after the other, into a spill.

Owns the list of files, their order, what is read of each, and one sentence for each that cannot be used.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import chain
from pathlib import Path

import numpy as np

from ...model.calendar import session
from ...model.errors import NoDataError, StoreError
from ..blocks import Block, TextFile
from ..cache.cache import cache_layout, read_cache
from ..days.meta import InputFile
from ..days.tapes import TapeStats
from .contract_numbers import ContractNumbers, day_at, day_index
from .flat_files import RowBuilder
from .layouts import BARS, OPEN_INTEREST, QUOTES, TRADES, Layout, RecognisedFile, StrangerError, recognise
from .rows import BadRows, ParsedRows, RowReader
from .spill import Rows as TapeRows
from .spill import Spill

_READ = 1 << 20


def find_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files named and those in the folders named, each once; NoDataError for what is neither."""
    found: list[Path] = []
    for path in paths:
        if not path.exists():
            raise NoDataError(f"{path} does not exist; name a file or a folder with files to import.")
        if not path.is_file() and not path.is_dir():  # an import reads more than once, and goes back
            raise NoDataError(f"{path} is a pipe or a device; save what it gives to a file and import that.")
        inside = _visible(path) if path.is_dir() else [path]
        if not inside:
            raise NoDataError(f"{path} is an empty folder; name a file or a folder with files to import.")
        found += inside
    return sorted({each.resolve(): each for each in found}.values(), key=_natural)


class FileIntake:
    """Reads recognised files into the spill, in an order that does not depend on how they were named.

    problems : one sentence per file that could not be used, or not wholly
    strangers : those of them that are of another sort
    notes    : one sentence per file that was left out with good reason
    stats    : what was met, by tape
    inputs   : the files that were read, by their number
    """

    def __init__(self, numbers: ContractNumbers, spill: Spill, on_bytes: Callable[[Path, int], None]) -> None:
        self.bad = BadRows()
        self.builder = RowBuilder(numbers, self.bad)
        self.problems: list[str] = []
        self.strangers: list[Path] = []
        self.notes: list[str] = []
        self.stats: defaultdict[int, TapeStats] = defaultdict(TapeStats)
        self.inputs: dict[int, InputFile] = {}
        self.cut_files: set[int] = set()
        self.cached_files: set[int] = set()
        self._numbers, self._spill, self._on_bytes = numbers, spill, on_bytes

    def recognise(self, paths: list[Path]) -> list[RecognisedFile]:
        """Return what can be read, in the order of reading: open interest needs the days of the others."""
        known: list[RecognisedFile] = []
        for path in paths:
            try:
                known.append(recognise(path))
            except StoreError as error:
                self.problems.append(str(error))
                if isinstance(error, StrangerError):
                    self.strangers.append(path)
        order = (QUOTES, TRADES, None, BARS, OPEN_INTEREST)
        return sorted(self._without_copies(known), key=lambda each: order.index(each.layout))

    def read(self, files: list[RecognisedFile], block_bytes: int) -> None:
        """Read every file."""
        for number, each in enumerate(files):
            before = self._spill.rows
            try:
                self._read_one(number, each, block_bytes)
            except StoreError as error:
                self.problems.append(str(error))
                if self._spill.rows > before:
                    self.cut_files.add(number)

    def _read_one(self, number: int, each: RecognisedFile, block_bytes: int) -> None:
        if each.layout is None:
            self._read_cache(number, each.path)
        else:
            self._read_text(number, each, each.layout, block_bytes)

    def _read_cache(self, number: int, path: Path) -> None:
        layout = cache_layout(path)
        build = self._builder_of(number, path, layout)
        self.inputs[number] = _identity(path)
        if layout is TRADES:
            self.cached_files.add(number)
        for rows in read_cache(path):
            self._take(build(rows), number, cached=layout is TRADES)
        self._on_bytes(path, self.inputs[number].size)

    def _read_text(self, number: int, each: RecognisedFile, layout: Layout, block_bytes: int) -> None:
        build = self._builder_of(number, each.path, layout)
        reader = RowReader(each.path, layout, each.header, self.bad)
        before = self._spill.rows
        with TextFile(each.path, lambda n: self._on_bytes(each.path, n)) as file:
            blocks = _without_header(file.blocks(block_bytes))
            try:
                for rows in chain.from_iterable(reader.read(block) for block in blocks):
                    self._take(build(rows), number)
            finally:
                self.inputs[number] = file.identity()
        if file.damage:
            self.cut_files.add(number)
            kept = self._spill.rows - before
            self.problems.append(
                f"{each.path} {file.damage}; {kept:,} rows before that were taken, fetch it again."
            )

    def _builder_of(self, number: int, path: Path, layout: Layout) -> Callable[[ParsedRows], TapeRows]:
        if layout is OPEN_INTEREST:
            day = self._day_of(path)
            open_ns = session(day).open_ns
            return lambda rows: self.builder.open_interest(path, number, rows, day_index(day), open_ns)
        made = self.builder
        build = {QUOTES.kind: made.quotes, TRADES.kind: made.trades, BARS.kind: made.bars}[layout.kind]
        return lambda rows: build(path, number, rows)

    def _day_of(self, path: Path) -> date:
        """Return the day of an open-interest table: as asked, as its name says, or the only one there is."""
        if self._numbers.only_day is not None:
            return day_at(self._numbers.only_day)
        named = re.search(r"(20\d\d)-?(\d\d)-?(\d\d)", path.name)
        days = {day for _, day in self._numbers.tapes}
        if named is None and len(days) != 1:
            raise StoreError(f"{path} does not say of which day its open interest is; give it with --date.")
        try:
            return date(*map(int, named.groups())) if named else day_at(days.pop())
        except ValueError:
            raise StoreError(
                f"{path} has an impossible date in its name; give the day with --date."
            ) from None

    def _take(self, rows: TapeRows, number: int, cached: bool = False) -> None:
        for tape in np.unique(rows["tape"]).tolist():
            self.stats[tape].add(rows[rows["tape"] == tape], number, cached)
        self._spill.add(rows)

    def _without_copies(self, files: list[RecognisedFile]) -> Iterator[RecognisedFile]:
        """Yield each content once; only files of one size can be copies of each other."""
        by_size: defaultdict[int, int] = defaultdict(int)
        for each in files:
            by_size[each.path.stat().st_size] += 1
        seen: dict[str, Path] = {}
        for each in files:
            if by_size[each.path.stat().st_size] > 1:
                first = seen.setdefault(_identity(each.path).sha256, each.path)
                if first is not each.path and each.layout is not None:
                    self.notes.append(f"{each.path} is a copy of {first} and was read once.")
                    continue
            yield each


def _visible(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file() and not each.name.startswith(".")]


def _without_header(blocks: Iterator[Block]) -> Iterator[Block]:
    for block in blocks:
        if block.first_line == 1:
            data = block.data.partition(b"\n")[2]
            if data:
                yield Block(data, 2)
        else:
            yield block


def _identity(path: Path) -> InputFile:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_READ):
            digest.update(piece)
        return InputFile(path.name, file.tell(), digest.hexdigest())


def _natural(path: Path) -> list[tuple[int, str]]:
    """Order names as people do: part-2 before part-10."""
    return [(int(run or 0), text) for text, run in re.findall(r"(\D*)(\d*)", str(path))]
