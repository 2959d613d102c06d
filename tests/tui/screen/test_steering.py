"""From a key to a command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.calendar import clock_text, parse_time
from engine.model.errors import UsageError
from engine.model.events import NS
from engine.tape.replay_clock import SPEEDS
from engine.views.commands import Seek, Skip
from engine.views.view import View
from tui.screen import steering

MakeView = Callable[..., View]


@pytest.mark.parametrize(
    ("seconds", "speed", "ns"),
    [(5, 10, 50 * NS), (-5, 1, -5 * NS), (5, 0.25, 1_250_000_000), (-60, 2, -120 * NS), (5, inf, 300 * NS)],
)
def test_a_skip_covers_its_seconds_at_the_speed(seconds: float, speed: float, ns: int) -> None:
    assert steering.skip(seconds, speed) == Skip(ns)


@given(seconds=st.sampled_from([5, -5, 60, -60]), speed=st.sampled_from(SPEEDS))
def test_a_skip_is_at_least_a_second_and_goes_the_way_it_was_asked(seconds: int, speed: float) -> None:
    ns = steering.skip(seconds, speed).ns
    assert abs(ns) >= NS
    assert (ns > 0) == (seconds > 0)


def test_a_floor_of_one_second_holds_at_low_speeds() -> None:
    assert steering.skip(-1, 0.25) == Skip(-NS)


@pytest.mark.parametrize(
    ("by", "current", "speed"),
    [(1, 10, 25), (-1, 10, 5), (0, 25, 1), (1, inf, inf), (-1, 0.25, 0.25), (1, 60, inf)],
)
def test_speeds_go_up_and_down_their_steps_and_stop(by: int, current: float, speed: float) -> None:
    assert steering.speed(by, current).speed == speed


@pytest.mark.parametrize(("speed", "text"), [(0.25, "×0.25"), (10.0, "×10"), (inf, "max")])
def test_speeds_are_written_without_needless_decimals(speed: float, text: str) -> None:
    assert steering.speed_text(speed) == text


def test_home_and_end_are_the_bounds_of_the_replay(make_view: MakeView) -> None:
    view = make_view()
    assert steering.end(-1, view) == Seek(view.start_ns)
    assert steering.end(1, view) == Seek(view.end_ns)


def test_a_typed_time_is_exchange_time_of_the_shown_day(make_view: MakeView) -> None:
    view = make_view()
    assert clock_text(steering.goto("10:31", view).ts_ns) == "10:31:00"
    assert steering.goto("+5m", view) == Seek(view.tape_ns + 300 * NS)
    assert steering.goto("open+15m", view) == Seek(parse_time("09:45", view.day))
    with pytest.raises(UsageError):
        steering.goto("noon", view)


def test_a_signal_is_visited_two_seconds_before_it_but_never_before_the_start(make_view: MakeView) -> None:
    view = make_view()
    row = view.signals[-1]
    assert steering.before(row, view) == Seek(row.ts_ns - 2 * NS)
    early = replace(row, ts_ns=view.start_ns + NS)
    assert steering.before(early, view) == Seek(view.start_ns)


def test_neighbours_go_round_and_one_alone_has_none() -> None:
    days = (date(2025, 12, 16), date(2025, 12, 17), date(2025, 12, 18))
    assert steering.neighbour(days, days[2], 1) == days[0]
    assert steering.neighbour(days, days[0], -1) == days[2]
    assert steering.neighbour(days[:1], days[0], 1) is None


def test_from_something_that_is_no_choice_one_gets_to_the_first_or_the_last() -> None:
    assert steering.neighbour("abc", "x", 1) == "a"
    assert steering.neighbour("abc", "x", -1) == "c"
