"""Which feed the settings mean, and the sentences about keys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.feeds.provider import DaySource
from engine.feeds.registry import FEEDS
from engine.model.errors import CredentialError, UsageError
from engine.tape.tape import TapeInfo
from tests.engine.feeds.massive.staging import Kept
from tui.run.providers import (
    LIVE,
    SIMULATED,
    access,
    backfill_provider,
    chosen_source,
    has_keys,
    has_live_key,
    key_names,
    live_keys,
    make_source,
    source_request,
)
from tui.settings.config import Settings, load_settings
from tui.settings.setting import SOURCES

KEY = {"MASSIVE_API_KEY": "canary-0123456789"}


def settings(environ: Mapping[str, str] | None = None, **flags: str) -> Settings:
    return load_settings(flags, environ or {}, Path("nowhere"), Path("nowhere"))


def begin(info: TapeInfo) -> Kept:
    return Kept(info)


def test_only_what_this_build_has_is_offered() -> None:
    assert SOURCES == (*FEEDS, "auto")
    assert (*LIVE, SIMULATED) == tuple(FEEDS)
    absent = {"tastytrade", "tradestation", "cboe", "bloomberg"} - FEEDS.keys()
    for name in absent:
        with pytest.raises(UsageError, match=f"^--source {name} is not one of massive, .*simulated, auto"):
            settings(source=name)


def test_auto_follows_the_keys() -> None:
    assert chosen_source(settings()) == "simulated"
    assert chosen_source(settings(KEY)) == "massive"
    assert chosen_source(settings(KEY, source="simulated")) == "simulated"
    assert not has_live_key(settings())
    assert has_live_key(settings(KEY))
    assert live_keys() == "MASSIVE_API_KEY"


@pytest.mark.parametrize("name", LIVE)
def test_a_feed_without_its_key_asks_for_it(name: str) -> None:
    with pytest.raises(CredentialError) as caught:
        chosen_source(settings(source=name))
    assert str(caught.value) == (
        f"The source {name} needs a key; put MASSIVE_API_KEY in .env or the environment."
    )


@pytest.mark.parametrize("flags", [{}, {"source": "simulated"}, {"source": "massive-rest"}])
def test_past_days_come_from_whoever_has_them(flags: dict[str, str]) -> None:
    provider = backfill_provider(settings(**flags))
    assert (provider.label, key_names(provider)) == ("Massive", "MASSIVE_API_KEY")
    assert not has_keys(provider, settings())
    assert has_keys(provider, settings(KEY))


def test_what_providers_are_given_shows_no_key() -> None:
    given = access(settings(KEY))
    assert given.secrets == {"massive_api_key": KEY["MASSIVE_API_KEY"]}
    assert KEY["MASSIVE_API_KEY"] not in repr(given)
    assert access(settings()).secrets == {}


def test_the_settings_reach_the_source() -> None:
    given = settings(KEY, symbol="SPY,AAPL", custom="AAPL:2.5", expiry="0dte", strikes="9", seed="5")
    request = source_request(given, "massive-rest", begin)
    assert [each.symbol for each in request.underlyings] == ["SPY", "AAPL"]
    assert (request.expiry, request.strikes, request.poll_s, request.seed) == ("0dte", 9, 5, 5)
    source = make_source(request)
    assert isinstance(source, DaySource)
    assert (source.name, source.symbols) == ("massive-rest", ("SPY", "AAPL"))
