"""The list of providers: what every record has to keep, whichever provider it is of."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import engine.feeds
from engine.feeds.provider import Provider
from engine.feeds.registry import FEEDS, PROVIDERS, automatic_feed, provider_of

FOLDERS = {path.parent.name for path in Path(engine.feeds.__file__).parent.glob("*/provider.py")}
NAMES = [",".join(feed.name for feed in provider.feeds) for provider in PROVIDERS]
HEAVY = ("numpy", "numba", "pyarrow", "asyncio", "aiohttp", "websockets", "msgspec")


def test_every_folder_with_a_record_is_registered_and_nothing_else_is() -> None:
    registered = {provider.make_source.__module__.split(".")[-2] for provider in PROVIDERS}
    assert registered == FOLDERS
    assert len(PROVIDERS) == len(FOLDERS)


def test_no_name_is_anybody_elses() -> None:
    feeds = [feed for provider in PROVIDERS for feed in provider.feeds]
    settings = [each for provider in PROVIDERS for each in provider.settings]
    secrets = [each for provider in PROVIDERS for each in provider.secrets]
    for names in (
        [feed.name for feed in feeds],
        [feed.switch for feed in feeds if feed.switch],
        [name for each in settings for name in (each.name, *each.former)],
        [each.name for each in secrets],
        [variable for each in secrets for variable in each.variables],
    ):
        assert [name for name, count in Counter(names).items() if count > 1] == []
    assert list(FEEDS) == [feed.name for feed in feeds]


def test_the_records_are_read_before_anything_of_a_provider_is_loaded() -> None:
    code = f"import sys, engine.feeds.registry; print([each for each in {HEAVY} if each in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("provider", PROVIDERS, ids=NAMES)
def test_a_record_is_whole(provider: Provider) -> None:
    assert provider.feeds, "it answers to a name"
    for feed in provider.feeds:
        assert feed.name == feed.name.lower()
        assert feed.capabilities.beat_s > 0
        assert provider_of(feed.name) is provider
    for each in provider.settings:
        each.parse(each.default)
        assert each.rule
        assert not each.help.endswith(".")
    assert all(each.variables for each in provider.secrets)
    assert not (provider.simulated and provider.automatic), "a real market is never taken for a made-up one"


def test_auto_is_the_first_real_market_whose_keys_are_set_and_else_the_simulated_one() -> None:
    assert automatic_feed({}).name == "simulated"
    assert automatic_feed({"massive_api_key": "k"}).name == "massive"
    assert automatic_feed({"another_key": "k"}).name == "simulated"


def test_what_is_lacking_is_named() -> None:
    massive = provider_of("massive-rest")
    assert [each.variables[0] for each in massive.lacks({})] == ["MASSIVE_API_KEY"]
    assert massive.lacks({"massive_api_key": "k"}) == ()
    assert provider_of("simulated").lacks({}) == ()
