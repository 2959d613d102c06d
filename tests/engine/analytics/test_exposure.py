"""Exposure of crafted books, of reference chains, and of everything that can be missing from them."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.analytics.chain_stats import expected_move, max_pain, payouts, put_call_ratio
from engine.analytics.exposure import UNITS, Book, Exposure, by_row, convert, exposure, sums
from engine.analytics.forward import implied_forward
from engine.analytics.greeks import T_FLOOR_YEARS, price_greeks
from engine.analytics.zero_gamma import WINDOW
from engine.model.errors import UsageError
from engine.model.events import MISSING
from tests.paths import REFERENCE, SHARED

CHAIN = SHARED / "reference" / "chain_spx_2022-07-12_le7d.csv"
MINUTE = 1.0 / 525_600
HOUR = 60 * MINUTE
DAY = 1.0 / 365

Floats = NDArray[np.float64]
Row = tuple[float, str, float, float]  # strike $, right, weight in contracts, volatility


def book(*rows: Row, years: float | list[float] = DAY, multiplier: float = 100.0) -> Book:
    """A book of (strike, right, weight, volatility) rows."""
    return Book(
        strike=np.array([row[0] for row in rows], np.float64),
        sign=np.array([1.0 if row[1] == "C" else -1.0 for row in rows], np.float64),
        years=np.broadcast_to(np.asarray(years, np.float64), len(rows)).copy(),
        iv=np.array([row[3] for row in rows], np.float64),
        weight=np.array([row[2] for row in rows], np.float64),
        multiplier=multiplier,
    )


def gamma(K: float, sigma: float, T: float = DAY, spot: float = 600.0) -> float:
    return price_greeks(spot, K, T, 0.0, 0.0, sigma, 1.0)[2]


def net_at(b: Book, spot: float) -> float:
    """Net exposure at another spot, summed contract by contract from the price formula's gamma."""
    terms = zip(b.strike, b.sign, b.years, b.iv, b.weight, strict=True)
    return sum(s * w * b.multiplier * gamma(K, v, T, spot) for K, s, T, v, w in terms)


def reference(name: str) -> Any:
    return json.loads((REFERENCE / name).read_text())


def chain_rows(expiry: str) -> list[dict[str, str]]:
    if not CHAIN.exists():
        pytest.skip(f"{CHAIN.name} is not here")
    with CHAIN.open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["expiry"] == expiry]


def chain_book(expiry: str) -> Book:
    rows = chain_rows(expiry)
    columns = {k: np.array([float(row[k]) for row in rows]) for k in ("strike", "iv", "oi", "minutes")}
    sign = np.array([1.0 if row["right"] == "C" else -1.0 for row in rows])
    return Book(columns["strike"], sign, columns["minutes"] * MINUTE, columns["iv"], columns["oi"])


def by_strike(expiry: str, value: str, root: str = "SPXW") -> tuple[Floats, Floats, Floats]:
    """(strikes, call, put) of one column of the reference chain; `mid` is (bid + ask) / 2."""
    found: dict[tuple[float, str], float] = {}
    for row in (row for row in chain_rows(expiry) if row["root"] == root):
        mid = (float(row["bid"]) + float(row["ask"])) / 2
        found[float(row["strike"]), row["right"]] = mid if value == "mid" else float(row[value])
    strikes = sorted({strike for strike, _ in found})
    legs = [np.array([found.get((strike, right), math.nan) for strike in strikes]) for right in "CP"]
    return np.array(strikes), legs[0], legs[1]


# Against the reference figures -------------------------------------------------------------------------


@pytest.mark.parametrize("case", reference("zero_gamma_synthetic.json"), ids=lambda case: case["name"])
@pytest.mark.parametrize("given_window", [True, False])
def test_small_books_have_exactly_the_reference_roots(case: dict[str, Any], given_window: bool) -> None:
    rows = [(float(K), right, float(oi), iv) for K, right, oi, iv in case["rows"]]
    window = tuple(case["window"]) if given_window else WINDOW
    e = exposure(book(*rows, years=case["T_years"]), case["spot"], window=window)
    assert e.zero_gamma.roots == pytest.approx(tuple(case["zero_gamma_roots"]), abs=1e-6)
    net = convert(e.total_net, e.spot, "usd_per_1pct")
    assert net == pytest.approx(case["net_gex_per1pct"], rel=1e-9)


@pytest.mark.parametrize("want", reference("gex_spx_2022-07-12.json")["gex"], ids=lambda want: want["name"])
def test_a_real_chain_has_the_reference_exposure(want: dict[str, Any]) -> None:
    expiry = want["name"].split("_")[1]
    e = exposure(chain_book(expiry), 3856.28)
    for name in ("call", "put", "net", "gross"):
        got = convert(getattr(e, f"total_{name}"), e.spot, "usd_per_1pct")
        assert got == pytest.approx(want[f"{name}_gex_per1pct"], rel=1e-9), name
    per_dollar = convert(e.total_net, e.spot, "usd_per_1")
    assert per_dollar == pytest.approx(want["net_gex_seed003"], rel=1e-9)
    assert e.call_wall == want["call_wall"]
    assert e.put_wall == want["put_wall"]
    assert e.max_gex_strike == want["max_abs_net_strike"]
    assert e.zero_gamma.roots == pytest.approx(tuple(want["zero_gamma_roots"]), abs=1e-6)
    assert e.zero_gamma.headline == pytest.approx(want["zero_gamma_nearest_spot"], abs=1e-6)


@pytest.mark.parametrize("want", reference("gex_spx_2022-07-12.json")["gex"], ids=lambda want: want["name"])
def test_a_real_chain_repriced_has_the_reference_profile(want: dict[str, Any]) -> None:
    e = exposure(chain_book(want["name"].split("_")[1]), 3856.28, steps=2001)
    usd = convert(e.profile.net, e.profile.spot, "usd_per_1pct")
    for spot, net in want["profile"].items():
        assert np.interp(float(spot), e.profile.spot, usd) == pytest.approx(net, rel=1e-3), spot


@pytest.mark.parametrize(
    "want", reference("gex_spx_2022-07-12.json")["chain_metrics"], ids=lambda want: want["expiry"]
)
def test_a_real_chain_has_the_reference_forward_straddle_and_pain(want: dict[str, Any]) -> None:
    strikes, call_mid, put_mid = by_strike(want["expiry"], "mid")
    forward = implied_forward(strikes, call_mid, put_mid, 0.0)
    assert forward == pytest.approx(want["implied_forward_parity"], abs=1e-9)
    assert forward is not None
    assert expected_move(strikes, call_mid, put_mid, forward) == pytest.approx(want["atm_straddle_mid"])
    strikes, call_oi, put_oi = by_strike(want["expiry"], "oi")
    assert max_pain(strikes, call_oi, put_oi) == want["max_pain"]
    paid = 100 * payouts(strikes, call_oi, put_oi).min()
    assert paid == pytest.approx(want["max_pain_payout_usd"])
    assert put_call_ratio(np.nansum(call_oi), np.nansum(put_oi)) == pytest.approx(want["pcr_oi"])


# Sums and signs ----------------------------------------------------------------------------------------


def test_calls_add_and_puts_subtract() -> None:
    e = exposure(book((590, "P", 300, 0.2), (610, "C", 200, 0.15)), 600.0)
    call, put = 200 * 100 * gamma(610, 0.15), -300 * 100 * gamma(590, 0.2)
    assert e.total_call == pytest.approx(call, rel=1e-12)
    assert e.total_put == pytest.approx(put, rel=1e-12)
    assert e.total_net == pytest.approx(call + put, rel=1e-12)
    assert e.total_gross == pytest.approx(call - put, rel=1e-12)


def test_columns_follow_the_strikes_in_order() -> None:
    e = exposure(book((610, "C", 100, 0.2), (590, "P", 100, 0.2), (610, "P", 50, 0.2)), 600.0)
    assert e.strikes.tolist() == [590.0, 610.0]
    assert e.call.tolist() == [0.0, pytest.approx(100 * 100 * gamma(610, 0.2))]
    assert e.put.tolist() == [
        pytest.approx(-100 * 100 * gamma(590, 0.2)),
        pytest.approx(-50 * 100 * gamma(610, 0.2)),
    ]
    np.testing.assert_allclose(e.net, e.call + e.put, rtol=1e-14)
    np.testing.assert_allclose(e.gross, e.call - e.put, rtol=1e-14)


def test_expirations_of_one_strike_are_summed_each_with_its_own_time() -> None:
    e = exposure(book((600, "C", 10, 0.2), (600, "C", 10, 0.2), years=[HOUR, 7 * DAY]), 600.0)
    assert e.call[0] == pytest.approx(1000 * (gamma(600, 0.2, HOUR) + gamma(600, 0.2, 7 * DAY)))


def test_the_multiplier_is_the_books() -> None:
    ten = exposure(book((600, "C", 10, 0.2), multiplier=10.0), 600.0)
    hundred = exposure(book((600, "C", 10, 0.2)), 600.0)
    assert hundred.total_net == pytest.approx(10 * ten.total_net)


def test_rates_reach_the_gamma() -> None:
    e = exposure(book((600, "C", 10, 0.2), (700, "C", 0, 0.2), years=1.0), 600.0, r=0.05, q=0.02)
    assert e.greeks.gamma[0] == price_greeks(600.0, 600.0, 1.0, 0.05, 0.02, 0.2, 1.0)[2]
    assert np.interp(600.0, e.profile.spot, e.profile.net) == pytest.approx(e.total_net, rel=1e-6)


def test_a_forward_of_its_own_is_what_a_dividend_that_explains_it_would_be() -> None:
    r, q, T = 0.05, 0.02, 0.5
    rows: list[Row] = [(590, "P", 300, 0.2), (605, "C", 200, 0.15), (640, "C", 0, 0.2)]
    plain = exposure(book(*rows, years=T), 600.0, r, q)
    told = replace(book(*rows, years=T), forward=np.full(3, 600.0 * math.exp((r - q) * T)))
    other = exposure(told, 600.0, r, 0.0)
    for metric in ("gamma", "delta", "vanna"):
        np.testing.assert_allclose(other.by_contract[metric], plain.by_contract[metric], rtol=1e-12)
    assert other.zero_gamma.roots == pytest.approx(plain.zero_gamma.roots, abs=1e-9)
    # Time alone takes only what carry explains: the rest of the forward stays a factor of the spot.
    hour = exposure(
        replace(told, years=told.years - HOUR, forward=told.forward * math.exp(-r * HOUR)), 600.0, r
    )
    change = (hour.by_contract["delta"] - other.by_contract["delta"]) / 60
    np.testing.assert_allclose(change[:2], other.by_contract["charm"][:2], rtol=1e-3)


def test_zeros_are_looked_for_where_a_forward_meets_a_strike() -> None:
    rows: list[Row] = [(590, "C", 10, 0.2), (610, "C", 10, 0.2)]
    e = exposure(replace(book(*rows), forward=np.full(2, 606.0)), 600.0)
    assert e.zero_gamma.reason == "all positive between 584.16 and 603.96"


def test_gamma_stays_in_the_books_order() -> None:
    e = exposure(book((610, "C", 1, 0.2), (590, "P", 1, 0.3)), 600.0)
    assert e.greeks.gamma.tolist() == pytest.approx([gamma(610, 0.2), gamma(590, 0.3)], rel=1e-12)


@given(st.lists(st.tuples(st.integers(560, 640), st.sampled_from("CP"), st.integers(0, 9_999)), min_size=1))
@settings(max_examples=60, deadline=None)
def test_the_parts_sum_to_the_totals(rows: list[tuple[int, str, int]]) -> None:
    e = exposure(book(*((float(K), right, float(oi), 0.2) for K, right, oi in rows)), 600.0)
    near = 1e-9 * e.total_gross
    assert e.call.sum() == pytest.approx(e.total_call, abs=near)
    assert e.put.sum() == pytest.approx(e.total_put, abs=near)
    assert e.net.sum() == pytest.approx(e.total_net, abs=near)
    assert e.gross.sum() == pytest.approx(e.total_gross, abs=near)
    assert e.used == len(rows)


# Units -------------------------------------------------------------------------------------------------


def test_the_three_units_of_the_seeds_example() -> None:
    assert convert(-1000.0, 6000.0, "shares") == -1000.0
    assert convert(-1000.0, 6000.0, "usd_per_1") == -6_000_000.0
    assert convert(-1000.0, 6000.0, "usd_per_1pct") == pytest.approx(-360_000_000.0)


def test_a_column_converts_like_its_cells() -> None:
    column, spots = np.array([1.0, -2.0]), np.array([600.0, 610.0])
    for unit in UNITS:
        want = [convert(1.0, 600.0, unit), convert(-2.0, 610.0, unit)]
        assert convert(column, spots, unit).tolist() == want


def test_a_foreign_unit_is_named() -> None:
    with pytest.raises(UsageError, match="'usd' is not a unit of gamma exposure; choose one of shares"):
        convert(1.0, 600.0, "usd")  # type: ignore[call-overload]


# Walls -------------------------------------------------------------------------------------------------


def test_walls_are_the_heaviest_strikes_of_each_right() -> None:
    rows: list[Row] = [(605, "C", 100, 0.2), (610, "C", 900, 0.2), (595, "P", 800, 0.2), (590, "P", 100, 0.2)]
    e = exposure(book(*rows), 600.0)
    assert (e.call_wall, e.put_wall) == (610.0, 595.0)
    assert e.max_gex_strike == 595.0


def test_both_walls_may_stand_on_one_strike() -> None:
    e = exposure(book((600, "C", 100, 0.2), (600, "P", 100, 0.2), (605, "C", 1, 0.2)), 600.0)
    assert (e.call_wall, e.put_wall) == (600.0, 600.0)
    assert e.max_gex_strike == 605.0


def test_a_book_of_calls_has_no_put_wall() -> None:
    e = exposure(book((600, "C", 1000, 0.2), (610, "C", 500, 0.2)), 600.0)
    assert e.put_wall is None
    assert e.call_wall == e.max_gex_strike == 600.0


def test_a_book_of_puts_has_no_call_wall() -> None:
    e = exposure(book((600, "P", 1000, 0.2)), 600.0)
    assert e.call_wall is None
    assert e.put_wall == e.max_gex_strike == 600.0


def tied(spot: float, *strikes: float) -> Exposure:
    """Call strikes whose weights make their exposures equal but for rounding."""
    rows: list[Row] = [(K, "C", 1.0 / gamma(K, 0.2, spot=spot), 0.2) for K in strikes]
    return exposure(book(*rows), spot)


def test_a_tie_goes_to_the_strike_nearest_to_spot() -> None:
    assert tied(600.0, 580, 598, 610).call_wall == 598.0
    assert tied(600.0, 610, 603, 580).call_wall == 603.0


def test_a_tie_at_equal_distance_goes_to_the_lower_strike() -> None:
    assert tied(600.0, 605, 595).call_wall == 595.0
    assert tied(600.0, 605, 595).max_gex_strike == 595.0


# Zero gamma --------------------------------------------------------------------------------------------

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
        assert e.profile.net[j] == pytest.approx(alone, abs=max(1e-11 * gross[j], 1e-25 * gross.max()))


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


# What is missing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weight", "iv"),
    [(math.nan, 0.2), (float(MISSING), 0.2), (math.inf, 0.2), (5.0, math.nan), (5.0, 0.0), (5.0, math.inf)],
)
def test_a_contract_without_volatility_or_weight_is_dropped_and_counted(weight: float, iv: float) -> None:
    e = exposure(book((600, "C", 10, 0.2), (605, "C", weight, iv)), 600.0)
    assert (e.used, e.dropped, e.settled) == (1, 1, 0)
    assert e.total_net == e.total_call == pytest.approx(1000 * gamma(600, 0.2))
    assert e.call_wall == 600.0


def test_a_strike_of_which_nothing_is_known_is_nan_not_zero() -> None:
    rows: list[Row] = [(600, "C", 10, 0.2), (600, "P", math.nan, 0.2), (605, "C", 10, math.nan)]
    e = exposure(book(*rows), 600.0)
    assert e.strikes.tolist() == [600.0, 605.0]
    assert math.isnan(e.put[0])
    assert math.isnan(e.call[1])
    assert e.put[1] == 0.0
    assert e.net[0] == e.call[0]
    assert math.isnan(e.net[1])
    assert math.isnan(e.gross[1])


@pytest.mark.parametrize("iv", [math.nan, 0.0, -0.1])
def test_an_unknown_volatility_has_an_unknown_gamma_but_an_unknown_weight_does_not(iv: float) -> None:
    e = exposure(book((600, "C", 10, iv), (605, "C", math.nan, 0.2)), 600.0)
    assert math.isnan(e.greeks.gamma[0])
    assert e.greeks.gamma[1] == pytest.approx(gamma(605, 0.2))


def test_a_weight_of_zero_is_known() -> None:
    e = exposure(book((600, "C", 10, 0.2), (605, "P", 0, 0.2)), 600.0)
    assert (e.used, e.dropped) == (2, 0)
    assert e.put.tolist() == [0.0, 0.0]


def test_a_settled_contract_is_left_out() -> None:
    e = exposure(book((595, "P", 10, 0.2), (600, "C", 10, 0.2), years=[0.0, DAY]), 600.0)
    assert (e.used, e.dropped, e.settled) == (1, 0, 1)
    assert e.strikes.tolist() == [600.0]
    assert e.put_wall is None
    assert e.greeks.gamma[0] == 0.0


def test_the_last_minute_has_the_gamma_of_a_minute() -> None:
    late = exposure(book((600, "C", 10, 0.2), years=MINUTE / 60), 600.0)
    assert late.total_net == exposure(book((600, "C", 10, 0.2), years=T_FLOOR_YEARS), 600.0).total_net


@pytest.mark.parametrize(
    ("rows", "years", "spot", "reason"),
    [
        ([], DAY, 600.0, "no contracts"),
        ([(600, "C", 10, 0.2)], 0.0, 600.0, "expired"),
        ([(600, "C", 10, 0.2)], DAY, math.nan, "no spot yet"),
        ([(600, "C", 0, 0.2), (605, "P", 0, 0.2)], DAY, 600.0, "no open interest"),
        ([(600, "C", math.nan, 0.2), (605, "P", MISSING, 0.2)], DAY, 600.0, "no open interest"),
        ([(600, "C", 10, math.nan), (605, "P", 5, math.nan)], DAY, 600.0, "no volatility yet"),
        ([(600, "C", 10, math.nan), (605, "P", 0, 0.2)], DAY, 600.0, "no volatility yet"),
    ],
)
def test_a_book_of_nothing_says_what_is_missing(
    rows: list[Row], years: float, spot: float, reason: str
) -> None:
    e = exposure(book(*rows, years=years), spot)
    assert e.zero_gamma.headline is None
    assert e.zero_gamma.roots == ()
    assert e.zero_gamma.reason == reason
    assert e.call_wall is None
    assert e.put_wall is None
    assert e.max_gex_strike is None


def test_totals_of_nothing_are_unknown() -> None:
    e = exposure(book((600, "C", math.nan, 0.2)), 600.0)
    for total in (e.total_call, e.total_put, e.total_net, e.total_gross):
        assert math.isnan(total)


def test_totals_of_known_zeros_are_zero() -> None:
    e = exposure(book((600, "C", 0, 0.2)), 600.0)
    assert e.total_net == e.total_gross == 0.0


# Every metric ------------------------------------------------------------------------------------------


def random_book(seed: int, n: int = 60) -> Book:
    """Calls and puts around 600 of three expirations, long and short."""
    rng = np.random.default_rng(seed)
    return Book(
        strike=rng.integers(570, 630, n).astype(np.float64),
        sign=rng.choice([1.0, -1.0], n),
        years=rng.choice([HOUR, DAY, 3 * DAY], n),
        iv=rng.uniform(0.1, 0.4, n),
        weight=rng.integers(-500, 2000, n).astype(np.float64),
    )


def test_a_contract_adds_its_greek_times_what_is_held_in_display_units() -> None:
    held = ((595, "P", 300, 0.2), (605, "C", 200, 0.15))
    e = exposure(book(*held), 600.0, r=0.04, q=0.01)
    for i, (K, right, weight, sigma) in enumerate(held):
        cp = 1.0 if right == "C" else -1.0
        _, delta, own, _, _, vanna, charm = price_greeks(600.0, K, DAY, 0.04, 0.01, sigma, cp)
        shares = cp * weight * 100
        assert e.by_contract["gamma"][i] == pytest.approx(own * shares, rel=1e-14)
        assert e.by_contract["delta"][i] == pytest.approx(delta * shares, rel=1e-14)
        assert e.by_contract["vanna"][i] == pytest.approx(vanna / 100 * shares, rel=1e-14)
        assert e.by_contract["charm"][i] == pytest.approx(charm / 525_600 * shares, rel=1e-14)


def test_vanna_and_charm_are_what_delta_does_in_a_point_and_in_a_minute() -> None:
    def delta_at(sigma: float, T: float) -> float:
        return float(exposure(book((604, "C", 10, sigma), years=T), 600.0).by_contract["delta"][0])

    e, T, h = exposure(book((604, "C", 10, 0.2)), 600.0), DAY, 1e-3
    by_point = (delta_at(0.2 + 0.01 * h, T) - delta_at(0.2 - 0.01 * h, T)) / (2 * h)
    by_minute = (delta_at(0.2, T - h * MINUTE) - delta_at(0.2, T + h * MINUTE)) / (2 * h)
    assert e.by_contract["vanna"][0] == pytest.approx(by_point, rel=1e-6)
    assert e.by_contract["charm"][0] == pytest.approx(by_minute, rel=1e-6)


def test_a_contract_that_is_unknown_or_settled_has_no_exposure_of_any_metric() -> None:
    rows: list[Row] = [(600, "C", math.nan, 0.2), (600, "P", 10, math.nan), (605, "C", 10, 0.2)]
    e = exposure(book(*rows, years=[DAY, DAY, 0.0]), 600.0)
    for values in e.by_contract.values():
        assert np.isnan(values).all()
    assert e.live.tolist() == [True, True, False]


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_rows_and_totals_of_every_metric_agree(seed: int) -> None:
    b = random_book(seed)
    e = exposure(b, 600.0)
    strikes, row = np.unique(b.strike, return_inverse=True)
    for values in e.by_contract.values():
        columns, total = by_row(values, b.sign, row, strikes.size), sums(values, b.sign)
        near = 1e-9 * total.gross
        for name in ("call", "put", "net", "gross"):
            assert getattr(columns, name).sum() == pytest.approx(getattr(total, name), abs=near)
        np.testing.assert_allclose(columns.net, columns.call + columns.put, atol=near)
        assert np.all(columns.gross >= np.abs(columns.net) - near)


def test_contracts_on_no_row_are_left_out_and_a_row_of_unknowns_is_nan() -> None:
    values, sign = np.array([5.0, math.nan, 7.0, -2.0]), np.array([1.0, 1.0, 1.0, -1.0])
    columns = by_row(values, sign, np.array([0, 1, -1, 0]), 3)
    np.testing.assert_array_equal(columns.call, [5, math.nan, 0])
    np.testing.assert_array_equal(columns.put, [-2, 0, 0])
    np.testing.assert_array_equal(columns.net, [3, math.nan, 0])
    np.testing.assert_array_equal(columns.gross, [7, math.nan, 0])


# Several holdings of one chain -------------------------------------------------------------------------


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_other_weights_come_to_what_their_own_book_comes_to(seed: int) -> None:
    b, rng = random_book(seed), np.random.default_rng(seed + 1)
    others = [replace(b, weight=rng.integers(-900, 900, b.weight.size).astype(np.float64)) for _ in range(2)]
    together = exposure(b, 600.0, others=others)
    for book_, got in zip(others, together.others, strict=True):
        alone = exposure(book_, 600.0)
        assert got.net == alone.total_net
        assert got.zero_gamma == alone.zero_gamma
    assert together.zero_gamma == exposure(b, 600.0).zero_gamma


def test_a_contract_that_one_holding_lacks_does_not_move_its_flip() -> None:
    rows: list[Row] = [(599.3, "P", 1000, 0.1), (600.7, "C", 1000, 0.1), (600, "C", 0, 0.1)]
    b = book(*rows, years=MINUTE)
    full = replace(b, weight=np.array([10.0, 10.0, 5.0]))
    together = exposure(full, 600.0, others=[b])
    assert together.others[0].zero_gamma == exposure(b, 600.0).zero_gamma
    assert together.zero_gamma == exposure(full, 600.0).zero_gamma
    assert together.zero_gamma.headline != together.others[0].zero_gamma.headline


def test_each_holding_says_what_it_is_missing() -> None:
    b = book((595, "P", 300, 0.2), (605, "C", 200, 0.15))
    nothing, unknown = np.zeros(2), np.full(2, math.nan)
    others = (
        replace(b, weight=nothing, basis="flow"),
        replace(b, weight=nothing, basis="volume"),
        replace(b, weight=unknown),
    )
    e = exposure(b, 600.0, others=others)
    assert e.zero_gamma.headline is not None
    assert [each.zero_gamma.reason for each in e.others] == [
        "no trade with a known side",
        "nothing has traded",
        "no open interest",
    ]
    assert [each.net for each in e.others[:2]] == [0.0, 0.0]
    assert math.isnan(e.others[2].net)


def test_a_dealer_short_of_calls_has_a_negative_call_side_and_no_call_wall() -> None:
    e = exposure(book((600, "C", -10, 0.2), (605, "P", -10, 0.2)), 600.0)
    assert (e.total_call < 0, e.total_put > 0) == (True, True)
    assert (e.call_wall, e.put_wall) == (None, None)
    assert e.total_gross == pytest.approx(e.total_put - e.total_call)
