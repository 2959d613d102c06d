"""What one symbol asks over REST: its chain every so often, the price alone in between, the trades of gaps.

Owns when to ask and what to say when it fails. What comes of it is put on the tape in the source's thread.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ...model.calendar import clock_text, previous_session
from ...model.errors import CredentialError, NoDataError, ProviderError
from ...model.events import NS
from ..transport.feed_status import POLLS_MISSED
from ..transport.writer_thread import WriterThread
from .chain_snapshot import fetch_chain
from .gap_fill import OVERLAP_NS, fetch_trades
from .rest_client import RestClient
from .symbol_writer import FEEDS, SymbolWriter
from .wire.pages import Pages
from .wire.requests import chain, contracts, previous_bar
from .wire.seen_trades import SeenTrades
from .wire.tickers import TickerTable, spot_ticker

FILLS = 3
"""How often the trades of an outage are asked for, a snapshot apart: the day volume trails by seconds."""


@dataclass(frozen=True, slots=True)
class PollIntervals:
    """How often what is done, seconds.

    drain    : at least between two readings of what has arrived
    look     : between two looks at how everything stands
    upkeep   : between two looks at which channels are wanted, and two orders to the disk
    snapshot : between two chain snapshots while the websockets stream
    poll     : between two polls while they do not
    dead     : how long they may be down before the chain is polled
    settle   : how long after an outage its trades are asked for
    """

    drain: float = 0.05
    look: float = 0.25
    upkeep: float = 1.0
    snapshot: float = 60.0
    poll: float = 5.0
    dead: float = 10.0
    settle: float = 2.0


class RestPoller:
    """Asks for one symbol over REST.

    ready        : the chain was asked for once
    polling      : snapshots stand in for the websockets
    joined       : something has come of the options, by websocket or by poll
    snapshot_ns  : ns UTC of the last snapshot that came, 0 before one
    stand_in_ns  : the same of the last one while polling
    next_poll_ns : ns UTC of the next
    failure      : why the last snapshot did not come, one sentence; '' when it did
    unfilled     : what could not be fetched of the last gap, one sentence; '' when all was
    """

    def __init__(
        self,
        writer: SymbolWriter,
        rest: RestClient,
        thread: WriterThread,
        intervals: PollIntervals,
        now: Callable[[], int],
        drain_sockets: Callable[[], Awaitable[None]],
        notify: Callable[[], None],
    ) -> None:
        """Prepare; `drain_sockets` puts on the tape what the websockets have brought by now."""
        self.writer = writer
        self._drain_sockets = drain_sockets
        self.ready = asyncio.Event()
        self.joined = False
        self.snapshot_ns = self.stand_in_ns = self.next_poll_ns = 0
        self.failure = self.unfilled = ""
        self._rest, self._thread, self._intervals = rest, thread, intervals
        self._now, self._notify = now, notify
        self._symbol = writer.underlying.symbol
        self.polling = self._listing_only = self._close_settled = False
        self._mode_change, self._new_snapshot = asyncio.Event(), asyncio.Event()
        self._polls = self._covered_ns = 0
        self._ended = False

    def set_polling(self, polling: bool) -> bool:
        """Let the chain stand in for the websockets, or not any more; say whether it begins to do so."""
        if polling == self.polling:
            return False
        self.polling = polling
        self._covered_ns = self._now()
        self._mode_change.set()
        return polling

    async def run(self, begin: Callable[[], Awaitable[bool]]) -> None:
        """Ask once, wait for `begin`, and go on asking; CredentialError when nothing may be asked.

        begin : returns when the session is near, and whether it had to wait for that
        """
        try:
            await self._take_snapshot()
            self.ready.set()
            await self._take_close()
            if await self._wait(begin):
                await self._take_snapshot()
            while True:
                await self._pause()
                await self._take_snapshot()
                await self._take_close()
        finally:
            self._ended = True
            self._new_snapshot.set()

    async def _wait(self, begin: Callable[[], Awaitable[bool]]) -> bool:
        """Wait as `begin` does, and ask again meanwhile for a chain that did not come."""
        near = asyncio.ensure_future(begin())
        try:
            while not near.done():
                await asyncio.wait([near], timeout=self._intervals.snapshot if self.failure else None)
                if self.failure and not near.done():
                    await self._take_snapshot()
        finally:
            near.cancel()
        return near.result()

    async def fill(self, since_ns: int, until_ns: int, tickers: TickerTable, seen: SeenTrades) -> None:
        """Fetch the trades of a gap and put on the tape those that are not there.

        What a later snapshot says is lacking is asked for again, FILLS times in all.
        """
        writer = self.writer
        await asyncio.sleep(self._intervals.settle)
        await self._take_snapshot()
        for _ in range(FILLS):
            await self._fetch(since_ns, until_ns, tickers, seen)
            if not await self._next_snapshot() or not await self._thread.do(writer.lacks_volume):
                break
        await self._thread.do(writer.release_trades, since_ns)

    async def _fetch(self, since_ns: int, until_ns: int, tickers: TickerTable, seen: SeenTrades) -> None:
        """Fetch what a gap lacks, and put it on the tape unless a poll has told it as volume meanwhile."""
        writer, polls = self.writer, self._polls
        wanted = await self._thread.do(writer.lacking_contracts)
        begin_ns = max(since_ns - OVERLAP_NS, writer.polled_ns)  # what polls told is on the tape as volume
        end_ns = min(until_ns + OVERLAP_NS, self._now())
        if begin_ns >= end_ns:
            return
        fetched = await fetch_trades(self._rest, wanted, begin_ns, end_ns)
        if self._polls != polls:
            return
        await self._thread.do(writer.put_fetched, fetched, seen, tickers.place, self._now())
        self.unfilled = ""
        if fetched.missing:
            self.unfilled = (
                f"Trades of {len(fetched.missing)} {self._symbol} contracts between {clock_text(since_ns)} "
                f"and {clock_text(until_ns)} could not be fetched: {fetched.reason}"
            )
        self._notify()

    async def _next_snapshot(self) -> bool:
        """Wait for the next snapshot; say whether there was one before the end of the day."""
        if not self._ended:
            await self._new_snapshot.wait()
        return not self._ended

    async def _take_snapshot(self) -> None:
        """Ask for a snapshot and put it on the tape."""
        self._mode_change.clear()
        writer = self.writer
        try:
            pages = await fetch_chain(self._rest, self._symbol, *writer.bounds)
        except (ProviderError, NoDataError) as error:
            self.failure = str(error)
            return
        except CredentialError as refusal:
            await self._list_only(refusal)
            return
        received_ns = self._now()
        if self.polling:  # what has come already must not be told again as volume that is missing
            await self._drain_sockets()
        if polled := self.polling:  # no longer, if that brought the websockets' first data
            await self._mark_missed(received_ns)
        self._polls += polled
        await self._thread.do(writer.take_snapshot, pages, received_ns, polled)
        self.failure, self.snapshot_ns = "", received_ns
        self._new_snapshot.set()
        self._new_snapshot = asyncio.Event()
        if self.polling:
            self.stand_in_ns = self._covered_ns = received_ns
        self._notify()

    async def _mark_missed(self, received_ns: int) -> None:
        """Put the time in which polls have failed on the tape, if the badge has said so."""
        if self.failure and received_ns - self._covered_ns >= POLLS_MISSED * self._intervals.poll * NS:
            await self._thread.do(self.writer.put_gap, self._covered_ns, received_ns, received_ns)

    async def _list_only(self, refusal: CredentialError) -> None:
        """Go on with a plan that has no snapshots, if it tells what is listed and something else streams."""
        if self.polling:
            raise refusal
        self.failure = str(refusal)
        if self._listing_only:
            return
        first, last = self.writer.bounds
        asked = contracts(self._symbol, first, last, self.writer.day)
        try:
            pages = [page async for page in self._rest.pages(asked)]
        except (ProviderError, NoDataError) as error:
            self.failure = str(error)
            return
        await self._thread.do(self.writer.take_listing, pages)
        self._listing_only = True

    async def _pause(self) -> None:
        """Wait for the next snapshot's time or a change of `polling`; look at the price in between."""
        often = self.polling or bool(self.failure and not self._listing_only)
        wait_s = self._intervals.poll if often else self._intervals.snapshot
        loop = asyncio.get_running_loop()
        due_s, self.next_poll_ns = loop.time() + wait_s, self._now() + int(wait_s * NS)
        while not self._mode_change.is_set() and (left_s := due_s - loop.time()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left_s, self._intervals.poll)):
                    await self._mode_change.wait()
            if self._wants_price and not often and loop.time() < due_s:
                await self._take_price()

    @property
    def _wants_price(self) -> bool:
        """Say whether snapshots tell the underlying's price, and nothing quicker does."""
        return not self._listing_only and self.writer.origin not in FEEDS

    async def _take_price(self) -> None:
        """Ask for one contract: it carries the underlying's price."""
        with contextlib.suppress(ProviderError, NoDataError, CredentialError):  # the next snapshot says why
            page = await self._rest.page(chain(self._symbol, *self.writer.bounds, limit=1))
            await self._thread.do(self.writer.take_price, [page], self._now())
            self._notify()

    async def _take_close(self) -> None:
        """Ask for the underlying's previous close until that is settled; without it the change is unknown."""
        if self._close_settled:
            return
        try:
            page = await self._rest.page(previous_bar(spot_ticker(self.writer.underlying)))
        except ProviderError:
            return
        except (NoDataError, CredentialError):
            self._close_settled = True
            return
        found = Pages().day_close(page.rows)
        if found is not None and found[0] == previous_session(self.writer.day):
            await self._thread.do(self.writer.take_close, found[1], self._now())
            self._close_settled = True
