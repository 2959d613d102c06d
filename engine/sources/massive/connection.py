"""One cluster's websocket, kept up until told to stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from ...events import Batch
from ...wire.massive import Machine
from ...wire.notices import Notice
from .backoff import Pace


class Phase(StrEnum):
    """Where a connection stands, for whoever shows it."""

    CONNECTING = "connecting"
    AUTHENTICATING = "authenticating"
    STREAMING = "streaming"
    WAITING = "waiting"
    EVICTED = "evicted"
    REFUSED = "refused"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """What is known of a connection at one moment.

    since_ns      : ns UTC when the phase began
    why           : one sentence on what went wrong last, empty while all is well
    retry_at_ns   : ns UTC of the next attempt, None when none is planned
    last_frame_ns : ns UTC when data came last, 0 when none ever did
    bytes_queued  : received and not decoded yet
    conflated     : quotes dropped in all because newer ones of their contracts stood right behind them
    ahead_s       : our clock before the provider's, whole seconds, by its answer; None when it tells no time
    """

    phase: Phase = Phase.CONNECTING
    since_ns: int = 0
    why: str = ""
    retry_at_ns: int | None = None
    last_frame_ns: int = 0
    bytes_queued: int = 0
    conflated: int = 0
    ahead_s: int | None = None


@dataclass(frozen=True, slots=True)
class Drained:
    """What a drain found: one batch per symbol, and what the machine told."""

    batches: dict[str, Batch] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)


class Connection:
    """One cluster's websocket, kept up until told to stop.

    Nothing happens, not even the login, unless somebody drains: after each `heard`, and once a second.
    """

    def __init__(
        self,
        url: str,
        machine: Machine,
        pace: Pace,
        heard: Callable[[], None],
        *,
        seed: int,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        raise NotImplementedError

    @property
    def status(self) -> LinkStatus:
        """Return where the connection stands; any thread may ask."""
        raise NotImplementedError

    async def run(self) -> None:
        """Keep the connection up until cancelled; CredentialError when the key is refused."""
        raise NotImplementedError

    def want(self, channels: Iterable[str]) -> None:
        """Set the channels that should be held from now on; any thread may call it."""
        raise NotImplementedError

    def drain(self) -> Drained:
        """Decode everything that is queued; one thread at a time, and not the loop's."""
        raise NotImplementedError

    def outages(self) -> list[tuple[int, int]]:
        """Drain the times without data that ended since the last call: (since, until), ns UTC."""
        raise NotImplementedError
