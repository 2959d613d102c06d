"""Trades and quotes of many tickers into their files: several at a time, page by page, each row once.

Owns the order of work, and what a refusal means: one ticker's is remembered and named, many in a row end the
run. A killed process goes on where the manifest says.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol, TypeAlias

import numpy as np

from ....model.errors import NoDataError, ProviderError
from ....store.cache.historical import Historical, TickerFile
from ....store.cache.manifest import FetchManifest, TickerProgress
from ...backfill.day_fetch import FetchProgress
from ..wire.pages import Pages
from ..wire.requests import Page, Request, quotes, trades
from ..wire.ticks import TIME, Columns, quote_columns, trade_columns

AT_ONCE = 8
"""Tickers that are fetched at the same time; their pages are what is in memory."""

GIVE_UP = 5
"""So many tickers failing one after the other mean that the provider is away."""

Ticks: TypeAlias = Literal["trades", "quotes"]

_NOT_TRIED = "The provider failed too often in a row before its turn came."

_ASK: Mapping[Ticks, Callable[[str, int, int], Request]] = {"trades": trades, "quotes": quotes}
_READ: Mapping[Ticks, Callable[[Pages, bytes], Columns]] = {
    "trades": trade_columns,
    "quotes": quote_columns,
}


class Asker(Protocol):
    """A client of the provider."""

    def pages(self, request: Request) -> AsyncIterator[Page]:
        """Yield an answer's pages; CredentialError, NoDataError or ProviderError without any."""
        ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """The day to fetch and its hours, ns UTC, the end not included."""

    day: date
    begin_ns: int
    end_ns: int


class TickerFetcher:
    """Fetches the ticks of a day's tickers.

    failures : why a file could not be fetched, by its name
    away     : the provider seems to be away, and nothing more was asked for
    """

    def __init__(
        self,
        asker: Asker,
        cache: Historical,
        manifest: FetchManifest,
        bounds: Bounds,
        progress: FetchProgress,
        tell: Callable[[], None],
        now_ns: Callable[[], int],
    ) -> None:
        self.failures: dict[str, str] = {}
        self.away = False
        self._asker, self._cache, self._manifest, self._bounds = asker, cache, manifest, bounds
        self._progress, self._tell, self._now_ns = progress, tell, now_ns
        self._failed_running = 0

    def missing(self, kind: Ticks, names: Iterable[str]) -> list[str]:
        """Return the tickers that are not there whole."""
        entries = ((name, self._manifest.find(kind, name)) for name in names)
        return [name for name, entry in entries if not (entry and self._cache.holds(entry, self._bounds.day))]

    async def fetch(self, kind: Ticks, names: list[str]) -> None:
        """Fetch files; one that fails is in `failures`. CredentialError and StoreError end the run."""
        queue = iter(names)
        self._failed_running = 0
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(self._work(kind, queue))
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        self.failures |= {f"{kind} of {name}": _NOT_TRIED for name in queue}

    async def _work(self, kind: Ticks, queue: Iterator[str]) -> None:
        for name in queue:
            try:
                await self._one(kind, name)
                self._failed_running = 0
            except (ProviderError, NoDataError) as error:
                self.failures[f"{kind} of {name}"] = str(error)
                self._failed_running += 1
            self._progress.done += 1
            self._tell()
            if self._failed_running >= GIVE_UP:
                self.away = True
                return

    async def _one(self, kind: Ticks, name: str) -> None:
        known = self._manifest.find(kind, name)
        partial = known if known and self._cache.holds_pieces(known, self._bounds.day) else None
        file = TickerFile(self._cache.file(kind, self._bounds.day, name), partial.parts if partial else 0)
        begin_ns = partial.until_ns if partial else self._bounds.begin_ns
        rows, held, pages = partial.rows if partial else 0, _NOTHING, Pages()
        async for page in self._asker.pages(_ASK[kind](name, begin_ns, self._bounds.end_ns)):
            columns = _join(held, await asyncio.to_thread(_READ[kind], pages, page.rows))
            self._count(len(columns[TIME]) - _length(held), pages)
            if page.next is None:
                rows += len(columns[TIME])
                await self._finish(kind, name, file, columns, rows)
                return
            ready, held = _before_last_instant(columns)
            if _length(ready):
                rows += len(ready[TIME])
                size = await _written(file.add, ready)
                until_ns = int(held[TIME][0])
                self._put(kind, name, "partial", rows, size, file.parts, until_ns)

    async def _finish(self, kind: Ticks, name: str, file: TickerFile, columns: Columns, rows: int) -> None:
        if not rows:
            self._put(kind, name, "empty", 0, 0, 0, self._bounds.end_ns)
            return
        size = await _written(file.finish, columns)
        self._put(kind, name, "complete", rows, size, 0, self._bounds.end_ns)
        file.tidy()

    def _put(
        self,
        kind: Ticks,
        name: str,
        state: Literal["complete", "partial", "empty"],
        rows: int,
        size: int,
        parts: int,
        until_ns: int,
    ) -> None:
        self._manifest.put(TickerProgress(kind, name, state, self._now_ns(), rows, size, parts, until_ns))

    def _count(self, rows: int, pages: Pages) -> None:
        self._progress.rows += rows
        self._progress.requests += 1
        self._progress.rejected += pages.rejected.total()
        pages.rejected.clear()
        self._tell()


_NOTHING: Columns = {}


async def _written(write: Callable[[Columns], int], columns: Columns) -> int:
    """Write in a thread; whoever is cancelled meanwhile goes on when nothing is being written any more."""
    writing = asyncio.ensure_future(asyncio.to_thread(write, columns))
    try:
        return await asyncio.shield(writing)
    finally:
        await asyncio.wait({writing})


def _length(columns: Columns) -> int:
    return len(columns[TIME]) if columns else 0


def _join(first: Columns, second: Columns) -> Columns:
    if not _length(first):
        return second
    return {name: np.concatenate([first[name], second[name]]) for name in second}


def _before_last_instant(columns: Columns) -> tuple[Columns, Columns]:
    """Part a page that is not the last: rows of its last instant may go on in the next one.

    Whoever begins again at that instant then gets each row once.
    """
    if not len(columns[TIME]):
        return _NOTHING, columns
    before = columns[TIME] < columns[TIME].max()
    return (
        {name: values[before] for name, values in columns.items()},
        {name: values[~before] for name, values in columns.items()},
    )
