"""Massive as a live source: websockets and chain snapshots together, or snapshots alone.

Owns the order of a day: the chain first, then the websockets, polls in their place while they are down, gaps
and what fills them, and the end after the close. Everything that touches a tape, a contract table or a
websocket's frames is done in one thread.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from datetime import date
from threading import Lock
from typing import Any

from ...model.errors import NoDataError
from ...model.events import NS
from ...model.next_session import wait_until
from ...model.underlyings import Underlying
from ...tape.link import Badge
from ...tape.live_tape import Begin, LiveTape
from ...tape.tape import TapeInfo
from ..transport.backoff import ConnectionTimes
from ..transport.session_hours import hours
from ..transport.writer_thread import WriterThread
from .capabilities import POLLED, STREAMED
from .link_status import link_of
from .rest_client import RestClient
from .rest_poller import PollIntervals, RestPoller
from .sockets import Access, Sockets
from .symbol_writer import SymbolWriter
from .watched_contracts import ContractReach
from .wire.tickers import TickerTable

_SLEPT_NS = 5 * NS  # between two looks, which are a quarter of a second apart


class MassiveSource:
    """The live day of some underlyings; an `engine.feeds.provider.DaySource`, to be run once.

    begin : opens the tape writer of a symbol's day
    now   : ns UTC
    """

    def __init__(
        self,
        underlyings: Sequence[Underlying],
        access: Access,
        rest: RestClient,
        begin: Begin,
        *,
        seed: int,
        reach: ContractReach | None = None,
        intervals: PollIntervals | None = None,
        times: ConnectionTimes | None = None,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        feed = STREAMED if access.connections > 0 else POLLED
        self.name, self.label = feed.name, feed.label
        self.symbols = tuple(each.symbol for each in underlyings)
        self._underlyings = {each.symbol: each for each in underlyings}
        self._rest, self._begin = rest, begin
        self._reach, self._intervals, self._now = reach or ContractReach(), intervals or PollIntervals(), now
        self._hours = hours(underlyings, now())
        self._opening = Lock()
        self._writers: dict[str, SymbolWriter] = {}
        self._pollers: dict[str, RestPoller] = {}
        self._tickers = TickerTable()
        self._arrival = asyncio.Event()
        self._sockets = Sockets(
            access,
            self._tickers,
            underlyings if feed is STREAMED else (),
            times or ConnectionTimes(),
            self._arrival.set,
            seed=seed,
            now=now,
        )
        self._thread = WriterThread("massive")
        self._notify: Callable[[], None] = lambda: None
        self._down_ns: int | None = None
        self._awake_ns = 0  # when the source last looked at how everything stands
        self._subscription_key: tuple[object, ...] = ()

    @property
    def day(self) -> date:
        """Return which session's day it is."""
        return self._hours.session.day

    def open(self, symbol: str) -> LiveTape:
        """Return the symbol's tape; NoDataError for one that is not watched, StoreError from `begin`."""
        return self._open_writer(symbol).tape_writer.tape

    async def run(self, notify: Callable[[], None]) -> None:
        """Write the tapes until the day is over, then close them; CredentialError when the key is refused."""
        self._notify = notify
        with self._thread:
            try:
                async with self._rest:
                    await self._run_day()
            except BaseExceptionGroup as group:
                raise _first(group) from None
            finally:
                await self._thread.do(self._close)
                notify()

    # --- the day ----------------------------------------------------------------------------------

    async def _run_day(self) -> None:
        await self._thread.do(self._open_all)
        for symbol in self.symbols:
            self._pollers[symbol] = RestPoller(
                self._writers[symbol],
                self._rest,
                self._thread,
                self._intervals,
                self._now,
                self._take_arrivals,
                self._notify,
            )
        async with asyncio.TaskGroup() as self._tasks:
            tasks = [self._task(each.run(self._wait_until_near)) for each in self._pollers.values()]
            tasks.append(self._task(self._stream()))
            await self._look_until_over()
            await self._thread.do(self._end)
            self._renew_links()
            for task in tasks:
                task.cancel()

    def _task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._tasks.create_task(work)

    async def _wait_until_near(self) -> bool:
        """Return when the session is near; say whether that had to be waited for."""
        begin_ns = self._hours.begin_ns
        was_early = self._now() < begin_ns
        await wait_until(begin_ns, self._now, asyncio.sleep)
        return was_early

    async def _stream(self) -> None:
        """Bring up the websockets once the chains are there, and read what arrives."""
        await self._wait_until_near()
        for poller in self._pollers.values():
            await poller.ready.wait()
        await self._thread.do(self._subscribe)
        self._down_ns = self._now()
        async with asyncio.TaskGroup() as sockets:
            for each in self._sockets:
                sockets.create_task(each.run())
            while True:
                await self._arrival.wait()
                self._arrival.clear()
                await self._take_arrivals()
                await asyncio.sleep(self._intervals.drain)

    async def _take_arrivals(self) -> None:
        """Put what has arrived on the tapes, and begin to fill the gaps that this ends."""
        for poller, since_ns, until_ns in await self._thread.do(self._drain):
            if self._sockets.options.streaming:
                poller.set_polling(False)  # at once: a poll would count what is under way over the websocket
            self._task(poller.fill(since_ns, until_ns, self._tickers, self._sockets.seen))
        self._renew_links()
        self._notify()

    async def _look_until_over(self) -> None:
        """Look at how everything stands until the day is over."""
        loop, upkeep_s = asyncio.get_running_loop(), 0.0
        while (now_ns := self._now()) < self._hours.end_ns:
            self._awake_ns = now_ns
            if loop.time() >= upkeep_s:  # whatever happens to the wall's clock, the disk is waited for
                upkeep_s = loop.time() + self._intervals.upkeep
                await self._thread.do(self._keep_up)
            await self._poll_or_stream(now_ns)
            self._renew_links()
            self._notify()
            self._arrival.set()
            await asyncio.sleep(self._intervals.look)

    async def _poll_or_stream(self, now_ns: int) -> None:
        """Poll while the websockets are down for long, and stop when they are back."""
        options = self._sockets.options
        streaming = options.streaming
        if streaming:
            self._down_ns = now_ns
        down_ns = 0 if self._down_ns is None else now_ns - self._down_ns
        dead = not len(options) or bool(options.lost) or down_ns >= self._intervals.dead * NS
        polling = dead and not streaming and now_ns >= self._hours.begin_ns
        for poller in self._pollers.values():
            if poller.set_polling(polling):
                await self._thread.do(self._stand_in, poller, now_ns)

    def _renew_links(self) -> None:
        """Say of every symbol how it stands."""
        now_ns = self._now()
        for each in self._pollers.values():
            link = link_of(each, self._sockets, self._hours, int(self._intervals.poll * NS), now_ns)
            each.writer.tape_writer.tape.link = link

    # --- in the writer thread ---------------------------------------------------------------------

    def _open_writer(self, symbol: str) -> SymbolWriter:
        if symbol not in self._underlyings:
            raise NoDataError(f"{symbol} is not watched; choose from {', '.join(self.symbols)}.")
        with self._opening:
            if symbol not in self._writers:
                self._writers[symbol] = self._new_writer(self._underlyings[symbol])
            return self._writers[symbol]

    def _new_writer(self, underlying: Underlying) -> SymbolWriter:
        session = self._hours.session
        tick = underlying.tick
        info = TapeInfo(
            underlying.symbol, underlying, session.day, session, self.name, Badge.LIVE, "tape", tick
        )
        return SymbolWriter(underlying, self._begin(info), self._reach, self._hours, self._now())

    def _open_all(self) -> None:
        for symbol in self.symbols:
            writer = self._open_writer(symbol)
            self._tickers.add(writer.underlying, writer.tape_writer.listed)
            writer.put_marks(self._now())

    def _keep_up(self) -> None:
        """Do what is due about once a second."""
        now_ns = self._now()
        for writer in self._writers.values():
            writer.put_marks(now_ns)
            writer.choose_origin(self._sockets.streams_price(writer.underlying))
            writer.tape_writer.keep(now_ns)
        self._subscribe()

    def _subscribe(self) -> None:
        """Want what follows from where the underlyings are, when that has changed."""
        sockets, writers = self._sockets, self._writers.values()
        key = (sockets.grants, sockets.stock_trades, *(each.subscription_key() for each in writers))
        if key != self._subscription_key:
            self._subscription_key = key
            sockets.want([each.subscription() for each in writers])

    def _drain(self) -> list[tuple[RestPoller, int, int]]:
        """Put what arrived on the tapes; return the gaps whose trades are to be fetched."""
        arrived, now_ns = self._sockets.drain(), self._now()
        for symbol, batch in arrived.spots:
            self._writers[symbol].take_spots(batch.events, batch.received_ns)
        # A login takes several drains, so what came before an outage is on the tape when it ends.
        gaps = [gap for outage in arrived.outages for gap in self._gaps(*outage, now_ns)]
        for symbol, batch in arrived.options:
            self._writers[symbol].take(batch.events, batch.received_ns)
        for writer in self._writers.values():
            writer.note_refusals(arrived.refused, self._sockets.held(writer.refused))
        return gaps

    def _gaps(self, since_ns: int, until_ns: int, now_ns: int) -> list[tuple[RestPoller, int, int]]:
        """Put an outage on every tape; return those gaps whose trades are to be fetched."""
        to_fill = []
        for poller in self._pollers.values():
            writer = poller.writer
            fetchable = poller.joined or writer.tape_writer.resumed_ns
            begin_ns = self._join(poller, since_ns)
            if fetchable and until_ns > begin_ns:
                # A delayed feed broke off at an earlier moment of the market than of the clock.
                newest_ns = max(writer.streamed_ns, writer.polled_ns)
                from_ns = min(begin_ns, newest_ns or begin_ns)
                writer.hold_trades(from_ns)
                to_fill.append((poller, from_ns, until_ns))
            writer.put_gap(begin_ns, until_ns, now_ns)
        return to_fill

    def _join(self, poller: RestPoller, since_ns: int) -> int:
        """Note that a symbol's data comes from now on; return since when none is on its tape.

        since_ns : since when nothing came, if anything had before
        """
        joined, poller.joined = poller.joined, True
        last_ns = since_ns if joined else poller.writer.tape_writer.resumed_ns
        return max(last_ns, poller.stand_in_ns, self._hours.open_ns)

    def _stand_in(self, poller: RestPoller, now_ns: int) -> None:
        """Mark the time without data before polls begin."""
        since_ns = self._join(poller, self._sockets.options.complete_until_ns)
        poller.writer.put_gap(since_ns, now_ns, now_ns)

    def _end(self) -> None:
        """Take in what is left, and mark the time without data at the end of the day."""
        options = self._sockets.options
        before_ns, now_ns = options.complete_until_ns, self._now()
        self._drain()
        # Who slept through the close has sockets that look open.
        slept = now_ns - self._awake_ns > _SLEPT_NS
        if slept or not options.streaming:
            last_ns = min(before_ns, self._awake_ns) if slept else options.complete_until_ns
            for poller in self._pollers.values():
                poller.writer.put_gap(self._join(poller, last_ns), self._hours.close_ns, now_ns)

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.tape_writer.close()


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return one failure out of those of several tasks."""
    failure: BaseException = group
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    return failure
