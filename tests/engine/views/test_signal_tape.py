"""The tape signal_tape a signal: exact, with the sides the fold gave, and never beyond what was played."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.fold.conditions import CANCELS
from engine.fold.records import SIGNAL
from engine.model.events import MISSING, NS, QUOTE, SPOT, TRADE, UNDERLYING
from engine.tape.timeline import Timeline, TimelineParams
from engine.views.projection import signal_row
from engine.views.signal_tape import PRINTS, signal_tape

N = 3000
TIGHT = TimelineParams(spacing_ns=NS, spacing_events=40, budget_bytes=40_000, cached_chunks=2)


@pytest.fixture(scope="module")
def events(mixed_events):
    return mixed_events(13, N)


@pytest.fixture(scope="module")
def params(touchy_params):
    return touchy_params("default")


@pytest.fixture(scope="module")
def straight(events, params, fold_events):
    return fold_events(events, params)


@pytest.fixture
def timeline(events, in_memory, params):
    made = Timeline(in_memory(events, range(125, N, 125)), params, TIGHT)
    made.seek(made.end_ns)
    return made


def row_of(timeline: Timeline, i: int):
    signal = timeline.signals[i]
    return signal_row(signal, timeline.tape.contracts[int(signal["cid"])])


def prices_of(events, cid: int, until: int) -> int:
    """Return the price that stands after everything up to a moment."""
    clock = np.maximum.accumulate(events["ts"])
    seen = events[clock <= until]
    if cid == UNDERLYING:
        told = seen[(seen["kind"] == SPOT) & (seen["p1"] > 0)]["p1"]
        return int(told[-1]) if len(told) else MISSING
    quotes = seen[(seen["kind"] == QUOTE) & (seen["cid"] == cid)]
    good = quotes[(quotes["p1"] > 0) & (quotes["p2"] > quotes["p1"])]
    return (int(good["p1"][-1]) + int(good["p2"][-1])) // 2 if len(good) else MISSING


def picks(timeline: Timeline) -> list[int]:
    return np.random.default_rng(1).choice(len(timeline.signals), 12, replace=False).tolist()


def test_it_spans_a_minute_to_both_sides(timeline) -> None:
    row = row_of(timeline, len(timeline.signals) // 2)
    found = signal_tape(timeline, 7, row)
    assert (found.index, len(found.ticks)) == (7, 120)
    assert [tick.ts_ns - row.ts_ns for tick in found.ticks] == [(i - 60) * NS for i in range(120)]


def test_prices_and_volumes_are_those_of_each_second(timeline, events) -> None:
    clock = np.maximum.accumulate(events["ts"])
    traded = (events["kind"] == TRADE) & (events["s1"] > 0) & ~np.isin(events["cond"], CANCELS)
    for i in picks(timeline):
        row = row_of(timeline, i)
        ours = traded & (events["cid"] == row.cid)
        first_known = False
        for tick in signal_tape(timeline, i, row).ticks:
            within = (clock > tick.ts_ns) & (clock <= tick.ts_ns + NS)
            assert tick.volume == events["s1"][ours & within].sum()
            first_known |= bool(np.any(within & (events["kind"] == QUOTE) & (events["cid"] == row.cid)))
            if first_known and tick.price != MISSING:
                assert tick.price == prices_of(events, row.cid, tick.ts_ns + NS)


def test_prints_are_the_nearest_with_the_sides_of_the_fold(timeline, events, straight) -> None:
    clock = np.maximum.accumulate(events["ts"])
    traded = (events["kind"] == TRADE) & (events["s1"] > 0) & ~np.isin(events["cond"], CANCELS)
    for i in picks(timeline):
        row = row_of(timeline, i)
        near = traded & (events["cid"] == row.cid) & (np.abs(clock - row.ts_ns) <= 60 * NS)
        columns = zip(events[near], straight.sides[near], strict=True)
        told = [(e["ts"], e["p1"], e["s1"], s["side"], s["confidence"] / 100) for e, s in columns]
        prints = signal_tape(timeline, i, row).prints
        shown = [(each.ts_ns, each.price, each.size, each.side, each.confidence) for each in prints]
        assert shown == [each for each in told if each in shown]
        assert len(shown) == min(len(told), PRINTS)
        farthest = max((abs(ts - row.ts_ns) for ts, *_ in shown), default=0)
        assert all(abs(each[0] - row.ts_ns) >= farthest for each in told if each not in shown)


def test_it_ends_where_the_playhead_is(timeline, events) -> None:
    row = row_of(timeline, 30)
    timeline.seek(row.ts_ns + 10 * NS + NS // 2)
    found = signal_tape(timeline, 30, row)
    assert len(found.ticks) == 71
    assert all(each.ts_ns <= timeline.at_ns for each in found.prints)


def test_asking_moves_nothing(timeline, bits_of) -> None:
    before = [bits_of(part) for part in (timeline.state.cells, timeline.state.under)]
    known = len(timeline.signals), timeline.at_ns, timeline.loaded
    signal_tape(timeline, 0, row_of(timeline, 0))
    assert [bits_of(part) for part in (timeline.state.cells, timeline.state.under)] == before
    assert (len(timeline.signals), timeline.at_ns, timeline.loaded) == known


def test_around_the_underlying_stand_spots_and_all_volume(timeline, events) -> None:
    row = row_of(timeline, 20)
    found = signal_tape(timeline, 20, replace(row, cid=UNDERLYING, contract=None))
    assert found.prints == ()
    for tick in found.ticks[5:]:
        assert tick.price == prices_of(events, UNDERLYING, tick.ts_ns + NS)
    assert sum(tick.volume for tick in found.ticks) > sum(
        tick.volume for tick in signal_tape(timeline, 20, row).ticks
    )


def test_a_price_from_before_the_window_still_stands(tape, in_memory, eager_params) -> None:
    tape.spot(at=0.0).quote(1.00, 1.10, at=0.0).trade(1.10, at=200.0).trade(1.10, at=400.0)
    timeline = Timeline(in_memory(tape.events), eager_params())
    timeline.seek(timeline.end_ns)
    signal = np.zeros(1, SIGNAL)
    signal["ts"], signal["cid"] = tape.events["ts"][2], 1
    found = signal_tape(timeline, 0, signal_row(signal[0], timeline.tape.contracts[1]))
    assert {tick.price for tick in found.ticks} == {10_500}
    assert [tick.volume for tick in found.ticks if tick.volume] == [10]
