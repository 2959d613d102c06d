"""Numbers of one option message as a event, compiled: the ranges of `massive_fields` once more, for speed.

Owns the slots in which the scanner leaves what it read. A message with a number that cannot be is not filled
and is read by the book, which says what is wrong with it.
"""

from __future__ import annotations

import math

from numba import njit

from ....jit.options import JIT
from ....model.events import BAR, FLAG_RECEIVED, MISSING, PRICE_SCALE, QUOTE, TRADE
from .rows import (
    CID_BITS,
    FIRST_MS,
    LAST_MS,
    MOST_EXACT,
    MOST_INT2,
    MOST_INT4,
    MOST_PRICE,
    NO_SEQUENCE,
    NS_PER_MS,
)
from .ticker_index import find

KEYS = ("p", "s", "x", "t", "q", "bx", "ax", "bp", "ap", "bs", "as", "v", "av", "vw", "c", "e")
"""The keys with numbers that a event needs; a key's slot is its place here."""

_P, _S, _X, _T, _Q, _BX, _AX, _BP, _AP, _BS, _AS, _V, _AV, _VW, _C, _E = range(len(KEYS))

C_SLOT = _C
"""The one key that may hold a list."""

EV_T, EV_Q, EV_A, EV_AM = ord("T"), ord("Q"), ord("A"), ord("A") * 256 + ord("M")
"""Event types as the scanner spells them."""


@njit(**JIT)
def fill(data, ev, cond, values, event, mark, words, places, mask):
    """Turn the numbers of one event into its event; False when one of them cannot be."""
    mark.q = NO_SEQUENCE
    event.p1 = MISSING
    event.p2 = MISSING
    event.s1 = 0
    event.s2 = 0
    event.cond = 0
    event.exch = 0
    if ev == EV_Q:
        fine = cond < 0 and _quote(values, event)
    elif ev == EV_T:
        fine = math.isnan(values[_C]) and _trade(values, event, mark)
        event.cond = max(cond, 0)
    elif ev in (EV_A, EV_AM):
        fine = cond < 0 and _bar(values, event)
    else:
        fine = False
    if fine:
        mark.place = find(data, mark.begin, mark.end, words, places, mask)
        event.cid = mark.place & CID_BITS
    return fine


@njit(**JIT)
def _quote(values, event):
    event.kind = QUOTE
    bid = values[_BP]
    ask = values[_AP]
    asked = ask > 0
    fine = not (bid > MOST_PRICE or ask > MOST_PRICE) and _when(values[_T], event)
    fine = fine and _whole(values[_BS], MOST_INT4) and _whole(values[_AS], MOST_INT4)
    fine = fine and _whole(values[_BX], MOST_INT2) and _whole(values[_AX], MOST_INT2)
    if fine and (bid > 0 or (asked and bid == 0)):
        event.p1 = _units(bid)
        event.s1 = _or_zero(values[_BS])
    if fine and asked:
        event.p2 = _units(ask)
        event.s2 = _or_zero(values[_AS])
    if fine:
        event.exch = _or_zero(values[_BX])
        event.cond = _or_zero(values[_AX])
    return fine


@njit(**JIT)
def _trade(values, event, mark):
    event.kind = TRADE
    price = values[_P]
    fine = 0 < price <= MOST_PRICE and values[_S] >= 1 and _whole(values[_S], MOST_INT4)
    fine = (
        fine and _whole(values[_X], MOST_INT2) and _whole(values[_Q], MOST_EXACT) and _when(values[_T], event)
    )
    if fine:
        event.p1 = _units(price)
        event.s1 = int(values[_S])
        event.exch = _or_zero(values[_X])
        if not math.isnan(values[_Q]):
            mark.q = int(values[_Q])
    return fine


@njit(**JIT)
def _bar(values, event):
    event.kind = BAR
    close = values[_C]
    vwap = values[_VW]
    fine = 0 < close <= MOST_PRICE and not vwap > MOST_PRICE and _when(values[_E], event)
    fine = fine and _whole(values[_V], MOST_INT4) and _whole(values[_AV], MOST_INT4)
    if fine:
        event.p1 = _units(close)
        event.p2 = MISSING if math.isnan(vwap) else _units(vwap)
        event.s1 = MISSING if math.isnan(values[_V]) else int(values[_V])
        event.s2 = MISSING if math.isnan(values[_AV]) else int(values[_AV])
    return fine


@njit(**JIT)
def _when(ms, event):
    """Take a time in ms; without one the event keeps the receive time and says so."""
    missing = math.isnan(ms)
    event.flags = FLAG_RECEIVED if missing else 0
    if not missing and _whole(ms, LAST_MS) and ms >= FIRST_MS:
        event.ts = int(ms) * NS_PER_MS
        return True
    return missing


@njit(**JIT)
def _whole(value, most):
    return math.isnan(value) or (value <= most and value == math.floor(value))


@njit(**JIT)
def _or_zero(value):
    return 0 if math.isnan(value) else int(value)


@njit(**JIT)
def _units(dollars):
    return math.floor(dollars * PRICE_SCALE + 0.5)
