"""A past day that is asked for and not on disk: brought from the object store, or else fetched.

Owns the order; a way that fails is named, and is the end only when no other one is left. Like
`plan`, it imports nothing that reads a tape until there is something to bring.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection
from datetime import date, datetime

from engine.model.calendar import ET
from engine.model.errors import CredentialError, NoDataError, SpymonError, StoreError
from tui.settings.config import Settings

from ..cli.output import say
from .interrupts import InterruptHandler
from .plan import RunFlags, days_on_disk, parse_day, to_fetch, without_empty
from .providers import SIMULATED


def disk_with(
    replay: str | None, args: argparse.Namespace, settings: Settings, interrupts: InterruptHandler
) -> dict[date, tuple[str, ...]]:
    """Return what is on disk once the replayed day was brought; what is raised says why it cannot be."""
    disk = days_on_disk(settings.data_dir)
    if replay is None:
        return disk
    day = parse_day(replay, "--replay")
    disk = without_empty(disk, day, settings.data_dir)
    trouble = _from_store(day, settings, disk.get(day, ()), interrupts)
    disk = without_empty(days_on_disk(settings.data_dir), day, settings.data_dir)
    missing = to_fetch(RunFlags(replay), settings, disk, datetime.now(ET).date())
    if missing is None:
        if trouble is not None and _lacks(settings, disk.get(day, ())):
            raise trouble
        _mention(trouble)
        return disk
    _mention(trouble)
    from ..cli.commands.backfill import fetch_for_replay

    fetch_for_replay(*missing, args, settings, interrupts)
    return days_on_disk(settings.data_dir)


def _from_store(
    day: date, settings: Settings, there: Collection[str], interrupts: InterruptHandler
) -> SpymonError | None:
    """Bring what lacks of a day from the object store, if one is set; return why it could not be asked."""
    if settings.s3_bucket is None or settings.source == SIMULATED or not _lacks(settings, there):
        return None
    from ..cli.commands.archive import fetch_day

    try:
        fetch_day(settings, day, there, interrupts)
    except (StoreError, CredentialError, NoDataError) as error:
        return error
    return None


def _mention(trouble: SpymonError | None) -> None:
    if trouble is not None:
        say(str(trouble))


def _lacks(settings: Settings, there: Collection[str]) -> bool:
    if settings.origin("symbol") == "default":
        return not there
    return any(symbol not in there for symbol in settings.symbol)
