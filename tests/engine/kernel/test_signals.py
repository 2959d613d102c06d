"""What all detectors share: strength, cooldown, arming, muting, and a market in which nothing happens.

The plain 4 % of fair value over mid stands for any rule here: it needs no past and no holding.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.events import MISSING, NS, QUOTE
from engine.kernel.evidence import named
from engine.kernel.params import PRESETS, SignalParams
from engine.kernel.signals import FMV_DIVERGENCE, RULE_NAMES, strength_of

SEED = PRESETS["seed"]
DEFAULT = SignalParams()
MID = 2.50
HOT, LOUD = SEED.fmv_percent * 1.05, SEED.fmv_percent * 2.1
WARM, COLD = SEED.fmv_percent * (SEED.rearm + 0.1), SEED.fmv_percent * (SEED.rearm - 0.1)
AFTER = SEED.cooldown_s + 1


def told(tape, percents, cid=1):
    """Tell (second, percent over mid) one after the other."""
    for at, percent in percents:
        tape.quote(MID - 0.05, MID + 0.05, at=at, cid=cid).fmv(MID * (1 + percent / 100), at=at, cid=cid)
    return tape


def seconds(tape, params):
    """List when signals fired."""
    start = tape.events["ts"][0]
    return [round((s["ts"] - start) / NS, 3) for s in tape.fold(params).signals]


@pytest.mark.parametrize(
    ("why", "percents", "expected"),
    [
        ("still there", [(0, HOT), (1, HOT), (30, HOT)], [0]),
        ("still there after the cooldown", [(0, HOT), (AFTER, HOT)], [0]),
        ("not far enough down", [(0, HOT), (1, WARM), (AFTER, HOT)], [0]),
        ("down and up again", [(0, HOT), (1, COLD), (AFTER, HOT)], [0, AFTER]),
        ("down and up within the cooldown", [(0, HOT), (1, COLD), (2, HOT), (50, HOT)], [0]),
        ("twice as strong", [(0, HOT), (1, LOUD), (2, LOUD)], [0, 1]),
        ("twice as strong, later", [(0, HOT), (AFTER, LOUD)], [0, AFTER]),
        ("twice as strong, and weak again", [(0, LOUD), (1, HOT), (AFTER, HOT)], [0]),
        ("the other way", [(0, HOT), (1, -HOT), (2, -HOT)], [0, 1]),
    ],
)
def test_one_event_is_told_once(tape, eager_params, why, percents, expected) -> None:
    assert seconds(told(tape, percents), eager_params(SEED)) == expected, why


def test_contracts_cool_down_apart(tape, eager_params) -> None:
    told(told(told(tape, [(0, HOT)]), [(1, HOT)], cid=2), [(2, HOT)])
    assert seconds(tape, eager_params(SEED)) == [0, 1]


def test_rules_cool_down_apart(tape, eager_params) -> None:
    """A quote that jumps by 8 % and away from its fair value is two findings."""
    tape.spot(685.0, at=0)
    for second in range(31):
        tape.quote(2.45, 2.55, at=second).fmv(2.50, at=second)
    tape.quote(2.65, 2.75, at=31).fmv(2.90, at=31)
    rules = {RULE_NAMES[s["rule"]] for s in tape.fold(eager_params(SEED)).signals}
    assert rules == {"price_move", "fmv_divergence"}


@pytest.mark.parametrize(("at", "fires"), [(DEFAULT.mute_s - 0.1, 0), (DEFAULT.mute_s, 1)])
def test_the_first_minutes_are_muted(tape, eager_params, at, fires) -> None:
    params = eager_params(SEED, mute_s=DEFAULT.mute_s)
    assert len(told(tape, [(0, 0.0), (at, HOT)]).fold(params).signals) == fires


@given(st.floats(1e-3, 1e6), st.floats(1.001, 10), st.floats(1e-3, 1e3))
def test_strength_grows_with_the_evidence_and_never_arrives(evidence, factor, half) -> None:
    assert 0 < strength_of(evidence, half) < strength_of(evidence * factor, half) < 1


@given(st.floats(1e-6, 1e6))
def test_strength_is_one_half_where_the_parameter_says(half) -> None:
    assert strength_of(half, half) == 0.5


@pytest.mark.parametrize("preset", PRESETS)
def test_strength_is_never_full_at_a_rules_own_threshold(preset) -> None:
    p = PRESETS[preset]
    thresholds = (
        (p.volume_ratio if p.seed else p.volume_z, p.volume_half),
        (1 / p.spread_ratio, p.spread_half),
        (p.price_percent if p.seed else p.price_z, p.price_half),
        (p.fmv_percent if p.seed else p.fmv_edge, p.fmv_half),
    )
    for threshold, half in thresholds:
        assert 0.3 < strength_of(threshold, half) < 0.9


def test_rows_carry_the_mid_and_what_the_preset_was(tape, eager_params) -> None:
    (signal,) = told(tape, [(0, HOT)]).fold(eager_params(SEED)).signals
    assert (signal["mid_after"], signal["seed"]) == (25_000, 1)
    assert signal["mid_before"] == MISSING


def test_the_states_hash_knows_every_signal(tape, new_tape, eager_params) -> None:
    one = told(tape, [(0, HOT)]).fold(eager_params(SEED)).under["signal_hash"]
    later = told(new_tape(), [(0, 0.0), (1, HOT)]).fold(eager_params(SEED)).under["signal_hash"]
    other = told(new_tape(), [(0, HOT)], cid=2).fold(eager_params(SEED)).under["signal_hash"]
    down = told(new_tape(), [(0, -HOT)]).fold(eager_params(SEED)).under["signal_hash"]
    assert len({int(one), int(later), int(other), int(down), 0}) == 5


def test_every_default_signal_says_why_it_fired(mixed_events, fold_events, touchy_params) -> None:
    """On a random tape: whatever fired was at or over its threshold by its own numbers."""
    params = touchy_params("default")
    p = params.signals
    signals = fold_events(mixed_events(3, 4000), params).signals
    limits = {
        0: ("z", p.volume_z),
        1: ("narrower", 1 / p.spread_ratio),
        2: ("z", p.price_z),
        3: ("edge", p.fmv_edge),
        6: ("share", p.cross_share),
        7: ("beyond", p.wall_margin),
        8: ("share", p.regime_share),
    }
    halves = {
        0: p.volume_half, 1: p.spread_half, 2: p.price_half, 3: p.fmv_half, 6: p.cross_half, 7: p.wall_half,
        8: p.regime_half,
    }  # fmt: skip
    assert set(signals["rule"].tolist()) == set(limits)
    for signal in signals:
        rule = int(signal["rule"])
        name, least = limits[rule]
        evidence = dict(named(rule, signal["evidence"].tolist()))[name]
        assert evidence >= least
        assert signal["strength"] == strength_of(evidence, halves[rule])
        assert signal["direction"] in (-1, 0, 1)
        assert 0 <= signal["side_confidence"] <= 1


# --- markets in which nothing happens -------------------------------------------------------------------

BOTH = pytest.mark.parametrize("preset", PRESETS)


def calm(tape, minutes=20, every=2.0):
    """Quote all six contracts alike for long, with small trades, fair values at the mid and open interest."""
    for cid in range(1, 7):
        tape.oi(1000, at=0, cid=cid)
    at = 0.0
    while at < minutes * 60:
        tape.spot(685.0, at=at)
        for cid in range(1, 7):
            tape.quote(2.45, 2.55, at=at, cid=cid).fmv(2.50, at=at, cid=cid)
        tape.trade(2.55, 5, at=at)
        at += every
    return tape


@BOTH
def test_frozen_chain_is_silent(tape, eager_params, preset) -> None:
    assert calm(tape).fold(eager_params(PRESETS[preset])).signals.size == 0


@BOTH
def test_repeated_quotes_are_silent(tape, fold_events, eager_params, preset) -> None:
    events = calm(tape, minutes=8).events
    rng = np.random.default_rng(4)
    often = np.where(events["kind"] == QUOTE, rng.integers(1, 20, len(events)), 1)
    assert fold_events(np.repeat(events, often), eager_params(PRESETS[preset])).signals.size == 0


@BOTH
def test_bursts_of_crossed_and_locked_quotes_are_silent(tape, eager_params, preset) -> None:
    calm(tape, minutes=8)
    for burst in range(40):
        for k in range(10):
            at = 480 + burst * 10 + k / 10
            low, high = (2.55, 2.45) if k % 2 else (2.30, 2.30)
            tape.quote(high, low, at=at).quote(low, low, at=at + 0.01, cid=2).fmv(2.50, at=at)
        tape.quote(2.45, 2.55, at=at + 0.5).quote(2.45, 2.55, cid=2)
    assert tape.fold(eager_params(PRESETS[preset])).signals.size == 0


@BOTH
def test_one_sided_quotes_are_silent(tape, eager_params, preset) -> None:
    calm(tape, minutes=8)
    for k in range(200):
        tape.quote(float("nan") if k % 2 else 0.0, 2.55, at=480 + k / 4).fmv(2.50)
        tape.quote(2.45, float("nan"), cid=2)
    assert tape.fold(eager_params(PRESETS[preset])).signals.size == 0


def test_fmv_rule_is_the_one_these_tests_use(tape, eager_params) -> None:
    (signal,) = told(tape, [(0, HOT)]).fold(eager_params(SEED)).signals
    assert signal["rule"] == FMV_DIVERGENCE
