"""When a feed runs."""

from __future__ import annotations

from datetime import date

import pytest

from engine.feeds.transport.session_hours import LEAD_NS, TAIL_NS, age_text, closed_sentence, hours
from engine.model.calendar import parse_time
from engine.model.events import NS
from engine.model.holidays import LAST_DAY
from engine.model.underlyings import generic, underlying

FRIDAY, MONDAY = date(2025, 12, 19), date(2025, 12, 22)
SPY, AAPL = underlying("SPY"), generic("AAPL", 2_500)


def test_before_and_during_a_session_the_day_is_today() -> None:
    for at in ("00:00", "09:30", "12:00", "16:14:59"):
        assert hours([SPY], parse_time(at, FRIDAY)).session.day == FRIDAY


def test_after_the_close_and_the_tail_the_day_is_the_next_session() -> None:
    closed = hours([SPY], parse_time("12:00", FRIDAY)).close_ns
    assert hours([SPY], closed + TAIL_NS - 1).session.day == FRIDAY
    assert hours([SPY], closed + TAIL_NS).session.day == MONDAY
    assert hours([SPY], parse_time("12:00", date(2025, 12, 20))).session.day == MONDAY


def test_the_last_of_the_watched_options_closes_the_day() -> None:
    noon = parse_time("12:00", FRIDAY)
    assert hours([AAPL], noon).close_ns == parse_time("16:00", FRIDAY)
    assert hours([AAPL, SPY], noon).close_ns == parse_time("16:15", FRIDAY)


def test_a_half_day_ends_early() -> None:
    christmas_eve = date(2025, 12, 24)
    found = hours([SPY], parse_time("10:00", christmas_eve))
    assert found.close_ns == parse_time("13:15", christmas_eve)
    assert not found.is_open(parse_time("13:15", christmas_eve))
    assert hours([SPY], parse_time("14:00", christmas_eve)).session.day == date(2025, 12, 26)


def test_the_market_is_on_from_open_to_close_and_the_feed_a_little_longer() -> None:
    found = hours([SPY], parse_time("08:00", FRIDAY))
    assert [
        found.is_open(at) for at in (found.open_ns - 1, found.open_ns, found.close_ns - 1, found.close_ns)
    ] == [
        False,
        True,
        True,
        False,
    ]
    assert (found.begin_ns, found.end_ns) == (found.open_ns - LEAD_NS, found.close_ns + TAIL_NS)


def test_a_closed_market_says_when_it_opens_and_how_old_the_chain_is() -> None:
    saturday = parse_time("09:30", date(2025, 12, 20))
    found = hours([SPY], saturday)
    assert closed_sentence(found, saturday, saturday - 17 * 3600 * NS) == (
        "The market opens on Mon 22 December at 09:30 in New York, in 2 d; the chain is 17 h old."
    )
    assert "chain" not in closed_sentence(found, saturday, None)


def test_after_the_close_it_says_when_a_screen_goes_on() -> None:
    friday = hours([SPY], parse_time("12:00", FRIDAY))
    assert closed_sentence(friday, friday.close_ns, None) == (
        "The market has closed. A screen left open goes on by itself on Mon 22 December at 08:30 in New York."
    )
    last = hours([SPY], parse_time("12:00", LAST_DAY))
    assert closed_sentence(last, last.close_ns, None) == "The market has closed."


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (-5, "0 s"), (59, "59 s"), (192, "3 min 12 s"), (7200, "2 h"), (223_200, "2 d 14 h")],
)
def test_a_span_is_written_in_its_two_largest_units(seconds: int, text: str) -> None:
    assert age_text(seconds * NS) == text
