"""A run without a screen: every item of it as a line on stdout, in the order of the tape."""

from __future__ import annotations

import io
import math
import sys
import time
from collections.abc import Iterable

from engine.config import Settings
from engine.headless import Item, Notice, replay

from . import lines
from .leaving import Leaver
from .output import LineWriter, say
from .plan import Plan
from .sources import deck_params, judged, make_sources


def run_headless(plan: Plan, settings: Settings, leaver: Leaver) -> int:
    """Play the run to its end and return the exit code; 1 when a symbol of the day is damaged."""
    as_json = plan.lines == "json"
    symbols, damaged = judged(plan, settings)
    for sentence in damaged.values():
        say(sentence)
    items = replay(
        make_sources(plan, settings)[0],
        symbols,
        deck_params(plan, settings),
        plan.speed,
        time.monotonic_ns,
        time.sleep,
        views=as_json,
    )
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a pipe may be set to an encoding without arrows
    writer = LineWriter(sys.stdout, plan.speed != math.inf or sys.stdout.isatty(), leaver.whole)
    with leaver.saying(writer.flush):
        print_items(items, writer, as_json)
    return 1 if damaged else 0


def print_items(items: Iterable[Item], writer: LineWriter, as_json: bool) -> None:
    """Write each item as a line; whatever was rendered is flushed, also when the run breaks off."""
    render = lines.as_json if as_json else lines.as_text
    try:
        for item in items:
            if isinstance(item, Notice):
                say(item.sentence)
                continue
            line = render(item)
            if line is not None:
                writer.write(line)
    finally:
        writer.flush()
