"""What a signal's numbers are called, and the sentence a person reads."""

from __future__ import annotations

from math import nan

import pytest

from engine.fold.rules.evidence import DIRECTIONS, EVIDENCE, named, reason, version
from engine.fold.rules.firing import (
    BLOCK,
    FMV_DIVERGENCE,
    PRICE_MOVE,
    RULE_NAMES,
    SPREAD_TIGHTENING,
    VOLUME_SPIKE,
)
from engine.fold.state import SIGNAL

ROOM = SIGNAL["evidence"].shape[0]


def test_every_rule_names_its_numbers_and_has_room_for_them() -> None:
    assert sorted(EVIDENCE) == list(range(len(RULE_NAMES)))
    for names in EVIDENCE.values():
        assert 0 < len(names) == len(set(names)) <= ROOM


def test_numbers_are_named_in_order_and_spare_room_is_not_told() -> None:
    pairs = named(BLOCK, [float(k) for k in range(ROOM)])
    assert pairs[0] == ("over", 0.0)
    assert pairs[-1] == ("prints_before", 5.0)
    assert len(pairs) == 6


@pytest.mark.parametrize(
    ("rule", "values", "sentence"),
    [
        (
            VOLUME_SPIKE,
            [6.24, 50.2, 1500.0, 29.9, 0.6, 375_000.0, 0.8, 10.0],
            "1,500 contracts in 10 s, 50 times the usual 29.9 (z 6.2), for $375,000",
        ),
        (
            SPREAD_TIGHTENING,
            [2.5, 0.04, 0.10, 30.0, 40.0, 3.25, 6.0, 4.0],
            "spread 0.04 against a median of 0.10, 30 x 40 on it, held 3.2 s",
        ),
        (
            PRICE_MOVE,
            [7.5, -0.15, 0.02, 0.02, 0.04, 6.0, -6.25],
            "mid -0.15 (-6.2 %) in 6 s where the underlying explains +0.02 (z 7.5)",
        ),
        (PRICE_MOVE, [nan, 0.15, nan, nan, 0.04, 6.0, 6.25], "mid +0.15 (+6.2 %) in 6 s"),
        (
            FMV_DIVERGENCE,
            [5.0, 2.6, 2.5, 4.0, 2.5, 0.2],
            "fair value 2.600 against a mid of 2.500 (+4.0 %), 5.0 spreads away, held 2.5 s",
        ),
    ],
)
def test_sentence_says_what_was_measured_against_what(rule, values, sentence) -> None:
    assert reason(rule, values + [0.0] * (ROOM - len(values))) == sentence


def test_version_names_rule_preset_and_number() -> None:
    assert version(VOLUME_SPIKE, False) == "volume_spike/default/2"
    assert version(PRICE_MOVE, True) == "price_move/seed/2"


def test_directions_are_words() -> None:
    assert [DIRECTIONS[d] for d in (1, 0, -1)] == ["buy", "neutral", "sell"]
