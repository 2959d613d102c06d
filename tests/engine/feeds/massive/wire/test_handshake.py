"""The table of states: complete, with ends that are never left."""

from __future__ import annotations

import pytest

from engine.feeds.massive.wire.handshake import OTHER, STATUSES, TRANSITIONS, Action, HandshakeState, step

ENDS = (HandshakeState.REFUSED, HandshakeState.EVICTED, HandshakeState.SLOW, HandshakeState.DISMISSED)


def test_every_state_knows_every_status() -> None:
    assert set(TRANSITIONS) == set(HandshakeState)
    assert all(set(steps) == set(STATUSES) for steps in TRANSITIONS.values())


@pytest.mark.parametrize("end", ENDS)
def test_an_end_is_never_left(end: HandshakeState) -> None:
    assert {step(end, status) for status in STATUSES} == {(end, Action.TELL)}


def test_only_an_admission_leads_to_streaming() -> None:
    outside = [
        (state, status)
        for state in HandshakeState
        if state is not HandshakeState.STREAMING
        for status in STATUSES
    ]
    ways = [way for way in outside if step(*way)[0] is HandshakeState.STREAMING]
    assert ways == [(HandshakeState.AUTHENTICATING, "auth_success")]


def test_the_key_is_given_once() -> None:
    ways = [
        (state, s) for state in HandshakeState for s in STATUSES if step(state, s)[1] is Action.AUTHENTICATE
    ]
    assert ways == [(HandshakeState.OPENING, "connected")]


@pytest.mark.parametrize(
    "state", [HandshakeState.OPENING, HandshakeState.AUTHENTICATING, HandshakeState.STREAMING]
)
def test_each_cause_of_a_close_has_its_end_in_every_open_state(state: HandshakeState) -> None:
    causes = ("auth_failed", "max_connections", "slow_consumer", "force_disconnect")
    assert [step(state, cause)[0] for cause in causes] == list(ENDS)


def test_a_status_that_nobody_listed_changes_nothing() -> None:
    assert (
        step(HandshakeState.STREAMING, "hello")
        == step(HandshakeState.STREAMING, OTHER)
        == (HandshakeState.STREAMING, Action.TELL)
    )
