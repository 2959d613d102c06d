"""Where a connection stands, for whoever shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """Where a connection stands.

    EVICTED waits too, but longer: another program uses the key. REFUSED is connected without a single
    channel, or turned away by the host for lack of rights.
    """

    CONNECTING = "connecting"
    AUTHENTICATING = "authenticating"
    STREAMING = "streaming"
    WAITING = "waiting"
    EVICTED = "evicted"
    REFUSED = "refused"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """What is known of a connection at one moment.

    since_ns      : ns UTC when the phase began
    why           : one sentence on what went wrong last, empty while all is well
    retry_at_ns   : ns UTC of the next attempt, None when none is planned
    last_frame_ns : ns UTC when a frame came last, 0 when none ever did
    complete_until_ns : ns UTC up to when nothing is missing; an outage under way does not move it
    bytes_queued  : received and not decoded yet
    conflated     : quotes dropped in all because newer ones of their contracts came right behind them
    ahead_s       : our clock before the provider's, whole seconds, by its answer; None when it tells no time
    """

    phase: Phase = Phase.CONNECTING
    since_ns: int = 0
    why: str = ""
    retry_at_ns: int | None = None
    last_frame_ns: int = 0
    complete_until_ns: int = 0
    bytes_queued: int = 0
    conflated: int = 0
    ahead_s: int | None = None
