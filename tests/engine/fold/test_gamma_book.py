"""The book of gamma: whose contracts dealers hold, and which settlements count."""

from __future__ import annotations

from datetime import date
from functools import partial

import pytest

from engine.analytics.greeks import price_greeks, years
from engine.fold.contract_rows import static_of
from engine.fold.gamma_book import horizon_of
from engine.fold.state import new_state
from engine.fold.step import step
from engine.model.calendar import settle_ns
from engine.model.contracts import Contract, ContractTable
from engine.model.events import NS
from engine.model.underlyings import underlying
from tests.fakes.gamma_tape import (
    ASSUMED,
    BLENDED,
    DAY,
    FLOW,
    RATE,
    SETTLES,
    base_of,
    chain,
    walk,
)

LATER = date(2025, 12, 17)


@pytest.mark.parametrize(("convention", "net"), [(ASSUMED, 300 - 700), (FLOW, -50 + 20), (BLENDED, -430)])
def test_convention_says_what_dealers_hold(tape, eager_params, convention, net) -> None:
    """300 calls and 700 puts of one strike, of which customers bought 50 calls and sold 20 puts today."""
    chain(tape, 686.0, {1: 300, 2: 700})
    tape.trade(20.0, 50, at=1, cid=1).trade(0.01, 20, at=1, cid=2)
    folded = walk(tape, 686.0, 686.0, seconds=20).fold(
        eager_params(changes={"levels_convention": convention})
    )
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
    params = eager_params(changes={"levels_expiries": count})
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
