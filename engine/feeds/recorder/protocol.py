"""What a recorder and an attached screen say to each other: bytes in, messages out, and messages to bytes.

Owns the frames, the messages and the form of rows on the way. It has no socket and no clock, and never fails
on what comes in but by a ProviderError.

Each side begins with `PREAMBLE`, which carries the version. A frame is its length, four bytes little-endian,
and a message in msgpack. The recorder says `Hello`; the screen asks for one symbol from a row on, with a
check sum of what it has; then `ContractNames`, `RowsMessage` and `SourceReport` come in the order of the
tape, and `TapeEnd` at last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zlib import crc32

import msgspec
import numpy as np

from ...model.contracts import Contract, parse_occ
from ...model.errors import ProviderError, UsageError
from ...model.events import EVENT, KIND_NAMES, Events
from ...tape.link import Link
from ...tape.tape import TapeInfo

VERSION = 1
PREAMBLE = b"spymon" + VERSION.to_bytes(2, "little")

MAX_FRAME = 8 << 20
"""Bytes of the longest frame: whole chunks of tape and the names of all contracts fit three times over."""

PACKED = np.dtype([(name, EVENT[name]) for name in EVENT.names or ()])
"""A row on the way, 34 bytes: what lies between the fields of an EVENT is nobody's business."""

_LENGTH = 4


class RecordedSymbol(msgspec.Struct, frozen=True):
    """A symbol that can be asked for, and how many rows of it there are."""

    info: TapeInfo
    rows: int


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """Who records, and what: nothing while it has just started, then it is said again."""

    pid: int
    recorded: tuple[RecordedSymbol, ...]

    @property
    def symbols(self) -> tuple[str, ...]:
        """Return the symbols that are recorded, in the recorder's order."""
        return tuple(each.info.symbol for each in self.recorded)

    def find(self, symbol: str) -> RecordedSymbol | None:
        """Return what is said of a symbol, None when it is not recorded."""
        return next((each for each in self.recorded if each.info.symbol == symbol), None)


class TapeExtent(msgspec.Struct, frozen=True):
    """How much of a tape one side has, and check sums of it."""

    rows: int = 0
    rows_crc: int = 0
    contracts: int = 0
    contracts_crc: int = 0

    def with_rows(self, packed: bytes) -> TapeExtent:
        """Return this with rows added."""
        rows = self.rows + len(packed) // PACKED.itemsize
        return msgspec.structs.replace(self, rows=rows, rows_crc=crc32(packed, self.rows_crc))

    def with_names(self, names: Sequence[str]) -> TapeExtent:
        """Return this with the OCC names of contracts added."""
        crc = crc32("".join(names).encode(), self.contracts_crc)
        return msgspec.structs.replace(self, contracts=self.contracts + len(names), contracts_crc=crc)


class TapeRequest(msgspec.Struct, frozen=True, tag="ask"):
    """The screen wants everything of a symbol that it does not have."""

    symbol: str
    have: TapeExtent


class ContractNames(msgspec.Struct, frozen=True, tag="listed"):
    """The OCC names of contracts, numbered on from those before."""

    names: list[str]

    def contracts(self) -> list[Contract]:
        """Return the contracts; ProviderError for a name that is none."""
        try:
            return [parse_occ(name) for name in self.names]
        except UsageError as error:
            raise ProviderError(f"The recorder lists something that is no contract: {error}") from error


class RowsMessage(msgspec.Struct, frozen=True, tag="rows"):
    """Rows of the tape, packed; `first` is the number of the first one."""

    first: int
    packed: bytes

    def events(self, listed: int) -> Events:
        """Return the rows as events; ProviderError for some that cannot be with so many contracts listed."""
        if len(self.packed) % PACKED.itemsize:
            raise ProviderError("The recorder sends a row that is not whole; restart it with this version.")
        events = np.frombuffer(self.packed, PACKED).astype(EVENT)
        if len(events) and not (0 <= events["cid"].min() and events["cid"].max() <= listed):
            raise ProviderError("The recorder sends an event of a contract that it never listed.")
        if len(events) and events["kind"].max() >= len(KIND_NAMES):
            raise ProviderError("The recorder sends an event of no known kind; restart it with this version.")
        return events


class SourceReport(msgspec.Struct, frozen=True, tag="told"):
    """What the recorder's source says of its connection."""

    link: Link


class TapeEnd(msgspec.Struct, frozen=True, tag="ended"):
    """Nothing comes any more: the tape is closed, and all of it was sent."""


class Refusal(msgspec.Struct, frozen=True, tag="refused"):
    """Why nothing comes, in one sentence."""

    sentence: str


Message = Hello | TapeRequest | ContractNames | RowsMessage | SourceReport | TapeEnd | Refusal

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Message)


def encode(message: Message) -> bytes:
    """Return the message as a frame."""
    body = _encoder.encode(message)
    return len(body).to_bytes(_LENGTH, "little") + body


def pack(events: Events) -> bytes:
    """Return events as they go into `RowsMessage`."""
    return events.astype(PACKED).tobytes()


class Unframer:
    """The bytes one side has heard, cut into messages; what was refused once stays refused."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._greeted = False
        self._refused: ProviderError | None = None

    def feed(self, data: bytes) -> Iterator[Message]:
        """Take bytes in and return the messages that they complete.

        The iterator raises ProviderError where the bytes are none of ours.
        """
        self._buffer += data
        return self._messages()

    def _messages(self) -> Iterator[Message]:
        while self._refused is None:
            try:
                message = self._next()
            except ProviderError as error:
                self._refused = error
                break
            if message is None:
                return
            yield message
        raise self._refused

    def _next(self) -> Message | None:
        if not self._greeted:
            if not self._preamble():
                return None
            self._greeted = True
        length = int.from_bytes(self._buffer[:_LENGTH], "little")
        if length > MAX_FRAME:
            raise ProviderError(f"A frame of {length:,} bytes came in, which no spymon sends.")
        if len(self._buffer) < _LENGTH + length:
            return None
        body = bytes(memoryview(self._buffer)[_LENGTH : _LENGTH + length])
        del self._buffer[: _LENGTH + length]
        try:
            message: Message = _decoder.decode(body)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise ProviderError(f"A message came in that no spymon sends ({error}).") from error
        return message

    def _preamble(self) -> bool:
        """Take the preamble off; False while it is not whole."""
        head = bytes(self._buffer[: len(PREAMBLE)])
        if not PREAMBLE.startswith(head[:6]):
            raise ProviderError("Something that is no spymon answers on the recorder's socket.")
        if len(head) < len(PREAMBLE):
            return False
        if head != PREAMBLE:
            theirs = int.from_bytes(head[6:], "little")
            raise ProviderError(
                f"The other spymon is of another version (it speaks protocol {theirs}, this one {VERSION}); "
                "restart the recorder with the version that watches."
            )
        del self._buffer[: len(PREAMBLE)]
        return True
