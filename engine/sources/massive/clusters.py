"""The websockets of one source: the options over one or more, stocks and indices for the underlyings' prices.

Owns which connection carries what, what the plan turned out to grant, and what was refused. It refuses to
know tapes. `drain`, `want` and `lost` are for the one thread that writes; `run` is for the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ...errors import CredentialError
from ...events import Batch
from ...market import Underlying
from ...wire.massive import Machine
from ...wire.massive_tickers import Tickers
from ...wire.notices import Refused
from ...wire.seen import Seen
from .backoff import Pace
from .connection import Connection, LinkStatus, Phase
from .subscriptions import Grants, Watched, learned, option_channels, spot_channels, spot_cluster

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


@dataclass(frozen=True, slots=True)
class Heard:
    """What came since the last drain.

    options, spots : batches of one symbol each, in order of arrival within a line
    outages        : (since, until) of every time without options data that has ended, ns UTC
    """

    options: list[tuple[str, Batch]] = field(default_factory=list)
    spots: list[tuple[str, Batch]] = field(default_factory=list)
    outages: list[tuple[int, int]] = field(default_factory=list)


class Clusters:
    """The websockets of one source.

    grants  : what the plan lets us hear of options, as far as it has answered
    refused : channels it refused, in the order it did
    """

    def __init__(
        self,
        url: str,
        key: str,
        tickers: Tickers,
        underlyings: Sequence[Underlying],
        connections: int,
        pace: Pace,
        heard: Callable[[], None],
        *,
        seed: int,
        now: Callable[[], int],
    ) -> None:
        self.seen = Seen()
        self.grants = Grants(fair_values="business" in url)
        self.refused: dict[str, None] = {}
        self._stock_trades = True

        def line(number: int, cluster: str, of: tuple[Underlying, ...] = ()) -> Socket:
            machine = Machine(key, cluster, tickers, self.seen)
            made = Connection(f"{url}/{cluster}", machine, pace, heard, seed=seed + number, now=now)
            return Socket(cluster, machine, made, of)

        by_cluster: dict[str, list[Underlying]] = {}
        for each in underlyings:
            by_cluster.setdefault(spot_cluster(each), []).append(each)
        self.options = [line(i, OPTIONS) for i in range(connections)]
        self.spots = [
            line(connections + i, cluster, tuple(of)) for i, (cluster, of) in enumerate(by_cluster.items())
        ]

    def __iter__(self) -> Iterable[Socket]:
        return iter((*self.options, *self.spots))

    @property
    def streaming(self) -> bool:
        """Say whether every websocket of the options is up."""
        return all(line.streaming for line in self.options)

    @property
    def lost(self) -> str:
        """Return why options are not tried any more, '' while they are."""
        return next((line.lost for line in self.options if line.lost), "")

    @property
    def statuses(self) -> list[LinkStatus]:
        """Return how the options' websockets stand."""
        return [line.connection.status for line in self.options]

    def told(self, underlying: Underlying) -> bool:
        """Say whether the underlying's own price can come now."""
        return any(line.streaming for line in self.spots if underlying in line.underlyings)

    def want(self, watched: Sequence[Watched]) -> None:
        """Set what should be held: everything that follows from what is watched and what is granted."""
        wanted = option_channels(watched, self.grants, len(self.options))
        for line, channels in zip(self.options, wanted, strict=True):
            line.connection.want(channels)
        for line in self.spots:
            line.connection.want(spot_channels(line.underlyings, self._stock_trades))

    def drain(self) -> Heard:
        """Decode everything that is queued."""
        heard = Heard()
        for line in (*self.spots, *self.options):  # a price of the underlying is there before what it explains
            drained = line.connection.drain()
            into = heard.spots if line.underlyings else heard.options
            into += drained.batches.items()
            outages = line.connection.outages()
            if line.cluster == OPTIONS:
                heard.outages += outages
            for notice in drained.notices:
                if isinstance(notice, Refused):
                    self._refuse(line, notice.channels)
        return heard

    def _refuse(self, line: Socket, channels: Sequence[str]) -> None:
        self.refused |= dict.fromkeys(channels)
        if line.cluster == OPTIONS:
            self.grants = learned(self.grants, channels, line.machine.channels.held)
        elif line.cluster == "stocks" and not any(each.startswith("T.") for each in line.machine.channels.held):
            self._stock_trades = False
