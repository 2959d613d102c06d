"""`spymon verify`: fold a stored day again and compare its state hash with the recorded one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from datetime import date

from engine.fold.state import FOLD_VERSION
from engine.model.calendar import session
from engine.model.errors import NoDataError, StoreError
from engine.model.underlyings import parse_symbol
from engine.store.days.store import DayStore
from engine.store.journal.folders import recordings
from tui.settings.config import Settings

from ...run.interrupts import InterruptHandler
from ...run.plan import day_files, parse_day
from ..output import progress_bar, say
from .folding import VERIFYING_BATCH, fold_hash


def run(args: argparse.Namespace, settings: Settings, interrupts: InterruptHandler) -> int:
    """Check every symbol of the day, or the one that is named; 1 when a hash differs or a day is damaged."""
    store = DayStore(settings.data_dir)
    day = parse_day(args.date, "The day")
    symbols = _symbols(store, day, parse_symbol(args.symbol) if "symbol" in args else None)
    results = [_checked(store, day, symbol, interrupts) for symbol in symbols]
    return 0 if all(results) else 1


def _symbols(store: DayStore, day: date, only: str | None) -> tuple[str, ...]:
    files = day_files(store.root).get(day, ())
    recorded = {place.symbol for place in recordings(store.root) if place.day == day}.difference(files)
    symbols = files if only is None else (only,)
    if recorded.intersection(symbols or recorded):
        raise NoDataError(
            f"{day} is a recording still; spymon compact {day} makes a day of it and verifies that."
        )
    if not symbols:
        session(day)
        raise NoDataError(f"There is no recorded or imported day {day} in {store.root}; see spymon days.")
    return symbols


def _checked(store: DayStore, day: date, symbol: str, interrupts: InterruptHandler) -> bool:
    """Check one symbol; a damaged one is named, and the others are checked as well."""
    try:
        return _check(store, day, symbol, interrupts)
    except StoreError as error:
        say(str(error))
        return False


def _check(store: DayStore, day: date, symbol: str, interrupts: InterruptHandler) -> bool:
    meta = store.meta(day, symbol)
    recorded = meta.state_hash
    with progress_bar("folding", interrupts) as progress:
        found = fold_hash(store.open(day, symbol), progress, VERIFYING_BATCH)
    if recorded is None:
        with interrupts.whole():
            store.record_hash(day, symbol, found)
        return _tell(day, symbol, f"{_whose(meta.hashes)}; recorded {found}", True)
    if recorded == found:
        return _tell(day, symbol, f"folds to the recorded hash {found}", True)
    return _tell(
        day, symbol, f"DIFFERS: recorded {recorded}, folds to {found}; import it again to record that", False
    )


def _whose(hashes: Mapping[int, str]) -> str:
    """Say why there is nothing to compare with."""
    if not hashes:
        return "had no recorded hash"
    made = ", ".join(f"{hashes[version]} of fold version {version}" for version in sorted(hashes))
    return f"had {made}, and this is version {FOLD_VERSION}: that one is kept"


def _tell(day: date, symbol: str, what: str, same: bool) -> bool:
    sys.stdout.write(f"{day} {symbol} {what}\n")
    sys.stdout.flush()
    return same
