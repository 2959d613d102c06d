"""A provider with a past day, and what fetches it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from engine.feeds.backfill.day_fetch import BackfillRequest
from engine.feeds.massive.backfill.day import Backfill
from engine.feeds.massive.rest_client import RestClient
from engine.feeds.transport.rate_limit import RateLimit
from engine.model.underlyings import PRESETS
from engine.store.cache.historical import Historical
from tests.fakes.massive import KEY, Massive
from tests.fakes.massive.past import PastDay

NOW_NS = 1_766_000_000_000_000_000
"""2025-12-17."""
PAST = PastDay()


def wanted(past: PastDay = PAST, strikes: int | None = None) -> BackfillRequest:
    return BackfillRequest(PRESETS[past.symbol], past.day, 1, strikes)


async def at_once(_: float) -> None:
    """Wait for nothing."""


@asynccontextmanager
async def fetching(fake: Massive, folder: Path, tries: int = 2, key: str = KEY) -> AsyncIterator[Backfill]:
    """Give what fetches from the fake into a folder, with a client that does not wait."""
    limit = RateLimit(10**6, 1.0, slow=(10**6, 1.0))
    async with RestClient(fake.rest_url, key, limit, seed=1, tries=tries, sleep=at_once) as rest:
        yield Backfill(rest, Historical(folder), lambda: NOW_NS)
