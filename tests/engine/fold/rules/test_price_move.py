"""Price move: a mid that moves by more than the underlying explains, in its own noise."""

from __future__ import annotations

from datetime import date
from math import isnan, sqrt

import numpy as np
import pytest

from engine.analytics.greeks import price_greeks, years
from engine.fold.params import PRESETS, FoldParams
from engine.fold.rules.firing import strength_of
from engine.fold.rules.price_move import RULE, PriceMoveParams
from engine.model.calendar import settle_ns
from engine.model.events import NS
from engine.model.underlyings import underlying

P = PriceMoveParams()
CALL, PUT, STRIKE = 1, 2, 685.0
JUMP = 30.0
HOLD = P.hold_s
WINDOWS = 2 * P.window_s


def steady(tape, mid=2.50, half=0.02, since=0.0, until=JUMP, every=0.5, cid=CALL):
    """Quote one mid every half second."""
    at = since
    while at < until:
        tape.quote(mid - half, mid + half, at=at, cid=cid)
        at += every
    return tape


def found(tape, params):
    return tape.fold(params).fired("price_move")


@pytest.fixture
def spotted(tape):
    return tape.spot(STRIKE, at=0)


@pytest.mark.parametrize(("step", "direction"), [(0.30, 1), (-0.30, -1)])
def test_mid_that_moves_without_the_underlying_fires_once(spotted, eager_params, step, direction) -> None:
    steady(steady(spotted), mid=2.50 + step, since=JUMP, until=JUMP + 20)
    (signal,) = found(spotted, eager_params())
    assert (signal["cid"], signal["direction"]) == (CALL, direction)
    assert signal["ts"] - spotted.events["ts"][0] == (JUMP + HOLD) * NS
    assert (signal["mid_before"], signal["mid_after"]) == (25_000, 25_000 + round(step * 10_000))


def test_evidence_re_derives_the_decision(spotted, eager_params) -> None:
    steady(steady(spotted).spot(STRIKE + 0.05), mid=2.80, since=JUMP, until=JUMP + 2)
    (signal,) = found(spotted, eager_params())
    n = dict(RULE.named(signal["evidence"].tolist()))
    assert n["z"] == pytest.approx(abs(n["move_usd"] - n["expected_usd"]) / n["noise_usd"], rel=1e-9)
    assert n["z"] >= P.z
    assert n["noise_usd"] >= 0.02
    assert n["move_usd"] == pytest.approx(0.30)
    assert n["percent"] == pytest.approx(100 * 0.30 / 2.50)
    assert P.window_s <= n["window_s"] <= WINDOWS + 1
    assert signal["strength"] == strength_of(n["z"], P.half)


def test_expected_move_is_delta_times_the_spots(tape, eager_params) -> None:
    """Spot rises a dollar; the mid rises by 1.30, of which about half a dollar is delta."""
    steady(steady(tape.spot(STRIKE, at=0)).spot(STRIKE + 1, at=JUMP), mid=3.80, since=JUMP, until=JUMP + 2)
    (signal,) = found(tape, eager_params())
    n = dict(RULE.named(signal["evidence"].tolist()))
    assert n["spot_move_usd"] == 1.0
    assert n["expected_usd"] == pytest.approx(0.6, abs=0.1)


def model_mid(fold: FoldParams, spot: float, ts_ns: int, cp: float) -> float:
    T = years(settle_ns(underlying("SPY"), "SPY", date(2025, 12, 16)), ts_ns)
    return price_greeks(spot, STRIKE, T, fold.rate, fold.dividend, 0.15, cp)[0]


def test_quotes_that_follow_the_underlying_are_silent(tape, eager_params) -> None:
    """Ten minutes of a spot that wanders and jumps by a dollar; both mids are the model's, to the cent."""
    params, rng, spot = eager_params(), np.random.default_rng(1), STRIKE
    base = int(tape.spot(spot, at=0).events["ts"][0])
    for k in range(1200):
        at = k / 2
        spot += float(rng.normal(0, 0.02)) + (1.0 if k in (400, 800) else 0.0)
        tape.spot(round(spot, 2), at=at)
        for cid, cp in ((CALL, 1.0), (PUT, -1.0)):
            mid = round(model_mid(params, round(spot, 2), base + int(at * NS), cp), 2)
            tape.quote(mid - 0.02, mid + 0.02, at=at, cid=cid)
    assert found(tape, params) == []


@pytest.mark.parametrize(
    ("why", "changes", "until"),
    [
        ("gone before it held", {}, JUMP + HOLD * 0.9),
        ("small in its own spread", {"half": 0.09}, JUMP + 5),
        ("small in its noise", {"mid": 2.50 + 0.02 * P.z * 0.9}, JUMP + 5),
    ],
)
def test_what_is_missing_keeps_it_silent(spotted, eager_params, why, changes, until) -> None:
    steady(steady(spotted), **{"mid": 2.80, "since": JUMP, "until": until, **changes})
    steady(spotted, since=until, until=until + 5, half=changes.get("half", 0.02))
    assert found(spotted, eager_params()) == [], why


def test_few_ticks_are_silent_whatever_the_noise_says(spotted, eager_params) -> None:
    steady(steady(spotted, half=0.001), mid=2.52, half=0.001, since=JUMP, until=JUMP + 5)
    assert len(found(spotted, eager_params(changes={"price_move.ticks": 1.5}))) == 1
    assert found(spotted, eager_params(changes={"price_move.ticks": 2.5})) == []


def test_slow_contract_is_judged_before_the_move_becomes_its_noise(spotted, eager_params) -> None:
    """Where every quote closes a window, the very move that is judged must not widen its own yardstick."""
    every = P.window_s + 1
    steady(spotted, every=every, until=20 * every)
    before = spotted.fold(eager_params()).cell()["move_var"]
    steady(spotted, mid=2.80, every=every, since=20 * every, until=22 * every)
    (signal,) = found(spotted, eager_params())
    noise = dict(RULE.named(signal["evidence"].tolist()))["noise_usd"]
    assert noise == pytest.approx(sqrt(200**2 + before) / 10_000, rel=1e-6)


def test_restless_mid_raises_its_own_bar(spotted, eager_params) -> None:
    """A contract that always jumps about by ten cents soon is not news for it."""
    rng = np.random.default_rng(2)
    for k in range(2400):
        mid = 2.50 + 0.10 * float(rng.choice([-1, 1]))
        spotted.quote(mid - 0.01, mid + 0.01, at=k * 0.5)
    late = [s for s in found(spotted, eager_params()) if s["ts"] > spotted.events["ts"][600]]
    assert late == []


def test_without_a_spot_nothing_can_be_expected(tape, eager_params) -> None:
    steady(steady(tape), mid=2.80, since=JUMP, until=JUMP + 5)
    assert found(tape, eager_params()) == []


def test_move_that_can_no_longer_be_explained_is_not_claimed(spotted, eager_params) -> None:
    """The put is in the money; its volatility comes from the call, and the call has lost its bid."""
    spotted.spot(STRIKE - 3, at=0)
    for at in np.arange(0, 10, 0.5):
        spotted.quote(0.98, 1.02, at=at).quote(3.98, 4.02, at=at, cid=PUT)
    spotted.quote(0.0, 1.02, at=10)
    steady(spotted, mid=4.0, since=10.5, until=120, cid=PUT)
    steady(spotted, mid=4.5, since=120, until=130, cid=PUT)
    signals = spotted.fold(eager_params()).signals
    assert len(signals) == 0 or not isnan(signals["strength"][0])


# --- the first monitor's arithmetic ---------------------------------------------------------------------


def test_seed_example_is_six_and_a_quarter_percent_with_strength_seven_tenths(tape, eager_params) -> None:
    steady(tape.spot(STRIKE, at=0), mid=2.40)
    (signal,) = found(tape.quote(2.53, 2.57, at=JUMP), eager_params(PRESETS["seed"]))
    n = dict(RULE.named(signal["evidence"].tolist()))
    assert n["percent"] == pytest.approx(6.25)
    assert n["move_usd"] == pytest.approx(0.15)
    assert isnan(n["z"])
    assert isnan(n["expected_usd"])
    assert signal["strength"] == pytest.approx(0.7)
    assert (signal["mid_before"], signal["mid_after"]) == (24_000, 25_500)


@pytest.mark.parametrize(("mid", "directions"), [(2.10, [1]), (1.90, [-1]), (2.099, []), (1.901, [])])
def test_seed_fires_from_five_percent_on(tape, eager_params, mid, directions) -> None:
    steady(tape.spot(STRIKE, at=0), mid=2.00).quote(mid - 0.02, mid + 0.02, at=JUMP)
    assert [s["direction"] for s in found(tape, eager_params(PRESETS["seed"]))] == directions
