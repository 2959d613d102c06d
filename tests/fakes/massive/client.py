"""One connected client, as the server sees it: what it holds, and a bounded buffer in front of its socket."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Iterable

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from .messages import Message, pack, status
from .plan import Plan
from .script import Cut, Frames, Freeze, HalfClose, Raw, Reset, Resume, Say, Send, Shut, Stall, Step

_TICKER_KEY = {"V": "T"}


class Client:
    """What the provider knows of one connection.

    held  : channels that were granted
    asked : every channel it ever asked for, in order
    """

    def __init__(self, socket_: ServerConnection, cluster: str, number: int, plan: Plan, seed: int) -> None:
        self.cluster, self.number = cluster, number
        self.held: set[str] = set()
        self.asked: list[str] = []
        self.authenticated = False
        self.gone = False
        self._socket, self._plan = socket_, plan
        self._draw = random.Random(f"{seed} {number}")
        self._buffer: asyncio.Queue[str | Step] = asyncio.Queue()
        self._running = asyncio.Event()
        self._running.set()

    @property
    def compressed(self) -> bool:
        """Return whether messages are deflated."""
        return bool(self._socket.protocol.extensions)

    @property
    def close_code(self) -> int | None:
        """Return the code with which the connection was closed, None before."""
        return self._socket.close_code

    async def write(self) -> None:
        """Send what is in the buffer, in order, until the connection ends."""
        while True:
            item = await self._buffer.get()
            try:
                await self._write(item)
            except ConnectionClosed:
                self.gone = True
            finally:
                self._buffer.task_done()

    async def written(self) -> None:
        """Wait until nothing is left to be sent."""
        await self._buffer.join()

    def act(self, step: Step) -> None:
        """Put a step into the buffer; a buffer that overflows ends the connection."""
        if isinstance(step, Resume):
            self._running.set()
        elif isinstance(step, Send):
            self.tell([each for each in step.messages if self._hears(each)], step.per_frame)
        elif isinstance(step, Say):
            self.tell([status(step.status, step.message)])
        else:
            self._buffer.put_nowait(step)

    def tell(self, messages: Iterable[Message], per_frame: int | None = None) -> None:
        """Put messages into the buffer as frames."""
        for frame in pack(messages, self._draw, per_frame):
            if self._buffer.qsize() >= self._plan.buffer_frames:
                self._drop_slow_consumer()
                return
            self._buffer.put_nowait(frame)

    def refuse(self, why: str) -> None:
        """Turn away a key."""
        self.tell([status("auth_failed", why)])
        self._buffer.put_nowait(Shut(1008, "authentication failed"))

    def evict(self) -> None:
        """Make way for a newer connection."""
        self.authenticated = False
        self.tell([status("max_connections", "Maximum number of connections exceeded.")])
        self._buffer.put_nowait(Shut(1008, "max_connections"))

    def join(self, channels: list[str]) -> None:
        """Grant what the plan covers; answer for new channels only, refusals first and without a name."""
        new = [channel for channel in dict.fromkeys(channels) if channel not in self.held]
        self.asked += channels
        granted: list[str] = []
        for channel in new:
            if not self._plan.refuses(self.cluster, channel) and self._has_room(channel):
                self.held.add(channel)
                granted.append(channel)
        if len(granted) < len(new):
            self.tell([status("error", self._plan.refusal("not authorized", self._plan.key))])
        self.tell(status("success", f"subscribed to: {channel}") for channel in granted)

    def leave(self, channels: list[str]) -> None:
        """Drop what is held, and answer for that only."""
        for channel in channels:
            if channel in self.held:
                self.held.discard(channel)
                self.tell([status("success", f"unsubscribed to: {channel}")])

    def release(self) -> None:
        """Let go of a connection that was frozen: it would wait for an answer that cannot come."""
        if not self._running.is_set():
            self._socket.transport.abort()

    def _has_room(self, channel: str) -> bool:
        limited = self.cluster == "options" and channel.startswith(("Q.", "FMV."))
        held = sum(each.startswith(("Q.", "FMV.")) for each in self.held)
        return not limited or held < self._plan.quotes

    def _hears(self, message: Message) -> bool:
        kind = message["ev"]
        ticker = message.get(_TICKER_KEY.get(kind, "sym"))
        return f"{kind}.{ticker}" in self.held or f"{kind}.*" in self.held

    def _drop_slow_consumer(self) -> None:
        while not self._buffer.empty():
            self._buffer.get_nowait()
            self._buffer.task_done()
        self._buffer.put_nowait(pack([status("slow_consumer", "Your client is too slow.")], self._draw)[0])
        self._buffer.put_nowait(Shut(1008, "slow_consumer"))
        self.held.clear()

    async def _write(self, item: str | Step) -> None:
        await self._running.wait()
        match item:
            case str(text) | Raw(text):
                await self._socket.send(text)
            case Frames(data):
                self._socket.transport.write(data)
                await self._socket.drain()
            case Shut(code, reason):
                await self._socket.close(code, reason)
            case Stall():
                self._running.clear()
            case Freeze():
                self._running.clear()
                self._socket.transport.pause_reading()
            case HalfClose(code):
                self._socket.transport.pause_reading()
                self._socket.transport.write(_frame(Opcode.CLOSE, struct.pack("!H", code)))
                self._running.clear()
            case Cut(messages):
                whole = _frame(Opcode.TEXT, pack(messages, self._draw, len(messages))[0].encode())
                self._socket.transport.write(whole[: len(whole) // 2])
                self._socket.transport.close()
            case Reset():
                self._reset()

    def _reset(self) -> None:
        raw: socket.socket = self._socket.transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.transport.abort()


def framed(text: str) -> bytes:
    """Return one message as it goes over the wire."""
    return _frame(Opcode.TEXT, text.encode())


def _frame(opcode: Opcode, data: bytes) -> bytes:
    return Frame(opcode, data).serialize(mask=False)
