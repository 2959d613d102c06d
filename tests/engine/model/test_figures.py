from __future__ import annotations

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.figures import age, dollars, exposure, money, scaled, span


@pytest.mark.parametrize(
    ("usd", "text"),
    [
        (0.0, "0"),
        (640.0, "+640"),
        (-101_000.0, "-101k"),
        (960_000.0, "+960k"),
        (999_600.0, "+1.0M"),
        (-9_960_000.0, "-10.0M"),
        (123.4e6, "+123M"),
        (nan, "—"),
    ],
)
def test_money_is_signed(usd: float, text: str) -> None:
    assert money(usd) == text


@given(st.floats(min_value=-9e14, max_value=9e14))
def test_money_never_takes_more_than_six_cells_and_keeps_its_sign(usd: float) -> None:
    text = money(usd)
    assert len(text) <= 6
    assert text == "0" or (text[0] == "-") == (usd < 0)


@given(st.floats(min_value=1000, max_value=9e14))
def test_exposure_is_right_to_its_three_digits(value: float) -> None:
    text = exposure(value)
    size = {"k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}[text[-1]]
    assert float(text[:-1]) * size == pytest.approx(value, rel=0.0051)


def test_exposure_that_does_not_exist_is_a_dash() -> None:
    assert exposure(None) == exposure(nan) == "—"


@pytest.mark.parametrize(
    ("seconds", "text"), [(42, "42s"), (1_087, "18m07s"), (11_932, "3h18m"), (-5, "0s"), (90_000, "1d01h")]
)
def test_span(seconds: int, text: str) -> None:
    assert span(seconds * 1_000_000_000) == text


def test_age_has_tenths_below_ten_seconds() -> None:
    assert [age(x) for x in (0.31, 42.0, 185.0, nan)] == ["0.3s", "42s", "3m05s", "—"]


def test_dollars_have_no_sign() -> None:
    assert dollars(-412_000.0) == "$412k"
    assert dollars(nan) == "—"


def test_scaled_has_at_most_so_many_decimals() -> None:
    assert [scaled(1_234_567.0, most) for most in (2, 1, 0)] == ["1.23M", "1.2M", "1M"]
