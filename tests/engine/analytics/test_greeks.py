"""Price, greeks and implied volatility against two oracles, a second implementation and their own laws."""

from __future__ import annotations

import csv
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from numpy.typing import NDArray

from engine.analytics.greeks import (
    T_FLOOR_YEARS,
    YEAR_NS,
    delta_gamma_vega_theta,
    greeks,
    log_ratio,
    norm_cdf,
    price_greeks,
    years,
)
from engine.analytics.implied_vol import (
    ABOVE_BOUND,
    BAD_INPUT,
    BELOW_INTRINSIC,
    NO_CONVERGENCE,
    OK,
    STATUS_NAMES,
    implied_vol,
    implied_vol_near,
    implied_vols,
)
from tests.paths import REFERENCE

NAMES = ("price", "delta", "gamma", "theta", "vega", "vanna", "charm")
MINUTE = 1.0 / 525_600
SECOND_NS = 1_000_000_000

Floats = NDArray[np.float64]


def rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(newline="") as file:
        return list(csv.DictReader(file))


def sign(right: str) -> float:
    return 1.0 if right == "C" else -1.0


def option(**changes: float) -> tuple[float, ...]:
    """Arguments of `price_greeks`: an hour left, a little out of the money."""
    usual = {"S": 600.0, "K": 601.0, "T": 60 * MINUTE, "r": 0.043, "q": 0.012, "sigma": 0.15, "cp": 1.0}
    return tuple(float(value) for value in (usual | changes).values())


def quoted(**changes: float) -> tuple[float, ...]:
    """Arguments of `implied_vol`: a call at the money, an hour left."""
    usual = {"price": 0.4, "S": 600.0, "K": 600.0, "T": 60 * MINUTE, "r": 0.0, "q": 0.0, "cp": 1.0}
    return tuple(float(value) for value in (usual | changes).values())


def chain(n: int, seed: int, deviations: float = 8.0) -> dict[str, Floats]:
    """Contracts from one minute to a year, 5 % to 200 % volatility, strikes within the given deviations."""
    rng = np.random.default_rng(seed)
    T = np.exp(rng.uniform(math.log(MINUTE), 0.0, n))
    sigma = np.exp(rng.uniform(math.log(0.05), math.log(2.0), n))
    K = 600.0 * np.exp(rng.uniform(-deviations, deviations, n) * sigma * np.sqrt(T))
    forward = 600.0 * np.exp((0.043 - 0.012) * T)
    outside = np.where(forward <= K, 1.0, -1.0)
    full = np.full(n, 1.0)
    return {
        "S": 600.0 * full,
        "K": K,
        "T": T,
        "r": 0.043 * full,
        "q": 0.012 * full,
        "sigma": sigma,
        "cp": outside,
    }


options = st.tuples(
    st.floats(1.0, 10_000.0),
    st.floats(-6.0, 6.0),
    st.floats(math.log(MINUTE), 0.0),
    st.floats(-0.05, 0.15),
    st.floats(0.0, 0.1),
    st.floats(math.log(0.03), math.log(3.0)),
).map(
    lambda a: {
        "S": a[0],
        "K": a[0] * math.exp(a[1] * math.exp(a[5]) * math.sqrt(math.exp(a[2]))),
        "T": math.exp(a[2]),
        "r": a[3],
        "q": a[4],
        "sigma": math.exp(a[5]),
    }
)


# Against the reference figures -------------------------------------------------------------------------


@pytest.mark.parametrize("row", rows("bsm_greeks.csv"), ids=lambda row: row["case"])
def test_price_and_greeks_equal_the_fifty_digit_figures(row: dict[str, str]) -> None:
    arguments = [float(row[k]) for k in ("S", "K", "T_years", "r", "q", "sigma")]
    got = price_greeks(*arguments, sign(row["right"]))
    for name, value in zip(NAMES, got, strict=True):
        assert value == pytest.approx(float(row[f"mp_{name}"]), rel=1e-10, abs=1e-10), name


@pytest.mark.parametrize("row", rows("bsm_greeks.csv"), ids=lambda row: row["case"])
def test_far_tails_keep_their_relative_digits(row: dict[str, str]) -> None:
    arguments = [float(row[k]) for k in ("S", "K", "T_years", "r", "q", "sigma")]
    _, delta, gamma, _, vega, vanna, _ = price_greeks(*arguments, sign(row["right"]))
    for name, value in (("delta", delta), ("gamma", gamma), ("vega", vega), ("vanna", vanna)):
        assert value == pytest.approx(float(row[f"mp_{name}"]), rel=1e-9, abs=0.0), name


@pytest.mark.parametrize(
    "row", [r for r in rows("iv_roundtrip.csv") if r["tol_suggested"]], ids=lambda row: row["case"]
)
def test_reference_prices_give_the_volatility_they_came_from(row: dict[str, str]) -> None:
    arguments = [float(row[k]) for k in ("price", "S", "K", "T_years", "r", "q")]
    sigma, status = implied_vol(*arguments, sign(row["right"]))
    assert status == OK
    assert sigma == pytest.approx(float(row["sigma_true"]), rel=float(row["tol_suggested"]), abs=0.0)


@pytest.mark.parametrize(
    ("case", "status"),
    [("below_intrinsic", BELOW_INTRINSIC), ("above_spot", ABOVE_BOUND), ("expired", BAD_INPUT)],
)
def test_reference_prices_without_a_volatility_say_why(case: str, status: int) -> None:
    row = next(row for row in rows("iv_roundtrip.csv") if row["case"] == case)
    arguments = [float(row[k]) for k in ("price", "S", "K", "T_years", "r", "q")]
    sigma, got = implied_vol(*arguments, sign(row["right"]))
    assert math.isnan(sigma)
    assert got == status


# Against two libraries ---------------------------------------------------------------------------------


def quantlib_greeks(ql: Any, row: dict[str, float]) -> dict[str, float]:
    """Price, delta, gamma, vega and theta by QuantLib's closed form, raw per year."""
    S, K, T = row["S"], row["K"], row["T"]
    kind = ql.Option.Call if row["cp"] > 0 else ql.Option.Put
    bond = math.exp(-row["r"] * T)
    forward = S * math.exp((row["r"] - row["q"]) * T)
    calculator = ql.BlackCalculator(
        ql.PlainVanillaPayoff(kind, K), forward, row["sigma"] * math.sqrt(T), bond
    )
    return {
        "price": calculator.value(),
        "delta": calculator.delta(S),
        "gamma": calculator.gamma(S),
        "vega": calculator.vega(T),
        "theta": calculator.theta(S, T),
    }


def test_quantlib_agrees_on_a_random_chain() -> None:
    ql = pytest.importorskip("QuantLib")
    columns = chain(400, seed=3, deviations=5.0)
    ours = greeks(**columns)
    for i in range(400):
        theirs = quantlib_greeks(ql, {name: float(column[i]) for name, column in columns.items()})
        for name, value in theirs.items():
            tolerance = 1e-6 if name == "theta" else 1e-9
            assert getattr(ours, name)[i] == pytest.approx(value, rel=tolerance, abs=tolerance), (name, i)


def mpmath_price(mp: Any, S: Any, K: Any, T: Any, r: Any, q: Any, sigma: Any, cp: float) -> Any:
    sd = sigma * mp.sqrt(T)
    d1 = (mp.log(S / K) + (r - q) * T) / sd + sd / 2
    return cp * (S * mp.exp(-q * T) * mp.ncdf(cp * d1) - K * mp.exp(-r * T) * mp.ncdf(cp * (d1 - sd)))


def mpmath_derivatives(mp: Any, a: tuple[float, ...]) -> tuple[float, ...]:
    """The seven results by numerical differentiation of the price alone, at fifty digits."""
    S, K, T, r, q, sigma = (mp.mpf(x) for x in a[:6])

    def price(s: Any, t: Any, v: Any) -> Any:
        return mpmath_price(mp, s, K, t, r, q, v, a[6])

    orders = {"delta": (1, 0, 0), "gamma": (2, 0, 0), "theta": (0, 1, 0), "vega": (0, 0, 1)}
    orders |= {"vanna": (1, 0, 1), "charm": (1, 1, 0)}
    found = {name: mp.diff(price, (S, T, sigma), order) for name, order in orders.items()}
    found["theta"], found["charm"] = -found["theta"], -found["charm"]
    return (float(price(S, T, sigma)), *(float(found[name]) for name in NAMES[1:]))


@pytest.mark.parametrize("cp", [1.0, -1.0])
@pytest.mark.parametrize(
    ("K", "T"), [(600.0, 5 * MINUTE), (603.0, 390 * MINUTE), (570.0, 0.02), (700.0, 1.0)]
)
def test_every_greek_is_the_derivative_of_the_price(K: float, T: float, cp: float) -> None:
    mp = pytest.importorskip("mpmath").mp.clone()
    mp.dps = 50
    arguments = option(K=K, T=T, sigma=0.2, cp=cp)
    for name, got, want in zip(
        NAMES, price_greeks(*arguments), mpmath_derivatives(mp, arguments), strict=True
    ):
        assert got == pytest.approx(want, rel=1e-9, abs=1e-12), name


# Against a second implementation -----------------------------------------------------------------------

_erfc = np.vectorize(math.erfc, otypes=[np.float64])


def numpy_greeks(S: Floats, K: Floats, T: Floats, r: Floats, q: Floats, sigma: Floats, cp: Floats) -> Floats:
    """The closed forms once more, whole columns at a time: (7, n)."""
    sd = sigma * np.sqrt(T)
    d1 = (np.log(S / K) + (r - q + sigma**2 / 2) * T) / sd
    d2 = d1 - sd
    n1 = np.exp(-q * T - d1**2 / 2) / np.sqrt(2 * np.pi)
    stock = S * np.exp(-q * T) * 0.5 * _erfc(-cp * d1 / np.sqrt(2))
    bond = K * np.exp(-r * T) * 0.5 * _erfc(-cp * d2 / np.sqrt(2))
    delta = cp * stock / S
    theta = -S * n1 * sigma / (2 * np.sqrt(T)) - cp * r * bond + cp * q * stock
    charm = q * delta - n1 * (2 * (r - q) * T - d2 * sd) / (2 * T * sd)
    return np.stack(
        [cp * (stock - bond), delta, n1 / (S * sd), theta, S * n1 * np.sqrt(T), -n1 * d2 / sigma, charm]
    )


@pytest.mark.parametrize("cp", [1.0, -1.0])
def test_a_second_implementation_agrees_in_bulk(cp: float) -> None:
    columns = chain(20_000, seed=5) | {"cp": np.full(20_000, cp)}
    ours, theirs = greeks(**columns), numpy_greeks(**columns)
    for name, want in zip(NAMES, theirs, strict=True):
        np.testing.assert_allclose(getattr(ours, name), want, rtol=1e-8, atol=1e-8, err_msg=name)


def test_a_plain_bisection_agrees_on_volatility() -> None:
    columns = chain(500, seed=7, deviations=4.0)
    prices = greeks(**columns).price
    rest = {name: column for name, column in columns.items() if name != "sigma"}
    low, high = np.full(500, 1e-3), np.full(500, 5.0)
    for _ in range(60):
        middle = (low + high) / 2
        below = numpy_greeks(**rest, sigma=middle)[0] < prices
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    found, status = implied_vols(prices, **rest)
    assert (status == OK).all()
    np.testing.assert_allclose(found, (low + high) / 2, rtol=1e-9)


# Laws --------------------------------------------------------------------------------------------------


@given(options)
@settings(max_examples=300, deadline=None)
def test_put_call_parity_holds(o: dict[str, float]) -> None:
    call, put = price_greeks(**o, cp=1.0), price_greeks(**o, cp=-1.0)
    stock, bond = o["S"] * math.exp(-o["q"] * o["T"]), o["K"] * math.exp(-o["r"] * o["T"])
    assert call[0] - put[0] == pytest.approx(stock - bond, abs=1e-12 * (stock + bond))
    assert call[1] - put[1] == pytest.approx(stock / o["S"], abs=1e-12)
    assert call[2] == put[2]
    assert call[4] == put[4]
    assert call[5] == put[5]


@given(options, st.sampled_from([1.0, -1.0]))
@settings(max_examples=300, deadline=None)
def test_a_price_stays_between_its_bounds(o: dict[str, float], cp: float) -> None:
    price = price_greeks(**o, cp=cp)[0]
    stock, bond = o["S"] * math.exp(-o["q"] * o["T"]), o["K"] * math.exp(-o["r"] * o["T"])
    slack = 1e-12 * (stock + bond)
    assert max(cp * (stock - bond), 0.0) - slack <= price <= (stock if cp > 0 else bond) + slack
    assert price >= 0.0


def test_rounding_never_makes_a_price_negative() -> None:
    K = 600.0 * np.exp(np.linspace(5.0, 40.0, 4001) * 0.5)
    assert (greeks(600.0, K, 1.0, 0.0, 0.0, 0.5, 1.0).price >= 0.0).all()


@given(options, st.sampled_from([1.0, -1.0]))
@settings(max_examples=300, deadline=None)
def test_the_short_form_is_the_long_form(o: dict[str, float], cp: float) -> None:
    _, delta, gamma, theta, vega, _, _ = price_greeks(**o, cp=cp)
    assert delta_gamma_vega_theta(**o, cp=cp) == (delta, gamma, vega, theta)


@pytest.mark.parametrize("seed", [11, 12])
def test_out_of_the_money_volatility_survives_the_round_trip(seed: int) -> None:
    columns = chain(100_000, seed)
    prices = greeks(**columns).price
    rest = {name: column for name, column in columns.items() if name != "sigma"}
    found, status = implied_vols(prices, **rest)
    assert (status == OK).all()
    error = np.abs(found / columns["sigma"] - 1.0)
    assert np.median(error) < 1e-13
    assert error.max() < 1e-10


def test_an_in_the_money_price_reprices_or_says_it_has_no_time_value() -> None:
    columns = chain(50_000, seed=13, deviations=5.0)
    columns["cp"] = -columns["cp"]
    prices = greeks(**columns).price
    rest = {name: column for name, column in columns.items() if name != "sigma"}
    found, status = implied_vols(prices, **rest)
    assert set(np.unique(status)) <= {OK, BELOW_INTRINSIC}
    ok = status == OK
    assert ok.mean() > 0.9
    again = greeks(**{name: column[ok] for name, column in rest.items()}, sigma=found[ok]).price
    np.testing.assert_allclose(again, prices[ok], rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("minutes", [1, 5, 60, 390, 1440])
@pytest.mark.parametrize("deviation", [-1.5, -0.5, 0.0, 0.5, 1.5])
def test_both_rights_of_a_strike_have_one_volatility(minutes: int, deviation: float) -> None:
    T = minutes * MINUTE
    K = 600.0 * math.exp(deviation * 0.2 * math.sqrt(T))
    found = []
    for cp in (1.0, -1.0):
        price = price_greeks(*option(K=K, T=T, sigma=0.2, cp=cp))[0]
        sigma, status = implied_vol(price, 600.0, K, T, 0.043, 0.012, cp)
        assert status == OK
        found.append(sigma)
    assert found[0] == pytest.approx(found[1], rel=1e-8)


@pytest.mark.parametrize("guess", [math.nan, -1.0, 0.0, 1e-9, 0.05, 0.19, 0.2, 0.2001, 0.5, 20.0, math.inf])
@pytest.mark.parametrize("K", [540.0, 590.0, 600.0, 604.0, 660.0])
def test_a_guess_changes_the_time_taken_not_the_answer(K: float, guess: float) -> None:
    T = 390 * MINUTE
    cp = 1.0 if K >= 600 else -1.0
    price = price_greeks(*option(K=K, T=T, sigma=0.2, cp=cp))[0]
    sigma, status = implied_vol_near(price, 600.0, K, T, 0.043, 0.012, cp, guess)
    assert status == OK
    assert sigma == pytest.approx(implied_vol(price, 600.0, K, T, 0.043, 0.012, cp)[0], rel=1e-11)


def test_a_guess_does_not_rescue_an_impossible_price() -> None:
    sigma, status = implied_vol_near(*quoted(price=601.0), 0.2)
    assert math.isnan(sigma)
    assert status == ABOVE_BOUND


# Settlement and bad input ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("K", "cp", "price", "delta"),
    [(590, 1, 10, 1), (590, -1, 0, 0), (610, -1, 10, -1), (610, 1, 0, 0), (600, 1, 0, 0), (600, -1, 0, 0)],
)
@pytest.mark.parametrize("T", [0.0, -1.0])
@pytest.mark.parametrize("sigma", [0.2, 0.0, math.nan])
def test_at_settlement_only_intrinsic_is_left(
    K: float, cp: float, price: float, delta: float, T: float, sigma: float
) -> None:
    assert price_greeks(*option(K=K, T=T, sigma=sigma, cp=cp)) == (price, delta, 0, 0, 0, 0, 0)
    assert delta_gamma_vega_theta(*option(K=K, T=T, sigma=sigma, cp=cp)) == (delta, 0, 0, 0)


@pytest.mark.parametrize("cp", [1.0, -1.0])
@pytest.mark.parametrize("K", [590.0, 610.0])
def test_price_and_delta_approach_settlement_without_a_jump(K: float, cp: float) -> None:
    last = price_greeks(*option(K=K, T=0.0, cp=cp))
    for T in (1e-9, 1e-12, 1e-30, 1e-200, 5e-324):
        near = price_greeks(*option(K=K, T=T, cp=cp))
        assert near[:2] == pytest.approx(last[:2], abs=1e-6)
        assert all(math.isfinite(x) for x in near)


def test_without_volatility_a_price_is_its_discounted_intrinsic_value() -> None:
    call = price_greeks(*option(K=590.0, T=1.0, sigma=0.0))
    assert call[0] == pytest.approx(600.0 * math.exp(-0.012) - 590.0 * math.exp(-0.043))
    assert call[0] == pytest.approx(price_greeks(*option(K=590.0, T=1.0, sigma=1e-4))[0], abs=1e-9)
    assert call[1] == math.exp(-0.012)
    assert call[2:] == (0.0, 0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("name", ["S", "K", "T", "r", "q", "sigma"])
def test_an_unknown_argument_gives_nan_greeks(name: str) -> None:
    assert all(math.isnan(x) for x in price_greeks(*option(**{name: math.nan})))
    assert all(math.isnan(x) for x in delta_gamma_vega_theta(*option(**{name: math.nan})))


@pytest.mark.parametrize("changes", [{"sigma": -0.1}, {"sigma": math.inf}, {"S": 0.0}, {"K": -5.0}])
def test_what_is_no_option_gives_nan_greeks(changes: dict[str, float]) -> None:
    assert all(math.isnan(x) for x in price_greeks(*option(**changes)))


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"price": 0.0}, BELOW_INTRINSIC),
        ({"price": -1.0}, BELOW_INTRINSIC),
        ({"price": 10.0, "K": 590.0}, BELOW_INTRINSIC),
        ({"price": 9.99, "K": 610.0, "cp": -1.0}, BELOW_INTRINSIC),
        ({"price": 300.0000000000001, "K": 300.0}, BELOW_INTRINSIC),
        ({"price": 600.0, "K": 610.0}, ABOVE_BOUND),
        ({"price": 590.0, "K": 590.0, "cp": -1.0}, ABOVE_BOUND),
        ({"price": math.nan}, BAD_INPUT),
        ({"price": math.inf}, BAD_INPUT),
        ({"S": 0.0}, BAD_INPUT),
        ({"K": math.nan}, BAD_INPUT),
        ({"T": 0.0}, BAD_INPUT),
        ({"T": -1.0}, BAD_INPUT),
        ({"r": math.nan}, BAD_INPUT),
        ({"q": math.inf}, BAD_INPUT),
        ({"cp": 0.0}, BAD_INPUT),
    ],
)
def test_a_price_without_a_volatility_has_a_status(changes: dict[str, float], status: int) -> None:
    sigma, got = implied_vol(*quoted(**changes))
    assert math.isnan(sigma)
    assert got == status


def test_a_price_finer_than_rounding_is_no_convergence_not_a_number() -> None:
    sigma, status = implied_vol(*quoted(price=1e-14))
    assert status in (OK, NO_CONVERGENCE)
    assert math.isnan(sigma) == (status == NO_CONVERGENCE)


def test_every_status_has_a_name() -> None:
    assert [STATUS_NAMES[i] for i in (OK, BELOW_INTRINSIC, ABOVE_BOUND, BAD_INPUT, NO_CONVERGENCE)] == [
        "ok",
        "below intrinsic",
        "above bound",
        "bad input",
        "no convergence",
    ]


# Time and the small pieces -----------------------------------------------------------------------------


def test_time_is_calendar_time_to_settlement() -> None:
    assert years(390 * 60 * SECOND_NS, 0) == pytest.approx(390 / 525_600, rel=1e-15)
    assert years(YEAR_NS, 0) == 1.0


def test_the_last_minute_is_as_long_as_a_minute() -> None:
    assert years(60 * SECOND_NS, 0) == T_FLOOR_YEARS
    assert years(1, 0) == T_FLOOR_YEARS
    assert years(61 * SECOND_NS, 0) > T_FLOOR_YEARS


@pytest.mark.parametrize("now_ns", [5, 6, 10**18])
def test_no_time_is_left_from_settlement_on(now_ns: int) -> None:
    assert years(5, now_ns) == 0.0


def test_the_lower_tail_keeps_relative_digits() -> None:
    assert norm_cdf(-30.0) == pytest.approx(4.906713927148187e-198, rel=1e-13)
    assert norm_cdf(0.0) == 0.5


@pytest.mark.parametrize(("a", "b"), [(600.0001, 600.0), (600.0, 1.0), (1.0, 600.0), (600.0, 600.0)])
def test_a_log_of_a_ratio_is_exact_near_one_and_right_far_away(a: float, b: float) -> None:
    exact = math.log1p((a - b) / b) if abs(a - b) < 0.5 * b else math.log(a) - math.log(b)
    assert log_ratio(a, b) == pytest.approx(exact, rel=1e-14, abs=0.0)


def test_columns_and_scalars_mix() -> None:
    table = greeks(600.0, [590.0, 600.0, 610.0], 0.01, 0.0, 0.0, 0.2, [1.0, 1.0, -1.0])
    for i, (K, cp) in enumerate(((590.0, 1.0), (600.0, 1.0), (610.0, -1.0))):
        row = tuple(float(getattr(table, name)[i]) for name in NAMES)
        assert row == price_greeks(600.0, K, 0.01, 0.0, 0.0, 0.2, cp)


def test_no_contracts_give_empty_columns() -> None:
    assert greeks(600.0, np.empty(0), 0.01, 0.0, 0.0, 0.2, 1.0).gamma.shape == (0,)
    assert implied_vols(np.empty(0), 600.0, 600.0, 0.01, 0.0, 0.0, 1.0)[1].shape == (0,)


def test_the_scalars_can_be_called_inside_a_compiled_loop() -> None:
    @njit(error_model="numpy")
    def total(prices: Floats) -> float:
        result = 0.0
        for price in prices:
            sigma, status = implied_vol_near(price, 600.0, 600.0, 0.001, 0.0, 0.0, 1.0, 0.2)
            if status == OK:
                result += delta_gamma_vega_theta(600.0, 600.0, 0.001, 0.0, 0.0, sigma, 1.0)[1]
        return result

    want = 0.0
    for price in (1.0, 1.5):
        sigma = implied_vol(price, 600.0, 600.0, 0.001, 0.0, 0.0, 1.0)[0]
        want += price_greeks(600.0, 600.0, 0.001, 0.0, 0.0, sigma, 1.0)[2]
    assert total(np.array([1.0, 1.5, -1.0])) == pytest.approx(want, rel=1e-10)
