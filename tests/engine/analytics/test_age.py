"""How long a volatility stands."""

from __future__ import annotations

import pytest

from engine.analytics.age import SESSION_NS, limit_ns
from engine.model.events import NS

HOUR = 3600 * NS


@pytest.mark.parametrize("left_ns", [0, HOUR, SESSION_NS])
def test_near_the_money_of_what_settles_today_it_is_a_minute(left_ns: int) -> None:
    assert limit_ns(left_ns, 0.0, NS) == 60 * NS


def test_it_grows_with_distance_and_with_the_time_left() -> None:
    assert limit_ns(HOUR, 2.0, NS) == limit_ns(HOUR, -2.0, NS) == 300 * NS
    assert limit_ns(10 * SESSION_NS, 0.0, NS) == 600 * NS
    assert limit_ns(10 * SESSION_NS, 1.0, NS) == 1200 * NS


def test_it_is_never_less_than_three_beats_of_the_source() -> None:
    assert limit_ns(HOUR, 0.0, 60 * NS) == 180 * NS
    assert limit_ns(HOUR, 2.0, 60 * NS) == 300 * NS
