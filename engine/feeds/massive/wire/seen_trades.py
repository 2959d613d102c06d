"""Which trades were already taken, by contract and sequence number.

Shared by whatever brings the trades of one session, the socket and the pages that fill its gaps, so that
each is counted once. 8 bytes per trade: the numbers of a contract grow, so that nearly every one goes to the
end of a sorted array. They begin again every day: a new session needs a new one.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from functools import partial


class SeenTrades:
    """The trades of one session."""

    def __init__(self) -> None:
        self._taken: defaultdict[int, array[int]] = defaultdict(partial(array, "q"))

    def add(self, places: Iterable[int], sequences: Iterable[int]) -> list[int]:
        """Take trades and return the indices of those that had been taken before."""
        taken, again = self._taken, []
        for at, (place, sequence) in enumerate(zip(places, sequences, strict=True)):
            known = taken[place]
            if not known or sequence > known[-1]:
                known.append(sequence)
            elif known[there := bisect_left(known, sequence)] == sequence:
                again.append(at)
            else:
                known.insert(there, sequence)
        return again
