"""`spymon days`: what is on disk, as a table, plain columns or JSON lines."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from engine.model.calendar import clock_text
from engine.model.errors import StoreError
from engine.store.days.coverage import PARTIAL
from engine.store.days.store import DayEntry, DayStore
from engine.store.journal.listing import list_journals
from tui.settings.config import Settings

from ...run.interrupts import InterruptHandler
from ..output import rfc3339, say

COLUMNS = ("date", "symbol", "from", "to", "events", "trades", "quotes", "state", "gaps", "origin", "size")
_NUMBERS = frozenset(("events", "trades", "quotes", "gaps", "size"))


def run(args: argparse.Namespace, settings: Settings, interrupts: InterruptHandler) -> int:
    """List every day and every recording that is no day yet; what cannot be read is named on stderr."""
    data_dir = settings.data_dir
    if data_dir.exists() and not data_dir.is_dir():
        raise StoreError(f"{data_dir} is not a folder; choose another one with --data-dir.")
    days, journals = DayStore(data_dir).list(), list_journals(data_dir)
    entries = sorted((*days.entries, *journals.entries), key=lambda each: (each.day, each.symbol))
    if "json" in args:
        sys.stdout.writelines(json.dumps(as_object(entry)) + "\n" for entry in entries)
    elif entries:
        _show([as_row(entry) for entry in entries])
    else:
        say(f"There are no days in {data_dir} yet; spymon backfill DATE or spymon import PATH makes one.")
    for entry in entries:
        for note in entry.notes:
            if note.endswith(PARTIAL):
                say(f"{entry.symbol} on {entry.day}: {note}")
    for problem in (*days.problems, *journals.problems):
        say(problem)
    if any(entry.stored == "journal" for entry in entries):
        say("What is marked as a journal becomes a day by spymon compact.")
    return 0


def as_object(entry: DayEntry) -> dict[str, Any]:
    """Return a day as the object that --json prints."""
    return {
        "date": entry.day.isoformat(),
        "symbol": entry.symbol,
        "first_ts": rfc3339(entry.first_ns),
        "last_ts": rfc3339(entry.last_ns),
        "events": entry.events,
        "trades": entry.trades,
        "quotes": entry.quotes,
        "stored": entry.stored,
        "complete": entry.complete,
        "gaps": entry.gaps,
        "notes": list(entry.notes),
        "source": entry.source,
        "spot_origin": entry.spot_origin,
        "inputs": list(entry.inputs),
        "bytes": entry.bytes,
        "fold_version": entry.fold_version,
        "state_hash": entry.state_hash,
    }


def as_row(entry: DayEntry) -> tuple[str, ...]:
    """Return a day's cells in the order of `COLUMNS`."""
    return (
        entry.day.isoformat(),
        entry.symbol,
        clock_text(entry.first_ns),
        clock_text(entry.last_ns),
        f"{entry.events:,}",
        f"{entry.trades:,}",
        f"{entry.quotes:,}",
        _state(entry),
        str(entry.gaps),
        entry.source + _of_files(len(entry.inputs)),
        f"{entry.bytes / 1e6:,.1f} MB",
    )


def _state(entry: DayEntry) -> str:
    if entry.stored == "recording":
        return "recording"
    state = "complete" if entry.complete else "partial"
    return state if entry.stored == "day" else f"{state} journal"


def _of_files(n: int) -> str:
    return f" of {n} file{'s' * (n > 1)}" if n else ""


def plain(rows: Sequence[Sequence[str]]) -> str:
    """Return aligned columns under a heading, two spaces apart."""
    table = [COLUMNS, *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(COLUMNS))]
    lines = []
    for row in table:
        cells = zip(COLUMNS, row, widths, strict=True)
        padded = [cell.rjust(n) if name in _NUMBERS else cell.ljust(n) for name, cell, n in cells]
        lines.append("  ".join(padded).rstrip() + "\n")
    return "".join(lines)


def _show(rows: Sequence[Sequence[str]]) -> None:
    if not sys.stdout.isatty():
        sys.stdout.write(plain(rows))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in COLUMNS:
        table.add_column(name, justify="right" if name in _NUMBERS else "left", no_wrap=name != "origin")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
