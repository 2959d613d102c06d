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
from engine.session.symbol_day import PlayerParams, SymbolDay, open_symbol_day
from engine.views.projection import PlaybackState
from engine.views.queries import Query, SmileQuery, TopQuery
from engine.views.view import View

DAY = date(2025, 12, 16)
NOW_NS = session(DAY).open_ns + 1800 * NS
PLAYING = PlaybackState(1, 1, "simulated", ("SPY",), "REPLAY", False, 1.0, 0.0, ())


@pytest.fixture(scope="module")
def symbol_day() -> SymbolDay:
    made = open_symbol_day(SimulatedSource(DAY).open("SPY"), PlayerParams(strikes=20))
    made.timeline.seek(NOW_NS)
    return made


def view(symbol_day: SymbolDay, expiry: date | None = None) -> View:
    return symbol_day.projector.project(PLAYING, expiry)


class TestSmile:
    def test_its_rows_are_the_view_s(self, symbol_day: SymbolDay) -> None:
        for expiry in (None, *symbol_day.projector.expiries):
            smile, shown = (
                answer(symbol_day, AnswerContext(ExposureChoice(), expiry), SmileQuery()),
                view(symbol_day, expiry),
            )
            assert smile.expiry == shown.expiry
            assert (smile.strike_milli == shown.strike_milli).all()
            assert {len(each) for each in (smile.iv, smile.error, smile.fitted, smile.vendor)} == {41}

    def test_what_is_measured_is_what_the_grid_shows(self, symbol_day: SymbolDay) -> None:
        smile, shown = (
            answer(symbol_day, AnswerContext(ExposureChoice(), None), SmileQuery()),
            view(symbol_day),
        )
        known = np.isfinite(smile.iv)
        assert 5 < known.sum() < known.size
        np.testing.assert_array_equal(smile.iv[known], shown.call.iv[known])
        assert (np.isfinite(smile.error) == known).all()
        assert smile.error[known].max() <= 0.10
        assert (smile.atm_iv, smile.atm_error) == (shown.chain.atm_iv, shown.chain.atm_iv_error)

    def test_the_curve_lies_within_the_quotes_near_the_money(self, symbol_day: SymbolDay) -> None:
        smile = answer(symbol_day, AnswerContext(ExposureChoice(), None), SmileQuery())
        assert smile.forward is not None
        assert smile.atm_iv is not None
        hours = (session(DAY).close_ns - NOW_NS) / 3.6e12
        sd = smile.atm_iv * sqrt(hours / 8760)
        near = np.abs(np.log(smile.strike_milli / 1000 / smile.forward)) < sd
        assert near.sum() > 4
        assert (np.abs(smile.fitted - smile.iv)[near] < 1.5 * smile.error[near] + 1e-3).all()
        assert abs(log(smile.forward * 10_000 / view(symbol_day).spot)) < 1e-3

    def test_it_ends_where_the_quotes_end(self, symbol_day: SymbolDay) -> None:
        smile = answer(symbol_day, AnswerContext(ExposureChoice(), None), SmileQuery())
        known, drawn = np.flatnonzero(np.isfinite(smile.iv)), np.flatnonzero(np.isfinite(smile.fitted))
        assert (drawn[0], drawn[-1]) == (known[0], known[-1])

    def test_a_provider_s_own_is_that_of_the_contract_that_is_out_of_the_money(
        self, symbol_day: SymbolDay
    ) -> None:
        shown, cells = view(symbol_day), symbol_day.timeline.state.cells
        out_of_money = np.where(shown.strike_milli * 10 >= shown.spot, shown.call.cid, shown.put.cid)
        told = cells["vendor_iv"][out_of_money]
        assert (told != MISSING).sum() > 10
        vendor = answer(symbol_day, AnswerContext(ExposureChoice(), None), SmileQuery()).vendor
        np.testing.assert_array_equal(vendor, np.where(told == MISSING, np.nan, told / 1e6))

    def test_before_the_first_quote_it_is_empty(self) -> None:
        made = open_symbol_day(SimulatedSource(DAY).open("DIA"), PlayerParams())
        smile = answer(made, AnswerContext(ExposureChoice(), None), SmileQuery())
        assert (smile.forward, smile.atm_iv, smile.atm_error) == (None, None, None)
        assert np.isnan([smile.iv, smile.error, smile.fitted, smile.vendor]).all()


class TestTop:
    def test_the_scope_says_which_expirations_are_ranked(self, symbol_day: SymbolDay) -> None:
        nearest, *_ = symbol_day.projector.expiries
        query = TopQuery("oi", contracts=True)
        one = answer(symbol_day, AnswerContext(ExposureChoice(), None), query)
        several = answer(symbol_day, AnswerContext(ExposureChoice(scope="all"), None), query)
        assert {row.expiry for row in one.rows} == {nearest}
        assert len({row.expiry for row in several.rows}) > 1
        assert len(one.rows) == len(several.rows) == 10

    @pytest.mark.parametrize("by", ["oi", "volume"])
    def test_no_contract_of_the_scope_has_more(self, symbol_day: SymbolDay, by: str) -> None:
        top = answer(
            symbol_day, AnswerContext(ExposureChoice(scope="all"), None), TopQuery(by, contracts=True)
        )
        cells = symbol_day.timeline.state.cells[1:]
        column = cells["oi"] if by == "oi" else cells["volume"] - cells["cancelled"]
        assert [getattr(row, by) for row in top.rows] == sorted(column.tolist(), reverse=True)[:10]


def test_what_nobody_answers_is_named(symbol_day: SymbolDay) -> None:
    class Weather(Query[str]):
        pass

    with pytest.raises(UsageError, match="Nobody answers a Weather"):
        answer(symbol_day, AnswerContext(ExposureChoice(), None), Weather())
