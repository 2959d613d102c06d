"""The numbers: every one reaches the loop, and the presets are what they claim."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace

import pytest

from engine.kernel.params import PARAMS, PRESETS, FoldParams, SideParams, SignalParams


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
