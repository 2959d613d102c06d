"""A hash table from tickers to places that compiled code can read.

Owns the layout: open addressing, 24 bytes per ticker in three words, at most half full.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ....jit.options import JIT
from ...transport.pointers import pointer

NOWHERE = -1
"""What a ticker that was never put in has for a place."""

_WORDS, _BYTES = 3, 24
_FIRST_SIZE = 1024


class TickerIndex:
    """Tickers and their places, int64; longer tickers than 24 bytes are only found by `get`."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self.words, self.places = _empty(_FIRST_SIZE)

    def __len__(self) -> int:
        return len(self._places)

    def get(self, ticker: str) -> int:
        """Return a ticker's place, NOWHERE when it was never put in."""
        return self._places.get(ticker, NOWHERE)

    def put(self, ticker: str, place: int) -> None:
        """Enter a ticker, or move it."""
        self._places[ticker] = place
        if 2 * len(self._places) <= len(self.places):
            self._enter(ticker, place)
            return
        self.words, self.places = _empty(4 * len(self.places))
        for each, there in self._places.items():
            self._enter(each, there)

    def _enter(self, ticker: str, place: int) -> None:
        raw = np.frombuffer(ticker.encode(), np.uint8)
        if 0 < len(raw) <= _BYTES:
            _put(raw, self.words, self.places, place)


def _empty(size: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    return np.zeros((size, _WORDS), np.uint64), np.full(size, NOWHERE, np.int64)


@njit(**JIT)
def find(data, begin, end, words, places, mask):
    """Return the place of the ticker data[begin:end], NOWHERE when it is not there; pointers."""
    if end - begin > _BYTES or end == begin:
        return NOWHERE
    return places[_slot(data, begin, end, words, mask)]


@njit(**JIT)
def _put(raw, words, places, place):
    slot = _slot(pointer(raw), 0, len(raw), pointer(words), len(places) - 1)
    for i in range(_WORDS):
        words[slot, i] = _word(pointer(raw), 8 * i, len(raw))
    places[slot] = place


@njit(**JIT)
def _slot(data, begin, end, words, mask):
    """Return where the ticker stands, or the free slot where it would."""
    first = _word(data, begin, end)
    second = _word(data, begin + 8, end)
    third = _word(data, begin + 16, end)
    mixed = (first * np.uint64(0x9E3779B97F4A7C15)) ^ (second * np.uint64(0xC2B2AE3D27D4EB4F))
    mixed = (mixed ^ third) * np.uint64(0x165667B19E3779F9)
    slot = np.int64(mixed >> np.uint64(32)) & mask
    while words[_WORDS * slot] != 0:
        at = _WORDS * slot
        if words[at] == first and words[at + 1] == second and words[at + 2] == third:
            break
        slot = (slot + 1) & mask
    return slot


@njit(**JIT)
def _word(data, begin, end):
    """Return up to eight bytes as one number; none give 0."""
    word = np.uint64(0)
    for at in range(begin, min(begin + 8, end)):
        word = (word << np.uint64(8)) | np.uint64(data[at])
    return word
