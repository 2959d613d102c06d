"""The screen's side: a live source whose tapes are a running recorder's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from ...model.errors import NoDataError
from ...tape.live_tape import LiveTape, Spool
from ...tape.tape import TapeInfo
from .connection import RecorderConnection, WaitTimes
from .protocol import Hello, RecordedSymbol
from .socket_file import SocketFile

ATTACHED = "A screen onto the recorder: closing it loses nothing."


class AttachedSource:
    """The tapes of a recorder; a `LiveSource`.

    socket_file : where it can be reached
    hello   : what the recorder said when it was found
    symbols : those to be watched, all that it records when none are named
    spool   : gives the place for a tape's whole chunks; without one they are held in memory
    now     : a clock in ns UTC
    NoDataError for a symbol that is not recorded.
    """

    def __init__(
        self,
        socket_file: SocketFile,
        hello: Hello,
        symbols: Sequence[str] = (),
        spool: Callable[[], Spool | None] = lambda: None,
        now: Callable[[], int] = time.time_ns,
        waits: WaitTimes | None = None,
    ) -> None:
        recorded = [_wanted(hello, symbol) for symbol in symbols or hello.symbols]
        self._connections = {
            each.info.symbol: RecorderConnection(
                socket_file, hello, _tape(each.info, spool()), now, waits or WaitTimes()
            )
            for each in recorded
        }

    @property
    def name(self) -> str:
        """Return the name it is switched to by, which is no other source's."""
        return "recorder"

    @property
    def label(self) -> str:
        """Return what a person calls it: what is recorded, and by which process."""
        connection = next(iter(self._connections.values()))
        return f"{connection.tape.info.source}, attached to the recorder (pid {connection.hello.pid})"

    @property
    def symbols(self) -> tuple[str, ...]:
        """Return the symbols that are watched."""
        return tuple(self._connections)

    @property
    def day(self) -> date | None:
        """Return which session's day is recorded; None for a simulated one, which no other follows."""
        info = next(iter(self._connections.values())).tape.info
        return None if info.simulated else info.day

    def open(self, symbol: str) -> LiveTape:
        """Return a symbol's tape; NoDataError when it is not watched."""
        if symbol not in self._connections:
            raise NoDataError(f"{symbol} is not among what is watched here: {', '.join(self._connections)}.")
        return self._connections[symbol].tape

    async def run(self, notify: Callable[[], None]) -> None:
        """Write the tapes until the day is over, however often the recorder is restarted.

        NoDataError when it comes back with something else, ProviderError when it makes no sense.
        """
        tasks = [asyncio.create_task(connection.run(notify)) for connection in self._connections.values()]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _wanted(hello: Hello, symbol: str) -> RecordedSymbol:
    found = hello.find(symbol)
    if found is None:
        raise NoDataError(
            f"The recorder (pid {hello.pid}) records {', '.join(hello.symbols) or 'nothing'}, not {symbol}; "
            "start it with that symbol too."
        )
    return found


def _tape(info: TapeInfo, spool: Spool | None) -> LiveTape:
    return LiveTape(replace(info, notes=(*info.notes, ATTACHED)), spool)
