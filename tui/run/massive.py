"""Massive's live day as one run wants it: the settings turned into a source that records what it hears."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from engine.feeds.massive.rest_client import RestClient
from engine.feeds.massive.rest_poller import PollIntervals
from engine.feeds.massive.source import Access, MassiveSource
from engine.feeds.massive.symbol_writer import ContractReach
from engine.feeds.transport.rate_limit import RateLimit
from engine.model.calendar import parse_custom, underlying
from engine.store.days.recording import open_recorded
from engine.store.days.spool import FileSpool
from engine.tape.live_tape import Begin
from tui.settings.config import Settings

from .plan import LIVE


def make_massive(
    settings: Settings, name: str, begin: Begin, now: Callable[[], int] = time.time_ns
) -> MassiveSource:
    """Return the source of a name in LIVE; the settings must hold a key."""
    assert settings.massive_api_key is not None, "the plan asks for the key first"
    key = settings.massive_api_key.reveal()
    customs = {custom.symbol: custom for custom in map(parse_custom, settings.custom)}
    return MassiveSource(
        [underlying(symbol, customs) for symbol in settings.symbol],
        Access(key, settings.massive_ws_url, settings.massive_connections if name == LIVE[0] else 0),
        RestClient(settings.massive_rest_url, key, RateLimit(), seed=settings.seed),
        begin,
        seed=settings.seed,
        reach=ContractReach(settings.expiry, settings.strikes),
        pulse=PollIntervals(poll=settings.poll_s),
        now=now,
    )


def recording(data_dir: Path, now: Callable[[], int] = time.time_ns) -> Begin:
    """Return what opens a symbol's day so that it is recorded in a data folder while it is shown."""
    return partial(open_recorded, data_dir, now=now, spool=partial(FileSpool, data_dir / "journal"))
