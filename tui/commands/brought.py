"""A past day that is asked for and not on disk: brought from the object store, or else fetched.

Owns the order. Like `plan`, it imports nothing that reads a tape until there is something to bring.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection
from datetime import date, datetime

from engine.config import Settings
from engine.market import ET

from ..leaving import Leaver
from ..plan import SIMULATED, Asked, Disk, days_on_disk, parse_day, to_fetch


def disk_with(
    replay: str | None, args: argparse.Namespace, settings: Settings, leaver: Leaver
) -> dict[date, tuple[str, ...]]:
    """Return what is on disk once the replayed day was brought; what is raised says why it cannot be."""
    disk = days_on_disk(settings.data_dir)
    if replay is not None and _from_store(parse_day(replay, "--replay"), disk, settings, leaver):
        disk = days_on_disk(settings.data_dir)
    missing = to_fetch(Asked(replay), settings, disk, datetime.now(ET).date())
    if missing is None:
        return disk
    from .backfill import fetch_for_replay

    fetch_for_replay(*missing, args, settings, leaver)
    return days_on_disk(settings.data_dir)


def _from_store(day: date, disk: Disk, settings: Settings, leaver: Leaver) -> bool:
    """Bring what lacks of a day from the object store, if one is set; say whether anything came."""
    if settings.s3_bucket is None or settings.source == SIMULATED or not _lacks(settings, disk.get(day, ())):
        return False
    from .archive import fetch_day

    return fetch_day(settings, day, disk.get(day, ()), leaver)


def _lacks(settings: Settings, there: Collection[str]) -> bool:
    if settings.origin("symbol") == "default":
        return not there
    return any(symbol not in there for symbol in settings.symbol)
