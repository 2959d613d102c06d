"""When an open connection is given up, and when a machine slept: arithmetic on times."""

from __future__ import annotations

from engine.feeds.massive.wire.handshake import HandshakeState
from engine.feeds.transport.backoff import ConnectionTimes
from engine.feeds.transport.watchdog import ClockJump, Watchdog

PACE = ConnectionTimes()
STREAMING = HandshakeState.STREAMING


def test_ten_silent_seconds_ask_for_a_sign_of_life_once() -> None:
    watch = Watchdog(PACE, 0.0)
    assert not watch.ping_due(9.9, 0.0)
    assert watch.ping_due(10.0, 0.0)
    assert not watch.ping_due(12.0, 0.0)


def test_no_answer_to_the_ping_in_ten_seconds_ends_it() -> None:
    watch = Watchdog(PACE, 0.0)
    watch.ping_due(10.0, 0.0)
    assert watch.trouble(19.9, 0.0, STREAMING, behind=False) is None
    why = watch.trouble(20.0, 0.0, STREAMING, behind=False)
    assert why == "Nothing was heard for 20 s, not even the answer to a ping."


def test_anything_heard_counts_as_an_answer_and_the_next_silence_asks_again() -> None:
    watch = Watchdog(PACE, 0.0)
    watch.ping_due(10.0, 0.0)
    assert watch.trouble(25.0, 10.1, STREAMING, behind=False) is None
    assert watch.ping_due(25.0, 10.1)


def test_a_login_that_stays_unanswered_ends_it() -> None:
    watch = Watchdog(PACE, 100.0)
    assert watch.trouble(110.0, 100.0, HandshakeState.AUTHENTICATING, behind=False) is None
    why = watch.trouble(110.1, 110.0, HandshakeState.AUTHENTICATING, behind=False)
    assert why == "The login was not answered within 10 s."


def test_an_answer_that_waits_to_be_decoded_is_not_held_against_the_provider() -> None:
    watch = Watchdog(PACE, 100.0)
    assert watch.trouble(130.0, 100.0, HandshakeState.AUTHENTICATING, behind=True) is None
    assert watch.trouble(139.0, 100.0, HandshakeState.AUTHENTICATING, behind=False) is None
    assert watch.trouble(140.5, 100.0, HandshakeState.AUTHENTICATING, behind=False) is not None


def test_a_conversation_that_is_over_is_not_kept_open_for_more_than_a_second() -> None:
    watch = Watchdog(PACE, 0.0)
    assert watch.trouble(50.0, 50.0, HandshakeState.EVICTED, behind=False) is None
    assert watch.trouble(51.0, 51.0, HandshakeState.EVICTED, behind=False) is None
    assert watch.trouble(51.1, 51.1, HandshakeState.EVICTED, behind=False) is not None


def test_a_jump_of_the_wall_clock_is_noticed_once_and_drift_is_not() -> None:
    sleep = ClockJump(PACE.jump)
    assert not sleep.noticed(1_000.0, 5.0)
    assert not sleep.noticed(1_004.0, 5.25)
    assert sleep.noticed(8_000.0, 5.5)
    assert not sleep.noticed(8_000.25, 5.75)
    assert sleep.noticed(1_000.0, 6.0)
