"""One symbol's connection to the recorder, made anew as often as the recorder is.

Each symbol has its own, so that none waits for another one's fold. Nothing is written to disk here: the
recorder has done that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from ...model.errors import NoDataError, ProviderError, SpymonError
from ...model.events import NS, empty_events
from ...tape.link import Badge
from ...tape.live_tape import CHUNK, LiveTape
from .protocol import (
    PREAMBLE,
    ContractNames,
    Hello,
    Message,
    Refusal,
    RowsMessage,
    SourceReport,
    TapeEnd,
    TapeExtent,
    TapeRequest,
    Unframer,
    encode,
)
from .socket_file import SocketFile

AHEAD = 8 * CHUNK
"""Rows that may wait for the fold; more stay with the recorder until those were taken."""

NEAR_NS = 60 * NS
"""How far before its close a simulated day may have its last event."""

_READ = 1 << 20


@dataclass(frozen=True, slots=True)
class WaitTimes:
    """Wall time, s.

    retry  : between two attempts to reach a recorder that is away
    silent : without a word before a recorder, which speaks every second, is said to be stuck
    fold   : between two looks whether the fold has caught up
    """

    retry: float = 1.0
    silent: float = 5.0
    fold: float = 0.02


class RecorderConnection:
    """Brings one symbol's tape from the recorder; `hello` is the last greeting heard."""

    def __init__(
        self, socket_file: SocketFile, hello: Hello, tape: LiveTape, now: Callable[[], int], waits: WaitTimes
    ) -> None:
        self.hello = hello
        self.tape = tape
        self._socket_file, self._now, self._waits = socket_file, now, waits
        self._link = tape.link
        self._extent = TapeExtent()
        self._known = 0  # rows that were recorded before this connection
        self._clock = 0
        self._last_word_ns: int | None = None
        self._ended = False

    async def run(self, notify: Callable[[], None]) -> None:
        """Write the tape until the day is over, and close it."""
        try:
            while not await self._hear_out(notify):
                self._set_link(Badge.GAP, "lost", f"{self._recorder} {self._why}; this screen waits for it.")
                notify()
                await asyncio.sleep(self._waits.retry)
        except SpymonError as error:
            self._set_link(Badge.GAP, "lost", str(error))
            notify()
            raise
        self.tape.close()
        notify()

    @property
    def _recorder(self) -> str:
        return f"The recorder (pid {self.hello.pid})"

    @property
    def _why(self) -> str:
        return "stopped before the close" if self._ended else "is gone"

    def _set_link(self, badge: Badge, state: str, note: str) -> None:
        silent_s = None if self._last_word_ns is None else (self._now() - self._last_word_ns) // NS
        self.tape.link = replace(self._link, badge=badge, state=state, note=note, silent_s=silent_s)

    # --- one connection ---------------------------------------------------------------------------

    async def _hear_out(self, notify: Callable[[], None]) -> bool:
        """Hear the recorder out; False when it is not there, or goes before the day is over."""
        connection = self._socket_file.connect()
        if connection is None:
            return False
        connection.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=connection, limit=_READ)
        self._ended = False
        try:
            writer.write(PREAMBLE)
            await self._listen(reader, writer, notify)
        except ConnectionError:
            return False
        finally:
            writer.transport.abort()
        return self._ended and self._is_over()

    def _is_over(self) -> bool:
        """Say whether the day is, by the wall's clock; a simulated one has its own."""
        info = self.tape.info
        if info.simulated:
            return self._clock >= info.session.close_ns - NEAR_NS
        return max(self._now(), self._clock) >= info.session.close_ns

    async def _listen(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, notify: Callable[[], None]
    ) -> None:
        unframer = Unframer()
        while not self._ended and (data := await self._read(reader, notify)):
            if await asyncio.to_thread(self._take_bytes, unframer, data):
                writer.write(encode(TapeRequest(self.tape.info.symbol, self._extent)))
            notify()
            # The fold tells nobody how far it is; it is behind for a moment after a late start.
            while self._extent.rows - self.tape.events > AHEAD:  # noqa: ASYNC110
                await asyncio.sleep(self._waits.fold)

    async def _read(self, reader: asyncio.StreamReader, notify: Callable[[], None]) -> bytes:
        """Return what comes in, none at the end, and say so when nothing does."""
        while True:
            try:
                async with asyncio.timeout(self._waits.silent):
                    return await reader.read(_READ)
            except TimeoutError:
                self._set_link(
                    Badge.STALE, "lost", f"{self._recorder} hangs: it has not said a word for seconds."
                )
                notify()

    # --- in a worker thread -----------------------------------------------------------------------

    def _take_bytes(self, unframer: Unframer, data: bytes) -> bool:
        """Do what the recorder says; True when it has greeted and is to be asked."""
        greeted = False
        for message in unframer.feed(data):
            greeted |= isinstance(message, Hello) and bool(message.recorded)
            self._take_message(message)
        self.tape.link, self._last_word_ns = self._link, self._now()
        return greeted

    def _take_message(self, message: Message) -> None:
        match message:
            case Hello():
                self._greet(message)
            case ContractNames():
                self._list(message)
            case RowsMessage():
                self._write(message)
            case SourceReport(link):
                self._link = link
            case TapeEnd():
                self._ended = True
            case Refusal(sentence):
                raise NoDataError(sentence)
            case TapeRequest():
                raise ProviderError("The recorder asks instead of answering; restart it with this version.")

    def _greet(self, hello: Hello) -> None:
        if not hello.recorded:
            note = (
                f"The recorder (pid {hello.pid}) is reading what it has recorded; this screen waits for it."
            )
            self._link = replace(self._link, badge=Badge.GAP, state="waiting", note=note)
            return
        own = self.tape.info
        found = hello.find(own.symbol)
        if found is None or (found.info.day, found.info.source) != (own.day, own.source):
            days = ", ".join(sorted({f"{each.info.day}" for each in hello.recorded})) or "nothing"
            raise NoDataError(
                f"The recorder (pid {hello.pid}) now records {', '.join(hello.symbols)} on {days}, "
                f"not {own.symbol} on {own.day}; start spymon again to watch that."
            )
        self.hello, self._known = hello, found.rows

    def _list(self, listed: ContractNames) -> None:
        for contract in listed.contracts():
            self.tape.listed.add(contract)
        self.tape.append(empty_events(0))
        self._extent = self._extent.with_names(listed.names)
        if len(self.tape.listed) != self._extent.contracts:
            raise ProviderError("The recorder lists a contract twice; restart it with this version.")

    def _write(self, rows: RowsMessage) -> None:
        if rows.first != self._extent.rows:
            raise ProviderError(
                f"The recorder sends row {rows.first:,} where row {self._extent.rows:,} was due; restart it."
            )
        events = rows.events(len(self.tape.listed))
        self._extent = self._extent.with_rows(rows.packed)
        self._clock = max(self._clock, int(events["ts"].max(initial=0)))
        received_ns = None if rows.first < self._known else self._now()
        self.tape.append(events, received_ns, timely=not self.tape.info.simulated)
