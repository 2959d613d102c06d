from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.events import MISSING
from tui.screen import format as fmt


@pytest.mark.parametrize(
    ("units", "decimals", "text"),
    [
        (23_400, 2, "2.34"),
        (23_450, 2, "2.35"),
        (23_449, 2, "2.34"),
        (0, 2, "0.00"),
        (23_225, 3, "2.323"),
        (MISSING, 2, "—"),
    ],
)
def test_price_is_rounded_half_up_and_missing_is_a_dash(units: int, decimals: int, text: str) -> None:
    assert fmt.price(units, decimals) == text


@pytest.mark.parametrize(("milli", "text"), [(685_000, "685"), (252_500, "252.5"), (99_999_999, "99999.999")])
def test_strike_has_no_more_decimals_than_it_needs(milli: int, text: str) -> None:
    assert fmt.strike(milli) == text


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10.0k"),
        (99_960, "100k"),
        (999_499, "999k"),
        (1_234_567, "1.23M"),
        (MISSING, "—"),
    ],
)
def test_count(n: int, text: str) -> None:
    assert fmt.count(n) == text


@given(st.integers(min_value=0, max_value=10**12))
def test_count_never_takes_more_than_five_cells(n: int) -> None:
    assert len(fmt.count(n)) <= 5


@pytest.mark.parametrize(
    ("unit", "expected"), [("shares", 10.0), ("usd_per_1", 6_000.0), ("usd_per_1pct", 36_000.0)]
)
def test_shares_convert_to_the_unit_shown(unit: fmt.Unit, expected: float) -> None:
    assert fmt.in_unit(10.0, 600.0, unit) == pytest.approx(expected)


def test_missing_greeks_are_a_dot_and_missing_volatility_a_dash() -> None:
    assert (fmt.greek(MISSING), fmt.percent(MISSING), fmt.ratio(MISSING)) == ("·", "—", "—")
    assert (fmt.greek(-63), fmt.percent(148), fmt.percent(1_234), fmt.ratio(42)) == (
        "-0.63",
        "14.8%",
        "123%",
        "4.2",
    )


def test_change_says_direction_by_arrow_and_sign() -> None:
    assert fmt.change(6_814_200, 6_795_500) == "▲+1.87 (+0.28%)"
    assert fmt.change(6_795_500, 6_814_200) == "▼-1.87 (-0.27%)"


def test_change_without_a_previous_close_is_a_dash() -> None:
    assert fmt.change(6_814_200, MISSING) == fmt.change(MISSING, 6_814_200) == "—"


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0.4, "  0ms"),
        (31.4, " 31ms"),
        (999.4, "999ms"),
        (999.6, " 1.0s"),
        (99_940, "99.9s"),
        (900_120, "15.0m"),
        (7.2e6, "   2h"),
        (-31, "-31ms"),
        (-480, "-0.5s"),
        (-4_900, "-4.9s"),
        (nan, "    —"),
    ],
)
def test_a_delay_takes_five_cells(ms: float, text: str) -> None:
    assert fmt.lag(ms) == text


def test_speed_rate_and_level() -> None:
    assert [fmt.speed(x) for x in (0.25, 10.0, inf)] == ["×0.25", "×10", "×max"]
    assert [fmt.level(x) for x in (679.84, 685.0, None)] == ["679.8", "685", "—"]
    assert [fmt.rate(x) for x in (118_400.0, nan)] == ["118k", "—"]


def test_clip_marks_what_was_cut() -> None:
    assert [fmt.clip("strikes", width) for width in (9, 7, 4, 1, 0)] == [
        "strikes",
        "strikes",
        "str…",
        "s",
        "",
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(0.004, "0.00"), (2.29, "2.29"), (9.996, "10.0"), (12.34, "12.3"), (99.96, " 100")]
)
def test_four_cells_hold_as_many_decimals_as_they_can(value: float, text: str) -> None:
    assert fmt.four_cells(value) == text


@pytest.mark.parametrize(
    ("distance", "text"),
    [(1.97, "+1.97"), (-12.34, "-12.3"), (123.4, " +123"), (0.0, "+0.00"), (nan, "    —")],
)
def test_a_distance_in_points_takes_five_cells(distance: float, text: str) -> None:
    assert fmt.points(distance) == text


@pytest.mark.parametrize(
    ("sigma", "text"), [(2.86, "0.69σ"), (0.1, "19.7σ"), (None, "    —"), (0.0, "    —")]
)
def test_a_distance_in_standard_deviations_has_no_sign(sigma: float | None, text: str) -> None:
    assert fmt.sigmas(-1.97, sigma) == text
