"""From a key to a command: the arithmetic of seeking, and who is whose neighbour.

Pure functions of the view; nothing is sent here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

from engine.model.calendar import session
from engine.model.events import NS
from engine.model.goto import parse_goto
from engine.tape.replay_clock import faster, slower
from engine.views.commands import Seek, SetSpeed, Skip
from engine.views.view import SignalRow, View

T = TypeVar("T")

LEAD_NS = 2 * NS
"""How long before a signal its jump lands, so that one sees it happen."""

_SKIP_SPEED_CAP = 60.0  # at the unlimited speed a skip is that of ×60


def skip(seconds: float, speed: float) -> Skip:
    """Skip `seconds` × speed of tape, at least one second, in the sign's direction."""
    size_s = abs(seconds) * min(speed, _SKIP_SPEED_CAP)
    return Skip(int(math.copysign(max(1.0, size_s), seconds) * NS))


def speed(by: int, current: float) -> SetSpeed:
    """One speed faster (1), slower (-1), or the market's own (0)."""
    if by == 0:
        return SetSpeed(1.0)
    return SetSpeed(faster(current) if by > 0 else slower(current))


def speed_text(speed: float) -> str:
    """Write a speed: `×0.25`, `×10`, `max`."""
    return "max" if math.isinf(speed) else f"×{speed:g}"


def end(by: int, view: View) -> Seek:
    """Go to the start (-1) or the end (1) of the day."""
    return Seek(view.start_ns if by < 0 else view.end_ns)


def goto(text: str, view: View) -> Seek:
    """Go to a typed time; UsageError when it is none, or outside what can be replayed."""
    return Seek(parse_goto(text, view.tape_ns, session(view.day)))


def before(row: SignalRow, view: View) -> Seek:
    """Go to shortly before a signal."""
    return Seek(max(view.start_ns, row.ts_ns - LEAD_NS))


def neighbour(choices: Sequence[T], current: T, by: int) -> T | None:
    """Return the choice so many steps on, round the ends; None when there is no other."""
    if len(choices) < 2:
        return None
    here = choices.index(current) if current in choices else (-1 if by > 0 else 0)
    return choices[(here + by) % len(choices)]
