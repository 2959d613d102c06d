"""One symbol's day while it is heard: what comes in, by socket or snapshot, becomes what its tape gets.

Owns the contracts that are wanted, where the underlying's price comes from, and the tape's volumes beside
the provider's. One thread calls it. It refuses to know connections, requests and the present moment.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from ...analytics.implied_spot import ImpliedSpot, ImpliedSpotParams, nearest_pairs
from ...model.calendar import Underlying, close_ns, expirations
from ...model.contracts import Contract
from ...model.events import (
    FLAG_RECEIVED,
    MARK,
    MARK_CLOSE,
    MARK_OPEN,
    MISSING,
    NS,
    PREV_CLOSE,
    QUOTE,
    SPOT,
    UNDERLYING,
    Events,
    empty_events,
    gap,
)
from ...tape.live_tape import TapeWriter
from ...tape.strike_window import StrikeTracker, StrikeTrackerParams
from .chain_snapshot import ChainChanges, read_pages
from .gap_fill import GapTrades, RecentTrades, merge
from .poll_rows import synthesise
from .reconciliation import Reconciliation
from .session_hours import Hours
from .subscriptions import SymbolSubscription, by_importance, by_nearness
from .wire.pages import Pages
from .wire.requests import Page
from .wire.seen_trades import SeenTrades

STOCKS, INDICES, SNAPSHOT, PARITY = "stocks feed", "index feed", "chain snapshot", "put-call parity"
FEEDS = (STOCKS, INDICES)

FRESH_NS = 90 * NS
"""How far the underlying's price in a snapshot may lie behind the tape to be believed before parity."""

Choice = str | int | date


@dataclass(frozen=True, slots=True)
class ContractReach:
    """Which contracts are watched.

    expiry  : '0dte', one expiration, or how many of the nearest
    strikes : each side of at-the-money
    """

    expiry: Choice = 3
    strikes: int = 25

    def bounds(self, underlying: Underlying, day: date) -> tuple[date, date]:
        """Return the first and last expiration to ask for."""
        if isinstance(self.expiry, date):
            return self.expiry, self.expiry
        count = self.expiry if isinstance(self.expiry, int) else 1
        last = expirations(underlying, day, count)[-1] if self.expiry != "0dte" else day
        return day, last


class SymbolWriter:
    """One symbol's day.

    day       : the session's
    bounds    : first and last expiration of the snapshots to ask for
    fed_ns    : ns UTC by the provider's clock up to which its websockets have told, 0 before they did
    volumes   : the tape's volumes beside the provider's
    origin    : where the underlying's price comes from, as `Link.spot_origin`
    delayed   : whether the provider's snapshot says that its figures are
    refused   : channels that the provider refused, most important first
    chain_ns  : ns UTC of the newest price in the last snapshot, None before one
    polled_ns : ns UTC by the provider's clock up to which polls have told the volume, 0 before one
    """

    def __init__(
        self, underlying: Underlying, intake: TapeWriter, reach: ContractReach, hours: Hours, now_ns: int
    ) -> None:
        self.underlying, self.intake, self.day = underlying, intake, hours.session.day
        self.bounds = reach.bounds(underlying, hours.session.day)
        self.volumes = Reconciliation(whole_day=now_ns <= hours.open_ns)
        self.origin = ""
        self.delayed = False
        self.chain_ns: int | None = None
        self.polled_ns = 0
        self.refused: tuple[str, ...] = ()
        self._reach, self._hours = reach, hours
        self._reader, self._news, self._heard = Pages(), ChainChanges(), RecentTrades()
        self._tracked: tuple[date, ...] = ()
        self._tracker = StrikeTracker(underlying, ())
        self._parity: ImpliedSpot | None = None
        self._listed = -1
        self._spot = MISSING
        self.fed_ns = self._clock = self._spot_ns = self._snapshot_ns = self._told_ns = 0
        self._quote_ns: NDArray[np.int64] = np.zeros(0, np.int64)
        marks = ((hours.open_ns, MARK_OPEN), (close_ns(underlying, hours.session.day), MARK_CLOSE))
        self._marks = [each for each in marks if each[0] > intake.resumed_ns]
        self._count_resumed()

    def mark(self, now_ns: int) -> None:
        """Mark the open and the close once they are past."""
        while self._marks and self._marks[0][0] <= now_ns:
            ts_ns, what = self._marks.pop(0)
            mark = empty_events(1)
            mark["ts"], mark["cid"], mark["kind"], mark["s1"] = ts_ns, UNDERLYING, MARK, what
            self._put(mark, now_ns)

    def silence(self, since_ns: int, until_ns: int, now_ns: int) -> None:
        """Put a time without data on the tape, as far as the market was open in it."""
        since_ns = max(since_ns, self._hours.open_ns)
        if until_ns > since_ns:
            self._put(gap(since_ns, until_ns), now_ns)

    def hold(self, since_ns: int) -> None:
        """Keep what is heard from shortly before a gap on, until `release`."""
        self._heard.hold(since_ns)

    def lacks(self) -> bool:
        """Say whether the last snapshot tells of volume that is not on the tape."""
        return bool(self.volumes.lacking) and not self.delayed

    def lacking(self) -> list[tuple[int, str]]:
        """Return the contracts whose trades a gap may have cost, (id, ticker), the likeliest first.

        By the last snapshot's volumes; every contract near the money when these say nothing.
        """
        table = self.intake.listed
        if self.volumes.share == self.volumes.share and not self.delayed:
            return [(each.cid, table[each.cid].occ) for each in self.volumes.lacking]
        return [(cid, each.occ) for each in self.watched().quoted if (cid := table.id_of(each)) is not None]

    def fill(self, fetched: GapTrades, seen: SeenTrades, place: Callable[[str], int], now_ns: int) -> None:
        """Put the trades of a gap on the tape that are not there yet.

        place : `SeenTrades`'s name of a ticker
        """
        table = self.intake.listed

        def place_of(cid: int) -> int:
            return place(table[cid].occ)

        self._put(merge(fetched, self._heard.trades(), seen, place_of, self._reader), now_ns)

    def release(self, since_ns: int) -> None:
        """Keep no longer what `hold` kept of a gap."""
        self._heard.release(since_ns)

    def take(self, events: Events, received_ns: int) -> None:
        """Put on the tape what a websocket of the options brought; at least one event."""
        self.fed_ns = max(self.fed_ns, int(events["ts"].max()))
        quotes = events[events["kind"] == QUOTE]
        if len(quotes):
            self._reserve(int(quotes["cid"].max()))
            np.maximum.at(self._quote_ns, quotes["cid"], quotes["ts"])
        self._put(events, received_ns)
        if self.origin not in FEEDS:
            self._imply(quotes, received_ns)

    def take_spots(self, events: Events, received_ns: int) -> None:
        """Put on the tape what the underlying's own feed brought."""
        self._told_ns = int(events["ts"].max())
        self._put(events, received_ns)

    def take_snapshot(self, pages: Sequence[Page], received_ns: int, polled: bool) -> None:
        """Put on the tape what a snapshot says that is new.

        polled : whether the volume that the tape lacks is told as trades
        """
        chain = read_pages(pages, self.intake.listed, self._reader, received_ns, self._hours.open_ns)
        self.delayed = bool(chain.delayed)
        self._put(self._fresh(self._news.of(chain.events)), received_ns, timely=False)
        self._look_at(chain.events)
        if self.origin not in FEEDS:
            self._imply(chain.events[chain.events["kind"] == QUOTE], received_ns)
        self.volumes.compare(chain)
        if polled:
            self._put(synthesise(self.volumes.volumes(chain.listed), chain), received_ns)
            self.polled_ns = min(chain.as_of_ns, received_ns)
            self.volumes.compare(chain)

    def take_price(self, pages: Sequence[Page], received_ns: int) -> None:
        """Put on the tape the underlying's price out of a piece of a snapshot, and nothing else."""
        chain = read_pages(pages, self.intake.listed, self._reader, received_ns, self._hours.open_ns)
        spots = chain.events[chain.events["kind"] == SPOT]
        self._put(spots[~self._outdated(spots)], received_ns, timely=False)
        self._look_at(chain.events)

    def take_listing(self, pages: Sequence[Page]) -> None:
        """List the contracts that are named, where there is no snapshot."""
        for page in pages:
            for contract in self._reader.contracts(page.rows):
                self.intake.listed.add(contract)

    def take_close(self, price: int, received_ns: int) -> None:
        """Put the underlying's previous close on the tape, price units."""
        event = empty_events(1)
        event["ts"], event["cid"], event["p1"] = received_ns, UNDERLYING, price
        event["kind"], event["flags"] = PREV_CLOSE, FLAG_RECEIVED
        self._put(event, received_ns)

    def settle(self, told: bool) -> None:
        """Decide where the underlying's price comes from now; `told`: its own feed is up."""
        if told and self._told_ns:
            self.origin = INDICES if self.underlying.index else STOCKS
        elif self._snapshot_ns and self._clock - self._snapshot_ns <= FRESH_NS:
            self.origin = SNAPSHOT
        elif self._parity is not None and self._parity.samples:
            self.origin = PARITY
        else:
            self.origin = SNAPSHOT if self._snapshot_ns else ""

    def watched(self) -> SymbolSubscription:
        """Return what should be heard, around where the underlying is now."""
        table, tracker = self.intake.listed, self._track(self._expiries())
        tracker.on_spot(self._spot)
        traded = [each for each in table if each.expiry in self._tracked]
        if tracker.atm_milli is None:
            return SymbolSubscription(traded, self._middle(traded))
        near = [each for each in tracker.wanted if table.id_of(each) is not None]
        return SymbolSubscription(traded, by_nearness(near, tracker.atm_milli))

    def _middle(self, contracts: list[Contract]) -> tuple[Contract, ...]:
        """Return the middle of what is listed: quotes there tell the price while nothing else does."""
        if not contracts:
            return ()
        strikes = sorted({each.strike_milli for each in contracts if each.expiry == self._tracked[0]})
        centre = len(strikes) // 2
        near = strikes[max(centre - self._reach.strikes, 0) : centre + self._reach.strikes + 1]
        return by_nearness([each for each in contracts if each.strike_milli in near], strikes[centre])

    def aim(self) -> tuple[object, ...]:
        """Return what `watched` follows from: as long as it is equal, so is that."""
        tracker = self._track(self._expiries())
        tracker.on_spot(self._spot)
        return len(self.intake.listed), tracker.atm_milli, self._tracked

    def refuse(self, channels: Sequence[str], held: Collection[str]) -> None:
        """Take note of the channels among these that are about this symbol, and of those granted since."""
        before = set(self.refused)
        now = {each for each in channels if self._is_ours(each)} | before.difference(held)
        if now != before:
            self.refused = by_importance(now)

    def _is_ours(self, channel: str) -> bool:
        ticker = channel.partition(".")[2]
        root = ticker[2:-15] if ticker.startswith("O:") else ticker.removeprefix("I:")
        return root == self.underlying.symbol or root in self.underlying.roots

    def _put(self, events: Events, received_ns: int, timely: bool = True) -> None:
        if len(events):
            events = self._believed(events, received_ns)
            self.volumes.count(events)
            self._heard.add(events)
            self._clock = max(self._clock, int(events["ts"].max()))
            spots = events[events["kind"] == SPOT]
            if len(spots):
                self._spot, self._spot_ns = int(spots["p1"][-1]), int(spots["ts"][-1])
        self.intake.append(events, received_ns, timely)

    def _believed(self, events: Events, received_ns: int) -> Events:
        """Return the events with our time for those that claim to be of a later day.

        The tape's clock never goes back: one such time would pass over the rest of the day.
        """
        beyond = events["ts"] > self._hours.end_ns
        if not beyond.any():
            return events
        events = events.copy()
        events["ts"][beyond] = received_ns
        events["flags"][beyond] |= FLAG_RECEIVED
        return events

    def _fresh(self, events: Events) -> Events:
        """Return a snapshot's events without quotes and prices that are on the tape, or newer ones."""
        self._reserve(int(events["cid"].max(initial=0)))
        quotes = np.flatnonzero(events["kind"] == QUOTE)
        cids, ts = events["cid"][quotes], events["ts"][quotes]
        known = ts <= self._quote_ns[cids]
        np.maximum.at(self._quote_ns, cids, ts)
        kept = np.ones(len(events), bool)
        kept[quotes[known]] = False
        return events[kept & ~self._outdated(events)]

    def _outdated(self, events: Events) -> NDArray[np.bool_]:
        """Say which events are prices of the underlying that are no news beside those on the tape."""
        spots: NDArray[np.bool_] = events["kind"] == SPOT
        return spots if self.origin in FEEDS else spots & (events["ts"] <= self._spot_ns)

    def _look_at(self, events: Events) -> None:
        """Note how new a snapshot's prices are."""
        spots = events[(events["kind"] == SPOT) & (events["flags"] & FLAG_RECEIVED == 0)]
        self._snapshot_ns = max(self._snapshot_ns, int(spots["ts"].max(initial=0)))
        priced = events[np.isin(events["kind"], (SPOT, QUOTE)) & (events["flags"] & FLAG_RECEIVED == 0)]
        if len(priced):
            self.chain_ns = max(self.chain_ns or 0, int(priced["ts"].max()))

    def _imply(self, quotes: Events, received_ns: int) -> None:
        """Sample put-call parity, and put it on the tape while nothing better is known."""
        if not len(quotes):
            return
        table = self.intake.listed
        if self._parity is None or self._listed != len(table):
            self._listed = len(table)
            pairs = nearest_pairs(list(table), self.underlying.roots)
            self._parity = ImpliedSpot(len(table), pairs, ImpliedSpotParams())
        self._parity.hear(quotes)
        spot = self._parity.sample(self._clock)
        if spot is not None and (self.origin == PARITY or not self._snapshot_ns):
            self._put(spot, received_ns)

    def _expiries(self) -> tuple[date, ...]:
        first, last = self.bounds
        listed = [each for each in self.intake.listed.expiries() if first <= each <= last]
        return tuple(listed[: self._reach.expiry] if isinstance(self._reach.expiry, int) else listed)

    def _track(self, expiries: tuple[date, ...]) -> StrikeTracker:
        """Return the tracker of these expirations; a new one when more were listed since."""
        if self._tracked != expiries:
            self._tracked = expiries
            self._tracker = StrikeTracker(
                self.underlying, expiries, StrikeTrackerParams(strikes=self._reach.strikes)
            )
        return self._tracker

    def _reserve(self, cid: int) -> None:
        if cid >= len(self._quote_ns):
            self._quote_ns = np.concatenate([self._quote_ns, np.zeros(cid + 1, np.int64)])

    def _count_resumed(self) -> None:
        """Count what was recorded before; nobody else reads the tape yet."""
        tape = self.intake.tape
        for chunk in range(len(tape.starts)):
            self.volumes.resume(tape.read(chunk))
            self._heard.add(tape.read(chunk))
        self.volumes.resumed(range(1, len(tape.contracts) + 1))
