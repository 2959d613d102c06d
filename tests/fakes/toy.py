"""A toy provider: one JSON object a message, a handshake of its own in which we speak first, and a keepalive.

It shares nothing with any provider of ours: what keeps its websocket up is `engine.feeds.transport` alone.

    we: {"hello": 1}    it: {"welcome": 1}
    we: {"token": "…"}  it: {"ok": 1}, or {"no": "why"}
    we: {"add": ["A"]}  it: {"of": "A", "n": 7}, …, at any time {"bye": "why"}
    we: {"alive": 1} now and then
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from engine.feeds.transport.wire_machine import Ending, Retry
from engine.feeds.transport.ws_frames import split
from engine.model.events import NS, TRADE, Batch, Events, empty_events

ALIVE_NS = 30 * NS
TOKEN = "a-token"


class ToyChannels:
    """Nothing is confirmed: what was asked for counts as held."""

    def __init__(self) -> None:
        self.wanted: frozenset[str] = frozenset()
        self.held: set[str] = set()
        self.refused: set[str] = set()


class ToyMachine:
    """The toy's conversation, a `WireMachine` whose notices are what it was told and does not know."""

    def __init__(self, token: Callable[[], str] = lambda: TOKEN) -> None:
        self.channels = ToyChannels()
        self.streaming = False
        self.ending: Ending | None = None
        self._token = token
        self._batches: dict[str, list[Events]] = {}
        self._received_ns = 0
        self._alive_ns: int | None = None
        self._strange: list[str] = []
        self._out: list[str] = []

    def reset_connection(self) -> None:
        self.streaming, self.ending, self._alive_ns = False, None, None
        self.channels.held.clear()
        self._out.clear()

    def greet(self) -> None:
        self._say(hello=1)

    def receive_block(self, data: bytearray, ends: NDArray[np.int64], received: NDArray[np.int64]) -> None:
        for message, received_ns in zip(split(data, ends), received.tolist(), strict=True):
            self._receive(json.loads(message), received_ns)

    def want(self, channels: Iterable[str]) -> None:
        self.channels.wanted = frozenset(channels)
        self._ask()

    def reconcile(self, now_ns: int) -> None:
        if not self.streaming:
            return
        if self._alive_ns is None:
            self._alive_ns = now_ns
        elif now_ns - self._alive_ns >= ALIVE_NS:
            self._alive_ns = now_ns
            self._say(alive=1)

    def events(self) -> dict[str, Batch]:
        parts, self._batches = self._batches, {}
        return {name: Batch(np.concatenate(each), self._received_ns, "toy") for name, each in parts.items()}

    def notices(self) -> list[str]:
        told, self._strange = self._strange, []
        return told

    def to_send(self) -> list[str]:
        out, self._out = self._out, []
        return out

    def without_key(self, text: str) -> str:
        return text.replace(self._token(), "•••")

    def _receive(self, message: dict[str, Any], received_ns: int) -> None:
        self._received_ns = received_ns
        match message:
            case {"welcome": _}:
                self._say(token=self._token())
            case {"ok": _}:
                self.streaming = True
                self._ask()
            case {"no": why}:
                self.ending = Ending(Retry.NEVER, f"The toy refused the token: {why}.")
            case {"bye": why}:
                self.ending = Ending(Retry.LATE, f"The toy said goodbye: {why}.")
            case {"of": name, "n": number}:
                event = empty_events(1)
                event["kind"], event["ts"], event["s1"] = TRADE, received_ns, number
                self._batches.setdefault(name, []).append(event)
            case _:
                self._strange.append(json.dumps(message))

    def _ask(self) -> None:
        new = self.channels.wanted - self.channels.held
        if self.streaming and new:
            self.channels.held |= new
            self._say(add=sorted(new))

    def _say(self, **message: Any) -> None:
        self._out.append(json.dumps(message))


class ToyServer:
    """The toy provider on loopback.

    heard   : what each connection was told, in order
    answer  : what is said to a token
    """

    def __init__(self, answer: dict[str, Any] | None = None) -> None:
        self.answer = answer or {"ok": 1}
        self.heard: list[list[dict[str, Any]]] = []
        self.clients: list[ServerConnection] = []
        self._changed = asyncio.Condition()
        self.url = ""

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something about what was heard is so."""
        async with self._changed:
            await self._changed.wait_for(condition)

    async def say(self, *messages: dict[str, Any]) -> None:
        """Say something over the newest connection."""
        for message in messages:
            await self.clients[-1].send(json.dumps(message))

    def cut(self) -> None:
        """Break the newest connection off."""
        self.clients[-1].transport.abort()

    def fall_silent(self) -> None:
        """Read and answer nothing more over the newest connection, not even pings."""
        self.clients[-1].transport.pause_reading()

    async def handle(self, client: ServerConnection) -> None:
        """Serve one connection."""
        told: list[dict[str, Any]] = []
        self.clients.append(client)
        self.heard.append(told)
        with suppress(ConnectionClosed):
            async for text in client:
                message = json.loads(text)
                told.append(message)
                if "hello" in message:
                    await client.send(json.dumps({"welcome": 1}))
                elif "token" in message:
                    await client.send(json.dumps(self.answer))
                async with self._changed:
                    self._changed.notify_all()


@asynccontextmanager
async def toy_server(answer: dict[str, Any] | None = None) -> AsyncIterator[ToyServer]:
    """Run the toy provider."""
    made = ToyServer(answer)
    async with serve(made.handle, "127.0.0.1", 0, ping_interval=None, close_timeout=0.1) as server:
        made.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/feed"
        yield made
