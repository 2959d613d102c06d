"""Polling the chain in place of the websocket: snapshots every few seconds, and what their difference says.

A poll tells how many contracts were traded since the one before, not in how many prints, when and by whom.
What comes of it is flagged FLAG_POLLED and carries the snapshot's time.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from math import ceil

from ...errors import ProviderError
from ...events import FLAG_POLLED, FLAG_RECEIVED, MISSING, TRADE, Events, empty_events
from ...wire.massive_chain import Chain, Traded
from ...wire.massive_rest import Page

INTERVAL_S = 5.0
"""Seconds from one poll to the next."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What was traded between two snapshots.

    trades   : one event for each contract that was traded
    volumes  : the day volumes to begin the next difference with
    unpriced : contracts traded of which no price is known, so that there is no event of them
    """

    trades: Events
    volumes: dict[int, int]
    unpriced: int


def volumes_of(chain: Chain) -> dict[int, int]:
    """Return the day volume of every contract of a snapshot, 0 where it names none: it was not traded."""
    return dict.fromkeys(chain.listed, 0) | {each.cid: each.day_volume for each in chain.traded}


def synthesise(before: Mapping[int, int], after: Chain) -> Difference:
    """Return the trades that explain a snapshot's volumes, at the snapshot's time.

    before : day volumes until now; a contract that is not among them begins here, and so does one whose
             volume shrank
    """
    grown = [(each, each.day_volume - before.get(each.cid, each.day_volume)) for each in after.traded]
    traded = [(each, size) for each, size in grown if size > 0]
    priced = [(each, size) for each, size in traded if each.last_price != MISSING]
    unpriced = sum(size for _, size in traded) - sum(size for _, size in priced)
    return Difference(_trades(priced, after.as_of_ns), {**before, **volumes_of(after)}, unpriced)


def _trades(priced: list[tuple[Traded, int]], ts_ns: int) -> Events:
    events = empty_events(len(priced))
    events["ts"], events["kind"], events["flags"] = ts_ns, TRADE, FLAG_POLLED | FLAG_RECEIVED
    events["cid"] = [each.cid for each, _ in priced]
    events["p1"] = [each.last_price for each, _ in priced]
    events["s1"] = [size for _, size in priced]
    return events


@dataclass(frozen=True, slots=True)
class Poll:
    """One poll; `failure` is the sentence that says why there are no pages."""

    pages: tuple[Page, ...]
    failure: str = ""


class Poller:
    """Asks for a snapshot again and again; no poll begins before the one before has ended.

    ask        : fetches the pages, of whatever part of the chain is wanted then
    interval_s : from the beginning of one poll to that of the next
    """

    def __init__(
        self,
        ask: Callable[[], Awaitable[tuple[Page, ...]]],
        interval_s: float = INTERVAL_S,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ask, self._interval_s = ask, interval_s
        self._clock, self._sleep = clock, sleep
        self._next_s = clock()

    @property
    def next_poll_s(self) -> int:
        """Return the whole seconds until the next poll, 0 while one is on its way."""
        return max(ceil(self._next_s - self._clock()), 0)

    async def polls(self) -> AsyncIterator[Poll]:
        """Yield polls for ever; one that fails is told and followed by the next.

        CredentialError and NoDataError end it: asking again does not help.
        """
        while True:
            now_s = self._clock()
            if now_s < self._next_s:
                await self._sleep(self._next_s - now_s)
            began_s = self._clock()
            poll = await self._poll()
            self._next_s = max(began_s + self._interval_s, self._clock())
            yield poll

    async def _poll(self) -> Poll:
        try:
            return Poll(await self._ask())
        except ProviderError as error:
            return Poll((), str(error))
