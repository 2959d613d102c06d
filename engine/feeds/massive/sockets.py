"""The websockets of one source: the options over one or more, stocks and indices for the underlyings' prices.

Owns which connection carries what, what the plan turned out to grant, and what was refused. It refuses to
know tapes. `drain`, `want` and `lost` are for the one thread that writes; `run` is for the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ...model.calendar import Underlying
from ...model.errors import CredentialError
from ...model.events import Batch
from ..transport.backoff import ConnectionTimes
from .connection import Connection, LinkStatus, Phase
from .feed_status import retry_sentence
from .subscriptions import Grants, SymbolSubscription, learned, option_channels, spot_channels, spot_cluster
from .wire.machine import Machine
from .wire.notices import RefusedChannels
from .wire.seen_trades import SeenTrades
from .wire.tickers import TickerTable

OPTIONS = "options"


@dataclass(slots=True)
class Socket:
    """One websocket.

    underlyings : whose prices it carries; none for options
    lost        : why it is not tried any more, one sentence; '' while it is
    """

    cluster: str
    machine: Machine
    connection: Connection
    underlyings: tuple[Underlying, ...] = ()
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


@dataclass(slots=True)
class SocketBatches:
    """What came since the last drain.

    options, spots : batches of one symbol each, in order of arrival within a line
    refused        : channels that were refused
    outages        : (since, until) of every time without options data that has ended, ns UTC
    """

    options: list[tuple[str, Batch]] = field(default_factory=list)
    spots: list[tuple[str, Batch]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    outages: list[tuple[int, int]] = field(default_factory=list)


class Sockets:
    """The websockets of one source.

    grants       : what the plan lets us hear of options, as far as it has answered
    stock_trades : whether trades of stocks are granted; if not, quotes are asked for
    seen         : the trades that were taken
    """

    def __init__(
        self,
        url: str,
        key: str,
        tickers: TickerTable,
        underlyings: Sequence[Underlying],
        connections: int,
        pace: ConnectionTimes,
        heard: Callable[[], None],
        *,
        seed: int,
        now: Callable[[], int],
    ) -> None:
        self.seen = SeenTrades()
        self.grants = Grants(fair_values="business" in url)
        self.stock_trades = True

        def socket(number: int, cluster: str, of: tuple[Underlying, ...] = ()) -> Socket:
            machine = Machine(key, cluster, tickers, self.seen)
            made = Connection(f"{url}/{cluster}", machine, pace, heard, seed=seed + number, now=now)
            return Socket(cluster, machine, made, of)

        by_cluster: dict[str, list[Underlying]] = {}
        for each in underlyings:
            by_cluster.setdefault(spot_cluster(each), []).append(each)
        self.options = [socket(i, OPTIONS) for i in range(connections)]
        self.spots = [
            socket(connections + i, cluster, tuple(of)) for i, (cluster, of) in enumerate(by_cluster.items())
        ]

    def __iter__(self) -> Iterator[Socket]:
        return iter((*self.options, *self.spots))

    @property
    def streaming(self) -> bool:
        """Say whether every websocket of the options is up."""
        return bool(self.options) and all(each.streaming for each in self.options)

    @property
    def lost(self) -> str:
        """Return why options are not tried any more, '' while they are."""
        return next((each.lost for each in self.options if each.lost), "")

    @property
    def why(self) -> str:
        """Return what went wrong last with the options, '' while all is well."""
        return self.lost or next((each.why for each in self.statuses if each.why), "")

    def again(self, now_ns: int) -> str:
        """Return when the options are tried again, '' when that is soon."""
        told = (retry_sentence(each.since_ns, each.retry_at_ns, now_ns) for each in self.statuses)
        return next(filter(None, told), "")

    @property
    def ahead_s(self) -> int | None:
        """Return how far our clock is before the provider's, whole seconds; None when nobody tells."""
        return next((each.ahead_s for each in self.statuses if each.ahead_s is not None), None)

    @property
    def statuses(self) -> list[LinkStatus]:
        """Return how the options' websockets stand."""
        return [each.connection.status for each in self.options]

    @property
    def heard_ns(self) -> int:
        """Return when the quietest websocket of the options brought something last, ns UTC."""
        return min((each.last_frame_ns for each in self.statuses), default=0)

    @property
    def told_ns(self) -> int:
        """Return up to when all the options have told, ns UTC; 0 without websockets."""
        return min((each.told_ns for each in self.statuses), default=0)

    @property
    def conflated(self) -> int:
        """Return how many quotes were dropped in favour of newer ones."""
        return sum(each.conflated for each in self.statuses)

    @property
    def waiting(self) -> bool:
        """Say whether a websocket of the options waits for its next attempt."""
        return any(each.phase in (Phase.WAITING, Phase.EVICTED) for each in self.statuses)

    def tells(self, underlying: Underlying) -> bool:
        """Say whether the underlying's own price can come now."""
        return any(each.streaming for each in self.spots if underlying in each.underlyings)

    def granted(self, channels: Sequence[str]) -> list[str]:
        """Return those of the channels that are held now."""
        return [each for each in channels if any(each in socket.machine.channels.held for socket in self)]

    def want(self, watched: Sequence[SymbolSubscription]) -> None:
        """Set what should be held: everything that follows from what is watched and what is granted."""
        wanted = option_channels(watched, self.grants, len(self.options))
        for each, channels in zip(self.options, wanted, strict=True):
            each.connection.want(channels)
        for each in self.spots:
            each.connection.want(spot_channels(each.underlyings, self.stock_trades))

    def drain(self) -> SocketBatches:
        """Decode everything that is queued; prices of underlyings first, before what they explain."""
        heard = SocketBatches()
        for each in self.spots:
            heard.spots += self._drained(each, heard).items()
            each.connection.outages()
        for each in self.options:
            heard.options += self._drained(each, heard).items()
            heard.outages += each.connection.outages()
        return heard

    def _drained(self, socket: Socket, heard: SocketBatches) -> dict[str, Batch]:
        drained = socket.connection.drain()
        for notice in drained.notices:
            if isinstance(notice, RefusedChannels):
                heard.refused += notice.channels
                self._refuse(socket, notice.channels)
        return drained.batches

    def _refuse(self, socket: Socket, channels: Sequence[str]) -> None:
        held = socket.machine.channels.held
        if socket.cluster == OPTIONS:
            self.grants = learned(self.grants, channels, held)
        elif not any(each.startswith("T.") for each in held):
            self.stock_trades = False
