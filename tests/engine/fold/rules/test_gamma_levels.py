"""Rules about levels of dealer gamma: what they see, when they speak, and that they keep quiet otherwise.

The chain has three strikes, 680, 685 and 690, quoted at a volatility of 20 % six hours before they settle.
Puts of 680 and calls of 690 are held: net gamma is positive above a zero near 685 and negative below.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import partial
from itertools import pairwise

import numpy as np
import pytest

from engine.analytics.exposure import Book, exposure
from engine.analytics.greeks import price_greeks, years
from engine.feeds.simulated import SimulatedSource
from engine.fold.params import FoldParams, SignalParams
from engine.fold.rules.evidence import named, reason
from engine.fold.rules.firing import RULE_NAMES, strength_of
from engine.fold.rules.gamma_levels import horizon_of
from engine.fold.state import new_state, static_of
from engine.fold.step import step
from engine.model.calendar import settle_ns, underlying
from engine.model.contracts import Contract, ContractTable
from engine.model.events import NS
from engine.tape.timeline import Timeline

DAY, LATER = date(2025, 12, 16), date(2025, 12, 17)
SETTLES = settle_ns(underlying("SPY"), "SPY", DAY)
STRIKES = {1: (685, 1), 2: (685, -1), 3: (680, 1), 4: (680, -1), 5: (690, 1), 6: (690, -1)}
HELD = {4: 20_000, 5: 20_000}
P = SignalParams()
RATE = FoldParams().rate
LEVELS = ("zero_gamma_cross", "wall_break", "regime_change")
ASSUMED, FLOW, BLENDED = range(3)


def quoted(tape, spot, at=0.0, settles=SETTLES):
    """Put a spot and a two-sided quote of every contract."""
    tape.spot(spot, at=at)
    T = years(settles, int(tape.events["ts"][-1]))
    for cid, (strike, cp) in STRIKES.items():
        price = price_greeks(spot, strike, T, RATE, 0.0, 0.2, cp)[0]
        tape.quote(price - 0.01, price + 0.01, cid=cid)
    return tape


def held(tape, contracts=None, at=0.0):
    """Tell open interest."""
    for cid, count in (HELD if contracts is None else contracts).items():
        tape.oi(count, at=at, cid=cid)
    return tape


def walk(tape, *spots, seconds=10.0):
    """Let the spot go through prices, `seconds` for each leg, a step a second and never standing still."""
    for a, b in pairwise(spots):
        for second in range(round(seconds)):
            share = (second + 1) / round(seconds)
            jitter = 0.01 * (second % 2)
            tape.spot(a + (b - a) * share + jitter, at=tape.at + 1)
    return tape


def chain(tape, spot, contracts=None):
    return quoted(held(tape, contracts), spot)


def found(folded):
    """List (rule, direction) of the signals about levels."""
    return [
        (RULE_NAMES[s["rule"]], int(s["direction"]))
        for s in folded.signals
        if RULE_NAMES[s["rule"]] in LEVELS
    ]


def base_of(tape):
    return int(tape.events["ts"][0])


def evidence(signal):
    return dict(named(int(signal["rule"]), signal["evidence"].tolist()))


def book_of(state, now, weights):
    """The chain as the exposure room takes it, with the volatilities the fold has kept."""
    cids = np.array(sorted(STRIKES))
    strike, sign = np.array([STRIKES[cid] for cid in cids], float).T
    iv = state.cells["iv"][cids]
    return Book(strike, sign, np.full(6, years(SETTLES, now)), iv, np.array(weights, float), 100.0)


@pytest.fixture
def crossing(tape):
    """The spot falls through the zero and comes back."""
    return walk(chain(tape, 688.0), 688.0, 688.0, 682.0, 682.0, 688.0, 688.0, seconds=30)


# --- zero gamma -----------------------------------------------------------------------------------------


def test_spot_that_crosses_zero_gamma_is_told_each_way(crossing, eager_params) -> None:
    folded = crossing.fold(eager_params())
    assert found(folded) == [("zero_gamma_cross", -1), ("zero_gamma_cross", 1)]
    down, up = folded.signals[folded.signals["cid"] == 0]
    assert (down["mid_after"] / 10_000, up["mid_after"] / 10_000) == pytest.approx((684.6, 685.4), abs=0.6)


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
        assert n["share"] == abs(n["net"]) / n["gross"] >= P.cross_share
        assert n["share_before"] >= P.cross_share
        assert n["net"] * n["net_before"] < 0
        low, high = sorted((n["spot_before_usd"], n["spot_usd"]))
        assert low < n["zero_gamma_usd"] < high
        assert signal["direction"] == np.sign(n["spot_usd"] - n["spot_before_usd"])
        assert signal["strength"] == strength_of(n["share"], P.cross_half)
        assert "crossed zero gamma at 68" in reason(int(signal["rule"]), signal["evidence"].tolist())


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
    assert found(tape.fold(eager_params(cross_share=1e-4))) != []


def test_book_that_changes_its_sign_under_the_spot_is_no_cross(tape, eager_params) -> None:
    """Customers sell, then buy three times as much: the dealers' inventory turns over, the spot stays."""
    quoted(tape, 686.0)
    flow = eager_params(levels_convention=FLOW)
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


# --- walls ----------------------------------------------------------------------------------------------


@pytest.fixture
def rally(tape):
    """The spot stays below the call wall of 690 for long, then rises well through it."""
    chain(tape, 687.0, {3: 100, 5: 50_000, 4: 1000})
    return walk(walk(tape, *[687.0, 687.5] * 2, seconds=110), 687.5, 693.5, 693.5, seconds=20)


def test_spot_that_rises_through_the_call_wall_is_told(rally, eager_params) -> None:
    folded = rally.fold(eager_params())
    assert ("wall_break", 1) in found(folded)
    (signal,) = folded.fired("wall_break")
    n = evidence(signal)
    assert (n["wall_usd"], n["step_usd"]) == (690.0, 5.0)
    assert n["beyond"] == (n["spot_usd"] - 690.0) / 5.0 >= P.wall_margin
    assert n["stood_s"] >= P.wall_stood_s
    assert n["wall_gex"] > 0
    assert signal["strength"] == strength_of(n["beyond"], P.wall_half)
    assert "broke the wall at 690.00" in reason(int(signal["rule"]), signal["evidence"].tolist())


def test_spot_that_falls_through_the_put_wall_is_told(tape, eager_params) -> None:
    chain(tape, 683.0, {4: 50_000, 5: 1000})
    walk(walk(tape, *[683.0, 682.5] * 2, seconds=110), 682.5, 676.0, 676.0, seconds=20)
    folded = tape.fold(eager_params())
    assert ("wall_break", -1) in found(folded)
    n = evidence(folded.fired("wall_break")[0])
    assert n["wall_usd"] == 680.0
    assert n["beyond"] == (680.0 - n["spot_usd"]) / 5.0
    assert n["wall_gex"] < 0


def test_wall_is_the_one_of_the_exposure_room(rally, eager_params) -> None:
    folded = rally.fold(eager_params())
    under = folded.under
    weights = [{3: 100, 5: 50_000, 4: 1000}.get(cid, 0) for cid in sorted(STRIKES)]
    spot = under["spot"] / 10_000
    whole = exposure(book_of(folded.state, int(under["clock"]), weights), spot, RATE)
    assert under["wall_strike"].tolist() == [whole.call_wall, whole.put_wall] == [690.0, 680.0]


def test_wall_that_has_not_stood_for_long_is_no_wall(rally, eager_params) -> None:
    assert "wall_break" not in dict(found(rally.fold(eager_params(wall_stood_s=400.0))))


def test_touching_a_wall_does_not_break_it(tape, eager_params) -> None:
    chain(tape, 687.0, {3: 100, 5: 50_000, 4: 1000})
    walk(walk(tape, *[687.0, 687.5] * 2, seconds=110), 687.5, 692.0, 687.0, seconds=20)
    assert "wall_break" not in dict(found(tape.fold(eager_params())))


def test_broken_wall_must_stand_anew(rally, eager_params) -> None:
    """Back below it, and through it again two minutes later: that is the same break."""
    again = walk(rally, 693.5, 688.0, 688.0, 693.5, 693.5, seconds=30)
    assert Counter(found(again.fold(eager_params())))[("wall_break", 1)] == 1
    soon = eager_params(wall_stood_s=20.0, cooldown_s=0.0)
    assert Counter(found(again.fold(soon)))[("wall_break", 1)] == 2


# --- regimes --------------------------------------------------------------------------------------------


def test_regime_is_told_when_its_sign_has_stood(tape, eager_params) -> None:
    """The first regime is where the day starts from, and no change."""
    walk(chain(tape, 688.0), 688.0, 688.0, 688.0, 682.0, seconds=50)
    early = tape.fold(eager_params())
    assert "regime_change" not in dict(found(early))
    walk(tape, 682.0, 682.0, seconds=70)
    (signal,) = tape.fold(eager_params()).fired("regime_change")
    n = evidence(signal)
    assert n["net"] < 0 < n["net_before"]
    assert n["share"] == abs(n["net"]) / n["gross"] >= P.regime_share
    assert n["stood_s"] >= P.regime_stood_s
    assert signal["direction"] == 0
    assert signal["strength"] == strength_of(n["share"], P.regime_half)
    assert "dealer gamma has been negative" in reason(int(signal["rule"]), signal["evidence"].tolist())


def test_regime_that_does_not_last_is_not_told(tape, eager_params) -> None:
    chain(tape, 688.0)
    walk(tape, 688.0, 688.0, 682.0, 688.0, 688.0, seconds=45)
    folded = tape.fold(eager_params())
    assert "regime_change" not in dict(found(folded))
    assert folded.under["regime"] == 1


# --- conventions and books ------------------------------------------------------------------------------


def test_without_open_interest_there_is_no_assumed_book(tape, eager_params) -> None:
    walk(quoted(tape, 688.0), 688.0, 688.0, 682.0, 682.0, seconds=80)
    folded = tape.fold(eager_params())
    assert found(folded) == []
    assert (folded.under["net_sign"], folded.under["regime"]) == (0, 0)


@pytest.mark.parametrize(("convention", "net"), [(ASSUMED, 300 - 700), (FLOW, -50 + 20), (BLENDED, -430)])
def test_convention_says_what_dealers_hold(tape, eager_params, convention, net) -> None:
    """300 calls and 700 puts of one strike, of which customers bought 50 calls and sold 20 puts today."""
    chain(tape, 686.0, {1: 300, 2: 700})
    tape.trade(20.0, 50, at=1, cid=1).trade(0.01, 20, at=1, cid=2)
    folded = walk(tape, 686.0, 686.0, seconds=20).fold(eager_params(levels_convention=convention))
    look = folded.state
    spot, now = look.under["net_spot"][0] / 10_000, base_of(tape) + 15 * NS
    iv = look.cells["iv"][1]
    gamma = price_greeks(spot, 685.0, years(SETTLES, now), RATE, 0.0, iv, 1.0)[2]
    assert look.under["net"][0] == pytest.approx(net * 100 * gamma, rel=2e-3)


def settling(*expiries):
    table = ContractTable(Contract("SPY", each, "C", 685_000) for each in expiries)
    return static_of(table, partial(settle_ns, underlying("SPY")), 100, 100)


@pytest.mark.parametrize(
    ("count", "moment", "expected"),
    [(1, SETTLES - 1, DAY), (1, SETTLES, LATER), (2, SETTLES - 1, LATER), (5, SETTLES - 1, LATER)],
)
def test_nearest_settlements_that_still_trade_count(count, moment, expected) -> None:
    horizon = horizon_of(moment, count, settling(LATER, DAY))
    assert horizon == settle_ns(underlying("SPY"), "SPY", expected)


@pytest.mark.parametrize(("count", "summed"), [(1, 1), (2, 2), (0, 2)])
def test_other_settlements_have_no_weight(tape, eager_params, count, summed) -> None:
    """300 calls that settle today and 700 tomorrow, at one volatility a contract."""
    table = ContractTable(Contract("SPY", each, "C", 685_000) for each in (DAY, LATER))
    state = new_state(table, partial(settle_ns, underlying("SPY")), 100, 100)
    tape.spot(685.0, at=0).oi(300, cid=1).oi(700, cid=2).quote(2.0, 2.1, cid=1).quote(4.0, 4.1, cid=2)
    params = eager_params(levels_expiries=count)
    step(state, walk(tape, 685.0, 685.0, seconds=7).events, params.pack())
    spot, now = state.under["net_spot"][0] / 10_000, base_of(tape) + 5 * NS
    expected = [
        contracts * 100 * price_greeks(spot, 685.0, years(settles, now), RATE, 0.0, iv, 1.0)[2]
        for contracts, settles, iv in zip((300, 700), state.static["settle_ns"][1:].tolist(),
                                        state.cells["iv"][1:].tolist(), strict=True)
    ]  # fmt: skip
    assert state.under["net"][0] == pytest.approx(sum(expected[:summed]), rel=1e-9)


def test_all_settlements_count_when_asked() -> None:
    assert horizon_of(SETTLES, 0, settling(LATER, DAY)) > settle_ns(underlying("SPY"), "SPY", LATER)


# --- when they are silent ---------------------------------------------------------------------------------


def test_a_look_sees_what_stood_before_its_event(tape, eager_params) -> None:
    """The very tick that crosses is seen at the next look, five seconds later."""
    chain(tape, 688.0)
    walk(tape, 688.0, 688.0, seconds=14)
    tape.spot(682.0, at=15.0)
    assert found(tape.fold(eager_params())) == []
    tape.spot(682.01, at=19.9)
    assert found(tape.fold(eager_params())) == []
    tape.spot(682.0, at=20.0)
    assert found(tape.fold(eager_params())) == [("zero_gamma_cross", -1)]


def test_nothing_is_told_while_the_tape_is_young(crossing, eager_params) -> None:
    assert found(crossing.fold(eager_params(mute_s=600.0))) == []


def test_nothing_is_told_across_a_gap(tape, eager_params) -> None:
    """The feed was silent while the spot fell through the zero: nobody knows when, and quotes are old."""
    chain(tape, 688.0)
    walk(tape, 688.0, 688.0, seconds=20)
    tape.gap(10.0, at=tape.at + 10)
    walk(tape, 682.0, 682.0, seconds=50)
    assert found(tape.fold(eager_params())) == []


def test_time_alone_changes_nothing_on_a_frozen_chain(tape, eager_params) -> None:
    """The same quotes and the same spot for an hour: gamma fades strike by strike, and nothing is told."""
    chain(tape, 684.6)
    walk(tape, 684.6, 684.6, seconds=100)
    for minute in range(120):
        tape.at = 110 + 30.0 * minute
        quoted(tape, 684.6, at=tape.at, settles=SETTLES + 10 * 3600 * NS)
    folded = tape.fold(eager_params(regime_share=0.001, cross_share=0.001))
    assert found(folded) == []
    assert folded.under["net_sign"] == 0


@pytest.mark.parametrize("cut", [1, 5, 13, 27])
def test_no_cut_between_two_looks_changes_a_bit(crossing, fold_events, eager_params, bits_of, cut) -> None:
    params = eager_params()
    whole = crossing.fold(params)
    parts = fold_events(crossing.events, params, range(cut, len(crossing.events), cut))
    assert len(whole.signals) >= 2
    for one, other in ((whole.signals, parts.signals), (whole.state.under, parts.state.under)):
        assert bits_of(one) == bits_of(other)


@pytest.mark.parametrize("convention", [ASSUMED, FLOW, BLENDED])
def test_a_day_with_nothing_planted_is_quiet(convention) -> None:
    """At most two an hour over the three rules."""
    tape = SimulatedSource(DAY, planted=False).open("IWM")
    timeline = Timeline(tape, FoldParams(signals=SignalParams(levels_convention=convention)))
    while not timeline.scout(1 << 20):
        pass
    told = [s for s in timeline.signals if RULE_NAMES[s["rule"]] in LEVELS]
    hours = (timeline.end_ns - timeline.start_ns) / 3600 / NS
    assert len(told) <= 2 * hours
