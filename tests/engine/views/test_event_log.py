"""Events: what joined a row, what it comes to, and that nothing is told before its time."""

from __future__ import annotations

import numpy as np
import pytest

from engine.fold.records import SIGNAL
from engine.fold.rules import block, sweep, volume_spike
from engine.fold.rules.catalogue import number_of
from engine.views.event_log import EventsUntil, Joinings
from engine.views.view import SignalEvent

SIZE = {"volume_spike": volume_spike.AT.volume, "sweep": sweep.AT.volume, "block": block.AT.size}
PREMIUM = {
    "volume_spike": volume_spike.AT.premium_usd,
    "sweep": sweep.AT.premium_usd,
    "block": block.AT.premium_usd,
}


def fired(ts: int, rule: str, parent: int = -1, size: int = 0, premium_usd: float = 0.0) -> np.void:
    row = np.zeros(1, SIGNAL)[0]
    row["ts"], row["rule"], row["parent"] = ts, number_of(rule), parent
    if rule in SIZE:
        row["evidence"][SIZE[rule]], row["evidence"][PREMIUM[rule]] = size, premium_usd
    return row


@pytest.fixture
def firings() -> list[np.void]:
    """A spike that a sweep joins twice, a price move beside it, whose fair value joins last."""
    return [
        fired(1, "volume_spike", size=490, premium_usd=13_700.0),
        fired(2, "sweep", 0, 300, 8_000.0),
        fired(3, "price_move"),
        fired(4, "sweep", 0, 250, 7_000.0),
        fired(5, "fmv_divergence", 1),
    ]


def taken(firings: list[np.void], joinings: Joinings | None = None) -> Joinings:
    joinings = joinings or Joinings()
    joinings.take(firings, [row for row in firings if row["parent"] < 0])
    return joinings


def test_an_event_has_its_rules_and_what_was_traded_in_those_of_one_rule(firings) -> None:
    """Rules see the same prints, so two rules are not added up."""
    events = EventsUntil(taken(firings), len(firings), [0, 1])
    assert events.of(0) == SignalEvent(("volume_spike", "sweep"), 3, 550, 15_000.0)
    assert events.of(1) == SignalEvent(("price_move", "fmv_divergence"), 2, None, None)
    assert events.of(2) is None


def test_a_row_has_the_event_of_its_own_head_where_not_all_are_told(firings) -> None:
    only_second = EventsUntil(taken(firings), len(firings), [1])
    assert only_second.of(0) == SignalEvent(("price_move", "fmv_divergence"), 2, None, None)


def test_nothing_is_told_before_it_fires(firings) -> None:
    joinings = taken(firings)
    assert EventsUntil(joinings, 1, [0, 1]).of(0) is None
    for count in (2, 3):
        assert EventsUntil(joinings, count, [0, 1]).of(0) == SignalEvent(
            ("volume_spike", "sweep"), 2, 490, 13_700.0
        )
    assert EventsUntil(joinings, 4, [0, 1]).of(0) == SignalEvent(("volume_spike", "sweep"), 3, 550, 15_000.0)
    assert EventsUntil(joinings, 4, [0, 1]).of(1) is None


def test_taking_them_in_as_they_come_is_taking_them_in_at_once(firings) -> None:
    joinings = Joinings()
    for count in range(len(firings) + 1):
        taken(firings[:count], joinings)
    assert joinings == taken(firings)
