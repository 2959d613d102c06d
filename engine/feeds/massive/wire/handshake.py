"""The conversation with Massive's websocket as a table: which status leads where, and what it asks of us.

Owns the states of a connection and every (state, status) pair. It refuses to know frames and channels.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Final


class HandshakeState(StrEnum):
    """Where a connection stands.

    The last four are ends, and say what an owner does next: REFUSED nothing more, the key or the plan is
    wrong; EVICTED wait a minute, another program uses the key; SLOW and DISMISSED reconnect.
    """

    OPENING = "opening"
    AUTHENTICATING = "authenticating"
    STREAMING = "streaming"
    REFUSED = "refused"
    EVICTED = "evicted"
    SLOW = "slow"
    DISMISSED = "dismissed"


class Action(Enum):
    """What a status asks of the machine; TELL is a fact for the owner and nothing more."""

    TELL = "tell"
    AUTHENTICATE = "authenticate"
    SUBSCRIBE = "subscribe"
    CONFIRM = "confirm"
    SUSPECT = "suspect"


Step = tuple[HandshakeState, Action]

OTHER: Final = "other"
"""Stands for every status that is not listed."""

STATUSES: Final = (
    "connected", "auth_success", "auth_failed", "auth_timeout", "success", "error",
    "max_connections", "slow_consumer", "force_disconnect", OTHER,
)  # fmt: skip

_ENDINGS: dict[str, Step] = {
    "auth_failed": (HandshakeState.REFUSED, Action.TELL),
    "auth_timeout": (HandshakeState.DISMISSED, Action.TELL),
    "max_connections": (HandshakeState.EVICTED, Action.TELL),
    "slow_consumer": (HandshakeState.SLOW, Action.TELL),
    "force_disconnect": (HandshakeState.DISMISSED, Action.TELL),
}


def _staying(state: HandshakeState) -> dict[str, Step]:
    return dict.fromkeys(STATUSES, (state, Action.TELL))


TRANSITIONS: Final[dict[HandshakeState, dict[str, Step]]] = {
    HandshakeState.OPENING: {
        **_staying(HandshakeState.OPENING), **_ENDINGS,
        "connected": (HandshakeState.AUTHENTICATING, Action.AUTHENTICATE),
    },
    HandshakeState.AUTHENTICATING: {
        **_staying(HandshakeState.AUTHENTICATING), **_ENDINGS,
        "auth_success": (HandshakeState.STREAMING, Action.SUBSCRIBE),
    },
    HandshakeState.STREAMING: {
        **_staying(HandshakeState.STREAMING), **_ENDINGS,
        "success": (HandshakeState.STREAMING, Action.CONFIRM),
        "error": (HandshakeState.STREAMING, Action.SUSPECT),
    },
    **{
        end: _staying(end)
        for end in (
            HandshakeState.REFUSED, HandshakeState.EVICTED, HandshakeState.SLOW, HandshakeState.DISMISSED,
        )
    },
}  # fmt: skip
"""Every state and status. An end is never left: the cause of the close must stay known."""


def step(state: HandshakeState, status: str) -> Step:
    """Return the state after a status, and what it asks for."""
    steps = TRANSITIONS[state]
    return steps.get(status, steps[OTHER])
