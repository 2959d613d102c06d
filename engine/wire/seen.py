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
        taken = self._taken[place]
        before = len(taken)
        taken.add(sequence)
        return len(taken) > before

    def repeated(self, places: Iterable[int], sequences: Iterable[int]) -> list[int]:
        """Take many trades and return the indices of those that had been taken before."""
        is_new = self.is_new
        pairs = enumerate(zip(places, sequences, strict=True))
        return [at for at, (place, sequence) in pairs if not is_new(place, sequence)]
