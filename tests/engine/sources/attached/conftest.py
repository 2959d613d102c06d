"""A recorder in this process: live tapes that a test writes, takes and shows through a hub."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.events import KIND_NAMES, NS, Events
from engine.live import LiveTape, Spool
from engine.sources.attached import AttachedSource, Hello, Hub, find_recorder
from engine.sources.attached.strand import Patience
from engine.timeline import Tape, TapeInfo

QUICK = Patience(retry=0.005, silent=30.0, fold=0.001)
LATE_NS = 2**62


class Recording:
    """One symbol's tape as a recorder writes it; the rows that were taken can be watched."""

    def __init__(self, tape: LiveTape, memory: Tape) -> None:
        self.tape = tape
        for contract in memory.contracts:
            tape.listed.add(contract)

    def write(self, events: Events) -> None:
        self.tape.append(events.copy(), int(events["ts"][-1]) + NS)
        self.tape.take()

    def close(self) -> None:
        self.tape.close()
        self.tape.take()


class Screen:
    """An attached source that runs; `until` takes what has come in, as a fold would, whenever it is told of news."""

    def __init__(self, source: AttachedSource) -> None:
        self.source = source
        self._news = asyncio.Event()
        self.task = asyncio.create_task(source.run(self._news.set))

    def tape(self, symbol: str = "SPY") -> LiveTape:
        return self.source.open(symbol)

    async def until(self, is_it: Callable[[LiveTape], bool], symbol: str = "SPY") -> LiveTape:
        tape = self.tape(symbol)
        while True:
            self._news.clear()
            for each in self.source.symbols:
                self.source.open(each).take()
            if is_it(tape):
                return tape
            if self.task.done():
                self.task.result()
            waiting = asyncio.create_task(self._news.wait())
            await asyncio.wait([waiting, self.task], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()

    async def rows(self, count: int, symbol: str = "SPY") -> LiveTape:
        return await self.until(lambda tape: tape.rows >= count, symbol)

    async def leave(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def rows_of(tape: Tape) -> Events:
    """Return everything that can be read of a tape."""
    return np.concatenate([tape.read(chunk) for chunk in range(len(tape.starts))])
