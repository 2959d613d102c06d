"""Files of trades, quotes, bars and open interest as days of the store.

Owns the order of work - recognise, read, sort, complete, write - and the report of what was made of what.
Memory is bounded by `budget_rows`, whatever the size of the files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

from ...model.calendar import session
from ...model.errors import NoDataError, StoreError
from ...model.underlyings import Underlying, parse_symbol, root_of
from ..days.store import DayStore
from ..days.tapes import ImportedDay, Origin, TapeMaker
from ..files import scratch, writing
from .contract_numbers import ContractNumbers
from .intake import FileIntake, find_files
from .layouts import RecognisedFile
from .rows import BadRow
from .spill import Spill

Progress = Callable[[str, float], None]
"""Told what is being done and the share of all work that is done, 0-1, never falling."""

BLOCK_BYTES = 4 << 20
"""Text parsed at a time."""

BUDGET_ROWS = 1 << 20
"""Rows held for sorting at a time; 64 bytes each."""

_READ_SHARE = 0.7
_NO_CUSTOMS: Mapping[str, Underlying] = MappingProxyType({})
_IMPORTED = Origin()
_LEFT_OUT = {
    "other symbols": "Rows of other symbols, left out",
    "adjusted": "Rows of adjusted contracts, which deliver something else than 100 shares, left out",
    "other days": "Rows of other days, left out",
    "outside the session": "Rows over an hour before the open or after the close, left out",
    "struck": "Trades that were later corrected or cancelled (correction 1, 7, 8, 10, 11), left out",
    "unpriced": "Stock trades whose conditions do not set the last price, left out",
    "unknown open interest": "Open-interest rows without a number, left out",
    "open interest without a tape": "Open-interest rows of symbols without trades or quotes, left out",
    "copies": "Rows that another file has as well, taken once",
    "cached trades": "Cached trades of contracts whose trades a flat file has, left out",
    "minute bars": "Minute bars beside the underlying's trades, left out",
}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    days      : one per symbol and day that was written
    bad_rows  : how many rows could not be taken; `first_bad` has the first twenty with line and reason
    problems  : one sentence per file or day that could not be used, or not wholly
    failed    : one of them was asked for, or is damaged; strangers in a folder that was walked are neither
    notes     : one sentence each: what was left out and why
    rows      : rows that were taken
    peak_rows : the most rows that were held for sorting at once
    """

    days: tuple[ImportedDay, ...]
    bad_rows: int
    first_bad: tuple[BadRow, ...]
    problems: tuple[str, ...]
    failed: bool
    notes: tuple[str, ...]
    rows: int
    peak_rows: int


def import_paths(
    paths: Iterable[Path],
    store: DayStore,
    *,
    symbol: str | None = None,
    day: date | None = None,
    customs: Mapping[str, Underlying] = _NO_CUSTOMS,
    origin: Origin = _IMPORTED,
    progress: Progress = lambda _what, _share: None,
    block_bytes: int = BLOCK_BYTES,
    budget_rows: int = BUDGET_ROWS,
) -> ImportReport:
    """Read files and folders into days of the store; bad rows and foreign files are reported, not fatal.

    `symbol` and `day` leave out everything else. A day that was imported before is replaced in one step;
    `origin` says where the files come from, and stands in the day's facts.
    NoDataError when a path does not exist or the files have nothing of what was asked; StoreError when not
    one file can be used, or the store cannot be written.
    """
    if day is not None:
        session(day)
    named = [Path(path) for path in paths]
    files = find_files(named)
    with scratch(store.root) as folder, writing(store.root):
        numbers = ContractNumbers(None if symbol is None else parse_symbol(symbol), day, customs)
        work = _Import(store, numbers, Spill(folder, budget_rows), origin, progress)
        known = work.intake.recognise(files)
        work.total_bytes = sum(each.path.stat().st_size for each in known)
        return work.run(known, named, block_bytes, customs)


class _Import:
    """One import under way."""

    def __init__(
        self, store: DayStore, numbers: ContractNumbers, spill: Spill, origin: Origin, progress: Progress
    ) -> None:
        self.intake = FileIntake(numbers, spill, self._on_bytes)
        self.total_bytes = 0
        self._store, self._numbers, self._spill = store, numbers, spill
        self._origin, self._progress = origin, progress
        self._bytes = self._rows = 0

    def run(
        self,
        files: list[RecognisedFile],
        named: list[Path],
        block_bytes: int,
        customs: Mapping[str, Underlying],
    ) -> ImportReport:
        """Read, then write every tape that has an option on it."""
        self.intake.read(files, block_bytes)
        stats = self.intake.stats
        wanted = sorted((t for t in stats if stats[t].has_options), key=lambda t: self._numbers.tapes[t])
        if not wanted:
            raise self._nothing()
        maker = self._maker(customs)
        for tape in wanted:
            maker.mark(tape)
        self._spill.flush()
        days = [day for tape in wanted if (day := self._write(maker, tape)) is not None]
        if not days:
            raise StoreError(self.intake.problems[-1])
        self._progress("done", 1.0)
        return self._report(days, named, maker.left_out, len(stats) - len(wanted))

    def _maker(self, customs: Mapping[str, Underlying]) -> TapeMaker:
        bad = self.intake.bad.count
        notes = (f"{_rows(bad)} of the imported files could not be read.",) if bad else ()
        return TapeMaker(
            self._store,
            self._numbers,
            self._spill,
            self.intake.inputs,
            frozenset(self.intake.cut_files),
            frozenset(self.intake.cached_files),
            customs,
            replace(self._origin, notes=(*self._origin.notes, *notes)),
        )

    def _write(self, maker: TapeMaker, tape: int) -> ImportedDay | None:
        symbol, _ = self._numbers.tapes[tape]
        try:
            return maker.write(tape, self.intake.stats[tape], lambda n: self._on_rows(symbol, n))
        except StoreError as error:
            self.intake.problems.append(str(error))
            return None

    def _report(
        self, days: list[ImportedDay], named: list[Path], left_out: Counter[str], without_options: int
    ) -> ImportReport:
        counted = self.intake.builder.left_out + left_out
        notes = list(self.intake.notes)
        notes += [f"{sentence}: {counted[what]:,}." for what, sentence in _LEFT_OUT.items() if counted[what]]
        if without_options:
            notes.append(
                f"Underlyings without an option trade or quote, which make no day: {without_options:,}."
            )
        met_by_chance = sum(path not in named for path in self.intake.strangers)
        return ImportReport(
            days=tuple(days),
            bad_rows=self.intake.bad.count,
            first_bad=tuple(self.intake.bad.first),
            problems=tuple(self.intake.problems),
            failed=len(self.intake.problems) > met_by_chance,
            notes=tuple(notes),
            rows=self._spill.rows,
            peak_rows=self._spill.peak_rows,
        )

    def _nothing(self) -> NoDataError | StoreError:
        """Say why there is not one day to write."""
        wanted, met = self._numbers.only_symbol, sorted(self._numbers.met)
        if wanted is not None and met and root_of(wanted) not in map(root_of, met):
            more = " …" if len(met) > 8 else ""
            return NoDataError(f"The files have nothing of {wanted}; they have {', '.join(met[:8])}{more}.")
        if self.intake.builder.left_out["other days"]:
            return NoDataError("The files have nothing of that day; leave out --date to see what they have.")
        bad = self.intake.bad
        if bad.count:
            first = bad.first[0]
            return StoreError(
                f"Not one option trade or quote could be read; {_rows(bad.count)} bad, "
                f"the first in line {first.line} of {first.path}: {first.reason}."
            )
        problems = self.intake.problems
        if problems:
            rest = len(problems) - 1
            others = f" ({rest} more file{'s' * (rest > 1)} could not be used either.)" if rest else ""
            return StoreError(problems[0] + others)
        return StoreError(
            "The files have no option trade and no option quote; add the trades or quotes file."
        )

    def _on_bytes(self, path: Path, count: int) -> None:
        self._bytes += count
        self._progress(f"reading {path.name}", _READ_SHARE * self._bytes / max(self.total_bytes, 1))

    def _on_rows(self, symbol: str, count: int) -> None:
        self._rows += count
        share = _READ_SHARE + (1 - _READ_SHARE) * self._rows / max(self._spill.rows, 1)
        self._progress(f"writing {symbol}", min(share, 1.0))


def _rows(count: int) -> str:
    return "1 row is" if count == 1 else f"{count:,} rows are"
