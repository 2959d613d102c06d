"""Rows in which Massive's events are read: the record and where it came from, with the ranges of its numbers.

Two readers fill rows: `scan`, fast, and `frame_reader`, by the book.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....model.events import EVENT, PRICE_SCALE, Events

MARK = np.dtype([("place", "<i8"), ("q", "<i8"), ("begin", "<i8"), ("end", "<i8")])
"""What is known of an event besides its record.

place      : see `tickers`; NOWHERE until the ticker is looked up
q          : sequence number of a trade, else NO_SEQUENCE
begin, end : where the ticker stands in the data; for a record of kind UNREAD, where the object does
"""


@dataclass(frozen=True, slots=True, eq=False)
class EventRows:
    """Events on their way to a tape; (n,) each."""

    events: Events
    marks: NDArray[np.void]

    def __len__(self) -> int:
        return len(self.events)

    def part(self, begin: int, end: int | None = None) -> EventRows:
        """Return neighbouring rows, sharing their memory."""
        return EventRows(self.events[begin:end], self.marks[begin:end])

    def those(self, which: NDArray[np.bool_]) -> EventRows:
        """Return some rows; all of them uncopied."""
        return self if which.all() else EventRows(self.events[which], self.marks[which])


def joined_rows(parts: Iterable[EventRows]) -> EventRows:
    """Return rows of several pieces, one after the other; a single piece is not copied."""
    full = [part for part in parts if len(part)]
    if len(full) == 1:
        return full[0]
    events, marks = [part.events for part in full], [part.marks for part in full]
    return EventRows(
        np.concatenate(events or [np.empty(0, EVENT)]), np.concatenate(marks or [np.empty(0, MARK)])
    )


NO_SEQUENCE = -1

UNREAD = 255
"""The kind of a record that is no event: something to be read by the book."""

MOST_PRICE = (2**31 - 1) // PRICE_SCALE
MOST_INT4, MOST_INT2 = 2**31 - 1, 2**15 - 1
MOST_EXACT = 2**53
"""Up to here every integer is a float."""

FIRST_MS, LAST_MS = 946_684_800_000, 4_102_444_800_000
"""2000 and 2100: a time outside is a fault of the message."""

NS_PER_MS = 1_000_000

CID_BITS = 0xFFFF_FFFF
"""The part of a place that is the contract id."""
