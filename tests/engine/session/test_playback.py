"""Where a screen stands and where it goes, without a player; what commands come to is tested with one."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from engine.model.errors import UsageError
from engine.model.events import NS
from engine.session.playback import Playhead
from engine.session.symbol_day import PlayerParams, SymbolDay, open_symbol_day
from engine.tape.live_tape import LiveTape

EVENTS, CHUNK = 1500, 250


@pytest.fixture(scope="module")
def events(mixed_events):
    made = mixed_events(8, EVENTS)
    return made[(made["cid"] >= 0) & (made["cid"] <= 6)]


@pytest.fixture
def day(events, in_memory, touchy_params) -> SymbolDay:
    """A day that is over."""
    tape = in_memory(events, range(CHUNK, len(events), CHUNK))
    return open_symbol_day(tape, PlayerParams(fold=touchy_params("default")))


@pytest.fixture
def live(events, day) -> SymbolDay:
    """Two thirds of a day that goes on, followed to its front."""
    tape = LiveTape(day.timeline.tape.info)
    for contract in day.timeline.contracts:
        tape.listed.add(contract)
    tape.append(events[:1000], 0)
    symbol_day = open_symbol_day(tape, day.params)
    while symbol_day.behind:
        symbol_day.fold_news(EVENTS)
    return symbol_day


def arrive(head: Playhead, wall_ns: int = 0) -> str:
    """Travel until it is there; return the last thing said."""
    said = ""
    while head.on_the_way:
        said = head.travel(wall_ns) or said
    return said


def middle(symbol_day: SymbolDay) -> int:
    first = int(symbol_day.timeline.tape.starts[0])
    return (first + symbol_day.timeline.end_ns) // 2


def test_it_says_where_it_is_going_until_it_is_there(day) -> None:
    head = Playhead(day, 1.0, 0)
    head.go(middle(day))
    assert head.under_way.startswith("Going to ")
    assert head.target_ns == head.return_ns == middle(day) > day.timeline.at_ns
    assert arrive(head) == head.under_way == ""
    assert (head.target_ns, head.jumps) == (day.timeline.at_ns, 1)
    assert head.clock.now(0) == middle(day)


def test_it_goes_from_the_first_signal_to_the_last_and_says_when_there_is_no_other(day) -> None:
    head, seen = Playhead(day, 1.0, 0), []
    while True:
        head.search(1)
        if said := arrive(head):
            break
        seen.append(head.target_ns)
    assert said == "There is no later signal."
    assert seen == sorted({int(each["ts"]) for each in day.timeline.signals})
    assert len(seen) > 2
    head.search(-1)
    arrive(head)
    assert head.target_ns == seen[-2]


def test_at_the_unlimited_speed_a_pause_is_where_the_fold_has_got(day) -> None:
    head = Playhead(day, inf, 0)
    played = sum(len(piece) for piece, _ in head.play(0))
    assert played > 1000
    head.pause(True, 5)
    assert head.paused
    assert head.clock.now(10 * NS) == day.timeline.at_ns


def test_the_front_of_a_live_day_has_no_moment_to_come_back_to_no_pause_and_its_own_speed(live) -> None:
    head = Playhead(live, 25.0, 0)
    assert (head.at_front, head.return_ns, head.paused, head.speed) == (True, None, False, 1.0)
    with pytest.raises(UsageError, match="its own speed"):
        head.change_speed(2.0, 0)


def test_a_pause_leaves_the_front_and_whatever_is_later_than_now_comes_back(live) -> None:
    head = Playhead(live, 1.0, 0)
    head.pause(True, 7)
    assert (head.at_front, head.paused, head.away_since_ns) == (False, True, 7)
    assert head.return_ns == live.timeline.at_ns
    head.go(live.timeline.end_ns)
    assert (head.at_front, head.away_since_ns, head.jumps) == (True, None, 2)


def test_behind_the_front_it_plays_without_news_until_it_has_caught_up(live) -> None:
    head = Playhead(live, 1.0, 0)
    head.go(middle(live))
    arrive(head)
    assert head.paused
    head.pause(False, 0)
    assert list(head.play(NS)) == []
    assert live.timeline.at_ns == middle(live) + NS
    assert not head.at_front
    assert list(head.play(live.timeline.end_ns)) == []
    assert head.at_front


def test_another_day_is_shown_at_a_moment_and_the_one_that_was_left_stands_at_its_front(day, live) -> None:
    head = Playhead(live, 1.0, 0)
    head.go(middle(live))
    arrive(head, 7)
    head.show(day, middle(day), 8)
    arrive(head, 8)
    head.show(live, middle(live), 9)
    arrive(head, 9)
    assert head.away_since_ns == 7
    head.show(day, middle(day), 10)
    arrive(head, 10)
    assert (head.symbol_day, head.target_ns, live.parted) == (day, middle(day), False)
    head.show(live, None, 0)
    assert head.at_front


def test_the_pace_is_counted_anew_after_a_jump(day) -> None:
    head = Playhead(day, 60.0, 0)
    head.go(middle(day))
    arrive(head)
    assert head.events_per_s(NS) == 0
    played = sum(len(piece) for piece, _ in head.play(2 * NS))
    assert played > 0
    assert head.events_per_s(2 * NS) == pytest.approx(played)
    assert np.isfinite(head.events_per_s(3 * NS))
