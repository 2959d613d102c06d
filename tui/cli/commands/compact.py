"""`spymon compact`: recordings into days, each verified before its journal goes."""

from __future__ import annotations

import argparse
import sys
from datetime import date

from engine.model.calendar import clock_text, session
from engine.model.errors import NoDataError, StoreError
from engine.model.underlyings import parse_symbol
from engine.store.days.store import DayStore
from engine.store.journal.compaction import CompactionResult, compact
from engine.store.journal.folders import RecordingFolder, is_recording, recordings
from tui.settings.config import Settings

from ...run.interrupts import InterruptHandler
from ...run.plan import parse_day
from ..output import progress_bar, say
from .folding import fold_hash


def run(args: argparse.Namespace, settings: Settings, interrupts: InterruptHandler) -> int:
    """Compact what is named, or everything that is not being recorded right now; 1 if any of it failed."""
    store = DayStore(settings.data_dir)
    day = parse_day(args.date, "The day") if "date" in args else None
    symbol = parse_symbol(args.symbol) if "symbol" in args else None
    found = [
        place
        for place in recordings(store.root)
        if day in (None, place.day) and symbol in (None, place.symbol)
    ]
    if not found:
        return _nothing(store, day, symbol)
    # Who names a day wants to hear why it cannot be had; a nightly run leaves today's alone.
    ready = [place for place in found if day is not None or not is_recording(place)]
    for place in found:
        if place not in ready:
            say(f"{place.symbol} on {place.day} is still being recorded, and was left alone.")
    results = [_compacted(store, place, interrupts) for place in ready]
    return 0 if all(results) else 1


def _nothing(store: DayStore, day: date | None, symbol: str | None) -> int:
    """Say that there is nothing to do; NoDataError when a day or a symbol was asked for."""
    if day is not None:
        session(day)
    if day is None and symbol is None:
        say(f"There is nothing to compact in {store.root}.")
        return 0
    of, on = f" of {symbol}" if symbol else "", f" on {day}" if day else ""
    raise NoDataError(f"There is no recording{of}{on} in {store.root}; see spymon days.")


def _compacted(store: DayStore, place: RecordingFolder, interrupts: InterruptHandler) -> bool:
    """Compact one recording; one that cannot be is named, and the others are compacted as well."""
    try:
        with progress_bar("compacting", interrupts) as progress:
            done = compact(store, place, lambda tape: fold_hash(tape, progress), progress)
    except StoreError as error:
        say(str(error))
        return False
    sys.stdout.write(_line(place, done))
    for sentence in done.problems:
        say(sentence)
    for path in done.set_aside:
        say(f"What cannot be read is kept as {path}.")
    return True


def _line(place: RecordingFolder, done: CompactionResult) -> str:
    name = f"{place.day} {place.symbol}"
    if done.meta is None:
        return f"{name} removed: its recording had not one event\n"
    if not done.files:
        return f"{name} was compacted before; its recording was removed\n"
    measured = done.meta.measured
    made_of = f"{done.files} file{'s' * (done.files > 1)} of {done.bytes / 1e6:,.1f} MB"
    return (
        f"{name} compacted: {measured.events:,} events, {clock_text(measured.first_ns)} to "
        f"{clock_text(measured.last_ns)}, {made_of} to {measured.tape_bytes / 1e6:,.1f} MB, "
        f"state {done.meta.state_hash}\n"
    )
