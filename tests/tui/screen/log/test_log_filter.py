from __future__ import annotations

from datetime import date

import pytest

from engine.model.contracts import Contract
from tui.screen.log import log_filter

NEXT_DAY = Contract("SPXW", date(2025, 12, 17), "P", 6_832_500)


@pytest.mark.parametrize(
    "text",
    [
        "", "spike", "volume_spike", "685c", "685", "SPIKE 685C", "call", "calls", "buy", "spy", ">100k",
        ">0.4m", "<1m", ">=100k", "z>6", "strength>0.7", "!put", "0dte", "0d", "12-16", "2025-12-16",
        "spike,sweep", "sweep, spike", "sweep,spike 680c,685c", "!sweep,fmv", "!>500k", "spi", "  ",
    ],
)  # fmt: skip
def test_lets_through(make_signal, text: str) -> None:
    assert log_filter.test_of(text)(make_signal(1))
    assert log_filter.unknown_words(text, [make_signal(1)]) == ()


@pytest.mark.parametrize(
    "text",
    [
        "fmv", "685p", "68", "85c", "spike 680c", "put", "sell", ">413k", "z<6", "strength>0.9", "!spike",
        "!sweep,spike", "1dte", "12-17", "qqq", "fmv,sweep", "spike !685c", "spike,sweep >1m", "vega>0",
        "spot",
    ],
)  # fmt: skip
def test_holds_back(make_signal, text: str) -> None:
    assert not log_filter.test_of(text)(make_signal(1))


@pytest.mark.parametrize("text", [">", "z>", "z>=", ">$", "!", "spike !", "spike >"])
def test_what_is_still_being_typed_changes_nothing(make_signal, text: str) -> None:
    assert log_filter.test_of(text)(make_signal(1))
    assert log_filter.unknown_words(text) == ()


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("spke 685c", ("spke",)),
        ("spike,spke !quux", ("spke", "quux")),
        ("vega>0", ("vega>0",)),
        (">abc", (">abc",)),
        ("-put", ("-put",)),
        ("((", ("((",)),
        ("685x", ("685x",)),
        ("spike,!fmv", ("!fmv",)),
    ],
)
def test_a_word_that_means_nothing_is_told_and_lets_nothing_through(
    make_signal, text: str, unknown: tuple[str, ...]
) -> None:
    assert log_filter.unknown_words(text, [make_signal(1)]) == unknown
    if "!" not in text:
        assert not log_filter.test_of(text)(make_signal(1))


def test_days_and_strike_are_those_of_the_contract(make_signal) -> None:
    row = make_signal(1, of=NEXT_DAY, contract=NEXT_DAY)
    for text in ("1dte", "6832.5", "6832.5p", "spxw", "put", "12-17"):
        assert log_filter.test_of(text)(row), text
    for text in ("0dte", "6832", "6832.5c", "spx"):
        assert not log_filter.test_of(text)(row), text


def test_a_signal_about_the_underlying_is_spot_and_of_no_contract(make_signal) -> None:
    row = make_signal(1, rule="wall_break", contract=None, cid=0, evidence=())
    assert log_filter.test_of("wall spot !call !put !0dte !685")(row)
    for text in ("call", "685", "0dte", "12-16", "spy", ">1"):
        assert not log_filter.test_of(text)(row), text


def test_a_rule_of_the_users_own_and_its_numbers_are_words_once_it_has_fired(make_signal) -> None:
    row = make_signal(1, rule="user:wave_rider", evidence=(("tilt", 3.1),))
    assert log_filter.unknown_words("wave tilt>3") == ("wave", "tilt>3")
    assert log_filter.unknown_words("wave tilt>3", [make_signal(2), row]) == ()
    assert log_filter.test_of("wave tilt>3")(row)
    assert not log_filter.test_of("wave tilt>4")(row)
