"""One websocket, kept up until told to stop; whose messages they are is the machine's business.

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
from functools import partial
from typing import Generic, TypeVar

from websockets.uri import WebSocketURI

from ...model.errors import CredentialError, ProviderError
from ...model.events import NS
from .address import Address, uri_finder
from .backoff import Backoff, ConnectionTimes
from .conflation import MOST_EVENTS
from .connection_status import ConnectionStatus, Phase
from .frame_queue import FrameQueue, MachineReport, QueueContents
from .reasons import SLEPT, UNGRANTED, unreachable
from .watchdog import ClockJump, Watchdog
from .websocket import WebSocket
from .wire_machine import Retry, WireMachine
from .ws_frames import Chunk, plain_frames

N = TypeVar("N")

MOST_BYTES = 64_000_000
"""Bytes that may wait to be decoded; beyond that nothing is read, and the provider is held back."""

_NOT_ALLOWED = (401, 403)


@dataclass(frozen=True, slots=True)
class _PhaseStatus:
    """The part of the status that changes with a phase."""

    phase: Phase = Phase.CLOSED
    since_ns: int = 0
    why: str = ""
    retry_at_ns: int | None = None


class Connection(Generic[N]):
    """One websocket, kept up until told to stop.

    Nothing happens, not even the login, unless somebody drains: after each `notify`, and once a second.
    """

    def __init__(
        self,
        address: str | Address,
        machine: WireMachine[N],
        times: ConnectionTimes,
        notify: Callable[[], None],
        *,
        seed: int,
        now: Callable[[], int] = time.time_ns,
        clock: Callable[[], float] = time.monotonic,
        most_bytes: int = MOST_BYTES,
        most_events: int = MOST_EVENTS,
    ) -> None:
        """Prepare, and connect to nothing yet; ConfigError when an address is given that is none.

        address     : what finds it is asked before each attempt, for a provider that hands out new ones
        notify      : called on the loop when frames were queued or the status changed
        now, clock  : wall time, ns UTC, and the monotonic clock, s
        most_bytes  : that may wait to be decoded
        most_events : of one symbol's drain that are handed on without looking for quotes to drop
        """
        self._find_uri = uri_finder(address)
        self._machine, self._times, self._notify = machine, times, notify
        self._now, self._clock, self._most_bytes = now, clock, most_bytes
        self._queue = FrameQueue(machine, most_events, self._take_report)
        self._backoff = Backoff(times, seed)
        self._phase = _PhaseStatus()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._socket: WebSocket | None = None
        self._number = 0
        self._report = MachineReport()
        self._settled = asyncio.Event()
        self._held_back = False
        self._last_frame_ns = 0
        self._data_since_s: float | None = None
        self._data_until_s = 0.0
        self._clock_jump = ClockJump(times.jump)
        self._ahead_s: int | None = None
        plain_frames(b"")  # compiled beforehand: the loop does not wait for a compiler

    @property
    def status(self) -> ConnectionStatus:
        """Return where the connection stands; any thread may ask."""
        at = self._phase
        return ConnectionStatus(
            phase=at.phase,
            since_ns=at.since_ns,
            why=at.why,
            retry_at_ns=at.retry_at_ns,
            last_frame_ns=self._last_frame_ns,
            complete_until_ns=self._queue.complete_until_ns,
            bytes_queued=self._queue.queued,
            conflated=self._queue.conflated,
            ahead_s=self._ahead_s,
        )

    def want(self, channels: Iterable[str]) -> None:
        """Set the channels that should be held from now on; the next drain asks for them."""
        self._queue.want(frozenset(channels))

    def drain(self) -> QueueContents[N]:
        """Decode everything that is queued; one thread at a time, and not the loop's."""
        contents = self._queue.drain(self._now())
        if self._held_back:
            self._on_loop(self._read_on)
        return contents

    def take_outages(self) -> list[tuple[int, int]]:
        """Drain the times without data that are over: (since, until), ns UTC.

        since : the last frame that came, or the first attempt
        until : what had been held was held again, or refused
        """
        return self._queue.take_outages()

    async def run(self) -> None:
        """Keep the connection up until cancelled; CredentialError when the key is refused."""
        self._loop = asyncio.get_running_loop()
        self._has_slept()
        try:
            while True:
                await self._wait(*await self._one_connection())
        except CredentialError as error:
            self._enter(Phase.REFUSED, str(error))
            raise
        finally:
            if self._phase.phase is not Phase.REFUSED:
                self._enter(Phase.CLOSED, "")
            self._loop = None

    # --- one connection ---------------------------------------------------------------------------

    async def _one_connection(self) -> tuple[Phase, str, float]:
        """Open a connection and stay until it is over and decoded; return what comes next, see `_next`."""
        self._number += 1
        self._data_since_s = None
        self._report = MachineReport(self._number)
        self._settled.clear()
        self._queue.begin(self._number, self._now())
        self._enter(Phase.CONNECTING, self._phase.why)
        refusal_status = None
        try:
            uri = await self._find_uri()
            self._socket = socket = WebSocket(
                uri, self._take_frames, self._take_opening, self._now, self._clock, self._times.gather
            )
            try:
                why = await self._open(socket, uri) or await self._stay(socket)
            finally:
                self._socket, self._held_back = None, False
                await socket.close(self._times.closing)
            refusal_status = socket.refusal_status
        except ProviderError as error:
            why = str(error)
        self._queue.finish(self._number, self._now())
        self._notify()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._times.settling):
                await self._settled.wait()
        return self._next(why, barred=refusal_status in _NOT_ALLOWED)

    async def _open(self, socket: WebSocket, uri: WebSocketURI) -> str | None:
        """Connect and upgrade; return why not, None when it is open."""
        loop = asyncio.get_running_loop()
        secure = ssl.create_default_context() if uri.secure else None
        try:
            async with asyncio.timeout(self._times.opening):
                await loop.create_connection(lambda: socket, uri.host, uri.port, ssl=secure)
                await socket.wait_open()
        except (OSError, UnicodeError) as error:  # a host's name that cannot be written is asked for as such
            return unreachable(error, uri, self._times.opening)
        if not socket.upgrade.done():
            return socket.end.result()
        if socket.date is not None:
            self._ahead_s = int(self._now() / NS - socket.date.timestamp())
        self._enter(Phase.AUTHENTICATING, self._phase.why)
        return None

    async def _stay(self, socket: WebSocket) -> str:
        """Watch over an open connection and return why it is over."""
        watchdog = Watchdog(self._times, socket.last_read_s)
        while True:
            await asyncio.wait([socket.end], timeout=self._times.tick)
            if socket.end.done():
                return socket.end.result()
            if self._has_slept():
                return SLEPT
            now_s = self._clock()
            last_read_s = now_s if socket.paused else socket.last_read_s
            if watchdog.start_ping(now_s, last_read_s):
                socket.ping()
            report, behind = self._report, self._queue.queued > 0
            over = report.ending is not None
            if why := watchdog.trouble(now_s, last_read_s, report.streaming, over, behind):
                return why

    def _take_opening(self) -> None:
        """Note that a connection is open, before anything that came over it."""
        self._queue.open(self._number, self._now())

    def _take_frames(self, chunk: Chunk) -> None:
        """Queue what was read; hold the provider back when too much waits."""
        self._queue.put(chunk)
        self._last_frame_ns = chunk.recv_ns
        self._data_until_s = self._clock()
        if self._queue.queued > self._most_bytes and self._socket is not None:
            self._socket.pause()
            self._held_back = True
        self._notify()

    def _read_on(self) -> None:
        """Read again, now that what waited is decoded."""
        self._held_back = False
        if self._socket is not None:
            self._socket.resume()

    # --- between drain and loop -------------------------------------------------------------------

    def _take_report(self, report: MachineReport) -> None:
        """Hand what the draining thread reports to the loop."""
        self._on_loop(partial(self._follow, report))

    def _on_loop(self, work: Callable[[], None]) -> None:
        loop = self._loop  # which `run` takes away at its end, whatever is drained meanwhile
        if loop is not None:
            loop.call_soon_threadsafe(work)

    def _follow(self, report: MachineReport) -> None:
        """Send what is to be sent, and take note of how the conversation stands."""
        if report.number != self._number:
            return  # of a connection that was given up meanwhile
        self._report = report
        if report.settled:
            self._settled.set()
        elif self._socket is not None and self._socket.usable:
            for message in report.to_send:
                self._socket.send(message)
            if report.streaming:
                self._note_streaming(report.ungranted)

    def _note_streaming(self, ungranted: bool) -> None:
        if self._data_since_s is None:
            self._data_since_s = self._clock()
        phase = Phase.REFUSED if ungranted else Phase.STREAMING
        if phase is not self._phase.phase:
            self._enter(phase, UNGRANTED if ungranted else "")

    # --- between connections ----------------------------------------------------------------------

    def _next(self, why: str, barred: bool) -> tuple[Phase, str, float]:
        """Return the phase after a connection, why it is over, and how long to wait, s.

        barred : whether the host turned us away for lack of rights
        """
        if why is SLEPT:
            return Phase.WAITING, why, 0.0
        ending = self._report.ending
        if ending is not None and ending.retry is Retry.NEVER:
            raise CredentialError(ending.why)
        late = ending is not None and ending.retry is Retry.LATE
        data_s = 0.0 if self._data_since_s is None else self._data_until_s - self._data_since_s
        wait_s = self._backoff.next_wait_s(data_s, long=barred or late)
        phase = Phase.EVICTED if late else Phase.REFUSED if barred else Phase.WAITING
        return phase, self._machine.without_key(why) if ending is None else ending.why, wait_s

    async def _wait(self, phase: Phase, why: str, wait_s: float) -> None:
        """Wait for the next attempt; a machine that slept has waited enough."""
        self._enter(phase, why, self._now() + int(wait_s * NS))
        until_s = self._clock() + wait_s
        while (left_s := until_s - self._clock()) > 0:
            await asyncio.sleep(min(left_s, self._times.tick))
            if self._has_slept():
                return

    def _has_slept(self) -> bool:
        return self._clock_jump.look(self._now() / NS, self._clock())

    def _enter(self, phase: Phase, why: str, retry_at_ns: int | None = None) -> None:
        self._phase = _PhaseStatus(phase, self._now(), why, retry_at_ns)
        self._notify()
