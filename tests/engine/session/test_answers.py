"""Queries about the shown expiration and the scope, asked of an opened symbol."""

from __future__ import annotations

from datetime import date
from math import log, sqrt

import numpy as np
import pytest

from engine.analytics.exposure_choice import ExposureChoice
from engine.feeds.simulated import SimulatedSource
from engine.model.calendar import session
from engine.model.errors import UsageError
from engine.model.events import MISSING, NS
from engine.session.answers import AnswerContext, answer
from engine.session.symbol_day import PlayerParams, SymbolDay, open_slot
from engine.views.projection import PlaybackState
from engine.views.queries import Query, SmileQuery, TopQuery
from engine.views.view import View

DAY = date(2025, 12, 16)
NOW_NS = session(DAY).open_ns + 1800 * NS
PLAYING = PlaybackState(1, 1, "simulated", ("SPY",), "REPLAY", False, 1.0, 0.0, ())


@pytest.fixture(scope="module")
def slot() -> SymbolDay:
    made = open_slot(SimulatedSource(DAY).open("SPY"), PlayerParams(strikes=20))
    made.timeline.seek(NOW_NS)
    return made


def view(slot: SymbolDay, expiry: date | None = None) -> View:
    return slot.projector.project(PLAYING, expiry)


class TestSmile:
    def test_its_rows_are_the_view_s(self, slot: SymbolDay) -> None:
        for expiry in (None, *slot.projector.expiries):
            smile, shown = (
                answer(slot, AnswerContext(ExposureChoice(), expiry), SmileQuery()),
                view(slot, expiry),
            )
            assert smile.expiry == shown.expiry
            assert (smile.strike_milli == shown.strike_milli).all()
            assert {len(each) for each in (smile.iv, smile.error, smile.fitted, smile.vendor)} == {41}

    def test_what_is_measured_is_what_the_grid_shows(self, slot: SymbolDay) -> None:
        smile, shown = answer(slot, AnswerContext(ExposureChoice(), None), SmileQuery()), view(slot)
        known = np.isfinite(smile.iv)
        assert 5 < known.sum() < known.size
        np.testing.assert_array_equal(smile.iv[known], shown.call.iv[known])
        assert (np.isfinite(smile.error) == known).all()
        assert smile.error[known].max() <= 0.10
        assert (smile.atm_iv, smile.atm_error) == (shown.chain.atm_iv, shown.chain.atm_iv_error)

    def test_the_curve_lies_within_the_quotes_near_the_money(self, slot: SymbolDay) -> None:
        smile = answer(slot, AnswerContext(ExposureChoice(), None), SmileQuery())
        assert smile.forward is not None
        assert smile.atm_iv is not None
        hours = (session(DAY).close_ns - NOW_NS) / 3.6e12
        sd = smile.atm_iv * sqrt(hours / 8760)
        near = np.abs(np.log(smile.strike_milli / 1000 / smile.forward)) < sd
        assert near.sum() > 4
        assert (np.abs(smile.fitted - smile.iv)[near] < 1.5 * smile.error[near] + 1e-3).all()
        assert abs(log(smile.forward * 10_000 / view(slot).spot)) < 1e-3

    def test_it_ends_where_the_quotes_end(self, slot: SymbolDay) -> None:
        smile = answer(slot, AnswerContext(ExposureChoice(), None), SmileQuery())
        known, drawn = np.flatnonzero(np.isfinite(smile.iv)), np.flatnonzero(np.isfinite(smile.fitted))
        assert (drawn[0], drawn[-1]) == (known[0], known[-1])

    def test_a_provider_s_own_is_that_of_the_contract_that_is_out_of_the_money(self, slot: SymbolDay) -> None:
        shown, cells = view(slot), slot.timeline.state.cells
        out_of_money = np.where(shown.strike_milli * 10 >= shown.spot, shown.call.cid, shown.put.cid)
        told = cells["vendor_iv"][out_of_money]
        assert (told != MISSING).sum() > 10
        vendor = answer(slot, AnswerContext(ExposureChoice(), None), SmileQuery()).vendor
        np.testing.assert_array_equal(vendor, np.where(told == MISSING, np.nan, told / 1e6))

    def test_before_the_first_quote_it_is_empty(self) -> None:
        made = open_slot(SimulatedSource(DAY).open("DIA"), PlayerParams())
        smile = answer(made, AnswerContext(ExposureChoice(), None), SmileQuery())
        assert (smile.forward, smile.atm_iv, smile.atm_error) == (None, None, None)
        assert np.isnan([smile.iv, smile.error, smile.fitted, smile.vendor]).all()


class TestTop:
    def test_the_scope_says_which_expirations_are_ranked(self, slot: SymbolDay) -> None:
        nearest, *_ = slot.projector.expiries
        one = answer(slot, AnswerContext(ExposureChoice(), None), TopQuery("oi"))
        several = answer(slot, AnswerContext(ExposureChoice(scope="all"), None), TopQuery("oi"))
        assert {row.expiry for row in one.rows} == {nearest}
        assert len({row.expiry for row in several.rows}) > 1
        assert len(one.rows) == len(several.rows) == 10

    @pytest.mark.parametrize("by", ["oi", "volume"])
    def test_no_contract_of_the_scope_has_more(self, slot: SymbolDay, by: str) -> None:
        top = answer(slot, AnswerContext(ExposureChoice(scope="all"), None), TopQuery(by))
        cells = slot.timeline.state.cells[1:]
        column = cells["oi"] if by == "oi" else cells["volume"] - cells["cancelled"]
        assert [getattr(row, by) for row in top.rows] == sorted(column.tolist(), reverse=True)[:10]


def test_what_nobody_answers_is_named(slot: SymbolDay) -> None:
    class Weather(Query[str]):
        pass

    with pytest.raises(UsageError, match="Nobody answers a Weather"):
        answer(slot, AnswerContext(ExposureChoice(), None), Weather())
