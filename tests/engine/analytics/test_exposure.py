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
from engine.analytics.exposure import UNITS, Book, Exposure, convert, exposure
from engine.analytics.forward import implied_forward
from engine.analytics.greeks import T_FLOOR_YEARS, price_greeks
from engine.analytics.sums import by_row, sums
from engine.analytics.zero_gamma import WINDOW
from engine.model.errors import UsageError
from engine.model.events import MISSING
from tests.engine.analytics.books import DAY, HOUR, MINUTE, Row, book, gamma
from tests.paths import REFERENCE, SHARED

CHAIN = SHARED / "reference" / "chain_spx_2022-07-12_le7d.csv"

Floats = NDArray[np.float64]


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
    bids, asks = (by_strike(want["expiry"], side)[1:] for side in ("bid", "ask"))
    told = implied_forward(strikes, (bids[0], asks[0]), (bids[1], asks[1]), 0.0)
    assert told.value is not None
    assert abs(told.value - want["implied_forward_parity"]) <= told.error
    assert expected_move(strikes, call_mid, put_mid, told.value) == pytest.approx(want["atm_straddle_mid"])
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
