"""Massive's past days for whoever asks for several: one limit on requests, and one memory of refusals."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ....store.cache.historical import Historical
from ...backfill.day_fetch import BackfillRequest, DayFetch, FetchProgress
from ..rest_client import RestClient
from ..rest_limits import FREE, rest_limit
from .day import Backfill, held

_SLOW = (
    "Massive refuses so many requests at once (HTTP 429); from here on it is asked "
    f"{FREE[0]} times a minute, which a free plan allows."
)


class MassiveBackfiller:
    """Fetches days, one after the other; an `engine.feeds.provider.Backfiller`."""

    def __init__(
        self, url: str, key: str, cache: Historical, now: Callable[[], int], say: Callable[[str], object]
    ) -> None:
        self._url, self._key, self._cache, self._now = url, key, cache, now
        self._limit = rest_limit(partial(say, _SLOW))
        self._no_quotes = ""

    def held(self, wanted: BackfillRequest) -> DayFetch:
        """Return what earlier runs fetched of a day; StoreError when it cannot be read."""
        return held(self._cache, wanted)

    async def fetch(self, wanted: BackfillRequest, tell: Callable[[FetchProgress], None]) -> DayFetch:
        """Fetch what is missing of a day; see `Backfill.fetch`."""
        async with RestClient(self._url, self._key, self._limit, seed=self._now()) as rest:
            run = Backfill(rest, self._cache, self._now, tell)
            run.no_quotes = self._no_quotes
            fetched = await run.fetch(wanted)
            self._no_quotes = run.no_quotes
        return fetched
