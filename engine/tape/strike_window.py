"""Which contracts matter now: the strikes around at-the-money of the chosen expirations.

Owns the rolling centre and the set of wanted contracts, and says what to add and drop when the set
changes. It refuses to know how a source subscribes and whether a wanted contract is listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from ..model.contracts import MAX_STRIKE_MILLI, Contract
from ..model.underlyings import Underlying

_UNITS_PER_MILLI = 10  # price units of 1/10000 $ in 1/1000 $


@dataclass(frozen=True, slots=True)
class StrikeTrackerParams:
    """How wide and how calm the window is.

    strikes    : strikes each side of at-the-money
    hysteresis : increments that spot must be away from the centre before the centre moves; above 0.5
    """

    strikes: int = 25
    hysteresis: float = 0.6


@dataclass(frozen=True, slots=True)
class SubscriptionChange:
    """What to subscribe and what to let go, each in contract order."""

    add: tuple[Contract, ...]
    drop: tuple[Contract, ...]


class StrikeTracker:
    """The wanted contracts of one underlying, of its first (PM-settled) root, following spot."""

    def __init__(
        self, underlying: Underlying, expiries: Iterable[date], params: StrikeTrackerParams | None = None
    ) -> None:
        self._root = underlying.roots[0]
        self._step = underlying.increment_milli * _UNITS_PER_MILLI
        self._expiries = tuple(expiries)
        self._params = params or StrikeTrackerParams()
        self._slack = int(self._params.hysteresis * self._step + 0.5)
        self._centre: int | None = None  # in increments
        self._wanted: frozenset[Contract] = frozenset()

    @property
    def wanted(self) -> frozenset[Contract]:
        """Return the contracts that matter now; empty before the first spot."""
        return self._wanted

    @property
    def atm_milli(self) -> int | None:
        """Return the strike at the centre, 1/1000 $; None before the first spot."""
        return None if self._centre is None else self._centre * self._step // _UNITS_PER_MILLI

    def on_spot(self, spot: int) -> SubscriptionChange | None:
        """Follow spot, in price units; None when the wanted set stays. A missing or zero spot is ignored."""
        spot = int(spot)  # a 32-bit integer off the tape would overflow below
        if spot <= 0 or not self._has_left(spot):
            return None
        self._centre = (2 * spot + self._step) // (2 * self._step)  # half up, in integers
        wanted = frozenset(self._window(self._centre))
        add, drop = wanted - self._wanted, self._wanted - wanted
        self._wanted = wanted
        return SubscriptionChange(tuple(sorted(add)), tuple(sorted(drop))) if add or drop else None

    def _has_left(self, spot: int) -> bool:
        return self._centre is None or abs(spot - self._centre * self._step) > self._slack

    def _window(self, centre: int) -> Iterator[Contract]:
        increment_milli = self._step // _UNITS_PER_MILLI
        n = self._params.strikes
        for step in range(centre - n, centre + n + 1):
            strike_milli = step * increment_milli
            if 0 < strike_milli <= MAX_STRIKE_MILLI:
                for expiry in self._expiries:
                    yield Contract(self._root, expiry, "C", strike_milli)
                    yield Contract(self._root, expiry, "P", strike_milli)
