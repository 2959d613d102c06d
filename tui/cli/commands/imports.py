"""`spymon import`: files into days, with a bar while it works and a report of what it took and left."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from engine.model.calendar import clock_text
from engine.model.underlyings import parse_custom, parse_symbol
from engine.store.days.meta import DayMeta
from engine.store.days.store import DayStore
from engine.store.days.tapes import ImportedDay
from engine.store.importer.importer import ImportReport, import_paths
from tui.settings.config import Settings

from ...run.interrupts import InterruptHandler
from ...run.plan import parse_day
from ..output import Progress, progress_bar, say
from .folding import fold_hash


def run(args: argparse.Namespace, settings: Settings, interrupts: InterruptHandler) -> int:
    """Import the paths, fold each day once so that it can be verified later, and report; 1 if any failed."""
    store = DayStore(settings.data_dir)
    symbol = parse_symbol(args.symbol) if "symbol" in args else None
    day = parse_day(args.date, "--date") if "date" in args else None
    customs = {custom.symbol: custom for custom in map(parse_custom, settings.custom)}
    paths = [Path(path) for path in args.paths]
    with progress_bar("importing", interrupts) as progress:
        with interrupts.unwound() as check:  # what is half-written is cleared away on the way out
            report = import_paths(
                paths, store, symbol=symbol, day=day, customs=customs, progress=heeding(progress, check)
            )
        hashes = [folded(store, each.meta, progress, interrupts) for each in report.days]
    for made, state_hash in zip(report.days, hashes, strict=True):
        sys.stdout.write(day_line(made, state_hash))
    explain(report)
    return 1 if report.failed else 0


def heeding(progress: Progress, check: Callable[[], None]) -> Progress:
    """Return the same progress with a look at whether somebody wants to leave."""

    def told(what: str, share: float) -> None:
        check()
        progress(what, share)

    return told


def folded(store: DayStore, meta: DayMeta, progress: Progress, interrupts: InterruptHandler) -> str:
    """Return what the day folds to, and record it; say when it once was something else."""
    state_hash = fold_hash(store.open(meta.day, meta.symbol), progress)
    with interrupts.whole():
        store.record_hash(meta.day, meta.symbol, state_hash)
    if meta.state_hash not in (None, state_hash):
        say(f"{meta.symbol} on {meta.day} folded to {meta.state_hash} before: another spymon recorded that.")
    return state_hash


def day_line(made: ImportedDay, state_hash: str) -> str:
    """Return what a day came to, as a line."""
    meta, counts = made.meta, made.meta.measured.counts
    return (
        f"{meta.day} {meta.symbol} {made.outcome}: {meta.measured.events:,} events "
        f"({counts.get('trade', 0):,} trades, {counts.get('quote', 0):,} quotes), "
        f"{clock_text(meta.measured.first_ns)} to {clock_text(meta.measured.last_ns)}, "
        f"{_spot(meta.facts.spot_origin)}, state {state_hash}\n"
    )


def _spot(origin: str) -> str:
    return "no spot" if origin == "none" else f"spot from {origin}"


def explain(report: ImportReport) -> None:
    """Say what was left out, and why."""
    for sentence in (*report.problems, *report.notes, *(each.sentence for each in report.days)):
        if sentence:
            say(sentence)
    for row in report.first_bad:
        say(f"{row.path} line {row.line}: {row.reason}")
    if report.bad_rows:
        more = report.bad_rows - len(report.first_bad)
        rest = f", {more:,} of them not listed" if more else ""
        left_out = "1 bad row was" if report.bad_rows == 1 else f"{report.bad_rows:,} bad rows were"
        say(f"{left_out} left out{rest}; {report.rows:,} rows were taken.")
