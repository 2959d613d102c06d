"""The forward of each settlement, from quotes that were made from known ones."""

from __future__ import annotations

import math
from datetime import date, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.analytics.forward import Forward, forwards, implied_forward
from engine.analytics.greeks import greeks, years
from engine.analytics.option_chain import ContractSet, Floats, OptionChain, quoted
from engine.analytics.terms import Terms
from engine.model.calendar import ET
from engine.model.contracts import Contract
from engine.model.underlyings import PRESETS

AT_NS = int(datetime(2025, 5, 1, 10, 0, tzinfo=ET).timestamp()) * 10**9
WEEK, MONTH = date(2025, 5, 8), date(2025, 5, 30)
STRIKES = range(560, 641, 5)


def column(*values: float) -> Floats:
    return np.array(values, np.float64)


def chain_at(
    spot: float, rate: float, dividend: float, days: tuple[date, ...] = (WEEK, MONTH)
) -> OptionChain:
    """A SPY chain quoted a millionth around its value at 20 %."""
    contracts = [Contract("SPY", day, r, k * 1000) for day in days for k in STRIKES for r in "CP"]
    listed = ContractSet.of(PRESETS["SPY"], contracts)
    left = np.array([years(group.settle_ns, AT_NS) for group in listed.groups])[
        listed.pair_group[listed.pair]
    ]
    worth = greeks(spot, listed.strike, left, rate, dividend, 0.2, listed.sign).price
    return quoted(listed, {"bid": worth - 1e-6, "ask": worth + 1e-6})


def found(chain: OptionChain, terms: Terms) -> tuple[Forward, ...]:
    return forwards(chain, *chain.listed.beside(chain.mid), terms)


def test_it_comes_from_the_strike_where_both_rights_cost_alike() -> None:
    forward = implied_forward(column(590, 600, 610), column(11, 3.2, 0.3), column(0.6, 2.8, 9.9), 0.0)
    assert forward == pytest.approx(600.4)


def test_it_grows_with_the_rate() -> None:
    forward = implied_forward(column(600), column(13), column(10), 1.0, r=0.05)
    assert forward == pytest.approx(600 + 3 * math.exp(0.05))


def test_a_strike_with_one_mid_gives_none() -> None:
    assert implied_forward(column(600, 605), column(3, math.nan), column(math.nan, 5), 0.0) is None
    assert implied_forward(column(), column(), column(), 0.0) is None


@given(rate=st.floats(0.0, 0.08), dividend=st.floats(0.0, 0.05), spot=st.floats(590.0, 610.0))
@settings(max_examples=40, deadline=None)
def test_the_forward_that_made_the_quotes_comes_back(rate: float, dividend: float, spot: float) -> None:
    for each in found(chain_at(spot, rate, dividend), Terms(AT_NS, spot, rate)):
        assert each.at_spot == each.quoted == each.parity
        assert each.at_spot == pytest.approx(spot * np.exp((rate - dividend) * each.years), abs=1e-4)


def test_a_given_dividend_is_obeyed() -> None:
    first, _ = found(chain_at(600.0, 0.04, 0.0), Terms(AT_NS, 600.0, 0.04, dividend=0.02))
    assert first.at_spot == pytest.approx(600.0 * np.exp(0.02 * first.years))


def test_quotes_of_another_moment_have_their_own_forward_and_it_moves_with_spot() -> None:
    first, _ = found(chain_at(600.0, 0.04, 0.01), Terms(AT_NS, 606.0, 0.04))
    assert first.quoted == pytest.approx(600.0 * np.exp(0.03 * first.years), abs=1e-4)
    assert first.at_spot / first.quoted == pytest.approx(1.01, rel=2e-3)


def test_a_dividend_far_ahead_is_no_other_moment() -> None:
    chain = chain_at(600.0, 0.04, 0.03, (WEEK, date(2026, 5, 15), date(2027, 5, 21)))
    for each in found(chain, Terms(AT_NS, 600.0, 0.04)):
        assert each.at_spot == pytest.approx(600.0 * np.exp(0.01 * each.years), abs=1e-3)


def test_one_settlement_with_an_impossible_forward_is_taken_from_spot() -> None:
    days = (date(2025, 5, 6), date(2025, 5, 7), WEEK, date(2025, 5, 9))
    chain = chain_at(600.0, 0.04, 0.0, days)
    puts = (chain.sign < 0.0) & np.array([each.expiry == WEEK for each in chain.contracts])
    chain.bid[puts] += 60.0
    chain.ask[puts] += 60.0
    told = found(chain, Terms(AT_NS, 600.0, 0.04))
    assert told[2].parity is not None
    assert abs(told[2].parity - 600.0) > 20.0
    for each in told:
        assert each.at_spot == pytest.approx(600.0 * np.exp(0.04 * each.years), abs=1e-3)


def test_a_chain_without_quotes_has_the_forward_of_the_rate() -> None:
    chain = quoted(ContractSet.of(PRESETS["SPY"], [Contract("SPY", WEEK, "C", 600_000)]), {})
    (only,) = found(chain, Terms(AT_NS, 600.0, 0.05))
    assert only.parity is None
    assert only.at_spot == pytest.approx(600.0 * np.exp(0.05 * only.years))


def test_time_runs_to_the_settlement_and_never_below_a_minute_before_it() -> None:
    chain = chain_at(600.0, 0.04, 0.0, (date(2025, 5, 1),))
    settle = chain.listed.groups[0].settle_ns

    def left(at_ns: int) -> float:
        (only,) = found(chain, Terms(at_ns, 600.0))
        return only.years

    assert left(settle - 1) == pytest.approx(60 / (365 * 86_400))
    assert left(AT_NS) == pytest.approx(6 / (365 * 24))
    assert left(settle) == 0.0


def test_what_has_settled_is_worth_spot_and_has_no_say_about_the_quotes() -> None:
    today = date(2025, 5, 1)
    chain = chain_at(600.0, 0.0, 0.0, (today, WEEK))
    over = chain.listed.groups[0].settle_ns
    first, second = found(chain, Terms(over, 606.0))
    assert (first.parity, first.quoted) == (None, second.quoted)
    assert first.at_spot == pytest.approx(606.0, abs=0.01)
