"""What one refresh of the gamma desk takes: every metric, walls and flips of a chain, and a whole view.

The refresh is of contracts with two hours left, each re-priced on the whole grid; the three conventions share
one pass. Views are of the simulated day an hour after the open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from statistics import median

import numpy as np

from engine.analytics.exposure import Book, exposure
from engine.analytics.exposure_choice import SCOPES, ExposureChoice
from engine.model.calendar import session
from engine.model.events import NS
from engine.session.symbol_day import PlayerParams, open_symbol_day
from engine.tape.link import Badge
from engine.views.projection import PlaybackState
from engine.views.queries import RANKINGS, TopQuery

from .days import LoadedTape, simulated
from .sizes import DAY, Sizes
from .table import Row, at_most, told
from .timing import cpu_s

CONTRACTS = 500
REFRESH_MS = 3.0
VIEW_MS = {"one": 6.0, "several": 12.0, "all": 12.0}
SPOT = 600.3
PLAYING = PlaybackState(1, 1, "bench", (), Badge.REPLAY, False, 1.0, 0.0, ())


def rows(sizes: Sizes) -> Iterator[Row]:
    """Yield the rows of the gamma desk."""
    book = _chain()
    others = [replace(book, weight=weight) for weight in (np.roll(book.weight, 7), -book.weight)]
    what = f"exposure refresh of {CONTRACTS} contracts, re-priced every 0.01 %"
    alone = _ms(lambda: exposure(book, SPOT), sizes.frames)
    three = _ms(lambda: exposure(book, SPOT, others=others), sizes.frames)
    yield at_most(what, alone, REFRESH_MS, "ms")
    yield at_most("  with the flips of all three conventions", three, REFRESH_MS, "ms")
    tape = LoadedTape(simulated(sizes.symbol))
    slot = open_symbol_day(tape, PlayerParams())
    slot.timeline.seek(session(DAY).open_ns + 3600 * NS)
    for scope in SCOPES:
        stance = ExposureChoice(scope=scope)
        spent = _ms(lambda stance=stance: slot.projector.project(PLAYING, None, stance), sizes.frames)
        yield at_most(f"view of {tape.info.symbol}, scope {scope}", spent, VIEW_MS[scope], "ms")
    yield told("smile", _ms(slot.projector.smile, sizes.frames), "ms")
    everything = ExposureChoice(scope="all")
    ranked = _ms(lambda: [slot.projector.top(TopQuery(by), everything) for by in RANKINGS], sizes.frames)
    yield told("all three rankings", ranked, "ms")


def _ms(work: Callable[[], object], times: int) -> float:
    """Return the median processor time of a call, ms."""
    work()  # compiled by then
    return median(cpu_s(work) for _ in range(times)) * 1e3


def _chain() -> Book:
    """Return calls and puts on strikes around the spot."""
    strike = np.tile(np.arange(CONTRACTS // 2) + 475.0, 2)
    sign = np.repeat([1.0, -1.0], CONTRACTS // 2)
    iv = 0.15 + ((strike - SPOT) / SPOT) ** 2
    weight = np.random.default_rng(1).integers(0, 5000, CONTRACTS).astype(np.float64)
    return Book(strike, sign, np.full(CONTRACTS, 120 / 525_600), iv, weight)
