"""Between the loop that reads and the thread that decodes: a queue of raw frames, and the machine behind it.

The loop only appends, and the machine is only touched by whoever drains, so neither needs a lock. Where a
connection begins and ends stands in the queue, among its frames. Times without data are found here, because
only what is decoded tells since when the channels are held again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ...model.events import Batch
from ..transport.ws_frames import Chunk, unwrapped
from .conflation import conflate
from .wire.handshake import HandshakeState
from .wire.machine import Machine
from .wire.notices import Notice, StatusNotice

PORTION = 500_000
"""Bytes that are decoded at once: what fits the cache is decoded twice as fast as 4 MB."""


@dataclass(frozen=True, slots=True)
class QueueContents:
    """What a drain found: one batch per symbol, and what the machine told."""

    batches: dict[str, Batch] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class HandshakeNews:
    """What the loop has to know of a connection's conversation.

    number    : of the connection
    state     : of the machine
    said      : what the provider said with the status that ended the conversation
    ungranted : whether every channel was refused
    settled   : whether the connection is over and all of it decoded
    commands  : to send
    """

    number: int = 0
    state: HandshakeState = HandshakeState.OPENING
    said: str = ""
    ungranted: bool = False
    settled: bool = False
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Mark:
    """A connection begins or is over."""

    number: int
    over: bool
    now_ns: int


class FrameQueue:
    """What one connection after another brought, until it is drained.

    conflated : quotes dropped so far
    """

    def __init__(self, machine: Machine, most_events: int, tell: Callable[[HandshakeNews], None]) -> None:
        self.conflated = 0
        self._machine, self._most_events, self._tell = machine, most_events, tell
        self._queue: deque[Chunk | _Mark] = deque()
        self._put_bytes = self._taken_bytes = 0
        self._wanted: frozenset[str] | None = None
        self._applied: frozenset[str] | None = None
        self._word = HandshakeNews()
        self._notices: list[Notice] = []
        self._last_ns = 0
        self._over = True
        self._joined = False  # whether everything that was wanted has been held
        self._since_ns: int | None = None
        self._lost: set[str] = set()
        self._outages: deque[tuple[int, int]] = deque()

    # --- on the loop's thread ---------------------------------------------------------------------

    @property
    def queued(self) -> int:
        """Return the bytes that wait to be decoded."""
        return self._put_bytes - self._taken_bytes

    @property
    def told_ns(self) -> int:
        """Return up to when the channels have told, ns UTC: before an outage, while there is one."""
        return self._last_ns if self._since_ns is None else self._since_ns

    def put(self, chunk: Chunk) -> None:
        """Queue frames."""
        self._put_bytes += len(chunk.data)
        self._queue.append(chunk)

    def begin(self, number: int, now_ns: int) -> None:
        """Say that what follows belongs to a new connection."""
        self._queue.append(_Mark(number, over=False, now_ns=now_ns))

    def finish(self, number: int, now_ns: int) -> None:
        """Say that nothing follows of a connection."""
        self._queue.append(_Mark(number, over=True, now_ns=now_ns))

    # --- on any thread ----------------------------------------------------------------------------

    def want(self, channels: frozenset[str]) -> None:
        """Set the channels that should be held; the next drain asks for them."""
        self._wanted = channels

    def outages(self) -> list[tuple[int, int]]:
        """Drain the times without data that are over: (since, until), ns UTC."""
        return [self._outages.popleft() for _ in range(len(self._outages))]

    # --- on the draining thread -------------------------------------------------------------------

    def drain(self, now_ns: int) -> QueueContents:
        """Decode what is queued; every contract that is new in the batches is in the notices."""
        machine = self._machine
        self._decode_queued()
        if self._wanted is not self._applied:
            self._applied = self._wanted
            machine.want(self._wanted or ())
        machine.reconcile(now_ns)
        batches = {symbol: self._bounded(batch) for symbol, batch in machine.events().items()}
        self._find_outage()
        self._collect_notices()
        self._speak()
        notices, self._notices = self._notices, []
        return QueueContents(batches, notices)

    def _decode_queued(self) -> None:
        """Decode what was queued when it began, in order."""
        chunks: list[Chunk] = []
        size = 0
        for _ in range(len(self._queue)):
            item = self._queue.popleft()
            if isinstance(item, Chunk):
                chunks.append(item)
                size += len(item.data)
            if chunks and (size >= PORTION or isinstance(item, _Mark)):
                self._decode(chunks, size)
                chunks, size = [], 0
            if isinstance(item, _Mark):
                self._mark(item)
        if chunks:
            self._decode(chunks, size)

    def _decode(self, chunks: list[Chunk], size: int) -> None:
        self._machine.receive_block(*unwrapped(chunks))
        self._last_ns = chunks[-1].recv_ns
        self._taken_bytes += size

    def _mark(self, mark: _Mark) -> None:
        self._over = mark.over
        if mark.over:
            self._join_in_part()
            self._since_ns = self._last_ns if self._since_ns is None else self._since_ns
            self._lost |= self._machine.channels.held
            self._collect_notices()
            self._tell(replace(self._word, number=mark.number, state=self._machine.state, settled=True))
            return
        self._machine.reset_connection()
        self._since_ns = mark.now_ns if self._since_ns is None else self._since_ns
        self._word = HandshakeNews(mark.number)

    def _bounded(self, batch: Batch) -> Batch:
        events, dropped = conflate(batch.events, self._most_events)
        self.conflated += dropped
        return replace(batch, events=events) if dropped else batch

    def _find_outage(self) -> None:
        """Note that a time without data is over once what was held before is held again, or refused."""
        channels = self._machine.channels
        if self._since_ns is None or self._over or self._machine.state is not HandshakeState.STREAMING:
            return
        owed = self._lost & channels.wanted if self._lost else channels.wanted
        if owed <= channels.held | channels.refused:
            self._end_outage()

    def _join_in_part(self) -> None:
        """End the time before anything was heard: what is lost from here on could have been."""
        if not self._joined and self._machine.channels.held:
            self._end_outage()

    def _end_outage(self) -> None:
        assert self._since_ns is not None, "there is one since the first connection began"
        self._outages.append((self._since_ns, max(self._last_ns, self._since_ns)))
        self._since_ns, self._joined = None, True
        self._lost.clear()

    def _collect_notices(self) -> None:
        told = self._machine.notices()
        self._notices += told
        for each in told:
            if isinstance(each, StatusNotice) and each.state != HandshakeState.STREAMING:
                self._word = replace(self._word, said=each.message)

    def _speak(self) -> None:
        """Tell the loop what is to be sent and how the conversation stands, when it has changed."""
        channels = self._machine.channels
        ungranted = bool(channels.wanted) and channels.refused >= channels.wanted
        commands = tuple(self._machine.to_send())
        word = replace(self._word, state=self._machine.state, ungranted=ungranted)
        if commands or word != self._word:
            self._tell(replace(word, commands=commands))
        self._word = word
