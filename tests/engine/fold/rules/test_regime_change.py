"""Regime change: told when its sign has stood, and only then."""

from __future__ import annotations

from engine.fold.rules.firing import strength_of
from engine.fold.rules.regime_change import RULE, RegimeChangeParams
from tests.fakes.gamma_tape import (
    chain,
    evidence,
    found,
    walk,
)

P = RegimeChangeParams()


def test_regime_is_told_when_its_sign_has_stood(tape, eager_params) -> None:
    """The first regime is where the day starts from, and no change."""
    walk(chain(tape, 688.0), 688.0, 688.0, 688.0, 682.0, seconds=50)
    early = tape.fold(eager_params())
    assert "regime_change" not in dict(found(early))
    walk(tape, 682.0, 682.0, seconds=70)
    (signal,) = tape.fold(eager_params()).fired("regime_change")
    n = evidence(signal)
    assert n["net"] < 0 < n["net_before"]
    assert n["share"] == abs(n["net"]) / n["gross"] >= P.share
    assert n["stood_s"] >= P.stood_s
    assert signal["direction"] == 0
    assert signal["strength"] == strength_of(n["share"], P.half)
    assert "dealer gamma has been negative" in RULE.reason(signal["evidence"].tolist())


def test_regime_that_does_not_last_is_not_told(tape, eager_params) -> None:
    chain(tape, 688.0)
    walk(tape, 688.0, 688.0, 682.0, 688.0, 688.0, seconds=45)
    folded = tape.fold(eager_params())
    assert "regime_change" not in dict(found(folded))
    assert folded.under["regime"] == 1
