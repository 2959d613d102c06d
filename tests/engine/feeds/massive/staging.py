"""A provider on loopback, a source on it, and what its tapes hold."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import numpy as np

from engine.feeds.massive.rest_client import RestClient
from engine.feeds.massive.rest_poller import PollIntervals
from engine.feeds.massive.sockets import Access
from engine.feeds.massive.source import MassiveSource
from engine.feeds.massive.watched_contracts import ContractReach
from engine.feeds.transport.backoff import ConnectionTimes
from engine.feeds.transport.rate_limit import RateLimit
from engine.model.contracts import ContractTable
from engine.model.events import EVENT, GAP, TRADE, Events, empty_events
from engine.model.underlyings import underlying
from engine.tape.link import Link
from engine.tape.live_tape import LiveTape
from engine.tape.tape import TapeInfo
from tests.fakes.massive import Massive, trade
from tests.fakes.massive.messages import BEGIN_MS, Message, rest_trade
from tests.fakes.massive.shelf import chain_row, shelve

OPEN_NS = BEGIN_MS * 1_000_000
FIRST_HOUR_NS = OPEN_NS + 600 * 1_000_000_000
QUICK = PollIntervals(drain=0.0, look=0.01, upkeep=0.02, snapshot=30.0, poll=0.05, dead=3600.0, settle=0.0)
SOON = ConnectionTimes(first=0.02, most=0.05, closing=0.2, tick=0.02, evicted=0.3)
STRIKES = range(640, 661)


def clock(begins_ns: int = OPEN_NS) -> Callable[[], int]:
    """Return a clock that shows `begins_ns` now and goes on, ns UTC."""
    ahead_ns = begins_ns - time.time_ns()
    return lambda: time.time_ns() + ahead_ns


class Kept:
    """An intake in memory."""

    def __init__(self, info: TapeInfo) -> None:
        self.tape = LiveTape(info)
        self.resumed_ns = 0
        self.trouble = ""
        self.kept = 0

    @classmethod
    def resumed(cls, info: TapeInfo, recorded: Sequence[Message]) -> Kept:
        """Return an intake on whose tape some trades are already."""
        made = cls(info)
        events = empty_events(len(recorded))
        events["kind"] = TRADE
        for event, message in zip(events, recorded, strict=True):
            event["ts"], event["cid"] = message["t"] * 1_000_000, made.listed.add_occ(message["sym"])
            event["p1"], event["s1"], event["exch"] = round(message["p"] * 1e4), message["s"], message["x"]
        made.append(events, 0)
        made.tape.take()
        made.resumed_ns = made.tape.end_ns
        return made

    @property
    def listed(self) -> ContractTable:
        return self.tape.listed

    def append(self, events: Events, received_ns: int, timely: bool = True) -> None:
        self.tape.append(events, received_ns, timely)

    def keep(self, now_ns: int) -> None:
        self.kept += 1

    def close(self) -> None:
        self.tape.close()


class Stage:
    """A source that runs on a provider.

    tape : of the first symbol; this is its one reader
    """

    def __init__(
        self,
        fake: Massive,
        symbols: Sequence[str] = ("SPY",),
        *,
        key: str | None = None,
        connections: int = 1,
        intervals: PollIntervals = QUICK,
        times: ConnectionTimes = SOON,
        begin: Callable[[TapeInfo], Any] = Kept,
        now: Callable[[], int] | None = None,
    ) -> None:
        self.fake = fake
        self.now = fake.now = now or clock()
        self._changed = asyncio.Event()
        self._intakes: list[Any] = []
        self._make = begin
        key = fake.plan.key if key is None else key
        self.source = MassiveSource(
            [underlying(symbol) for symbol in symbols],
            Access(key, fake.ws_url, connections),
            RestClient(fake.rest_url, key, RateLimit(1000, 1.0, slow=(1000, 1.0)), seed=1, tries=2),
            self._begin,
            seed=1,
            reach=ContractReach(expiry=1, strikes=3),
            intervals=intervals,
            times=times,
            now=self.now,
        )
        self.tape = self.source.open(symbols[0])
        self.running = asyncio.create_task(self.source.run(self._changed.set))

    def _begin(self, info: TapeInfo) -> Any:
        self._intakes.append(self._make(info))
        return self._intakes[-1]

    def intake(self) -> Any:
        """Return the intake of the first symbol."""
        return self._intakes[0]

    @property
    def link(self) -> Link:
        return self.tape.link

    def events(self, kind: int | None = None) -> Events:
        """Return what is on the tape now."""
        self.tape.take()
        parts = [self.tape.read(chunk) for chunk in range(len(self.tape.starts))]
        events = np.concatenate([np.empty(0, EVENT), *parts])
        return events if kind is None else events[events["kind"] == kind]

    def trades(self) -> list[tuple[str, int, int, int]]:
        """Return (ticker, ms, price, size) of every trade, sorted."""
        return sorted(
            (
                self.tape.contracts[int(each["cid"])].occ,
                int(each["ts"]) // 1_000_000,
                int(each["p1"]),
                int(each["s1"]),
            )
            for each in self.events(TRADE)
        )

    def gaps(self) -> Events:
        """Return the gaps but the one from the open until the source joined."""
        gaps = self.events(GAP)
        return gaps[gaps["ts"] - gaps["s1"].astype(np.int64) * 1_000_000 > OPEN_NS + 1_000_000]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something about the tape or its link is so; what ended the source is raised."""
        async with asyncio.timeout(60):
            while not condition():
                if self.running.done():
                    await self.running
                    assert condition(), "the source has ended"
                    return
                self._changed.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.5):
                        await self._changed.wait()

    async def end(self) -> None:
        """Stop the source, whatever came of it."""
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)


@contextlib.asynccontextmanager
async def stage(fake: Massive, *args: Any, **kwargs: Any) -> AsyncIterator[Stage]:
    """Run a source on a provider for a while."""
    made = Stage(fake, *args, **kwargs)
    try:
        yield made
    finally:
        await made.end()


def occ(strike: int, right: str = "C", root: str = "SPY") -> str:
    return f"O:{root}251219{right}{strike * 1000:08d}"


def full_chain(
    root: str = "SPY", volume: int = 0, spot: float = 650.2, **fields: Any
) -> list[dict[str, Any]]:
    """Return a chain of 21 strikes; nothing has been traded yet."""
    rows = [chain_row(occ(strike, right, root), **fields) for strike in STRIKES for right in "CP"]
    for row in rows:
        row["day"] = {**row["day"], "volume": volume}
        row["underlying_asset"] = {**row["underlying_asset"], "price": spot}
    return rows


def prints(now_ns: int, count: int, begin: int = 1) -> list[Message]:
    """Return trades of the moment, each with a number of its own."""
    return [
        trade(occ(650 + i % 3), begin + i, t=now_ns // 1_000_000, p=1.5 + i / 100, s=1 + i)
        for i in range(count)
    ]


def told(messages: Sequence[Message]) -> list[tuple[str, int, int, int]]:
    """Return trades as `Stage.trades` does."""
    return sorted((each["sym"], each["t"], round(each["p"] * 10_000), each["s"]) for each in messages)


def missed(fake: Massive, messages: list[Message]) -> None:
    """Let trades have happened while nobody was connected."""
    shelve(fake.shelf, messages, rest_trade)
