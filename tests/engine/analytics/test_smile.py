"""Which quotes measure a volatility, and the curve through them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.analytics.smile import WORST_ERROR, SmileParams, measured, moneyness, smooth

Floats = NDArray[np.float64]
Z = np.linspace(-4.0, 4.0, 33)
CURVE = 0.18 - 0.01 * Z + 0.004 * Z**2


def column(*values: float) -> Floats:
    return np.array(values, np.float64)


def flat(error: float, n: int = Z.size) -> Floats:
    return np.full(n, error)


class TestMeasured:
    def test_the_error_is_half_the_spread_over_vega(self) -> None:
        iv, error = measured(column(0.2), column(1.00), column(1.06), column(15.0), column(1.03), 0.01)
        assert (iv[0], error[0]) == (0.2, pytest.approx(0.002))

    @pytest.mark.parametrize(
        ("iv", "bid", "ask", "vega", "time_value"),
        [
            (math.nan, 1.0, 1.1, 15.0, 1.05),
            (0.2, 0.0, 1.1, 15.0, 0.55),
            (0.2, 1.1, 1.0, 15.0, 1.05),
            (0.2, math.nan, 1.0, 15.0, math.nan),
            (0.2, 1.0, 1.1, 0.0, 1.05),
            (0.2, 1.0, 1.1, 0.05 / WORST_ERROR * 0.99, 1.05),
            (0.2, 0.004, 0.006, 15.0, 0.005),
        ],
    )
    def test_what_measures_nothing_is_unknown(
        self, iv: float, bid: float, ask: float, vega: float, time_value: float
    ) -> None:
        got = measured(column(iv), column(bid), column(ask), column(vega), column(time_value), 0.01)
        assert np.isnan(got).all()

    def test_a_tick_of_time_value_is_enough(self) -> None:
        iv, _ = measured(column(0.2), column(0.005), column(0.015), column(0.5), column(0.01), 0.01)
        assert iv[0] == 0.2


def test_moneyness_counts_standard_deviations() -> None:
    sd = 0.2 * math.sqrt(0.01)
    z = moneyness(600 * np.exp(column(-sd, 0.0, 2 * sd)), 600.0, 0.2, 0.01)
    assert z == pytest.approx([-1, 0, 2], abs=1e-12)


class TestSmooth:
    @given(st.floats(0.05, 1.0), st.floats(-0.05, 0.05), st.floats(-0.01, 0.02), st.floats(1e-4, 0.05))
    @settings(max_examples=50, deadline=None)
    def test_a_quadratic_is_its_own_curve(self, a: float, b: float, c: float, error: float) -> None:
        curve = a + b * Z + c * Z**2
        assert smooth(Z, curve, flat(error)) == pytest.approx(curve, abs=1e-10)

    def test_noise_is_smoothed(self) -> None:
        noise = np.random.default_rng(7).normal(0, 0.004, (50, Z.size))
        off = np.array([smooth(Z, CURVE + each, flat(0.004)) - CURVE for each in noise])
        assert np.sqrt(np.mean(off**2)) < 0.8 * np.sqrt(np.mean(noise**2))

    @pytest.mark.parametrize(("at", "off"), [(14, 0.06), (0, 0.06), (32, -0.03), (1, 0.02), (30, 0.02)])
    def test_one_quote_that_stands_off_does_not_bend_it(self, at: int, off: float) -> None:
        iv = CURVE.copy()
        iv[at] += off
        assert smooth(Z, iv, flat(0.001)) == pytest.approx(CURVE, abs=1e-6)

    def test_a_wide_quote_counts_little(self) -> None:
        iv, error = CURVE.copy(), flat(0.001)
        iv[14], error[14] = iv[14] + 0.03, 0.03
        assert smooth(Z, iv, error) == pytest.approx(CURVE, abs=2e-4)

    def test_a_hole_is_bridged_and_the_outside_is_not(self) -> None:
        iv, error = CURVE.copy(), flat(0.001)
        hidden = [0, 1, 12, 13, 30, 31, 32]
        iv[hidden] = np.nan
        error[hidden] = np.nan
        got = smooth(Z, iv, error)
        assert np.flatnonzero(np.isnan(got)).tolist() == [0, 1, 30, 31, 32]
        assert got[12:14] == pytest.approx(CURVE[12:14], abs=1e-9)

    def test_too_few_points_have_no_curve(self) -> None:
        least = SmileParams().least
        iv = CURVE.copy()
        iv[least - 1 :] = np.nan
        assert np.isnan(smooth(Z, iv, flat(0.001))).all()
        assert np.isnan(smooth(Z[:0], Z[:0], Z[:0])).all()

    def test_as_many_as_there_must_be_have_one(self) -> None:
        n = SmileParams().least
        assert smooth(Z[:n], CURVE[:n], flat(0.001, n)) == pytest.approx(CURVE[:n], abs=1e-9)
