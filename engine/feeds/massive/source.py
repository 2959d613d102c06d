"""Massive as a live source: websockets and chain snapshots together, or snapshots alone.

Owns the order of a day: the chain first, then the websockets, polls in their place while they are down, gaps
and what fills them, and the end after the close. Everything that touches a tape, a contract table or a
websocket's frames is done in one thread. It refuses to know where tapes are recorded and what is shown.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import Any

from ...model.calendar import Underlying
from ...model.errors import NoDataError
from ...model.events import NS
from ...tape.link import Badge
from ...tape.live_tape import Begin, LiveTape
from ...tape.tape import TapeInfo
from ..transport.backoff import ConnectionTimes
from ..transport.writer_thread import WriterThread
from .link_status import link_of
from .rest_client import RestClient
from .rest_poller import PollIntervals, RestPoller
from .session_hours import hours
from .sockets import Sockets
from .symbol_writer import ContractReach, SymbolWriter
from .wire.tickers import TickerTable

_CENT, _NICKEL = 100, 500
_LONGEST_SLEEP_S = 30.0
_SLEPT_NS = 5 * NS  # between two looks, which are a quarter of a second apart


@dataclass(frozen=True, slots=True)
class Access:
    """What the websockets need to know.

    ws_url      : scheme, host and port; the clusters are below it
    connections : to the options at once; 0 for none, polls alone
    """

    key: str = field(repr=False)
    ws_url: str
    connections: int = 1


class MassiveSource:
    """The live day of some underlyings; an `engine.session.symbol_day.LiveSource`, to be run once.

    begin : opens the intake of a symbol's day
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
        pulse: PollIntervals | None = None,
        pace: ConnectionTimes | None = None,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        streams = access.connections > 0
        self.name = "massive" if streams else "massive-rest"
        self.label = "live from Massive" if streams else "polled from Massive"
        self.symbols = tuple(each.symbol for each in underlyings)
        self._underlyings = {each.symbol: each for each in underlyings}
        self._rest, self._begin = rest, begin
        self._reach, self._pulse, self._now = reach or ContractReach(), pulse or PollIntervals(), now
        self._hours = hours(underlyings, now())
        self._opening = Lock()
        self._followed: dict[str, SymbolWriter] = {}
        self._tickers = TickerTable()
        self._arrived = asyncio.Event()
        self._clusters = Sockets(
            access.ws_url,
            access.key,
            self._tickers,
            underlyings if streams else (),
            access.connections,
            pace or ConnectionTimes(),
            self._arrived.set,
            seed=seed,
            now=now,
        )
        self._errands: dict[str, RestPoller] = {}
        self._hand = WriterThread()
        self._notify: Callable[[], None] = lambda: None
        self._down_ns: int | None = None
        self._awake_ns = 0  # when the source last looked at how everything stands
        self._aimed: tuple[object, ...] = ()

    @property
    def day(self) -> date:
        """Return which session's day it is."""
        return self._hours.session.day

    def open(self, symbol: str) -> LiveTape:
        """Return the symbol's tape; NoDataError for one that is not watched, StoreError from `begin`."""
        return self._follow(symbol).intake.tape

    async def run(self, notify: Callable[[], None]) -> None:
        """Write the tapes until the day is over, then close them; CredentialError when the key is refused."""
        self._notify = notify
        with self._hand:
            try:
                async with self._rest:
                    await self._day()
            except BaseExceptionGroup as group:
                raise _first(group) from None
            finally:
                await self._hand.do(self._close)
                notify()

    # --- the day ----------------------------------------------------------------------------------

    async def _day(self) -> None:
        await self._hand.do(self._follow_all)
        for symbol in self.symbols:
            followed = self._followed[symbol]
            self._errands[symbol] = RestPoller(
                followed, self._rest, self._hand, self._pulse, self._now, self._pump, self._notify
            )
        async with asyncio.TaskGroup() as self._tasks:
            tasks = [self._task(each.run(self._near)) for each in self._errands.values()]
            tasks.append(self._task(self._stream()))
            await self._beat()
            await self._hand.do(self._end)
            self._say()
            for task in tasks:
                task.cancel()

    def _task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return self._tasks.create_task(work)

    async def _near(self) -> bool:
        """Return when the session is near; say whether that had to be waited for."""
        waited = False
        while (left_ns := self._hours.begin_ns - self._now()) > 0:
            waited = True
            await asyncio.sleep(min(left_ns / NS, _LONGEST_SLEEP_S))  # a laptop may sleep on the way
        return waited

    async def _stream(self) -> None:
        """Bring up the websockets once the chains are there, and read what arrives."""
        await self._near()
        for errands in self._errands.values():
            await errands.ready.wait()
        await self._hand.do(self._aim)
        self._down_ns = self._now()
        async with asyncio.TaskGroup() as sockets:
            for each in self._clusters:
                sockets.create_task(each.run())
            while True:
                await self._arrived.wait()
                self._arrived.clear()
                await self._pump()
                await asyncio.sleep(self._pulse.pump)

    async def _pump(self) -> None:
        for errands, since_ns, until_ns in await self._hand.do(self._drain):
            if self._clusters.streaming:
                errands.poll(False)  # at once: a poll would count what is under way over the websocket
            self._task(errands.fill(since_ns, until_ns, self._tickers, self._clusters.seen))
        self._say()
        self._notify()

    async def _beat(self) -> None:
        """Look at how everything stands until the day is over."""
        loop, tend_s = asyncio.get_running_loop(), 0.0
        while (now_ns := self._now()) < self._hours.end_ns:
            self._awake_ns = now_ns
            if loop.time() >= tend_s:  # whatever happens to the wall's clock, the disk is waited for
                tend_s = loop.time() + self._pulse.aim
                await self._hand.do(self._tend)
            await self._choose(now_ns)
            self._say()
            self._notify()
            self._arrived.set()
            await asyncio.sleep(self._pulse.beat)

    async def _choose(self, now_ns: int) -> None:
        """Poll while the websockets are down for long, and stop when they are back."""
        streaming = self._clusters.streaming
        if streaming:
            self._down_ns = now_ns
        down_ns = 0 if self._down_ns is None else now_ns - self._down_ns
        dead = not self._clusters.options or bool(self._clusters.lost) or down_ns >= self._pulse.dead * NS
        polling = dead and not streaming and now_ns >= self._hours.begin_ns
        for errands in self._errands.values():
            if errands.poll(polling):
                await self._hand.do(self._stand_in, errands, now_ns)

    def _say(self) -> None:
        """Say of every symbol how it stands."""
        now_ns = self._now()
        for each in self._errands.values():
            link = link_of(each, self._clusters, self._hours, int(self._pulse.poll * NS), now_ns)
            each.followed.intake.tape.link = link

    # --- in the hand ------------------------------------------------------------------------------

    def _follow(self, symbol: str) -> SymbolWriter:
        if symbol not in self._underlyings:
            raise NoDataError(f"{symbol} is not watched; choose from {', '.join(self.symbols)}.")
        with self._opening:
            if symbol not in self._followed:
                self._followed[symbol] = self._begun(self._underlyings[symbol])
            return self._followed[symbol]

    def _begun(self, underlying: Underlying) -> SymbolWriter:
        session = self._hours.session
        tick = _NICKEL if underlying.index else _CENT
        info = TapeInfo(
            underlying.symbol, underlying, session.day, session, self.name, Badge.LIVE, "tape", tick
        )
        return SymbolWriter(underlying, self._begin(info), self._reach, self._hours, self._now())

    def _follow_all(self) -> None:
        for symbol in self.symbols:
            followed = self._follow(symbol)
            self._tickers.follow(followed.underlying, followed.intake.listed)
            followed.mark(self._now())

    def _tend(self) -> None:
        """Do what is due about once a second."""
        now_ns = self._now()
        for followed in self._followed.values():
            followed.mark(now_ns)
            followed.settle(self._clusters.tells(followed.underlying))
            followed.intake.keep(now_ns)
        self._aim()

    def _aim(self) -> None:
        """Want what follows from where the underlyings are, when that has changed."""
        followed = self._followed.values()
        aim = (self._clusters.grants, self._clusters.stock_trades, *(each.aim() for each in followed))
        if aim != self._aimed:
            self._aimed = aim
            self._clusters.want([each.watched() for each in followed])

    def _drain(self) -> list[tuple[RestPoller, int, int]]:
        """Put what arrived on the tapes; return the gaps whose trades are to be fetched."""
        heard, now_ns = self._clusters.drain(), self._now()
        for symbol, batch in heard.spots:
            self._followed[symbol].take_spots(batch.events, batch.received_ns)
        # A login takes several drains, so what came before an outage is on the tape when it ends.
        gaps = [gap for outage in heard.outages for gap in self._gaps(*outage, now_ns)]
        for symbol, batch in heard.options:
            self._followed[symbol].take(batch.events, batch.received_ns)
        for followed in self._followed.values():
            followed.refuse(heard.refused, self._clusters.granted(followed.refused))
        return gaps

    def _gaps(self, since_ns: int, until_ns: int, now_ns: int) -> list[tuple[RestPoller, int, int]]:
        """Put an outage on every tape; return those gaps whose trades are to be fetched."""
        to_fill = []
        for errands in self._errands.values():
            followed = errands.followed
            fetched = errands.joined or followed.intake.resumed_ns
            begin_ns = self._since(errands, since_ns)
            if fetched and until_ns > begin_ns:
                # A delayed feed broke off at an earlier moment of the market than of the clock.
                told_ns = max(followed.fed_ns, followed.polled_ns)
                heard_ns = min(begin_ns, told_ns or begin_ns)
                followed.hold(heard_ns)
                to_fill.append((errands, heard_ns, until_ns))
            followed.silence(begin_ns, until_ns, now_ns)
        return to_fill

    def _since(self, errands: RestPoller, since_ns: int) -> int:
        """Return since when nothing is on a tape, if nothing was heard since `since_ns`; it is heard now."""
        joined, errands.joined = errands.joined, True
        last_ns = since_ns if joined else errands.followed.intake.resumed_ns
        return max(last_ns, errands.stood_in_ns, self._hours.open_ns)

    def _stand_in(self, errands: RestPoller, now_ns: int) -> None:
        """Mark the time without data before polls begin."""
        errands.followed.silence(self._since(errands, self._clusters.told_ns), now_ns, now_ns)

    def _end(self) -> None:
        """Take in what is left, and mark the time without data at the end of the day."""
        told_ns, now_ns = self._clusters.told_ns, self._now()
        self._drain()
        # Who slept through the close has sockets that look open.
        slept = now_ns - self._awake_ns > _SLEPT_NS
        if slept or not self._clusters.streaming:
            last_ns = min(told_ns, self._awake_ns) if slept else self._clusters.told_ns
            for errands in self._errands.values():
                since_ns = self._since(errands, last_ns)
                errands.followed.silence(since_ns, self._hours.close_ns, now_ns)

    def _close(self) -> None:
        for followed in self._followed.values():
            followed.intake.close()


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return one failure out of those of several tasks."""
    failure: BaseException = group
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    return failure
