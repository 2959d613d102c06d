"""How a live tape stands to its source: how late its events come, and what the source says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import nan


class Badge(StrEnum):
    """What a screen shows first of a tape; recorders and JSON lines write the same words."""

    LIVE = "LIVE"
    DELAYED = "DELAYED"
    POLL = "POLL"
    """The chain is polled, since nothing streams."""
    STALE = "STALE"
    """Nothing has come for longer than it should have."""
    GAP = "GAP"
    """What happens now is missed."""
    CLOSED = "CLOSED"
    """Out of market hours."""
    REWIND = "REWIND"
    """An earlier moment of a day that goes on."""
    REPLAY = "REPLAY"
    """A day that is over."""
    SIMULATED = "SIMULATED"
    """A day that no market had, live or replayed."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How late the last events of a live tape came in, ms: half of them later than p50, 1 % than p99.

    Below zero when the provider's clock is ahead of ours.
    """

    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Link:
    """What a live source says of its connection, renewed about once a second and whenever it changes.

    badge       : LIVE, DELAYED, POLL, STALE, GAP or CLOSED; SIMULATED of a day that no market had
    state       : one word for a pipe: 'connecting', 'connected', 'waiting', 'polling', 'closed', 'lost'
    dropped     : quotes that came in and were conflated or thrown away; trades never are
    note        : one sentence for the person, empty when all is well
    spot_origin : where the underlying's price comes from: 'stocks feed', 'index feed', 'chain snapshot',
                  'put-call parity'; empty while there is none
    silent_s    : whole seconds since anything was heard, before the open the age of the chain; None while all
                  is well
    next_poll_s : whole seconds until the next poll, None when nothing is polled
    reconciled  : share of the provider's day volume that is on the tape, 0-1; nan before a snapshot
    refused     : channels the provider refused, most important first
    """

    badge: Badge = Badge.LIVE
    state: str = "connecting"
    dropped: int = 0
    note: str = ""
    spot_origin: str = ""
    silent_s: int | None = None
    next_poll_s: int | None = None
    reconciled: float = nan
    refused: tuple[str, ...] = ()
