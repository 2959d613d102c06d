"""`spymon` without a command: the screen, or lines where there is none or none is wanted."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import datetime

from engine.model.calendar import ET
from tui.settings.config import Settings

from ..run.attaching import attached_plan
from ..run.fetch_missing_day import disk_with
from ..run.interrupts import InterruptHandler
from ..run.plan import RunFlags, make_plan
from .output import say


def run(args: argparse.Namespace, settings: Settings, interrupts: InterruptHandler) -> int:
    """Watch what the flags and settings come to, and return the exit code."""
    lines = _lines(args)
    replay, from_, to = (getattr(args, name, None) for name in ("replay", "from_", "to"))
    asked = RunFlags(replay, from_, to, lines)
    disk, today = disk_with(replay, args, settings, interrupts), datetime.now(ET).date()
    plan = attached_plan(asked, settings, disk, today) or make_plan(asked, settings, disk, today)
    for warning in plan.warnings:
        say(warning)
    if lines is not None:
        from .headless import run_headless

        return run_headless(plan, settings, interrupts)
    from ..run.open_screen import run_screen

    with interrupts.by_exception():  # until the screen listens itself: a raw terminal must be put back
        return run_screen(plan, settings)


def _lines(args: argparse.Namespace) -> str | None:
    """Return 'text' or 'json' when there is to be no screen, else None."""
    if "json" in args:
        return "json"
    if "headless" in args or not sys.stdout.isatty():
        return "text"
    if not sys.stdin.isatty() or os.environ.get("TERM") == "dumb":
        say("This terminal has no keyboard or cannot place text; lines are printed instead of the screen.")
        return "text"
    return None
