"""A rule's record: its numbers by name, the sentence a person reads, and what compiled code is given."""

from __future__ import annotations

from math import nan

import pytest

from engine.fold.records import SIGNAL
from engine.fold.rules import block, fmv_divergence, price_move, spread_tightening, volume_spike
from engine.fold.rules.spec import DIRECTIONS, EvidenceColumn, positions, reaches

ROOM = SIGNAL["evidence"].shape[0]


def test_numbers_are_named_in_order_and_spare_room_is_not_told() -> None:
    pairs = block.RULE.named([float(k) for k in range(ROOM)])
    assert pairs[0] == ("over", 0.0)
    assert pairs[-1] == ("prints_before", 5.0)
    assert len(pairs) == 6


def test_positions_are_those_of_the_names() -> None:
    at = positions([EvidenceColumn(name, "$", "") for name in ("first", "second")])
    assert (at.first, at.second) == (0, 1)
    assert volume_spike.AT.z == 0
    assert [column.name for column in volume_spike.EVIDENCE][volume_spike.AT.lean] == "lean"


@pytest.mark.parametrize(
    ("rule", "values", "sentence"),
    [
        (
            volume_spike.RULE,
            [6.24, 50.2, 1500.0, 29.9, 0.6, 375_000.0, 0.8, 10.0],
            "1,500 contracts in 10 s, 50 times the usual 29.9 (z 6.2), for $375,000",
        ),
        (
            spread_tightening.RULE,
            [2.5, 0.04, 0.10, 30.0, 40.0, 3.25, 6.0, 4.0],
            "spread 0.04 against a median of 0.10, 30 x 40 on it, held 3.2 s",
        ),
        (
            price_move.RULE,
            [7.5, -0.15, 0.02, 0.02, 0.04, 6.0, -6.25],
            "mid -0.15 (-6.2 %) in 6 s where the underlying explains +0.02 (z 7.5)",
        ),
        (price_move.RULE, [nan, 0.15, nan, nan, 0.04, 6.0, 6.25], "mid +0.15 (+6.2 %) in 6 s"),
        (
            fmv_divergence.RULE,
            [5.0, 2.6, 2.5, 4.0, 2.5, 0.2],
            "fair value 2.600 against a mid of 2.500 (+4.0 %), 5.0 spreads away, held 2.5 s",
        ),
    ],
)
def test_sentence_says_what_was_measured_against_what(rule, values, sentence) -> None:
    assert rule.reason(values + [0.0] * (ROOM - len(values))) == sentence


def test_version_names_rule_preset_and_number() -> None:
    assert volume_spike.RULE.version_name(False) == "volume_spike/default/3"
    assert price_move.RULE.version_name(True) == "price_move/seed/3"


def test_thresholds_are_packed_under_the_rules_prefix_with_what_is_derived() -> None:
    packed = volume_spike.RULE.packed(volume_spike.VolumeSpikeParams(bucket_s=10.0, half_life_s=600.0))
    assert packed["volume_z"] == 3.0
    assert (1 - packed["volume_alpha"]) ** 60 == pytest.approx(0.5)


def test_a_measure_reaches_a_threshold_but_for_rounding() -> None:
    assert reaches(1.0 - 1e-14, 1.0)
    assert not reaches(1.0 - 1e-9, 1.0)


def test_directions_are_words() -> None:
    assert [DIRECTIONS[d] for d in (1, 0, -1)] == ["buy", "neutral", "sell"]
