"""When an open connection is given up, and when a machine slept: arithmetic on times."""

from __future__ import annotations

from engine.feeds.transport.backoff import ConnectionTimes
from engine.feeds.transport.watchdog import ClockJump, Watchdog

TIMES = ConnectionTimes()
STREAMING = (True, False)
LOGIN = (False, False)
OVER = (False, True)
"""Whether data may come, and whether the provider has ended the conversation."""


def test_ten_silent_seconds_ask_for_a_sign_of_life_once() -> None:
    watchdog = Watchdog(TIMES, 0.0)
    assert not watchdog.start_ping(9.9, 0.0)
    assert watchdog.start_ping(10.0, 0.0)
    assert not watchdog.start_ping(12.0, 0.0)


def test_no_answer_to_the_ping_in_ten_seconds_ends_it() -> None:
    watchdog = Watchdog(TIMES, 0.0)
    watchdog.start_ping(10.0, 0.0)
    assert watchdog.trouble(19.9, 0.0, *STREAMING, behind=False) is None
    why = watchdog.trouble(20.0, 0.0, *STREAMING, behind=False)
    assert why == "Nothing was heard for 20 s, not even the answer to a ping."


def test_anything_heard_counts_as_an_answer_and_the_next_silence_asks_again() -> None:
    watchdog = Watchdog(TIMES, 0.0)
    watchdog.start_ping(10.0, 0.0)
    assert watchdog.trouble(25.0, 10.1, *STREAMING, behind=False) is None
    assert watchdog.start_ping(25.0, 10.1)


def test_a_login_that_stays_unanswered_ends_it() -> None:
    watchdog = Watchdog(TIMES, 100.0)
    assert watchdog.trouble(110.0, 100.0, *LOGIN, behind=False) is None
    why = watchdog.trouble(110.1, 110.0, *LOGIN, behind=False)
    assert why == "The login was not answered within 10 s."


def test_an_answer_that_waits_to_be_decoded_is_not_held_against_the_provider() -> None:
    watchdog = Watchdog(TIMES, 100.0)
    assert watchdog.trouble(130.0, 100.0, *LOGIN, behind=True) is None
    assert watchdog.trouble(139.0, 100.0, *LOGIN, behind=False) is None
    assert watchdog.trouble(140.5, 100.0, *LOGIN, behind=False) is not None


def test_a_conversation_that_is_over_is_not_kept_open_for_more_than_a_second() -> None:
    watchdog = Watchdog(TIMES, 0.0)
    assert watchdog.trouble(50.0, 50.0, *OVER, behind=False) is None
    assert watchdog.trouble(51.0, 51.0, *OVER, behind=False) is None
    assert watchdog.trouble(51.1, 51.1, *OVER, behind=False) is not None


def test_a_jump_of_the_wall_clock_is_noticed_once_and_drift_is_not() -> None:
    sleep = ClockJump(TIMES.jump)
    assert not sleep.look(1_000.0, 5.0)
    assert not sleep.look(1_004.0, 5.25)
    assert sleep.look(8_000.0, 5.5)
    assert not sleep.look(8_000.25, 5.75)
    assert sleep.look(1_000.0, 6.0)
