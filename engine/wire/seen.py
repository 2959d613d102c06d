"""Which trades were already taken, by contract and sequence number.

Shared by whatever brings the trades of one session, the socket and the pages that fill its gaps, so that
each is counted once. About 100 bytes per trade. Sequence numbers begin again every day: a new session needs
a new one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable


class Seen:
    """The trades of one session."""

    def __init__(self) -> None:
        self._taken: defaultdict[int, set[int]] = defaultdict(set)

    def is_new(self, place: int, sequence: int) -> bool:
        """Take one trade and say whether it had not been taken before."""
        return not self.repeated([place], [sequence])

    def repeated(self, places: Iterable[int], sequences: Iterable[int]) -> list[int]:
        """Take trades and return the indices of those that had been taken before."""
        taken, again = self._taken, []
        for at, (place, sequence) in enumerate(zip(places, sequences, strict=True)):
            known = taken[place]
            if sequence in known:
                again.append(at)
            known.add(sequence)
        return again
