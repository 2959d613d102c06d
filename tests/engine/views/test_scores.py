"""Scores: they are what counting gives, and days are what is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.fold.outcomes import HORIZONS_S
from engine.fold.rules.catalogue import RULE_NAMES
from engine.fold.rules.price_move import PRICE_MOVE
from engine.fold.rules.volume_spike import VOLUME_SPIKE
from engine.views.scores import scoreboard, windows
from engine.views.study import Tally


def test_rates_are_shares_of_what_is_known(hand) -> None:
    board = scoreboard([hand([(0, VOLUME_SPIKE, 1, 0.5), (100, VOLUME_SPIKE, 0, 0.4),
                              (200, VOLUME_SPIKE, np.nan, np.nan), (300, PRICE_MOVE, 1, 0.5)])])  # fmt: skip
    assert [(s.rule, s.horizon_s) for s in board.scores] == [
        (rule, seconds) for rule in ("volume_spike", "price_move") for seconds in HORIZONS_S
    ]
    first = board.scores[0]
    assert (first.n, first.directed, first.hit_rate) == (3, 2, 0.5)
    assert first.control_rate == pytest.approx(0.45)
    assert first.touch_rate == pytest.approx(2 / 3)
    assert first.control_touch_rate == 0.25
    assert first.mean_move == 0.0
    assert dict(board.alerts_per_h) == dict.fromkeys(RULE_NAMES, 0) | {"volume_spike": 1.5, "price_move": 0.5}


def test_a_rule_without_directions_has_no_hit_rate(hand) -> None:
    score = scoreboard([hand([(0, VOLUME_SPIKE, np.nan, np.nan)])]).scores[0]
    assert (score.hit_rate, score.control_rate, score.mean_move) == (None, None, None)
    assert score.touch_rate == 1.0


def test_nothing_played_has_no_scores() -> None:
    assert scoreboard([]).scores == scoreboard([]).alerts_per_h == ()


@settings(deadline=None)
@given(st.lists(st.integers(0, 3000), max_size=30), st.integers(1, 900))
def test_windows_are_the_covered_time_in_horizons(starts, horizon) -> None:
    covered = {second for start in starts for second in range(start, start + horizon)}
    assert windows(np.array(starts, np.int64), horizon) == pytest.approx(len(covered) / horizon)


@pytest.fixture(scope="module")
def days(hand) -> Callable[..., list[Tally]]:
    def build(*gains: float) -> list[Tally]:
        """Build one day per gain: ten signals that all hit, against a chance of one less the gain."""
        return [
            hand([(i, VOLUME_SPIKE, 1, 1 - gain) for i in range(10)], date(2025, 12, 1 + d))
            for d, gain in enumerate(gains)
        ]

    return build


def test_one_day_has_no_interval(days) -> None:
    score = scoreboard(days(0.2)).scores[0]
    assert (score.low, score.high) == (None, None)


def test_two_symbols_of_one_day_are_still_one_day(days) -> None:
    (one,) = days(0.2)
    assert scoreboard([one, replace(one, symbol="QQQ")]).scores[0].low is None


def test_days_that_agree_leave_no_doubt(days) -> None:
    score = scoreboard(days(0.2, 0.2, 0.2)).scores[0]
    assert (score.low, score.high) == (pytest.approx(0.2), pytest.approx(0.2))


def test_the_interval_is_that_of_means_of_drawn_days(days) -> None:
    score = scoreboard(days(0.0, 0.1, 0.2, 0.3, 0.4)).scores[0]
    draws = np.random.default_rng(99).choice([0.0, 0.1, 0.2, 0.3, 0.4], (20_000, 5)).mean(1)
    low, high = np.percentile(draws, (5, 95))
    assert score.low == pytest.approx(low, abs=0.02)
    assert score.high == pytest.approx(high, abs=0.02)


def test_the_interval_depends_on_nothing_but_the_seed(days) -> None:
    apart = days(0.0, 0.13, 0.29, 0.31, 0.47, 0.02, 0.25)
    assert scoreboard(apart, 1) == scoreboard(apart, 1)
    assert scoreboard(apart, 1).scores[0].low != scoreboard(apart, 2).scores[0].low


def test_a_day_without_a_known_hit_is_no_day_to_draw(hand, days) -> None:
    silent = hand([(1, VOLUME_SPIKE, np.nan, np.nan)], date(2025, 12, 9))
    assert scoreboard([*days(0.2), silent]).scores[0].low is None


def test_chance_is_that_of_the_signals_with_a_known_hit(hand) -> None:
    score = scoreboard([hand([(1, VOLUME_SPIKE, 1, 0.5), (2, VOLUME_SPIKE, np.nan, 0.9)])]).scores[0]
    assert score.control_rate == 0.5
