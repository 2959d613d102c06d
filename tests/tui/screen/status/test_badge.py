from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest

from engine.tape.link import Link
from tui.screen.status.badge import badge_text, behind, brief_badge, data_clock, mode_of

LINK = Link(state="connected")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, " ⏵ REPLAY ×10   "),
        ({"paused": True}, " ⏸ REPLAY ×10   "),
        ({"finished": True}, " ⏹ REPLAY ×10   "),
        ({"badge": "SIMULATED", "speed": inf}, " ⏵ SIMULATED ×max  "),
        ({"badge": "STALE"}, " ⚠ STALE "),
    ],
)
def test_the_badge_of_a_day_that_is_over(make_view, changes: dict[str, object], text: str) -> None:
    assert badge_text(make_view(**changes)) == text


@pytest.mark.parametrize(
    ("badge", "link", "text"),
    [
        ("LIVE", LINK, " ● LIVE"),
        ("LIVE", replace(LINK, silent_s=1), " ● LIVE"),
        ("DELAYED", LINK, " ◐ DELAYED"),
        ("POLL", replace(LINK, next_poll_s=3), " ↻ POLL   3s"),
        ("POLL", LINK, " ↻ POLL"),
        ("STALE", replace(LINK, silent_s=12), " ⚠ STALE 12s"),
        ("GAP", replace(LINK, silent_s=192), " ⚠ GAP 3m12s"),
        ("CLOSED", replace(LINK, silent_s=9 * 3600), " ■ CLOSED 9h00m"),
        ("CLOSED", LINK, " ■ CLOSED"),
    ],
)
def test_the_badge_of_a_live_day_counts_what_there_is_to_count(
    live_view, badge: str, link: Link, text: str
) -> None:
    assert badge_text(live_view(badge, link=link)).rstrip() == text


@pytest.mark.parametrize("seconds", [0, 59, 61, 3_599, 3_661, 200_000])
def test_no_count_of_seconds_moves_what_stands_beside_the_badge(live_view, seconds: int) -> None:
    calm = badge_text(live_view())
    link = replace(LINK, silent_s=seconds, next_poll_s=seconds % 100)
    for badge in ("STALE", "GAP", "POLL", "DELAYED"):
        assert len(badge_text(live_view(badge, link=link))) == len(calm)


def test_a_rewound_screen_says_how_far_behind_it_is_and_whether_it_plays(live_view) -> None:
    view = live_view("REWIND", behind_s=192)
    assert badge_text(view) == " ⏵ REWIND -3m12s  "
    assert badge_text(replace(view, paused=True)) == " ⏸ REWIND -3m12s  "
    assert behind(live_view("REWIND", behind_s=3_720)) == "-1h02m"


def test_before_the_first_event_nothing_is_live(unbegun_view, live_view) -> None:
    view = unbegun_view()
    assert len(badge_text(view)) == len(badge_text(live_view()))
    assert badge_text(replace(view, badge="LIVE")).rstrip() == " ○ WAITING"
    assert mode_of(replace(view, badge="LIVE")) == "closed"
    assert data_clock(view) == "--:--:--"


def test_a_stream_without_a_contract_is_not_live(live_view) -> None:
    view = live_view(expiries=(), link=Link(state="connected"))
    assert (badge_text(view).rstrip(), mode_of(view), data_clock(view)) == (
        " ○ CONNECTED",
        "closed",
        "--:--:--",
    )


def test_before_a_feeds_first_word_nothing_is_lost(live_view) -> None:
    view = live_view("GAP", link=Link(state="connecting"))
    assert (badge_text(view).rstrip(), mode_of(view)) == (" ○ CONNECTING", "closed")
    waiting = live_view("GAP", link=Link(state="waiting"))
    assert (badge_text(waiting).rstrip(), mode_of(waiting)) == (" ○ WAITING", "closed")
    lost = live_view("GAP", link=Link(state="lost"))
    cut = live_view("GAP", link=Link(state="connecting", silent_s=3))
    assert [badge_text(each).rstrip() for each in (lost, cut)] == [" ⚠ GAP", " ⚠ GAP 3s"]
    assert {mode_of(each) for each in (lost, cut)} == {"stale"}


def test_without_a_chain_a_silent_day_has_no_time(live_view) -> None:
    assert data_clock(live_view("GAP")) != "--:--:--"
    assert data_clock(live_view("GAP", expiries=())) == "--:--:--"


def test_a_badge_is_told_without_speed_and_blanks(make_view, live_view) -> None:
    assert brief_badge(make_view()) == " ⏵ REPLAY "
    assert brief_badge(live_view()) == " ● LIVE "
