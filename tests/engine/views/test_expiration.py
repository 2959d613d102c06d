from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import date
from math import isnan, nan

import numpy as np
import pytest

from engine.analytics.dealers import dealer_exposure
from engine.analytics.exposure_choice import ExposureChoice
from engine.analytics.greeks import greeks, years
from engine.analytics.implied_vol import implied_vol
from engine.analytics.option_chain import ABSENT, ContractSet
from engine.analytics.terms import Terms
from engine.analytics.valuation import value
from engine.fold.params import FoldParams
from engine.fold.state import State, new_state
from engine.fold.step import step
from engine.model.calendar import session, settle_ns
from engine.model.contracts import Contract, ContractTable
from engine.model.events import (
    MISSING,
    NS,
    OI,
    PRICE_SCALE,
    QUOTE,
    SPOT,
    TRADE,
    Events,
    empty_events,
    to_price,
)
from engine.model.underlyings import underlying
from engine.views.expiration import NO_EXPIRATION, Expiration, expiration_of, legs
from engine.views.scope import TapeContracts, chain_at
from engine.views.view import Leg

DAY = date(2025, 12, 16)
THIRD_FRIDAY = date(2025, 12, 19)
OPEN = session(DAY).open_ns
CLOSE = session(DAY).close_ns
FOLD = FoldParams()
SPOT_USD = 682.0


def contract(name: str, root: str = "SPY", expiry: date = DAY) -> Contract:
    """'683C' on a root."""
    return Contract(root, expiry, name[-1], round(float(name[:-1]) * 1000))


def table(*names: str, root: str = "SPY", expiry: date = DAY) -> ContractTable:
    return ContractTable(contract(name, root, expiry) for name in names)


def event(kind: int, cid: int, at_s: float = 1.0, **columns: int) -> Events:
    made = empty_events(1)
    made["kind"], made["cid"], made["ts"] = kind, cid, OPEN + int(at_s * NS)
    for column, number in columns.items():
        made[column] = number
    return made


def quote(cid: int, bid: float, ask: float, at_s: float = 1.0) -> Events:
    return event(QUOTE, cid, at_s, p1=to_price(bid), p2=to_price(ask), s1=7, s2=9)


def spot(dollars: float = SPOT_USD) -> Events:
    return event(SPOT, 0, 0.5, p1=to_price(dollars))


def folded(contracts: ContractTable, *events: Events, symbol: str = "SPY") -> State:
    u = underlying(symbol)
    state = new_state(contracts, lambda root, expiry: settle_ns(u, root, expiry), u.multiplier, 100)
    step(
        state,
        np.concatenate([*([] if any(e["kind"][0] == SPOT for e in events) else [spot()]), *events]),
        FOLD.pack(),
    )
    return state


def laid_out(contracts: ContractTable, symbol: str = "SPY", expiry: date = DAY) -> Expiration:
    u = underlying(symbol)
    settles = np.array([0, *(settle_ns(u, each.root, each.expiry) for each in contracts)])
    return expiration_of(contracts, settles, u.roots[0], expiry)


def both(
    contracts: ContractTable, *events: Events, at_s: float = 10.0, choice: ExposureChoice | None = None
) -> tuple[Leg, Leg]:
    """The legs as seen at a moment, on a given dividend: the forward is that of spot and rate."""
    state, at_ns = folded(contracts, *events), OPEN + int(at_s * NS)
    told = int(state.under["spot"][0])
    of = TapeContracts.all_of(ContractSet.of(underlying("SPY"), tuple(contracts)))
    terms = Terms(at_ns, nan if told == MISSING else told / PRICE_SCALE, FOLD.rate, FOLD.dividend)
    dealers = dealer_exposure(value(chain_at(state, of, at_ns).chain, terms), choice or ExposureChoice())
    return legs(state, laid_out(contracts), of, dealers)


def own_iv(price: float, strike: float, cp: float, at_s: float = 1.0) -> float:
    """The volatility of a price at the moment it was quoted."""
    left = years(CLOSE, OPEN + int(at_s * NS))
    return implied_vol(price, SPOT_USD, strike, left, FOLD.rate, FOLD.dividend, cp)[0]


def strikes(found: Expiration) -> list[float]:
    return found.strike.tolist()


def named(contracts: ContractTable, cids: Iterable[int]) -> list[str]:
    return [contracts[int(cid)].root if cid != ABSENT else "" for cid in cids]


class TestWhoStandsOnIt:
    def test_strikes_ascend_whatever_the_order_of_the_table(self) -> None:
        contracts = table("684P", "682C", "683C", "682P", "684C", "683P")
        found = laid_out(contracts)
        assert strikes(found) == [682, 683, 684]
        assert (found.call.tolist(), found.put.tolist()) == ([2, 3, 5], [4, 6, 1])

    def test_only_one_expiration_is_on_it(self) -> None:
        contracts = ContractTable([contract("682C"), contract("683C", expiry=THIRD_FRIDAY)])
        assert strikes(laid_out(contracts)) == [682]
        assert strikes(laid_out(contracts, expiry=THIRD_FRIDAY)) == [683]

    def test_a_right_that_is_not_listed_is_absent(self) -> None:
        found = laid_out(table("682C", "682P", "683C", "684P"))
        assert (found.call.tolist(), found.put.tolist()) == ([1, 3, ABSENT], [2, ABSENT, 4])

    def test_an_expiration_that_nobody_lists_has_no_laid_out(self) -> None:
        assert laid_out(table("682C"), expiry=THIRD_FRIDAY) is NO_EXPIRATION

    @pytest.mark.parametrize("order", [("SPX", "SPXW"), ("SPXW", "SPX")])
    def test_where_two_roots_list_a_strike_the_first_root_is_shown(self, order: tuple[str, str]) -> None:
        contracts = ContractTable(contract("6800C", root) for root in order)
        found = laid_out(contracts, "SPX")
        assert named(contracts, found.call) == ["SPXW"]

    def test_a_strike_that_only_the_other_root_lists_is_on_it_when_it_settles_alike(self) -> None:
        contracts = ContractTable([contract("6800C", "SPXW"), contract("6805C", "SPX")])
        found = laid_out(contracts, "SPX")
        assert named(contracts, found.call) == ["SPXW", "SPX"]

    @pytest.mark.parametrize("order", [("SPX", "SPXW"), ("SPXW", "SPX")])
    def test_what_settles_in_the_morning_is_not_on_the_evening_s_laid_out(
        self, order: tuple[str, str]
    ) -> None:
        contracts = ContractTable(
            contract(name, root, THIRD_FRIDAY)
            for root in order
            for name in (("6800C", "6805C") if root == "SPX" else ("6800C",))
        )
        found = laid_out(contracts, "SPX", THIRD_FRIDAY)
        assert (strikes(found), named(contracts, found.call)) == ([6800], ["SPXW"])
        assert found.settle_ns == session(THIRD_FRIDAY).close_ns

    def test_without_the_first_root_the_other_one_s_settlement_holds(self) -> None:
        contracts = table("6800C", root="SPX", expiry=THIRD_FRIDAY)
        assert laid_out(contracts, "SPX", THIRD_FRIDAY).settle_ns == session(THIRD_FRIDAY).open_ns

    def test_a_part_keeps_rows_together(self) -> None:
        found = laid_out(table("682C", "682P", "683C", "684P")).part(slice(1, 3))
        assert (strikes(found), found.call.tolist(), found.put.tolist()) == (
            [683, 684],
            [3, ABSENT],
            [ABSENT, 4],
        )
        assert found.settle_ns == CLOSE


class TestVolatility:
    def test_above_the_forward_it_is_the_call_s_for_both_rights(self) -> None:
        call, put = both(table("684C", "684P"), quote(1, 1.00, 1.02), quote(2, 2.80, 2.99))
        assert call.iv[0] == put.iv[0] == pytest.approx(own_iv(1.01, 684, 1.0), rel=1e-9)

    def test_below_the_forward_it_is_the_put_s_for_both_rights(self) -> None:
        call, put = both(table("680C", "680P"), quote(1, 2.80, 3.20), quote(2, 1.00, 1.02))
        assert call.iv[0] == put.iv[0] == pytest.approx(own_iv(1.01, 680, -1.0), rel=1e-9)

    def test_an_in_the_money_quote_measures_nothing_for_a_twin_that_is_not_quoted(self) -> None:
        call, put = both(table("684C", "684P"), quote(2, 2.98, 3.02))
        assert np.isnan([call.iv[0], put.iv[0]]).all()

    def test_a_lone_contract_needs_no_twin(self) -> None:
        call, put = both(table("684P"), quote(1, 2.98, 3.02))
        assert isnan(call.iv[0])
        assert put.iv[0] == pytest.approx(own_iv(3.00, 684, -1.0), rel=1e-6)

    @pytest.mark.parametrize(
        ("bid", "ask"), [(0.0, 1.02), (nan, 1.02), (1.00, nan), (1.05, 1.00), (nan, nan)]
    )
    def test_a_quote_that_is_not_two_sided_measures_nothing(self, bid: float, ask: float) -> None:
        call, put = both(table("684C", "684P"), quote(1, bid, ask))
        assert np.isnan([call.iv[0], call.delta[0], call.gamma[0], put.iv[0]]).all()

    def test_a_locked_quote_measures_as_it_does_in_a_chain_file(self) -> None:
        call, _ = both(table("684C", "684P"), quote(1, 1.01, 1.01))
        assert call.iv[0] == pytest.approx(own_iv(1.01, 684, 1.0), rel=1e-9)

    @pytest.mark.parametrize(("at_s", "stands"), [(10.0, True), (61.0, True), (75.0, False)])
    def test_without_a_quote_now_the_last_measured_one_stands_for_a_minute_near_the_money(
        self, at_s: float, stands: bool
    ) -> None:
        events = (quote(1, 1.00, 1.02, 1.0), quote(1, 0.0, 1.02, 2.0))
        call, _ = both(table("684C", "684P"), *events, at_s=at_s)
        assert np.isfinite(call.iv[0]) == stands
        if stands:
            assert call.iv[0] == pytest.approx(own_iv(1.01, 684, 1.0, at_s=1.0), rel=1e-9)

    def test_it_follows_the_quote_as_it_stands_not_the_one_the_fold_last_used(self) -> None:
        call, _ = both(table("684C"), quote(1, 1.00, 1.02, 1.0), quote(1, 1.40, 1.42, 2.0))
        assert call.iv[0] == pytest.approx(own_iv(1.41, 684, 1.0, at_s=2.0), rel=1e-9)

    def test_without_a_spot_there_is_none(self) -> None:
        call, _ = both(table("684C"), spot(nan), quote(1, 1.00, 1.02))
        assert np.isnan([call.iv[0], call.gamma[0]]).all()

    def test_once_settled_there_is_none_and_the_gamma_is_nothing(self) -> None:
        hours = (CLOSE - OPEN) / NS
        call, _ = both(table("684C"), event(OI, 1, s1=300), quote(1, 1.00, 1.02), at_s=hours)
        assert isnan(call.iv[0])
        assert (call.delta[0], call.gamma[0], call.gex[0]) == (0.0, 0.0, 0.0)

    def test_a_price_without_time_value_has_none(self) -> None:
        call, _ = both(table("600C"), quote(1, 81.0, 81.5))
        assert isnan(call.iv[0])


class TestLeg:
    def test_greeks_are_at_the_moment_s_spot_and_time(self) -> None:
        call, put = both(table("684C", "684P"), quote(1, 1.00, 1.02))
        left = years(CLOSE, OPEN + 10 * NS)
        for leg, cp in ((call, 1.0), (put, -1.0)):
            expected = greeks(SPOT_USD, 684.0, left, FOLD.rate, FOLD.dividend, call.iv[0], cp)
            told = (expected.delta[0], expected.gamma[0])
            assert (leg.delta[0], leg.gamma[0]) == pytest.approx(told, rel=1e-12)

    def test_exposure_is_signed_gamma_times_open_interest_times_the_multiplier(self) -> None:
        call, put = both(
            table("684C", "684P"), event(OI, 1, s1=300), event(OI, 2, s1=50), quote(1, 1.00, 1.02)
        )
        assert call.gex[0] == pytest.approx(call.gamma[0] * 300 * 100, rel=1e-15)
        assert put.gex[0] == pytest.approx(-put.gamma[0] * 50 * 100, rel=1e-15)

    def test_an_open_interest_of_zero_is_known(self) -> None:
        call, _ = both(table("684C"), event(OI, 1, s1=0), quote(1, 1.00, 1.02))
        assert (call.oi[0], call.gex[0]) == (0, 0.0)

    def test_without_open_interest_there_is_no_exposure(self) -> None:
        call, _ = both(table("684C"), quote(1, 1.00, 1.02))
        assert call.oi[0] == MISSING
        assert isnan(call.gex[0])

    def test_a_contract_nobody_spoke_of_is_missing_everywhere(self) -> None:
        call, _ = both(table("684C", "684P"))
        for name in ("bid", "ask", "last", "fmv", "oi"):
            assert getattr(call, name)[0] == MISSING, name
        for name in ("iv", "delta", "gamma", "gex", "age_s"):
            assert isnan(getattr(call, name)[0]), name
        assert (call.volume[0], call.premium_usd[0]) == (0, 0)

    def test_an_absent_contract_does_not_borrow_another_one_s_numbers(self) -> None:
        contracts = table("683C", "684C", "684P")
        busy = (event(OI, 3, s1=300), quote(3, 2.98, 3.02), event(TRADE, 3, 2.0, p1=to_price(3.02), s1=5))
        _, put = both(contracts, *busy)
        assert put.cid.tolist() == [ABSENT, 3]
        assert (put.volume.tolist(), put.premium_usd.tolist()) == ([0, 5], [0, 1510])
        assert (put.bid[0], put.ask[0], put.last[0], put.oi[0]) == (MISSING,) * 4
        assert np.isnan([put.iv[0], put.gex[0], put.delta[0], put.age_s[0]]).all()

    def test_age_counts_from_the_last_quote(self) -> None:
        call, _ = both(table("684C"), quote(1, 1.00, 1.02, 1.0), quote(1, 1.01, 1.02, 4.0))
        assert call.age_s[0] == 6.0

    def test_trades_are_told_by_side(self) -> None:
        trades = [event(TRADE, 1, 2.0, p1=to_price(p), s1=n) for p, n in ((1.02, 5), (1.00, 3))]
        call, _ = both(table("684C"), quote(1, 1.00, 1.02), *trades)
        assert (call.volume[0], call.buy[0], call.sell[0], call.last[0]) == (8, 5, 3, 10_000)
        assert (call.premium_usd[0], call.net_premium_usd[0]) == (810, 210)
        assert call.net_delta_flow[0] == pytest.approx(2 * 100 * call.delta[0], rel=1e-3)

    def test_a_cancel_takes_its_volume_back(self) -> None:
        print_, cancel = (event(TRADE, 1, 2.0, p1=to_price(1.02), s1=5, cond=cond) for cond in (0, 201))
        call, _ = both(table("684C"), quote(1, 1.00, 1.02), print_, cancel)
        assert (call.volume[0], call.buy[0], call.premium_usd[0]) == (0, 0, 0)

    def test_only_the_rows_that_are_asked_for_are_there(self) -> None:
        contracts = table("683C", "684C", "685C")
        state = folded(contracts, quote(2, 1.00, 1.02), quote(3, 0.60, 0.62))
        of = TapeContracts.all_of(ContractSet.of(underlying("SPY"), tuple(contracts)))
        terms = Terms(OPEN + 10 * NS, SPOT_USD, FOLD.rate, FOLD.dividend)
        dealers = dealer_exposure(value(chain_at(state, of, terms.at_ns).chain, terms), ExposureChoice())
        shown = laid_out(contracts)
        (whole, _), (part, _) = (legs(state, each, of, dealers) for each in (shown, shown.part(slice(1, 3))))
        for column in fields(Leg):
            values = getattr(whole, column.name)
            numbers = values.dtype.kind == "f"
            assert np.array_equal(getattr(part, column.name), values[1:3], equal_nan=numbers)


class TestExposureOfALeg:
    EVENTS = (quote(1, 1.00, 1.02), event(OI, 1, s1=300), event(TRADE, 1, 2.0, p1=to_price(1.02), s1=40))

    @pytest.mark.parametrize(
        ("choice", "held"),
        [
            (ExposureChoice(), 300),
            (ExposureChoice("assumed", "volume"), 40),
            (ExposureChoice("flow", "flow"), -40),
            (ExposureChoice("blended"), 260),
        ],
    )
    def test_it_is_of_what_dealers_hold_under_the_choice(self, choice: ExposureChoice, held: int) -> None:
        call, put = both(table("684C", "684P"), *self.EVENTS, choice=choice)
        assert call.buy[0] == 40
        assert call.gex[0] == pytest.approx(call.gamma[0] * held * 100, rel=1e-14)
        known = choice.basis != "oi"
        assert (put.gex[0] == 0.0) if known else isnan(put.gex[0])

    def test_what_nobody_holds_has_none_even_without_a_volatility(self) -> None:
        call, _ = both(table("684C"), event(OI, 1, s1=0))
        assert isnan(call.gamma[0])
        assert call.gex[0] == 0.0
