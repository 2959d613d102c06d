"""Massive's record: a source made of plain values, and what it promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.feeds.massive.capabilities import POLLED, STREAMED
from engine.feeds.massive.provider import PROVIDER
from engine.feeds.massive.source import MassiveSource
from engine.feeds.provider import DaySource, Proof, ProviderAccess, SourceRequest
from engine.model.underlyings import underlying
from engine.store.cache.historical import Historical

KEY = "canary-0123456789"
VALUES: dict[str, Any] = {each.name: each.parse(each.default) for each in PROVIDER.settings}


def request(feed: str) -> SourceRequest:
    access = ProviderAccess(VALUES, {"massive_api_key": KEY})

    def begin(info: object) -> Any:
        raise AssertionError("nothing is opened yet")

    return SourceRequest(feed, access, (underlying("SPY"), underlying("SPX")), begin)


@pytest.mark.parametrize("feed", [STREAMED, POLLED], ids=["streamed", "polled"])
def test_a_request_in_plain_values_is_enough_for_a_source(feed: Any) -> None:
    source = PROVIDER.make_source(request(feed.name))
    assert isinstance(source, MassiveSource)
    assert isinstance(source, DaySource)
    assert (source.name, source.label, source.symbols) == (feed.name, feed.label, ("SPY", "SPX"))


def test_a_request_does_not_show_its_secrets() -> None:
    assert KEY not in repr(request(STREAMED.name))


def test_silence_shows_within_two_seconds() -> None:
    assert STREAMED.capabilities.beat_s <= 1.5


def test_what_was_fetched_earlier_is_told_without_a_key(tmp_path: Path) -> None:
    assert PROVIDER.backfill is not None
    said: list[str] = []
    backfiller = PROVIDER.backfill(ProviderAccess(VALUES), Historical(tmp_path), lambda: 0, said.append)
    assert (backfiller is not None, said) == (True, [])


def test_it_claims_no_more_than_was_tried() -> None:
    assert PROVIDER.proof is Proof.FAKE
    assert str(PROVIDER.proof) == "tested against a fake"
