"""One symbol's errands over REST: its chain every so often, the price alone in between, the trades of gaps.

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
from ..transport.writer_thread import WriterThread
from .chain_snapshot import fetch_chain
from .feed_status import POLLS_MISSED
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

    pump     : at least between two readings of what has arrived
    beat     : between two looks at how everything stands
    aim      : between two looks at which channels are wanted
    snapshot : between two chain snapshots while the websockets stream
    poll     : between two polls while they do not
    dead     : how long they may be down before the chain is polled
    settle   : how long after an outage its trades are asked for
    """

    pump: float = 0.05
    beat: float = 0.25
    aim: float = 1.0
    snapshot: float = 60.0
    poll: float = 5.0
    dead: float = 10.0
    settle: float = 2.0


class RestPoller:
    """One symbol's errands.

    ready      : the chain was asked for once
    polling    : snapshots stand in for the websockets
    joined     : something has been heard of the options, by websocket or by poll
    heard_ns   : ns UTC of the last snapshot that came, 0 before one
    stood_in_ns: the same of the last one while polling
    poll_at_ns : ns UTC of the next
    failure    : why the last snapshot did not come, one sentence; '' when it did
    unfilled   : what could not be fetched of the last gap, one sentence; '' when all was
    """

    def __init__(
        self,
        followed: SymbolWriter,
        rest: RestClient,
        hand: WriterThread,
        pulse: PollIntervals,
        now: Callable[[], int],
        catch_up: Callable[[], Awaitable[None]],
        notify: Callable[[], None],
    ) -> None:
        """Prepare; `catch_up` puts on the tape what the websockets have brought by now."""
        self.followed = followed
        self._catch_up = catch_up
        self.ready = asyncio.Event()
        self.joined = False
        self.heard_ns = self.stood_in_ns = self.poll_at_ns = 0
        self.failure = self.unfilled = ""
        self._rest, self._hand, self._pulse, self._now, self._notify = rest, hand, pulse, now, notify
        self._symbol = followed.underlying.symbol
        self.polling = self._listed_alone = self._close_settled = False
        self._turned, self._looked = asyncio.Event(), asyncio.Event()
        self._polls = self._stood_ns = 0
        self._over = False

    def poll(self, polling: bool) -> bool:
        """Say whether the chain stands in for the websockets; return whether it does from now on."""
        if polling == self.polling:
            return False
        self.polling = polling
        self._stood_ns = self._now()
        self._turned.set()
        return polling

    async def run(self, begin: Callable[[], Awaitable[bool]]) -> None:
        """Ask once, wait for `begin`, and go on asking; CredentialError when nothing may be asked.

        begin : returns when the session is near, and whether it had to wait for that
        """
        try:
            await self._look()
            self.ready.set()
            await self._take_close()
            if await self._wait(begin):
                await self._look()
            while True:
                await self._pause()
                await self._look()
                await self._take_close()
        finally:
            self._over = True
            self._looked.set()

    async def _wait(self, begin: Callable[[], Awaitable[bool]]) -> bool:
        """Wait as `begin` does, and ask again meanwhile for a chain that did not come."""
        near = asyncio.ensure_future(begin())
        try:
            while not near.done():
                await asyncio.wait([near], timeout=self._pulse.snapshot if self.failure else None)
                if self.failure and not near.done():
                    await self._look()
        finally:
            near.cancel()
        return near.result()

    async def fill(self, since_ns: int, until_ns: int, tickers: TickerTable, seen: SeenTrades) -> None:
        """Fetch the trades of a gap and put on the tape those that are not there.

        What a later snapshot says is lacking is asked for again, FILLS times in all.
        """
        followed = self.followed
        await asyncio.sleep(self._pulse.settle)
        await self._look()
        for _ in range(FILLS):
            await self._fetch(since_ns, until_ns, tickers, seen)
            if not await self._next_snapshot() or not await self._hand.do(followed.lacks):
                break
        await self._hand.do(followed.release, since_ns)

    async def _fetch(self, since_ns: int, until_ns: int, tickers: TickerTable, seen: SeenTrades) -> None:
        """Fetch what a gap lacks, and put it on the tape unless a poll has told it as volume meanwhile."""
        followed, polls = self.followed, self._polls
        wanted = await self._hand.do(followed.lacking)
        begin_ns = max(since_ns - OVERLAP_NS, followed.polled_ns)  # what polls told is on the tape as volume
        end_ns = min(until_ns + OVERLAP_NS, self._now())
        if begin_ns >= end_ns:
            return
        fetched = await fetch_trades(self._rest, wanted, begin_ns, end_ns)
        if self._polls != polls:
            return
        await self._hand.do(followed.fill, fetched, seen, tickers.place, self._now())
        self.unfilled = ""
        if fetched.missing:
            self.unfilled = (
                f"Trades of {len(fetched.missing)} {self._symbol} contracts between {clock_text(since_ns)} "
                f"and {clock_text(until_ns)} could not be fetched: {fetched.reason}"
            )
        self._notify()

    async def _next_snapshot(self) -> bool:
        """Wait for the next snapshot; say whether there was one before the errands ended."""
        if not self._over:
            await self._looked.wait()
        return not self._over

    async def _look(self) -> None:
        """Ask for a snapshot and put it on the tape."""
        self._turned.clear()
        followed = self.followed
        try:
            pages = await fetch_chain(self._rest, self._symbol, *followed.bounds)
        except (ProviderError, NoDataError) as error:
            self.failure = str(error)
            return
        except CredentialError as refusal:
            await self._list_alone(refusal)
            return
        received_ns = self._now()
        if self.polling:  # what was heard already must not be told again as volume that is missing
            await self._catch_up()
        if polled := self.polling:  # no longer, if that brought the websockets' first words
            await self._mark_missed(received_ns)
        self._polls += polled
        await self._hand.do(followed.take_snapshot, pages, received_ns, polled)
        self.failure, self.heard_ns = "", received_ns
        self._looked.set()
        self._looked = asyncio.Event()
        if self.polling:
            self.stood_in_ns = self._stood_ns = received_ns
        self._notify()

    async def _mark_missed(self, received_ns: int) -> None:
        """Put the time in which polls have failed on the tape, if the badge has said so."""
        if self.failure and received_ns - self._stood_ns >= POLLS_MISSED * self._pulse.poll * NS:
            await self._hand.do(self.followed.silence, self._stood_ns, received_ns, received_ns)

    async def _list_alone(self, refusal: CredentialError) -> None:
        """Go on with a plan that has no snapshots, if it tells what is listed and something else streams."""
        if self.polling:
            raise refusal
        self.failure = str(refusal)
        if self._listed_alone:
            return
        first, last = self.followed.bounds
        asked = contracts(self._symbol, first, last, self.followed.day)
        try:
            pages = [page async for page in self._rest.pages(asked)]
        except (ProviderError, NoDataError) as error:
            self.failure = str(error)
            return
        await self._hand.do(self.followed.take_listing, pages)
        self._listed_alone = True

    async def _pause(self) -> None:
        """Wait for the time of the next snapshot, or for a turn; look at the price in between."""
        often = self.polling or bool(self.failure and not self._listed_alone)
        wait_s = self._pulse.poll if often else self._pulse.snapshot
        loop = asyncio.get_running_loop()
        due_s, self.poll_at_ns = loop.time() + wait_s, self._now() + int(wait_s * NS)
        while not self._turned.is_set() and (left_s := due_s - loop.time()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left_s, self._pulse.poll)):
                    await self._turned.wait()
            if self._wants_price and not often and loop.time() < due_s:
                await self._take_price()

    @property
    def _wants_price(self) -> bool:
        """Say whether snapshots tell the underlying's price, and nothing quicker does."""
        return not self._listed_alone and self.followed.origin not in FEEDS

    async def _take_price(self) -> None:
        """Ask for one contract: it carries the underlying's price."""
        with contextlib.suppress(ProviderError, NoDataError, CredentialError):  # the next snapshot says why
            page = await self._rest.page(chain(self._symbol, *self.followed.bounds, limit=1))
            await self._hand.do(self.followed.take_price, [page], self._now())
            self._notify()

    async def _take_close(self) -> None:
        """Ask for the underlying's previous close until that is settled; without it the change is unknown."""
        if self._close_settled:
            return
        try:
            page = await self._rest.page(previous_bar(spot_ticker(self.followed.underlying)))
        except ProviderError:
            return
        except (NoDataError, CredentialError):
            self._close_settled = True
            return
        found = Pages().day_close(page.rows)
        if found is not None and found[0] == previous_session(self.followed.day):
            await self._hand.do(self.followed.take_close, found[1], self._now())
            self._close_settled = True
