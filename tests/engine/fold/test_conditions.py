"""Condition codes: how each is treated, named, and which of several decides."""

from __future__ import annotations

import pytest

from engine.fold.conditions import (
    AUCTION,
    CANCEL,
    CROSS,
    EXCLUDED,
    EXTENDED,
    FIRST_CODE,
    FLOOR,
    LABELS,
    LAST_CODE,
    LATE,
    MULTILEG,
    OPENING,
    REGULAR,
    SWEEP,
    TREATMENT,
    deciding,
    label,
    weight,
)
from engine.fold.trade_side import treatment

CODES = range(FIRST_CODE, LAST_CODE + 1)


@pytest.mark.parametrize(
    ("code", "how"),
    [
        (201, CANCEL), (202, LATE), (203, CANCEL), (204, LATE), (205, CANCEL), (206, OPENING), (207, CANCEL),
        (208, OPENING), (209, REGULAR), (210, OPENING), (219, SWEEP), (227, AUCTION), (228, AUCTION),
        (229, CROSS), (230, CROSS), (231, FLOOR), (232, MULTILEG), (237, MULTILEG), (246, MULTILEG),
        (247, EXCLUDED), (248, EXTENDED),
    ],
)  # fmt: skip
def test_known_codes_are_treated_as_what_they_are(code, how) -> None:
    assert treatment(code) == TREATMENT[code - FIRST_CODE] == how


@pytest.mark.parametrize("code", [-(2**15), -1, 0, 1, FIRST_CODE - 1, LAST_CODE + 1, 2**15 - 1])
def test_unknown_codes_are_regular_trades(code) -> None:
    assert treatment(code) == REGULAR
    assert weight(code) == 0


def test_codes_that_are_not_regular_have_a_name() -> None:
    assert len(TREATMENT) == len(CODES)
    assert [code for code in CODES if treatment(code) != REGULAR and not label(code)] == []
    assert set(LABELS) <= set(CODES)


def test_label_of_a_code_nobody_listed_shows_its_number() -> None:
    assert (label(0), label(209), label(999), label(219)) == ("", "", "c999", "sweep")


def test_of_several_codes_the_one_that_keeps_a_trade_out_decides() -> None:
    assert max((219, 232, 209), key=weight) == 232
    assert max((232, 201, 202), key=weight) == 201
    assert max((248, 227), key=weight) == 227


def test_every_treatment_weighs_differently() -> None:
    by_treatment = {int(treatment(code)): weight(code) for code in CODES}
    assert sorted(by_treatment.values()) == list(range(len(by_treatment)))
    assert all(weight(code) == by_treatment[int(treatment(code))] for code in CODES)


def test_the_first_of_the_weightiest_codes_decides() -> None:
    assert deciding(()) == 0
    assert deciding((209, 210, 208)) == 210
    assert deciding((219, 201, 232)) == 201
    assert deciding((999,)) == 999
