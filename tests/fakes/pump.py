"""Somebody who drains a connection whenever it notifies, as a source does, and keeps what came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import numpy as np

from engine.feeds.transport.address import Address
from engine.feeds.transport.backoff import ConnectionTimes
from engine.feeds.transport.connection import Connection
from engine.feeds.transport.connection_status import ConnectionStatus
from engine.feeds.transport.wire_machine import WireMachine
from engine.model.events import TRADE, Events

QUICK = ConnectionTimes(
    first=0.01, most=0.05, evicted=0.02, opening=30.0, login=30.0, closing=0.05,
    settling=10.0, silent=30.0, pong=30.0, gather=0.001, tick=0.01,
)  # fmt: skip
"""Times for tests: nothing is waited for that does not have to be."""


class Pump:
    """Drains in a worker thread.

    statuses : each that differed in phase or reason from the one before
    """

    def __init__(
        self,
        address: str | Address,
        machine: WireMachine[Any],
        times: ConnectionTimes = QUICK,
        **more: object,
    ) -> None:
        self._news = asyncio.Event()
        self._queued = asyncio.Event()
        self._changed = asyncio.Condition()
        self.connection = Connection(address, machine, times, self._wake, seed=7, **more)  # type: ignore[arg-type]
        self.machine = machine
        self.parts: list[Events] = []
        self.notices: list[Any] = []
        self.outages: list[tuple[int, int]] = []
        self.statuses: list[ConnectionStatus] = []
        self.draining = asyncio.Event()
        self.draining.set()

    @property
    def trades(self) -> list[int]:
        """Return the sizes of the trades so far, in order."""
        events = np.concatenate(self.parts) if self.parts else np.zeros(0, [("kind", "u1"), ("s1", "<i4")])
        return events["s1"][events["kind"] == TRADE].tolist()

    @property
    def phases(self) -> list[str]:
        """Return the phases so far, each once in a row."""
        names = [each.phase.value for each in self.statuses]
        return [name for i, name in enumerate(names) if i == 0 or name != names[i - 1]]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something about what came is so."""
        async with self._changed:
            await self._changed.wait_for(condition)

    async def until_notified(self, condition: Callable[[], bool]) -> None:
        """Wait until something about the connection is so, drained or not."""
        while not condition():
            self._queued.clear()
            await self._queued.wait()

    async def run(self) -> None:
        """Drain whenever there is news, and a few times a second."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    await self._news.wait()
            await self.draining.wait()
            self._news.clear()
            contents = await asyncio.to_thread(self.connection.drain)
            self.parts += [batch.events for batch in contents.batches.values()]
            self.notices += contents.notices
            self.outages += self.connection.take_outages()
            async with self._changed:
                self._changed.notify_all()

    def _wake(self) -> None:
        status = self.connection.status
        last = self.statuses[-1] if self.statuses else None
        if last is None or (last.phase, last.why) != (status.phase, status.why):
            self.statuses.append(status)
        self._news.set()
        self._queued.set()


@asynccontextmanager
async def pumped(pump: Pump) -> AsyncIterator[asyncio.Task[None]]:
    """Run a pump and its connection, and end both; yields the connection's task."""
    running = asyncio.create_task(pump.connection.run())
    pumping = asyncio.create_task(pump.run())
    try:
        yield running
    finally:
        for task in (running, pumping):
            task.cancel()
            await asyncio.wait([task])
