"""What all detectors share: strength, cooldown, arming, muting, and a market in which nothing happens.

The plain 4 % of fair value over mid stands for any rule here: it needs no past and no holding.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.fold.params import PRESETS, FoldParams, SignalParams
from engine.fold.rules.catalogue import RULE_NAMES
from engine.fold.rules.firing import strength_of
from engine.fold.rules.fmv_divergence import FMV_DIVERGENCE
from engine.fold.rules.fmv_divergence import RULE as FMV_RULE
from engine.fold.state import new_state
from engine.fold.step import step
from engine.model.calendar import session
from engine.model.contracts import Contract, ContractTable
from engine.model.events import EVENT, FMV, MISSING, NS, QUOTE

DAY = date(2025, 12, 16)
BASE_NS = session(DAY).open_ns + 30 * 60 * NS
SEED = PRESETS["seed"]
DEFAULT = SignalParams()
FMV_SEED = FMV_RULE.seed
MID = 2.50
HOT, LOUD = FMV_SEED.percent * 1.05, FMV_SEED.percent * 2.1
WARM, COLD = FMV_SEED.percent * (SEED.rearm + 0.1), FMV_SEED.percent * (SEED.rearm - 0.1)
AFTER = SEED.cooldown_s + 1


def told(tape, percents, cid=1):
    """Tell (second, percent over mid) one after the other."""
    for at, percent in percents:
        tape.quote(MID - 0.05, MID + 0.05, at=at, cid=cid).fmv(MID * (1 + percent / 100), at=at, cid=cid)
    return tape


def seconds(tape, params):
    """List when heads fired."""
    start = tape.events["ts"][0]
    heads = tape.fold(params).signals
    return [round((s["ts"] - start) / NS, 3) for s in heads[heads["parent"] < 0]]


@pytest.mark.parametrize(
    ("why", "percents", "expected"),
    [
        ("still there", [(0, HOT), (1, HOT), (30, HOT)], [0]),
        ("still there after the cooldown", [(0, HOT), (AFTER, HOT)], [0]),
        ("not far enough down", [(0, HOT), (1, WARM), (AFTER, HOT)], [0]),
        ("down and up again", [(0, HOT), (1, COLD), (AFTER, HOT)], [0, AFTER]),
        ("down and up within the cooldown", [(0, HOT), (1, COLD), (2, HOT), (50, HOT)], [0]),
        ("twice as strong", [(0, HOT), (1, LOUD), (2, LOUD), (50, LOUD)], [0]),
        ("twice as strong, later", [(0, HOT), (AFTER, LOUD)], [0, AFTER]),
        ("twice as strong, and weak again", [(0, LOUD), (1, HOT), (AFTER, HOT)], [0]),
        ("the other way, at once", [(0, HOT), (1, -HOT), (2, -HOT)], [0]),
        ("the other way, later", [(0, HOT), (6, -HOT), (7, -HOT)], [0, 6]),
    ],
)
def test_one_event_is_told_once(tape, eager_params, why, percents, expected) -> None:
    assert seconds(told(tape, percents), eager_params(SEED)) == expected, why


def test_contracts_cool_down_apart(tape, eager_params) -> None:
    apart = SEED.group_s + 1
    told(told(told(tape, [(0, HOT)]), [(apart, HOT)], cid=2), [(apart + 1, HOT)])
    assert seconds(tape, eager_params(SEED)) == [0, apart]


def test_rules_cool_down_apart(tape, eager_params) -> None:
    """A quote that jumps by 8 % and away from its fair value is two findings of one event."""
    tape.spot(685.0, at=0)
    for second in range(31):
        tape.quote(2.45, 2.55, at=second).fmv(2.50, at=second)
    tape.quote(2.65, 2.75, at=31).fmv(2.90, at=31)
    signals = tape.fold(eager_params(SEED)).signals
    assert [RULE_NAMES[s["rule"]] for s in signals] == ["price_move", "fmv_divergence"]
    assert signals["parent"].tolist() == [-1, 0]


# --- one event is told once -----------------------------------------------------------------------------


def parents(tape, params):
    """List which head each signal joined, -1 for heads."""
    return tape.fold(params).signals["parent"].tolist()


def test_a_contract_that_fires_again_within_its_cooldown_joins_its_first(tape, eager_params) -> None:
    again = [(at + part, percent) for at in range(0, 50, 5) for part, percent in ((0, HOT), (1, COLD))]
    assert parents(told(tape, again), eager_params(SEED)) == [-1] + [0] * 9


def test_the_cooldown_counts_from_the_head_and_is_not_drawn_out_by_what_joins(tape, eager_params) -> None:
    again = [(at + part, percent) for at in range(0, 130, 5) for part, percent in ((0, HOT), (1, COLD))]
    found = parents(told(tape, again), eager_params(SEED))
    assert [k for k, parent in enumerate(found) if parent < 0] == [0, 12, 24]
    assert found[13] == 1


@pytest.mark.parametrize(
    ("why", "cid", "at", "percent", "expected"),
    [
        ("the strike beside it, at once", 5, 1.0, HOT, 0),
        ("the other right of it", 2, 1.0, HOT, 0),
        ("two strikes away", 6, 1.9, HOT, 0),
        ("too late", 5, DEFAULT.group_s, HOT, -1),
        ("the other way", 5, 1.0, -HOT, -1),
    ],
)
def test_strikes_side_by_side_are_told_together(tape, eager_params, why, cid, at, percent, expected) -> None:
    told(told(tape, [(0, HOT)], cid=3), [(at, percent)], cid=cid)
    assert parents(tape, eager_params(SEED)) == [-1, expected], why


def jumped(tape, first, then, at):
    """Let one rule fire at second 31 and another `at` seconds later: a mid that jumps, a fair value away."""
    tape.spot(685.0, at=0)
    for second in range(31):
        tape.quote(2.45, 2.55, at=second)
    for rule, second in ((first, 31.0), (then, 31.0 + at)):
        if rule == "price_move":
            tape.quote(2.65, 2.75, at=second)
        else:
            tape.fmv(3.30, at=second)
    return tape


@pytest.mark.parametrize(
    ("first", "then", "at", "joins"),
    [
        ("price_move", "fmv_divergence", DEFAULT.event_s, True),
        ("price_move", "fmv_divergence", DEFAULT.event_move_s, True),
        ("price_move", "fmv_divergence", DEFAULT.event_move_s + 0.1, False),
        ("fmv_divergence", "price_move", DEFAULT.event_s, True),
        ("fmv_divergence", "price_move", DEFAULT.event_s + 0.1, False),
    ],
)
def test_rules_of_one_contract_are_one_event(tape, eager_params, first, then, at, joins) -> None:
    signals = jumped(tape, first, then, at).fold(eager_params(SEED)).signals
    assert [RULE_NAMES[s["rule"]] for s in signals[:2]] == [first, then]
    assert signals["parent"][:2].tolist() == [-1, 0 if joins else -1]


def test_an_event_is_of_one_contract(tape, eager_params) -> None:
    jumped(tape, "price_move", "price_move", 0.0).quote(2.45, 2.55, at=32, cid=5).fmv(3.30, at=32, cid=5)
    assert parents(tape, eager_params(SEED)) == [-1, -1]


def test_strikes_far_apart_are_told_apart(tape, eager_params) -> None:
    """680 and 690 are two strikes apart here, and reach is one."""
    told(told(tape, [(0, HOT)], cid=3), [(1, HOT)], cid=5)
    assert parents(tape, eager_params(SEED, {"group_strikes": 1.0})) == [-1, -1]


def test_what_joins_a_neighbour_hands_its_head_on(tape, eager_params) -> None:
    for at, cid in ((0, 1), (1.5, 3), (3.0, 5)):
        told(tape, [(at, HOT)], cid=cid)
    assert parents(tape, eager_params(SEED)) == [-1, 0, 0]


def storm(contracts, spacing_s=0.1, seconds=40.0):
    """Write a tape on which contracts, one strike each and far apart, diverge one after the other."""
    rows = []
    for k in range(int(seconds / spacing_s)):
        ts = BASE_NS + round(k * spacing_s * NS)
        cid = 1 + 2 * (k * 7 % contracts)
        percent = HOT if k // contracts % 2 == 0 else COLD
        rows.append((ts, cid, 24_500, 25_500, 30, 30, 0, 1, QUOTE, 0))
        rows.append((ts, cid, round(25_000 * (1 + percent / 100)), MISSING, 0, 0, 0, 1, FMV, 0))
    return np.array(rows, EVENT)


def many(contracts):
    """Return the state before the first event of a table of so many strikes."""
    table = ContractTable(
        Contract("SPY", DAY, right, (500 + 1 * k) * 1000) for k in range(contracts) for right in "CP"
    )
    return new_state(table, lambda root, expiry: BASE_NS + 3600 * NS, 100, 100)


def heads_of(events, contracts, p):
    signals = step(many(contracts), events, FoldParams(signals=p).pack())
    return signals[signals["parent"] < 0], signals


def test_ten_thousand_triggers_are_a_handful_of_heads() -> None:
    p = replace(SEED, group_strikes=0.0)
    heads, signals = heads_of(storm(10_000, spacing_s=0.001, seconds=10.0), 10_000, p)
    assert len(signals) == 10_000
    assert len(heads) == p.storm_heads
    last = len(heads) - 1
    assert (signals["parent"][last + 1 :] == last).all()


def test_a_storm_has_one_new_head_per_cooldown_until_its_rate_falls() -> None:
    p = replace(SEED, group_strikes=0.0)
    heads, signals = heads_of(storm(3_000, spacing_s=0.1, seconds=300.0), 3_000, p)
    since = (heads["ts"] - signals["ts"][0]) / NS
    assert len(signals) == 3_000
    assert (since < p.storm_window_s).sum() == p.storm_heads
    later = since[p.storm_heads :]
    assert len(later) == 4
    assert np.allclose(np.diff(later), p.cooldown_s, atol=0.2)


def test_signals_that_come_no_faster_than_the_bound_all_stand_alone() -> None:
    p = replace(SEED, group_strikes=0.0)
    spacing_s = 1.01 * p.storm_window_s / p.storm_heads
    heads, signals = heads_of(storm(500, spacing_s, seconds=400.0), 500, p)
    assert len(heads) == len(signals) > 190


def test_a_storm_ends(tape) -> None:
    """After a pause the next signal is a head again."""
    p = replace(SEED, group_strikes=0.0)
    before = storm(1_000, spacing_s=0.01, seconds=9.0)
    after = storm(1_000, spacing_s=0.01, seconds=10.0)[2 * 900 :]
    after["ts"] += 5 * NS
    heads, _ = heads_of(np.concatenate([before, after]), 1_000, p)
    assert (heads["ts"] >= after["ts"][0]).any()


# --- when nothing may fire --------------------------------------------------------------------------------


@pytest.mark.parametrize(("at", "fires"), [(DEFAULT.mute_s - 0.1, 0), (DEFAULT.mute_s, 1)])
def test_the_first_minutes_are_muted(tape, eager_params, at, fires) -> None:
    params = eager_params(SEED, {"mute_s": DEFAULT.mute_s})
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
    volume, spread, price, fmv = p.by_rule[:4]
    thresholds = (
        (volume.ratio if p.seed else volume.z, volume.half),
        (1 / spread.ratio, spread.half),
        (price.percent if p.seed else price.z, price.half),
        (fmv.percent if p.seed else fmv.edge, fmv.half),
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
