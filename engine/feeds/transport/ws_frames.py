"""Plain websocket frames out of what a socket read, compiled: many at a time, without an object for each.

A frame is plain when it is a whole, unmasked, uncompressed text message, as nearly every one of a market's
is. Everything else (pings, closes, fragments, compressed ones) is left for a complete reader of the protocol
(RFC 6455, section 5.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ...jit.options import JIT
from .pointers import pointer

Bytes = bytes | memoryview

PAD = b"\0" * 8
"""Stands behind each message: a byte that no JSON contains ends every loop of a compiled reader."""

LARGEST = 16 * 1024 * 1024
"""Most bytes of a message; a larger one is nobody's market data."""

_TEXT = 0x81
_MASKED = 0x80
_TWO, _EIGHT = 126, 127
_PAD = len(PAD)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Plain frames as they were read from a socket together.

    data    : one frame after the other; a view of what was read
    frames  : how many
    recv_ns : ns UTC when they were read
    """

    data: Bytes
    frames: int
    recv_ns: int


def plain_frames(data: Bytes, at: int = 0) -> tuple[int, int]:
    """Return how many whole plain frames follow one another from `at`, and where the last of them ends."""
    return _plain_frames(np.frombuffer(data, np.uint8), at)  # type: ignore[no-any-return]


def frame_size(data: Bytes, at: int) -> int | None:
    """Return the bytes of the frame at `at` with its header, None while its length is not known."""
    if len(data) < at + 2:
        return None
    second = data[at + 1]
    mask = 4 if second & _MASKED else 0
    length = second & 0x7F
    extra = {_TWO: 2, _EIGHT: 8}.get(length, 0)
    if len(data) < at + 2 + extra:
        return None
    if extra:
        length = int.from_bytes(data[at + 2 : at + 2 + extra], "big")
    return 2 + extra + mask + length


def is_plain(data: Bytes, at: int) -> bool:
    """Say whether the frame at `at`, whose length is known, is plain once it is whole."""
    size = frame_size(data, at)
    return data[at] == _TEXT and data[at + 1] < _MASKED and size is not None and size <= LARGEST


def unwrapped(chunks: Iterable[Chunk]) -> tuple[bytearray, NDArray[np.int64], NDArray[np.int64]]:
    """Return the messages one after the other, PAD behind each; where each ends; when each came, ns UTC."""
    parts = list(chunks)
    count = sum(chunk.frames for chunk in parts)
    out = bytearray(sum(len(chunk.data) for chunk in parts) + count * _PAD)
    ends, received = np.empty(count, np.int64), np.empty(count, np.int64)
    copied = np.frombuffer(out, np.uint8)
    size = done = 0
    for chunk in parts:
        these = ends[done : done + chunk.frames]
        size = _unwrap(np.frombuffer(chunk.data, np.uint8), copied, size, these)
        received[done : done + chunk.frames] = chunk.recv_ns
        done += chunk.frames
    del copied  # whose hold on the memory would keep it from being shortened
    del out[size:]
    return out, ends, received


def split(data: bytearray, ends: NDArray[np.int64]) -> Iterator[bytes]:
    """Yield what `unwrapped` put together, message by message."""
    begin = 0
    for end in ends.tolist():
        yield bytes(data[begin:end])
        begin = end + _PAD


@njit(**JIT)
def _payload(data, at, end):
    """Return where the payload of the frame at `at` begins and ends; -1 when it is not plain or whole."""
    if at + 2 > end or data[at] != _TEXT or data[at + 1] >= _MASKED:
        return -1, -1
    length = np.int64(data[at + 1])
    begin = at + 2
    extra = 2 if length == _TWO else 8 if length == _EIGHT else 0
    if begin + extra > end:
        return -1, -1
    if extra > 0:
        length = np.int64(0)
        for i in range(extra):
            length = length * 256 + np.int64(data[begin + i])
        begin += extra
    if length < 0 or length > LARGEST or begin + length > end:
        return -1, -1
    return begin, begin + length


@njit(**JIT)
def _plain_frames(text, at):
    """See `plain_frames`."""
    data = pointer(text)
    count = 0
    while True:
        begin, end = _payload(data, at, len(text))
        if begin < 0:
            return count, at
        count += 1
        at = end


@njit(**JIT)
def _unwrap(text, out, size, ends):
    """Copy payloads behind the first `size` bytes of `out`, which is zero; return how many are used."""
    data, copied = pointer(text), pointer(out)
    at = 0
    for frame in range(len(ends)):
        begin, at = _payload(data, at, len(text))
        for i in range(begin, at):
            copied[size + i - begin] = data[i]
        size += at - begin
        ends[frame] = size
        size += _PAD
    return size
