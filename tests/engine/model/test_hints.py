"""What is near is suggested; what is far is not."""

from __future__ import annotations

from engine.model.hints import did_you_mean


def test_a_misspelt_name_is_answered_with_the_one_it_is_like() -> None:
    assert did_you_mean("symbl", ["speed", "symbol"]) == "; did you mean symbol?"


def test_what_is_like_nothing_is_answered_otherwise() -> None:
    assert did_you_mean("xyz", ["speed"]) == "."
    assert did_you_mean("xyz", ["speed"], "see --help.", "") == "see --help."


def test_a_suggestion_is_spelt_as_its_place_asks() -> None:
    assert did_you_mean("SPED", ["SPEED"], before="", prefix="APP_") == "did you mean APP_SPEED?"
