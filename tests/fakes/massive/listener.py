"""Our side of a connection in tests: a websockets client around the machine, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import numpy as np
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from engine.feeds.massive.wire.machine import Machine
from engine.feeds.massive.wire.notices import Notice
from engine.feeds.massive.wire.tickers import TickerTable
from engine.model.contracts import ContractTable
from engine.model.events import EVENT, Events
from engine.model.underlyings import underlying

from .plan import KEY


def following(symbols: str = "SPY SPX") -> TickerTable:
    """Return tickers of some underlyings, with empty contract tables."""
    tickers = TickerTable()
    for symbol in symbols.split():
        tickers.add(underlying(symbol), ContractTable())
    return tickers


def machine(cluster: str = "options", wanted: Iterable[str] = (), symbols: str = "SPY SPX") -> Machine:
    """Return a machine that follows some underlyings."""
    made = Machine(KEY, cluster, following(symbols))
    made.want(wanted)
    return made


class Listener:
    """Feeds a machine from a socket until the provider closes; keeps all it drains."""

    def __init__(self, fed: Machine) -> None:
        self.machine = fed
        self.told: list[Notice] = []
        self.close_code: int | None = None
        self._drained: dict[str, list[Events]] = {}

    async def run(self, url: str, **options: Any) -> None:
        """Listen to one connection to its end; options are those of websockets."""
        async with connect(url, **{"compression": None, "close_timeout": 1, **options}) as socket:
            try:
                while True:
                    self.machine.receive(await socket.recv(decode=False), time.time_ns())
                    self._drain()
                    for command in self.machine.to_send():
                        await socket.send(command)
            except ConnectionClosed:
                self.close_code = socket.close_code
        self._drain()

    def events(self, symbol: str = "SPY") -> Events:
        """Return everything so far."""
        return np.concatenate([np.empty(0, EVENT), *self._drained.get(symbol, [])])

    def _drain(self) -> None:
        for symbol, batch in self.machine.events().items():
            self._drained.setdefault(symbol, []).append(batch.events)
        self.told += self.machine.notices()
