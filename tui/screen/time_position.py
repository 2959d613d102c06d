"""Where in time the screen stands: before the first view, on a past day, at a live day's front, behind it."""

from __future__ import annotations

from typing import Literal

from engine.views.view import View

TimePosition = Literal["nowhere", "past", "front", "behind"]

NOWHERE: TimePosition = "nowhere"
PAST: TimePosition = "past"
FRONT: TimePosition = "front"
BEHIND: TimePosition = "behind"
ANYWHERE = (NOWHERE, PAST, FRONT, BEHIND)
ON_TAPE = (PAST, FRONT, BEHIND)
REPLAYING = (PAST, BEHIND)


def time_position(view: View | None) -> TimePosition:
    """Say where in time the screen stands."""
    if view is None:
        return NOWHERE
    if view.live_ns is None:
        return PAST
    return BEHIND if view.rewound else FRONT
