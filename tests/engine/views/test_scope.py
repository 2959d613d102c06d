"""Which contracts a scope sums, and what a fold knows of each."""

from __future__ import annotations

from datetime import date
from math import isnan

import numpy as np
import pytest

from engine.analytics.option_chain import ABSENT, ContractSet
from engine.fold.state import State
from engine.model.calendar import session
from engine.model.contracts import Contract
from engine.model.events import NS
from engine.model.underlyings import underlying
from engine.views.scope import TapeContracts, chain_at

NEAR, FAR = date(2025, 12, 16), date(2025, 12, 17)
AT = session(NEAR).open_ns + 1800 * NS
LISTED = [
    Contract("SPY", day, right, strike * 1000)
    for day, strike, right in (
        (NEAR, 685, "C"), (NEAR, 685, "P"), (NEAR, 680, "C"), (NEAR, 680, "P"),
        (FAR, 690, "C"), (NEAR, 690, "P"),
    )
]  # fmt: skip
"""The fold's table has six contracts; what it makes of their names does not matter here."""


@pytest.fixture
def whole() -> TapeContracts:
    return TapeContracts.all_of(ContractSet.of(underlying("SPY"), LISTED))


@pytest.fixture
def traded(tape) -> State:
    """Spot 685; 685C (1) quoted and traded on both sides, with an open interest; 690P (6) only quoted."""
    tape.spot(685.0, at=0).oi(300).quote(2.40, 2.50, at=0).quote(8.0, 8.2, cid=6, at=0)
    tape.trade(2.50, 30, at=1).trade(2.40, 10, at=2).trade(2.45, 5, at=3, cond=232).trade(2.50, 4, at=4)
    return tape.cancel(2.50, 4, at=5).fold().state


def test_contracts_stand_in_the_order_of_the_tape_s_table(whole: TapeContracts) -> None:
    assert whole.listed.contracts == tuple(LISTED)
    assert whole.cid.tolist() == [1, 2, 3, 4, 5, 6]
    assert whole.row.tolist() == [ABSENT, 0, 1, 2, 3, 4, 5]


def test_a_part_is_of_whole_settlements_and_knows_where_its_contracts_stand(whole: TapeContracts) -> None:
    near, far = whole.listed.groups
    part = whole.part([near])
    assert part.cid.tolist() == [1, 2, 3, 4, 6]
    assert part.row.tolist() == [ABSENT, 0, 1, 2, 3, ABSENT, 4]
    assert [each.expiry for each in part.listed.groups] == [NEAR]
    assert whole.part([far, near]).listed.contracts == whole.listed.contracts
    assert whole.part([]).listed.contracts == ()


def test_columns_are_what_the_fold_counted(whole: TapeContracts, traded: State) -> None:
    scope = chain_at(traded, whole, AT + 10 * NS)
    chain = scope.chain
    assert (chain.bid[0], chain.ask[0], chain.mid[5]) == (2.40, 2.50, pytest.approx(8.1))
    assert (chain.oi[0], chain.volume[0], chain.buy[0], chain.sell[0]) == (300, 45, 30, 10)
    assert scope.confidence[0] == pytest.approx(0.8 * 40)
    assert scope.premium_usd[0] == pytest.approx(100 * (30 * 2.50 + 10 * 2.40 + 5 * 2.45))
    assert scope.net_premium_usd[0] == pytest.approx(100 * (30 * 2.50 - 10 * 2.40))
    assert np.isnan(chain.oi[1:]).all()
    assert not chain.volume[1:].any()
    assert np.isnan(chain.iv).all()  # the fold's own is not a vendor's


def test_a_quote_has_its_time_and_the_spot_it_was_made_at(whole: TapeContracts, traded: State) -> None:
    chain = chain_at(traded, whole, AT + 10 * NS).chain
    assert chain.quote_ns.tolist() == [AT, 0, 0, 0, 0, AT]
    assert chain.moved[[0, 5]].tolist() == [1.0, 1.0]
    assert np.isnan(chain.moved[1:5]).all()


def test_a_side_nobody_quotes_is_unknown(whole: TapeContracts, tape) -> None:
    state = tape.spot(685.0, at=0).quote(0.0, 0.05, at=0).quote(float("nan"), 0.05, cid=2, at=0).fold().state
    chain = chain_at(state, whole, AT).chain
    assert np.isnan(chain.bid[:2]).all()
    assert chain.ask[:2].tolist() == [0.05, 0.05]


def test_the_volatility_the_fold_measured_stands_for_a_minute(whole: TapeContracts, tape) -> None:
    state = tape.spot(685.0, at=0).quote(2.40, 2.50, at=0).fold().state
    measured = float(state.cells["iv"][1])
    assert measured > 0
    assert chain_at(state, whole, AT + 60 * NS).chain.kept_iv[0] == measured
    assert isnan(chain_at(state, whole, AT + 60 * NS + 1).chain.kept_iv[0])


def test_a_part_s_columns_are_the_whole_s(whole: TapeContracts, traded: State) -> None:
    part = whole.part([whole.listed.groups[0]])
    of_part, of_all = (chain_at(traded, each, AT).chain for each in (part, whole))
    rows = part.cid - 1
    for name in ("bid", "ask", "quote_ns", "moved", "beat_ns", "volume", "oi", "buy", "sell", "kept_iv"):
        np.testing.assert_array_equal(getattr(of_part, name), getattr(of_all, name)[rows], err_msg=name)
