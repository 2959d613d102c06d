"""The numbers: every one reaches the loop, and the presets are what they claim."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, fields, replace

import pytest

from engine.fold.params import (
    PARAMS,
    PRESETS,
    SECTIONS,
    FoldParams,
    SideParams,
    SignalParams,
    setting_names,
    with_settings,
)
from engine.fold.rules.firing import RULE_NAMES
from engine.model.errors import UsageError


def test_every_number_is_packed_under_its_name() -> None:
    side = SideParams(**{f.name: k + 0.5 for k, f in enumerate(fields(SideParams))})
    signals = SignalParams(**{f.name: k + 100.5 for k, f in enumerate(fields(SignalParams))})
    record = FoldParams(side, signals, rate=0.01, dividend=0.02, greeks_max_age_s=3.0).pack()[0]
    for f in fields(SideParams):
        assert record["side_" + f.name] == getattr(side, f.name)
    for f in fields(SignalParams):
        assert record[f.name] == getattr(signals, f.name)
    assert [record[n] for n in ("rate", "dividend", "greeks_max_age_s")] == [0.01, 0.02, 3.0]


def test_nothing_else_is_packed() -> None:
    names = {"side_" + f.name for f in fields(SideParams)} | {f.name for f in fields(SignalParams)}
    assert set(PARAMS.names) - names == {"rate", "dividend", "greeks_max_age_s", "volume_alpha"}


def test_the_weight_of_a_bucket_halves_the_past_in_a_half_life() -> None:
    signals = replace(SignalParams(), volume_bucket_s=10.0, volume_half_life_s=600.0)
    alpha = FoldParams(signals=signals).pack()["volume_alpha"][0]
    assert (1 - alpha) ** 60 == pytest.approx(0.5)


def test_parameters_cannot_be_changed_under_a_fold() -> None:
    with pytest.raises(FrozenInstanceError):
        SignalParams().volume_z = 3.0


def test_presets_are_the_default_and_the_first_monitors() -> None:
    seed = PRESETS["seed"]
    assert PRESETS["default"] == SignalParams()
    assert seed.seed
    assert (seed.volume_ratio, seed.spread_ratio) == (3.0, 0.5)
    assert (seed.price_percent, seed.fmv_percent) == (5.0, 4.0)


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
    names = setting_names()
    assert sorted(names.values()) == sorted({f.name for f in fields(SignalParams)} - {"seed"})
    assert tuple(SECTIONS) == RULE_NAMES
    for name, field in names.items():
        changed = with_settings(SignalParams(), {name: 1})
        assert getattr(changed, field) == 1
        assert type(getattr(changed, field)) is type(getattr(SignalParams(), field))


def test_settings_change_what_they_name_and_nothing_else() -> None:
    changed = with_settings(PRESETS["seed"], {"volume_spike.z": "5.5", "cooldown_s": 0})
    assert changed == replace(PRESETS["seed"], volume_z=5.5, cooldown_s=0.0)


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
