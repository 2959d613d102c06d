"""Several websockets that carry one thing together: it is there while all of them are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ...model.errors import CredentialError
from .connection import Connection
from .connection_status import ConnectionStatus, Phase
from .feed_status import retry_sentence

N = TypeVar("N")


@dataclass(slots=True)
class Socket(Generic[N]):
    """One websocket; `lost` is why it is not tried any more, one sentence, '' while it is."""

    connection: Connection[N]
    lost: str = ""

    @property
    def streaming(self) -> bool:
        """Say whether data can come over it now."""
        return not self.lost and self.connection.status.phase is Phase.STREAMING

    async def run(self) -> None:
        """Keep it up until cancelled, or until the key is refused there: then `lost` says so."""
        try:
            await self.connection.run()
        except CredentialError as error:
            self.lost = str(error)


class SocketGroup(Generic[N]):
    """How some websockets stand together; there may be none."""

    def __init__(self, sockets: Sequence[Socket[N]]) -> None:
        self._sockets = tuple(sockets)

    def __iter__(self) -> Iterator[Socket[N]]:
        return iter(self._sockets)

    def __len__(self) -> int:
        return len(self._sockets)

    @property
    def statuses(self) -> list[ConnectionStatus]:
        """Return how each stands."""
        return [each.connection.status for each in self]

    @property
    def streaming(self) -> bool:
        """Say whether every one is up; none is not."""
        return len(self) > 0 and all(each.streaming for each in self)

    @property
    def waiting(self) -> bool:
        """Say whether one waits for its next attempt."""
        return any(each.phase in (Phase.WAITING, Phase.EVICTED) for each in self.statuses)

    @property
    def lost(self) -> str:
        """Return why one is not tried any more, '' while all are."""
        return next((each.lost for each in self if each.lost), "")

    @property
    def why(self) -> str:
        """Return what went wrong last, '' while all is well."""
        return self.lost or next((each.why for each in self.statuses if each.why), "")

    def next_attempt(self, now_ns: int) -> str:
        """Return when one is tried again, a sentence; '' when that is soon."""
        sentences = (retry_sentence(each.since_ns, each.retry_at_ns, now_ns) for each in self.statuses)
        return next(filter(None, sentences), "")

    @property
    def ahead_s(self) -> int | None:
        """Return how far our clock is before the provider's, whole seconds; None when nobody tells."""
        return next((each.ahead_s for each in self.statuses if each.ahead_s is not None), None)

    @property
    def last_frame_ns(self) -> int:
        """Return when the quietest brought something last, ns UTC; 0 without any."""
        return min((each.last_frame_ns for each in self.statuses), default=0)

    @property
    def complete_until_ns(self) -> int:
        """Return up to when nothing is missing from any, ns UTC; 0 without any."""
        return min((each.complete_until_ns for each in self.statuses), default=0)

    @property
    def conflated(self) -> int:
        """Return how many quotes were dropped in favour of newer ones."""
        return sum(each.conflated for each in self.statuses)
