"""FMV divergence: a provider's fair value that stays away from the mid."""

from __future__ import annotations

import pytest

from engine.fold.params import PRESETS
from engine.fold.rules.firing import strength_of
from engine.fold.rules.fmv_divergence import RULE, FmvDivergenceParams

P = FmvDivergenceParams()
HOLD = P.hold_s
MID = 2.50


def market(tape, fmv, since=0.0, until=HOLD + 1, every=0.5, half=0.02):
    """Tell quote and fair value twice a second."""
    at = since
    while at <= until:
        tape.quote(MID - half, MID + half, at=at).fmv(fmv, at=at)
        at += every
    return tape


def found(tape, params):
    return tape.fold(params).fired("fmv_divergence")


@pytest.mark.parametrize(("fmv", "direction"), [(2.60, 1), (2.40, -1)])
def test_fair_value_that_stays_away_fires_once(tape, eager_params, fmv, direction) -> None:
    (signal,) = found(market(tape, fmv), eager_params())
    assert signal["direction"] == direction
    assert signal["ts"] - tape.events["ts"][0] == HOLD * 1e9


@pytest.mark.parametrize(("half", "unit"), [(0.01, 0.02), (0.03, 0.03)])
def test_evidence_re_derives_the_decision(tape, eager_params, half, unit) -> None:
    """The unit is half the spread, or two ticks where the spread is narrower than that."""
    (signal,) = found(market(tape, 2.60, half=half), eager_params())
    n = dict(RULE.named(signal["evidence"].tolist()))
    assert (n["fmv_usd"], n["mid_usd"]) == (2.60, 2.50)
    assert n["edge"] == pytest.approx((n["fmv_usd"] - n["mid_usd"]) / unit)
    assert n["edge"] >= P.edge
    assert n["percent"] == pytest.approx(4.0)
    assert n["held_s"] >= HOLD
    assert n["fmv_age_s"] < P.age_s
    assert signal["strength"] == strength_of(n["edge"], P.half)


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("near the mid", {"fmv": 2.50 + 0.02 * P.edge * 0.99}),
        ("inside a wide spread", {"fmv": 2.60, "half": 0.08}),
        ("not long enough", {"fmv": 2.60, "until": HOLD - 0.1}),
        ("locked", {"fmv": 2.60, "half": 0.0}),
        ("crossed", {"fmv": 2.60, "half": -0.02}),
    ],
)
def test_what_is_missing_keeps_it_silent(tape, eager_params, why, changes) -> None:
    assert found(market(tape, **changes), eager_params()) == [], why


def test_changing_sides_starts_the_holding_again(tape, eager_params) -> None:
    market(tape, 2.60, until=HOLD - 1.0)
    market(tape, 2.40, since=HOLD - 0.5, until=2 * HOLD - 1.0)
    assert found(tape, eager_params()) == []


def test_coming_near_starts_the_holding_again(tape, eager_params) -> None:
    market(tape, 2.60, until=HOLD - 1.0)
    market(tape, 2.51, since=HOLD - 0.5, until=HOLD)
    assert found(market(tape, 2.60, since=HOLD + 0.5, until=2 * HOLD), eager_params()) == []


def test_old_fair_value_is_not_compared(tape, eager_params) -> None:
    """The quotes go on for long, the fair value they are compared with was told once."""
    tape.quote(MID - 0.02, MID + 0.02, at=0).fmv(2.60, at=0)
    for k in range(20):
        tape.quote(MID - 0.02, MID + 0.02, at=k / 2)
    assert found(tape, eager_params()) == []


def test_silence_does_not_count_as_holding(tape, eager_params) -> None:
    tape.quote(MID - 0.02, MID + 0.02, at=0).fmv(2.60, at=0)
    tape.quote(MID - 0.02, MID + 0.02, at=60).fmv(2.60, at=60)
    assert found(tape, eager_params()) == []


def test_withdrawn_fair_value_is_not_compared(tape, eager_params) -> None:
    market(tape, 2.60, until=HOLD - 0.5).fmv(float("nan"))
    for k in range(10):
        tape.quote(MID - 0.02, MID + 0.02, at=HOLD + k / 10)
    assert found(tape, eager_params()) == []


def test_last_trade_is_never_compared(tape, eager_params) -> None:
    market(tape, 2.50).trade(3.00)
    assert found(market(tape, 2.50, since=HOLD + 1.5, until=2 * HOLD + 3), eager_params()) == []


def test_seed_example_is_four_percent_with_strength_four_fifths(tape, eager_params) -> None:
    (signal,) = found(tape.quote(2.45, 2.55, at=0).fmv(2.60, at=0), eager_params(PRESETS["seed"]))
    assert dict(RULE.named(signal["evidence"].tolist()))["percent"] == pytest.approx(4.0)
    assert signal["strength"] == pytest.approx(0.8)


def test_seed_is_silent_below_four_percent(tape, eager_params) -> None:
    assert found(tape.quote(2.45, 2.55, at=0).fmv(2.599, at=0), eager_params(PRESETS["seed"])) == []
