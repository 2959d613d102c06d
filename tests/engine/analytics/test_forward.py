"""The forward of each settlement, from quotes that were made from known ones."""

from __future__ import annotations

import csv
import math
from datetime import date, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.analytics.forward import Forward, Parity, forwards, implied_forward
from engine.analytics.greeks import greeks, years
from engine.analytics.option_chain import ContractSet, Floats, OptionChain, quoted
from engine.analytics.terms import Terms
from engine.model.calendar import ET
from engine.model.contracts import Contract
from engine.model.underlyings import PRESETS
from tests.paths import SHARED

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
    return forwards(chain, terms)


@given(rate=st.floats(0.0, 0.08), dividend=st.floats(0.0, 0.029), spot=st.floats(590.0, 610.0))
@settings(max_examples=40, deadline=None)
def test_the_forward_that_made_the_quotes_comes_back(rate: float, dividend: float, spot: float) -> None:
    for each in found(chain_at(spot, rate, dividend), Terms(AT_NS, spot, rate)):
        assert each.quoted == each.parity.value
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
    assert told[2].parity.value is not None
    assert abs(told[2].parity.value - 600.0) > 20.0
    for each in told:
        assert each.at_spot == pytest.approx(600.0 * np.exp(0.04 * each.years), abs=1e-3)


def test_a_chain_without_quotes_has_the_forward_of_the_rate() -> None:
    chain = quoted(ContractSet.of(PRESETS["SPY"], [Contract("SPY", WEEK, "C", 600_000)]), {})
    (only,) = found(chain, Terms(AT_NS, 600.0, 0.05))
    assert only.parity.value is None
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
    assert (first.parity.value, first.quoted) == (None, second.spot_of_quotes)
    assert first.at_spot == pytest.approx(606.0, abs=0.01)


# One settlement ------------------------------------------------------------------------------------

LADDER = np.arange(670.0, 701.0)
TRUE = 685.37


def quotes(half: float = 0.02, tick: float = 0.01) -> list[Floats]:
    """Quote calls and puts of a chain around its forward, `half` $ each side of their worth."""
    time_value = 3.0 * np.exp(-0.5 * ((LADDER - TRUE) / 5.0) ** 2) + 0.05
    call = np.maximum(TRUE - LADDER, 0.0) + time_value
    put = np.maximum(LADDER - TRUE, 0.0) + time_value
    return [np.round(each / tick) * tick for each in (call - half, call + half, put - half, put + half)]


def implied(strikes: Floats, columns: list[Floats], left: float = 0.0, rate: float = 0.0) -> Parity:
    call_bid, call_ask, put_bid, put_ask = columns
    return implied_forward(strikes, (call_bid, call_ask), (put_bid, put_ask), left, rate)


def test_the_forward_is_what_the_pairs_share() -> None:
    found = implied(LADDER, quotes())
    assert found.value == pytest.approx(TRUE, abs=0.01)
    assert 0.0 < found.error <= 0.04
    assert (found.pairs, found.left_out) == (31, 0)


@given(
    at=st.integers(0, 30),
    bid=st.floats(0.01, 5.0),
    width=st.floats(0.5, 60.0),
    call_off=st.floats(-15.0, 15.0),
)
def test_one_stub_pair_at_any_strike_and_width_moves_it_by_less_than_its_error(
    at: int, bid: float, width: float, call_off: float
) -> None:
    before = implied(LADDER, quotes())
    columns = quotes()
    call = max(bid + call_off, 0.01)
    for column, price in zip(columns, (call, call + width, bid, bid + width), strict=True):
        column[at] = price
    after = implied(LADDER, columns)
    assert before.value is not None
    assert after.value is not None
    assert abs(after.value - before.value) <= before.error + 1e-9


@pytest.mark.parametrize("sides", ["call crossed", "put crossed", "no call bid", "no put ask"])
def test_a_pair_that_is_not_two_sided_has_no_say(sides: str) -> None:
    columns = quotes()
    call_bid, call_ask, put_bid, put_ask = columns
    if sides == "call crossed":
        call_bid[15], call_ask[15] = 30.0, 20.0
    elif sides == "put crossed":
        put_bid[15], put_ask[15] = 30.0, 20.0
    elif sides == "no call bid":
        call_bid[15] = 0.0
    else:
        put_ask[15] = math.nan
    found = implied(LADDER, columns)
    assert found.pairs == 30
    assert found.value == pytest.approx(TRUE, abs=0.01)


@pytest.mark.parametrize("pairs", [0, 1, 2])
def test_fewer_than_three_pairs_do_not_tell(pairs: int) -> None:
    found = implied(LADDER[:pairs], [each[:pairs] for each in quotes()])
    assert found.value is None
    assert found.pairs == pairs


def test_pairs_without_a_common_point_do_not_tell() -> None:
    strikes = np.array([680.0, 685.0, 690.0, 695.0])
    call = np.array([5.0, 8.0, 12.0, 17.0])
    put = np.full(4, 5.0)
    found = implied(strikes, [call, call + 0.1, put, put + 0.1])
    assert found.value is None


@pytest.mark.skipif(not SHARED.exists(), reason="the shared cases are not there")
@pytest.mark.parametrize("name", ["forward_stub_clean", "forward_stub_pair"])
def test_the_shared_chain_has_its_forward_with_and_without_a_stub(name: str) -> None:
    found = shared_chain(name)
    assert found.value == pytest.approx(685.2501, abs=5e-4)
    assert found.pairs == 5


def shared_chain(name: str) -> Parity:
    pairs: dict[float, dict[str, tuple[float, float]]] = {}
    with (SHARED / "cases" / f"{name}.csv").open() as file:
        for row in csv.DictReader(file):
            sides = pairs.setdefault(float(row["strike"]), {})
            sides[row["right"]] = float(row["bid"]), float(row["ask"])
    strikes = sorted(strike for strike, sides in pairs.items() if len(sides) == 2)
    columns = np.array([(*pairs[k]["C"], *pairs[k]["P"]) for k in strikes]).T
    return implied(np.array(strikes), list(columns), 3.2 / 365, 0.04)
