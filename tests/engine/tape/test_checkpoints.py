"""Checkpoints give back what was kept, bit for bit, whatever was dropped since."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np
import pytest

from engine.fold.forwards import FORWARD, PAIR
from engine.fold.records import CELL, UNDER
from engine.fold.state import State
from engine.tape.checkpoints import GROUP, Checkpoint, Checkpoints, FoldPosition

STATIC = np.zeros(5, [("settle_ns", "<i8")])
WORDS = 5 * CELL.itemsize // 8


def position(clock: int, seed: int = 0, share: float = 0.1) -> FoldPosition:
    """Return a place whose cells differ from all zeros in a share of their words."""
    rng = np.random.default_rng((seed, clock))
    words = np.where(rng.random(WORDS) < share, rng.integers(0, 2**63, WORDS), 0).astype(np.uint64)
    under = np.zeros(1, UNDER)
    under["clock"], under["events"] = clock, 10 * clock
    forwards = np.zeros(2, FORWARD)
    forwards["spot"] = clock
    state = State(STATIC, np.zeros(1, PAIR), words.view(CELL), under, forwards)
    return FoldPosition(clock // 7, clock % 7, state)


def same(one: FoldPosition, other: FoldPosition) -> bool:
    cells, others = (each.state.cells.view(np.uint64) for each in (one, other))
    places = (one.chunk, one.offset) == (other.chunk, other.offset)
    rest = all(
        mine == theirs
        for name in ("under", "forwards")
        for mine, theirs in zip(getattr(one.state, name), getattr(other.state, name), strict=True)
    )
    return places and np.array_equal(cells, others) and rest


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_a_cursor_comes_back_bit_for_bit(share: float) -> None:
    first, later = position(0), position(9, share=share)

    assert same(Checkpoint.of(later).position(), later)
    assert same(Checkpoint.of(later, Checkpoint.of(first).whole).position(), later)


def test_what_comes_back_is_independent_of_what_is_kept() -> None:
    kept = Checkpoints(position(0), 1, 1, 10**9)
    kept.last.position().state.cells["bid"] = 5

    assert same(kept.last.position(), position(0))


def test_the_nearest_before_a_moment_is_found() -> None:
    kept = Checkpoints(position(10), 1, 1, 10**9)
    for clock in range(20, 400, 10):
        kept.offer(position(clock))

    for ts in range(0, 420, 3):
        assert kept.before(ts).clock == max(ts // 10 * 10 if ts < 390 else 390, 10)
        assert same(kept.before(ts).position(), position(kept.before(ts).clock))


def test_a_place_too_near_the_last_is_not_kept() -> None:
    kept = Checkpoints(position(0), 10, 300, 10**9)
    for clock in range(1, 100):
        kept.offer(position(clock))

    assert [kept.before(ts).clock for ts in (29, 30, 59, 60, 99)] == [0, 30, 30, 60, 90]


def test_above_the_budget_every_second_goes_and_the_rest_stays_whole() -> None:
    kept = Checkpoints(position(0), 1, 1, 40 * WORDS)
    for clock in range(1, 300):
        kept.offer(position(clock))
        assert kept.nbytes <= 40 * WORDS
        assert same(kept.last.position(), position(kept.last.clock))
    clocks = [kept.before(ts).clock for ts in range(300)]
    spacing = np.diff(sorted(set(clocks)))

    assert kept.before(0).clock == 0
    assert len(set(spacing.tolist())) == 1
    assert all(same(kept.before(ts).position(), position(clock)) for ts, clock in enumerate(clocks))
    assert len(kept) == bisect_right(sorted(set(clocks)), 300)


def test_a_group_takes_little_more_than_one_state_while_little_changes() -> None:
    kept = Checkpoints(position(0, share=0), 1, 1, 10**9)
    for clock in range(1, GROUP):
        kept.offer(position(clock, share=0.01))

    assert kept.nbytes < 1.5 * WORDS * 8 + GROUP * (UNDER.itemsize + 2 * FORWARD.itemsize)
