"""Channels: commands by difference, what answers settle, and what silence does."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from engine.feeds.massive.wire.channels import ANSWER_NS, MOST_BYTES, MOST_CHANNELS, Channels
from engine.feeds.massive.wire.notices import RefusedChannels, UnansweredChannels

NAMES = [f"Q.O:SPY251219C{strike:05d}000" for strike in range(600, 620)]
A, B, C = NAMES[:3]


def wanting(*names: str) -> Channels:
    channels = Channels()
    channels.wanted = frozenset(names)
    return channels


def said(commands: list[str]) -> list[tuple[str, list[str]]]:
    return [(each["action"], each["params"].split(",")) for each in map(json.loads, commands)]


def after_silence(channels: Channels, times: int = 1) -> tuple[list[object], list[tuple[str, list[str]]]]:
    """Reconcile until what is open now is overdue, so many times."""
    notices, commands = channels.reconcile(0)
    for i in range(times):
        notices, commands = channels.reconcile((i + 1) * ANSWER_NS)
        channels.reconcile((i + 1) * ANSWER_NS)
    return list(notices), said(commands)


def test_only_differences_are_said() -> None:
    channels = wanting(A, B)
    assert said(channels.commands()) == [("subscribe", [A, B])]
    assert channels.commands() == []
    channels.confirm(f"subscribed to: {A}")
    channels.wanted = frozenset({B, C})
    assert said(channels.commands()) == [("unsubscribe", [A]), ("subscribe", [C])]


def test_a_command_stays_within_its_limits() -> None:
    channels = wanting(*(f"Q.O:SPXW251219C{strike:08d}" for strike in range(1, 1_001)))
    commands = channels.commands()
    parts = [params for _, params in said(commands)]
    assert [len(part) for part in parts] == [MOST_CHANNELS] * 5
    assert [channel for part in parts for channel in part] == sorted(channels.wanted)
    long = wanting(*(f"T.{'X' * 90}{i}" for i in range(300)))
    assert all(len(json.loads(each)["params"]) <= MOST_BYTES for each in long.commands())


def test_an_answer_may_name_several_channels() -> None:
    channels = wanting(A, B)
    channels.commands()
    assert channels.confirm(f"subscribed to: {A},{B}")
    assert (channels.held, channels.asked) == ({A, B}, frozenset())
    assert not channels.confirm("something else")


def test_after_an_error_what_stayed_open_was_refused_and_is_not_asked_for_again() -> None:
    channels = wanting(A, B, C)
    channels.commands()
    channels.suspect("not authorized")
    channels.confirm(f"subscribed to: {B}")
    assert after_silence(channels) == ([RefusedChannels((A, C), "not authorized")], [])
    assert (channels.held, channels.refused) == ({B}, {A, C})
    assert channels.commands() == []


def test_an_error_says_nothing_about_what_was_asked_for_later() -> None:
    channels = wanting(A)
    channels.commands()
    channels.suspect("not authorized")
    channels.wanted = frozenset({A, B})
    channels.commands()
    notices, again = after_silence(channels)
    assert notices == [RefusedChannels((A,), "not authorized")]
    assert again == [("subscribe", [B])]


def test_silence_without_an_error_is_asked_once_more_and_then_taken_for_consent() -> None:
    channels = wanting(A)
    channels.commands()
    assert after_silence(channels) == ([], [("subscribe", [A])])
    assert channels.reconcile(3 * ANSWER_NS) == ([UnansweredChannels((A,))], [])
    assert channels.held == {A}


def test_nothing_is_overdue_before_its_time() -> None:
    channels = wanting(A)
    channels.commands()
    assert channels.reconcile(10) == ([], [])
    assert channels.reconcile(10 + ANSWER_NS - 1) == ([], [])


def test_a_late_confirmation_heals_a_refusal() -> None:
    channels = wanting(A)
    channels.commands()
    channels.suspect("not authorized")
    after_silence(channels)
    channels.confirm(f"subscribed to: {A}")
    assert (channels.held, channels.refused) == ({A}, set())


def test_the_answer_to_an_earlier_question_does_not_bring_back_what_was_left() -> None:
    channels = wanting(A)
    channels.commands()
    channels.wanted = frozenset()
    assert said(channels.commands()) == [("unsubscribe", [A])]
    channels.confirm(f"subscribed to: {A}")
    assert channels.held == set()
    channels.confirm(f"unsubscribed to: {A}")
    assert channels.commands() == []


def test_leaving_and_wanting_again_ends_in_holding() -> None:
    channels = wanting(A)
    channels.commands()
    channels.confirm(f"subscribed to: {A}")
    channels.wanted = frozenset()
    channels.commands()
    channels.wanted = frozenset({A})
    assert said(channels.commands()) == [("subscribe", [A])]
    channels.confirm(f"unsubscribed to: {A}")
    channels.confirm(f"subscribed to: {A}")
    assert channels.held == {A}


def test_what_the_provider_takes_away_is_asked_for_again() -> None:
    channels = wanting(A)
    channels.commands()
    channels.confirm(f"subscribed to: {A}")
    channels.confirm(f"unsubscribed to: {A}")
    assert said(channels.commands()) == [("subscribe", [A])]


def test_a_new_connection_remembers_only_what_is_wanted() -> None:
    channels = wanting(A, B)
    channels.commands()
    channels.confirm(f"subscribed to: {A}")
    channels.suspect("not authorized")
    channels.reset()
    assert (channels.wanted, channels.held, channels.asked) == ({A, B}, set(), frozenset())
    assert said(channels.commands()) == [("subscribe", [A, B])]


@given(st.lists(st.sets(st.sampled_from(NAMES)), max_size=12), st.sets(st.sampled_from(NAMES)))
def test_against_a_faithful_provider_we_end_up_with_what_is_wanted_and_granted(
    wishes: list[set[str]], forbidden: set[str]
) -> None:
    channels, granted = Channels(), set[str]()

    def answer(commands: list[str]) -> None:
        for action, names in said(commands):
            if action == "unsubscribe":
                left = [name for name in names if name in granted]
                granted.difference_update(left)
                for name in left:
                    channels.confirm(f"unsubscribed to: {name}")
                continue
            if forbidden & set(names):
                channels.suspect("not authorized")
            new = [name for name in names if name not in granted | forbidden]
            granted.update(new)
            for name in new:
                channels.confirm(f"subscribed to: {name}")

    for wish in wishes:
        channels.wanted = frozenset(wish)
        answer(channels.commands())
    for i in range(4):
        _, again = channels.reconcile(i * ANSWER_NS)
        answer(again)
    assert channels.held == granted == channels.wanted - forbidden
    assert channels.refused >= channels.wanted & forbidden
    assert channels.asked == frozenset()
