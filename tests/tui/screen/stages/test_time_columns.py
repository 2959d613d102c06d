from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.screen.stages.time_columns import STEPS, axis_text, columns, known_until

MINUTE_NS = 60_000_000_000
OPEN_NS = 1_765_895_400 * 1_000_000_000  # 09:30 exchange time


def minutes(count: int, every: int = 1) -> np.ndarray:
    return OPEN_NS + np.arange(1, count + 1) * every * MINUTE_NS


@given(samples=st.integers(0, 390), width=st.integers(10, 200))
def test_columns_fit_and_the_last_one_shows_the_newest_sample(samples: int, width: int) -> None:
    fitted = columns(samples, width)
    assert len(fitted.last) * fitted.cells <= width
    assert fitted.step in STEPS
    assert list(np.diff(fitted.last)) == sorted(np.diff(fitted.last), reverse=True)
    if samples:
        assert fitted.last[-1] == samples - 1


@given(samples=st.integers(1, 389), width=st.integers(10, 200))
def test_one_more_sample_moves_no_old_column_while_the_step_stays(samples: int, width: int) -> None:
    before, after = columns(samples, width), columns(samples + 1, width)
    if before.step == after.step:
        assert list(before.last[:-1]) == list(after.last[: len(before.last) - 1])


def test_a_column_shows_the_last_of_its_samples() -> None:
    assert list(columns(10, 4).last) == [2, 5, 8, 9]
    assert columns(10, 4).step == 3


def test_few_samples_get_wide_columns() -> None:
    assert [columns(n, 80).cells for n in (10, 20, 30, 41, 80)] == [4, 4, 2, 1, 1]


def test_the_axis_is_labelled_at_round_times() -> None:
    assert axis_text(minutes(60), 1, 60).split() == ["╵09:40", "╵09:50", "╵10:00", "╵10:10", "╵10:20"]
    assert axis_text(minutes(60), 1, 60).index("╵10:00") == 29


def test_the_axis_of_wider_columns_has_more_labels() -> None:
    assert len(axis_text(minutes(20), 4, 80).split()) > len(axis_text(minutes(20), 1, 80).split())


@pytest.mark.parametrize("times", [minutes(0), minutes(1)])
def test_an_axis_of_hardly_any_time_is_drawn(times: np.ndarray) -> None:
    assert len(axis_text(times, 1, 30)) == 30


def test_samples_are_known_up_to_a_time() -> None:
    times = minutes(5)
    assert known_until(times, None) == 5
    assert known_until(times, int(times[2])) == 3
    assert known_until(times, int(times[0]) - 1) == 0
