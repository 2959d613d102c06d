"""The records: where what every quote touches stands, and what rules remember."""

from __future__ import annotations

from engine.fold.records import CELL, UNDER
from engine.fold.rules.catalogue import rules


def test_hot_fields_of_a_quote_share_a_cache_line() -> None:
    """What every quote reads and writes first stands within the first 128 bytes."""
    hot = ("quote_ts", "bid", "ask", "bid_size", "ask_size", "prev_ts", "prev_bid", "prev_ask", "spread_area")
    assert max(CELL.fields[name][1] for name in hot) < 128


def test_what_a_rule_remembers_comes_last_in_its_record() -> None:
    for record, of in ((CELL, "cell"), (UNDER, "under")):
        own = [name for rule in rules() for name, *_ in getattr(rule, of)]
        assert list(record.names[-len(own) :]) == own
