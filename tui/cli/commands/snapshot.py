"""`spymon snapshot`: positions and gamma of every contract, once or every few minutes of a replayed day."""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from engine.analytics.exposure_choice import ExposureChoice
from engine.model.calendar import ET
from engine.model.errors import NoDataError, UsageError
from engine.model.underlyings import parse_symbol
from engine.store.days.meta import SIMULATED
from engine.store.snapshots import Snapshot, list_snapshots, read_snapshot, write_snapshot
from tui.settings.config import Settings

from ...run.interrupts import InterruptHandler
from ...run.plan import parse_day
from ...run.providers import chosen_source
from ...screen import format as fmt
from ..output import Progress, progress_bar, said_first, say
from ..view_fields import UNIT, number
from .level_lines import aligned, moment
from .levels import choice_of, levels_now, said_origin
from .tapes import Choice, FoldedDay, choice_for, plan_for

COLUMNS = (
    "symbol", "time", "spot", "net $/1%", "zero gamma", "call wall", "put wall", "max GEX", "contracts",
    "convention", "source",
)  # fmt: skip
_EVERY = re.compile(r"([1-9][0-9]{0,4})([smh])")
_UNIT_NS = {"s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000}


def run(args: argparse.Namespace, settings: Settings, interrupts: InterruptHandler) -> int:
    """Take snapshots, or list a day's; 1 when one of the listed is damaged."""
    names = tuple(dict.fromkeys(parse_symbol(name) for name in getattr(args, "underlyings", ())))
    if "list" in args:
        return _list(args, settings, names or None)
    if "at" in args and "every" in args:
        raise UsageError("--at takes one snapshot and --every many; choose one.")
    every_ns = parse_every(args.every) if "every" in args else None
    plan = plan_for(None, args, settings, interrupts) if "replay" in args and not names else None
    choice, now_ns = choice_of(args), time.time_ns()
    now = every_ns is None and "at" not in args and choice == ExposureChoice()
    taken, origins = list[Snapshot](), list[str]()
    for symbol in names or (plan.symbols if plan else settings.symbol):
        origin = Choice(plan, "") if plan else choice_for(symbol, args, settings, interrupts, now)
        if origin.plan is None:
            found, at_ns = levels_now(symbol, settings, now_ns, "all", choice)
            with interrupts.whole():
                path = write_snapshot(settings.data_dir, found, chosen_source(settings))
                taken.append(read_snapshot(path))
            origins.append(
                f"{symbol} {said_origin(origin.said, False, at_ns, now_ns)}" if origin.said else ""
            )
            continue
        day = FoldedDay(symbol, origin.plan, settings)
        said = said_origin(origin.said, day.tape.info.simulated, day.end_ns, now_ns)
        origins.append(f"{symbol} {said}" if said else "")
        moments = _moments(day, getattr(args, "at", None), every_ns)
        with progress_bar("folding", interrupts) as progress:
            taken += _take(day, moments, args, settings, interrupts, progress)
    _show(taken, "json" in args, origins)
    return 0


def parse_every(text: str) -> int:
    """Read `5m`, `30s` or `1h` as ns."""
    match = _EVERY.fullmatch(text.strip().lower())
    if match is None:
        raise UsageError(f"--every {text} is not a span of time; write it like 5m, 30s or 1h.")
    return int(match[1]) * _UNIT_NS[match[2]]


def _moments(day: FoldedDay, at: str | None, every_ns: int | None) -> list[int]:
    if every_ns is not None:
        return list(range(day.open_ns + every_ns, day.end_ns + 1, every_ns))
    return [day.end_ns if at is None else day.moment(at)]


def _take(
    day: FoldedDay,
    moments: list[int],
    args: argparse.Namespace,
    settings: Settings,
    interrupts: InterruptHandler,
    progress: Progress,
) -> list[Snapshot]:
    """Write a snapshot at each moment; those at which nothing can be measured are named once."""
    taken, missed = list[Snapshot](), list[str]()
    for at_ns in moments:
        day.fold_to(at_ns, progress)
        try:
            found = day.levels(choice=choice_of(args))
        except NoDataError as error:
            missed.append(str(error))
            continue
        with interrupts.whole():
            taken.append(read_snapshot(write_snapshot(settings.data_dir, found, day.tape.info.source)))
    if not taken:
        raise NoDataError(missed[0] if missed else f"The day is shorter than --every {args.every}.")
    if missed:
        say(f"{len(missed)} of {len(moments)} snapshots could not be taken: {missed[0]}")
    return taken


def _list(args: argparse.Namespace, settings: Settings, symbols: tuple[str, ...] | None) -> int:
    for name in ("at", "every", "convention"):
        if name in args:
            raise UsageError(f"--{name} takes snapshots and --list shows them; choose one.")
    day = parse_day(args.replay, "--replay") if "replay" in args else datetime.now(ET).date()
    found = list_snapshots(settings.data_dir, day, symbols)
    if found.entries:
        _show(found.entries, "json" in args)
    for problem in found.problems:
        say(problem)
    return 1 if found.problems else 0


def _show(entries: Iterable[Snapshot], as_json: bool, origins: Iterable[str] = ()) -> None:
    if as_json:
        sys.stdout.writelines(json.dumps(as_object(entry)) + "\n" for entry in entries)
    else:
        listed = list(entries)
        simulated = sum(entry.source == SIMULATED for entry in listed)
        if simulated:
            sys.stdout.write(f"{said_first(True)}{simulated} of {len(listed)}\n")
        sys.stdout.writelines(f"{origin}\n" for origin in origins if origin)
        sys.stdout.writelines(line + "\n" for line in aligned([COLUMNS, *map(as_row, listed)]))


def as_object(entry: Snapshot) -> dict[str, Any]:
    """Return a snapshot as the object that --json prints."""
    return {
        "symbol": entry.symbol,
        "at": moment(entry.at_ns).isoformat(),
        "spot": entry.spot,
        "unit": UNIT,
        "convention": entry.convention,
        "net_gex": number(entry.net_gex),
        "zero_gamma": number(entry.zero_gamma),
        "zero_gamma_reason": entry.zero_gamma_reason,
        "call_wall": entry.call_wall,
        "put_wall": entry.put_wall,
        "max_gex_strike": entry.max_gex_strike,
        "contracts": entry.contracts,
        "source": entry.source,
        "path": str(entry.path),
    }


def as_row(entry: Snapshot) -> tuple[str, ...]:
    """Return a snapshot's cells in the order of `COLUMNS`."""
    levels = (entry.zero_gamma, entry.call_wall, entry.put_wall, entry.max_gex_strike)
    return (
        entry.symbol,
        f"{moment(entry.at_ns):%H:%M:%S}",
        f"{entry.spot:,.2f}",
        fmt.exposure(entry.net_gex),
        *(fmt.level(price, 2) for price in levels),
        f"{entry.contracts:,}",
        entry.convention,
        entry.source,
    )
