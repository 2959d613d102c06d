"""Our own fair value: silent on a smooth smile, loud where one contract leaves it."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from engine.analytics.greeks import price_greeks, years
from engine.fold.params import PRESETS, FoldParams, SignalParams
from engine.fold.rules.fmv_divergence import (
    FMV_DIVERGENCE,
    OWN_VALUE,
    RULE,
    VENDOR_VALUE,
    FmvDivergenceParams,
)
from engine.fold.smile_value import quadratic, volatility_of
from engine.fold.state import new_state
from engine.fold.step import step
from engine.model.calendar import session, settle_ns
from engine.model.contracts import Contract, ContractTable
from engine.model.events import FMV, MISSING, NS, PRICE_SCALE, QUOTE, SPOT, empty_events
from engine.model.underlyings import underlying

DAY = date(2025, 12, 16)
SPY = underlying("SPY")
START = session(DAY).open_ns + 30 * 60 * NS
STRIKES = range(675, 696)
KINKED = 687
P = FmvDivergenceParams()
FOLD = FoldParams()


def table() -> ContractTable:
    return ContractTable(Contract("SPY", DAY, right, 1000 * k) for k in STRIKES for right in "CP")


def cid_of(strike: int, right: str) -> int:
    return 1 + 2 * (strike - STRIKES[0]) + (right == "P")


def smile(strike: float, spot: float) -> float:
    """A smile that is lower on the upside, and curved."""
    x = np.log(strike / spot)
    return 0.15 - 0.6 * x + 8.0 * x * x


def quotes(second: float, spot: float, kink: float = 0.0, half: float = 0.02):
    """Return the spot and a quote of every contract at a second; the kinked call's mid is off by `kink` $."""
    now = START + round(second * NS)
    T = years(settle_ns(SPY, "SPY", DAY), now)
    rows = [(SPOT, 0, round(spot * PRICE_SCALE), MISSING)]
    for strike in STRIKES:
        for right, cp in (("C", 1.0), ("P", -1.0)):
            off = kink if (strike, right) == (KINKED, "C") else 0.0
            mid = price_greeks(spot, strike, T, FOLD.rate, FOLD.dividend, smile(strike, spot), cp)[0] + off
            bid, ask = (round((mid + side * half) * 100) * 100 for side in (-1, 1))
            rows.append((QUOTE, cid_of(strike, right), max(bid, 0), ask))
    events = empty_events(len(rows))
    events["ts"] = now + np.arange(len(rows))
    for name, column in zip(("kind", "cid", "p1", "p2"), zip(*rows, strict=True), strict=True):
        events[name] = column
    events["s1"] = events["s2"] = 30
    return events


def market(seconds=700, kinked=(400, 500), kink=0.20, every=2.0, seed=3):
    """Return ten minutes of a spot that wanders; between two of them one call costs more than its smile."""
    rng = np.random.default_rng(seed)
    spot, tape = 685.0, []
    for second in np.arange(0, seconds, every):
        spot += rng.normal(0, 0.02)
        tape.append(quotes(float(second), round(spot, 2), kink if kinked[0] <= second < kinked[1] else 0.0))
    return np.concatenate(tape)


def fold(events, p: SignalParams = PRESETS["default"]):
    state = new_state(table(), lambda root, expiry: settle_ns(SPY, root, expiry), 100, 100)
    signals = step(state, events, FoldParams(signals=p).pack())
    return [s for s in signals if s["rule"] == FMV_DIVERGENCE]


def test_a_smooth_smile_is_silent() -> None:
    assert fold(market(seconds=1500, kink=0.0)) == []


@pytest.mark.parametrize(("kink", "direction"), [(0.20, -1), (-0.20, 1)])
def test_the_contract_that_leaves_its_smile_fires_and_no_other(kink, direction) -> None:
    """Dearer than its smile is a sell. The strikes beside it, whose values it spoils, stay silent."""
    signals = fold(market(kink=kink))
    assert {int(s["cid"]) for s in signals} == {cid_of(KINKED, "C")}
    first = signals[0]
    assert first["direction"] == direction
    since = (first["ts"] - START) / NS
    assert 400 + P.hold_s <= since <= 400 + P.look_s + P.hold_s + 2
    n = dict(RULE.named(first["evidence"].tolist()))
    assert (n["source"], n["fmv_age_s"]) == (OWN_VALUE, 0)
    assert n["fmv_usd"] - n["mid_usd"] == pytest.approx(-kink, abs=0.02)
    assert "our smoothed smile says" in RULE.reason(first["evidence"].tolist())


def test_a_kink_that_does_not_last_is_silent() -> None:
    assert fold(market(kinked=(400, 402))) == []


def test_the_first_monitors_preset_has_no_value_of_its_own() -> None:
    assert fold(market(), PRESETS["seed"]) == []


def test_a_provider_that_tells_a_value_is_believed() -> None:
    """The kinked call's provider agrees with the kinked mid."""
    events = market()
    mine = events[(events["cid"] == cid_of(KINKED, "C")) & (events["kind"] == QUOTE)].copy()
    mine["kind"] = FMV
    mine["p1"] = (mine["p1"] + mine["p2"]) // 2
    both = np.concatenate([events, mine])
    assert fold(both[np.argsort(both["ts"], kind="stable")]) == []
    assert VENDOR_VALUE != OWN_VALUE


def test_a_quadratic_is_found_again() -> None:
    x = np.array([-3.0, -2, -1, 1, 2, 3])
    y = 0.2 - 0.03 * x + 0.004 * x * x
    sums = [len(x), *((x**k).sum() for k in (1, 2, 3, 4)), y.sum(), (x * y).sum(), (x * x * y).sum()]
    assert quadratic(*sums) == pytest.approx((0.2, -0.03, 0.004), rel=1e-9)


def test_two_points_have_no_quadratic() -> None:
    assert np.isnan(quadratic(2.0, 0.0, 2.0, 0.0, 2.0, 0.4, 0.0, 0.4)).all()


@pytest.mark.parametrize("guess", [0.20, 0.19, 0.23, 0.5, float("nan")])
def test_a_volatility_is_that_of_the_price_wherever_the_guess_was(guess) -> None:
    T = 0.25 / 365
    price = price_greeks(685.0, 687.0, T, 0.04, 0.0, 0.2, 1.0)[0]
    found = volatility_of(price, 685.0, 687.0, T, 1.0, guess, FOLD.pack()[0])
    assert found == pytest.approx(0.2, abs=2e-3)
