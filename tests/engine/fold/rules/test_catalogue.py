"""The catalogue: every rule is complete, and every signal can be decided again from its own numbers."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from datetime import date
from math import nan

import numpy as np
import pytest

from engine.feeds.simulated import SimulatedSource
from engine.fold.params import PRESETS, FoldParams, SignalParams, with_settings
from engine.fold.records import SIGNAL
from engine.fold.rules.catalogue import MOST_RULES, RULE_NAMES, number_of, rule_named, rules
from engine.fold.thresholds import declared
from engine.model.events import UNDERLYING
from engine.tape.timeline import Timeline
from tests.paths import ROOT

ROOM = SIGNAL["evidence"].shape[0]
DAY = date(2025, 12, 16)
EVERY = pytest.mark.parametrize("rule", rules(), ids=RULE_NAMES)

STRICTER = {
    "volume_spike": "volume_spike.ratio",
    "spread_tightening": "spread_tightening.ticks",
    "price_move": "price_move.ticks",
    "fmv_divergence": "fmv_divergence.edge",
    "sweep": "sweep.prints",
    "block": "block.premium_usd",
}


def test_rules_stand_in_the_order_of_their_names() -> None:
    assert tuple(rule.name for rule in rules()) == RULE_NAMES
    assert [rule.number for rule in rules()] == list(range(len(RULE_NAMES)))
    assert number_of("sweep") == rule_named("sweep").number
    assert rule_named("user:mine") is None


def test_no_more_rules_than_the_state_has_bits_for() -> None:
    assert len(RULE_NAMES) <= MOST_RULES


@EVERY
def test_each_number_of_evidence_has_a_name_a_unit_and_a_meaning(rule) -> None:
    names = [column.name for column in rule.evidence]
    assert 0 < len(names) == len(set(names)) <= ROOM
    for column in rule.evidence:
        assert column.name.isidentifier()
        assert column.unit
        assert column.meaning


@EVERY
def test_each_threshold_has_a_unit_and_a_meaning_and_a_value_under_every_preset(rule) -> None:
    known = list(declared(rule.default, rule.name))
    assert [spec.field for spec in known] == [field.name for field in fields(rule.default)]
    for spec in known:
        assert spec.unit
        assert spec.meaning
        for preset in PRESETS.values():
            assert spec.checked(preset.value(spec)) == preset.value(spec)
    assert 0 < rule.default.half


def test_names_prefixes_and_words_are_each_rules_own() -> None:
    for told in ("name", "prefix", "label", "tag"):
        values = [getattr(rule, told) for rule in rules()]
        assert all(values)
        assert len(set(values)) == len(values)
    shared = {field.name for field in fields(SignalParams)}
    assert not any(name.startswith(rule.prefix) for name in shared for rule in rules())


@EVERY
def test_each_rule_says_when_it_fires_and_has_a_version(rule) -> None:
    assert rule.fires.endswith(".")
    assert rule.version >= 1
    assert rule.version_name(False) == f"{rule.name}/default/{rule.version}"
    assert rule.version_name(True) == f"{rule.name}/seed/{rule.version}"


@EVERY
@pytest.mark.parametrize("value", [1.0, -1.0, 0.0, nan])
def test_each_rule_can_be_worded_whatever_its_numbers_are(rule, value) -> None:
    numbers = dict(rule.named([value] * ROOM))
    assert all(words(numbers) for words in (rule.sentence, rule.line, rule.brief))
    assert len(rule.brief(numbers)) <= len(rule.line(numbers))


def test_names_are_known_without_the_compiler() -> None:
    code = (
        "import sys; from engine.fold.rules.catalogue import RULE_NAMES\n"
        "assert not {'numba', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


# --- deciding again -----------------------------------------------------------------------------------------


def check(signals, p: SignalParams) -> None:
    """Hold each signal's strength against that of its evidence."""
    for signal in signals:
        rule = rules()[signal["rule"]]
        found = rule.rederive(signal["evidence"].tolist(), p.of(rule), p.seed)
        assert found is not None, rule.name
        assert abs(found - signal["strength"]) <= 1e-12
        assert signal["direction"] in (-1, 0, 1)
        assert 0 <= signal["side_confidence"] <= 1
        assert (signal["cid"] == UNDERLYING) == (rule.about == "underlying")


@pytest.mark.parametrize("preset", PRESETS)
def test_a_random_tapes_signals_follow_from_their_evidence(
    mixed_events, fold_events, touchy_params, preset
) -> None:
    params = touchy_params(preset)
    signals = fold_events(mixed_events(3, 4000), params).signals
    assert {RULE_NAMES[rule] for rule in signals["rule"]} >= set(STRICTER)
    check(signals, params.signals)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_simulated_days_signals_follow_from_their_evidence(preset) -> None:
    params = FoldParams(signals=PRESETS[preset])
    timeline = Timeline(SimulatedSource(DAY).open("IWM"), params)
    for _ in timeline.advance(timeline.end_ns):
        pass
    assert len(timeline.signals) > 50
    check(timeline.signals, params.signals)


@pytest.mark.parametrize("name", STRICTER)
def test_evidence_is_refused_by_thresholds_it_does_not_reach(
    mixed_events, fold_events, touchy_params, name
) -> None:
    """The comparison can fail: a thousandfold threshold refuses all of a rule's signals."""
    p, rule = touchy_params("default").signals, rule_named(name)
    now = getattr(p.of(rule), STRICTER[name].partition(".")[2])
    strict = with_settings(p, {"block.size": 1e9, STRICTER[name]: 1000 * now})
    mine = fold_events(mixed_events(3, 4000), FoldParams(signals=p)).fired(name)
    assert mine
    assert all(rule.rederive(s["evidence"].tolist(), strict.of(rule), strict.seed) is None for s in mine)


def test_unused_evidence_is_zero(mixed_events, fold_events, touchy_params) -> None:
    for signal in fold_events(mixed_events(3, 4000), touchy_params("default")).signals:
        assert not np.any(signal["evidence"][len(rules()[signal["rule"]].evidence) :])
