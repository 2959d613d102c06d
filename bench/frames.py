"""What a frame costs the worker thread early and late in the day: play on, then look.

At a speed of 10 and ten frames a second each frame plays one second of tape. How much happens in a second
differs over the day, so the view alone is measured too.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from engine.model.calendar import parse_time
from engine.model.events import NS
from engine.session.player import Player
from engine.views.commands import Seek

from .days import LoadedTape, loaded_deck, simulated
from .sizes import DAY, Sizes
from .table import Row, at_most, told

FRAME_NS = NS // 10
MOMENTS = ("09:35", "15:55")
LIMIT = 1.2


def rows(sizes: Sizes) -> Iterator[Row]:
    """Yield the frames' rows."""
    deck = loaded_deck(LoadedTape(simulated(sizes.symbol)))
    # The moments take turns, so that noise hits both.
    measured = [_frames(deck, moment, sizes.frames) for _ in range(3) for moment in MOMENTS]
    early, late = (_middle(measured[at::2]) for at in range(2))
    what = f"frame at {MOMENTS[1]} against {MOMENTS[0]}, tick and view"
    yield at_most(what, late[0] / early[0], LIMIT, "times")
    yield at_most("  view alone", late[1] / early[1], LIMIT, "times")
    for moment, (whole, view, events) in zip(MOMENTS, (early, late), strict=True):
        yield told(f"  {moment}: median frame of {sizes.frames}", whole * 1e3, "ms")
        yield told(f"  {moment}: its view", view * 1e3, "ms")
        yield told(f"  {moment}: its events", events, "events", 0)


def _middle(measured: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    whole, view, events = (median(values) for values in zip(*measured, strict=True))
    return whole, view, events


def _frames(deck: Player, moment: str, count: int) -> tuple[float, float, float]:
    """Return the median processor seconds of a frame and of its view, and the median events of it."""
    wall_ns = 0
    deck.obey(Seek(parse_time(moment, DAY)), wall_ns)
    while deck.busy:
        deck.tick(wall_ns)
    spent = []
    for _ in range(count):
        wall_ns += FRAME_NS
        began = time.process_time()
        played = deck.tick(wall_ns)
        ticked = time.process_time()
        deck.view(wall_ns)
        done = time.process_time()
        spent.append((done - began, done - ticked, float(sum(len(events) for events, _ in played.pieces))))
    return _middle(spent)
