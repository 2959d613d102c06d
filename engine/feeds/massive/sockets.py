"""The websockets of one source: the options over one or more, stocks and indices for the underlyings' prices.

Owns which connection carries what, what the plan turned out to grant, and what was refused. `drain` and
`want` are for the one thread that writes, `run` of each is for the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ...model.events import Batch
from ...model.underlyings import Underlying
from ..transport.backoff import ConnectionTimes
from ..transport.connection import Connection
from ..transport.sockets import Socket, SocketGroup
from .subscriptions import Grants, SymbolSubscription, option_channels, spot_channels, spot_cluster
from .wire.machine import Machine
from .wire.notices import Notice, RefusedChannels
from .wire.seen_trades import SeenTrades
from .wire.tickers import TickerTable

OPTIONS = "options"


@dataclass(frozen=True, slots=True)
class Access:
    """What the websockets need to know.

    ws_url      : scheme, host and port; the clusters are below it
    connections : to the options at once; 0 for none, polls alone
    """

    key: str = field(repr=False)
    ws_url: str
    connections: int = 1


@dataclass(slots=True, kw_only=True)
class ClusterSocket(Socket[Notice]):
    """One websocket to a cluster.

    underlyings : whose prices it carries; none for options
    """

    cluster: str
    machine: Machine
    underlyings: tuple[Underlying, ...] = ()


@dataclass(slots=True)
class SocketBatches:
    """What came since the last drain.

    options, spots : batches of one symbol each, in order of arrival within a websocket
    refused        : channels that were refused
    outages        : (since, until) of every time without options data that has ended, ns UTC
    """

    options: list[tuple[str, Batch]] = field(default_factory=list)
    spots: list[tuple[str, Batch]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    outages: list[tuple[int, int]] = field(default_factory=list)


class Sockets:
    """The websockets of one source.

    options      : how those of the options stand
    grants       : what the plan lets us have of options, as far as it has answered
    stock_trades : whether trades of stocks are granted; if not, quotes are asked for
    seen         : the trades that were taken
    """

    def __init__(
        self,
        access: Access,
        tickers: TickerTable,
        underlyings: Sequence[Underlying],
        times: ConnectionTimes,
        notify: Callable[[], None],
        *,
        seed: int,
        now: Callable[[], int],
    ) -> None:
        self.seen = SeenTrades()
        self.grants = Grants(fair_values="business" in access.ws_url)
        self.stock_trades = True

        def socket(number: int, cluster: str, of: tuple[Underlying, ...] = ()) -> ClusterSocket:
            machine = Machine(access.key, cluster, tickers, self.seen)
            url = f"{access.ws_url}/{cluster}"
            made = Connection(url, machine, times, notify, seed=seed + number, now=now)
            return ClusterSocket(connection=made, cluster=cluster, machine=machine, underlyings=of)

        connections = access.connections
        by_cluster: dict[str, list[Underlying]] = {}
        for each in underlyings:
            by_cluster.setdefault(spot_cluster(each), []).append(each)
        self._options = [socket(i, OPTIONS) for i in range(connections)]
        self._spots = [
            socket(connections + i, cluster, tuple(of)) for i, (cluster, of) in enumerate(by_cluster.items())
        ]
        self.options = SocketGroup(self._options)

    def __iter__(self) -> Iterator[ClusterSocket]:
        return iter((*self._options, *self._spots))

    def streams_price(self, underlying: Underlying) -> bool:
        """Say whether the underlying's own price can come now."""
        return any(each.streaming for each in self._spots if underlying in each.underlyings)

    def held(self, channels: Sequence[str]) -> list[str]:
        """Return those of the channels that are held now."""
        return [each for each in channels if any(each in socket.machine.channels.held for socket in self)]

    def want(self, watched: Sequence[SymbolSubscription]) -> None:
        """Set what should be held: everything that follows from what is watched and what is granted."""
        wanted = option_channels(watched, self.grants, len(self._options))
        for each, channels in zip(self._options, wanted, strict=True):
            each.connection.want(channels)
        for each in self._spots:
            each.connection.want(spot_channels(each.underlyings, self.stock_trades))

    def drain(self) -> SocketBatches:
        """Decode everything that is queued; prices of underlyings first, before what they explain."""
        batches = SocketBatches()
        for each in self._spots:
            batches.spots += self._drain_one(each, batches).items()
            each.connection.take_outages()
        for each in self._options:
            batches.options += self._drain_one(each, batches).items()
            batches.outages += each.connection.take_outages()
        return batches

    def _drain_one(self, socket: ClusterSocket, batches: SocketBatches) -> dict[str, Batch]:
        contents = socket.connection.drain()
        for notice in contents.notices:
            if isinstance(notice, RefusedChannels):
                batches.refused += notice.channels
                self._note_refusal(socket, notice.channels)
        return contents.batches

    def _note_refusal(self, socket: ClusterSocket, channels: Sequence[str]) -> None:
        held = socket.machine.channels.held
        if socket.cluster == OPTIONS:
            self.grants = self.grants.without(channels, held)
        elif not any(each.startswith("T.") for each in held):
            self.stock_trades = False
