"""The trades of an outage, fetched over REST and put in order behind what is on the tape already.

Fetching waits for the network and touches nothing else; `merge` is pure and belongs to the thread that
decodes the socket, with whose `SeenTrades` it shares the sequence numbers. Filling the same outage again adds
only what has come to light since.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...model.errors import CredentialError, SpymonError
from ...model.events import EVENT, FLAG_FILLED, NS, TRADE, Events
from .rest_client import RestClient
from .wire.pages import Pages, Prints
from .wire.requests import Page, TryLaterError, trades
from .wire.rows import NO_SEQUENCE, NS_PER_MS
from .wire.seen_trades import SeenTrades

OVERLAP_NS = 2 * NS
"""How far before and after an outage trades are fetched: clocks differ, and late prints come late."""

_AT_ONCE = 8

_Key = tuple[int, int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class GapTrades:
    """Pages of trades by contract id.

    missing : contracts whose trades could not be fetched, or not to the end
    reason  : one sentence that says why, empty when none is missing
    """

    pages: tuple[tuple[int, Page], ...]
    missing: tuple[int, ...]
    reason: str


async def fetch_trades(
    rest: RestClient, contracts: Sequence[tuple[int, str]], begin_ns: int, end_ns: int
) -> GapTrades:
    """Fetch the trades of (contract id, ticker) from `begin_ns` until before `end_ns`, the first ones first.

    A contract that cannot be fetched costs no other one, unless the reason would be theirs too.
    """
    task = _GapTask(rest, deque(contracts), begin_ns, end_ns)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(min(_AT_ONCE, len(contracts))):
            tasks.create_task(task.run())
    return GapTrades(tuple(task.pages), (*task.missing, *task.left), task.reason)


class _GapTask:
    def __init__(
        self, rest: RestClient, contracts: deque[tuple[int, str]], begin_ns: int, end_ns: int
    ) -> None:
        self.pages: list[tuple[int, Page]] = []
        self.missing: list[int] = []
        self.reason = ""
        self._rest, self._waiting = rest, contracts
        self._begin_ns, self._end_ns = begin_ns, end_ns
        self._over = False

    @property
    def left(self) -> list[int]:
        return [cid for cid, _ in self._waiting]

    async def run(self) -> None:
        while self._waiting and not self._over:
            await self._fetch(*self._waiting.popleft())

    async def _fetch(self, cid: int, ticker: str) -> None:
        try:
            async for page in self._rest.pages(trades(ticker, self._begin_ns, self._end_ns)):
                self.pages += [(cid, page)]
        except SpymonError as error:
            self.missing.append(cid)
            self.reason = self.reason or str(error)
            self._over |= isinstance(error, (TryLaterError, CredentialError))


class RecentTrades:
    """The trades lately put on a tape; (n,) EVENT by `trades`.

    Those of the last `keep_ns` of tape are kept, and from an outage on all until it is filled.
    """

    def __init__(self, keep_ns: int = 60 * NS) -> None:
        self._keep_ns = keep_ns
        self._newest_ns = 0
        self._batches: deque[Events] = deque()
        self._outages: list[int] = []

    def add(self, events: Events) -> None:
        """Keep the trades among what is put on the tape."""
        found = events[events["kind"] == TRADE]
        if len(found):
            self._batches.append(found)
            self._newest_ns = max(self._newest_ns, int(found["ts"].max()))
            self._forget()

    def hold(self, since_ns: int) -> None:
        """Forget nothing from shortly before an outage on."""
        self._outages.append(since_ns - OVERLAP_NS)

    def release(self, since_ns: int) -> None:
        """Say that the outage needs to be held no longer."""
        self._outages.remove(since_ns - OVERLAP_NS)
        self._forget()

    def trades(self) -> Events:
        """Return the trades that are kept, in the order they came."""
        return np.concatenate([*self._batches] or [np.empty(0, EVENT)])

    def _forget(self) -> None:
        oldest_ns = min([self._newest_ns - self._keep_ns, *self._outages])
        while self._batches and int(self._batches[0]["ts"].max()) < oldest_ns:
            self._batches.popleft()


def merge(
    fetched: GapTrades, on_tape: Events, seen: SeenTrades, place_of: Callable[[int], int], reader: Pages
) -> Events:
    """Return the fetched trades that are not on the tape yet, flagged and in order of time.

    A trade is on the tape when its sequence number was seen, else when one is there that has the same
    contract, millisecond, price, size, exchange and condition; each such trade accounts for one.

    on_tape  : (n,) EVENT, trades on the tape in the time that was fetched
    seen     : takes the fetched numbers, so that the socket may tell them later and they count once
    place_of : `SeenTrades`'s name of a contract id
    """
    prints = _join([reader.trades(page.rows, cid) for cid, page in fetched.pages])
    known = _known_by_number(prints, seen, place_of)
    known |= _known_by_fields(prints.events, known, on_tape)
    fresh = prints.events[~known]
    fresh["flags"] |= FLAG_FILLED
    return fresh[np.lexsort((fresh["cid"], fresh["ts"]))]


def _join(parts: list[Prints]) -> Prints:
    events, sequences = [part.events for part in parts], [part.sequences for part in parts]
    return Prints(
        np.concatenate([*events, np.empty(0, EVENT)]), np.concatenate([*sequences, np.empty(0, np.int64)])
    )


def _known_by_number(prints: Prints, seen: SeenTrades, place_of: Callable[[int], int]) -> NDArray[np.bool_]:
    """Say of each trade whether its number was seen before."""
    known = np.zeros(len(prints.events), bool)
    numbered = np.flatnonzero(prints.sequences != NO_SEQUENCE)
    cids = prints.events["cid"][numbered].tolist()
    places = {cid: place_of(cid) for cid in set(cids)}
    again = seen.add([places[cid] for cid in cids], prints.sequences[numbered].tolist())
    known[numbered[again]] = True
    return known


def _known_by_fields(trades: Events, known: NDArray[np.bool_], on_tape: Events) -> NDArray[np.bool_]:
    """Say of each trade whether it is one on the tape that no known trade accounts for."""
    found = np.zeros(len(trades), bool)
    left = Counter(_keys(on_tape))
    near = np.flatnonzero(np.isin(trades["ts"] // NS_PER_MS, on_tape["ts"] // NS_PER_MS))
    keys = _keys(trades[near])
    left.subtract(key for key, is_known in zip(keys, known[near].tolist(), strict=True) if is_known)
    for at, key in zip(near.tolist(), keys, strict=True):
        if not known[at] and left[key] > 0:
            left[key] -= 1
            found[at] = True
    return found


def _keys(trades: Events) -> list[_Key]:
    columns = [trades[name].tolist() for name in ("cid", "p1", "s1", "exch", "cond")]
    ms = (trades["ts"] // NS_PER_MS).tolist()
    return list(zip(ms, *columns, strict=True))
