"""Reads Massive's messages one object at a time and counts, by name, everything that is no event.

Owns the decoding of a piece of a frame and of what is left of a broken one, and the counters.
Nothing raises: what cannot be read is counted.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import msgspec

from .fields import TYPES, Message


@dataclass(slots=True)
class Counters:
    """What came in, counted; everything that is no event is in exactly one of the counts.

    elsewhere   : events of underlyings that are not followed
    duplicates  : trades that were already taken
    unpriced    : stock trades and quotes that set no price
    undecodable : pieces of frames that are no JSON
    unknown     : messages of types nobody listed, by type
    rejected    : messages with a field that cannot be, by type and field, `T.p`
    """

    frames: int = 0
    events: int = 0
    statuses: int = 0
    elsewhere: int = 0
    duplicates: int = 0
    unpriced: int = 0
    undecodable: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)

    @property
    def faults(self) -> int:
        """Return how many pieces could not be taken for what they are."""
        return self.undecodable + self.unknown.total() + self.rejected.total()


_BETWEEN_OBJECTS = re.compile(rb"\s*,\s*(?=\{)")
"""No message holds an object within, so every brace that opens begins a message."""

_NO_JSON = object()
_UNREADABLE = (msgspec.DecodeError, UnicodeError, RecursionError)
"""Bytes are decoded first, because msgspec lets broken text pass where it skips a field."""

_FIELD = re.compile(r"\$\.(\w+)|field `(\w+)`")
_MOST_NAMES, _LONGEST_NAME = 64, 16


class FrameReader:
    """Reads one piece of a frame at a time."""

    def __init__(self, cluster: str, counters: Counters) -> None:
        types = TYPES[cluster]
        self._known = {str(each.__struct_config__.tag) for each in types}
        self._any_type: Any = _union(types)
        self._decoder = msgspec.json.Decoder(self._any_type)
        self._counters = counters

    def read(self, piece: bytes) -> list[Message]:
        """Return the messages of an object, or of what is left of a broken frame."""
        try:
            return [self._decoder.decode(piece.decode())]
        except _UNREADABLE:
            fields = _decoded(piece)
        return self._salvaged(piece) if fields is _NO_JSON else self._message(fields)

    def _salvaged(self, piece: bytes) -> list[Message]:
        """Return what can be read of a piece that is no JSON; it counts once at least."""
        parts = [_decoded(part) for part in _BETWEEN_OBJECTS.split(piece.strip().removesuffix(b"]"))]
        self._counters.undecodable += max(1, sum(not isinstance(part, dict) for part in parts))
        return [message for part in parts if isinstance(part, dict) for message in self._message(part)]

    def _message(self, fields: Any) -> list[Message]:
        if not isinstance(fields, dict) or not isinstance(fields.get("ev"), str):
            _tally(self._counters.rejected, "no event")
            return []
        name = fields["ev"]
        if name not in self._known:
            _tally(self._counters.unknown, name)
            return []
        given = {key: value for key, value in fields.items() if value is not None}
        try:
            return [msgspec.convert(given, self._any_type)]
        except msgspec.ValidationError as error:
            _tally(self._counters.rejected, _fault(name, str(error)))
            return []


def _decoded(part: bytes) -> Any:
    """Return what JSON says, _NO_JSON when it is none."""
    try:
        return msgspec.json.decode(part.decode())
    except _UNREADABLE:
        return _NO_JSON


def _union(types: tuple[type[Message], ...]) -> Any:
    union: Any = types[0]
    for each in types[1:]:
        union |= each
    return union


def _tally(counter: Counter[str], name: str) -> None:
    """Count under a name, as long as there are not absurdly many: names come from outside."""
    short = name[:_LONGEST_NAME]
    counter[short if short in counter or len(counter) < _MOST_NAMES else "others"] += 1


def _fault(event: str, error: str) -> str:
    found = _FIELD.search(error)
    return f"{event}.{found[1] or found[2]}" if found else event
