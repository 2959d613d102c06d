"""Which contracts a scope sums, and what is known of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from engine.analytics.exposure_choice import CONVENTIONS, ExposureChoice
from engine.fold.params import FoldParams
from engine.fold.state import State
from engine.model.calendar import session
from engine.model.events import NS, to_price
from engine.views.expiration import ABSENT, Expiration, Moment, legs
from engine.views.scope import ScopeChain, pool_at, roster_of

NEAR, FAR = date(2025, 12, 16), date(2025, 12, 17)
AT = session(NEAR).open_ns + 1800 * NS
FOLD = FoldParams()


def ladder(strikes: list[int], call: list[int], put: list[int], day: date = NEAR) -> Expiration:
    milli = np.array(strikes) * 1000
    return Expiration(milli, np.array(call, np.int64), np.array(put, np.int64), session(day).close_ns)


TWO = {
    NEAR: (ladder([680, 685], [3, 1], [4, 2]), ladder([690], [5], [ABSENT])),
    FAR: (ladder([690], [ABSENT], [6], FAR),),
}


def test_every_contract_is_there_once_and_knows_its_place() -> None:
    roster = roster_of(TWO)
    assert roster.expiries == (NEAR, FAR)
    assert roster.cid.tolist() == [3, 1, 4, 2, 5, 6]
    assert roster.strike_milli.tolist() == [680_000, 685_000, 680_000, 685_000, 690_000, 690_000]
    assert roster.cp.tolist() == [1, 1, -1, -1, 1, -1]
    assert roster.expiry.tolist() == [0, 0, 0, 0, 0, 1]
    assert roster.ladder.tolist() == [0, 0, 0, 0, 1, 2]
    assert roster.rung.tolist() == [0, 1, 0, 1, 2, 3]


def test_no_expiration_has_no_contract() -> None:
    roster = roster_of({})
    assert (roster.expiries, roster.cid.size) == ((), 0)


@pytest.fixture
def traded(tape) -> State:
    """Spot 685; 685C (1) quoted and traded on both sides, with an open interest; 690P (6) only quoted."""
    tape.spot(685.0, at=0).oi(300).quote(2.40, 2.50, at=0).quote(8.0, 8.2, cid=6, at=0)
    tape.trade(2.50, 30, at=1).trade(2.40, 10, at=2).trade(2.45, 5, at=3, cond=232).trade(2.50, 4, at=4)
    return tape.cancel(2.50, 4, at=5).fold().state


def pool_of(state: State) -> ScopeChain:
    return pool_at(state, roster_of(TWO), Moment(AT + 10 * NS, to_price(685.0)), FOLD)


def test_columns_are_what_the_fold_counted(traded: State) -> None:
    pool = pool_of(traded)
    i = pool.roster.cid.tolist().index(1)
    assert (pool.oi[i], pool.volume[i], pool.buy[i], pool.sell[i], pool.unknown[i]) == (300, 45, 30, 10, 5)
    assert pool.confidence[i] == pytest.approx(0.8 * 40)
    assert pool.premium_usd[i] == pytest.approx(100 * (30 * 2.50 + 10 * 2.40 + 5 * 2.45))
    assert pool.net_premium_usd[i] == pytest.approx(100 * (30 * 2.50 - 10 * 2.40))
    assert np.isnan(np.delete(pool.oi, i)).all()
    assert not np.delete(pool.volume, i).any()


def test_each_contract_has_its_own_ladder_s_time_and_volatility(traded: State) -> None:
    pool, moment = pool_of(traded), Moment(AT + 10 * NS, to_price(685.0))
    assert pool.years[5] - pool.years[0] == pytest.approx(1 / 365)
    for ladders in TWO.values():
        for each in ladders:
            call, put = legs(traded, each, moment, FOLD)
            for leg in (call, put):
                for cid, iv in zip(leg.cid.tolist(), leg.iv.tolist(), strict=True):
                    if cid != ABSENT:
                        np.testing.assert_equal(pool.iv[pool.roster.cid.tolist().index(cid)], iv)


def test_books_are_what_dealers_hold_under_each_convention(traded: State) -> None:
    pool = pool_of(traded)
    i = pool.roster.cid.tolist().index(1)
    held = [book.sign[i] * book.weight[i] for book in pool.books(ExposureChoice(), 100.0)]
    assert held == [300, -20, 280]
    assert [book.basis for book in pool.books(ExposureChoice(), 100.0)] == ["oi", "flow", "oi"]


def test_only_the_shown_convention_takes_the_shown_basis(traded: State) -> None:
    pool = pool_of(traded)
    i = pool.roster.cid.tolist().index(1)
    by_volume = pool.books(ExposureChoice("assumed", "volume"), 100.0)
    assert [book.weight[i] for book in by_volume] == [45, -20, 280]


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_a_put_is_held_short_when_it_is_assumed(fresh_state: Callable[[], State], convention: str) -> None:
    state = fresh_state()
    state.cells["oi"][2] = 50
    pool = pool_of(state)
    i = pool.roster.cid.tolist().index(2)
    book = pool.books(ExposureChoice(), 100.0)[CONVENTIONS.index(convention)]
    assert book.sign[i] * book.weight[i] == {"assumed": -50, "flow": 0, "blended": -50}[convention]
