"""A TCP connection that speaks websocket: it reads, answers what the protocol asks, and says how it ended.

Whole runs of plain frames are handed on as they were read (see `ws_frames`), which costs a tenth of the
library's own reading; everything else goes through the library's protocol, frame by frame. It decodes
nothing.

A provider that sends each event by itself would wake the loop for each. After a small read the socket is
therefore left alone for some milliseconds, so that the next read brings all that came meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Close, Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.uri import WebSocketURI

from .ws_frames import LARGEST, Chunk, frame_size, is_plain, plain_frames

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_HEAD_END = b"\r\n\r\n"
_MOST_HEAD = 65_536
_MOST_HEADER = 14
_NORMAL = 1000
_SMALL = 32_768
"""Bytes of a read below which the next one may wait."""


class WebSocket(asyncio.Protocol):
    """One connection from its upgrade to its end; all of it runs on the loop's thread.

    upgrade     : done when messages may be sent
    end         : done when nothing comes any more: one sentence on why
    refusal_status : the HTTP status with which the upgrade was turned down, None
    date        : what the provider's clock said at the upgrade, None when it did not
    last_read_s : when anything came last, by `clock`
    paused      : whether reading is held back
    """

    def __init__(
        self,
        uri: WebSocketURI,
        take: Callable[[Chunk], None],
        take_opening: Callable[[], None],
        now: Callable[[], int],
        clock: Callable[[], float],
        gather_s: float,
    ) -> None:
        """Prepare a connection for a transport.

        take         : is handed what was read, in order
        take_opening : is called when the upgrade is done, before anything is handed on
        now, clock   : wall time, ns UTC, and the monotonic clock, s
        gather_s     : after a small read, before the next, s
        """
        self._loop = asyncio.get_running_loop()
        self.upgrade: asyncio.Future[None] = self._loop.create_future()
        self.end: asyncio.Future[str] = self._loop.create_future()
        self.refusal_status: int | None = None
        self.date: datetime | None = None
        self.last_read_s = clock()
        self.paused = False
        # Deflated, an event is a seventh of its 140 bytes and costs 0.4 µs more: not on loopback.
        deflate = None if uri.host in LOOPBACK else [ClientPerMessageDeflateFactory()]
        self._protocol = ClientProtocol(uri, extensions=deflate, max_size=LARGEST)
        self._take, self._take_opening = take, take_opening
        self._now, self._clock, self._gather_s = now, clock, gather_s
        self._gathering = False
        self._transport: asyncio.Transport | None = None
        self._lost = asyncio.Event()
        self._unread = b""
        self._owed = 0
        self._fragments: list[bytes] = []
        self._fragmented = False

    # --- for the owner ----------------------------------------------------------------------------

    @property
    def usable(self) -> bool:
        """Return whether messages can be sent."""
        return self.upgrade.done() and not self.end.done()

    async def wait_open(self) -> None:
        """Wait until it is open, or over."""
        either: list[asyncio.Future[Any]] = [self.upgrade, self.end]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)

    def send(self, text: str) -> None:
        """Send a message."""
        self._protocol.send_text(text.encode())
        self._flush()

    def ping(self) -> None:
        """Ask for a sign of life."""
        self._protocol.send_ping(b"")
        self._flush()

    def pause(self) -> None:
        """Read no more until `resume`; the provider is held back in turn."""
        if self._transport is not None and not self.paused:
            self.paused = True
            self._read_or_not()

    def resume(self) -> None:
        """Read again."""
        if self._transport is not None and self.paused:
            self.paused = False
            self.last_read_s = self._clock()
            self._read_or_not()

    async def close(self, within_s: float) -> None:
        """End the connection, by the book if the other side takes part in that within the time."""
        if self._transport is None:
            return
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(_NORMAL)
            self._flush()
        self._transport.close()
        try:
            async with asyncio.timeout(within_s):
                await self._lost.wait()
        except TimeoutError:
            pass
        finally:
            self._transport.abort()

    # --- for the transport ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast(asyncio.Transport, transport)
        self._protocol.send_request(self._protocol.connect())
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Take what was read."""
        self.last_read_s = self._clock()
        if self.end.done():
            return
        if self._protocol.state is State.CONNECTING:
            self._upgrade(self._unread + data)
            return
        self._gather(len(data))
        view = memoryview(data)
        if self._unread:
            view = self._mend(view)
        self._read(view)

    def eof_received(self) -> bool:
        """Take the end of what can be read."""
        broken = self._unread or self._owed or self._fragmented
        self._end("The connection ended in the middle of a message." if broken else "The connection ended.")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Take the end of the connection."""
        self._lost.set()
        self._end("The connection was reset." if exc else "The connection ended.")

    # --- when to read -----------------------------------------------------------------------------

    def _gather(self, size: int) -> None:
        """Leave the socket alone for a while after a small read."""
        if size < _SMALL and not self._gathering:
            self._gathering = True
            self._read_or_not()
            self._loop.call_later(self._gather_s, self._end_gathering)

    def _end_gathering(self) -> None:
        self._gathering = False
        self._read_or_not()

    def _read_or_not(self) -> None:
        """Tell the transport; both calls may be repeated."""
        assert self._transport is not None, "there is a transport since the connection was made"
        if self.paused or self._gathering:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    # --- reading ----------------------------------------------------------------------------------

    def _upgrade(self, data: bytes) -> None:
        """Read the answer to the upgrade; what follows it is ours to read, not the library's."""
        end = data.find(_HEAD_END) + len(_HEAD_END)
        if end < len(_HEAD_END) and len(data) < _MOST_HEAD:
            self._unread = data
            return
        self._unread = b""
        whole = end >= len(_HEAD_END) and data.startswith(b"HTTP/1.1 101")
        head, rest = (data[:end], data[end:]) if whole else (data, b"")
        self._feed(head)
        if self._protocol.state is State.OPEN:
            self.upgrade.set_result(None)
            self._take_opening()
            self._read(memoryview(rest))

    def _mend(self, data: memoryview) -> memoryview:
        """Read the frame that the last read tore, and return what follows it, uncopied."""
        size = frame_size(self._unread + data[:_MOST_HEADER], 0)
        end = len(data) if size is None else size - len(self._unread)
        whole, self._unread = self._unread + data[:end], b""
        self._read(memoryview(whole))
        return data[end:]

    def _read(self, data: memoryview) -> None:
        """Hand on runs of plain frames, and everything else to the library."""
        at = 0
        while at < len(data) and not self.end.done():
            if self._owed or self._protocol.extensions:
                part = data[at : at + (self._owed or len(data))]
                self._owed = max(self._owed - len(part), 0)
                self._feed(bytes(part))
                at += len(part)
                continue
            if not self._fragmented:
                at = self._plain(data, at)
            size = frame_size(data, at)
            if size is None or (is_plain(data, at) and not self._fragmented):
                self._unread = bytes(data[at:])
                return
            self._owed = size

    def _plain(self, data: memoryview, at: int) -> int:
        frames, end = plain_frames(data, at)
        if frames:
            self._take(Chunk(data[at:end], frames, self._now()))
        return end

    def _feed(self, data: bytes) -> None:
        """Give bytes to the library, and take what it makes of them."""
        self._protocol.receive_data(data)
        messages = []
        for event in self._protocol.events_received():
            if isinstance(event, Response):
                self._note_date(event)
            elif isinstance(event, Frame):
                messages += self._message(event)
        if messages:
            frames = [Frame(Opcode.TEXT, each).serialize(mask=False) for each in messages]
            self._take(Chunk(b"".join(frames), len(frames), self._now()))
        self._flush()
        if (why := self._why_over()) is not None:
            self._end(why)

    def _note_date(self, answer: Response) -> None:
        date = answer.headers.get("Date")
        try:
            self.date = parsedate_to_datetime(date) if date else None
        except ValueError:
            self.date = None

    def _message(self, frame: Frame) -> list[bytes]:
        """Return the message that a frame completes, if it does."""
        if frame.opcode not in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            return []
        self._fragmented = not frame.fin
        self._fragments.append(bytes(frame.data))
        if self._fragmented:
            return []
        message, self._fragments = b"".join(self._fragments), []
        return [message]

    def _why_over(self) -> str | None:
        """Return why the library takes the connection for over, None while it does not."""
        protocol = self._protocol
        if isinstance(protocol.handshake_exc, InvalidStatus):
            self.refusal_status = protocol.handshake_exc.response.status_code
            return f"The host refused the connection with HTTP status {self.refusal_status}."
        if protocol.handshake_exc is not None:
            return f"The host does not speak websocket: {protocol.handshake_exc}."
        if protocol.close_rcvd is not None:
            return f"The provider closed the connection with {_closing(protocol.close_rcvd)}."
        if protocol.parser_exc is not None:
            return f"The provider broke the websocket protocol: {protocol.parser_exc}."
        return None

    def _flush(self) -> None:
        """Write what the library has to say."""
        parts = self._protocol.data_to_send()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.writelines([part for part in parts if part])

    def _end(self, why: str) -> None:
        if not self.end.done():
            self.end.set_result(why)


def _closing(close: Close) -> str:
    return f"code {close.code} ({close.reason})" if close.reason else f"code {close.code}"
