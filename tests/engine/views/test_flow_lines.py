"""Flow over time: the channels as they stood, and how fast they change."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from engine.analytics.exposure_choice import ExposureChoice
from engine.feeds.simulated import SimulatedSource
from engine.model.events import MISSING, NS
from engine.session.answers import AnswerContext, answer
from engine.session.symbol_day import PlayerParams, open_symbol_day
from engine.views.projection import PlaybackState
from engine.views.queries import CHANNELS, VELOCITY_S, FlowQuery

CALLS = CHANNELS.index("call_premium")


@pytest.fixture
def lines(tape, in_memory):
    """Ask for the lines at a moment after 10:00, when 20 contracts at 2.50 are bought every 2 s."""
    tape.spot(685.0, at=0).quote(2.40, 2.50, at=0)
    for trade in range(60):
        tape.trade(2.50, 20, at=1 + 2 * trade)
    slot = open_symbol_day(in_memory(tape.spot(685.0, at=300).events), PlayerParams())

    def at(second):
        slot.timeline.seek(int(tape.events["ts"][0]) + round(second * NS))
        return answer(slot, AnswerContext(ExposureChoice(), None), FlowQuery())

    return at


def test_lines_are_the_channels_every_five_seconds_so_far(lines) -> None:
    flow = lines(23.0)
    assert flow.lines.shape == (len(CHANNELS), len(flow.times_ns))
    assert (np.diff(flow.times_ns) == 5 * NS).all()
    per_trade = 20 * 100 * 2.5
    assert flow.lines[CALLS, -5:].tolist() == [per_trade * n for n in (0, 3, 5, 8, 10)]
    assert flow.spot[-5:].tolist() == [6_850_000] * 5
    assert flow.spot[0] == MISSING


def test_velocity_is_the_change_over_the_last_seconds(lines) -> None:
    velocity = lines(100.0).velocity[CALLS]
    per_trade = 20 * 100 * 2.5
    assert velocity.tolist() == [per_trade * 2 / 5, per_trade * 15 / 30, per_trade * 30 / 60]
    assert lines(300.0).velocity[CALLS].tolist() == [0.0] * len(VELOCITY_S)


def test_velocity_of_a_tape_that_is_younger_is_unknown(tape, in_memory) -> None:
    at = -30 * 60
    tape.spot(685.0, at=at).quote(2.40, 2.50, at=at).trade(2.50, at=at + 1).spot(685.0, at=at + 32)
    slot = open_symbol_day(in_memory(tape.events), PlayerParams())
    found = []
    for second in (4, 9, 31):
        slot.timeline.seek(slot.timeline.start_ns + second * NS)
        flow = answer(slot, AnswerContext(ExposureChoice(), None), FlowQuery())
        found.append(np.isnan(flow.velocity[CALLS]).tolist())
    assert found == [[True] * 3, [False, True, True], [False, False, True]]


def test_the_five_minute_change_of_the_bought_delta_counts_from_the_nearest_full_minute(
    tape, in_memory
) -> None:
    tape.spot(685.0, at=0).quote(2.40, 2.50, at=0)
    tape.trade(2.50, 20, at=1)
    tape.quote(2.40, 2.50, at=201).trade(2.50, 20, at=202).spot(685.0, at=700)
    slot = open_symbol_day(in_memory(tape.events), PlayerParams(start_ns=int(tape.events["ts"][0])))
    found = {}
    for second in (303, 502, 545, 600):
        slot.timeline.seek(int(tape.events["ts"][0]) + second * NS)
        flow = slot.projector.project(PlaybackState.of(slot.timeline.tape.info)).flow
        found[second] = flow.net_delta_5m
    assert found[303] == pytest.approx(flow.net_delta)
    assert found[502] == pytest.approx(flow.net_delta / 2, rel=0.05)
    assert found[545] == found[600] == pytest.approx(0.0, abs=0.5)


def test_it_is_of_the_expirations_that_the_total_sums() -> None:
    day = open_symbol_day(
        SimulatedSource(date(2025, 12, 16)).open("DIA"), PlayerParams(expiry=date(2025, 12, 19))
    )
    state = day.timeline
    state.seek(state.start_ns + 20 * 60 * NS)
    flow = day.projector.project(PlaybackState.of(state.tape.info)).flow
    watched = np.array([False, *(each.expiry in flow.expiries for each in state.contracts)])
    now = state.state.cells["delta_flow"][watched].sum()
    state.seek(state.start_ns + 15 * 60 * NS)
    then = state.state.cells["delta_flow"][watched].sum()
    assert flow.net_delta == pytest.approx(now)
    assert flow.net_delta_5m == pytest.approx(now - then, abs=1.0)
    assert not watched[1:].all()
    state.seek(state.start_ns + 4 * 60 * NS)
    assert day.projector.project(PlaybackState.of(state.tape.info)).flow.net_delta_5m is None


def test_rewound_lines_forget_what_is_to_come(lines) -> None:
    later, earlier = lines(200.0), lines(50.0)
    assert len(later.times_ns) - len(earlier.times_ns) == 30
    assert earlier.lines.tolist() == later.lines[:, :-30].tolist()
