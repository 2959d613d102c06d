"""What is learned of a tape while its rows go by."""

from __future__ import annotations

import numpy as np

from engine.model.events import FLAG_MINUTE, OI, QUOTE, SPOT, TRADE
from engine.store.days.tapes import TapeStats
from engine.store.importer.spill import ROW, Rows


def rows(*kinds: int, at: int = 100, cid: int = 1, flags: int = 0) -> Rows:
    made = np.zeros(len(kinds), ROW)
    made["kind"], made["ts"], made["cid"], made["flags"] = kinds, at, cid, flags
    return made


def test_events_are_counted_by_kind_over_all_files() -> None:
    stats = TapeStats()
    stats.add(rows(QUOTE, QUOTE, TRADE), 0, cached=False)
    stats.add(rows(OI), 3, cached=False)
    assert (stats.counts[QUOTE], stats.counts[TRADE], stats.counts[OI]) == (2, 1, 1)
    assert stats.files == {0, 3}


def test_only_quotes_and_trades_of_options_make_a_tape() -> None:
    stats = TapeStats()
    stats.add(rows(SPOT, OI), 0, cached=False)
    assert not stats.has_options
    stats.add(rows(QUOTE), 0, cached=False)
    assert stats.has_options


def test_the_span_is_that_of_options_and_not_of_the_underlying() -> None:
    stats = TapeStats()
    stats.add(rows(SPOT, at=1), 0, cached=False)
    stats.add(rows(TRADE, at=50), 0, cached=False)
    stats.add(rows(QUOTE, at=70), 0, cached=False)
    stats.add(rows(SPOT, at=99), 0, cached=False)
    assert (stats.first_ns, stats.last_ns) == (50, 70)


def test_minute_spots_are_told_from_trades_of_the_underlying() -> None:
    stats = TapeStats()
    stats.add(rows(SPOT, SPOT, flags=FLAG_MINUTE), 0, cached=False)
    stats.add(rows(SPOT), 1, cached=False)
    assert (stats.minute_spots, stats.counts[SPOT]) == (2, 3)


def test_traded_contracts_are_remembered_by_where_they_came_from() -> None:
    stats = TapeStats()
    stats.add(rows(TRADE, cid=4), 0, cached=False)
    stats.add(rows(TRADE, cid=5), 1, cached=True)
    stats.add(rows(QUOTE, cid=6), 2, cached=False)
    assert (stats.flat_trades, stats.cached_trades) == ({4}, {5})
