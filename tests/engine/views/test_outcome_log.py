"""What a view says of outcomes: in dollars' units, never before their time, the same ever after."""

from __future__ import annotations

import numpy as np
import pytest

from engine.fold.outcomes import HORIZONS_S
from engine.fold.records import SIGNAL
from engine.model.events import GAP, NS, UNDERLYING
from engine.tape.outcomes import OutcomeTracker
from engine.tape.timeline import Timeline
from engine.views.outcome_log import TimelineOutcomes
from engine.views.view import Outcome

CALL = 1


@pytest.fixture
def log(fresh_state):
    """Follow one signal at the first moment of a written tape, and look so many seconds later."""

    def look(tape, at_s: float, cid: int = CALL, direction: int = 1) -> tuple[Outcome, ...]:
        signal = np.zeros(1, SIGNAL)
        signal["ts"], signal["cid"], signal["direction"] = tape.events["ts"][0], cid, direction
        follower = OutcomeTracker(fresh_state().static, 0, 0)
        follower.feed(tape.events, list(signal))
        return TimelineOutcomes(follower, int(tape.events["ts"][0] + at_s * NS), {}, [0]).of(0)

    return look


def rising(tape):
    tape.spot(685.0, at=0.0).quote(0.95, 1.05, at=0.0).quote(1.15, 1.25, at=30.0).spot(685.5, at=40.0)
    return tape.quote(1.05, 1.15, at=200.0).quote(at=2000.0)


def test_an_outcome_is_told_when_its_time_has_come(tape, log) -> None:
    rising(tape)
    assert log(tape, 59.9) == ()
    assert [each.horizon_s for each in log(tape, 60.0)] == [60]
    assert [each.horizon_s for each in log(tape, 899.9)] == [60, 300]
    assert [each.horizon_s for each in log(tape, 900.0)] == list(HORIZONS_S)


def test_moves_are_in_price_units(tape, log) -> None:
    one, five, _ = log(rising(tape), 1000.0)
    assert one == Outcome(60, 5_000, 2_000, 2_000, 0, touched=True, hit=True)
    assert five == Outcome(300, 5_000, 1_000, 2_000, 0, touched=True, hit=True)


def test_a_signal_about_the_underlying_moves_no_contract(tape, log) -> None:
    one, *_ = log(rising(tape), 60.0, UNDERLYING, -1)
    assert one == Outcome(60, 5_000, None, 0, -5_000, touched=False, hit=False)


def test_a_neutral_signal_is_no_hit(tape, log) -> None:
    one, *_ = log(rising(tape), 60.0, CALL, 0)
    assert (one.hit, one.touched) == (None, True)


def test_what_a_silence_cut_is_told_as_unknown(tape, log) -> None:
    tape.quote(at=0.0).gap(5.0, at=30.0).quote(at=31.0).quote(at=100.0)
    assert log(tape, 59.0) == ()
    assert log(tape, 60.0) == (Outcome(60, None, None, None, None, None, None),)


def test_every_view_of_a_tape_tells_the_same(mixed_events, in_memory, touchy_params) -> None:
    events = mixed_events(3, 3000)
    timeline = Timeline(in_memory(events[events["kind"] != GAP]), touchy_params("default"))
    timeline.seek(timeline.end_ns)
    told: dict[tuple[int, int], Outcome] = {}
    late = TimelineOutcomes(timeline.outcomes, timeline.at_ns, told, timeline.log.head_at)
    final = [late.of(i) for i in range(len(timeline.signals))]
    assert sum(len(each) for each in final) > 50
    for moment in np.linspace(timeline.start_ns, timeline.end_ns, 7).astype(int).tolist():
        for known in (told, {}):
            view = TimelineOutcomes(timeline.outcomes, moment, known, timeline.log.head_at)
            for i, signal in enumerate(timeline.signals):
                over = sum(int(signal["ts"]) + seconds * NS <= moment for seconds in HORIZONS_S)
                assert view.of(i) == view.of_firing(timeline.log.head_at[i]) == final[i][:over]


def test_a_signal_nobody_follows_yet_has_no_outcome(fresh_state) -> None:
    assert TimelineOutcomes(OutcomeTracker(fresh_state().static, 0, 0), 10**18, {}, [0]).of(0) == ()
