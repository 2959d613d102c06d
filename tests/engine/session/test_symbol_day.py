"""A symbol's day at its expirations: what is told and summed is of the watched ones."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from math import inf

import numpy as np
import pytest

from engine.feeds.simulated import SimulatedSource
from engine.model.calendar import session
from engine.model.events import NS
from engine.session.headless import HorizonOutcome, Summary, replay
from engine.session.symbol_day import PlayerParams, SymbolDay, open_symbol_day
from engine.session.user_rules import RuleKind, UserSignal
from engine.views.view import FiredSignal, SignalRow, View

DAY, NEAREST = date(2025, 12, 16), date(2025, 12, 19)
OPEN = session(DAY).open_ns
END = OPEN + 3600 * NS


class Everywhere:
    """A rule that once says something of contracts of every expiration."""

    name = "everywhere"

    def __init__(self) -> None:
        self.looks = 0

    def look(self, view, batch, contracts):
        self.looks += 1
        if self.looks != 30:
            return []
        some = range(1, len(contracts) + 1, len(contracts) // 10)
        return [UserSignal(cid, "neutral", 0.5, "It is listed.") for cid in some]


def opened(expiry: str | int | date) -> SymbolDay:
    rules = (RuleKind("everywhere", 60 * NS, "1", Everywhere),)
    params = PlayerParams(expiry=expiry, end_ns=END, rules=rules)
    day = open_symbol_day(SimulatedSource(DAY).open("DIA"), params)
    for _ in day.advance(END):
        pass
    return day


@pytest.fixture(scope="module")
def whole() -> SymbolDay:
    return opened(20)


@pytest.fixture(scope="module")
def nearest() -> SymbolDay:
    return opened(1)


def view_of(day: SymbolDay) -> View:
    return day.view(day.playback())


def of_the_nearest(row: SignalRow) -> bool:
    return row.contract is None or row.contract.expiry == NEAREST


def test_only_the_watched_expirations_are_told_of(whole: SymbolDay, nearest: SymbolDay) -> None:
    everything, bound = list(view_of(whole).signals), list(view_of(nearest).signals)
    kept = [row for row in everything if of_the_nearest(row)]
    assert [(row.ts_ns, row.cid, row.rule) for row in bound] == [(r.ts_ns, r.cid, r.rule) for r in kept]
    for rule in (True, False):
        ours = [row for row in everything if row.rule.startswith("user:") is rule]
        assert 0 < sum(map(of_the_nearest, ours)) < len(ours)
    assert [f.row for f in nearest.fired_after(0)] == bound


def test_what_came_of_a_signal_stands_beside_it(whole: SymbolDay, nearest: SymbolDay) -> None:
    def told(day: SymbolDay) -> dict[tuple[int, int, str], object]:
        view = view_of(day)
        rows = list(enumerate(view.signals))
        return {
            (row.ts_ns, row.cid, row.rule): (view.outcomes.of(i), view.signals.repeats(i)) for i, row in rows
        }

    everything, bound = told(whole), told(nearest)
    assert any(outcomes for outcomes, _ in bound.values())  # type: ignore[misc]
    assert bound == {key: everything[key] for key in bound}


def test_totals_of_flow_are_those_of_the_watched_expirations(whole: SymbolDay, nearest: SymbolDay) -> None:
    everything, bound = view_of(whole).flow, view_of(nearest).flow
    assert bound.expiries == (NEAREST,)
    assert len(everything.expiries) > 1
    cells, table = whole.timeline.state.cells, whole.timeline.contracts
    ours = np.array([False, *(contract.expiry == NEAREST for contract in table)])
    assert bound.buy_volume == cells["buy"][ours].sum() < everything.buy_volume == cells["buy"].sum()
    assert bound.net_delta == pytest.approx(cells["delta_flow"][ours].sum())


def test_the_fold_is_the_days(whole: SymbolDay, nearest: SymbolDay) -> None:
    assert nearest.timeline.state.digest() == whole.timeline.state.digest()
    assert view_of(nearest).counts == view_of(whole).counts


def test_a_jump_goes_to_what_is_told(nearest: SymbolDay) -> None:
    times = sorted({row.ts_ns for row in nearest.signals()})
    assert nearest.signal_beside(0, 1) == times[0]
    assert nearest.signal_beside(times[0], -1) is None
    assert nearest.signal_beside(times[-1], 1) is None
    for earlier, later in pairwise(times):
        assert nearest.signal_beside(earlier, 1) == later
        assert nearest.signal_beside(later, -1) == earlier
        assert nearest.signal_beside(later - 1, 1) == later
        assert nearest.signal_beside(earlier + 1, -1) == earlier


def test_no_jump_goes_before_the_start(nearest: SymbolDay) -> None:
    times = sorted({row.ts_ns for row in nearest.signals()})
    start_ns = times[len(times) // 2]
    params = PlayerParams(expiry=1, start_ns=start_ns, end_ns=END)
    late = open_symbol_day(SimulatedSource(DAY).open("DIA"), params)
    late.timeline.seek(END)
    assert late.signal_beside(start_ns, -1) is None


def test_lines_and_their_counts_are_of_the_watched_expirations() -> None:
    params = PlayerParams(expiry=1, end_ns=END)
    items = list(replay(SimulatedSource(DAY), ["DIA"], params, inf, lambda: 0, lambda _: None, False))
    fired = [item.row for item in items if isinstance(item, FiredSignal)]
    outcomes = [item.row for item in items if isinstance(item, HorizonOutcome)]
    (summary,) = [item for item in items if isinstance(item, Summary)]
    assert fired
    assert outcomes
    assert all(map(of_the_nearest, [*fired, *outcomes]))
    assert sum(summary.signals.values()) == len(fired)
