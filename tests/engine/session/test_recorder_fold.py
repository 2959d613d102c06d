"""A live tape folded as it grows: the same fold, and a snapshot whenever one is due."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from engine.analytics.key_levels import Levels
from engine.analytics.terms import Terms
from engine.feeds.simulated import SimTape, SimulatedSource
from engine.fold.params import FoldParams
from engine.model.calendar import parse_time
from engine.model.events import NS, SPOT, Events, empty_events
from engine.session.recorder_fold import RecorderFold
from engine.tape.live_tape import LiveTape
from engine.tape.timeline import NO_CHECKPOINTS, Timeline
from engine.views.levels import levels_of

DAY = date(2025, 12, 16)


@pytest.fixture(scope="module")
def day() -> SimTape:
    return SimulatedSource(DAY).open("DIA")


def until(day: SimTape, clock: str) -> Events:
    """Return the day's events up to an exchange time."""
    end_ns = parse_time(clock, DAY)
    events = np.concatenate([day.read(chunk) for chunk in range(60)])
    return events[events["ts"] <= end_ns]


def live(day: SimTape, listed: int | None = None) -> LiveTape:
    """Return an open tape that lists that many of the day's contracts."""
    tape = LiveTape(day.info)
    for contract in list(day.contracts)[:listed]:
        tape.listed.add(contract)
    return tape


def give(tape: LiveTape, fold: RecorderFold, events: Events, step: int) -> None:
    for start in range(0, len(events), step):
        tape.append(events[start : start + step], int(events["ts"][start]))
        fold.fold_arrivals()


@pytest.mark.parametrize("step", [777, 100_000])
def test_it_folds_to_the_hash_and_measures_what_a_replay_measures(day: SimTape, step: int) -> None:
    taken: list[Levels] = []
    tape = live(day)
    fold = RecorderFold(tape, taken.append, Terms(rate=0.04))
    give(tape, fold, until(day, "09:52"), step)
    at = [parse_time(clock, DAY) for clock in ("09:35", "09:40", "09:45", "09:50")]
    assert [each.terms.at_ns for each in taken] == at
    assert (fold.snapshots, fold.note) == (4, "")
    timeline = Timeline(day, FoldParams(), NO_CHECKPOINTS)
    for found, at_ns in zip(taken, at, strict=True):
        for _ in timeline.advance(at_ns):
            pass
        same = levels_of(timeline.state, day, Terms(rate=0.04), at_ns)
        assert found.terms == same.terms
        assert np.array_equal(found.dealers.shares, same.dealers.shares, equal_nan=True)
    for _ in timeline.advance(parse_time("09:52", DAY)):
        pass
    assert fold.digest() == timeline.state.digest()


def test_a_longer_table_is_folded_from_the_start_and_nothing_is_measured_twice(day: SimTape) -> None:
    taken: list[Levels] = []
    events = until(day, "09:41")
    early = parse_time("09:36", DAY)
    known = int(events["cid"][events["ts"] <= early].max())
    tape = live(day, known)
    fold = RecorderFold(tape, taken.append, Terms())
    give(tape, fold, events[events["ts"] <= early], 5000)
    for contract in list(day.contracts)[known:]:
        tape.listed.add(contract)
    give(tape, fold, events[events["ts"] > early], 5000)
    assert [each.terms.at_ns for each in taken] == [parse_time(t, DAY) for t in ("09:35", "09:40")]
    whole = live(day)
    other = RecorderFold(whole, lambda found: None, Terms())
    give(whole, other, events, 5000)
    assert fold.digest() == other.digest()
    assert fold.events == len(events)


def test_what_was_recorded_before_has_had_its_snapshots(day: SimTape) -> None:
    taken: list[Levels] = []
    events = until(day, "09:47")
    early = parse_time("09:41", DAY)
    tape = live(day)
    tape.append(events[events["ts"] <= early])
    tape.take()
    fold = RecorderFold(tape, taken.append, Terms())
    give(tape, fold, events[events["ts"] > early], 5000)
    assert [each.terms.at_ns for each in taken] == [parse_time("09:45", DAY)]


def test_after_a_silence_there_is_nothing_new_to_measure(day: SimTape) -> None:
    taken: list[Levels] = []
    events = until(day, "09:58")
    heard = (events["ts"] <= parse_time("09:41", DAY)) | (events["ts"] > parse_time("09:56", DAY))
    tape = live(day)
    fold = RecorderFold(tape, taken.append, Terms())
    give(tape, fold, events[heard], 5000)
    assert [each.terms.at_ns for each in taken] == [parse_time(t, DAY) for t in ("09:35", "09:40", "09:45")]


def test_the_close_is_measured_although_nothing_comes_after_it(day: SimTape) -> None:
    taken: list[Levels] = []
    tape = live(day)
    fold = RecorderFold(tape, taken.append, Terms())
    whole = np.concatenate([day.read(chunk) for chunk in range(len(day.starts))])
    close_ns = parse_time("16:15", DAY)
    give(tape, fold, whole[whole["ts"] <= close_ns], 1 << 20)
    assert taken[-1].terms.at_ns == parse_time("16:10", DAY)
    tape.close()
    fold.fold_arrivals()
    fold.fold_arrivals()
    assert taken[-1].terms.at_ns == close_ns
    assert len(taken) == 81


def test_a_snapshot_that_cannot_be_had_says_why_until_one_can(day: SimTape) -> None:
    taken: list[Levels] = []
    tape = live(day)
    fold = RecorderFold(tape, taken.append, Terms())
    lone = empty_events(2)
    lone["kind"], lone["p1"] = SPOT, 4_850_000
    lone["ts"] = parse_time("09:34", DAY), parse_time("09:35", DAY) + NS
    give(tape, fold, lone, 2)
    assert taken == []
    assert fold.note == (
        "No contract of DIA has open interest, so there is no exposure to sum; "
        "--basis volume weighs what was traded."
    )
    give(tape, fold, until(day, "09:41"), 5000)
    assert ([each.terms.at_ns for each in taken], fold.note) == ([parse_time("09:40", DAY)], "")
