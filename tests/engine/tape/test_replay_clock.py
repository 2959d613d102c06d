from __future__ import annotations

from itertools import pairwise
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.errors import UsageError
from engine.tape.replay_clock import FAR_FUTURE_NS, SPEEDS, TapeClock, faster, slower

SECOND = 1_000_000_000
OPEN_NS = 1_765_895_400 * SECOND

speeds = st.sampled_from(SPEEDS[:-1])
waits = st.integers(0, 10**15)


def clock(speed: float = 1.0, tape_ns: int = OPEN_NS, wall_ns: int = 0, paused: bool = False) -> TapeClock:
    return TapeClock(tape_ns, wall_ns, speed, paused)


class TestPlaying:
    @pytest.mark.parametrize("speed", SPEEDS[:-1])
    def test_tape_advances_speed_times_the_wall(self, speed: float) -> None:
        assert clock(speed).now(4 * SECOND) == OPEN_NS + int(4 * speed) * SECOND

    def test_tape_is_exact_a_year_later(self) -> None:
        year_ns = 365 * 86_400 * SECOND + 1
        assert clock(60).now(year_ns) == OPEN_NS + 60 * year_ns

    def test_a_wall_that_goes_back_does_not_rewind_the_tape(self) -> None:
        assert clock(wall_ns=5 * SECOND).now(SECOND) == OPEN_NS
        paused = clock(wall_ns=5 * SECOND).paused_at(SECOND)
        assert paused.resumed_at(6 * SECOND).now(7 * SECOND) == OPEN_NS + SECOND

    def test_a_wall_that_goes_back_is_not_played_again(self) -> None:
        assert clock(wall_ns=5 * SECOND).with_speed(2, SECOND).now(5 * SECOND) == OPEN_NS

    def test_maximum_speed_is_later_than_any_tape(self) -> None:
        assert clock(inf).now(0) == FAR_FUTURE_NS > OPEN_NS + 10**18
        assert FAR_FUTURE_NS + 86_400 * SECOND < 2**63

    @pytest.mark.parametrize("speed", [0, -1, nan, -inf])
    def test_a_speed_that_cannot_be_is_refused(self, speed: float) -> None:
        with pytest.raises(UsageError, match=f"a speed of {speed:g} is not possible"):
            clock(speed)
        with pytest.raises(UsageError, match="is not possible"):
            clock().with_speed(speed, 0)


class TestPausing:
    def test_a_paused_tape_stands_still_and_keeps_its_speed(self) -> None:
        paused = clock(10).paused_at(SECOND)
        assert paused.now(SECOND) == paused.now(1000 * SECOND) == OPEN_NS + 10 * SECOND
        assert (paused.paused, paused.speed) == (True, 10)

    def test_it_goes_on_from_where_it_stood(self) -> None:
        resumed = clock(10).paused_at(SECOND).resumed_at(100 * SECOND)
        assert resumed.now(101 * SECOND) == OPEN_NS + 20 * SECOND

    def test_pausing_twice_or_resuming_twice_changes_nothing(self) -> None:
        paused = clock(2).paused_at(SECOND)
        assert paused.paused_at(9 * SECOND).now(9 * SECOND) == paused.now(SECOND)
        playing = clock(2)
        assert playing.resumed_at(9 * SECOND).now(10 * SECOND) == playing.now(10 * SECOND)

    @given(speeds, st.lists(st.tuples(waits, waits), min_size=1, max_size=60))
    def test_any_number_of_pauses_plays_exactly_the_time_between_them(
        self, speed: float, rounds: list[tuple[int, int]]
    ) -> None:
        moving, wall_ns = clock(speed), 0
        for played, rested in rounds:
            moving = moving.paused_at(wall_ns + played).resumed_at(wall_ns + played + rested)
            wall_ns += played + rested
        in_one_go = clock(speed).now(sum(played for played, _ in rounds))
        assert moving.now(wall_ns) == in_one_go

    def test_a_thousand_pauses_within_a_tape_nanosecond_lose_nothing(self) -> None:
        moving = clock(0.25)
        for wall_ns in range(1, 1001):
            moving = moving.paused_at(wall_ns).resumed_at(wall_ns)
        assert moving.now(1000) == OPEN_NS + 250

    @given(st.floats(1e-6, 1e6), st.lists(waits, min_size=1, max_size=20))
    def test_odd_speeds_do_not_drift_either(self, speed: float, pauses: list[int]) -> None:
        moving = clock(speed)
        for wall_ns in sorted(pauses):
            moving = moving.paused_at(wall_ns).resumed_at(wall_ns)
        assert moving.now(max(pauses)) == clock(speed).now(max(pauses))


class TestChanging:
    def test_a_new_speed_starts_where_the_old_one_was(self) -> None:
        changed = clock(10).with_speed(2, 5 * SECOND)
        assert changed.now(5 * SECOND) == OPEN_NS + 50 * SECOND
        assert changed.now(6 * SECOND) == OPEN_NS + 52 * SECOND

    def test_a_part_of_a_nanosecond_is_not_handed_to_another_speed(self) -> None:
        assert clock(0.25).with_speed(1, 3).now(3) == OPEN_NS

    def test_speed_may_change_while_paused(self) -> None:
        changed = clock(10).paused_at(SECOND).with_speed(2, 50 * SECOND)
        assert changed.now(60 * SECOND) == OPEN_NS + 10 * SECOND
        assert changed.resumed_at(60 * SECOND).now(61 * SECOND) == OPEN_NS + 12 * SECOND

    def test_seeking_lands_exactly_and_keeps_speed_and_pause(self) -> None:
        for before in (clock(10), clock(10, paused=True), clock(inf)):
            after = before.sought(OPEN_NS + 7, 3 * SECOND)
            assert (after.tape_ns, after.speed, after.paused) == (OPEN_NS + 7, before.speed, before.paused)
        assert clock(10).sought(OPEN_NS + 7, 3 * SECOND).now(4 * SECOND) == OPEN_NS + 7 + 10 * SECOND

    def test_leaving_maximum_speed_starts_at_the_place_last_sought(self) -> None:
        at_max = clock(1).with_speed(inf, SECOND)
        reached = at_max.sought(OPEN_NS + 900 * SECOND, 2 * SECOND)
        assert reached.paused_at(3 * SECOND).now(9 * SECOND) == OPEN_NS + 900 * SECOND
        assert reached.with_speed(1, 3 * SECOND).now(4 * SECOND) == OPEN_NS + 901 * SECOND

    def test_a_change_to_maximum_keeps_the_place(self) -> None:
        at_max = clock(1).with_speed(inf, SECOND)
        assert at_max.paused_at(5 * SECOND).now(9 * SECOND) == OPEN_NS + SECOND

    def test_clocks_are_values(self) -> None:
        before = clock(10)
        before.paused_at(SECOND)
        assert before == clock(10)

    @given(speeds, st.lists(st.tuples(waits, speeds), max_size=20))
    def test_the_tape_never_goes_back_without_a_seek(
        self, speed: float, changes: list[tuple[int, float]]
    ) -> None:
        moving, wall_ns, seen = clock(speed), 0, [OPEN_NS]
        for wait, new_speed in changes:
            wall_ns += wait
            seen.append(moving.now(wall_ns))
            moving = moving.with_speed(new_speed, wall_ns)
            seen.append(moving.now(wall_ns))
        assert all(before <= after for before, after in pairwise(seen))


class TestSpeedSteps:
    def test_the_steps_go_up_to_maximum_and_down_again(self) -> None:
        up = [SPEEDS[0]]
        while faster(up[-1]) != up[-1]:
            up.append(faster(up[-1]))
        down = [inf]
        while slower(down[-1]) != down[-1]:
            down.append(slower(down[-1]))
        assert tuple(up) == tuple(reversed(down)) == SPEEDS

    def test_a_speed_between_the_steps_goes_to_its_neighbours(self) -> None:
        assert (faster(7), slower(7)) == (10, 5)
        assert (faster(1000), slower(1000)) == (inf, 60)

    def test_a_speed_below_all_steps_does_not_get_faster_by_slowing(self) -> None:
        assert slower(0.1) == 0.1
        assert faster(0.1) == 0.25
