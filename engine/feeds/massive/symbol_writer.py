"""One symbol's day while it happens: what comes in, by socket or snapshot, becomes what its tape gets.

Owns where the underlying's price comes from, and the tape's volumes beside the provider's. One thread calls
it, and tells it the present moment.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from ...analytics.implied_spot import ImpliedSpot, ImpliedSpotParams, nearest_pairs
from ...model.calendar import close_ns
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
from ...model.underlyings import Underlying
from ...tape.live_tape import TapeWriter
from ..transport.session_hours import Hours
from .chain_snapshot import ChainChanges, read_pages
from .gap_fill import GapTrades, RecentTrades, merge
from .poll_rows import synthesise
from .reconciliation import Reconciliation
from .subscriptions import SymbolSubscription, by_importance
from .watched_contracts import ContractReach, WatchedContracts
from .wire.pages import Pages
from .wire.requests import Page
from .wire.seen_trades import SeenTrades

STOCKS, INDICES, SNAPSHOT, PARITY = "stocks feed", "index feed", "chain snapshot", "put-call parity"
FEEDS = (STOCKS, INDICES)

FRESH_NS = 90 * NS
"""How far the underlying's price in a snapshot may lie behind the tape to be believed before parity."""


class SymbolWriter:
    """One symbol's day.

    day         : the session's
    bounds      : first and last expiration of the snapshots to ask for
    streamed_ns : ns UTC by the provider's clock of the newest event of its websockets, 0 before one
    volumes     : the tape's volumes beside the provider's
    origin      : where the underlying's price comes from, as `Link.spot_origin`
    delayed     : whether the provider's snapshot says that its figures are
    refused     : channels that the provider refused, most important first
    chain_ns    : ns UTC of the newest price in the last snapshot, None before one
    polled_ns   : ns UTC by the provider's clock up to which polls have told the volume, 0 before one
    """

    def __init__(
        self, underlying: Underlying, tape_writer: TapeWriter, reach: ContractReach, hours: Hours, now_ns: int
    ) -> None:
        self.underlying, self.tape_writer, self.day = underlying, tape_writer, hours.session.day
        self._watched = WatchedContracts(underlying, tape_writer.listed, reach, self.day)
        self.bounds = self._watched.bounds
        self.volumes = Reconciliation(whole_day=now_ns <= hours.open_ns)
        self.origin = ""
        self.delayed = False
        self.chain_ns: int | None = None
        self.polled_ns = 0
        self.refused: tuple[str, ...] = ()
        self._hours = hours
        self._reader, self._changes, self._recent = Pages(), ChainChanges(), RecentTrades()
        self._parity: ImpliedSpot | None = None
        self._listed = -1
        self._spot = MISSING
        self.streamed_ns = self._tape_ns = self._spot_ns = self._snapshot_ns = self._own_price_ns = 0
        self._quote_ns: NDArray[np.int64] = np.zeros(0, np.int64)
        marks = ((hours.open_ns, MARK_OPEN), (close_ns(underlying, self.day), MARK_CLOSE))
        self._marks = [each for each in marks if each[0] > tape_writer.resumed_ns]
        self._count_resumed()

    def put_marks(self, now_ns: int) -> None:
        """Mark the open and the close once they are past."""
        while self._marks and self._marks[0][0] <= now_ns:
            ts_ns, what = self._marks.pop(0)
            mark = empty_events(1)
            mark["ts"], mark["cid"], mark["kind"], mark["s1"] = ts_ns, UNDERLYING, MARK, what
            self._append(mark, now_ns)

    def put_gap(self, since_ns: int, until_ns: int, now_ns: int) -> None:
        """Put a time without data on the tape, as far as the market was open in it."""
        since_ns = max(since_ns, self._hours.open_ns)
        if until_ns > since_ns:
            self._append(gap(since_ns, until_ns), now_ns)

    def hold_trades(self, since_ns: int) -> None:
        """Keep the trades from shortly before a gap on, until `release_trades`."""
        self._recent.hold(since_ns)

    def lacks_volume(self) -> bool:
        """Say whether the last snapshot tells of volume that is not on the tape."""
        return bool(self.volumes.lacking) and not self.delayed

    def lacking_contracts(self) -> list[tuple[int, str]]:
        """Return the contracts whose trades a gap may have cost, (id, ticker), the likeliest first.

        By the last snapshot's volumes; every contract near the money when these say nothing.
        """
        table = self.tape_writer.listed
        if self.volumes.share == self.volumes.share and not self.delayed:
            return [(each.cid, table[each.cid].occ) for each in self.volumes.lacking]
        near = self.subscription().quoted
        return [(cid, each.occ) for each in near if (cid := table.id_of(each)) is not None]

    def put_fetched(
        self, fetched: GapTrades, seen: SeenTrades, place_of_ticker: Callable[[str], int], now_ns: int
    ) -> None:
        """Put the trades of a gap on the tape that are not there yet.

        place_of_ticker : `SeenTrades`'s name of a ticker
        """
        table = self.tape_writer.listed

        def place_of(cid: int) -> int:
            return place_of_ticker(table[cid].occ)

        self._append(merge(fetched, self._recent.trades(), seen, place_of, self._reader), now_ns)

    def release_trades(self, since_ns: int) -> None:
        """Keep no longer what `hold_trades` kept of a gap."""
        self._recent.release(since_ns)

    def take(self, events: Events, received_ns: int) -> None:
        """Put on the tape what a websocket of the options brought; at least one event."""
        self.streamed_ns = max(self.streamed_ns, int(events["ts"].max()))
        quotes = events[events["kind"] == QUOTE]
        if len(quotes):
            self._reserve(int(quotes["cid"].max()))
            np.maximum.at(self._quote_ns, quotes["cid"], quotes["ts"])
        self._append(events, received_ns)
        if self.origin not in FEEDS:
            self._imply(quotes, received_ns)

    def take_spots(self, events: Events, received_ns: int) -> None:
        """Put on the tape what the underlying's own feed brought."""
        self._own_price_ns = int(events["ts"].max())
        self._append(events, received_ns)

    def take_snapshot(self, pages: Sequence[Page], received_ns: int, polled: bool) -> None:
        """Put on the tape what a snapshot says that is new.

        polled : whether the volume that the tape lacks is told as trades
        """
        chain = read_pages(pages, self.tape_writer.listed, self._reader, received_ns, self._hours.open_ns)
        self.delayed = bool(chain.delayed)
        self._append(self._fresh(self._changes.of(chain.events)), received_ns, timely=False)
        self._look_at(chain.events)
        if self.origin not in FEEDS:
            self._imply(chain.events[chain.events["kind"] == QUOTE], received_ns)
        self.volumes.compare(chain)
        if polled:
            self._append(synthesise(self.volumes.volumes(chain.listed), chain), received_ns)
            self.polled_ns = min(chain.as_of_ns, received_ns)
            self.volumes.compare(chain)

    def take_price(self, pages: Sequence[Page], received_ns: int) -> None:
        """Put on the tape the underlying's price out of a piece of a snapshot, and nothing else."""
        chain = read_pages(pages, self.tape_writer.listed, self._reader, received_ns, self._hours.open_ns)
        spots = chain.events[chain.events["kind"] == SPOT]
        self._append(spots[~self._outdated(spots)], received_ns, timely=False)
        self._look_at(chain.events)

    def take_listing(self, pages: Sequence[Page]) -> None:
        """List the contracts that are named, where there is no snapshot."""
        for page in pages:
            for contract in self._reader.contracts(page.rows):
                self.tape_writer.listed.add(contract)

    def take_close(self, price: int, received_ns: int) -> None:
        """Put the underlying's previous close on the tape, price units."""
        event = empty_events(1)
        event["ts"], event["cid"], event["p1"] = received_ns, UNDERLYING, price
        event["kind"], event["flags"] = PREV_CLOSE, FLAG_RECEIVED
        self._append(event, received_ns)

    def choose_origin(self, own_feed_up: bool) -> None:
        """Decide where the underlying's price comes from now; its own feed may be up."""
        if own_feed_up and self._own_price_ns:
            self.origin = INDICES if self.underlying.index else STOCKS
        elif self._snapshot_ns and self._tape_ns - self._snapshot_ns <= FRESH_NS:
            self.origin = SNAPSHOT
        elif self._parity is not None and self._parity.samples:
            self.origin = PARITY
        else:
            self.origin = SNAPSHOT if self._snapshot_ns else ""

    def subscription(self) -> SymbolSubscription:
        """Return what should be subscribed to, around where the underlying is now."""
        return self._watched.subscription(self._spot)

    def subscription_key(self) -> tuple[object, ...]:
        """Return what `subscription` follows from: as long as it is equal, so is that."""
        return self._watched.key(self._spot)

    def note_refusals(self, channels: Sequence[str], held: Collection[str]) -> None:
        """Take note of the channels among these that are about this symbol, and of those granted since."""
        before, roots = set(self.refused), (self.underlying.symbol, *self.underlying.roots)
        now = {each for each in channels if _root(each) in roots} | before.difference(held)
        if now != before:
            self.refused = by_importance(now)

    def _append(self, events: Events, received_ns: int, timely: bool = True) -> None:
        if len(events):
            events = self._believed(events, received_ns)
            self.volumes.count(events)
            self._recent.add(events)
            self._tape_ns = max(self._tape_ns, int(events["ts"].max()))
            spots = events[events["kind"] == SPOT]
            if len(spots):
                self._spot, self._spot_ns = int(spots["p1"][-1]), int(spots["ts"][-1])
        self.tape_writer.append(events, received_ns, timely)

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
        table = self.tape_writer.listed
        if self._parity is None or self._listed != len(table):
            self._listed = len(table)
            pairs = nearest_pairs(list(table), self.underlying.roots)
            self._parity = ImpliedSpot(len(table), pairs, ImpliedSpotParams())
        self._parity.hear(quotes)
        spot = self._parity.sample(self._tape_ns)
        if spot is not None and (self.origin == PARITY or not self._snapshot_ns):
            self._append(spot, received_ns)

    def _reserve(self, cid: int) -> None:
        if cid >= len(self._quote_ns):
            self._quote_ns = np.concatenate([self._quote_ns, np.zeros(cid + 1, np.int64)])

    def _count_resumed(self) -> None:
        """Count what was recorded before; nobody else reads the tape yet."""
        tape = self.tape_writer.tape
        for chunk in range(len(tape.starts)):
            self.volumes.resume(tape.read(chunk))
            self._recent.add(tape.read(chunk))
        self.volumes.end_resume(range(1, len(tape.contracts) + 1))


def _root(channel: str) -> str:
    """Return the root of the contract, or the symbol, that a channel is about."""
    ticker = channel.partition(".")[2]
    return ticker[2:-15] if ticker.startswith("O:") else ticker.removeprefix("I:")
