"""The badge and what stands beside it."""

from __future__ import annotations

import pytest

from engine.feeds.transport.feed_status import FeedStatus, retry_sentence, skew_sentence
from engine.model.events import NS

NOW = 1_766_154_600 * NS
BEAT_NS = 1_500_000_000


def status(**how: int | bool) -> FeedStatus:
    """Return a feed in market hours that streams and has just brought something, but for what is said."""
    well: dict[str, int | bool] = {"market_open": True, "streaming": True, "last_data_ns": NOW}
    return FeedStatus(NOW, BEAT_NS, **{**well, **how})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("how", "badge", "state"),
    [
        ({}, "LIVE", "connected"),
        ({"delayed": True}, "DELAYED", "connected"),
        ({"last_data_ns": NOW - BEAT_NS}, "STALE", "connected"),
        ({"last_data_ns": NOW - BEAT_NS + 1}, "LIVE", "connected"),
        ({"last_data_ns": NOW - BEAT_NS, "delayed": True}, "STALE", "connected"),
        ({"streaming": False}, "GAP", "connecting"),
        ({"streaming": False, "waiting": True}, "GAP", "waiting"),
        ({"streaming": False, "polling": True}, "POLL", "polling"),
        ({"streaming": False, "polling": True, "last_data_ns": NOW - 15 * NS}, "GAP", "polling"),
        ({"market_open": False}, "CLOSED", "closed"),
        ({"market_open": False, "streaming": False, "polling": True}, "CLOSED", "closed"),
    ],
)
def test_the_badge_says_the_worst_that_is_true(how: dict[str, int | bool], badge: str, state: str) -> None:
    got = status(**how)
    assert (got.badge, got.state) == (badge, state)


def test_silence_shows_within_two_seconds_and_is_counted_from_the_last_thing_heard() -> None:
    assert status(last_data_ns=NOW - 12 * NS).silent_s == 12
    assert status(last_data_ns=NOW - NS).silent_s is None
    assert status(streaming=False, last_data_ns=NOW - 3 * NS).silent_s == 3


def test_before_anything_was_heard_no_silence_is_counted() -> None:
    got = status(streaming=False, last_data_ns=0)
    assert (got.badge, got.silent_s) == ("GAP", None)


def test_a_clock_that_went_back_is_no_negative_silence() -> None:
    assert status(last_data_ns=NOW + NS).badge == "LIVE"
    assert status(streaming=False, last_data_ns=NOW + NS).silent_s == 0


def test_the_next_poll_is_counted_down_in_whole_seconds() -> None:
    assert status().next_poll_s is None
    polled = {"streaming": False, "polling": True}
    assert status(**polled, next_poll_ns=NOW + 2 * NS + 1).next_poll_s == 3
    assert status(**polled, next_poll_ns=NOW + 2 * NS).next_poll_s == 2
    assert status(**polled, next_poll_ns=NOW - NS).next_poll_s == 0
    assert status(**polled, next_poll_ns=NOW + NS, market_open=False).next_poll_s is None


def test_silence_is_worth_a_sentence_once_it_lasts() -> None:
    assert status(last_data_ns=NOW - 4 * NS).silence == ""
    assert status(last_data_ns=NOW - 5 * NS).silence.startswith(
        "The connection is open, and nothing comes over it"
    )
    assert status(last_data_ns=NOW - 60 * NS, streaming=False).silence == ""
    assert status(last_data_ns=NOW - 60 * NS, market_open=False).silence == ""


def test_a_long_wait_is_counted_down_and_a_short_one_is_not() -> None:
    assert retry_sentence(NOW, NOW + 62 * NS, NOW + NS // 2) == "Next attempt in 62 s."
    assert retry_sentence(NOW, NOW + 62 * NS, NOW + 61 * NS) == "Next attempt in 1 s."
    assert retry_sentence(NOW, NOW + 62 * NS, NOW + 63 * NS) == "Next attempt in 0 s."
    assert retry_sentence(NOW, NOW + 10 * NS - 1, NOW) == ""
    assert retry_sentence(NOW, None, NOW) == ""


def test_a_clock_that_is_far_off_is_told() -> None:
    assert skew_sentence(5, "Massive") == (
        "This machine's clock is 5 s ahead of Massive's: set it; every lag is that much too long."
    )
    assert skew_sentence(-5, "Massive") == (
        "This machine's clock is 5 s behind Massive's: set it; every lag is that much too short."
    )
    assert skew_sentence(2, "Massive") == skew_sentence(-2, "Massive") == skew_sentence(None, "Massive") == ""
