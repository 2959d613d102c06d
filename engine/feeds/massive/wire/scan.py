"""The fast reader of Massive's option frames, compiled: quotes, trades and bars straight into rows.

Owns a scanner that knows the plain form in which nearly every event comes: a flat object of known keys,
text without escapes, numbers without sign and exponent, values in range. It refuses to judge: whatever is
not plain becomes a row of kind UNREAD and is read by the book (`frame_reader`), so that speed never
decides what is accepted. Both readers give the same rows, which their tests compare.

Frames stand one after the other, each followed by PAD: a byte that no JSON contains ends every loop, which
therefore need no other bound.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ....fold.conditions import FIRST_CODE, LAST_CODE, weight
from ....jit.options import JIT
from ....model.events import EVENT, UNDERLYING
from ...transport.pointers import pointer
from ...transport.ws_frames import PAD
from .fill import C_SLOT, KEYS, fill
from .plain_json import BEGIN, CLOSE, COLON, COMMA, END, OPEN, QUOTE_MARK, blank, number, object_end, text
from .rows import MARK, MOST_INT2, UNREAD, EventRows
from .ticker_index import NOWHERE, TickerIndex

Data = bytes | bytearray
"""Frames one after the other, PAD behind each."""

Places = Sequence[int] | NDArray[np.int64]
"""A number for each frame."""

_IGNORED, _EV, _SYM, _STRANGE = 16, 17, 18, 19
"""Slots of keys that are not wanted, the two that are text, and keys that make a message not plain."""


def _key_slots() -> NDArray[np.int8]:
    """Return the slot of every key of one or two small letters."""
    table = np.full((27, 27), _IGNORED, np.int8)
    for slot, key in (*enumerate(KEYS), (_EV, "ev")):
        table[ord(key[0]) - 96, ord(key[1]) - 96 if len(key) > 1 else 0] = slot
    return table


_SLOTS = _key_slots()
_WEIGHTS = np.array([weight(code) for code in range(FIRST_CODE, LAST_CODE + 1)], np.int8)
_JIT = {"nogil": True, "cache": True, "error_model": "numpy"}


def joined(frames: Sequence[bytes]) -> tuple[bytes, list[int]]:
    """Return frames one after the other, and where each ends."""
    ends = [end - len(PAD) for end in accumulate(len(frame) + len(PAD) for frame in frames)]
    return PAD.join(frames) + PAD, ends


def scan(
    data: Data, ends: Places, received: Places, index: TickerIndex, plain: bool
) -> tuple[EventRows, int]:
    """Return the rows of the frames in `data`, in order, and how many of them are not done.

    ends     : where each frame ends, PAD follows
    received : ns UTC, the time of events that carry none
    plain    : whether these are option messages; otherwise objects are only found, not read
    A row is done when it was read and its ticker is that of a followed contract.
    """
    text = np.frombuffer(data, np.uint8)
    room = int(np.count_nonzero(text == BEGIN)) + len(ends)
    rows = EventRows(np.empty(room, EVENT), np.empty(room, MARK))
    frames, values = np.array([ends, received], np.int64), np.empty(_IGNORED + 1)
    count = _scan(text, frames, rows.events, rows.marks, values, index.words, index.places, plain)
    done = rows.part(0, count)
    return done, int(np.count_nonzero(done.events["cid"] <= UNDERLYING))


@njit(**JIT)
def _scan(text, frames, events, marks, numbers, index_words, index_places, plain):
    """Fill events and marks, and return how many; frames is (2, k), ends and receive times."""
    data, values = pointer(text), pointer(numbers)
    words, places, mask = pointer(index_words), pointer(index_places), len(index_places) - 1
    count = 0
    begin = 0
    for frame in range(frames.shape[1]):
        end = frames[0, frame]
        received = frames[1, frame]
        at = begin = blank(data, begin)
        array = data[at] == OPEN
        if array:
            at = blank(data, at + 1)
        more = not array or data[at] != CLOSE
        while more and data[at] != 0:
            event = events[count]
            mark = marks[count]
            event.ts = received
            after = _event(data, at, event, mark, values, words, places, mask) if plain else -1
            if after < 0:
                after = object_end(data, at)
                if after < 0:
                    break
                _leave(event, mark, at, after)
            count += 1
            at = blank(data, after)
            more = array and data[at] == COMMA
            if more:
                at = blank(data, at + 1)
        whole = not more
        if whole and array:
            whole = data[at] == CLOSE
            if whole:
                at = blank(data, at + 1)
        if not whole or at != end:
            events[count].ts = received
            _leave(events[count], marks[count], at, end)
            count += 1
        begin = end + len(PAD)
    return count


@njit(**JIT)
def _leave(event, mark, begin, end):
    """Note an object for the other reader."""
    event.kind = UNREAD
    event.cid = NOWHERE
    mark.begin = begin
    mark.end = end


@njit(**JIT)
def _event(data, at, event, mark, values, words, places, mask):
    """Read the object at `at`; return the place behind it, -1 when it is not plain."""
    if data[at] != BEGIN:
        return -1
    for slot in range(_IGNORED + 1):
        values[slot] = math.nan
    ev = 0
    mark.begin = -1
    cond = -1
    at = blank(data, at + 1)
    while True:
        slot, at = _key(data, at)
        if slot == _STRANGE:
            return -1
        if slot == _EV:
            if ev != 0:
                return -1
            ev, at = _type(data, at)
        elif slot == _SYM:
            mark.begin = at + 1
            at = text(data, at)
            mark.end = at - 1
        elif data[at] == OPEN:
            cond, at = _conditions(data, at)
            at = at if slot == C_SLOT else -1
        else:
            values[slot], at = number(data, at)
            if values[slot] < 0 and slot != _IGNORED:
                return -1
        if at < 0:
            return -1
        at = blank(data, at)
        if data[at] == END:
            break
        if data[at] != COMMA:
            return -1
        at = blank(data, at + 1)
    return (
        at + 1 if mark.begin >= 0 and fill(data, ev, cond, values, event, mark, words, places, mask) else -1
    )


@njit(**JIT)
def _key(data, at):
    """Return the slot of the key at `at` and the place of its value."""
    if data[at] != QUOTE_MARK:
        return _STRANGE, at
    first = data[at + 1] - 96
    second = data[at + 2] - 96
    if first < 1 or first > 26:
        return _STRANGE, at
    if data[at + 2] == QUOTE_MARK:
        slot = _SLOTS[first, 0]
        at += 3
    elif second < 1 or second > 26:
        return _STRANGE, at
    elif data[at + 3] == QUOTE_MARK:
        slot = _SLOTS[first, second]
        at += 4
    elif data[at + 4] == QUOTE_MARK and first == 19 and second == 25 and data[at + 3] == 109:  # sym
        slot = _SYM
        at += 5
    else:
        return _STRANGE, at
    at = blank(data, at)
    if data[at] != COLON:
        return _STRANGE, at
    return slot, blank(data, at + 1)


@njit(**JIT)
def _type(data, at):
    """Return an event type of one or two letters as a number, and the place behind it."""
    if data[at] != QUOTE_MARK:
        return 0, -1
    if data[at + 2] == QUOTE_MARK:
        return np.int64(data[at + 1]), at + 3
    if data[at + 1] != 0 and data[at + 2] != 0 and data[at + 3] == QUOTE_MARK:
        return data[at + 1] * 256 + data[at + 2], at + 4
    return 0, -1


@njit(**JIT)
def _conditions(data, at):
    """Return the code that decides among those in the list at `at`, and the place behind the list."""
    best = -1
    chosen = 0
    at = blank(data, at + 1)
    if data[at] == CLOSE:
        return 0, at + 1
    while True:
        value, at = number(data, at)
        if at < 0 or value < 0 or value > MOST_INT2 or value != math.floor(value):
            return 0, -1
        code = int(value)
        rank = _WEIGHTS[code - FIRST_CODE] if FIRST_CODE <= code <= LAST_CODE else 0
        if rank > best:
            best = rank
            chosen = code
        at = blank(data, at)
        if data[at] == CLOSE:
            return chosen, at + 1
        if data[at] != COMMA:
            return 0, -1
        at = blank(data, at + 1)
