"""The conversation with Massive's websocket as a table: which status leads where, and what it asks of us.

Owns the states of a connection and every (state, status) pair.
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import Final

from ...transport.wire_machine import Ending, Retry


class HandshakeState(StrEnum):
    """Where a connection stands; the last four are ends, see `ending`."""

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


_ENDED: Final = {
    HandshakeState.EVICTED: Ending(Retry.LATE, "Another program took over this key's one connection."),
    HandshakeState.SLOW: Ending(
        Retry.SOON, "The provider closed the connection because it was read too slowly."
    ),
    HandshakeState.DISMISSED: Ending(Retry.SOON, "The provider asked for a new connection."),
}


def step(state: HandshakeState, status: str) -> Step:
    """Return the state after a status, and what it asks for."""
    steps = TRANSITIONS[state]
    return steps.get(status, steps[OTHER])


def ending(state: HandshakeState, cluster: str, message: str) -> Ending | None:
    """Return what a state means for whoever keeps the connection up, None while it goes on.

    message : of the status that led there
    """
    if state is HandshakeState.REFUSED:
        why = f"Massive refused the key for {cluster}: {message.rstrip('.')}; check MASSIVE_API_KEY."
        return Ending(Retry.NEVER, why)
    return _ENDED.get(state)
