"""The look at the book of gamma: when it happens, and when nothing is told of what it sees."""

from __future__ import annotations

import pytest

from engine.feeds.simulated import SimulatedSource
from engine.fold.params import FoldParams, SignalParams
from engine.fold.rules.catalogue import RULE_NAMES
from engine.model.events import NS
from engine.tape.timeline import Timeline
from tests.fakes.gamma_tape import (
    ASSUMED,
    BLENDED,
    DAY,
    FLOW,
    LEVELS,
    SETTLES,
    chain,
    found,
    quoted,
    walk,
)


@pytest.fixture
def crossing(tape):
    """The spot falls through the zero and comes back."""
    return walk(chain(tape, 688.0), 688.0, 688.0, 682.0, 682.0, 688.0, 688.0, seconds=30)


def test_without_open_interest_there_is_no_assumed_book(tape, eager_params) -> None:
    walk(quoted(tape, 688.0), 688.0, 688.0, 682.0, 682.0, seconds=80)
    folded = tape.fold(eager_params())
    assert found(folded) == []
    assert (folded.under["net_sign"], folded.under["regime"]) == (0, 0)


def test_a_look_sees_what_stood_before_its_event(tape, eager_params) -> None:
    """The very tick that crosses is seen at the next look, five seconds later."""
    chain(tape, 688.0)
    walk(tape, 688.0, 688.0, seconds=14)
    tape.spot(682.0, at=15.0)
    assert found(tape.fold(eager_params())) == []
    tape.spot(682.01, at=19.9)
    assert found(tape.fold(eager_params())) == []
    tape.spot(682.0, at=20.0)
    assert found(tape.fold(eager_params())) == [("zero_gamma_cross", -1)]


def test_nothing_is_told_while_the_tape_is_young(crossing, eager_params) -> None:
    assert found(crossing.fold(eager_params(changes={"mute_s": 600.0}))) == []


def test_nothing_is_told_across_a_gap(tape, eager_params) -> None:
    """The feed was silent while the spot fell through the zero: nobody knows when, and quotes are old."""
    chain(tape, 688.0)
    walk(tape, 688.0, 688.0, seconds=20)
    tape.gap(10.0, at=tape.at + 10)
    walk(tape, 682.0, 682.0, seconds=50)
    assert found(tape.fold(eager_params())) == []


def test_time_alone_changes_nothing_on_a_frozen_chain(tape, eager_params) -> None:
    """The same quotes and the same spot for an hour: gamma fades strike by strike, and nothing is told."""
    chain(tape, 684.6)
    walk(tape, 684.6, 684.6, seconds=100)
    for minute in range(120):
        tape.at = 110 + 30.0 * minute
        quoted(tape, 684.6, at=tape.at, settles=SETTLES + 10 * 3600 * NS)
    folded = tape.fold(eager_params(changes={"regime_change.share": 0.001, "zero_gamma_cross.share": 0.001}))
    assert found(folded) == []
    assert folded.under["net_sign"] == 0


@pytest.mark.parametrize("cut", [1, 5, 13, 27])
def test_no_cut_between_two_looks_changes_a_bit(crossing, fold_events, eager_params, bits_of, cut) -> None:
    params = eager_params()
    whole = crossing.fold(params)
    parts = fold_events(crossing.events, params, range(cut, len(crossing.events), cut))
    assert len(whole.signals) >= 2
    for one, other in ((whole.signals, parts.signals), (whole.state.under, parts.state.under)):
        assert bits_of(one) == bits_of(other)


@pytest.mark.parametrize(("convention", "an_hour"), [(ASSUMED, 2), (FLOW, 3), (BLENDED, 2)])
def test_a_day_with_nothing_planted_is_quiet(convention, an_hour) -> None:
    """The book of this day's flow lies about zero, and strikes quoted at a tick come and go in it."""
    tape = SimulatedSource(DAY, planted=False).open("IWM")
    timeline = Timeline(tape, FoldParams(signals=SignalParams(levels_convention=convention)))
    while not timeline.scout(1 << 20):
        pass
    told = [s for s in timeline.signals if RULE_NAMES[s["rule"]] in LEVELS]
    hours = (timeline.end_ns - timeline.start_ns) / 3600 / NS
    assert len(told) <= an_hour * hours
