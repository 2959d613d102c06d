"""The simulator's randomness and arithmetic."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.feeds.simulated.draw import (
    bell_at,
    exp,
    key_of,
    log,
    normal_cdf,
    poisson,
    unit_at,
)

KEY = np.uint64(key_of("a", 1))


@pytest.mark.parametrize("x", [-600.0, -35.5, -1.0, -1e-9, 0.0, 0.3, 1.0, 20.0, 300.0])
def test_exp_agrees_with_the_library(x: float) -> None:
    assert exp(x) == pytest.approx(math.exp(x), rel=1e-13)


def test_exp_far_below_zero_is_zero() -> None:
    assert exp(-800.0) == 0.0


@pytest.mark.parametrize("x", [1e-9, 0.5, 0.7071, 1.0, 1.4143, 2.0, 680.0, 25_100.0])
def test_log_agrees_with_the_library(x: float) -> None:
    assert log(x) == pytest.approx(math.log(x), rel=1e-14, abs=1e-15)


@pytest.mark.parametrize("x", [-38.0, -20.0, -7.2, -7.0, -3.0, -0.1, 0.0, 0.1, 3.0, 7.0, 9.0])
def test_normal_probability_keeps_its_relative_accuracy_in_the_tail(x: float) -> None:
    assert normal_cdf(x) == pytest.approx(0.5 * math.erfc(-x / math.sqrt(2.0)), rel=1e-7, abs=1e-300)


def test_keys_differ_by_every_part() -> None:
    keys = {key_of(seed, symbol) for seed in range(20) for symbol in ("SPY", "SPX")}
    assert len(keys) == 40


def test_a_counter_always_gives_the_same_number() -> None:
    assert unit_at(KEY, 12) == unit_at(KEY, 12)
    assert unit_at(KEY, 12) != unit_at(KEY, 13)


def test_uniform_numbers_fill_the_unit_interval_evenly() -> None:
    drawn = np.array([unit_at(KEY, i) for i in range(20_000)])
    assert drawn.min() >= 0.0
    assert drawn.max() < 1.0
    counts = np.histogram(drawn, bins=20, range=(0, 1))[0]
    assert np.abs(counts - 1000).max() < 150


def test_bell_shaped_numbers_have_unit_variance() -> None:
    drawn = np.array([bell_at(KEY, i) for i in range(20_000)])
    assert abs(drawn.mean()) < 0.03
    assert drawn.std() == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("mean", [0.02, 0.7, 4.0, 29.0, 31.0, 400.0])
def test_poisson_counts_have_their_mean_and_variance(mean: float) -> None:
    drawn = np.array([poisson(mean, np.uint64(key_of(mean, i))) for i in range(8_000)])
    assert drawn.mean() == pytest.approx(mean, rel=0.05, abs=0.01)
    assert drawn.var() == pytest.approx(mean, rel=0.12, abs=0.01)


def test_poisson_of_nothing_is_nothing() -> None:
    assert poisson(0.0, KEY) == 0
