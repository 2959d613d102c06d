"""`spymon cache`: what was fetched of past days, and deleting it."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from typing import Any

from engine.model.errors import NoDataError, UsageError
from engine.store.cache.historical import CacheCounts, Historical, count
from tui.settings.config import Settings

from ...run.interrupts import InterruptHandler
from ...run.plan import parse_day
from ..output import say

_KINDS, _STATES = ("trades", "quotes"), ("complete", "partial", "empty")


def run(args: argparse.Namespace, settings: Settings, interrupts: InterruptHandler) -> int:
    """Show or delete; NoDataError for a day of which nothing was fetched."""
    cache = Historical(settings.data_dir)
    day = parse_day(args.date, "The day") if "date" in args else None
    days = [each for each in cache.days() if day in (None, each)]
    if not days:
        return _nothing(cache, day)
    if args.action == "stats":
        return _stats(cache, days, as_json="json" in args)
    return _clear(cache, day, sure="yes" in args)


def _nothing(cache: Historical, day: date | None) -> int:
    if day is not None:
        raise NoDataError(f"Nothing of {day} was fetched into {cache.root}; see spymon cache stats.")
    say(f"Nothing was fetched into {cache.root} yet; spymon backfill DATE does that.")
    return 0


def _stats(cache: Historical, days: list[date], as_json: bool) -> int:
    for day in days:
        for symbol, entries in cache.entries(day).items():
            counted = count(day, symbol, entries)
            sys.stdout.write(json.dumps(_as_object(counted)) + "\n" if as_json else _as_line(counted))
    files, size = cache.measure(days[0] if len(days) == 1 else None)
    say(f"{_files(files)}, {size / 1e6:,.1f} MB in {cache.root}.")
    return 0


def _as_object(counted: CacheCounts) -> dict[str, Any]:
    states = {kind: {state: counted.states[kind, state] for state in _STATES} for kind in _KINDS}
    return {
        "date": counted.day.isoformat(),
        "symbol": counted.symbol,
        **states,
        "rows": counted.rows,
        "bytes": counted.bytes,
        "notes": list(counted.notes),
    }


def _as_line(counted: CacheCounts) -> str:
    kinds = [_kind(counted, kind) for kind in _KINDS]
    size = f"{counted.rows:,} rows, {counted.bytes / 1e6:,.1f} MB"
    return f"{counted.day} {counted.symbol}  {'  '.join(kinds)}  {size}\n" + "".join(
        f"  {note}\n" for note in counted.notes
    )


def _kind(counted: CacheCounts, kind: str) -> str:
    counts = [f"{counted.states[kind, state]:,} {state}" for state in _STATES]
    return f"{kind}: {', '.join(counts)}"


def _clear(cache: Historical, day: date | None, sure: bool) -> int:
    files, size = cache.measure(day)
    what = f"{_files(files)} ({size / 1e6:,.1f} MB) of {day or 'all days'} in {cache.root}"
    if not sure and not _agreed(f"Delete {what}? The days made of them stay. [y/N] "):
        say("Nothing was deleted.")
        return 0
    cache.clear(day)
    say(f"Deleted {what}.")
    return 0


def _files(count: int) -> str:
    return f"{count:,} file{'s' * (count != 1)}"


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("Nobody can be asked here whether to delete what was fetched; add --yes.")
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
