"""Which contracts of a symbol are watched: all of some expirations, and quotes of those near the money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ...model.calendar import Expiry, expirations
from ...model.contracts import Contract, ContractTable
from ...model.underlyings import Underlying
from ...tape.strike_window import StrikeTracker, StrikeTrackerParams
from .subscriptions import SymbolSubscription, by_nearness


@dataclass(frozen=True, slots=True)
class ContractReach:
    """Which contracts are watched.

    expiry  : '0dte', one expiration, or how many of the nearest
    strikes : each side of at-the-money
    """

    expiry: Expiry = 3
    strikes: int = 25

    def bounds(self, underlying: Underlying, day: date) -> tuple[date, date]:
        """Return the first and last expiration to ask for."""
        if isinstance(self.expiry, date):
            return self.expiry, self.expiry
        count = self.expiry if isinstance(self.expiry, int) else 1
        last = expirations(underlying, day, count)[-1] if self.expiry != "0dte" else day
        return day, last


class WatchedContracts:
    """What is watched of one symbol's day, as its listing grows and its spot drifts.

    bounds : first and last expiration of the snapshots to ask for
    """

    def __init__(
        self, underlying: Underlying, listed: ContractTable, reach: ContractReach, day: date
    ) -> None:
        self.bounds = reach.bounds(underlying, day)
        self._underlying, self._listed, self._reach = underlying, listed, reach
        self._expiries: tuple[date, ...] = ()
        self._tracker = StrikeTracker(underlying, ())

    def subscription(self, spot: int) -> SymbolSubscription:
        """Return what should be subscribed to with the underlying at `spot`, price units."""
        tracker = self._track(spot)
        traded = [each for each in self._listed if each.expiry in self._expiries]
        if tracker.atm_milli is None:
            return SymbolSubscription(traded, self._middle(traded))
        near = [each for each in tracker.wanted if self._listed.id_of(each) is not None]
        return SymbolSubscription(traded, by_nearness(near, tracker.atm_milli))

    def key(self, spot: int) -> tuple[object, ...]:
        """Return what `subscription` follows from: as long as it is equal, so is that."""
        tracker = self._track(spot)
        return len(self._listed), tracker.atm_milli, self._expiries

    def _middle(self, contracts: list[Contract]) -> tuple[Contract, ...]:
        """Return the middle of what is listed: quotes there tell the price while nothing else does."""
        if not contracts:
            return ()
        strikes = sorted({each.strike_milli for each in contracts if each.expiry == self._expiries[0]})
        centre = len(strikes) // 2
        near = strikes[max(centre - self._reach.strikes, 0) : centre + self._reach.strikes + 1]
        return by_nearness([each for each in contracts if each.strike_milli in near], strikes[centre])

    def _track(self, spot: int) -> StrikeTracker:
        """Return the tracker at a spot; a new one when more expirations were listed since."""
        first, last = self.bounds
        listed = [each for each in self._listed.expiries() if first <= each <= last]
        expiries = tuple(listed[: self._reach.expiry] if isinstance(self._reach.expiry, int) else listed)
        if self._expiries != expiries:
            self._expiries = expiries
            params = StrikeTrackerParams(strikes=self._reach.strikes)
            self._tracker = StrikeTracker(self._underlying, expiries, params)
        self._tracker.on_spot(spot)
        return self._tracker
