"""Expected move, max pain and put/call ratio, and everything that can be missing from them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.analytics.chain_stats import (
    at_the_money,
    expected_move,
    max_pain,
    mids,
    payouts,
    put_call,
    put_call_ratio,
)
from engine.model.events import MISSING

Floats = NDArray[np.float64]

NAN = math.nan


def column(*values: float) -> Floats:
    return np.array(values, np.float64)


def test_only_a_quote_with_two_sides_that_do_not_touch_has_a_mid() -> None:
    bid = np.array([10_000, 0, 10_000, 10_100, MISSING, 2**31 - 2], np.int32)
    ask = np.array([10_300, 6_200, 10_000, 10_000, 10_000, 2**31 - 1], np.int32)
    found = mids(bid, ask)
    assert found[0] == pytest.approx(1.015)
    assert np.isnan(found[1:5]).all()
    assert found[5] == pytest.approx((2**31 - 1.5) / 10_000)


def test_the_expected_move_is_the_straddle_nearest_to_the_forward() -> None:
    mids = column(11, 3.2, 0.3), column(0.6, 2.8, 9.9)
    assert expected_move(column(590, 600, 610), *mids, 604.0) == pytest.approx(6.0)
    assert expected_move(column(590, 600, 610), *mids, 605.0) == pytest.approx(6.0)
    assert expected_move(column(590, 600, 610), *mids, 605.1) == pytest.approx(10.2)


@pytest.mark.parametrize("forward", [600.0, NAN])
def test_half_a_straddle_is_no_expected_move(forward: float) -> None:
    assert expected_move(column(600), column(3), column(NAN), forward) is None
    assert expected_move(column(), column(), column(), forward) is None


def test_at_the_money_lies_between_the_strikes_around_the_forward() -> None:
    assert at_the_money(column(590, 600, 610), column(0.2, 0.16, 0.14), 602.5) == pytest.approx(0.155)
    assert at_the_money(column(590, 600, 610), column(0.2, NAN, 0.14), 602.5) == pytest.approx(0.1625)


@pytest.mark.parametrize("forward", [None, 589.0, 611.0, NAN])
def test_without_a_known_strike_on_both_sides_nothing_is_at_the_money(forward: float | None) -> None:
    assert at_the_money(column(590, 600, 610), column(0.2, 0.16, 0.14), forward) is None
    assert at_the_money(column(590, 600), column(NAN, NAN), 595.0) is None


def brute_pain(strikes: Floats, call_oi: Floats, put_oi: Floats) -> list[float]:
    paid = []
    for settle in strikes:
        calls = sum(oi * max(settle - k, 0.0) for k, oi in zip(strikes, call_oi, strict=True))
        paid.append(calls + sum(oi * max(k - settle, 0.0) for k, oi in zip(strikes, put_oi, strict=True)))
    return paid


@given(
    st.lists(
        st.tuples(st.integers(1, 400), st.integers(0, 999), st.integers(0, 999)), min_size=1, max_size=30
    )
)
@settings(max_examples=100, deadline=None)
def test_pain_is_the_cheapest_settlement_for_the_writers(rows: list[tuple[int, int, int]]) -> None:
    rows = sorted({row[0]: row for row in rows}.values())
    strikes, calls, puts = (column(*(row[i] for row in rows)) for i in range(3))
    paid = brute_pain(strikes, calls, puts)
    assert payouts(strikes, calls, puts).tolist() == pytest.approx(paid)
    want = strikes[int(np.argmin(paid))] if calls.any() or puts.any() else None
    assert max_pain(strikes, calls, puts) == want


def test_a_tie_of_pain_goes_to_the_lower_strike_in_any_order() -> None:
    assert max_pain(column(610, 590, 600), column(0, 10, 0), column(10, 0, 0)) == 590.0


def test_a_tie_of_pain_survives_rounding() -> None:
    strikes, calls, puts = column(0.4, 4.4, 4.7), column(3, 0, 0), column(0, 0, 3)
    assert payouts(strikes, calls, puts)[1] != payouts(strikes, calls, puts)[0]
    assert max_pain(strikes, calls, puts) == 0.4


def test_pain_without_open_interest_is_unknown() -> None:
    assert max_pain(column(600, 610), column(0, NAN), column(MISSING, 0)) is None
    assert max_pain(column(), column(), column()) is None


def test_unknown_open_interest_does_not_poison_the_pain() -> None:
    assert max_pain(column(590, 600, 610), column(10, NAN, 0), column(0, MISSING, 10)) == 590.0


def test_the_put_call_ratio_leaves_out_what_is_unknown_and_is_none_when_all_of_it_is() -> None:
    sign = np.array([1.0, 1.0, -1.0])
    assert put_call(np.array([2.0, NAN, 3.0]), sign) == 1.5
    assert put_call(np.array([2.0, 4.0, NAN]), sign) is None
    assert put_call(np.array([2.0, 4.0]), sign[:2]) == 0.0
    assert put_call(np.array([3.0]), sign[2:]) is None


def test_the_put_call_ratio_needs_calls() -> None:
    assert put_call_ratio(200.0, 100.0) == 0.5
    assert put_call_ratio(200.0, 0.0) == 0.0
    assert put_call_ratio(0.0, 100.0) is None
    assert put_call_ratio(NAN, 100.0) is None
    assert put_call_ratio(100.0, MISSING) is None
