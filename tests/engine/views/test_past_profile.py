"""The earlier profile: at its minute it is what the view of that minute had, by the plain formula."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from engine.analytics.exposure_choice import CONVENTIONS, ExposureChoice
from engine.feeds.simulated import SimulatedSource
from engine.model.events import NS
from engine.session.answers import AnswerContext, answer
from engine.session.symbol_day import PlayerParams, open_symbol_day
from engine.views.projection import PlaybackState
from engine.views.queries import HeatQuery, PastProfileQuery

DAY = date(2025, 12, 16)
MINUTE = 60 * NS


@pytest.fixture(scope="module")
def slot():
    """The first half hour of a simulated day."""
    slot = open_symbol_day(SimulatedSource(DAY).open("IWM"), PlayerParams(strikes=8))
    slot.timeline.seek(slot.timeline.start_ns + 30 * MINUTE + 20 * NS)
    return slot


def ask(slot, query, choice: ExposureChoice):
    return answer(slot, AnswerContext(choice, None), query)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_of_one_expiration_it_is_the_column_of_the_heat_map(slot, convention) -> None:
    choice = ExposureChoice().with_convention(convention)
    heat = ask(slot, HeatQuery("gex"), choice)
    for of, column in (("five_minutes", -6), ("open", 1)):
        past = ask(slot, PastProfileQuery(of), choice)
        assert past.choice == choice
        assert past.at_ns == heat.times_ns[column]
        assert past.strike_milli.tolist() == heat.strike_milli.tolist()
        assert past.net == pytest.approx(heat.values[:, column], nan_ok=True)
        assert np.isfinite(past.net).any()


def test_of_several_expirations_it_is_their_sum(slot) -> None:
    days = slot.projector.expiries
    heats = [answer(slot, AnswerContext(ExposureChoice(), day), HeatQuery("gex")) for day in days]
    past = ask(slot, PastProfileQuery("five_minutes"), ExposureChoice().with_scope("several"))
    for strike, net in zip(past.strike_milli.tolist(), past.net.tolist(), strict=True):
        each = [heat.values[heat.strike_milli == strike, -6] for heat in heats]
        assert net == pytest.approx(np.nansum(np.concatenate(each)))


def test_it_is_near_what_the_view_of_that_minute_showed(slot) -> None:
    past = ask(slot, PastProfileQuery("five_minutes"), ExposureChoice())
    now_ns = slot.timeline.at_ns
    slot.timeline.seek(past.at_ns)
    view = slot.projector.project(PlaybackState.of(slot.timeline.tape.info))
    slot.timeline.seek(now_ns)
    at = np.isin(view.strike_milli, past.strike_milli)
    then = dict(zip(past.strike_milli.tolist(), past.net.tolist(), strict=True))
    shown = [then[strike] for strike in view.strike_milli[at].tolist()]
    whole = np.nansum(np.abs(view.exposures["gamma"].net))
    assert np.nanmax(np.abs(np.array(shown) - view.exposures["gamma"].net[at])) < 0.02 * whole


def test_what_is_not_kept_says_so(slot) -> None:
    past = ask(slot, PastProfileQuery("five_minutes"), ExposureChoice().with_basis("volume"))
    assert (past.at_ns, past.reason) == (None, "volume by strike is not kept by the minute")
    assert np.isnan(past.net).all()


def test_a_young_tape_has_none(slot) -> None:
    now_ns = slot.timeline.at_ns
    slot.timeline.seek(slot.timeline.start_ns + 30 * NS)
    past = [ask(slot, PastProfileQuery(of), ExposureChoice()) for of in ("five_minutes", "open")]
    slot.timeline.seek(now_ns)
    assert [each.at_ns for each in past] == [None, None]
    assert [each.reason for each in past] == ["less than five minutes of tape", "no quotes since the open"]
