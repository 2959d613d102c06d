"""A run that watches what a recorder of the same data folder records.

Owns when that is the case. Like `plan`, it imports nothing that reads a tape.
"""

from __future__ import annotations

from datetime import date

from engine.feeds.recorder.socket_file import is_reachable
from engine.model.errors import UsageError
from tui.settings.config import Settings

from .plan import Disk, RunFlags, RunPlan
from .providers import AUTO, LIVE

ATTACHED = "attached"

LIVE_SOURCES = (AUTO, *LIVE)
"""Settings of `source` for which a recorder that runs is watched: a key has one connection, and it has it."""


def attached_plan(asked: RunFlags, settings: Settings, disk: Disk, today: date) -> RunPlan | None:
    """Return the plan of watching the recorder, None when none runs or something else was asked for.

    Its day is today, its symbols are the watch list: only the recorder knows what it records.
    UsageError for what a day that goes on cannot have.
    """
    if asked.replay is not None or settings.source not in LIVE_SOURCES:
        return None
    if not is_reachable(settings.data_dir):
        return None
    if asked.from_ is not None or asked.to is not None:
        raise UsageError("--from and --to bound a replay; a recorder runs here, so add --replay DATE.")
    return RunPlan(
        day=today,
        source=ATTACHED,
        symbols=settings.symbol,
        start_ns=None,
        end_ns=None,
        speed=1.0,
        lines=asked.lines,
        others=tuple(sorted(set(disk) - {today})),
        warnings=(),
    )
