"""The map over time: each cell against the plain formula at its own minute, nan where nothing is known."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from engine.analytics.exposure_choice import CONVENTIONS, ExposureChoice
from engine.analytics.greeks import price_greeks, years
from engine.feeds.simulated import SimulatedSource
from engine.fold.volatility import kept_iv
from engine.model.events import MISSING, NS, OI
from engine.session.answers import AnswerContext, answer
from engine.session.symbol_day import PlayerParams, open_symbol_day
from engine.tape.timeline import Timeline
from engine.views.projection import PlaybackState
from engine.views.queries import HEAT_METRICS, HeatQuery

DAY = date(2025, 12, 16)
PARAMS = PlayerParams(strikes=8)
PLAYING = PlaybackState(1, 1, "simulated", ("IWM",), "SIMULATED", False, 1.0, 0.0, ())
MINUTE = 60 * NS


@pytest.fixture(scope="module")
def slot():
    """The first half hour of a simulated day."""
    slot = open_symbol_day(SimulatedSource(DAY).open("IWM"), PARAMS)
    slot.timeline.seek(slot.timeline.start_ns + 30 * MINUTE + 20 * NS)
    return slot


def ask(slot, query, convention="assumed", expiry=None):
    return answer(slot, AnswerContext(ExposureChoice().with_convention(convention), expiry), query)


def plain(slot, moment, metric, convention, strikes, expiry):
    """One column by the definitions, contract by contract, from the state of that minute."""
    timeline = Timeline(slot.timeline.tape, PARAMS.fold)
    timeline.seek(moment)
    state, contracts = timeline.state, timeline.tape.contracts
    spot = state.under["spot"][0] / 10_000
    column = dict.fromkeys(strikes, np.nan)
    for cid, contract in enumerate(contracts, 1):
        if contract.expiry != expiry or contract.strike_milli not in column:
            continue
        cell, static = state.cells[cid], state.static[cid]
        iv = kept_iv(moment, cell, state.cells[static["twin"]])
        left = years(int(static["settle_ns"]), moment)
        table = price_greeks(spot, contract.strike_milli / 1000, left, 0.04, 0.0, iv, float(static["cp"]))
        assumed, flow = static["cp"] * cell["oi"], int(cell["sell"]) - int(cell["buy"])
        held = {"assumed": assumed, "flow": flow, "blended": assumed + flow}[convention]
        each = table[2] if metric == "gex" else table[6] / 525_600
        value = cell["delta_flow"] if metric == "flow" else held * 100 * each
        if np.isfinite(value):
            column[contract.strike_milli] = np.nansum([column[contract.strike_milli], value])
    return list(column.values())


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("metric", HEAT_METRICS)
def test_cells_are_the_sums_over_their_contracts_at_their_minute(slot, metric, convention) -> None:
    heat = ask(slot, HeatQuery(metric), convention)
    assert (heat.metric, heat.convention) == (metric, convention)
    for at in (12, -1):
        moment = int(heat.times_ns[at])
        column = plain(slot, moment, metric, convention, heat.strike_milli.tolist(), DAY)
        assert heat.values[:, at] == pytest.approx(column, rel=2e-6, nan_ok=True)
        assert np.isfinite(column).sum() >= 5
        assert np.count_nonzero(np.nan_to_num(column)) >= 5


def test_columns_are_the_minutes_so_far_and_rows_the_views_strikes(slot) -> None:
    heat, view = ask(slot, HeatQuery()), slot.projector.project(PLAYING)
    assert heat.strike_milli.tolist() == view.strike_milli.tolist()
    assert len(heat.strike_milli) == 17
    assert (np.diff(heat.times_ns) == MINUTE).all()
    assert heat.times_ns[0] == view.start_ns
    assert view.tape_ns - MINUTE < heat.times_ns[-1] <= view.tape_ns
    assert heat.values.shape == (17, len(heat.times_ns)) == (17, len(heat.spot))
    assert heat.spot[0] == MISSING or heat.spot[0] > 0
    assert (heat.spot[1:] > 0).all()


def test_another_expiration_has_its_own_map(slot) -> None:
    shown = ask(slot, HeatQuery("gex"), expiry=slot.projector.expiries[1])
    column = plain(slot, int(shown.times_ns[-1]), "gex", "assumed", shown.strike_milli.tolist(),
                   slot.projector.expiries[1])  # fmt: skip
    assert shown.values[:, -1] == pytest.approx(column, rel=2e-6, nan_ok=True)


def test_map_since_a_moment_is_what_has_changed_since_the_minute_before_it(slot) -> None:
    raw = ask(slot, HeatQuery("flow"))
    since = int(raw.times_ns[10]) + 7 * NS
    changed = ask(slot, HeatQuery("flow", since))
    assert changed.since_ns == since
    assert changed.values.tolist() == (raw.values - raw.values[:, 10:11]).tolist()
    assert not changed.values[:, 10].any()
    assert changed.values[:, -1].any()
    first = ask(slot, HeatQuery("flow", slot.timeline.start_ns - NS))
    assert first.values.tolist() == (raw.values - raw.values[:, :1]).tolist()


def test_rewound_map_forgets_what_is_to_come() -> None:
    slot = open_symbol_day(SimulatedSource(DAY).open("IWM"), PARAMS)
    slot.timeline.seek(slot.timeline.start_ns + 9 * MINUTE)
    later = ask(slot, HeatQuery("flow"))
    slot.timeline.seek(slot.timeline.start_ns + 5 * MINUTE)
    earlier = ask(slot, HeatQuery("flow"))
    assert earlier.times_ns.tolist() == later.times_ns[:6].tolist()


# --- nothing where nothing is known -----------------------------------------------------------------------


@pytest.fixture
def small(tape, in_memory):
    """A quoted strike that trades, one that is never quoted, one whose open interest nobody tells."""

    def built():
        tape.spot(685.0, at=0).oi(100, cid=1).oi(50, cid=2).oi(70, cid=3).oi(20, cid=4)
        tape.quote(2.4, 2.5).quote(2.0, 2.1, cid=2).quote(1.0, 1.1, cid=5)
        tape.trade(2.5, 30, at=1).spot(685.0, at=61)
        return open_symbol_day(in_memory(tape.events), PARAMS)

    return built


def column(slot, convention, metric="gex"):
    """The last column by strike: 680, 685, 690."""
    slot.timeline.seek(slot.timeline.end_ns)
    heat = ask(slot, HeatQuery(metric), convention)
    assert heat.strike_milli.tolist() == [680_000, 685_000, 690_000]
    return np.isnan(heat.values[:, -1]).tolist()


def test_strikes_without_a_volatility_or_open_interest_are_unknown(small) -> None:
    slot = small()
    assert column(slot, "assumed") == [True, False, True]
    assert column(slot, "blended") == [True, False, True]
    assert column(slot, "flow") == [True, False, False]
    assert column(slot, "assumed", "flow") == [False, False, False]


def test_minutes_before_the_first_spot_are_unknown(small) -> None:
    slot = small()
    slot.timeline.seek(slot.timeline.end_ns)
    heat = ask(slot, HeatQuery("gex"), "flow")
    assert (heat.spot[:30] == MISSING).all()
    assert np.isnan(heat.values[:, :30]).all()


def test_settled_strikes_have_no_exposure(tape, in_memory) -> None:
    tape.spot(685.0, at=5 * 3600 + 3500).oi(100).quote(2.4, 2.5).spot(685.0, at=6 * 3600 + 130)
    slot = open_symbol_day(in_memory(tape.events), PARAMS)
    slot.timeline.seek(slot.timeline.end_ns)
    values = ask(slot, HeatQuery("gex")).values[1]
    assert np.isfinite(values[-5:]).tolist() == [False, True, False, False, False]


def test_one_known_leg_is_enough(tape, in_memory) -> None:
    tape.oi(100, at=0).spot(685.0).quote(2.4, 2.5).spot(685.0, at=61)
    slot = open_symbol_day(in_memory(tape.events), PARAMS)
    assert (tape.events["kind"] == OI).sum() == 1
    assert column(slot, "assumed") == [True, False, True]


def test_before_the_first_minute_there_is_nothing_to_subtract(tape, in_memory) -> None:
    tape.spot(685.0, at=3.0)
    timeline = in_memory(tape.events)
    slot = open_symbol_day(timeline, PlayerParams(start_ns=int(tape.events["ts"][0])))
    heat = ask(slot, HeatQuery("gex", since_ns=0))
    assert heat.values.shape == (3, 0)
