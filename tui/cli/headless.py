"""A run without a screen: every item of it as a line on stdout, in the order of the tape."""

from __future__ import annotations

import io
import math
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from engine.session.headless import Item, Notice, replay
from engine.session.headless_live import follow
from engine.session.symbol_day import PlayerParams
from engine.tape.source import LiveSource, Source
from engine.views.view import FiredSignal
from tui.alerts.alerter import PATIENCE_S, Alerter
from tui.settings.config import Settings

from ..alerts.from_settings import make_alerter
from ..run.interrupts import InterruptHandler
from ..run.plan import RunPlan
from ..run.sources import judged, make_sources, player_params
from . import json_lines as lines
from .output import LineWriter, say, terminal

LAST_ALERTS_S = 0.5
"""How long an interruption waits for alerts that are under way; it must not exceed `GRACE_S`."""


def run_headless(plan: RunPlan, settings: Settings, interrupts: InterruptHandler) -> int:
    """Play the run to its end and return the exit code; 1 when a symbol of the day is damaged.

    A live day ends with Ctrl-C as well as with its close: 130 then, after the summaries.
    """
    as_json = plan.lines == "json"
    symbols, damaged = judged(plan, settings)
    for sentence in damaged.values():
        say(sentence)
    params = player_params(plan, settings)
    for sentence in params.notes:
        say(sentence)
    stop = threading.Event()
    items = _items(
        make_sources(plan, settings, say)[0], symbols, params, plan.speed, as_json, stop, interrupts
    )
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a pipe may be set to an encoding without arrows
    writer = LineWriter(sys.stdout, plan.speed != math.inf or sys.stdout.isatty(), interrupts.whole)
    alerter = make_alerter(settings, terminal())
    with interrupts.saying(partial(_finish, alerter, LAST_ALERTS_S)), interrupts.saying(writer.flush):
        try:
            print_items(alerted(items, alerter), writer, as_json)
        finally:
            _finish(alerter)
    if stop.is_set():
        return 130
    return 1 if damaged else 0


def _items(
    source: Source,
    symbols: tuple[str, ...],
    params: PlayerParams,
    speed: float,
    views: bool,
    stop: threading.Event,
    interrupts: InterruptHandler,
) -> Iterator[Item]:
    if isinstance(source, LiveSource):
        live = follow(source, source.symbols, params, time.monotonic_ns, views=views, stopped=stop.is_set)
        return ended(live, interrupts, stop)
    return replay(source, symbols, params, speed, time.monotonic_ns, time.sleep, views=views)


def ended(items: Iterator[Item], interrupts: InterruptHandler, stop: threading.Event) -> Iterator[Item]:
    """Pass every item on; once there was one, the first Ctrl-C sets `stop` and the second leaves at once."""

    def ask(number: int, _frame: Any) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    for item in items:  # until then a fold may be compiled, which nobody wants to wait for
        yield item
        break
    with interrupts.by_exception(ask):
        yield from items


def alerted(items: Iterable[Item], alerter: Alerter) -> Iterator[Item]:
    """Pass every item on, let the alerter hear the signals, and say which of its channels fail."""
    for item in items:
        if isinstance(item, FiredSignal):
            alerter.hear(item)
        for sentence in alerter.tick():
            say(sentence)
        yield item


def _finish(alerter: Alerter, within_s: float = PATIENCE_S) -> None:
    for sentence in alerter.close(within_s):
        say(sentence)


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
