"""The screen in a real terminal of 120 x 40: first paint, keys, processor and bytes.

Everything here is wall time as a person would see it, so other work on the machine shows; how long the
process waited for a core is told beside.
"""

from __future__ import annotations

import random
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tui.screen.stages.table import STAGES

from .sizes import DAY, Sizes
from .table import Row, at_least, at_most, skipped, told
from .terminal import Heard, Picture, Terminal
from .timing import percentile

PATIENCE_S = 60.0
KEYS = "jjkkjkvjkv"
SPACING_S = 0.2
IDLE_SHARE = 0.5
VIEWS = {stage.key: stage.title for stage in STAGES if stage.key}
"""Keys that put a view in the grid's place; each is watched as the grid is."""

_POINTER = re.compile("(?<=│)◂|▸(?=│)")


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key, when it was pressed, and when the screen answered; None if it never did."""

    key: str
    at_s: float
    answered_s: float | None


def rows(sizes: Sizes) -> Iterator[Row]:
    """Yield the screen's rows."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield from _starts(sizes, folder)
        with Terminal(arguments(sizes), folder) as terminal:
            terminal.listen(PATIENCE_S, until=_shows_ladder)
            loading = _latencies_ms(terminal, sizes.early_keys)
            settle(terminal)
            yield from _watched(terminal, sizes.watch_s)
            for key, name in VIEWS.items():
                terminal.press(key)
                settle(terminal)  # the first of each kind of question compiles
                yield from _watched(terminal, sizes.watch_s, f", {name}")
                terminal.press(key)
                terminal.listen(1.0)
            yield from _keys(terminal, sizes.keys)
            yield told(f"  longest of {len(loading)} pressed while days were loading", max(loading), "ms", 1)


def arguments(sizes: Sizes) -> list[str]:
    """Return the command line of the replay that is watched."""
    return ["--replay", str(DAY), "--symbol", ",".join(sizes.symbols), "--speed", "10"]


def settle(terminal: Terminal) -> None:
    """Wait until every day has been folded once: the process then no longer wants a whole core."""
    quiet = 0
    for _ in range(int(PATIENCE_S)):
        before = terminal.load()
        terminal.listen(1.0)
        after = terminal.load()
        if before is None or after is None:
            return
        wanted_s = after.ran_s + after.waited_s - before.ran_s - before.waited_s
        quiet = quiet + 1 if wanted_s < IDLE_SHARE else 0
        if quiet == 2:
            return


def _starts(sizes: Sizes, folder: Path) -> Iterator[Row]:
    first_paint, first_view = [], []
    symbol = sizes.symbols[0].encode()
    for _ in range(sizes.starts + 1):
        with Terminal(arguments(sizes), folder) as terminal:
            painted = terminal.listen(PATIENCE_S, until=lambda said: symbol in said)
            first_paint.append(terminal.heard[-1].at_s - terminal.began_s)
            viewed = terminal.listen(PATIENCE_S, until=_shows_ladder)
            first_view.append(terminal.heard[-1].at_s - terminal.began_s)
        if not (painted and viewed):
            said = b"".join(heard.data for heard in terminal.heard)[-300:]
            raise RuntimeError(f"spymon did not paint; it said {said!r}")
    # The first start warms the caches.
    yield at_most(f"start to first paint, median of {sizes.starts}", median(first_paint[1:]), 1.0, "s")
    yield told("  longest", max(first_paint[1:]), "s")
    yield told("  to the first strikes", median(first_view[1:]), "s")


def _shows_ladder(said: bytes) -> bool:
    return b"STRIKE" in said and "┊".encode() in said


def _watched(terminal: Terminal, seconds: float, view: str = "") -> Iterator[Row]:
    """Watch the replay play, all days loaded."""
    before, count = terminal.load(), len(terminal.heard)
    began_s = terminal.heard[-1].at_s
    terminal.listen(seconds)
    after, took_s = terminal.load(), terminal.heard[-1].at_s - began_s
    written = sum(len(heard.data) for heard in terminal.heard[count:])
    what = f"x10 replay at 10 Hz, 120x40{view}, {seconds:g} s"
    if before is None or after is None:
        yield skipped(f"{what}: processor", "this system does not tell it")
    else:
        ran, waited = after.ran_s - before.ran_s, after.waited_s - before.waited_s
        yield at_most(f"{what}: processor", 100 * ran / took_s, 15, "% of a core", 1)
        yield told("  waited for a core meanwhile", 100 * waited / took_s, "% of the time", 1)
    yield at_most(f"{what}: to the terminal", written / took_s / 1e3, 200, "kB/s", 1)
    frames = sum(b"\x1b[?2026h" in heard.data for heard in terminal.heard[count:])
    yield told("  paints", frames / took_s, "per s", 1)


def _keys(terminal: Terminal, count: int) -> Iterator[Row]:
    """Press keys while it plays."""
    before, began_s = terminal.load(), time.perf_counter()
    spent = _latencies_ms(terminal, count)
    after, took_s = terminal.load(), time.perf_counter() - began_s
    yield at_least(f"keys answered before the next one, of {count}", 100 * len(spent) / count, 100, "%")
    yield at_most("key to paint, p99", percentile(spent, 99), 50, "ms", 1)
    yield told("  p50", percentile(spent, 50), "ms", 1)
    yield told("  longest", max(spent), "ms", 1)
    if before is not None and after is not None:
        share = (after.waited_s - before.waited_s) / took_s
        yield told("  waited for a core meanwhile", 100 * share, "% of the time", 1)


def _latencies_ms(terminal: Terminal, count: int) -> list[float]:
    return answers_ms(terminal, press_keys(terminal, count))


def press_keys(terminal: Terminal, count: int) -> list[tuple[str, float]]:
    """Press keys, about four a second, and return each with its time."""
    draw = random.Random(7)
    terminal.press("j")  # a pointer is there from now on
    terminal.listen(1.0)
    pressed: list[tuple[str, float]] = []
    for number in range(count):
        key = KEYS[number % len(KEYS)]
        pressed.append((key, terminal.press(key)))
        terminal.listen(SPACING_S + 0.1 * draw.random())
    return pressed


def answers_ms(terminal: Terminal, pressed: list[tuple[str, float]]) -> list[float]:
    """Return how long each key took to be answered, of those that were; at least one must be."""
    answers = answered(terminal.heard, pressed)
    spent = [(each.answered_s - each.at_s) * 1e3 for each in answers if each.answered_s is not None]
    if not spent:
        raise RuntimeError("spymon answered no key")
    return spent


def answered(heard: list[Heard], pressed: list[tuple[str, float]]) -> list[Pressed]:
    """Return for each key when its region of the screen first differed from before it."""
    picture = Picture()
    at, answers = 0, []
    for number, (key, at_s) in enumerate(pressed):
        next_s = pressed[number + 1][1] if number + 1 < len(pressed) else float("inf")
        while at < len(heard) and heard[at].at_s < at_s:
            picture.feed(heard[at].data)
            at += 1
        before, when = _region(picture, key), None
        while when is None and at < len(heard) and heard[at].at_s < next_s:
            picture.feed(heard[at].data)
            when = heard[at].at_s if _region(picture, key) != before else None
            at += 1
        answers.append(Pressed(key, at_s, when))
    return answers


def _region(picture: Picture, key: str) -> object:
    """Return what a key changes and nothing else does: the pointer's place, or the profile's title."""
    lines = picture.lines
    if key in "jk":
        return [(y, found.start()) for y, text in enumerate(lines) for found in _POINTER.finditer(text)]
    heading = next((y for y, text in enumerate(lines) if "STRIKE" in text), 0)
    return lines[heading - 1].rpartition("┬")[2]
