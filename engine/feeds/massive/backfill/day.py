"""One symbol's past day, from the provider into the cache: prices, listing, then trades and quotes.

Owns the order: the underlying's minutes come first, because they say which strikes matter. What is there
already is not asked for again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ....model.calendar import close_ns, previous_session, session
from ....model.contracts import Contract, parse_occ
from ....model.errors import NoDataError
from ....model.events import NS, PRICE_SCALE, UNDERLYING, Events
from ....model.underlyings import Underlying
from ....store.cache.historical import Historical, TickerFile
from ....store.cache.manifest import ALL_TICKERS, FetchManifest, TickerProgress
from ....store.importer.contract_numbers import MARGIN_NS
from ...backfill.contracts import chosen, spans
from ...backfill.day_fetch import BackfillRequest, DayFetch, FetchProgress, held_note
from ..capabilities import LABEL
from ..wire.pages import Pages, prices
from ..wire.requests import PlanError, Request, contracts, day_bars, minute_bars
from .tickers import Asker, Bounds, TickerFetcher, Ticks

_MINUTE_NS, _NS_PER_MS = 60 * NS, 1_000_000
_ASK_AGAIN_NS = 24 * 3600 * NS
"""A refusal is remembered for so long; the plan may be another one then."""

_CUT = "It was fetched in part."
_NO_INTEREST = "Massive tells open interest only of today's chain, so this day has none."


class Backfill:
    """Fetches days, one after the other; what the plan refused once is not asked for again.

    now_ns : the wall's clock, for what is written down and when a refusal is old
    tell   : hears of every page
    """

    def __init__(
        self,
        asker: Asker,
        cache: Historical,
        now_ns: Callable[[], int],
        tell: Callable[[FetchProgress], None] = lambda _: None,
    ) -> None:
        self.asker, self.cache, self.now_ns, self.tell = asker, cache, now_ns, tell
        self.no_quotes = ""

    async def fetch(self, wanted: BackfillRequest) -> DayFetch:
        """Fetch what is missing of a day; whatever ends it, the next call goes on from there.

        Raises NoDataError when there is nothing to be had, CredentialError for a refused key, ProviderError
        when prices or listing cannot be had, StoreError when the cache cannot be written or is being written.
        """
        with FetchManifest(self.cache.manifest(wanted.day, wanted.underlying.symbol)) as manifest:
            return await _DayBackfill(self, wanted, manifest).fetch()


def held(cache: Historical, wanted: BackfillRequest) -> DayFetch:
    """Return what earlier runs fetched of a day, without asking for anything; StoreError when unreadable."""
    entries = cache.entries(wanted.day).get(wanted.underlying.symbol, [])
    reasons = tuple(each.reason for each in entries if each.reason)
    cut = tuple((f"{each.kind} of {each.ticker}", _CUT) for each in entries if each.state == "partial")
    return DayFetch(
        wanted,
        _files(cache, wanted.day, entries),
        cut,
        (_NO_INTEREST, *reasons, held_note(LABEL)),
        whole=False,
    )


def _files(cache: Historical, day: date, entries: Iterable[TickerProgress]) -> tuple[Path, ...]:
    """Return the files that are complete; strikes fetched by other runs belong to the day as well."""
    return tuple(
        cache.file(each.kind, day, each.ticker)
        for each in entries
        if each.kind != "contracts" and each.state == "complete" and cache.holds(each, day)
    )


class _DayBackfill:
    """One symbol's day under way."""

    def __init__(self, owner: Backfill, wanted: BackfillRequest, manifest: FetchManifest) -> None:
        self._owner, self._wanted, self._manifest = owner, wanted, manifest
        self._asker, self._cache, self._now_ns = owner.asker, owner.cache, owner.now_ns
        self._progress, self._pages = FetchProgress(), Pages()
        self._notes = [_NO_INTEREST]
        hours = session(wanted.day)
        bounds = Bounds(wanted.day, hours.open_ns - MARGIN_NS, hours.close_ns + MARGIN_NS + 1)
        self._tickers = TickerFetcher(
            self._asker, self._cache, manifest, bounds, self._progress, self._tell, self._now_ns
        )
        self._refusal = manifest.find("quotes", ALL_TICKERS)
        if self._refusal is not None and self._now_ns() - self._refusal.fetched_ns >= _ASK_AGAIN_NS:
            self._refusal = None
        if self._refusal is not None:
            owner.no_quotes = self._refusal.reason

    def _tell(self) -> None:
        self._owner.tell(self._progress)

    async def fetch(self) -> DayFetch:
        self._cache.sweep(self._wanted.day, self._manifest.entries())
        spots = await self._spots()
        if not len(spots) and self._wanted.strikes is not None:
            raise self._no_strikes()
        with _naming("There is no listing"):
            listed = await self._listing()
        names = [each.occ for each in chosen(self._wanted, listed, spots)]
        for kind in ("trades", "quotes"):
            self._progress.tickers += len(self._tickers.missing(kind, names))
        self._tell()
        with _naming("There are no past trades"):
            await self._tickers.fetch("trades", self._tickers.missing("trades", names))
        await self._quotes(self._tickers.missing("quotes", names))
        return self._outcome(self._tickers.failures or self._gone(names))

    def _no_strikes(self) -> NoDataError:
        symbol, day = self._wanted.underlying.symbol, self._wanted.day
        refused = self._notes[-1] if self._notes[1:] else f"Massive has no minute bars of {symbol} on {day}."
        return NoDataError(
            f"{refused} So no strikes can be chosen around its price; "
            f"spymon backfill {day} --symbol {symbol} --all fetches every strike."
        )

    async def _quotes(self, names: list[str]) -> None:
        """Fetch quotes, the first file alone: a plan without them refuses once and not at every file."""
        if names and not self._owner.no_quotes and not self._tickers.away:
            try:
                await self._tickers.fetch("quotes", names[:1])
                await self._tickers.fetch("quotes", names[1:])
            except PlanError as error:
                self._owner.no_quotes = f"There are no quotes: {error}"
        if self._owner.no_quotes:
            self._progress.tickers -= len(names)
            entry = TickerProgress(
                "quotes", ALL_TICKERS, "refused", self._now_ns(), reason=self._owner.no_quotes
            )
            if self._refusal is None:
                self._manifest.put(entry)
            self._notes.append(self._owner.no_quotes)

    def _gone(self, names: list[str]) -> dict[str, str]:
        """Return the files that were fetched and are not there now: somebody may have cleared the cache."""
        kinds: tuple[Ticks, ...] = ("trades",) if self._owner.no_quotes else ("trades", "quotes")
        return {
            f"{kind} of {name}": "It was taken away while others were fetched."
            for kind in kinds
            for name in self._tickers.missing(kind, names)
        }

    def _outcome(self, failures: Mapping[str, str]) -> DayFetch:
        files = _files(self._cache, self._wanted.day, self._manifest.entries())
        if self._progress.rejected:
            self._notes.append(f"Massive sent {self._progress.rejected:,} rows that cannot be read.")
        return DayFetch(self._wanted, files, tuple(failures.items()), tuple(self._notes))

    def _held(self, entry: TickerProgress) -> bool:
        return entry.state == "complete" and self._cache.holds(entry, self._wanted.day)

    async def _listing(self) -> list[Contract]:
        """Return the contracts that were listed, with the expirations that are wanted."""
        listed: list[Contract] = []
        for first, last in spans(self._wanted):
            key = f"{first}..{last}"
            known = self._manifest.find("contracts", key)
            listed = (
                [parse_occ(name) for name in known.names] if known else await self._list(first, last, key)
            )
            if any(each.root in self._wanted.underlying.roots for each in listed):
                break
        return listed

    async def _list(self, first: date, last: date, key: str) -> list[Contract]:
        request = contracts(self._wanted.underlying.symbol, first, last, self._wanted.day)
        listed: list[Contract] = []
        async for page in self._asker.pages(request):
            listed += self._pages.contracts(page.rows)
            self._count(0)
        names = tuple(each.occ for each in listed)
        if names:
            rows = len(names)
            self._manifest.put(
                TickerProgress("contracts", key, "complete", self._now_ns(), rows, names=names)
            )
        return listed

    async def _spots(self) -> NDArray[np.int64]:
        """Return the underlying's prices by minute, 1/10000 $; none when the key may not see them."""
        u, day = self._wanted.underlying, self._wanted.day
        path = self._cache.file("bars", day, u.symbol)
        known = self._manifest.find("bars", u.symbol)
        if not (known and self._held(known)):
            try:
                await self._fetch_bars(path)
            except PlanError as error:
                self._notes.append(f"There are no minute bars of {u.symbol}: {error}")
                return np.empty(0, np.int64)
        known = self._manifest.find("bars", u.symbol)
        self._notes += [known.reason] if known and known.reason else []
        return _closes(path)

    async def _fetch_bars(self, path: Path) -> None:
        u, day = self._wanted.underlying, self._wanted.day
        begin_ms = session(day).open_ns // _NS_PER_MS
        last_ms = (close_ns(u, day) - _MINUTE_NS) // _NS_PER_MS
        bars = await self._bars(minute_bars(_ticker(u), begin_ms, last_ms))
        if not len(bars):
            return
        columns = {
            "window_start": bars["ts"] - _MINUTE_NS,
            "close": bars["p1"] / PRICE_SCALE,
            "previous_close": np.full(len(bars), np.nan),
        }
        columns["previous_close"][0], reason = await self._previous_close(u)
        size, now_ns = TickerFile(path).finish(columns), self._now_ns()
        self._manifest.put(
            TickerProgress("bars", u.symbol, "complete", now_ns, rows=len(bars), bytes=size, reason=reason)
        )

    async def _previous_close(self, u: Underlying) -> tuple[float, str]:
        """Return how the session before closed, $; nan and a sentence when that cannot be had."""
        try:
            before = previous_session(self._wanted.day)
            bars = await self._bars(day_bars(_ticker(u), before, before))
        except (PlanError, NoDataError) as error:
            return np.nan, f"There is no previous close of {u.symbol}: {error}"
        if not len(bars):
            return np.nan, f"There is no previous close of {u.symbol}: Massive has no bar of {before}."
        return float(bars["p1"][-1]) / PRICE_SCALE, ""

    async def _bars(self, request: Request) -> Events:
        found = []
        async for page in self._asker.pages(request):
            found.append(self._pages.minute_bars(page.rows, UNDERLYING))
            self._count(len(found[-1]))
        return np.concatenate(found)

    def _count(self, rows: int) -> None:
        self._progress.rows += rows
        self._progress.requests += 1
        self._progress.rejected += self._pages.rejected.total()
        self._pages.rejected.clear()
        self._tell()


@contextmanager
def _naming(what: str) -> Iterator[None]:
    """Say what it is that the plan does not have: the provider's own words do not."""
    try:
        yield
    except PlanError as error:
        raise PlanError(f"{what}: {error}") from error


def _ticker(u: Underlying) -> str:
    return f"I:{u.symbol}" if u.index else u.symbol


def _closes(path: Path) -> NDArray[np.int64]:
    if not path.exists():
        return np.empty(0, np.int64)
    return prices(pq.read_table(path, columns=["close"], use_threads=False)["close"].to_numpy())
