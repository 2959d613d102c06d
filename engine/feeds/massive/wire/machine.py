"""Massive's websocket (formerly Polygon.io) without a socket: frames in, events and commands out.

`receive` takes frames; `events`, `to_send` and `notices` are drained; `want` and `reconcile` steer. Owns one
connection's conversation, its decoding and the order of everything. It never raises on what comes in: what
cannot be read is in `counters`.

While nothing but data is awaited frames are only kept, and read together when something is drained: one pass
over many small frames costs a third of a pass over each.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ....model.errors import UsageError
from ....model.events import EVENT, SPOT, Batch
from ...transport.wire_machine import Ending
from .channels import Channels, command
from .fields import TYPES, StatusMessage
from .frame_reader import Counters, FrameReader
from .handshake import Action, HandshakeState, ending, step
from .notices import Notice, StatusNotice
from .rows import CID_BITS, MARK, NO_SEQUENCE, UNREAD, EventRows, joined_rows
from .scan import Data, Places, joined, scan
from .seen_trades import SeenTrades
from .ticker_index import NOWHERE
from .tickers import TickerTable, is_underlying, tape_of

_SCANNED = "options"
_SOURCE = "massive"
_HIDDEN = "•••"
_Fields = tuple[int, ...]


class Machine:
    """One connection to one cluster, and its successors; a `transport.wire_machine.WireMachine`.

    channels : what is wanted, held and refused
    counters : what came in, and what could not be taken
    ending   : how the provider ended the conversation, None while it has not
    """

    def __init__(self, key: str, cluster: str, tickers: TickerTable, seen: SeenTrades | None = None) -> None:
        if cluster not in TYPES:
            raise UsageError(f"{cluster!r} is no cluster of Massive's; choose from {', '.join(TYPES)}.")
        self.state = HandshakeState.OPENING
        self.ending: Ending | None = None
        self.channels = Channels()
        self.counters = Counters()
        self._key, self._cluster, self._tickers = key, cluster, tickers
        self._seen = SeenTrades() if seen is None else seen
        self._reader = FrameReader(cluster, self.counters)
        self._plain = cluster == _SCANNED
        self._frames: list[bytes] = []
        self._received: list[int] = []
        self._last_ns = 0
        self._rows: list[EventRows] = []
        self._out: list[str] = []
        self._notices: list[Notice] = []

    @property
    def streaming(self) -> bool:
        """Say whether the login is over and data may come."""
        return self.state is HandshakeState.STREAMING

    def receive(self, frame: bytes | str, recv_ns: int) -> None:
        """Take one websocket message that arrived at `recv_ns`, ns UTC."""
        # A lone surrogate cannot come from a socket; as bytes it is refused like any broken text.
        self._frames.append(frame.encode("utf-8", "surrogatepass") if isinstance(frame, str) else frame)
        self._received.append(recv_ns)
        if self.state is not HandshakeState.STREAMING:
            self._digest()

    def receive_block(self, data: Data, ends: Places, received: Places) -> None:
        """Take messages that stand one after the other, PAD behind each: where each ends, when each came."""
        self._digest()
        if len(ends):
            self._understand(data, ends, received)

    def want(self, channels: Iterable[str]) -> None:
        """Set the channels that should be held from now on; commands follow by difference."""
        self.channels.wanted = frozenset(channels)
        if self.streaming:
            self._out += self.channels.commands()

    def reconcile(self, now_ns: int) -> None:
        """Settle what has been unanswered for too long; call it about once a second, ns UTC."""
        self._digest()
        if self.streaming:
            notices, commands = self.channels.reconcile(now_ns)
            self._notices += notices
            self._out += commands

    def reset_connection(self) -> None:
        """Begin a new connection; what was wanted, counted and seen stays."""
        self._digest()
        self.state, self.ending = HandshakeState.OPENING, None
        self.channels.reset()
        self._out.clear()

    def greet(self) -> None:
        """Say nothing: the first word is the provider's."""

    def events(self) -> dict[str, Batch]:
        """Drain the events since the last call, one batch per underlying, each in order of arrival.

        The batches' `received_ns` is when the last frame arrived.
        """
        self._digest()
        rows = joined_rows(self._rows)
        self._rows.clear()
        tapes = tape_of(rows.marks["place"])
        return {
            self._tickers.symbols[tape]: Batch(rows.those(tapes == tape).events, self._last_ns, _SOURCE)
            for tape in _present(tapes)
        }

    def to_send(self) -> list[str]:
        """Drain the commands to send, in order."""
        self._digest()
        out, self._out = self._out, []
        return out

    def without_key(self, text: str) -> str:
        """Return a provider's text without our key, should it repeat it; any thread may ask."""
        return text.replace(self._key, _HIDDEN) if self._key else text

    def notices(self) -> list[Notice]:
        """Drain what came to light; after `events`, it holds every contract that is new in them."""
        self._digest()
        notices, self._notices = self._notices, []
        return notices

    def _digest(self) -> None:
        """Read the frames that were kept."""
        if not self._frames:
            return
        frames, received = self._frames, self._received
        self._frames, self._received = [], []
        self._understand(*joined(frames), received)

    def _understand(self, data: Data, ends: Places, received: Places) -> None:
        """Read messages that stand one after the other; `received` is ns UTC of each."""
        self.counters.frames += len(ends)
        rows, still_open = scan(data, ends, received, self._tickers.index, self._plain)
        self._last_ns = int(received[-1])
        self._take(self._finish(data, rows) if still_open else rows)

    def _finish(self, data: Data, rows: EventRows) -> EventRows:
        """Read what is unread, look up what is not found, and let go of what is on no tape."""
        unread = np.flatnonzero(rows.events["kind"] == UNREAD).tolist()
        rows = self._read(data, rows, unread) if unread else rows
        place = rows.marks["place"]
        for at in np.flatnonzero(place == NOWHERE).tolist():
            begin, end = rows.marks["begin"][at], rows.marks["end"][at]
            place[at] = self._tickers.place(data[begin:end].decode())
        self._notices += self._tickers.take_new()
        rows.events["cid"] = place & CID_BITS
        followed = (place != NOWHERE) & (is_underlying(place) == (rows.events["kind"] == SPOT))
        self.counters.elsewhere += len(rows) - int(np.count_nonzero(followed))
        return rows.those(followed)

    def _read(self, data: Data, rows: EventRows, unread: list[int]) -> EventRows:
        """Return the rows with what is unread replaced by what it holds: mostly one event, or none."""
        parts, done = [], 0
        for at in unread:
            begin, end = rows.marks["begin"][at], rows.marks["end"][at]
            found = self._piece(bytes(data[begin:end]), int(rows.events["ts"][at]))
            if len(found) == 1:
                rows.events[at], rows.marks[at] = found[0]
            else:
                records, marks = [record for record, _ in found], [mark for _, mark in found]
                parts += [rows.part(done, at), EventRows(np.array(records, EVENT), np.array(marks, MARK))]
                done = at + 1
        return joined_rows([*parts, rows.part(done)])

    def _piece(self, piece: bytes, received_ns: int) -> list[tuple[_Fields, _Fields]]:
        """Return the EVENT and MARK fields of what a piece of a frame says."""
        found: list[tuple[_Fields, _Fields]] = []
        for message in self._reader.read(piece):
            if isinstance(message, StatusMessage):
                self._status(message.status, message.message)
            elif (reading := message.reading()) is None:
                self.counters.unpriced += 1
            else:
                mark = (self._tickers.place(reading.ticker), reading.q, 0, 0)
                found.append((reading.record(received_ns, NOWHERE), mark))
        return found

    def _take(self, rows: EventRows) -> None:
        """Keep what was not taken before."""
        sequences = rows.marks["q"]
        numbered = np.flatnonzero(sequences != NO_SEQUENCE)
        again = self._seen.add(rows.marks["place"][numbered].tolist(), sequences[numbered].tolist())
        if again:
            fresh = np.ones(len(rows), bool)
            fresh[numbered[again]] = False
            rows = rows.those(fresh)
        self.counters.duplicates += len(again)
        self.counters.events += len(rows)
        self._rows.append(rows)

    def _status(self, status: str, message: str) -> None:
        self.counters.statuses += 1
        said = self.without_key(message)
        self.state, action = step(self.state, status)
        self.ending = self.ending or ending(self.state, self._cluster, said)
        if action is Action.AUTHENTICATE:
            self._out.append(command("auth", self._key))
        elif action is Action.SUBSCRIBE:
            self._out += self.channels.commands()
        elif action is Action.CONFIRM and self.channels.confirm(message):
            return
        elif action is Action.SUSPECT:
            self.channels.suspect(said)
        self._notices.append(StatusNotice(status, said, self.state.value))


def _present(tapes: NDArray[np.int64]) -> list[int]:
    """Return the tapes that occur; mostly there is one, and no need to sort."""
    if not len(tapes):
        return []
    low, high = int(tapes.min()), int(tapes.max())
    return [low] if low == high else np.unique(tapes).tolist()
