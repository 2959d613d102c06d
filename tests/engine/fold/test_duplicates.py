"""Which prints were told before, what a reconnect may not change, and which prints are one order."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.feeds.simulated import SimulatedSource
from engine.fold.params import PRESETS, FoldParams
from engine.model.events import FMV, QUOTE, SPOT, TRADE

MULTI, MULTI_AUCTION = 232, 233
TOTALS = ("volume", "cancelled", "buy", "sell", "unknown", "premium", "buy_premium", "sell_premium")


@pytest.fixture
def quoted(tape):
    return tape.spot(685.0, at=0).quote(2.45, 2.50, at=0).quote(2.45, 2.50, at=0, cid=2)


def totals(folded):
    return {name: folded.state.cells[name].tolist() for name in TOTALS}


# --- told again -------------------------------------------------------------------------------------------


def test_a_print_told_again_later_counts_once(quoted) -> None:
    quoted.trade(2.50, 10, at=1).trade(2.50, 7, at=2).quote(2.45, 2.50, at=3).trade(2.50, 10, at=1)
    folded = quoted.fold()
    assert folded.cell()["volume"] == 17
    assert folded.under["redelivered"] == 1


@pytest.mark.parametrize("change", [{"price": 2.45}, {"size": 11}, {"cond": 209}, {"exch": 2}, {"at": 1.1}])
def test_a_late_print_that_differs_in_anything_is_another_trade(quoted, change) -> None:
    quoted.trade(2.50, 10, at=1).quote(2.45, 2.50, at=3)
    quoted.trade(**{"price": 2.50, "size": 10, "at": 1, **change})
    folded = quoted.fold()
    assert folded.cell()["volume"] == 10 + change.get("size", 10)
    assert folded.under["redelivered"] == 0


def test_equal_prints_of_one_nanosecond_both_count(quoted) -> None:
    """Two fills of one order look like this; nobody can tell them from one print told twice."""
    assert quoted.trade(2.50, 10, at=1).trade(2.50, 10, at=1).fold().cell()["volume"] == 20


def test_equal_prints_of_one_nanosecond_are_judged_once(quoted) -> None:
    for _ in range(6):
        quoted.trade(2.50, 100, at=400)
    folded = quoted.fold()
    assert folded.signals.size == 0
    assert folded.cell()["bucket_volume"] == 100


def test_a_print_older_than_everything_remembered_was_told_before(quoted) -> None:
    for k in range(10):
        quoted.trade(2.50, 1, at=1 + k)
    folded = quoted.trade(2.50, 1, at=1).fold()
    assert folded.cell()["volume"] == 10
    assert folded.under["redelivered"] == 1


def test_a_cancel_told_again_takes_nothing_back(quoted) -> None:
    quoted.trade(2.50, 10, at=1).trade(2.50, 5, at=2).cancel(2.50, 10, at=3).quote(2.45, 2.50, at=4)
    folded = quoted.cancel(2.50, 10, at=3).fold()
    assert (folded.cell()["cancelled"], folded.under["cancels"]) == (10, 1)


def test_a_late_cancel_of_a_living_print_is_obeyed(quoted) -> None:
    folded = quoted.trade(2.50, 10, at=1).quote(2.45, 2.50, at=4).cancel(2.50, 10, at=3).fold()
    assert folded.cell()["cancelled"] == 10


# --- a tape that begins again -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def market():
    """Return eight simulated minutes after the warm-up's, IWM."""
    sim = SimulatedSource(date(2025, 12, 16)).open("IWM")
    return np.concatenate([sim.read(chunk) for chunk in range(2)])


@settings(max_examples=25, deadline=None)
@given(st.data())
@pytest.mark.parametrize("preset", PRESETS)
def test_a_reconnect_changes_neither_totals_nor_signals(
    mixed_in_order, fold_events, touchy_params, preset, data
) -> None:
    """The tape is told again from any earlier moment to any later one, then goes on.

    What is told again within one nanosecond is two fills as far as anybody can know.
    """
    events, params = mixed_in_order, touchy_params(preset)
    at = data.draw(st.integers(2, len(events)))
    since = data.draw(st.integers(0, at - 1))
    assume(events["ts"][since] < events["ts"][at - 1])
    again = np.concatenate([events[:at], events[since:at], events[at:]])
    once, twice = fold_events(events, params), fold_events(again, params)
    assert known(once.signals) == known(twice.signals)
    assert totals(once) == totals(twice)


def known(signals):
    return [(s["ts"], s["cid"], s["rule"], s["direction"], s["parent"], s["strength"]) for s in signals]


@pytest.fixture(scope="module")
def mixed_in_order(mixed_events):
    """A random tape in time order, a nanosecond at least between two events, without fair values' jitter.

    Nothing in it is told at second hand: that was compared with the tape before, and is never told again.
    """
    events = mixed_events(5, 2500)
    events["flags"] = 0
    events = events[np.isin(events["kind"], (QUOTE, TRADE, SPOT, FMV))]
    events = events[(events["cid"] >= 0) & (events["cid"] < 7)]
    events["ts"] = np.sort(events["ts"]) + np.arange(len(events))
    return events


def test_the_tapes_of_that_law_fire(mixed_in_order, fold_events, touchy_params) -> None:
    assert fold_events(mixed_in_order, touchy_params("default")).signals.size > 50


@pytest.mark.parametrize("preset", PRESETS)
def test_a_tape_told_twice_event_by_event_fires_nothing_more(
    mixed_in_order, fold_events, touchy_params, preset
) -> None:
    """Volumes may count twice then, signals do not: equal prints of one nanosecond are judged once."""
    params = touchy_params(preset)
    once, twice = (fold_events(events, params) for events in (mixed_in_order, np.repeat(mixed_in_order, 2)))
    assert known(once.signals) == known(twice.signals)


def test_a_simulated_market_told_twice_fires_nothing_more(fold_events) -> None:
    sim = SimulatedSource(date(2025, 12, 16)).open("DIA")
    events = np.concatenate([sim.read(chunk) for chunk in range(30)])
    events = events[events["cid"] < 7]
    params = FoldParams()
    assert known(fold_events(events, params).signals) == known(
        fold_events(np.repeat(events, 2), params).signals
    )


# --- packages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "legs", "packages"),
    [
        ("two legs at once", [(1.0, 1, MULTI, 1), (1.0005, 2, MULTI, 1)], 1),
        ("three legs in a row", [(1.0, 1, MULTI, 1), (1.0009, 2, MULTI, 1), (1.0018, 3, MULTI, 1)], 1),
        ("too far apart", [(1.0, 1, MULTI, 1), (1.0011, 2, MULTI, 1)], 2),
        ("another exchange", [(1.0, 1, MULTI, 1), (1.0005, 2, MULTI, 2)], 2),
        ("another condition", [(1.0, 1, MULTI, 1), (1.0005, 2, MULTI_AUCTION, 1)], 2),
    ],
)
def test_legs_of_one_moment_exchange_and_condition_are_one_package(quoted, why, legs, packages) -> None:
    for at, cid, cond, exch in legs:
        quoted.trade(2.50, 5, at=at, cid=cid, cond=cond, exch=exch)
    under = quoted.fold().under
    assert (under["packages"], under["package_legs"]) == (packages, len(legs)), why


def test_legs_count_in_volume_have_no_side_and_never_fire(quoted, eager_params) -> None:
    for k in range(50):
        for exch in (1, 2):
            quoted.trade(2.50, 600, at=60 + k / 100, cond=MULTI, exch=exch)
    folded = quoted.fold(eager_params(changes={"volume_spike.z": 0.1}))
    assert folded.signals.size == 0
    cell = folded.cell()
    assert (cell["volume"], cell["unknown"], cell["bucket_volume"]) == (60_000, 60_000, 0)
