"""Frames that went wrong, drawn by seed: one of a few good ones, damaged in one to three ways."""

from __future__ import annotations

import json
import random

from .messages import CALL, PUT, bar, fair_value, quote, status, trade

_TOKENS = (
    b"null", b"true", b"-1", b"-0", b"0", b"12.0", b"1e3", b"1e999", b"0.1e-400", b"01", b"1.", b".5", b"NaN",
    b"99999999999999999999999", b"1766154600000", b"2147483648", b"214748.3648", b'"x"', b'""', b"[]",
    b"[209]", b"[209,219]", b"[209.0]", b'[209,"a"]', b"{}", b'{"a":[1,{"b":2}]}', b'"\\ud800"',
    b'"\\u004f:SPY"', b"\xff", b"\0", b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b" ", b"\n", b"},{",
    b"[" * 2000, b'{"a":' * 2000,
)  # fmt: skip
_KEYS = (
    b'"ev"',
    b'"sym"',
    b'"p"',
    b'"s"',
    b'"c"',
    b'"t"',
    b'"q"',
    b'"bp"',
    b'"as"',
    b'"T"',
    b'"fmv"',
    b'"status"',
)

_GOOD = [
    json.dumps(messages, separators=separators).encode()
    for separators in ((",", ":"), (", ", ": "))
    for messages in (
        [trade(q=None, c=(209, 232)), quote(PUT)],
        [quote(), bar(), trade(PUT, q=None), fair_value()],
        [status("success", f"subscribed to: T.{CALL}"), trade(q=None)],
        [bar(ev="AM")],
        [quote(bp=0.05, ap=0, bs=12.0)],
    )
]


def mutated(draw: random.Random) -> bytes:
    """Return a damaged frame."""
    frame = draw.choice(_GOOD)
    for _ in range(draw.randint(1, 3)):
        frame = draw.choice((_flip, _drop, _repeat, _insert, _value, _key, _cut))(frame, draw)
    return frame


def _flip(frame: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(frame) + 1)
    return frame[:at] + bytes([draw.randrange(256)]) + frame[at + 1 :]


def _drop(frame: bytes, draw: random.Random) -> bytes:
    begin, end = _span(frame, draw)
    return frame[:begin] + frame[end:]


def _repeat(frame: bytes, draw: random.Random) -> bytes:
    begin, end = _span(frame, draw)
    return frame[:end] + frame[begin:]


def _insert(frame: bytes, draw: random.Random) -> bytes:
    at = draw.randrange(len(frame) + 1)
    return frame[:at] + draw.choice(_TOKENS) + frame[at:]


def _value(frame: bytes, draw: random.Random) -> bytes:
    """Put another value behind some colon."""
    parts = frame.split(b":")
    at = draw.randrange(len(parts))
    rest = parts[at].partition(b",")
    return b":".join([*parts[:at], draw.choice(_TOKENS) + rest[1] + rest[2], *parts[at + 1 :]])


def _key(frame: bytes, draw: random.Random) -> bytes:
    return frame.replace(draw.choice(_KEYS), draw.choice(_KEYS), 1)


def _cut(frame: bytes, draw: random.Random) -> bytes:
    return frame[: draw.randrange(len(frame) + 1)]


def _span(frame: bytes, draw: random.Random) -> tuple[int, int]:
    begin = draw.randrange(len(frame) + 1)
    return begin, min(len(frame), begin + draw.randint(1, 40))
