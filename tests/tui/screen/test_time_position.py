"""Where in time the screen stands."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.model.events import NS
from engine.views.view import View
from tui.screen.time_position import BEHIND, FRONT, NOWHERE, PAST, TimePosition, time_position

MakeView = Callable[..., View]


@pytest.mark.parametrize(
    ("badge", "live_ns", "position"),
    [
        ("REPLAY", None, PAST),
        ("SIMULATED", None, PAST),
        ("CLOSED", None, PAST),
        ("LIVE", NS, FRONT),
        ("STALE", NS, FRONT),
        ("REWIND", NS, BEHIND),
    ],
)
def test_a_screen_is_in_the_past_at_the_front_of_a_live_day_or_behind_it(
    make_view: MakeView, badge: str, live_ns: int | None, position: TimePosition
) -> None:
    assert time_position(make_view(badge=badge, live_ns=live_ns)) == position


def test_before_the_first_view_the_screen_is_nowhere_in_time() -> None:
    assert time_position(None) == NOWHERE
