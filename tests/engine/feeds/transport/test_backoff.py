"""The waits between attempts, by arithmetic."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.feeds.transport.backoff import Backoff, ConnectionTimes

TIMES = ConnectionTimes()
SEEDS = st.integers(0, 2**32)


@given(SEEDS, st.lists(st.floats(0, 59.9), min_size=1, max_size=80))
def test_waits_without_a_healthy_minute_double_up_to_the_most_and_stay_there(
    seed: int, data_s: list[float]
) -> None:
    backoff = Backoff(TIMES, seed)
    for n, each in enumerate(data_s):
        longest = min(0.5 * 2**n, 30.0)
        assert backoff.longest_s == longest
        assert 0.0 <= backoff.next_wait_s(each) <= longest


@given(SEEDS, st.integers(0, 20))
def test_a_healthy_minute_of_data_begins_the_waits_again(seed: int, failures: int) -> None:
    backoff = Backoff(TIMES, seed)
    for _ in range(failures):
        backoff.next_wait_s(59.9)
    assert backoff.next_wait_s(60.0) <= 0.5
    assert backoff.longest_s == 1.0


@given(SEEDS, st.integers(0, 20))
def test_after_an_eviction_it_waits_a_minute_at_least(seed: int, failures: int) -> None:
    backoff = Backoff(TIMES, seed)
    for _ in range(failures):
        backoff.next_wait_s(0.0)
    assert 60.0 <= backoff.next_wait_s(0.0, long=True) <= 90.0


def test_the_jitter_is_full_and_its_own_for_each_seed() -> None:
    waits = [Backoff(TIMES, seed).next_wait_s(0.0) for seed in range(2_000)]
    assert len(set(waits)) == 2_000
    assert np.allclose(np.quantile(waits, (0.1, 0.5, 0.9)), (0.05, 0.25, 0.45), atol=0.03)
    assert Backoff(TIMES, 3).next_wait_s(0.0) == Backoff(TIMES, 3).next_wait_s(0.0)
