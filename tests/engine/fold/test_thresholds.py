"""Thresholds: what one declares about itself, and what it may be set to."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from engine.fold.thresholds import declared, threshold
from engine.model.errors import UsageError


@dataclass(frozen=True, slots=True)
class Some:
    plain: bool = False
    width: float = threshold(3.0, "ticks", "how wide")
    hold_s: float = threshold(1.0, "s", "for so long", zero=True)
    part: float = threshold(0.5, "share", "of all")
    whose: int = threshold(0, "choice", "whose", zero=True, choices=("ours", "theirs"))


BY_NAME = {spec.name: spec for spec in declared(Some(), "some_rule")}


def test_thresholds_are_declared_in_order_and_other_fields_are_none() -> None:
    assert list(BY_NAME) == ["some_rule.width", "some_rule.hold_s", "some_rule.part", "some_rule.whose"]
    assert [spec.name for spec in declared(Some)] == ["width", "hold_s", "part", "whose"]
    width = BY_NAME["some_rule.width"]
    assert (width.unit, width.meaning, width.whole) == ("ticks", "how wide", False)


@pytest.mark.parametrize(
    ("name", "value", "held"),
    [("width", "4.5", 4.5), ("width", 2, 2.0), ("hold_s", 0, 0.0), ("part", 1, 1.0), ("whose", "1", 1)],
)
def test_a_value_is_held_as_its_field_holds_it(name, value, held) -> None:
    found = BY_NAME[f"some_rule.{name}"].checked(value)
    assert found == held
    assert type(found) is type(held)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("width", 0, "some_rule.width = 0 is not a number above 0."),
        ("width", "wide", "some_rule.width = wide is not a number above 0."),
        ("width", True, "some_rule.width = True is not a number above 0."),
        ("hold_s", -1, "some_rule.hold_s = -1 is not a number of at least 0."),
        ("hold_s", "inf", "some_rule.hold_s = inf is not a number of at least 0."),
        ("part", 1.5, "some_rule.part = 1.5 is not a share from 0 to 1."),
        ("whose", 2, "some_rule.whose = 2 is not 0 (ours) or 1 (theirs)."),
        ("whose", 0.5, "some_rule.whose = 0.5 is not a whole number."),
    ],
)
def test_what_cannot_be_is_one_sentence(name, value, sentence) -> None:
    with pytest.raises(UsageError, match=re.escape(sentence)):
        BY_NAME[f"some_rule.{name}"].checked(value)
