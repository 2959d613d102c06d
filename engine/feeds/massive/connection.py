"""One cluster's websocket, kept up until told to stop.

One task opens connections, watches over them and waits between them; its protocol only reads and queues raw
frames, and sends. Decoding is somebody else's turn: `drain`. Every close is a reason to come back but one,
a refused key.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from websockets.exceptions import InvalidURI
from websockets.uri import parse_uri

from ...model.errors import ConfigError, CredentialError
from ...model.events import NS
from ..transport.backoff import Backoff, ConnectionTimes
from ..transport.watchdog import ClockJump, Watchdog
from ..transport.websocket import WebSocket
from ..transport.ws_frames import Chunk, plain_frames
from .conflation import MOST_EVENTS
from .frame_queue import FrameQueue, HandshakeNews, QueueContents
from .reasons import ENDED, SLEPT, UNGRANTED, unreachable
from .wire.handshake import HandshakeState
from .wire.machine import Machine

MOST_BYTES = 64_000_000
"""Bytes that may wait to be decoded; beyond that nothing is read, and the provider is held back."""

_NOT_ALLOWED = (401, 403)


class Phase(StrEnum):
    """Where a connection stands, for whoever shows it.

    EVICTED waits too, but longer: another program uses the key. REFUSED is connected without a single
    channel, or turned away by the host for lack of rights.
    """

    CONNECTING = "connecting"
    AUTHENTICATING = "authenticating"
    STREAMING = "streaming"
    WAITING = "waiting"
    EVICTED = "evicted"
    REFUSED = "refused"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """What is known of a connection at one moment.

    since_ns      : ns UTC when the phase began
    why           : one sentence on what went wrong last, empty while all is well
    retry_at_ns   : ns UTC of the next attempt, None when none is planned
    last_frame_ns : ns UTC when a frame came last, 0 when none ever did
    told_ns       : ns UTC up to when the channels have told; an outage under way does not move it
    bytes_queued  : received and not decoded yet
    conflated     : quotes dropped in all because newer ones of their contracts came right behind them
    ahead_s       : our clock before the provider's, whole seconds, by its answer; None when it tells no time
    """

    phase: Phase = Phase.CONNECTING
    since_ns: int = 0
    why: str = ""
    retry_at_ns: int | None = None
    last_frame_ns: int = 0
    told_ns: int = 0
    bytes_queued: int = 0
    conflated: int = 0
    ahead_s: int | None = None


@dataclass(frozen=True, slots=True)
class _PhaseStatus:
    """The part of the status that changes with a phase."""

    phase: Phase = Phase.CLOSED
    since_ns: int = 0
    why: str = ""
    retry_at_ns: int | None = None


class Connection:
    """One cluster's websocket, kept up until told to stop.

    Nothing happens, not even the login, unless somebody drains: after each `heard`, and once a second.
    """

    def __init__(
        self,
        url: str,
        machine: Machine,
        pace: ConnectionTimes,
        heard: Callable[[], None],
        *,
        seed: int,
        now: Callable[[], int] = time.time_ns,
        most_bytes: int = MOST_BYTES,
        most_events: int = MOST_EVENTS,
    ) -> None:
        """Prepare, and connect to nothing yet; ConfigError when the address is none.

        heard       : called on the loop when frames were queued or the status changed
        most_bytes  : that may wait to be decoded
        most_events : of one symbol's drain that are handed on without looking for quotes to drop
        """
        try:
            self._uri = parse_uri(url)
        except InvalidURI as error:
            raise ConfigError(f"{url!r} is no websocket address, such as wss://host/options.") from error
        self._machine, self._pace, self._heard, self._now = machine, pace, heard, now
        self._most_bytes = most_bytes
        self._inbox = FrameQueue(machine, most_events, self._tell)
        self._backoff = Backoff(pace, seed)
        self._standing = _PhaseStatus()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._line: WebSocket | None = None
        self._number = 0
        self._word = HandshakeNews()
        self._settled = asyncio.Event()
        self._held_back = False
        self._last_frame_ns = 0
        self._data_since_s: float | None = None
        self._data_until_s = 0.0
        self._sleep = ClockJump(pace.jump)
        self._ahead_s: int | None = None
        plain_frames(b"")  # compiled beforehand: the loop does not wait for a compiler

    @property
    def status(self) -> LinkStatus:
        """Return where the connection stands; any thread may ask."""
        standing = self._standing
        return LinkStatus(
            phase=standing.phase,
            since_ns=standing.since_ns,
            why=standing.why,
            retry_at_ns=standing.retry_at_ns,
            last_frame_ns=self._last_frame_ns,
            told_ns=self._inbox.told_ns,
            bytes_queued=self._inbox.queued,
            conflated=self._inbox.conflated,
            ahead_s=self._ahead_s,
        )

    def want(self, channels: Iterable[str]) -> None:
        """Set the channels that should be held from now on; the next drain asks for them."""
        self._inbox.want(frozenset(channels))

    def drain(self) -> QueueContents:
        """Decode everything that is queued; one thread at a time, and not the loop's."""
        drained = self._inbox.drain(self._now())
        if self._held_back:
            self._on_loop(self._go_on)
        return drained

    def outages(self) -> list[tuple[int, int]]:
        """Drain the times without data that are over: (since, until), ns UTC.

        since : the last frame heard, or the first attempt
        until : what had been held was held again, or refused
        """
        return self._inbox.outages()

    async def run(self) -> None:
        """Keep the connection up until cancelled; CredentialError when the key is refused."""
        self._loop = asyncio.get_running_loop()
        self._slept()
        try:
            while True:
                await self._wait(*await self._one_connection())
        finally:
            if self._standing.phase is not Phase.REFUSED:
                self._enter(Phase.CLOSED, "")
            self._loop = None

    # --- one connection ---------------------------------------------------------------------------

    async def _one_connection(self) -> tuple[Phase, str, float]:
        """Open a connection and stay until it is over and decoded; return what comes next, see `_next`."""
        self._number += 1
        self._data_since_s = None
        self._word = HandshakeNews(self._number)
        self._settled.clear()
        self._inbox.begin(self._number, self._now())
        self._enter(Phase.CONNECTING, self._standing.why)
        self._line = line = WebSocket(self._uri, self._take, self._now, self._pace.gather)
        try:
            why = await self._open(line) or await self._stay(line)
        finally:
            self._line, self._held_back = None, False
            await line.close(self._pace.closing)
        self._inbox.finish(self._number, self._now())
        self._heard()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pace.settling):
                await self._settled.wait()
        return self._next(line, why)

    async def _open(self, line: WebSocket) -> str | None:
        """Connect and upgrade; return why not, None when it is open."""
        loop, uri = asyncio.get_running_loop(), self._uri
        secure = ssl.create_default_context() if uri.secure else None
        try:
            async with asyncio.timeout(self._pace.opening):
                await loop.create_connection(lambda: line, uri.host, uri.port, ssl=secure)
                await line.answered()
        except (OSError, UnicodeError) as error:  # a host's name that cannot be written is asked for as such
            return unreachable(error, uri, self._pace.opening)
        if not line.opened.done():
            return line.ended.result()
        if line.date is not None:
            self._ahead_s = int(self._now() / NS - line.date.timestamp())
        self._enter(Phase.AUTHENTICATING, self._standing.why)
        return None

    async def _stay(self, line: WebSocket) -> str:
        """Watch over an open connection and return why it is over."""
        watch = Watchdog(self._pace, line.heard_s)
        while True:
            await asyncio.wait([line.ended], timeout=self._pace.tick)
            if line.ended.done():
                return line.ended.result()
            if self._slept():
                return SLEPT
            now_s = _monotonic_s()
            heard_s = now_s if line.paused else line.heard_s
            if watch.ping_due(now_s, heard_s):
                line.ping()
            if why := watch.trouble(now_s, heard_s, self._word.state, self._inbox.queued > 0):
                return why

    def _take(self, chunk: Chunk) -> None:
        """Queue what was read; hold the provider back when too much waits."""
        self._inbox.put(chunk)
        self._last_frame_ns = chunk.recv_ns
        self._data_until_s = _monotonic_s()
        if self._inbox.queued > self._most_bytes and self._line is not None:
            self._line.pause()
            self._held_back = True
        self._heard()

    def _go_on(self) -> None:
        """Read again, now that what waited is decoded."""
        self._held_back = False
        if self._line is not None:
            self._line.resume()

    # --- between drain and loop -------------------------------------------------------------------

    def _tell(self, word: HandshakeNews) -> None:
        """Hand a word of the draining thread to the loop."""
        self._on_loop(partial(self._follow, word))

    def _on_loop(self, work: Callable[[], None]) -> None:
        loop = self._loop  # which `run` takes away at its end, whatever is drained meanwhile
        if loop is not None:
            loop.call_soon_threadsafe(work)

    def _follow(self, word: HandshakeNews) -> None:
        """Send what is to be sent, and take note of how the conversation stands."""
        if word.number != self._number:
            return  # of a connection that was given up meanwhile
        self._word = word
        if word.settled:
            self._settled.set()
        elif self._line is not None and self._line.usable:
            for command in word.commands:
                self._line.say(command)
            if word.state is HandshakeState.STREAMING:
                self._stream(word.ungranted)

    def _stream(self, ungranted: bool) -> None:
        if self._data_since_s is None:
            self._data_since_s = _monotonic_s()
        phase = Phase.REFUSED if ungranted else Phase.STREAMING
        if phase is not self._standing.phase:
            self._enter(phase, UNGRANTED if ungranted else "")

    # --- between connections ----------------------------------------------------------------------

    def _next(self, line: WebSocket, why: str) -> tuple[Phase, str, float]:
        """Return the phase after a connection, why it is over, and how long to wait, s."""
        if why is SLEPT:
            return Phase.WAITING, why, 0.0
        state = self._word.state
        if state is HandshakeState.REFUSED:
            self._enter(Phase.REFUSED, self._refusal())
            raise CredentialError(self._standing.why)
        data_s = 0.0 if self._data_since_s is None else self._data_until_s - self._data_since_s
        barred = line.refused in _NOT_ALLOWED
        wait_s = self._backoff.wait_s(data_s, long=barred or state is HandshakeState.EVICTED)
        phase = (
            Phase.EVICTED if state is HandshakeState.EVICTED else Phase.REFUSED if barred else Phase.WAITING
        )
        return phase, ENDED.get(state, self._machine.without_key(why)), wait_s

    def _refusal(self) -> str:
        said = self._word.said.rstrip(".")
        return f"Massive refused the key for {self._uri.path.strip('/')}: {said}; check MASSIVE_API_KEY."

    async def _wait(self, phase: Phase, why: str, wait_s: float) -> None:
        """Wait for the next attempt; a machine that slept has waited enough."""
        self._enter(phase, why, self._now() + int(wait_s * NS))
        until_s = _monotonic_s() + wait_s
        while (left_s := until_s - _monotonic_s()) > 0:
            await asyncio.sleep(min(left_s, self._pace.tick))
            if self._slept():
                return

    def _slept(self) -> bool:
        return self._sleep.noticed(self._now() / NS, _monotonic_s())

    def _enter(self, phase: Phase, why: str, retry_at_ns: int | None = None) -> None:
        self._standing = _PhaseStatus(phase, self._now(), why, retry_at_ns)
        self._heard()


def _monotonic_s() -> float:
    return asyncio.get_running_loop().time()
