"""Volatilities, greeks and what else quotes say, from quotes that were made from known ones."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pytest

from engine.analytics.greeks import greeks, price_greeks, years
from engine.analytics.option_chain import ContractSet, Floats, OptionChain, quoted
from engine.analytics.terms import Terms
from engine.analytics.valuation import Valuation, value
from engine.model.calendar import ET
from engine.model.contracts import Contract
from engine.model.underlyings import PRESETS

AT_NS = int(datetime(2025, 5, 1, 10, 0, tzinfo=ET).timestamp()) * 10**9
WEEK, MONTH = date(2025, 5, 8), date(2025, 5, 30)
STRIKES = range(560, 641, 5)
TERMS = Terms(AT_NS, 600.0, 0.04)


def smile(strike: Floats, spot: float) -> Floats:
    return 0.2 + 0.5 * np.log(strike / spot) ** 2


def chain_at(dividend: float = 0.0, days: tuple[date, ...] = (WEEK, MONTH)) -> OptionChain:
    """A SPY chain quoted a millionth around its value at a spot of 600 and a rate of 4 %."""
    contracts = [Contract("SPY", day, r, k * 1000) for day in days for k in STRIKES for r in "CP"]
    listed = ContractSet.of(PRESETS["SPY"], contracts)
    left = np.array([years(group.settle_ns, AT_NS) for group in listed.groups])[
        listed.pair_group[listed.pair]
    ]
    worth = greeks(600.0, listed.strike, left, 0.04, dividend, smile(listed.strike, 600.0), listed.sign).price
    return quoted(listed, {"bid": worth - 1e-6, "ask": worth + 1e-6, "oi": np.full(left.size, 100.0)})


def row(of: Valuation, strike: float, right: str) -> int:
    return next(
        i for i, each in enumerate(of.chain.contracts) if (each.strike, each.right) == (strike, right)
    )


def test_volatilities_that_made_the_quotes_come_back() -> None:
    of = value(chain_at(0.01), TERMS)
    near = np.abs(of.chain.strike - 600.0) < 25.0
    np.testing.assert_allclose(of.iv[near], smile(of.chain.strike, 600.0)[near], rtol=2e-4)


def test_both_rights_of_a_strike_have_one_volatility() -> None:
    of = value(chain_at(), TERMS)
    np.testing.assert_array_equal(of.iv[0::2], of.iv[1::2])


def test_it_is_measured_on_the_right_that_is_out_of_the_money_by_the_forward() -> None:
    of = value(chain_at(days=(date(2025, 12, 19),)), TERMS)  # half a year of 4 %: the forward is above 615
    at = dict(zip(of.chain.listed.pair_strike.tolist(), of.on_call.tolist(), strict=True))
    assert (at[600.0], at[610.0], at[620.0]) == (False, False, True)
    assert [of.chain.contracts[i].right for i in of.measures.tolist()] == [
        "C" if on else "P" for on in of.on_call
    ]


def test_without_an_out_of_the_money_quote_a_strike_has_none_even_if_the_other_right_is_quoted() -> None:
    chain = chain_at()
    call = row(value(chain, TERMS), 620.0, "C")
    chain.bid[call] = 0.0
    iv = value(chain, TERMS).iv
    assert np.isnan(iv[[call, call + 1]]).all()
    assert np.isfinite(np.delete(iv, [call, call + 1])).all()


def test_one_that_a_tape_measured_lately_stands_in_where_the_quote_measures_none() -> None:
    chain = chain_at()
    call = row(value(chain, TERMS), 620.0, "C")
    chain.bid[call] = 0.0
    kept = np.full(chain.bid.size, np.nan)
    kept[call], kept[call + 3] = 0.33, 0.44  # the other strike's quote measures one
    iv = value(replace(chain, kept_iv=kept), TERMS).iv
    assert iv[[call, call + 1]].tolist() == [0.33, 0.33]
    assert iv[call + 3] == pytest.approx(0.2, abs=0.01)


def test_the_only_right_that_is_listed_serves_in_the_money_too() -> None:
    chain = chain_at()
    of = value(chain.part(chain.sign > 0.0), replace(TERMS, dividend=0.0))
    np.testing.assert_allclose(of.iv, smile(of.chain.strike, 600.0), rtol=1e-3)


def test_a_vendor_s_volatilities_are_taken_as_they_are_and_what_is_none_is_unknown() -> None:
    chain = chain_at()
    vendor = np.full(chain.bid.size, 0.25)
    vendor[:2] = 0.0, math.nan
    iv = value(replace(chain, iv=vendor), replace(TERMS, iv="vendor")).iv
    assert np.isnan(iv[:2]).all()
    assert set(iv[2:].tolist()) == {0.25}


def test_quotes_of_another_moment_keep_their_volatilities() -> None:
    of = value(chain_at(0.01), replace(TERMS, spot=606.0))
    near = np.abs(of.chain.strike - 600.0) < 25.0
    np.testing.assert_allclose(of.iv[near], smile(of.chain.strike, 600.0)[near], rtol=2e-4)


def test_a_chain_without_quotes_has_no_volatility() -> None:
    chain = quoted(ContractSet.of(PRESETS["SPY"], [Contract("SPY", WEEK, "C", 600_000)]), {})
    assert np.isnan(value(chain, TERMS).iv).all()


def test_without_a_spot_nothing_is_measured() -> None:
    of = value(chain_at(), replace(TERMS, spot=math.nan))
    assert np.isnan(of.iv).all()


def test_what_has_settled_has_no_time_no_volatility_and_its_intrinsic_delta() -> None:
    chain = chain_at(days=(WEEK,))
    kept = replace(chain, kept_iv=np.full(chain.bid.size, 0.2))
    of = value(kept, Terms(chain.listed.groups[0].settle_ns, 601.0, 0.04))
    assert not of.years.any()
    assert np.isnan(of.iv).all()
    table = of.greeks(np.arange(chain.bid.size))
    assert set(table.delta[chain.sign > 0].tolist()) == {0.0, 1.0}
    assert not table.gamma.any()


def test_greeks_are_those_of_the_forward() -> None:
    of = value(chain_at(0.01), TERMS)
    i = row(of, 605.0, "C")
    table = of.greeks(np.array([i]))
    q = 0.04 - math.log(of.forward[i] / 600.0) / of.years[i]
    price, delta, gamma, _, vega, vanna, _ = price_greeks(600.0, 605.0, of.years[i], 0.04, q, of.iv[i], 1.0)
    assert table.price[0] == pytest.approx(price, rel=1e-12)
    found = (table.delta[0], table.gamma[0], table.vega[0], table.vanna[0])
    assert found == pytest.approx((delta, gamma, vega, vanna), rel=1e-12)


def test_the_error_of_a_volatility_is_half_the_spread_over_vega() -> None:
    chain = chain_at(days=(WEEK,))
    wide = replace(chain, bid=chain.bid - 0.02, ask=chain.ask + 0.02)
    of = value(wide, TERMS)
    iv, error = of.measured(0, 0.01)
    rows = of.measures
    np.testing.assert_array_equal(iv[8], of.iv[rows[8]])
    vega = of.greeks(rows).vega
    half = 0.5 * (wide.ask - wide.bid)[rows]
    known = np.isfinite(error)
    np.testing.assert_allclose(error[known], (half / vega)[known], rtol=1e-9)
    assert known.sum() >= 9


@pytest.mark.parametrize(("bid", "ask"), [(0.0, 1.04), (0.1, 8.0), (0.001, 0.004)])
def test_a_quote_that_leaves_it_open_measures_none(bid: float, ask: float) -> None:
    chain = chain_at(days=(WEEK,))
    call = row(value(chain, TERMS), 620.0, "C")
    chain.bid[call], chain.ask[call] = bid, ask
    iv, error = value(chain, TERMS).measured(0, 0.01)
    pair = int(chain.listed.pair[call])
    assert np.isnan([iv[pair], error[pair]]).all()


def test_the_expected_move_of_a_settlement_is_the_straddle_at_its_forward() -> None:
    of = value(chain_at(days=(WEEK,)), TERMS)
    call, put = row(of, 600.0, "C"), row(of, 600.0, "P")
    assert of.expected_move(0) == pytest.approx(of.chain.mid[call] + of.chain.mid[put])


def test_pain_and_put_call_of_one_date_are_of_its_first_settlement() -> None:
    friday = date(2022, 7, 15)
    names = [
        ("SPX", "P", 3950),
        ("SPX", "C", 3900),
        ("SPXW", "C", 3850),
        ("SPXW", "P", 3900),
        ("SPXW", "P", 3950),
    ]
    listed = ContractSet.of(PRESETS["SPX"], [Contract(root, friday, r, k * 1000) for root, r, k in names])
    chain = quoted(listed, {"oi": np.array([9000.0, 1.0, 10.0, 10.0, 5.0])})
    at_ns = int(datetime(2022, 7, 12, 11, tzinfo=ET).timestamp()) * 10**9
    of = value(chain, Terms(at_ns, 3900.0))
    assert of.max_pain() == of.max_pain(listed.groups[0]) == 3900.0
    assert of.max_pain(listed.groups[1]) == 3950.0
    assert of.put_call(chain.oi) == 1.5
