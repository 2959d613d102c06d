"""What a connection asks of a provider's protocol: bytes in, events and commands out, no socket.

Owns the interface that every provider's machine has, and how a machine tells that the provider ended a
conversation. The steps of a handshake are the machine's own: a connection knows only whether it is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ...model.events import Batch

N_co = TypeVar("N_co", covariant=True)
"""The provider's notices: whatever its machine tells besides events."""


class Retry(Enum):
    """When to come back once the provider has ended a conversation.

    LATE is for an end that coming back at once would only repeat: another program uses the key. NEVER is for
    a refused key.
    """

    SOON = "soon"
    LATE = "late"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Ending:
    """How the provider ended a conversation; `why` is one sentence for a person, without the key."""

    retry: Retry
    why: str


class ChannelSets(Protocol):
    """The channels of one connection, by the provider's own names for them.

    wanted  : what should be held
    held    : what data comes for, as far as is known
    refused : what was asked for and will not come
    """

    @property
    def wanted(self) -> AbstractSet[str]: ...
    @property
    def held(self) -> AbstractSet[str]: ...
    @property
    def refused(self) -> AbstractSet[str]: ...


class WireMachine(Protocol[N_co]):
    """One connection's conversation, and its successors': `reset_connection` begins the next.

    It never raises on what comes in. One thread at a time calls it, and that is not the event loop's; only
    `without_key` may be called by any.
    """

    @property
    def streaming(self) -> bool:
        """Say whether the login is over and data may come."""
        ...

    @property
    def ending(self) -> Ending | None:
        """Return how the provider ended the conversation, None while it has not."""
        ...

    @property
    def channels(self) -> ChannelSets:
        """Return what is wanted, held and refused."""
        ...

    def reset_connection(self) -> None:
        """Begin a new connection, which is not open yet; what is wanted stays."""
        ...

    def greet(self) -> None:
        """Say the first words of a connection that has just been opened, if they are ours."""
        ...

    def receive_block(self, data: bytearray, ends: NDArray[np.int64], received: NDArray[np.int64]) -> None:
        """Take messages as `ws_frames.unwrapped` returns them; `ws_frames.split` takes them apart."""
        ...

    def want(self, channels: Iterable[str]) -> None:
        """Set the channels that should be held from now on."""
        ...

    def reconcile(self, now_ns: int) -> None:
        """Do what is due by the time, ns UTC: what was unanswered for too long, a keepalive."""
        ...

    def events(self) -> Mapping[str, Batch]:
        """Drain the events, one batch per symbol."""
        ...

    def notices(self) -> Sequence[N_co]:
        """Drain what came to light; after `events`, it holds every contract that is new in them."""
        ...

    def to_send(self) -> Sequence[str]:
        """Drain the messages to send, in order."""
        ...

    def without_key(self, text: str) -> str:
        """Return a text without our key, should the provider have repeated it."""
        ...
