"""The few pieces of JSON that a fast reader needs, compiled: blanks, plain numbers, plain text, object ends.

Each function takes a pointer to bytes and a place, and returns the place behind what it read, -1 when it is
not plain: text with escapes or beyond ASCII, numbers with sign, exponent or more than 15 digits. A byte that
no JSON contains (0) must follow the data: it ends every loop, which therefore needs no other bound.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ....jit.options import JIT

MOST_DIGITS = 15
"""So many digits always are an exact float."""

OPEN, CLOSE, BEGIN, END = 91, 93, 123, 125  # [ ] { }
QUOTE_MARK, BACKSLASH, COMMA, COLON, DOT, ZERO, NINE = 34, 92, 44, 58, 46, 48, 57
_SPACE, _BLANKS = 32, (32, 9, 10, 13)
_FIRST_BEYOND = 127
_POWERS = 10.0 ** np.arange(MOST_DIGITS + 1)


@njit(**JIT)
def blank(data, at):
    """Return the first place from `at` on that is not blank."""
    while data[at] <= _SPACE and data[at] in _BLANKS:
        at += 1
    return at


@njit(**JIT)
def object_end(data, at):
    """Return the place behind the object that begins at `at`, -1 when none begins or it never ends."""
    depth = 0
    in_text = False
    while data[at] != 0:
        byte = data[at]
        if in_text:
            if byte == BACKSLASH and data[at + 1] != 0:
                at += 1
            elif byte == QUOTE_MARK:
                in_text = False
        elif byte == QUOTE_MARK:
            in_text = True
        elif byte == BEGIN:
            depth += 1
        elif byte == END:
            depth -= 1
        at += 1
        if depth == 0:
            return at if byte == END else -1
    return -1


@njit(**JIT)
def number(data, at):
    """Return the number at `at`, -1 when it is not exact with 15 digits, and the place behind it."""
    begin = at
    whole = 0
    digits = 0
    decimals = 0
    while ZERO <= data[at] <= NINE:
        whole = whole * 10 + (data[at] - ZERO)
        at += 1
    digits = at - begin
    if digits == 0 or (data[begin] == ZERO and digits > 1):
        return -1.0, -1
    if data[at] == DOT:
        at += 1
        while ZERO <= data[at] <= NINE:
            whole = whole * 10 + (data[at] - ZERO)
            at += 1
            decimals += 1
        if decimals == 0:
            return -1.0, -1
    # What follows a number is judged by the caller: an exponent is neither a comma nor an end.
    if digits + decimals > MOST_DIGITS:
        return -1.0, at
    return whole / _POWERS[decimals], at


@njit(**JIT)
def text(data, at):
    """Return the place behind the text whose quotation mark is at `at`."""
    if data[at] != QUOTE_MARK:
        return -1
    at += 1
    while data[at] != QUOTE_MARK:
        if data[at] <= _SPACE or data[at] >= _FIRST_BEYOND or data[at] == BACKSLASH:
            return -1
        at += 1
    return at + 1
