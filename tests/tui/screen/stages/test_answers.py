"""What was answered is shown for the tape, the chain and the time it is about, and for no other."""

from __future__ import annotations

from engine.views.queries import FlowQuery, SmileQuery
from tui.screen.stages.answers import NO_ANSWERS, Answers


def test_there_is_no_answer_to_what_was_not_asked(make_view) -> None:
    answers = Answers({SmileQuery(): "a smile"}, make_view())
    assert answers.get(SmileQuery()) == "a smile"
    assert answers.get(FlowQuery()) is None


def test_another_expiration_is_another_chain_of_the_same_tape(make_view) -> None:
    view = make_view()
    answers = Answers({SmileQuery(): "a smile"}, view)
    later = make_view(expiry=view.expiries[1], version=9)
    assert answers.of_tape(later) is answers.of_chain(make_view(version=9)) is answers
    assert answers.of_chain(later) is NO_ANSWERS


def test_another_symbol_source_or_day_is_another_tape(make_view) -> None:
    view = make_view()
    answers = Answers({SmileQuery(): "a smile"}, view)
    for change in ({"symbol": "QQQ"}, {"source": "import"}, {"day": view.expiries[1]}):
        assert answers.of_tape(make_view(**change)) is NO_ANSWERS
    assert NO_ANSWERS.of_chain(view) is NO_ANSWERS


def test_after_a_jump_nothing_is_shown_of_what_lies_ahead_until_it_is_asked_again(make_view) -> None:
    answers = Answers({}, make_view())
    assert answers.known_ns(make_view(version=9)) is None
    past = make_view(generation=2, tape_ns=make_view().start_ns)
    assert answers.known_ns(past) == past.tape_ns
    assert NO_ANSWERS.known_ns(past) is None
