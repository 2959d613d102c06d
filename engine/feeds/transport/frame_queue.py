"""Between the loop that reads and the thread that decodes: a queue of raw frames, and the machine behind it.

The loop only appends, and the machine is only touched by whoever drains, so neither needs a lock. Where a
connection begins, is open and ends stands in the queue, among its frames. Times without data are found here,
because only what is decoded tells since when the channels are held again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Generic, TypeVar

from ...model.events import Batch
from .conflation import conflate
from .wire_machine import Ending, WireMachine
from .ws_frames import Chunk, unwrapped

N = TypeVar("N")

PORTION = 500_000
"""Bytes that are decoded at once: what fits the cache is decoded twice as fast as 4 MB."""


@dataclass(frozen=True, slots=True)
class QueueContents(Generic[N]):
    """What a drain found: one batch per symbol, and what the machine told."""

    batches: dict[str, Batch] = field(default_factory=dict)
    notices: list[N] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MachineReport:
    """What the loop has to know of a connection's conversation.

    number    : of the connection
    streaming : whether the login is over
    ending    : how the provider ended the conversation, None while it has not
    ungranted : whether every channel was refused
    settled   : whether the connection is over and all of it decoded
    to_send   : messages
    """

    number: int = 0
    streaming: bool = False
    ending: Ending | None = None
    ungranted: bool = False
    settled: bool = False
    to_send: tuple[str, ...] = ()


class _Step(Enum):
    """What happens to a connection: an attempt begins, it is open, it is over."""

    BEGIN = "begin"
    OPEN = "open"
    END = "end"


@dataclass(frozen=True, slots=True)
class _Mark:
    """Stands in the queue where something happened to a connection."""

    number: int
    step: _Step
    now_ns: int


class FrameQueue(Generic[N]):
    """What one connection after another brought, until it is drained.

    conflated : quotes dropped so far
    """

    def __init__(
        self, machine: WireMachine[N], most_events: int, report: Callable[[MachineReport], None]
    ) -> None:
        self.conflated = 0
        self._machine, self._most_events, self._report = machine, most_events, report
        self._queue: deque[Chunk | _Mark] = deque()
        self._put_bytes = self._taken_bytes = 0
        self._wanted: frozenset[str] | None = None
        self._applied: frozenset[str] | None = None
        self._last_report = MachineReport()
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
    def complete_until_ns(self) -> int:
        """Return up to when nothing is missing, ns UTC: before an outage, while there is one."""
        return self._last_ns if self._since_ns is None else self._since_ns

    def put(self, chunk: Chunk) -> None:
        """Queue frames."""
        self._put_bytes += len(chunk.data)
        self._queue.append(chunk)

    def begin(self, number: int, now_ns: int) -> None:
        """Say that what follows belongs to a new connection."""
        self._queue.append(_Mark(number, _Step.BEGIN, now_ns))

    def open(self, number: int, now_ns: int) -> None:
        """Say that a connection is open: messages can be sent, and received from here on."""
        self._queue.append(_Mark(number, _Step.OPEN, now_ns))

    def finish(self, number: int, now_ns: int) -> None:
        """Say that nothing follows of a connection."""
        self._queue.append(_Mark(number, _Step.END, now_ns))

    # --- on any thread ----------------------------------------------------------------------------

    def want(self, channels: frozenset[str]) -> None:
        """Set the channels that should be held; the next drain asks for them."""
        self._wanted = channels

    def take_outages(self) -> list[tuple[int, int]]:
        """Drain the times without data that are over: (since, until), ns UTC."""
        return [self._outages.popleft() for _ in range(len(self._outages))]

    # --- on the draining thread -------------------------------------------------------------------

    def drain(self, now_ns: int) -> QueueContents[N]:
        """Decode what is queued; every contract that is new in the batches is in the notices."""
        machine = self._machine
        self._decode_queued()
        if self._wanted is not self._applied:
            self._applied = self._wanted
            machine.want(self._wanted or ())
        machine.reconcile(now_ns)
        batches = {symbol: self._bounded(batch) for symbol, batch in machine.events().items()}
        self._find_outage()
        notices = list(machine.notices())
        self._report_changes()
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
                self._pass_mark(item)
        if chunks:
            self._decode(chunks, size)

    def _decode(self, chunks: list[Chunk], size: int) -> None:
        self._machine.receive_block(*unwrapped(chunks))
        self._last_ns = chunks[-1].recv_ns
        self._taken_bytes += size

    def _pass_mark(self, mark: _Mark) -> None:
        machine = self._machine
        match mark.step:
            case _Step.BEGIN:
                self._over = False
                machine.reset_connection()
                self._since_ns = mark.now_ns if self._since_ns is None else self._since_ns
                self._last_report = MachineReport(mark.number)
            case _Step.OPEN:
                machine.greet()
            case _Step.END:
                self._over = True
                self._join_in_part()
                self._since_ns = self._last_ns if self._since_ns is None else self._since_ns
                self._lost |= machine.channels.held
                self._report(self._current_report(mark.number, settled=True))

    def _current_report(self, number: int, settled: bool = False) -> MachineReport:
        channels = self._machine.channels
        ungranted = bool(channels.wanted) and channels.refused >= channels.wanted
        return MachineReport(number, self._machine.streaming, self._machine.ending, ungranted, settled)

    def _bounded(self, batch: Batch) -> Batch:
        events, dropped = conflate(batch.events, self._most_events)
        self.conflated += dropped
        return replace(batch, events=events) if dropped else batch

    def _find_outage(self) -> None:
        """Note that a time without data is over once what was held before is held again, or refused."""
        channels = self._machine.channels
        if self._since_ns is None or self._over or not self._machine.streaming:
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

    def _report_changes(self) -> None:
        """Tell the loop what is to be sent and how the conversation stands, when it has changed."""
        to_send = tuple(self._machine.to_send())
        report = self._current_report(self._last_report.number)
        if to_send or report != self._last_report:
            self._report(replace(report, to_send=to_send))
        self._last_report = report
