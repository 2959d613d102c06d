"""Lasting and passing notes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from engine.tape.link import Link
from engine.views.view import View
from tui.screen.notes import Notes

MakeView = Callable[..., View]
PARITY = "The spot comes from put-call parity."
LATER = "There is no later signal."
GOING = "Going to 12:30:00 …"


@pytest.fixture
def notes(make_view: MakeView) -> Notes:
    notes = Notes()
    notes.learn(make_view(notes=(PARITY,)))
    return notes


def test_a_note_of_the_first_view_lasts(notes: Notes) -> None:
    assert (notes.lasting, notes.passing) == ((PARITY,), "")


def test_a_later_note_passes_and_leaves_the_standing_ones_alone(notes: Notes, make_view: MakeView) -> None:
    notes.learn(make_view(notes=(LATER, PARITY)))
    assert (notes.lasting, notes.passing) == ((PARITY,), LATER)
    notes.learn(make_view(notes=(PARITY,)))
    assert (notes.lasting, notes.passing) == ((PARITY,), "")


def test_work_under_way_never_stands_and_cannot_be_put_away(make_view: MakeView) -> None:
    notes = Notes()
    notes.learn(make_view(notes=(GOING,)))
    assert (notes.lasting, notes.passing) == ((), GOING)
    notes.dismiss()
    assert notes.passing == GOING


def test_what_is_put_away_stays_away_and_a_new_one_comes(notes: Notes, make_view: MakeView) -> None:
    notes.learn(make_view(notes=(LATER, PARITY)))
    notes.dismiss()
    assert (notes.lasting, notes.passing) == ((), "")
    notes.learn(make_view(notes=("The disk is full.", LATER, PARITY)))
    assert (notes.lasting, notes.passing) == ((), "The disk is full.")


def test_what_a_live_source_says_has_a_line_of_its_own(live_view: MakeView) -> None:
    notes = Notes()
    cut = "The connection was cut."
    for said in ("", cut):
        notes.learn(live_view(link=Link(note=said), notes=(cut, LATER)))
    assert (notes.lasting, notes.passing) == ((LATER,), "")


def test_the_next_day_of_a_symbol_has_standing_notes_of_its_own(notes: Notes, make_view: MakeView) -> None:
    tomorrow = date(2025, 12, 17)
    notes.learn(make_view(day=tomorrow, notes=(LATER,)))
    assert (notes.lasting, notes.passing) == ((LATER,), "")


def test_another_tape_has_standing_notes_of_its_own(notes: Notes, make_view: MakeView) -> None:
    notes.learn(make_view(symbol="QQQ", notes=(LATER,)))
    assert (notes.lasting, notes.passing) == ((LATER,), "")
    notes.learn(make_view(source="import", notes=(PARITY,)))
    assert notes.lasting == (PARITY,)


def test_an_answer_that_was_shown_for_long_enough_passes_and_a_standing_note_does_not(
    notes: Notes, make_view: MakeView
) -> None:
    notes.learn(make_view(notes=(LATER, PARITY)))
    notes.let_pass(LATER)
    notes.let_pass(PARITY)
    assert (notes.lasting, notes.passing) == ((PARITY,), "")
    notes.learn(make_view(notes=(GOING, PARITY)))
    notes.let_pass(GOING)
    assert notes.passing == GOING


def test_after_a_command_the_same_answer_is_news_but_a_standing_note_stays_away(
    notes: Notes, make_view: MakeView
) -> None:
    notes.learn(make_view(notes=(LATER, PARITY)))
    notes.dismiss()
    notes.renew()
    assert notes.passing == ""
    notes.learn(make_view(notes=(LATER, PARITY)))
    assert (notes.lasting, notes.passing) == ((), LATER)
