"""The recorder's side: hands what is recorded to every screen that asks, each at its own pace.

Owns the listening socket and the screens' tasks. A screen costs the recorder one frame of memory however slow
it is, and no time: rows are read from the tape as it stands, by row number, so nothing is queued for anybody.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

from ...model.errors import ProviderError, SpymonError, StoreError
from ...tape.live_tape import LiveTape
from .protocol import (
    PREAMBLE,
    Hello,
    Message,
    RecordedSymbol,
    Refusal,
    TapeEnd,
    TapeRequest,
    Unframer,
    encode,
)
from .socket_file import SocketFile, is_own
from .tape_reader import TapeReader

HEARTBEAT_S = 1.0
"""A screen hears something at least this often."""

_READ = 1 << 12


class RecorderServer:
    """Lets screens attach to the tapes of a recorder; open it with `async with`, on the recorder's loop.

    Entering raises BusyError when another recorder of that data folder runs, StoreError when nothing can be
    written there. Rows reach the screens once the tapes' reader has taken them, and `notify` was called after
    that.

    unreachable : why no screen can attach, on a file system without sockets for one; '' when they can
    """

    def __init__(self, data_dir: Path, tapes: Mapping[str, LiveTape]) -> None:
        self.unreachable = ""
        self._socket_file = SocketFile(data_dir)
        self._tapes = dict(tapes)
        self._lock: IO[str] | None = None
        self._server: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._screens: dict[asyncio.Task[None], asyncio.Event] = {}
        self._failure: BaseException | None = None

    async def __aenter__(self) -> RecorderServer:
        self._loop = asyncio.get_running_loop()
        self._socket_file.prepare()
        self._lock = self._socket_file.claim()
        try:
            listening = self._socket_file.listen()
        except StoreError as error:
            self.unreachable = str(error)
            return self
        try:
            self._server = await asyncio.start_unix_server(self._begin_screen, sock=listening)
        except BaseException:
            self._lock.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let every screen go; raises what failed in serving one that should not have."""
        assert self._lock is not None, "it was entered"
        if self._server is not None:
            await self._hang_up(self._server)
        self._lock.close()
        if self._failure is not None and error is None:
            raise self._failure

    async def _hang_up(self, server: asyncio.Server) -> None:
        server.close()
        with suppress(OSError):  # a disk that became read-only; the next recorder replaces it
            self._socket_file.socket.unlink()
        screens = list(self._screens)
        for screen in screens:
            screen.cancel()
        await asyncio.gather(*screens, return_exceptions=True)
        await server.wait_closed()

    @property
    def screens(self) -> int:
        """How many screens are attached."""
        return len(self._screens)

    def show(self, tapes: Mapping[str, LiveTape]) -> None:
        """Offer other tapes from now on, those of another day; who watches the old ones watches on."""
        self._tapes = dict(tapes)
        self._wake()

    def notify(self) -> None:
        """Say that more of a tape can be read, or that a link has changed; from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        for event in self._screens.values():
            event.set()

    # --- one screen -------------------------------------------------------------------------------

    def _begin_screen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        event = asyncio.Event()
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer, event))
        self._screens[task] = event
        task.add_done_callback(self._end_screen)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, news: asyncio.Event
    ) -> None:
        """Greet a screen, hear what it asks for, and send that until the tape ends or the screen is gone."""
        try:
            if not is_own(writer.get_extra_info("socket")):
                return
            # A frame leaves before the next one is made: that is all that waits for a slow screen.
            writer.transport.set_write_buffer_limits(high=0)
            writer.write(PREAMBLE)
            answer = await _answer_request(reader, news, await self._greet(writer, news))
            if isinstance(answer, Refusal):
                await _send(writer, answer)
            elif answer is not None:
                await _send_tape(answer, writer, news)
        except StoreError as error:
            await _refuse(writer, error)
        except ConnectionError:
            pass  # the screen is gone, as it may be at any moment
        finally:
            if writer.transport.get_write_buffer_size():
                writer.transport.abort()  # nobody may ever read it
            writer.close()

    async def _greet(self, writer: asyncio.StreamWriter, news: asyncio.Event) -> Mapping[str, LiveTape]:
        """Say what there is, again and again until there is anything, and return that."""
        while True:
            tapes = self._tapes
            recorded = tuple(RecordedSymbol(tape.info, tape.given) for tape in tapes.values())
            await _send(writer, Hello(os.getpid(), recorded))
            if tapes:
                return tapes
            await _wait(news)

    def _end_screen(self, task: asyncio.Task[None]) -> None:
        del self._screens[task]
        if not task.cancelled() and task.exception() is not None:
            self._failure = self._failure or task.exception()


async def _answer_request(
    reader: asyncio.StreamReader, news: asyncio.Event, tapes: Mapping[str, LiveTape]
) -> TapeReader | Refusal | None:
    """Return where the screen is to be sent from, why it is not, or None when it has gone without asking."""
    try:
        request = await _read_request(reader)
    except ProviderError as error:
        return Refusal(str(error))
    if request is None:
        return None
    tape = tapes.get(request.symbol)
    if tape is None:
        return Refusal(f"The recorder records {', '.join(tapes)}, not {request.symbol}.")
    tape_reader = TapeReader(tape)
    # What was recorded before a restart is on the tape, but its reader may not have come to it yet.
    while tape.events < request.have.rows <= tape.given:
        await _wait(news)
    if await asyncio.to_thread(tape_reader.skip, request.have):
        return tape_reader
    return Refusal(
        f"The recorder's tape of {request.symbol} does not begin with what was watched here; "
        "start spymon again to watch it from its start."
    )


async def _read_request(reader: asyncio.StreamReader) -> TapeRequest | None:
    unframer = Unframer()
    while data := await reader.read(_READ):
        for message in unframer.feed(data):
            if not isinstance(message, TapeRequest):
                raise ProviderError("A screen must ask before it says anything else.")
            return message
    return None


async def _send_tape(tape_reader: TapeReader, writer: asyncio.StreamWriter, news: asyncio.Event) -> None:
    repeat = True
    while True:
        report = tape_reader.take_report(repeat)
        if report is not None:
            await _send(writer, report)
        message = await asyncio.to_thread(tape_reader.take_message)
        repeat = message is None and not await _wait(news)
        if message is not None:
            await _send(writer, message)
        if isinstance(message, TapeEnd):
            return


async def _wait(news: asyncio.Event) -> bool:
    """Wait for news, but no longer than a heartbeat; say whether there are any."""
    try:
        async with asyncio.timeout(HEARTBEAT_S):
            await news.wait()
    except TimeoutError:
        return False
    news.clear()
    return True


async def _refuse(writer: asyncio.StreamWriter, error: SpymonError) -> None:
    with suppress(ConnectionError):
        await _send(writer, Refusal(str(error)))


async def _send(writer: asyncio.StreamWriter, message: Message) -> None:
    writer.write(encode(message))
    await writer.drain()
