"""Massive as a live source: websockets and chain snapshots together, or snapshots alone.

Owns the order of a day: the chain first, then the websockets, polls in their place while they are down, gaps
and what fills them, and the end after the close. Everything that touches a tape, a contract table or a
websocket's frames runs in one worker thread, so none of them needs a lock. It refuses to know where tapes are
recorded and what is shown.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import TypeVar

import numpy as np

from ...errors import CredentialError, NoDataError, ProviderError
from ...events import NS, Batch
from ...live import Begin, LiveTape
from ...market import Underlying
from ...timeline import TapeInfo
from ...wire.massive_tickers import Tickers
from .backoff import Pace
from .clusters import Clusters, Heard
from .followed import Followed, Reach
from .hours import hours
from .rest import Rest
from .watch import Watch

T = TypeVar("T")

_CENT, _NICKEL = 100, 500


@dataclass(frozen=True, slots=True)
class Pulse:
    """How often what is done, seconds.

    pump     : at least between two readings of what has arrived
    beat     : between two looks at how everything stands
    aim      : between two looks at which channels are wanted
    snapshot : between two chain snapshots while the websockets stream
    poll     : between two polls while they do not
    dead     : how long they may be down before the chain is polled
    settle   : how long after an outage its trades are asked for
    """

    pump: float = 0.05
    beat: float = 0.25
    aim: float = 1.0
    snapshot: float = 60.0
    poll: float = 5.0
    dead: float = 10.0
    settle: float = 2.0


@dataclass(frozen=True, slots=True)
class Access:
    """What a key is shown to, and what it may use.

    ws_url      : scheme, host and port of the websockets
    connections : websockets to the options at once
    streams     : False for polls alone
    """

    key: str
    ws_url: str
    connections: int = 1
    streams: bool = True

    def __repr__(self) -> str:
        return f"Access({self.ws_url})"


class MassiveSource:
    """The live day of some underlyings; an `engine.slot.LiveSource`.

    begin : opens the intake of a symbol's day
    now   : ns UTC
    """

    def __init__(
        self,
        underlyings: Sequence[Underlying],
        access: Access,
        rest: Rest,
        begin: Begin,
        *,
        seed: int,
        reach: Reach = Reach(),
        pulse: Pulse = Pulse(),
        pace: Pace = Pace(),
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        self.name = "massive" if access.streams else "massive-rest"
        self.label = "live from Massive" if access.streams else "polled from Massive"
        self.symbols = tuple(each.symbol for each in underlyings)
        self._underlyings = {each.symbol: each for each in underlyings}
        self._access, self._rest, self._begin, self._reach = access, rest, begin, reach
        self._pulse, self._now = pulse, now
        self._hours = hours(underlyings, now())
        self._opening = Lock()
        self._followed: dict[str, Followed] = {}
        self._tickers = Tickers()
        self._arrived, self._day_over = asyncio.Event(), asyncio.Event()
        connections = access.connections if access.streams else 0
        self._clusters = Clusters(
            access.ws_url,
            access.key,
            self._tickers,
            underlyings if access.streams else (),
            connections,
            pace,
            self._arrived.set,
            seed=seed,
            now=now,
        )

    def open(self, symbol: str) -> LiveTape:
        """Return the symbol's tape; NoDataError for one that is not watched, StoreError when it cannot be."""
        return self._follow(symbol).intake.tape
