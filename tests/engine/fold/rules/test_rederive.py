"""Every signal can be decided again from its own numbers, by code that shares nothing with the detectors."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from engine.feeds.simulated import SimulatedSource
from engine.fold.params import PRESETS, FoldParams, SignalParams
from engine.fold.rules.evidence import EVIDENCE
from engine.fold.rules.firing import RULE_NAMES
from engine.fold.rules.rederive import rederive
from engine.tape.timeline import Timeline

BY_CONTRACT = RULE_NAMES[:6]
DAY = date(2025, 12, 16)


def check(signals, p: SignalParams) -> None:
    """Hold each signal's strength against that of its evidence."""
    for signal in signals:
        found = rederive(int(signal["rule"]), signal["evidence"].tolist(), p)
        assert found is not None, RULE_NAMES[signal["rule"]]
        assert abs(found - signal["strength"]) <= 1e-12
        assert signal["direction"] in (-1, 0, 1)
        assert 0 <= signal["side_confidence"] <= 1


@pytest.mark.parametrize("preset", PRESETS)
def test_a_random_tapes_signals_follow_from_their_evidence(
    mixed_events, fold_events, touchy_params, preset
) -> None:
    params = touchy_params(preset)
    signals = fold_events(mixed_events(3, 4000), params).signals
    assert {RULE_NAMES[rule] for rule in signals["rule"]} >= set(BY_CONTRACT)
    check(signals, params.signals)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_simulated_days_signals_follow_from_their_evidence(preset) -> None:
    params = FoldParams(signals=PRESETS[preset])
    timeline = Timeline(SimulatedSource(DAY).open("IWM"), params)
    for _ in timeline.advance(timeline.end_ns):
        pass
    assert len(timeline.signals) > 50
    check(timeline.signals, params.signals)


STRICTER = {
    "volume_spike": "volume_ratio",
    "spread_tightening": "spread_ticks",
    "price_move": "price_ticks",
    "fmv_divergence": "fmv_edge",
    "sweep": "sweep_prints",
    "block": "block_premium_usd",
}


@pytest.mark.parametrize("rule", BY_CONTRACT)
def test_evidence_is_refused_by_thresholds_it_does_not_reach(
    mixed_events, fold_events, touchy_params, rule
) -> None:
    """The comparison can fail: a thousandfold threshold refuses all of a rule's signals."""
    params = touchy_params("default")
    strict = replace(params.signals, **{STRICTER[rule]: 1000 * getattr(params.signals, STRICTER[rule])})
    strict = replace(strict, block_size=10**9)
    signals = fold_events(mixed_events(3, 4000), params).signals
    mine = signals[signals["rule"] == RULE_NAMES.index(rule)]
    assert mine.size
    assert all(rederive(int(s["rule"]), s["evidence"].tolist(), strict) is None for s in mine)


def test_unused_evidence_is_zero(mixed_events, fold_events, touchy_params) -> None:
    signals = fold_events(mixed_events(3, 4000), touchy_params("default")).signals
    for signal in signals:
        spare = signal["evidence"][len(EVIDENCE[int(signal["rule"])]) :]
        assert not np.any(spare)
