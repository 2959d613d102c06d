"""Implied volatility against the reference, a plain bisection and its own laws."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
from numba import njit
from numpy.typing import NDArray

from engine.analytics.greeks import delta_gamma_vega_theta, greeks, price_greeks
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

MINUTE = 1.0 / 525_600

Floats = NDArray[np.float64]


def rows(name: str) -> list[dict[str, str]]:
    with (REFERENCE / name).open(newline="") as file:
        return list(csv.DictReader(file))


def sign(right: str) -> float:
    return 1.0 if right == "C" else -1.0


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


def test_a_plain_bisection_agrees_on_volatility() -> None:
    columns = chain(500, seed=7, deviations=4.0)
    prices = greeks(**columns).price
    rest = {name: column for name, column in columns.items() if name != "sigma"}
    low, high = np.full(500, 1e-3), np.full(500, 5.0)
    for _ in range(60):
        middle = (low + high) / 2
        below = greeks(**rest, sigma=middle).price < prices
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    found, status = implied_vols(prices, **rest)
    assert (status == OK).all()
    np.testing.assert_allclose(found, (low + high) / 2, rtol=1e-9)


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
        price = price_greeks(600.0, K, T, 0.043, 0.012, 0.2, cp)[0]
        sigma, status = implied_vol(price, 600.0, K, T, 0.043, 0.012, cp)
        assert status == OK
        found.append(sigma)
    assert found[0] == pytest.approx(found[1], rel=1e-8)


@pytest.mark.parametrize("guess", [math.nan, -1.0, 0.0, 1e-9, 0.05, 0.19, 0.2, 0.2001, 0.5, 20.0, math.inf])
@pytest.mark.parametrize("K", [540.0, 590.0, 600.0, 604.0, 660.0])
def test_a_guess_changes_the_time_taken_not_the_answer(K: float, guess: float) -> None:
    T = 390 * MINUTE
    cp = 1.0 if K >= 600 else -1.0
    price = price_greeks(600.0, K, T, 0.043, 0.012, 0.2, cp)[0]
    sigma, status = implied_vol_near(price, 600.0, K, T, 0.043, 0.012, cp, guess)
    assert status == OK
    assert sigma == pytest.approx(implied_vol(price, 600.0, K, T, 0.043, 0.012, cp)[0], rel=1e-11)


def test_a_guess_does_not_rescue_an_impossible_price() -> None:
    sigma, status = implied_vol_near(*quoted(price=601.0), 0.2)
    assert math.isnan(sigma)
    assert status == ABOVE_BOUND


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


def test_no_contracts_have_no_volatility() -> None:
    assert implied_vols(np.empty(0), 600.0, 600.0, 0.01, 0.0, 0.0, 1.0)[1].shape == (0,)
