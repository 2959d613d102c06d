"""Prints as records: which were told before, and which are legs of one order.

A feed that reconnects tells its last seconds again. Without a sequence number a repeat is known by its
fields: a print equal to a remembered one was counted before when it comes behind the tape's clock, or right
after something that did. Otherwise two equal prints of one nanosecond may be two trades, so both count, and
only one is judged.
"""

from __future__ import annotations

from numba import njit

from ..jit.options import JIT
from .records import RECENT_PRINTS

LEG_GAP_NS = 1_000_000
"""Legs of one order follow each other within a millisecond, on one exchange and under one condition."""


@njit(**JIT)
def is_remembered(event, cell):
    """Whether one of the contract's last prints is equal in every field."""
    if event.ts > cell.print_newest:
        return False
    for slot in range(RECENT_PRINTS):
        kept = cell.ring[slot]
        same = kept.ts == event.ts and kept.price == event.p1 and kept.size == event.s1
        if same and kept.cond == event.cond and kept.exch == event.exch:
            return True
    return False


@njit(**JIT)
def lags(under):
    """Whether this record, or the one before it on the tape, is behind the clock: a feed tells again."""
    return under.lag_event >= under.events - 1


@njit(**JIT)
def count_repeat(under):
    """Count a record that was told before; the next one may be too."""
    under.redelivered += 1
    under.lag_event = under.events


@njit(**JIT)
def is_repeat(event, cell, under):
    """Whether a print was counted when it first came.

    One older than everything remembered is taken for a repeat too: no feed lags by so many prints.
    """
    if not lags(under):
        return False
    return is_remembered(event, cell) or (cell.prints >= RECENT_PRINTS and event.ts < oldest(cell))


@njit(**JIT)
def oldest(cell):
    """Return the ts of the oldest print that is remembered."""
    found = cell.ring[0].ts
    for slot in range(1, RECENT_PRINTS):
        found = min(found, cell.ring[slot].ts)
    return found


@njit(**JIT)
def is_repeated_cancel(event, now, cell, under):
    """Whether a cancel was obeyed when it first came: it is remembered, or late and nothing of it is left."""
    if not lags(under):
        return False
    if event.ts == cell.cancel_ts:
        return True
    living = event.ts >= now
    for slot in range(RECENT_PRINTS):
        kept = cell.ring[slot]
        if kept.price == event.p1 and kept.size == event.s1:
            if kept.alive == 0 and kept.cancel_ts == event.ts:
                return True
            living |= kept.alive == 1 and kept.ts <= event.ts
    return not living


@njit(**JIT)
def count_leg(event, under):
    """Count a multi-leg print to the order it belongs to."""
    under.package_legs += 1
    same = under.package_exch == event.exch and under.package_cond == event.cond
    if not same or event.ts - under.package_ts > LEG_GAP_NS:
        under.packages += 1
    under.package_ts = event.ts
    under.package_exch = event.exch
    under.package_cond = event.cond
