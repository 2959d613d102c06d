"""When the next session is made ready for, and waiting for it on a machine that sleeps."""

from __future__ import annotations

from datetime import date

import pytest

from engine.model.calendar import session
from engine.model.errors import NoDataError
from engine.model.holidays import LAST_DAY
from engine.model.next_session import LONGEST_WAIT_S, next_ready_ns, wait_until

NS = 1_000_000_000
DUE_NS = 100 * NS


class Wall:
    """A clock that only pauses move; the machine sleeps `asleep_s` through the first of them."""

    def __init__(self, asleep_s: float = 0.0) -> None:
        self.now_ns = 0
        self.asked: list[float] = []
        self._asleep_s = asleep_s

    def now(self) -> int:
        return self.now_ns

    async def pause(self, seconds: float) -> None:
        self.asked.append(seconds)
        self.now_ns += round((seconds + self._asleep_s) * NS)
        self._asleep_s = 0.0


def test_it_is_made_ready_an_hour_before_the_next_open() -> None:
    friday, monday = date(2025, 12, 19), date(2025, 12, 22)
    assert next_ready_ns(friday) == session(monday).open_ns - 3600 * NS
    with pytest.raises(NoDataError):
        next_ready_ns(LAST_DAY)


@pytest.mark.asyncio
async def test_the_wait_is_cut_into_pauses_that_add_up() -> None:
    wall = Wall()
    await wait_until(DUE_NS, wall.now, wall.pause)
    assert wall.asked == [LONGEST_WAIT_S] * 3 + [10.0]


@pytest.mark.asyncio
async def test_what_was_slept_through_is_not_waited_for_again() -> None:
    wall = Wall(asleep_s=1000.0)
    await wait_until(DUE_NS, wall.now, wall.pause)
    assert wall.asked == [LONGEST_WAIT_S]


@pytest.mark.asyncio
async def test_who_no_longer_waits_is_let_go_after_the_pause() -> None:
    wall = Wall()
    await wait_until(DUE_NS, wall.now, wall.pause, is_over=lambda: len(wall.asked) == 2)
    assert len(wall.asked) == 2
    await wait_until(wall.now_ns, wall.now, wall.pause)
    assert len(wall.asked) == 2
