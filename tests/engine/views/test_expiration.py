from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import date
from math import isnan, nan

import numpy as np
import pytest

from engine.analytics.exposure_choice import ExposureChoice
from engine.analytics.greeks import greeks, years
from engine.analytics.implied_vol import implied_vol
from engine.fold.params import FoldParams
from engine.fold.state import State, new_state
from engine.fold.step import step
from engine.model.calendar import session, settle_ns, underlying
from engine.model.contracts import Contract, ContractTable
from engine.model.events import MISSING, NS, OI, QUOTE, SPOT, TRADE, Events, empty_events, to_price
from engine.views.expiration import (
    ABSENT,
    NO_LADDER,
    Expiration,
    Moment,
    greeks_at,
    known,
    ladder_of,
    ladders_of,
    legs,
    measured_vols,
    on_call,
    part_of,
    volatilities,
)
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
    for column, value in columns.items():
        made[column] = value
    return made


def quote(cid: int, bid: float, ask: float, at_s: float = 1.0) -> Events:
    return event(QUOTE, cid, at_s, p1=to_price(bid), p2=to_price(ask), s1=7, s2=9)


def spot(dollars: float = SPOT_USD) -> Events:
    return event(SPOT, 0, 0.5, p1=to_price(dollars))


def folded(contracts: ContractTable, *events: Events, symbol: str = "SPY") -> State:
    u = underlying(symbol)
    state = new_state(contracts, lambda root, expiry: settle_ns(u, root, expiry), u.multiplier, 100)
    step(state, np.concatenate([spot(), *events]), FOLD.pack())
    return state


def ladder(contracts: ContractTable, symbol: str = "SPY", expiry: date = DAY) -> Expiration:
    u = underlying(symbol)
    settles = np.array([0, *(settle_ns(u, each.root, each.expiry) for each in contracts)])
    return ladder_of(contracts, settles, u.roots[0], expiry)


def moment(at_s: float = 10.0, dollars: float = SPOT_USD) -> Moment:
    return Moment(OPEN + int(at_s * NS), to_price(dollars))


def both(contracts: ContractTable, *events: Events) -> tuple[Leg, Leg]:
    return legs(folded(contracts, *events), ladder(contracts), moment(), FOLD)


def own_iv(price: float, strike: float, cp: float, at_s: float = 10.0) -> float:
    left = years(CLOSE, OPEN + int(at_s * NS))
    return implied_vol(price, SPOT_USD, strike, left, FOLD.rate, FOLD.dividend, cp)[0]


def strikes(found: Expiration) -> list[float]:
    return found.strike.tolist()


def named(contracts: ContractTable, cids: Iterable[int]) -> list[str]:
    return [contracts[int(cid)].root if cid != ABSENT else "" for cid in cids]


class TestWhoStandsOnIt:
    def test_strikes_ascend_whatever_the_order_of_the_table(self) -> None:
        contracts = table("684P", "682C", "683C", "682P", "684C", "683P")
        found = ladder(contracts)
        assert strikes(found) == [682, 683, 684]
        assert (found.call.tolist(), found.put.tolist()) == ([2, 3, 5], [4, 6, 1])

    def test_only_one_expiration_is_on_it(self) -> None:
        contracts = ContractTable([contract("682C"), contract("683C", expiry=THIRD_FRIDAY)])
        assert strikes(ladder(contracts)) == [682]
        assert strikes(ladder(contracts, expiry=THIRD_FRIDAY)) == [683]

    def test_a_right_that_is_not_listed_is_absent(self) -> None:
        found = ladder(table("682C", "682P", "683C", "684P"))
        assert (found.call.tolist(), found.put.tolist()) == ([1, 3, ABSENT], [2, ABSENT, 4])

    def test_an_expiration_that_nobody_lists_has_no_ladder(self) -> None:
        assert ladder(table("682C"), expiry=THIRD_FRIDAY) is NO_LADDER

    @pytest.mark.parametrize("order", [("SPX", "SPXW"), ("SPXW", "SPX")])
    def test_where_two_roots_list_a_strike_the_first_root_is_shown(self, order: tuple[str, str]) -> None:
        contracts = ContractTable(contract("6800C", root) for root in order)
        found = ladder(contracts, "SPX")
        assert named(contracts, found.call) == ["SPXW"]

    def test_a_strike_that_only_the_other_root_lists_is_on_it_when_it_settles_alike(self) -> None:
        contracts = ContractTable([contract("6800C", "SPXW"), contract("6805C", "SPX")])
        found = ladder(contracts, "SPX")
        assert named(contracts, found.call) == ["SPXW", "SPX"]

    @pytest.mark.parametrize("order", [("SPX", "SPXW"), ("SPXW", "SPX")])
    def test_what_settles_in_the_morning_is_not_on_the_evening_s_ladder(self, order: tuple[str, str]) -> None:
        contracts = ContractTable(
            contract(name, root, THIRD_FRIDAY)
            for root in order
            for name in (("6800C", "6805C") if root == "SPX" else ("6800C",))
        )
        found = ladder(contracts, "SPX", THIRD_FRIDAY)
        assert (strikes(found), named(contracts, found.call)) == ([6800], ["SPXW"])
        assert found.settle_ns == session(THIRD_FRIDAY).close_ns

    @pytest.mark.parametrize("order", [("SPX", "SPXW"), ("SPXW", "SPX")])
    def test_every_contract_of_a_date_stands_on_one_ladder_the_shown_one_first(
        self, order: tuple[str, str]
    ) -> None:
        contracts = ContractTable(
            contract(name, root, expiry)
            for root in order
            for name in ("6800C", "6800P", "6805C")
            for expiry in (DAY, THIRD_FRIDAY)
        )
        u = underlying("SPX")
        settles = np.array([0, *(settle_ns(u, each.root, each.expiry) for each in contracts)])
        for expiry in (DAY, THIRD_FRIDAY):
            found = ladders_of(contracts, settles, "SPXW", expiry)
            assert [set(named(contracts, each.call)) for each in found] == [{"SPXW"}, {"SPX"}]
            standing = sorted(int(i) for each in found for i in (*each.call, *each.put) if i != ABSENT)
            assert standing == [i for i, each in enumerate(contracts, 1) if each.expiry == expiry]
            assert all(settles[i] == each.settle_ns for each in found for i in each.call)

    def test_without_the_first_root_the_other_one_s_settlement_holds(self) -> None:
        contracts = table("6800C", root="SPX", expiry=THIRD_FRIDAY)
        assert ladder(contracts, "SPX", THIRD_FRIDAY).settle_ns == session(THIRD_FRIDAY).open_ns

    def test_a_part_keeps_rows_together(self) -> None:
        found = ladder(table("682C", "682P", "683C", "684P")).part(slice(1, 3))
        assert (strikes(found), found.call.tolist(), found.put.tolist()) == (
            [683, 684],
            [3, ABSENT],
            [ABSENT, 4],
        )
        assert found.settle_ns == CLOSE


class TestVolatility:
    def test_above_the_spot_it_is_the_call_s_for_both_rights(self) -> None:
        call, put = both(table("684C", "684P"), quote(1, 1.00, 1.02), quote(2, 2.80, 2.99))
        assert call.iv[0] == put.iv[0] == pytest.approx(own_iv(1.01, 684, 1.0), rel=1e-12)

    def test_below_the_spot_it_is_the_put_s_for_both_rights(self) -> None:
        call, put = both(table("680C", "680P"), quote(1, 2.80, 3.20), quote(2, 1.00, 1.02))
        assert call.iv[0] == put.iv[0] == pytest.approx(own_iv(1.01, 680, -1.0), rel=1e-12)

    def test_an_in_the_money_quote_measures_nothing_for_a_twin_that_is_not_quoted(self) -> None:
        call, put = both(table("684C", "684P"), quote(2, 2.98, 3.02))
        assert np.isnan([call.iv[0], put.iv[0]]).all()

    def test_a_lone_contract_needs_no_twin(self) -> None:
        call, put = both(table("684P"), quote(1, 2.98, 3.02))
        assert isnan(call.iv[0])
        assert put.iv[0] == pytest.approx(own_iv(3.00, 684, -1.0), rel=1e-9)

    @pytest.mark.parametrize(
        ("bid", "ask"), [(0.0, 1.02), (nan, 1.02), (1.00, nan), (1.02, 1.02), (1.05, 1.00), (nan, nan)]
    )
    def test_a_quote_that_is_not_two_sided_measures_nothing(self, bid: float, ask: float) -> None:
        call, put = both(table("684C", "684P"), quote(1, bid, ask))
        assert np.isnan([call.iv[0], call.delta[0], call.gamma[0], put.iv[0]]).all()

    def test_without_a_quote_now_the_last_measured_one_still_stands(self) -> None:
        contracts = table("684C", "684P")
        state = folded(contracts, quote(1, 1.00, 1.02, 1.0), quote(1, 0.0, 1.02, 2.0))
        iv = volatilities(state, ladder(contracts), moment(), FOLD)
        assert iv[0] == pytest.approx(own_iv(1.01, 684, 1.0, at_s=1.0), rel=1e-9)

    @pytest.mark.parametrize(("at_s", "stands"), [(61.0, True), (61.1, False)])
    def test_the_last_measured_one_stands_for_a_minute(self, at_s: float, stands: bool) -> None:
        contracts = table("684C", "684P")
        state = folded(contracts, quote(1, 1.00, 1.02, 1.0), quote(1, 0.0, 1.02, 2.0))
        found = volatilities(state, ladder(contracts), moment(at_s), FOLD)
        assert np.isfinite(found).tolist() == [stands]

    @pytest.mark.parametrize(
        ("names", "dollars", "calls"),
        [
            (("684C", "684P"), 682.0, True),
            (("684C", "684P"), 684.0, True),
            (("684C", "684P"), 685.0, False),
            (("684C",), 685.0, True),
            (("684P",), 682.0, False),
        ],
    )
    def test_it_is_measured_out_of_the_money_unless_the_other_right_stands_alone(
        self, names: tuple[str, ...], dollars: float, calls: bool
    ) -> None:
        assert on_call(ladder(table(*names)), moment(dollars=dollars)).tolist() == [calls]

    def test_it_follows_the_quote_as_it_stands_not_the_one_the_fold_last_used(self) -> None:
        call, _ = both(table("684C"), quote(1, 1.00, 1.02, 1.0), quote(1, 1.40, 1.42, 2.0))
        assert call.iv[0] == pytest.approx(own_iv(1.41, 684, 1.0), rel=1e-12)

    def test_without_a_spot_there_is_none(self) -> None:
        contracts = table("684C")
        state = folded(contracts, quote(1, 1.00, 1.02))
        nowhere = Moment(OPEN, MISSING)
        assert np.isnan(volatilities(state, ladder(contracts), nowhere, FOLD)).all()
        assert isnan(nowhere.spot_usd)

    def test_once_settled_there_is_none(self) -> None:
        contracts = table("684C")
        state = folded(contracts, quote(1, 1.00, 1.02))
        over = Moment(CLOSE, to_price(SPOT_USD))
        assert np.isnan(volatilities(state, ladder(contracts), over, FOLD)).all()

    def test_a_price_without_time_value_has_none(self) -> None:
        call, _ = both(table("600C"), quote(1, 81.0, 81.5))
        assert isnan(call.iv[0])


class TestLeg:
    def test_greeks_are_at_the_moment_s_spot_and_time(self) -> None:
        call, put = both(table("684C", "684P"), quote(1, 1.00, 1.02))
        left = years(CLOSE, moment().now_ns)
        for leg, cp in ((call, 1.0), (put, -1.0)):
            expected = greeks(SPOT_USD, 684.0, left, FOLD.rate, FOLD.dividend, call.iv[0], cp)
            assert (leg.delta[0], leg.gamma[0]) == (expected.delta[0], expected.gamma[0])

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

    def test_rows_of_a_leg_stay_together(self) -> None:
        call, _ = both(table("683C", "684C", "685C"), quote(2, 1.00, 1.02), quote(3, 0.60, 0.62))
        part = part_of(call, slice(1, 3))
        for column in fields(Leg):
            whole = getattr(call, column.name)
            assert np.array_equal(getattr(part, column.name), whole[1:3], equal_nan=whole.dtype.kind == "f")


class TestHelpers:
    def test_unknown_open_interest_is_nan_and_zero_is_not(self) -> None:
        found = known(np.array([MISSING, 0, 7]))
        assert isnan(found[0])
        assert found[1:].tolist() == [0, 7]

    def test_greeks_without_a_volatility_are_nan(self) -> None:
        found = greeks_at(moment(), np.array([684.0]), CLOSE, np.array([nan]), 1.0, FOLD)
        assert np.isnan([found.delta[0], found.gamma[0], found.vega[0]]).all()


class TestExposureOfALeg:
    EVENTS = (quote(1, 1.00, 1.02), event(OI, 1, s1=300), event(TRADE, 1, 2.0, p1=to_price(1.02), s1=40))

    @pytest.mark.parametrize(
        ("stance", "held"),
        [
            (ExposureChoice(), 300),
            (ExposureChoice("assumed", "volume"), 40),
            (ExposureChoice("flow", "flow"), -40),
            (ExposureChoice("blended"), 260),
        ],
    )
    def test_it_is_of_what_dealers_hold_under_the_stance(self, stance: ExposureChoice, held: int) -> None:
        contracts = table("684C", "684P")
        call, put = legs(folded(contracts, *self.EVENTS), ladder(contracts), moment(), FOLD, stance)
        assert call.buy[0] == 40
        assert call.gex[0] == pytest.approx(call.gamma[0] * held * 100, rel=1e-14)
        known_ = stance.basis != "oi"
        assert (put.gex[0] == 0.0) if known_ else isnan(put.gex[0])


class TestMeasuredVolatility:
    def test_its_error_is_half_the_spread_over_vega(self) -> None:
        contracts = table("684C", "684P")
        call, put = both(contracts, quote(1, 1.00, 1.04), quote(2, 3.0, 3.4))
        iv, error = measured_vols(ladder(contracts), call, put, moment(), FOLD, 100)
        left = years(CLOSE, OPEN + 10 * NS)
        vega = greeks(SPOT_USD, 684.0, left, FOLD.rate, FOLD.dividend, iv, 1.0).vega
        assert iv[0] == call.iv[0]
        assert error[0] == pytest.approx(0.02 / vega[0], rel=1e-12)

    @pytest.mark.parametrize(("bid", "ask"), [(0.0, 1.04), (0.10, 1.94), (0.003, 0.011)])
    def test_a_quote_that_leaves_it_open_measures_none(self, bid: float, ask: float) -> None:
        contracts = table("684C", "684P")
        call, put = both(contracts, quote(1, bid, ask), quote(2, 3.0, 3.4))
        iv, error = measured_vols(ladder(contracts), call, put, moment(), FOLD, 100)
        assert isnan(iv[0])
        assert isnan(error[0])
