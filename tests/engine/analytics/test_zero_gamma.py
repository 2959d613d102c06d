"""Where books have no net gamma: roots, windows, grids, and why there is none."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.analytics.exposure import exposure
from tests.engine.analytics.books import HOUR, MINUTE, Row, book, net_at

ALTERNATING: tuple[Row, ...] = (
    (580, "P", 900, 0.1),
    (592, "C", 900, 0.1),
    (606, "P", 900, 0.1),
    (618, "C", 900, 0.1),
)


@pytest.mark.parametrize(("spot", "i"), [(584.0, 0), (600.0, 1), (615.0, 2)])
def test_the_headline_is_the_root_nearest_to_spot(spot: float, i: int) -> None:
    zero = exposure(book(*ALTERNATING), spot, window=(0.8, 1.2)).zero_gamma
    assert len(zero.roots) == 3
    assert zero.headline == zero.roots[i]
    assert zero.reason == ""


def test_at_a_root_the_book_repriced_has_no_gamma() -> None:
    b = book(*ALTERNATING)
    scale = exposure(b, 600.0).total_gross
    for root in exposure(b, 600.0).zero_gamma.roots:
        assert abs(net_at(b, root)) < 1e-9 * scale
        assert net_at(b, root - 0.01) * net_at(b, root + 0.01) < 0


def test_a_root_does_not_depend_on_the_grid() -> None:
    b = book(*ALTERNATING)
    fine = exposure(b, 600.0, steps=4001).zero_gamma.roots
    assert exposure(b, 600.0, steps=101).zero_gamma.roots == pytest.approx(fine, abs=1e-9)


def test_a_root_is_a_price_of_the_repriced_chain_not_a_strike_sum() -> None:
    e = exposure(book((590, "P", 1000, 0.15), (610, "C", 1000, 0.15)), 600.0)
    assert e.zero_gamma.headline is not None
    assert e.zero_gamma.headline not in e.strikes
    assert 599.5 < e.zero_gamma.headline < 600.0


@pytest.mark.parametrize("minutes", [0.1, 1, 3, 10])
def test_a_flip_is_found_where_the_profile_underflows_between_strikes(minutes: float) -> None:
    width = 10.0 * math.sqrt(minutes / 60)  # 17 standard deviations, of which the profile has a sign in 13
    low, high = 600 - width / 2, 600 + width / 2
    b = book((low, "P", 1000, 0.1), (high, "C", 1000, 0.1), years=minutes * MINUTE)
    e = exposure(b, 600.0)
    assert len(e.zero_gamma.roots) == 1
    assert e.zero_gamma.headline == pytest.approx(math.sqrt(low * high), abs=0.01)


@pytest.mark.parametrize(
    ("low", "high", "minutes"), [(560, 640, 10), (590, 610, 10), (555, 645, 5), (590, 610, 1)]
)
def test_no_flip_is_bridged_over_a_void(low: float, high: float, minutes: float) -> None:
    e = exposure(book((low, "P", 1000, 0.15), (high, "C", 1000, 0.15), years=minutes * MINUTE), 600.0)
    assert e.zero_gamma.roots == ()
    assert e.zero_gamma.reason == f"no gamma where the sign changes, between {low} and {high}"


def test_a_flip_beside_a_void_is_found() -> None:
    rows: list[Row] = [(560, "C", 1000, 0.15), (640, "P", 800, 0.15), (642, "C", 1000, 0.15)]
    (root,) = exposure(book(*rows, years=10 * MINUTE), 600.0).zero_gamma.roots
    assert 640 < root < 642


@pytest.mark.parametrize("right", ["C", "P"])
def test_a_contract_nobody_holds_does_not_move_the_flip(right: str) -> None:
    held: list[Row] = [(599, "P", 1000, 0.1), (601, "C", 1000, 0.1)]
    alone = exposure(book(*held, years=5 * MINUTE), 600.0).zero_gamma
    assert alone.roots
    assert exposure(book(*held, (600, right, 0, 0.1), years=5 * MINUTE), 600.0).zero_gamma == alone


def test_underflow_between_like_strikes_is_no_flip() -> None:
    e = exposure(book((590, "C", 1000, 0.1), (610, "C", 1000, 0.1), years=MINUTE), 600.0)
    assert e.profile.net.min() == 0.0
    assert e.zero_gamma.roots == ()
    assert e.zero_gamma.reason == "all positive between 590 and 610"


def test_a_whisper_of_a_far_wing_is_no_flip() -> None:
    rows: list[Row] = [(600, "C", 1000, 0.1), (601, "C", 1000, 0.1), (630, "P", 1e-9, 0.1)]
    zero = exposure(book(*rows, years=HOUR), 600.0).zero_gamma
    assert zero.headline is None
    assert zero.reason == "all positive between 600 and 630"


def test_a_flip_outside_the_quoted_strikes_is_not_shown() -> None:
    b = book((598, "P", 1000, 0.1), (602, "P", 1000, 0.1), (600, "C", 100, 0.4))
    assert net_at(b, 600.0) < 0 < net_at(b, 640.0)
    zero = exposure(b, 600.0).zero_gamma
    assert zero.headline is None
    assert zero.reason == "all negative between 598 and 602"


def test_a_flip_outside_the_window_is_not_shown() -> None:
    zero = exposure(book(*ALTERNATING), 600.0, window=(0.99, 1.01)).zero_gamma
    assert len(zero.roots) == 1
    assert zero.headline == pytest.approx(598.95, abs=0.01)


def test_the_window_is_named_when_it_is_narrower_than_the_strikes() -> None:
    e = exposure(book((500, "C", 10, 0.2), (700, "C", 10, 0.2)), 600.25)
    assert e.zero_gamma.reason == "all positive between 540.23 and 660.28"
    assert (e.profile.spot[0], e.profile.spot[-1]) == pytest.approx((540.225, 660.275))


def test_strikes_all_beyond_the_window_are_said_so() -> None:
    e = exposure(book((700, "C", 10, 0.2), (710, "P", 10, 0.2)), 600.0)
    assert e.zero_gamma.reason == "no quoted strike between 540 and 660"
    assert e.profile.spot.size == 0
    assert e.total_net == e.total_net


def test_calls_and_puts_that_cancel_have_no_flip() -> None:
    strikes = (590.0, 593.0, 597.0, 599.0, 600.0, 604.0, 611.0)
    calls: list[Row] = [(K, "C", 137, 0.2) for K in strikes]
    puts: list[Row] = [(K, "P", 137, 0.2) for K in reversed(strikes)]
    e = exposure(book(*calls, *puts), 600.0)
    assert np.any(e.profile.net != 0.0)  # rounding, which must not count
    assert e.zero_gamma.roots == ()
    assert e.zero_gamma.reason == "calls and puts cancel between 590 and 611"
    assert e.max_gex_strike is None


def test_a_single_strike_is_judged_where_it_stands() -> None:
    e = exposure(book((600, "C", 10, 0.2), (600, "P", 5, 0.2)), 600.0)
    assert e.zero_gamma.reason == "all positive at 600"
    assert e.profile.net.tolist() == pytest.approx([e.total_net])


@pytest.mark.parametrize(("calls", "crosses"), [(999.0, 0), (1000.0, 2), (1000.01, 2), (1001.0, 2)])
def test_a_sign_that_changes_and_back_within_a_step_of_the_grid_is_two_roots(
    calls: float, crosses: int
) -> None:
    # A narrow bump of calls under, or just above, a wide one of puts.
    rows: list[Row] = [(600.03, "C", calls, 0.1), (600.03, "P", 2000, 0.2), (550, "C", 0, 0.2)]
    b = book(*rows, (650, "C", 0, 0.2))
    zero = exposure(b, 600.0, steps=2001).zero_gamma
    assert len(zero.roots) == crosses
    for root in zero.roots:
        assert abs(net_at(b, root)) < 1e-9 * calls


@pytest.mark.parametrize("spot", [600.0, 599.5, 601.25])
def test_a_root_at_spot_or_at_a_price_of_the_grid_is_found_once(spot: float) -> None:
    rows: list[Row] = [(590, "P", 1000, 0.15), (610, "C", 1000, 0.15)]
    (root,) = exposure(book(*rows), spot).zero_gamma.roots
    again = exposure(book(*rows), root, steps=3, window=(0.99, 1.01)).zero_gamma
    assert again.roots == pytest.approx((root,), abs=1e-9)


def test_contracts_out_of_reach_of_every_price_have_no_gamma_there() -> None:
    rows: list[Row] = [(500, "C", 10, 0.05), (700, "P", 10, 0.05)]
    e = exposure(book(*rows, years=MINUTE), 600.0)
    assert e.zero_gamma.reason == "no gamma between 540 and 660"


def test_a_position_may_be_short() -> None:
    long, short = exposure(book((600, "C", 10, 0.2)), 600.0), exposure(book((600, "C", -10, 0.2)), 600.0)
    assert short.total_net == -long.total_net
    assert short.zero_gamma.reason == "all negative at 600"


def test_the_profile_is_the_chain_repriced_and_passes_through_the_total_at_spot() -> None:
    b = book(*ALTERNATING)
    e = exposure(b, 600.0, window=(0.99, 1.01), steps=400)
    assert np.interp(600.0, e.profile.spot, e.profile.net) == pytest.approx(e.total_net, rel=1e-5)
    for j in (0, 57, 200, 400):
        assert e.profile.net[j] == pytest.approx(net_at(b, float(e.profile.spot[j])), rel=1e-9)


@given(
    st.lists(
        st.tuples(st.integers(500, 700), st.sampled_from("CP"), st.integers(1, 9_999), st.floats(0.02, 3.0)),
        min_size=2,
    ),
    st.floats(1.0, 20_000.0),
)
@settings(max_examples=60, deadline=None)
def test_every_price_of_the_profile_is_the_sum_over_its_contracts(
    rows: list[tuple[int, str, int, float]], minutes: float
) -> None:
    b = book(*((float(K), right, float(oi), iv) for K, right, oi, iv in rows), years=minutes * MINUTE)
    e = exposure(b, 600.0)
    gross = exposure(replace(b, sign=np.ones(b.sign.size)), 600.0).profile.net
    for j in range(0, e.profile.spot.size, 37):
        alone = net_at(b, float(e.profile.spot[j]))
        assert e.profile.net[j] == pytest.approx(alone, abs=max(1e-9 * gross[j], 1e-25 * gross.max()))


def test_prices_are_a_hundredth_of_a_percent_apart() -> None:
    e = exposure(book((500, "C", 10, 0.2), (700, "C", 10, 0.2)), 600.0)
    apart = np.diff(np.log(e.profile.spot))
    assert (apart.min(), apart.max()) == pytest.approx((1e-4, 1e-4), rel=1e-3)


@pytest.mark.parametrize("iv", [1e-5, 1e-12, 1e-300])
def test_a_volatility_that_is_hardly_any_leaves_the_others_alone(iv: float) -> None:
    rows: list[Row] = [(590, "P", 1000, 0.15), (610, "C", 1000, 0.15)]
    with_it = exposure(book(*rows, (601.37, "P", 10, iv)), 600.0)
    assert with_it.zero_gamma.headline == pytest.approx(
        exposure(book(*rows), 600.0).zero_gamma.headline, abs=1e-9
    )
