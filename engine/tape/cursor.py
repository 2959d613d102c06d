"""A cursor: a moment of a tape that somebody stands at, with the fold up to there.

Several may stand on one tape: the front of a live day, and an earlier moment that a screen shows.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..fold.records import SIDE
from ..model.events import EVENT, NS, TRADE, Events
from .checkpoints import FoldPosition

RECENT_NS = 60 * NS
"""How far back the trades at hand reach, with their sides."""


@dataclass(slots=True)
class Cursor:
    """Where somebody stands, and the trades of at least the last minute before.

    at_ns : the moment it was put to, ns UTC: all events up to then are folded
    """

    position: FoldPosition
    at_ns: int
    _trades: deque[tuple[Events, NDArray[np.void]]] = field(default_factory=deque)

    def copy(self) -> Cursor:
        """Return another at the same moment, that goes its own way."""
        return Cursor(self.position.copy(), self.at_ns, self._trades.copy())

    def restart(self, position: FoldPosition, at_ns: int) -> None:
        """Go on from another position, with no trades at hand."""
        self.position, self.at_ns = position, at_ns
        self._trades.clear()

    def pass_over(self, events: Events, sides: NDArray[np.void]) -> None:
        """Note that events, with their SIDE rows, were folded at the position."""
        self.at_ns = max(self.at_ns, self.position.clock)
        trades = events["kind"] == TRADE
        self._trades.append((events[trades], sides[trades]))
        while self._trades and not np.any(self._trades[0][0]["ts"] > self.at_ns - RECENT_NS):
            self._trades.popleft()

    def recent_trades(self, cid: int) -> tuple[Events, NDArray[np.void]]:
        """Return the contract's trades of at least the last minute, oldest first, and their SIDE rows."""
        events = np.concatenate([np.zeros(0, EVENT), *(events for events, _ in self._trades)])
        sides = np.concatenate([np.zeros(0, SIDE), *(sides for _, sides in self._trades)])
        ours = events["cid"] == cid
        return events[ours], sides[ours]
