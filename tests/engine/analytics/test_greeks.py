"""Price and greeks against two oracles, a second implementation and their own laws."""

from __future__ import annotations

import csv
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.analytics.greeks import (
    T_FLOOR_YEARS,
    YEAR_NS,
    delta_gamma_vega_theta,
    greeks,
    greeks_on_forward,
    log_ratio,
    norm_cdf,
    price_greeks,
    years,
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


def test_on_a_forward_everything_is_what_a_dividend_that_explains_it_makes_of_it() -> None:
    S, K, T, r, q, sigma = 600.0, np.array([590.0, 604.0]), 0.25, 0.04, 0.013, np.array([0.2, 0.17])
    cp = np.array([-1.0, 1.0])
    plain = greeks(S, K, T, r, q, sigma, cp)
    told = greeks_on_forward(S, S * math.exp((r - q) * T), K, T, r, 0.0, sigma, cp)
    for name in ("price", "delta", "gamma", "vega", "vanna"):
        np.testing.assert_allclose(getattr(told, name), getattr(plain, name), rtol=1e-12, err_msg=name)


def test_on_the_forward_of_spot_and_carry_they_are_the_plain_ones() -> None:
    arguments = 600.0, np.array([590.0, 604.0]), 0.25, 0.04, 0.013, 0.2, np.array([-1.0, 1.0])
    forward = 600.0 * np.exp((0.04 - 0.013) * 0.25)
    plain, told = greeks(*arguments), greeks_on_forward(600.0, forward, *arguments[1:])
    for name in NAMES:
        assert getattr(told, name).tolist() == getattr(plain, name).tolist(), name


def test_what_carry_does_not_explain_stays_a_factor_of_the_spot() -> None:
    ahead = 1.004  # the forward, over that of spot and carry
    told = greeks_on_forward(600.0, 600.0 * ahead, 600.0, 0.01, 0.0, 0.0, 0.2, 1.0)
    plain = greeks(600.0, 600.0 / ahead, 0.01, 0.0, 0.0, 0.2, 1.0)
    assert told.charm[0] == pytest.approx(ahead * plain.charm[0], rel=1e-12)
    assert told.theta[0] == pytest.approx(ahead * plain.theta[0], rel=1e-12)
