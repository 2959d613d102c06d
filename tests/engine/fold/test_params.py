"""The numbers: every one reaches the loop, and the presets are what they claim."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, fields, replace

import pytest

from engine.fold.params import (
    PARAMS,
    PRESETS,
    THRESHOLDS,
    FoldParams,
    SideParams,
    SignalParams,
    with_settings,
)
from engine.fold.rules import fmv_divergence, price_move, spread_tightening, volume_spike
from engine.fold.rules.catalogue import RULE_NAMES, rules
from engine.model.errors import UsageError


def test_every_number_is_packed_under_its_name() -> None:
    side = SideParams(**{f.name: k + 0.5 for k, f in enumerate(fields(SideParams))})
    signals = SignalParams(seed=True)
    for k, spec in enumerate(THRESHOLDS.values()):
        signals = signals.changed(spec, k + 100.5)
    record = FoldParams(side, signals, rate=0.01, dividend=0.02, greeks_max_age_s=3.0).pack()[0]
    for f in fields(SideParams):
        assert record["side_" + f.name] == getattr(side, f.name)
    prefix = {"": ""} | {rule.name: rule.prefix for rule in rules()}
    for k, spec in enumerate(THRESHOLDS.values()):
        assert record[prefix[spec.rule] + spec.field] == signals.value(spec) == k + 100.5
    assert [record[n] for n in ("rate", "dividend", "greeks_max_age_s", "seed")] == [0.01, 0.02, 3.0, 1.0]


def test_nothing_else_is_packed() -> None:
    assert len(PARAMS.names) == len(fields(SideParams)) + len(THRESHOLDS) + len(
        ("rate", "dividend", "greeks_max_age_s", "seed", "volume_alpha")
    )


def test_parameters_cannot_be_changed_under_a_fold() -> None:
    with pytest.raises(FrozenInstanceError):
        SignalParams().mute_s = 3.0
    with pytest.raises(FrozenInstanceError):
        SignalParams().of(volume_spike.RULE).z = 3.0


def test_presets_are_the_default_and_the_first_monitors() -> None:
    seed = PRESETS["seed"]
    assert PRESETS["default"] == SignalParams()
    assert seed.seed
    assert (seed.of(volume_spike.RULE).ratio, seed.of(spread_tightening.RULE).ratio) == (3.0, 0.5)
    assert (seed.of(price_move.RULE).percent, seed.of(fmv_divergence.RULE).percent) == (5.0, 4.0)


@pytest.mark.parametrize("preset", PRESETS)
def test_hysteresis_lies_below_the_threshold(preset) -> None:
    p = PRESETS[preset]
    assert 0 < p.rearm < 1
    assert 0 <= p.neutral_below < 1
    assert p.cooldown_s > 0


def test_confidences_are_percentages_in_the_order_of_their_worth() -> None:
    p = SideParams()
    assert 100 > p.at_quote > p.inside > p.outside > p.depth > p.tick > 0
    assert 0 < p.auction_share < 1
    assert 0 < p.tie_share < 1


# --- thresholds as settings -------------------------------------------------------------------------------


def test_every_threshold_but_the_presets_own_can_be_set() -> None:
    shared = {f.name for f in fields(SignalParams)} - {"seed", "by_rule"}
    assert {spec.field for spec in THRESHOLDS.values() if not spec.rule} == shared
    assert list(dict.fromkeys(spec.rule for spec in THRESHOLDS.values())) == ["", *RULE_NAMES]
    for name, spec in THRESHOLDS.items():
        assert name == spec.name
        changed = with_settings(SignalParams(), {name: 1})
        assert changed.value(spec) == 1
        assert type(changed.value(spec)) is type(SignalParams().value(spec))


def test_settings_change_what_they_name_and_nothing_else() -> None:
    changed = with_settings(PRESETS["seed"], {"volume_spike.z": "5.5", "cooldown_s": 0})
    volume, *others = PRESETS["seed"].by_rule
    assert changed == replace(PRESETS["seed"], cooldown_s=0.0, by_rule=(replace(volume, z=5.5), *others))


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("volume_spik.z", 5, "is not a threshold of any signal; did you mean volume_spike.z?"),
        ("volume_z", 5, "is not a threshold of any signal"),
        ("seed", 1, "is not a threshold of any signal"),
        ("volume_spike.z", "five", "volume_spike.z = five is not a number above 0."),
        ("volume_spike.z", -1, "volume_spike.z = -1 is not a number above 0."),
        ("volume_spike.z", 0, "volume_spike.z = 0 is not a number above 0."),
        ("volume_spike.z", "nan", "volume_spike.z = nan is not a number above 0."),
        ("volume_spike.z", "inf", "volume_spike.z = inf is not a number above 0."),
        ("volume_spike.z", True, "volume_spike.z = True is not a number above 0."),
        ("cooldown_s", -1, "cooldown_s = -1 is not a number of at least 0."),
        ("volume_spike.size", 2.5, "volume_spike.size = 2.5 is not a whole number."),
        ("rearm", 1.5, "rearm = 1.5 is not a share from 0 to 1."),
        ("regime_change.share", 2, "regime_change.share = 2 is not a share from 0 to 1."),
        ("levels_convention", 3, "levels_convention = 3 is not 0 (assumed), 1 (flow) or 2 (blended)."),
    ],
)
def test_what_cannot_be_set_is_named_in_one_sentence(name, value, sentence) -> None:
    with pytest.raises(UsageError, match=re.escape(sentence)):
        with_settings(SignalParams(), {name: value})
