"""From sorted rows to a day of the store.

Owns what a tape still needs once its rows are known: final contract ids, session marks, the choice between
several origins of the spot, put-call parity when there is none, and the facts written beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...analytics.implied_spot import ImpliedSpot, ImpliedSpotParams, nearest_pairs
from ...model.calendar import close_ns, session
from ...model.contracts import Contract
from ...model.errors import NoDataError, StoreError
from ...model.events import (
    EVENT,
    FLAG_MINUTE,
    KIND_NAMES,
    MARK,
    MARK_CLOSE,
    MARK_OPEN,
    MISSING,
    OI,
    QUOTE,
    SPOT,
    TRADE,
    UNDERLYING,
    Events,
)
from ...model.underlyings import KNOWN, Underlying, generic
from ..importer.contract_numbers import ContractNumbers, day_at
from ..importer.spill import ROW, Spill, without_copies
from ..importer.spill import Rows as TapeRows
from .coverage import Coverage
from .meta import DayMeta, Facts, InputFile, whole_session
from .store import DayStore

_DEFAULT_INCREMENT_MILLI = 1_000
_KIND_SHIFT = len(KIND_NAMES)


@dataclass(slots=True)
class TapeStats:
    """What was met of one tape while reading; files are numbers of input files."""

    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(_KIND_SHIFT, np.int64))
    minute_spots: int = 0
    files: set[int] = field(default_factory=set)
    flat_trades: set[int] = field(default_factory=set)
    cached_trades: set[int] = field(default_factory=set)
    first_ns: int = 2**63 - 1
    last_ns: int = 0

    @property
    def has_options(self) -> bool:
        """Say whether there is a trade or a quote of an option."""
        return bool(self.counts[TRADE] or self.counts[QUOTE])

    def add(self, rows: TapeRows, file: int, cached: bool) -> None:
        """Take rows of this tape, all of one file."""
        self.files.add(file)
        self.counts += np.bincount(rows["kind"], minlength=_KIND_SHIFT)
        self.minute_spots += int(((rows["kind"] == SPOT) & (rows["flags"] == FLAG_MINUTE)).sum())
        traded = np.unique(rows["cid"][rows["kind"] == TRADE]).tolist()
        (self.cached_trades if cached else self.flat_trades).update(traded)
        options = rows["ts"][(rows["kind"] == TRADE) | (rows["kind"] == QUOTE)]
        if len(options):
            self.first_ns = min(self.first_ns, int(options.min()))
            self.last_ns = max(self.last_ns, int(options.max()))


_NAMED = 3
"""Files that are named in a sentence; the others are counted."""

BACKFILL = "backfill"
"""The source of a day whose files were fetched by spymon itself."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the files of an import come from.

    source : 'import' or BACKFILL
    whole  : nothing is known to be missing from them
    notes  : what is to be known about them, one sentence each
    """

    source: str = "import"
    whole: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportedDay:
    """One written day; `outcome` is 'new', 'unchanged' or 'replaced', `sentence` says what was replaced."""

    meta: DayMeta
    outcome: str
    sentence: str


class TapeMaker:
    """Writes tapes out of a spill; `left_out` counts rows that went no further."""

    def __init__(
        self,
        store: DayStore,
        numbers: ContractNumbers,
        spill: Spill,
        inputs: Mapping[int, InputFile],
        cut_files: frozenset[int],
        cached_files: frozenset[int],
        customs: Mapping[str, Underlying],
        origin: Origin,
    ) -> None:
        self.left_out: Counter[str] = Counter()
        self._store, self._numbers, self._spill = store, numbers, spill
        self._inputs, self._cut_files, self._cached = (
            inputs,
            cut_files,
            np.array(sorted(cached_files), np.int64),
        )
        self._customs, self._origin = customs, origin

    def mark(self, tape: int) -> None:
        """Spill the session marks of a tape; before the spill is flushed."""
        underlying = self._underlying(tape, [])
        day = self._day(tape)
        rows = np.zeros(2, ROW)
        rows["p1"] = rows["p2"] = MISSING
        rows["kind"], rows["cid"], rows["tape"], rows["file"] = MARK, UNDERLYING, tape, -1
        rows["ts"] = session(day).open_ns, close_ns(underlying, day)
        rows["s1"] = MARK_OPEN, MARK_CLOSE
        self._spill.add(rows)

    def write(self, tape: int, stats: TapeStats, on_rows: Callable[[int], None]) -> ImportedDay:
        """Write one tape as a day; StoreError when a day recorded live is in its place."""
        symbol, day = self._numbers.tapes[tape][0], self._day(tape)
        old = self._previous(day, symbol)
        numbered = sorted((self._numbers.contracts[cid], cid) for cid in self._numbers.cids[tape])
        contracts = [contract for contract, _ in numbered]
        underlying = self._underlying(tape, contracts)
        events = self._events(tape, stats, np.array([cid for _, cid in numbered], np.int64), on_rows)
        parity = None if stats.counts[SPOT] else _parity(contracts, underlying)
        coverage = Coverage(session(day))
        with self._store.writer(day, symbol, contracts) as writer:
            for block in parity.insert(events) if parity else events:
                coverage.add(block)
                writer.append(block)
            meta = writer.commit(
                self._facts(tape, stats, underlying, parity, coverage), holes=coverage.holes()
            )
        return _outcome(meta, old)

    def _events(
        self, tape: int, stats: TapeStats, cids: NDArray[np.int64], on_rows: Callable[[int], None]
    ) -> Iterator[Events]:
        ids, finals = np.append(0, np.sort(cids)), np.append(0, np.argsort(cids) + 1)
        for rows in self._spill.merged(tape):
            on_rows(len(rows))
            kept = self._drop_what_others_tell(rows, stats)
            events = np.zeros(len(kept), EVENT)
            for name in EVENT.names or ():
                events[name] = kept[name]
            events["cid"] = finals[np.searchsorted(ids, kept["cid"])]
            yield events

    def _drop_what_others_tell(self, rows: TapeRows, stats: TapeStats) -> TapeRows:
        """Drop the rows that another file tells as well or better, and count them."""
        unique = without_copies(rows) if len(stats.files) > 1 else rows
        self.left_out["copies"] += len(rows) - len(unique)
        twice = stats.flat_trades & stats.cached_trades
        if twice:
            again = (unique["kind"] == TRADE) & np.isin(unique["file"], self._cached)
            unique = self._drop("cached trades", unique, again & np.isin(unique["cid"], sorted(twice)))
        if 0 < stats.minute_spots < stats.counts[SPOT]:
            minute = (unique["kind"] == SPOT) & (unique["flags"] == FLAG_MINUTE)
            unique = self._drop("minute bars", unique, minute)
        return unique

    def _drop(self, what: str, rows: TapeRows, gone: NDArray[np.bool_]) -> TapeRows:
        self.left_out[what] += int(gone.sum())
        return rows[~gone]

    def _facts(
        self,
        tape: int,
        stats: TapeStats,
        underlying: Underlying,
        parity: ImpliedSpot | None,
        coverage: Coverage,
    ) -> Facts:
        files = sorted(stats.files)
        spot_origin, notes = _spot_origin(stats, parity)
        if not stats.counts[OI]:
            notes.append("There is no open interest for this day.")
        partial = coverage.early_end()
        notes += [partial] if partial else []
        return Facts(
            source=self._origin.source,
            spot_origin=spot_origin,
            tick=underlying.tick,
            underlying=underlying,
            complete=self._complete(tape, stats, coverage) and not partial,
            notes=(*notes, *self._origin.notes),
            inputs=tuple(self._inputs[file] for file in files),
        )

    def _complete(self, tape: int, stats: TapeStats, coverage: Coverage) -> bool:
        silent_ns = sum(end_ns - start_ns for start_ns, end_ns in coverage.holes())
        whole = whole_session(self._day(tape), stats.first_ns, stats.last_ns, silent_ns)
        return whole and self._origin.whole and not stats.files & self._cut_files

    def _underlying(self, tape: int, contracts: list[Contract]) -> Underlying:
        symbol = self._numbers.tapes[tape][0]
        known = self._customs.get(symbol) or KNOWN.get(symbol)
        return known or generic(symbol, _increment_milli(contracts))

    def _previous(self, day: date, symbol: str) -> DayMeta | None:
        try:
            old = self._store.meta(day, symbol)
        except (NoDataError, StoreError):
            return None
        check_replaceable(old, self._origin.source, self._store.folder(day, symbol))
        return old

    def _day(self, tape: int) -> date:
        return day_at(self._numbers.tapes[tape][1])


def check_replaceable(old: DayMeta, source: str, folder: Path) -> None:
    """Raise StoreError when a day of `source` may not take a day's place: only what can be had again goes."""
    if old.facts.source not in (source, BACKFILL):
        was = "imported" if old.facts.source == "import" else f"{old.facts.source} and not imported"
        raise StoreError(
            f"{old.symbol} on {old.day} was {was}, and it stays; move {folder} away to {source} it."
        )


def _parity(contracts: list[Contract], underlying: Underlying) -> ImpliedSpot:
    roots = tuple(dict.fromkeys((*underlying.roots, *(each.root for each in contracts))))
    return ImpliedSpot(len(contracts), nearest_pairs(contracts, roots), ImpliedSpotParams())


def _spot_origin(stats: TapeStats, parity: ImpliedSpot | None) -> tuple[str, list[str]]:
    if parity is None:
        return ("minute bars" if stats.minute_spots == stats.counts[SPOT] else "tape"), []
    if parity.samples:
        return "put-call parity", [
            "The spot comes from put-call parity: no file of the underlying was imported."
        ]
    return "none", ["There is no spot: no file of the underlying, and no call and put quoted at one strike."]


def _increment_milli(contracts: Iterable[Contract]) -> int:
    """Return the commonest distance of neighbouring strikes in the nearest expiration, 1/1000 $."""
    contracts = list(contracts)
    nearest = min((each.expiry for each in contracts), default=None)
    strikes = np.unique([each.strike_milli for each in contracts if each.expiry == nearest])
    gaps, often = np.unique(np.diff(strikes), return_counts=True)
    return int(gaps[often.argmax()]) if len(gaps) else _DEFAULT_INCREMENT_MILLI


def _outcome(meta: DayMeta, old: DayMeta | None) -> ImportedDay:
    name = f"{meta.symbol} on {meta.day}"
    if old is None:
        how = "fetched" if meta.facts.source == BACKFILL else "imported"
        return ImportedDay(meta, "new", f"{name} was {how}.")
    if old.measured.content == meta.measured.content:
        return ImportedDay(meta, "unchanged", f"{name} was there already, with the same content.")
    was = f"{name} replaces an earlier {old.facts.source} of {old.measured.events:,} events"
    return ImportedDay(meta, "replaced", f"{was}{_lost(meta, old)}.")


def _lost(meta: DayMeta, old: DayMeta) -> str:
    """Say which files the day before was made of and this one is not, and how to have them again."""
    if old.facts.source != meta.facts.source:
        return ", whose files stay in the cache"
    names = sorted({each.name for each in old.facts.inputs} - {each.name for each in meta.facts.inputs})
    if not names:
        return ""
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    verb = "is" if len(names) == 1 else "are"
    what = ", ".join(names[:_NAMED]) + more
    return f"; {what} {verb} no longer in it: import all files in one go to have them together"
