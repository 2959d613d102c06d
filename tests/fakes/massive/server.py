"""The provider itself: both servers on loopback, the account, and the play."""

from __future__ import annotations

import asyncio
import contextlib
import http
import json
import ssl
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any, Self

from aiohttp import web
from websockets.asyncio.server import Request, Response, Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed

from .client import Client
from .messages import rest_trade, status
from .plan import Plan
from .rest import RestHalf
from .script import Hang, Send, Step
from .shelf import Asked, Shelf, shelve

_HOST = "127.0.0.1"


class Massive:
    """A provider with one account; an asynchronous context. With `tls` both its servers speak that.

    now     : the clock it tells the time by, ns UTC
    clients : every connection there was, oldest first
    shelf   : what REST answers
    asked   : the REST requests that arrived
    """

    def __init__(self, plan: Plan | None = None, seed: int = 1, tls: ssl.SSLContext | None = None) -> None:
        self.plan = plan or Plan()
        self.now: Callable[[], int] = time.time_ns
        self.shelf = Shelf()
        self.clients: list[Client] = []
        self._rest = RestHalf(self.plan, self.shelf)
        self._seed, self._tls = seed, tls
        self._changed = asyncio.Condition()
        self._hanging: set[str] = set()
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        # No keepalive of our own: a client that does not read is found by its buffer alone.
        self._sockets: Server = await self._stack.enter_async_context(
            serve(
                self._serve,
                _HOST,
                0,
                process_request=self._admit,
                process_response=self._tell_time,
                ping_interval=None,
                close_timeout=1,
                ssl=self._tls,
            )
        )
        runner = web.AppRunner(self._rest.app(), access_log=None)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, _HOST, 0, ssl_context=self._tls)
        await site.start()
        self.rest_url = f"http{self._secure}://{_HOST}:{runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for each in self.clients:
            each.release()
        await self._stack.aclose()

    @property
    def feed(self) -> str:
        """Return host and port of the websocket, as the official client wants it."""
        return f"{_HOST}:{next(iter(self._sockets.sockets)).getsockname()[1]}"

    @property
    def ws_url(self) -> str:
        """Return the address below which the clusters are."""
        return f"ws{self._secure}://{self.feed}"

    @property
    def _secure(self) -> str:
        return "s" if self._tls else ""

    @property
    def asked(self) -> list[Asked]:
        """Return the REST requests so far."""
        return self._rest.asked

    def connected(self, cluster: str = "options") -> list[Client]:
        """Return the clients that are there and authenticated, oldest first."""
        return [
            each for each in self.clients if each.cluster == cluster and each.authenticated and not each.gone
        ]

    def holds(self, *channels: str, cluster: str = "options") -> bool:
        """Say whether somebody is there and everybody who is holds these channels."""
        there = self.connected(cluster)
        return bool(there) and all(each.held.issuperset(channels) for each in there)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something about the clients is so; TimeoutError after a minute."""
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(condition)

    async def play(self, *steps: Step) -> None:
        """Hand each step to the clients of its cluster, in order, without waiting for them to read."""
        for step in steps:
            if isinstance(step, Hang):
                (self._hanging.add if step.on else self._hanging.discard)(step.cluster)
                continue
            if isinstance(step, Send):
                shelve(self.shelf, step.messages, rest_trade)
            for client in self.connected(step.cluster):
                client.act(step)
        await asyncio.sleep(0)

    async def settle(self) -> None:
        """Wait until everything that was played has been written."""
        await asyncio.gather(*(each.written() for each in self.connected()))

    async def _admit(self, _: ServerConnection, request: Request) -> Response | None:
        cluster = request.path.strip("/")
        if cluster in self._hanging:
            return _plain(http.HTTPStatus.SERVICE_UNAVAILABLE)
        return None if cluster in ("options", "stocks", "indices") else _plain(http.HTTPStatus.NOT_FOUND)

    def _tell_time(self, _: ServerConnection, _request: Request, response: Response) -> None:
        if "Date" in response.headers:
            del response.headers["Date"]
        response.headers["Date"] = formatdate(self.now() / 1e9, usegmt=True)

    async def _serve(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        client = Client(socket, socket.request.path.strip("/"), len(self.clients), self.plan, self._seed)
        self.clients.append(client)
        writer = asyncio.create_task(client.write())
        try:
            if self.plan.early_ping:
                await socket.ping()
            client.tell([status("connected", "Connected Successfully")])
            async for text in socket:
                await self._answer(client, json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            client.gone = True
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
            await self._notify()

    async def _answer(self, client: Client, asked: dict[str, Any]) -> None:
        action, params = asked.get("action"), str(asked.get("params", ""))
        if action == "auth" and not client.authenticated:
            self._authenticate(client, params)
        elif not client.authenticated:
            client.tell([status("error", "not authorized")])
        elif action == "subscribe":
            client.join(params.split(","))
        elif action == "unsubscribe":
            client.leave(params.split(","))
        else:
            client.tell([status("error", "unknown action")])
        await self._notify()

    def _authenticate(self, client: Client, key: str) -> None:
        if key != self.plan.key or client.cluster not in self.plan.clusters:
            why = (
                "authentication failed" if key != self.plan.key else "Your plan doesn't include this cluster."
            )
            client.refuse(self.plan.refusal(why, key))
            return
        there = self.connected(client.cluster)
        for older in there[: len(there) + 1 - self.plan.connections]:
            older.evict()
        client.authenticated = True
        client.tell([status("auth_success", "authenticated")])

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _plain(answer: http.HTTPStatus) -> Response:
    return Response(answer.value, answer.phrase, Headers({"Content-Length": "0"}), b"")
