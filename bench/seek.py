"""Going to random moments of a day that has been folded once."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from engine.tape.tape import Tape
from engine.views.commands import Seek

from .days import LoadedTape, loaded_deck, on_disk, scouted, simulated
from .sizes import Sizes
from .table import Row, at_most, told
from .timing import percentile

LIMIT_MS = 50.0


def rows(sizes: Sizes) -> Iterator[Row]:
    """Yield the seeks' rows."""
    drawn = simulated(sizes.symbol)
    with tempfile.TemporaryDirectory() as name:
        stored = on_disk(drawn, Path(name))
        for what, tape in (("in memory", LoadedTape(drawn)), ("drawn", drawn), ("on disk", stored)):
            yield from _spread(f"seek, day {what}", _seeks_ms(tape, sizes.seeks))
    yield from _spread("seek by command, view included, day drawn", _commands_ms(drawn, sizes.seeks))


def _spread(what: str, spent_ms: list[float]) -> Iterator[Row]:
    yield at_most(f"{what}: p95 of {len(spent_ms)}", percentile(spent_ms, 95), LIMIT_MS, "ms", 1)
    yield told("  p50", percentile(spent_ms, 50), "ms", 1)
    yield told("  longest", max(spent_ms), "ms", 1)


def _moments(tape: Tape, count: int) -> list[int]:
    """Return random moments, the same ones for every tape of one span."""
    draw = random.Random(7)
    return [draw.randrange(tape.info.session.open_ns, tape.info.session.close_ns) for _ in range(count)]


def _seeks_ms(tape: Tape, count: int) -> list[float]:
    """Return the processor time of each seek of a timeline."""
    timeline = scouted(tape)
    spent = []
    for moment in _moments(tape, count):
        began = time.process_time()
        timeline.seek(moment)
        spent.append((time.process_time() - began) * 1e3)
    return spent


def _commands_ms(tape: Tape, count: int) -> list[float]:
    """Return the processor time from the command to the view that answers it."""
    deck = loaded_deck(tape)
    spent = []
    for moment in _moments(tape, count):
        began = time.process_time()
        deck.obey(Seek(moment), 0)
        deck.tick(0)
        deck.view(0)
        spent.append((time.process_time() - began) * 1e3)
    return spent
