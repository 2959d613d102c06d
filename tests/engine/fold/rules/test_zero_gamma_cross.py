"""Zero-gamma cross: told each way, held against the exposure room, silent where nothing was crossed."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analytics.exposure import exposure
from engine.fold.rules.firing import strength_of
from engine.fold.rules.zero_gamma_cross import RULE, ZeroGammaCrossParams
from tests.fakes.gamma_tape import (
    FLOW,
    HELD,
    RATE,
    STRIKES,
    book_of,
    chain,
    evidence,
    found,
    quoted,
    walk,
)

P = ZeroGammaCrossParams()


@pytest.fixture
def crossing(tape):
    """The spot falls through the zero and comes back."""
    return walk(chain(tape, 688.0), 688.0, 688.0, 682.0, 682.0, 688.0, 688.0, seconds=30)


def test_spot_that_crosses_zero_gamma_is_told_each_way(crossing, eager_params) -> None:
    folded = crossing.fold(eager_params())
    assert found(folded) == [("zero_gamma_cross", -1), ("zero_gamma_cross", 1)]
    down, up = folded.signals[folded.signals["cid"] == 0]
    # Between two looks the spot moves by a dollar.
    assert (down["mid_after"] / 10_000, up["mid_after"] / 10_000) == pytest.approx((685.0, 685.0), abs=1.0)


def test_evidence_is_the_exposure_of_the_chain(crossing, eager_params, fold_events) -> None:
    """Held against the exposure room: net, gross, and the re-priced zero itself."""
    signals = crossing.fold(eager_params()).fired("zero_gamma_cross")
    for signal in signals:
        now = int(signal["ts"])
        before = crossing.events[crossing.events["ts"] < now]
        state = fold_events(before, eager_params()).state
        weights = [HELD.get(cid, 0) for cid in sorted(STRIKES)]
        numbers = evidence(signal)
        assert numbers["spot_usd"] == state.under["spot"][0] / 10_000
        whole = exposure(book_of(state, now, weights), numbers["spot_usd"], RATE)
        assert numbers["net"] == pytest.approx(whole.total_net, rel=1e-9)
        assert numbers["gross"] == pytest.approx(whole.total_gross, rel=1e-9)
        assert numbers["zero_gamma_usd"] == pytest.approx(whole.zero_gamma.headline, abs=1e-6)


def test_cross_can_be_decided_again_from_its_evidence(crossing, eager_params) -> None:
    for signal in crossing.fold(eager_params()).fired("zero_gamma_cross"):
        n = evidence(signal)
        assert n["share"] == abs(n["net"]) / n["gross"] >= P.share
        assert n["share_before"] >= P.share
        assert n["net"] * n["net_before"] < 0
        low, high = sorted((n["spot_before_usd"], n["spot_usd"]))
        assert low < n["zero_gamma_usd"] < high
        assert signal["direction"] == np.sign(n["spot_usd"] - n["spot_before_usd"])
        assert signal["strength"] == strength_of(n["share"], P.half)
        assert "crossed zero gamma at 68" in RULE.reason(signal["evidence"].tolist())


def test_spot_that_dithers_at_the_zero_is_not_told(tape, eager_params) -> None:
    """Less than 2 % of the gross on either side is no clear sign."""
    chain(tape, 688.0)
    state = tape.fold(eager_params()).state
    weights = [HELD.get(cid, 0) for cid in sorted(STRIKES)]
    now = int(state.under["clock"][0])
    zero = exposure(book_of(state, now, weights), 688.0, RATE).zero_gamma.headline
    tape.spot(zero + 0.02, at=1)
    walk(tape, *([zero + 0.02, zero - 0.02] * 10), seconds=5)
    assert found(tape.fold(eager_params())) == []
    assert found(tape.fold(eager_params(changes={"zero_gamma_cross.share": 1e-4}))) != []


def test_book_that_changes_its_sign_under_the_spot_is_no_cross(tape, eager_params) -> None:
    """Customers sell, then buy three times as much: the dealers' inventory turns over, the spot stays."""
    quoted(tape, 686.0)
    flow = eager_params(changes={"levels_convention": FLOW})
    walk(tape.trade(sold(tape, 1), 500, at=1, cid=1), 686.0, 686.0, seconds=70)
    assert tape.fold(flow).under["net_sign"] > 0
    walk(tape.trade(9.0, 1500, at=tape.at + 1, cid=1), 686.0, 686.0, seconds=90)
    folded = tape.fold(flow)
    assert folded.under["net_sign"] < 0
    assert [pair for pair in found(folded) if pair[0] != "wall_break"] == [("regime_change", 0)]


def sold(tape, cid):
    """Return a price below the contract's last bid."""
    events = tape.events
    return (events["p1"][(events["cid"] == cid) & (events["kind"] == 0)][-1] - 100) / 10_000
