"""The next session: when it is made ready for, and the wait until then.

Clock and pause are arguments, so that a test needs neither.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date

from .calendar import next_session, ready_ns

LONGEST_WAIT_S = 30.0
"""The longest of the pauses a wait is made of: a machine that was asleep is late by no more than this."""

_NS = 1_000_000_000


def next_ready_ns(day: date) -> int:
    """Return when the session after a day is made ready for, ns UTC; NoDataError past the calendar's end."""
    return ready_ns(next_session(day))


async def wait_until(
    due_ns: int,
    now: Callable[[], int],
    pause: Callable[[float], Awaitable[object]],
    is_over: Callable[[], bool] = lambda: False,
) -> None:
    """Wait until a moment by the wall's clock, however often the machine sleeps on the way.

    due_ns  : ns UTC
    now     : ns UTC
    pause   : waits so many seconds, or less
    is_over : whether nobody waits any more
    """
    while not is_over() and (left_ns := due_ns - now()) > 0:
        await pause(min(left_ns / _NS, LONGEST_WAIT_S))
