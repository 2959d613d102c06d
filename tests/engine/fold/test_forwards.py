"""The spot that quotes imply: where it comes from, what moves it, and what does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pytest

from engine.analytics.greeks import price_greeks, years
from engine.fold.forwards import BORROWED, OWN, TOLD
from engine.fold.params import FoldParams
from engine.fold.state import State, new_state
from engine.fold.step import step
from engine.model.calendar import session, settle_ns
from engine.model.contracts import Contract, ContractTable
from engine.model.events import EVENT, MISSING, NS, QUOTE, SPOT, UNDERLYING, to_price
from engine.model.underlyings import underlying

SPY, DAY = underlying("SPY"), date(2025, 12, 16)
START = session(DAY).open_ns + 3600 * NS
STRIKES = tuple(range(676, 695))
EXPIRIES = (DAY, DAY + timedelta(1))
CENT = 100
P = FoldParams()


def settles(root: str, expiry: date) -> int:
    return settle_ns(SPY, root, expiry)


def listed(strikes: tuple[int, ...]) -> list[Contract]:
    return [Contract("SPY", e, right, 1000 * k) for e in EXPIRIES for k in strikes for right in "CP"]


@dataclass
class Chain:
    """Nineteen strikes of two expirations around 685, quoted by the model at 20 %, a cent either side."""

    rows: list[tuple[int, ...]] = field(default_factory=list)
    at: float = 0.0
    implied: float = 685.0

    table = ContractTable(listed(STRIKES))

    def put(self, kind: int, cid: int, p1: int, p2: int = MISSING) -> Chain:
        self.rows.append((START + round(self.at * NS), cid, p1, p2, 30, 30, 0, 1, kind, 0))
        return self

    def tell(self, spot: float) -> Chain:
        return self.put(SPOT, UNDERLYING, to_price(spot))

    def mid(self, cid: int) -> float:
        contract = self.table[cid]
        T = years(settles("SPY", contract.expiry), START + round(self.at * NS))
        sign = 1.0 if contract.right == "C" else -1.0
        strike = contract.strike_milli / 1000
        return round(price_greeks(self.implied, strike, T, P.rate, 0.0, 0.2, sign)[0], 2)

    def quote(self, cid: int, off: float = 0.0, half: float = 0.01) -> Chain:
        mid = self.mid(cid) + off
        return self.put(QUOTE, cid, to_price(mid - half), to_price(mid + half))

    def cid(self, strike: int, right: str, expiry: date = DAY) -> int:
        return 1 + list(self.table).index(Contract("SPY", expiry, right, 1000 * strike))

    def quote_all(self, skip: tuple[int, ...] = (), expiry: date | None = None) -> Chain:
        for cid, contract in enumerate(self.table, 1):
            if cid not in skip and (expiry is None or contract.expiry == expiry):
                self.quote(cid)
        return self

    def wait(self, seconds: float) -> Chain:
        self.at += seconds
        return self

    def fold(self) -> State:
        state = new_state(self.table, settles, SPY.multiplier, CENT)
        step(state, np.array(self.rows, EVENT), P.pack())
        return state


@pytest.fixture
def chain() -> Chain:
    """Two rounds of quotes, six seconds apart, at a spot six dollars from the one that is told."""
    return Chain().tell(691.0).quote_all().wait(6).quote_all()


def usd(state: State, row: int = 0) -> float:
    return float(state.forwards["spot"][row]) / 10_000


def test_pairs_tell_the_spot_whatever_the_underlying_s_price_is(chain) -> None:
    state = chain.fold()
    assert state.forwards["source"].tolist() == [OWN, OWN]
    assert [usd(state, 0), usd(state, 1)] == pytest.approx([685.0, 685.0], abs=0.01)
    near = state.cells[chain.cid(686, "C")]
    assert near["quote_spot"] == 6_910_000
    assert near["priced_spot"] / 10_000 == pytest.approx(685.0, abs=0.01)
    assert near["iv"] == pytest.approx(0.2, abs=0.003)


def test_a_stub_pair_and_a_crossed_one_change_nothing(chain) -> None:
    before = usd(chain.fold())
    odd = [chain.cid(k, right) for k in (684, 687) for right in "CP"]
    for cid in odd[:2]:
        chain.put(QUOTE, cid, to_price(0.01), to_price(20.0))
    for cid in odd[2:]:
        chain.put(QUOTE, cid, to_price(9.0), to_price(0.5))
    chain.wait(6).quote_all(skip=tuple(odd))
    assert usd(chain.fold()) == pytest.approx(before, abs=0.01)


def test_each_quote_near_the_money_moves_it_between_two_times_that_pairs_are_asked(chain) -> None:
    chain.implied = 685.06
    for strike in (684, 685, 686):
        for right in "CP":
            chain.wait(0.05).quote(chain.cid(strike, right))
    state = chain.fold()
    assert state.forwards["due"][0] > chain.rows[-1][0]
    assert usd(state) == pytest.approx(685.06, abs=0.02)


def test_what_one_contract_does_alone_is_its_own(chain) -> None:
    before = usd(chain.fold())
    for k in range(8):
        chain.wait(0.2).quote(chain.cid(685, "C"), off=0.5 + 0.01 * (k % 2))
    assert usd(chain.fold()) == pytest.approx(before, abs=0.03)


def test_three_contracts_that_agree_are_a_jump_and_nothing_is_compared_across(chain) -> None:
    chain.implied = 687.0
    chain.wait(0.1)
    told = [chain.cid(686, "C"), chain.cid(684, "P"), chain.cid(685, "P")]
    for cid in told[:2]:
        chain.quote(cid)
    assert usd(chain.fold()) == pytest.approx(685.0, abs=0.02)
    state = chain.quote(told[2]).fold()
    assert usd(state) == pytest.approx(687.0, abs=0.15)
    assert state.forwards["since"][0] == chain.rows[-1][0]
    state = chain.quote_all(expiry=DAY).wait(6).quote_all(expiry=DAY).fold()
    assert usd(state) == pytest.approx(687.0, abs=0.02)
    assert state.under["signals"][0] == 0


def test_a_settlement_whose_pairs_do_not_tell_takes_another_s_spot(chain) -> None:
    today = [cid for cid, contract in enumerate(chain.table, 1) if contract.expiry == DAY]
    for _ in range(14):
        chain.wait(6).quote_all(expiry=EXPIRIES[1])
        for cid in today:
            chain.put(QUOTE, cid, 0, to_price(0.05))
    state = chain.fold()
    assert state.forwards["source"].tolist() == [BORROWED, OWN]
    assert state.forwards["spot"][0] == state.forwards["spot"][1]


def test_without_pairs_the_underlying_s_price_serves() -> None:
    chain = Chain().tell(691.0)
    for _ in range(3):
        chain.wait(6).quote(chain.cid(685, "C")).quote(chain.cid(685, "P"))
    state = chain.fold()
    assert state.forwards["source"].tolist() == [TOLD, TOLD]
    assert state.cells[chain.cid(685, "C")]["priced_spot"] == 6_910_000


def test_without_any_price_of_the_underlying_contracts_are_priced_all_the_same() -> None:
    state = Chain().quote_all().wait(6).quote_all().fold()
    assert usd(state) == pytest.approx(685.0, abs=0.01)
    assert np.isfinite(state.cells["delta"][1:]).sum() > 30


def test_unquoted_strikes_of_a_larger_table_change_nothing(chain) -> None:
    few = chain.fold()
    table = ContractTable([*chain.table, *listed((600, 700))])
    state = new_state(table, settles, SPY.multiplier, CENT)
    step(state, np.array(chain.rows, EVENT), P.pack())
    assert state.forwards["spot"].tolist() == few.forwards["spot"].tolist()
