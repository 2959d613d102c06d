"""Sums of contracts by row and by right, and where the largest stands."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.analytics.sums import NOTHING, by_row, peak, sums

NAN = math.nan


def test_contracts_on_no_row_are_left_out_and_a_row_of_unknowns_is_nan() -> None:
    values, sign = np.array([5.0, math.nan, 7.0, -2.0]), np.array([1.0, 1.0, 1.0, -1.0])
    columns = by_row(values, sign, np.array([0, 1, -1, 0]), 3)
    np.testing.assert_array_equal(columns.call, [5, math.nan, 0])
    np.testing.assert_array_equal(columns.put, [-2, 0, 0])
    np.testing.assert_array_equal(columns.net, [3, math.nan, 0])
    np.testing.assert_array_equal(columns.gross, [7, math.nan, 0])


def test_a_right_nobody_has_sums_to_nothing_and_unknowns_are_left_out() -> None:
    found = sums(np.array([5.0, NAN, -2.0]), np.array([1.0, -1.0, 1.0]))
    assert (found.call, found.put, found.net, found.gross) == (3.0, 0.0, 3.0, 7.0)


@pytest.mark.parametrize("values", [[], [NAN, NAN]])
def test_of_what_is_not_known_there_is_no_sum(values: list[float]) -> None:
    assert sums(np.array(values), np.ones(len(values))) is NOTHING


@pytest.mark.parametrize(
    ("values", "spot", "at"),
    [
        ([1.0, 3.0, 2.0], 600.0, 600.0),
        ([3.0, 3.0, NAN], 599.0, 600.0),
        ([3.0, 0.0, 3.0], 600.0, 590.0),
        ([3.0 + 1e-13, 0.0, 3.0], 606.0, 610.0),
        ([-1.0, 0.0, NAN], 600.0, None),
        ([NAN, NAN, NAN], 600.0, None),
    ],
)
def test_the_peak_is_the_largest_above_nothing_and_of_equals_the_nearest_then_the_lower(
    values: list[float], spot: float, at: float | None
) -> None:
    assert peak(np.array([590.0, 600.0, 610.0]), np.array(values), spot) == at
