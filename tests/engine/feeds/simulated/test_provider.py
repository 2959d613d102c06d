"""The simulated market as a provider."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from engine.feeds.provider import DaySource, ProviderAccess, SourceRequest
from engine.feeds.simulated.provider import PROVIDER
from engine.model.underlyings import underlying


def test_a_named_day_is_played_as_if_it_were_live_and_no_other_follows_it() -> None:
    def begin(info: object) -> Any:
        raise AssertionError("nothing is opened yet")

    request = SourceRequest("simulated", ProviderAccess(), (underlying("DIA"),), begin)
    source = PROVIDER.make_source(replace(request, day=date(2025, 12, 16)))
    assert isinstance(source, DaySource)
    assert (source.name, source.symbols, source.day) == ("simulated", ("DIA",), None)
    assert source.label == "simulated day 2025-12-16, as if it were live"
    assert PROVIDER.simulated
    assert PROVIDER.secrets == ()
