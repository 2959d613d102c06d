"""The rate limit: never more requests than allowed within any stretch of time, and slower once refused."""

from __future__ import annotations

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from engine.feeds.transport.rate_limit import RateLimit


@given(st.lists(st.integers(0, 200), max_size=60), st.integers(1, 6), st.integers(1, 600))
def test_no_stretch_of_time_holds_more_requests_than_allowed(pauses: list[int], most: int, per: int) -> None:
    """In 64ths of a second, which floats hold exactly."""
    limit = RateLimit(most, per / 64)
    asked = [now / 64 + limit.take_turn(now / 64) for now in accumulate(pauses)]
    assert asked == sorted(asked)
    assert all(later - earlier >= per / 64 for earlier, later in zip(asked, asked[most:], strict=False))


def test_nobody_waits_below_the_limit() -> None:
    limit = RateLimit(2, 10.0)
    assert [limit.take_turn(now) for now in (0.0, 1.0, 2.0, 10.0, 30.0)] == [0, 0, 8, 1, 0]


def test_a_provider_that_keeps_refusing_is_asked_at_the_slow_rate() -> None:
    said: list[int] = []
    limit = RateLimit(20, 1.0, slow=(2, 60.0), on_slow=lambda: said.append(limit.most))
    for now in (0.0, 1.0, 2.0):
        assert not said
        limit.take_turn(now)
        limit.note_refusal(now)
    assert limit.take_turn(3.0) == 58.0
    limit.note_refusal(4.0)
    assert said == [2], "it is told once"


def test_refusals_far_apart_slow_nothing_down() -> None:
    limit = RateLimit(20, 1.0, slow=(5, 60.0))
    for now in (0.0, 50.0, 100.0):
        limit.note_refusal(now)
    assert limit.most == 20


def test_a_rate_below_the_slow_one_is_kept() -> None:
    limit = RateLimit(1, 60.0, slow=(5, 60.0))
    for now in (0.0, 1.0, 2.0):
        limit.note_refusal(now)
    assert (limit.most, limit.per_s) == (1, 60.0)
