"""The row in which Massive's events are read, and the ranges in which its numbers make sense.

Two readers fill rows: `massive_scan`, fast, and `massive_book`, by the book. Rows become EVENT records once
their tickers have been looked up.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..events import EVENT, PRICE_SCALE, Events

ROW = np.dtype(
    [
        ("ts", "<i8"),  # as in EVENT
        ("place", "<i8"),  # see massive_tickers; NOWHERE until the ticker is looked up
        ("q", "<i8"),  # sequence number of a trade, NO_SEQUENCE when it has none
        ("begin", "<i8"),  # where the ticker stands in the data; for UNREAD, where the object does
        ("end", "<i8"),
        ("p1", "<i4"),  # from here on as in EVENT
        ("p2", "<i4"),
        ("s1", "<i4"),
        ("s2", "<i4"),
        ("cond", "<i2"),
        ("exch", "<i2"),
        ("kind", "u1"),
        ("flags", "u1"),
    ],
    align=True,
)
"""One event on its way to an EVENT record, with what only the way needs."""

Rows = NDArray[np.void]


NO_SEQUENCE = -1

UNREAD = 255
"""The kind of a row that is no event: something to be read by the book."""

MOST_PRICE = (2**31 - 1) // PRICE_SCALE
MOST_INT4, MOST_INT2 = 2**31 - 1, 2**15 - 1
MOST_EXACT = 2**53
"""Up to here every integer is a float."""

FIRST_MS, LAST_MS = 946_684_800_000, 4_102_444_800_000
"""2000 and 2100: a time outside is a fault of the message."""

NS_PER_MS = 1_000_000

_SHARED = ("ts", "p1", "p2", "s1", "s2", "cond", "exch", "kind", "flags")
_CID_BITS = 0xFFFF_FFFF


def to_events(rows: Rows) -> Events:
    """Return rows that have places as EVENT records; (n,)."""
    events = np.zeros(len(rows), EVENT)
    for field in _SHARED:
        events[field] = rows[field]
    events["cid"] = rows["place"] & _CID_BITS
    return events
