"""What one run will show: the day, the symbols, the source, the bounds and the speed.

Owns how flags, settings and what lies on disk are weighed against each other. It refuses to open a tape, and
imports nothing that could: the screen must be painted before that.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from engine.model.calendar import parse_time, previous_session, session
from engine.model.errors import NoDataError, UsageError
from engine.model.underlyings import PRESETS, parse_custom, underlying
from engine.store.files import RECORDING, present, settled_names
from tui.settings.config import Settings

from .providers import (
    AUTO,
    LIVE,
    SIMULATED,
    backfill_provider,
    chosen_source,
    has_keys,
    has_live_key,
    key_names,
)

SIMULATED_DAY = date(2025, 12, 16)
"""The day that is shown when nobody asks for one."""

STORED = "import"
SIMULATED_SPEED = 10.0

Disk = Mapping[date, tuple[str, ...]]
"""The days on disk and the symbols of each."""


@dataclass(frozen=True, slots=True)
class RunFlags:
    """What was typed for this run alone, as text; None where nothing was.

    lines : 'text' or 'json' when no screen is wanted, else None
    """

    replay: str | None = None
    from_: str | None = None
    to: str | None = None
    lines: str | None = None


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What one run will show.

    source   : SIMULATED, STORED or one of LIVE
    start_ns, end_ns : bounds of the replay, ns UTC; None is the tape's own end
    speed    : tape seconds per second; inf is as fast as it goes
    others   : other days on disk that the screen can switch to
    """

    day: date
    source: str
    symbols: tuple[str, ...]
    start_ns: int | None
    end_ns: int | None
    speed: float
    lines: str | None
    others: tuple[date, ...]
    warnings: tuple[str, ...]


def make_plan(asked: RunFlags, settings: Settings, disk: Disk, today: date) -> RunPlan:
    """Weigh everything; UsageError, CredentialError or NoDataError when it cannot be had."""
    source = chosen_source(settings)
    if source in LIVE and asked.replay is None:
        return _live_plan(source, asked, settings, disk, today)
    day = SIMULATED_DAY if asked.replay is None else parse_day(asked.replay, "--replay")
    stored = asked.replay is not None and settings.source != SIMULATED and day in disk
    if not stored:
        _check_day(day, today)
        _check_simulated(settings, day, today)
    start_ns, end_ns = _bounds(asked, day)
    _check_expiry(settings, day)
    on_disk = disk.get(day, ())
    symbols = _stored_symbols(settings, day, on_disk) if stored else simulated_symbols(settings)
    return RunPlan(
        day=day,
        source=STORED if stored else SIMULATED,
        symbols=symbols,
        start_ns=start_ns,
        end_ns=end_ns,
        speed=_speed(settings, asked, stored),
        lines=asked.lines,
        others=tuple(sorted(set(disk) - {day})),
        warnings=() if stored or settings.source == SIMULATED else _instead(day, settings),
    )


def _live_plan(source: str, asked: RunFlags, settings: Settings, disk: Disk, today: date) -> RunPlan:
    if asked.from_ is not None or asked.to is not None:
        raise UsageError("--from and --to bound a replay; add --replay DATE, or leave them out.")
    _check_expiry(settings, today)
    customs = {custom.symbol: custom for custom in map(parse_custom, settings.custom)}
    return RunPlan(
        day=today,
        source=source,
        symbols=tuple(underlying(symbol, customs).symbol for symbol in settings.symbol),
        start_ns=None,
        end_ns=None,
        speed=1.0,
        lines=asked.lines,
        others=tuple(sorted(set(disk) - {today})),
        warnings=(),
    )


def to_fetch(
    asked: RunFlags, settings: Settings, disk: Disk, today: date
) -> tuple[date, tuple[str, ...]] | None:
    """Return the past day to fetch before it can be replayed, and its symbols; None when there is no need.

    Without a key that is what was fetched earlier. Without --symbol any stored symbol of the day will do, and
    else the first of the watch list is fetched.
    """
    if asked.replay is None or settings.source not in (AUTO, *LIVE):
        return None
    day = parse_day(asked.replay, "--replay")
    if not has_keys(backfill_provider(settings), settings):
        return _kept(settings, day, disk.get(day, ()))
    there = disk.get(day, ())
    chosen = settings.origin("symbol") != "default"
    missing = [symbol for symbol in settings.symbol if symbol not in there]
    if day >= today or not (missing if chosen else not there):
        return None
    session(day)
    return day, tuple(missing) if chosen else settings.symbol[:1]


def _kept(settings: Settings, day: date, there: Collection[str]) -> tuple[date, tuple[str, ...]] | None:
    """Return the day and its watched symbols that were fetched once and are no day; None without any.

    That a fetch was begun is no fetch: what counts are trades or quotes that are there.
    """
    if there and settings.origin("symbol") == "default":
        return None
    manifests = settings.data_dir / "historical" / "manifest" / day.isoformat()
    lacking = (symbol for symbol in settings.symbol if symbol not in there)
    begun = [symbol for symbol in lacking if (manifests / f"{symbol}.jsonl").is_file()]
    if not begun:
        return None
    from engine.store.cache.historical import Historical

    cache = Historical(settings.data_dir)
    kept = tuple(symbol for symbol in begun if cache.has_ticks(day, symbol))
    return (day, kept) if kept else None


def days_on_disk(data_dir: Path) -> dict[date, tuple[str, ...]]:
    """Return the days and symbols that have a day file or a recording, judged by their names alone."""
    found = {day: set(symbols) for day, symbols in day_files(data_dir).items()}
    for path in (data_dir / "journal").glob("*/*.arrows"):
        day, name = _iso(path.parent.name), RECORDING.fullmatch(path.name)
        if day is not None and name is not None:
            found.setdefault(day, set()).add(name[1])
    return {day: tuple(sorted(symbols)) for day, symbols in found.items()}


def without_empty(disk: Disk, day: date, data_dir: Path) -> dict[date, tuple[str, ...]]:
    """Return what is on disk but for recordings of one day that hold nothing: it may be elsewhere."""
    journal = data_dir / "journal" / day.isoformat()
    recorded = {
        path.name.partition("-")[0]
        for path in journal.glob("*.arrows")
        if RECORDING.fullmatch(path.name) and path.stat().st_size
    }
    days = data_dir / "days" / day.isoformat()
    there = (symbol for symbol in disk.get(day, ()) if symbol in recorded or present(days / symbol).is_dir())
    kept = tuple(there)
    others = {each: symbols for each, symbols in disk.items() if each != day}
    return others | ({day: kept} if kept else {})


def day_files(data_dir: Path) -> dict[date, tuple[str, ...]]:
    """Return the days and symbols that have a folder, judged by their names alone."""
    days = data_dir / "days"
    if not days.is_dir():
        return {}
    names = {name: _iso(name) for name in settled_names(days) if (days / name).is_dir()}
    found = {day: _folders(days / name) for name, day in names.items() if day is not None}
    return {day: symbols for day, symbols in found.items() if symbols}


def _folders(folder: Path) -> tuple[str, ...]:
    return tuple(name for name in settled_names(folder) if present(folder / name).is_dir())


def parse_day(text: str, flag: str) -> date:
    """Read YYYY-MM-DD; UsageError names the flag for anything else."""
    day = _iso(text)
    if day is None:
        raise UsageError(f"{flag} {text} is not a date; write it as YYYY-MM-DD.")
    return day


def _iso(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _check_simulated(settings: Settings, day: date, today: date) -> None:
    """Refuse to show a simulated day to somebody who named a provider, or has a key of one."""
    keyed = settings.source == AUTO and has_live_key(settings)
    if day == today and (keyed or settings.source in LIVE):
        raise NoDataError(
            f"Nothing of today, {day}, is recorded, and it cannot be fetched before it is over; "
            "spymon without --replay shows it live."
        )
    if settings.source in LIVE:
        raise NoDataError(f"{day} is not on disk; fetch it with spymon backfill {day}, or name another day.")


def _instead(day: date, settings: Settings) -> tuple[str, ...]:
    """Say what stands in for a day that is not there; the day of the examples is meant as it is."""
    if day == SIMULATED_DAY:
        return ()
    return (
        f"{day} is not on disk, so a simulated day is shown in its place; "
        f"with {key_names(backfill_provider(settings))} in .env the real one is fetched.",
    )


def _check_day(day: date, today: date) -> None:
    session(day)
    if day > today:
        last = previous_session(today)
        raise NoDataError(f"{day} has not happened yet; the last complete trading day was {last}.")


def _bounds(asked: RunFlags, day: date) -> tuple[int | None, int | None]:
    hours = session(day)
    start_ns = None if asked.from_ is None else parse_time(asked.from_, day)
    end_ns = None if asked.to is None else parse_time(asked.to, day)
    if start_ns is not None and end_ns is not None and start_ns >= end_ns:
        raise UsageError(f"--from {asked.from_} is not before --to {asked.to}.")
    if start_ns is not None and start_ns >= hours.late_close_ns:
        raise UsageError(f"--from {asked.from_} is after the close of {day}.")
    if end_ns is not None and end_ns <= hours.open_ns:
        raise UsageError(f"--to {asked.to} is before the open of {day}.")
    return start_ns, end_ns


def _check_expiry(settings: Settings, day: date) -> None:
    expiry = settings.expiry
    if isinstance(expiry, date) and expiry < day:
        raise UsageError(f"--expiry {expiry} is before {day}, the day that is played.")


def _stored_symbols(settings: Settings, day: date, on_disk: tuple[str, ...]) -> tuple[str, ...]:
    if settings.origin("symbol") == "default":
        preferred = [symbol for symbol in settings.symbol if symbol in on_disk]
        return tuple(dict.fromkeys((*preferred, *on_disk)))
    missing = [symbol for symbol in settings.symbol if symbol not in on_disk]
    if missing:
        raise NoDataError(
            f"{day} is on disk for {', '.join(on_disk)}, not for {', '.join(missing)}; "
            "fetch it with spymon backfill, import it, or add --source simulated."
        )
    return settings.symbol


def simulated_symbols(settings: Settings) -> tuple[str, ...]:
    """Return the watch list; NoDataError for a symbol of it that is not simulated."""
    customs = {custom.symbol: custom for custom in map(parse_custom, settings.custom)}
    for symbol in settings.symbol:
        underlying(symbol, customs)
        if symbol not in PRESETS:
            raise NoDataError(
                f"{symbol} is not simulated, only {', '.join(PRESETS)} are; import a day of it."
            )
    return settings.symbol


def _speed(settings: Settings, asked: RunFlags, stored: bool) -> float:
    if settings.speed is not None:
        return settings.speed
    if asked.lines is not None:
        return math.inf
    return 1.0 if stored else SIMULATED_SPEED
