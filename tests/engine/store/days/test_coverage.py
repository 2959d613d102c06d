"""Coverage: which silences of a session are holes, and when trades end before quotes do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from engine.model.calendar import session
from engine.model.events import QUOTE, TRADE, Events, empty_events, gap
from engine.model.underlyings import PRESETS
from engine.store.days.coverage import MINUTE_NS, Coverage
from engine.store.days.meta import Facts
from engine.store.days.store import DayStore

DAY = date(2025, 12, 16)
HOURS = session(DAY)
MINUTES = (HOURS.close_ns - HOURS.open_ns) // MINUTE_NS
Pace = Callable[[int], int]


def kind_of(kind: int, pace: Pace) -> Events:
    """Write so many events in each minute of the session."""
    counts = np.array([pace(minute) for minute in range(MINUTES)])
    events = empty_events(int(counts.sum()))
    events["ts"] = HOURS.open_ns + np.repeat(np.arange(MINUTES), counts) * MINUTE_NS + 1
    events["kind"], events["cid"] = kind, 1
    return events


def tape(trades: Pace, quotes: Pace = lambda _: 300) -> Events:
    events = np.concatenate([kind_of(TRADE, trades), kind_of(QUOTE, quotes)])
    return events[np.argsort(events["ts"], kind="stable")]


def covered(events: Events, cut: int = 1000) -> Coverage:
    found = Coverage(HOURS)
    for start in range(0, len(events), cut):
        found.add(events[start : start + cut])
    return found


def minutes(found: Coverage) -> list[tuple[int, int]]:
    spans = ((each - HOURS.open_ns) // MINUTE_NS for span in found.holes() for each in span)
    return list(zip(spans, spans, strict=True))


def outside(*holes: tuple[int, int], pace: int = 120) -> Pace:
    return lambda minute: 0 if any(first <= minute < end for first, end in holes) else pace


@pytest.mark.parametrize(
    ("trades", "holes"),
    [
        (outside(), []),
        (outside((60, 61)), [(60, 61)]),
        (outside((0, 4), (200, 230), (380, 390)), [(0, 4), (200, 230), (380, 390)]),
        (outside((60, 61), pace=20), []),
        (outside((60, 66), pace=20), [(60, 66)]),
        (lambda minute: minute % 7 == 0, []),
        (lambda minute: 900 * (minute % 5 == 0), []),
        (lambda minute: 900 * (minute % 5 == 0 and not 100 <= minute < 120), [(96, 120)]),
        (lambda _: 0, []),
        (lambda minute: 500 * (minute == 3), []),
    ],
    ids=["none", "a minute", "ends", "thin", "long", "rare", "polled", "missed polls", "no kind", "once"],
)
def test_a_silence_is_a_hole_where_many_would_have_come(trades: Pace, holes: list[tuple[int, int]]) -> None:
    assert minutes(covered(tape(trades))) == holes


def test_a_hole_of_either_kind_counts_once() -> None:
    assert minutes(covered(tape(outside((60, 64)), outside((62, 70))))) == [(60, 70)]


def test_it_does_not_depend_on_how_the_tape_is_cut() -> None:
    events = tape(outside((60, 64)))
    assert {tuple(minutes(covered(events, cut))) for cut in (7_919, 10_000, 10**9)} == {((60, 64),)}


@pytest.mark.parametrize(
    ("trades", "quotes", "sentence"),
    [
        (outside(), outside(), ""),
        (outside((215, 390)), outside(), "Trades end by 13:05 and quotes by 16:00: it is partial."),
        (outside((215, 390)), outside((215, 390)), ""),
        (outside((389, 390)), outside(), ""),
        (outside((360, 390), pace=1), outside(), ""),
        (outside((200, 390), pace=1), outside(), "Trades end by 12:50 and quotes by 16:00: it is partial."),
        (lambda _: 0, outside(), ""),
    ],
)
def test_trades_that_end_before_quotes_are_said(trades: Pace, quotes: Pace, sentence: str) -> None:
    assert covered(tape(trades, quotes)).early_end() == sentence


def test_a_day_has_its_holes_as_gaps_but_for_those_an_event_tells(tmp_path) -> None:
    store = DayStore(tmp_path)
    facts = Facts("import", "tape", 100, PRESETS["SPY"], complete=True)
    at = HOURS.open_ns + 60 * MINUTE_NS
    told = gap(at, at + 4 * MINUTE_NS)
    with store.writer(DAY, "SPY", ()) as writer:
        writer.append(told)
        untold = (at + 5 * MINUTE_NS, at + 9 * MINUTE_NS)
        meta = writer.commit(facts, holes=((at + MINUTE_NS, at + 2 * MINUTE_NS), untold))
    assert meta.measured.gaps == ((at, at + 4 * MINUTE_NS), untold)
    assert store.list().entries[0].gaps == 2
