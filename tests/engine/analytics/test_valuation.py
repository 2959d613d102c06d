"""Forwards and volatilities from quotes that were made from known ones."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.analytics.greeks import greeks, years
from engine.analytics.option_chain import Floats, OptionChain, quoted
from engine.analytics.terms import Terms
from engine.analytics.valuation import SettlementGroup, settlements, volatilities
from engine.model.calendar import ET, PRESETS
from engine.model.contracts import Contract

AT_NS = int(datetime(2025, 5, 1, 10, 0, tzinfo=ET).timestamp()) * 10**9
WEEK, MONTH = date(2025, 5, 8), date(2025, 5, 30)
STRIKES = range(560, 641, 5)


def smile(strike: Floats, spot: float) -> Floats:
    return 0.2 + 0.5 * np.log(strike / spot) ** 2


def chain_at(
    spot: float, rate: float, dividend: float, days: tuple[date, ...] = (WEEK, MONTH)
) -> OptionChain:
    """A SPY chain quoted a millionth around its value."""
    contracts = tuple(Contract("SPY", day, r, k * 1000) for day in days for k in STRIKES for r in "CP")
    blank = quoted(PRESETS["SPY"], contracts, {})
    left = np.array([years(int(ns), AT_NS) for ns in blank.settle_ns])
    worth = greeks(spot, blank.strike, left, rate, dividend, smile(blank.strike, spot), blank.sign).price
    oi = np.full(len(contracts), 100.0)
    return quoted(PRESETS["SPY"], contracts, {"bid": worth - 1e-6, "ask": worth + 1e-6, "oi": oi})


def valued(chain: OptionChain, terms: Terms) -> tuple[tuple[SettlementGroup, ...], Floats]:
    groups = tuple(settlements(chain, terms))
    return groups, volatilities(chain, terms, groups)


@given(rate=st.floats(0.0, 0.08), dividend=st.floats(0.0, 0.05), spot=st.floats(590.0, 610.0))
@settings(max_examples=40, deadline=None)
def test_forward_and_volatilities_that_made_the_quotes_come_back(
    rate: float, dividend: float, spot: float
) -> None:
    chain = chain_at(spot, rate, dividend)
    groups, iv = valued(chain, Terms(AT_NS, spot, rate))
    for group in groups:
        assert group.forward == pytest.approx(spot * np.exp((rate - dividend) * group.years), abs=1e-4)
    near = np.abs(chain.strike - spot) < 25.0
    np.testing.assert_allclose(iv[near], smile(chain.strike, spot)[near], rtol=2e-4)


def test_both_rights_of_a_strike_have_one_volatility() -> None:
    chain = chain_at(600.0, 0.04, 0.0)
    _, iv = valued(chain, Terms(AT_NS, 600.0, 0.04))
    np.testing.assert_array_equal(iv[0::2], iv[1::2])


def test_without_an_out_of_the_money_quote_a_strike_has_none_even_if_the_other_right_is_quoted() -> None:
    chain = chain_at(600.0, 0.04, 0.0)
    call = next(i for i, each in enumerate(chain.contracts) if (each.strike, each.right) == (620.0, "C"))
    chain.bid[call] = 0.0
    _, iv = valued(chain, Terms(AT_NS, 600.0, 0.04))
    assert np.isnan(iv[[call, call + 1]]).all()
    assert np.isfinite(np.delete(iv, [call, call + 1])).all()


def test_the_only_right_that_is_listed_serves_in_the_money_too() -> None:
    chain = chain_at(600.0, 0.04, 0.0).part(chain_at(600.0, 0.04, 0.0).sign > 0.0)
    _, iv = valued(chain, Terms(AT_NS, 600.0, 0.04, dividend=0.0))
    np.testing.assert_allclose(iv, smile(chain.strike, 600.0), rtol=1e-3)


def test_a_given_dividend_is_obeyed() -> None:
    groups, _ = valued(chain_at(600.0, 0.04, 0.0), Terms(AT_NS, 600.0, 0.04, dividend=0.02))
    assert groups[0].forward == pytest.approx(600.0 * np.exp(0.02 * groups[0].years))


def test_quotes_of_another_moment_keep_their_volatilities_and_the_forward_moves_with_spot() -> None:
    chain = chain_at(600.0, 0.04, 0.01)
    groups, iv = valued(chain, Terms(AT_NS, 606.0, 0.04))
    assert groups[0].quoted_forward == pytest.approx(600.0 * np.exp(0.03 * groups[0].years), abs=1e-4)
    assert groups[0].forward / groups[0].quoted_forward == pytest.approx(1.01, rel=2e-3)
    near = np.abs(chain.strike - 600.0) < 25.0
    np.testing.assert_allclose(iv[near], smile(chain.strike, 600.0)[near], rtol=2e-4)


def test_a_dividend_far_ahead_is_no_other_moment() -> None:
    chain = chain_at(600.0, 0.04, 0.03, (WEEK, date(2026, 5, 15), date(2027, 5, 21)))
    groups, _ = valued(chain, Terms(AT_NS, 600.0, 0.04))
    for group in groups:
        assert group.forward == pytest.approx(600.0 * np.exp(0.01 * group.years), abs=1e-3)


def test_one_settlement_with_an_impossible_forward_is_taken_from_spot() -> None:
    days = (date(2025, 5, 6), date(2025, 5, 7), WEEK, date(2025, 5, 9))
    chain = chain_at(600.0, 0.04, 0.0, days)
    puts = (chain.sign < 0.0) & np.array([each.expiry == WEEK for each in chain.contracts])
    chain.bid[puts] += 60.0
    chain.ask[puts] += 60.0
    groups, _ = valued(chain, Terms(AT_NS, 600.0, 0.04))
    assert groups[2].parity is not None
    assert abs(groups[2].parity - 600.0) > 20.0
    for group in groups:
        assert group.forward == pytest.approx(600.0 * np.exp(0.04 * group.years), abs=1e-3)


def test_a_chain_without_quotes_has_the_forward_of_the_rate_and_no_volatility() -> None:
    chain = quoted(PRESETS["SPY"], (Contract("SPY", WEEK, "C", 600_000),), {})
    groups, iv = valued(chain, Terms(AT_NS, 600.0, 0.05))
    assert groups[0].parity is None
    assert groups[0].forward == pytest.approx(600.0 * np.exp(0.05 * groups[0].years))
    assert np.isnan(iv).all()


def test_time_runs_to_the_settlement_and_never_below_a_minute() -> None:
    chain = chain_at(600.0, 0.04, 0.0, (date(2025, 5, 1),))
    settle = int(chain.settle_ns[0])
    late = next(settlements(chain, Terms(settle - 1, 600.0)))
    assert late.years == pytest.approx(60 / (365 * 86_400))
    assert next(settlements(chain, Terms(AT_NS, 600.0))).years == pytest.approx(6 / (365 * 24))
