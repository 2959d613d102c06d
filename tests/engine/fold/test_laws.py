"""The laws of the fold, on a random tape of everything and on minutes of the simulated market.

Equality is of every bit, floats too: on one machine the same arithmetic in the same order gives the same.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from engine.feeds.simulated import SimulatedSource
from engine.fold.conditions import CANCEL
from engine.fold.params import PRESETS, FoldParams
from engine.fold.records import SIDE, SIGNAL
from engine.fold.state import new_state
from engine.fold.step import step
from engine.fold.trade_side import treatment
from engine.model.calendar import settle_ns
from engine.model.events import NS, QUOTE, SPOT, TRADE, UNDERLYING
from engine.tape.timeline import Timeline, TimelineParams

DAY = date(2025, 12, 16)
CUTS = {"mixed": 1000, "simulated": 200}
"""How often each tape is cut at random; to fold a simulated one costs ten times as much."""

EXACT = ("volume", "cancelled", "buy", "sell", "unknown", "premium", "buy_premium", "sell_premium")


class Case:
    """A tape, the state before it, and the parameters it is folded with."""

    def __init__(self, events, fresh, params: FoldParams, cuts: int = 0) -> None:
        self.events, self.fresh, self.packed, self.cuts = events, fresh, params.pack(), cuts

    def fold(self, cuts=()):
        """Return (state, signals, sides) of folding in batches that end at `cuts`."""
        state, sides = self.fresh(), np.zeros(len(self.events), SIDE)
        edges = [0, *cuts, len(self.events)]
        fired = [step(state, self.events[a:b], self.packed, sides[a:b]) for a, b in pairwise(edges)]
        return state, np.concatenate(fired), sides


@pytest.fixture(scope="module")
def told(bits_of):
    """A function from a fold to everything it came to, bit by bit."""

    def tell(folded) -> tuple:
        state, signals, sides = folded
        return state.digest(), *map(bits_of, (state.cells, state.under, state.forwards, signals, sides))

    return tell


def simulated(symbol: str):
    """Open a simulated day; return (its tape, a maker of the state before it)."""
    sim = SimulatedSource(DAY).open(symbol)
    u = sim.info.underlying

    def fresh():
        tick = sim.info.tick
        return new_state(sim.contracts, lambda r, e: settle_ns(u, r, e), u.multiplier, tick, u.tick_3)

    return sim, fresh


@pytest.fixture(scope="module", params=["mixed default", "mixed seed", "simulated DIA", "simulated SPY"])
def case(request, mixed_events, fresh_state, touchy_params) -> Case:
    """A random tape under either preset, or the first simulated minutes: opening prints and everything."""
    origin, name = request.param.split()
    if origin == "mixed":
        return Case(mixed_events(31, 3000), fresh_state, touchy_params(name), CUTS[origin])
    sim, fresh = simulated(name)
    minutes = {"DIA": 6, "SPY": 1}[name]
    events = np.concatenate([sim.read(chunk) for chunk in range(minutes)])
    return Case(events, fresh, touchy_params("default"), CUTS[origin])


# --- 1: any way of cutting gives the same ---------------------------------------------------------------


def test_the_tapes_are_worth_cutting(case) -> None:
    """Signals fire, both sides trade and some trades have none: the law is not kept by silence."""
    _, signals, sides = case.fold()
    assert len(signals) > 50
    assert set(sides["side"].tolist()) == {-1, 0, 1}


def test_mixed_tapes_hold_everything(mixed_events, fold_events, touchy_params) -> None:
    for preset in PRESETS:
        folded = fold_events(mixed_events(31, 3000), touchy_params(preset))
        assert set(folded.signals["rule"].tolist()) >= {*range(6), 7, 8}
        quotes = folded.events[folded.events["kind"] == QUOTE]
        crossed = quotes[quotes["p1"] > quotes["p2"]]
        assert len(crossed) > 10
        assert min(folded.under[n] for n in ("gaps", "rejected", "cancels", "unmatched_cancels")) > 0
        assert (np.diff(folded.events["ts"]) < 0).sum() > 100


def test_random_cuts_change_no_bit(case, told) -> None:
    rng = np.random.default_rng(41)
    whole, n = told(case.fold()), len(case.events)
    different = 0
    for _ in range(case.cuts):
        cuts = np.sort(rng.integers(0, n + 1, int(rng.integers(1, 60))))
        different += told(case.fold(cuts)) != whole
    assert different == 0 < case.cuts


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_batches_of_one_size_change_no_bit(case, told, size) -> None:
    assert told(case.fold(range(size, len(case.events), size))) == told(case.fold())


def test_another_tape_has_another_hash(case) -> None:
    """The comparison can fail: one contract more in one trade, one cent in one quote."""
    whole = case.fold()[0].digest()
    for kind, name, more in ((TRADE, "s1", 1), (QUOTE, "p1", 100)):
        changed = case.events.copy()
        listed = (changed["cid"] > 0) & (changed["cid"] < len(case.fresh().cells)) & (changed["s1"] > 0)
        changed[name][np.flatnonzero((changed["kind"] == kind) & listed)[-1]] += more
        assert Case(changed, case.fresh, FoldParams()).fold()[0].digest() != whole


# --- 2 and 3: a replay, and every seek in it, is the fold -----------------------------------------------


@pytest.fixture(scope="module")
def dia_day():
    return simulated("DIA")


def test_seek_in_a_simulated_day_is_the_fold_of_its_prefix(
    dia_day, touchy_params, same_state, bits_of
) -> None:
    sim, fresh = dia_day
    params = touchy_params("default")
    chunks = 12
    events = np.concatenate([sim.read(chunk) for chunk in range(chunks)])
    clocks = np.maximum.accumulate(events["ts"])
    limits = TimelineParams(spacing_ns=5 * NS, spacing_events=100, budget_bytes=6 * fresh().nbytes)
    timeline = Timeline(sim, params, limits, end_ns=int(clocks[-1]))
    rng = np.random.default_rng(42)
    for _ in range(40):
        moment = int(rng.integers(clocks[0], clocks[-1]))
        timeline.seek(moment)
        count = np.searchsorted(clocks, moment, side="right")
        state, signals, _ = Case(events[:count], fresh, params).fold()
        assert same_state(timeline.state, state)
        heads = signals["parent"] < 0
        assert bits_of(np.array(timeline.signals[: timeline.signal_count], SIGNAL)) == bits_of(signals[heads])
        assert bits_of(np.array(timeline.firings[: timeline.firing_count], SIGNAL)) == bits_of(signals)


def test_two_replays_at_different_speeds_come_to_one_hash(dia_day) -> None:
    sim, _ = dia_day
    hashes = set()
    for frame_s in (0.1, 7.3, 3600.0):
        timeline = Timeline(sim, FoldParams(), end_ns=int(sim.starts[4]))
        while not timeline.finished:
            for _ in timeline.advance(timeline.at_ns + int(frame_s * NS)):
                pass
        hashes.add(timeline.state.digest())
    assert len(hashes) == 1


# --- 4: nothing is lost, nothing is made ----------------------------------------------------------------


def test_contracts_traded_are_the_tapes(case) -> None:
    """Recounted from the tape: prints that are no cancels, by contract."""
    state, _, _ = case.fold()
    events = case.events
    n = len(state.cells)
    cancel = np.array([treatment(int(code)) == CANCEL for code in events["cond"]])
    valid = (events["kind"] == TRADE) & (events["cid"] > 0) & (events["cid"] < n)
    valid &= (events["s1"] > 0) & (events["p1"] >= 0)
    printed = valid & ~cancel
    volume = np.bincount(events["cid"][printed], events["s1"][printed], n)
    assert state.cells["volume"].tolist() == volume.astype(int).tolist()
    late = events["ts"] < np.maximum.accumulate(events["ts"])
    obeyed = int(state.under["cancels"][0])  # a late one may have been obeyed before
    assert (valid & cancel & ~late).sum() <= obeyed <= (valid & cancel).sum()
    assert state.under["events"][0] == len(events)


def test_every_contract_is_bought_sold_or_unknown(case) -> None:
    cells = case.fold()[0].cells
    assert (cells["buy"] + cells["sell"] + cells["unknown"] == cells["volume"] - cells["cancelled"]).all()
    assert cells["buy"].sum() > 0
    assert cells["sell"].sum() > 0
    assert cells["unknown"].sum() > 0


def test_sided_volume_is_that_of_the_decided_trades_less_the_cancelled(case) -> None:
    state, _, sides = case.fold()
    size = case.events["s1"].astype(np.int64)
    bought, sold = size[sides["side"] > 0].sum(), size[sides["side"] < 0].sum()
    taken = state.cells["cancelled"].sum()
    assert state.cells["buy"].sum() <= bought <= state.cells["buy"].sum() + taken
    assert state.cells["sell"].sum() <= sold <= state.cells["sell"].sum() + taken


def test_nothing_is_ever_negative_and_volume_never_falls(case) -> None:
    state = case.fresh()
    before = state.cells["volume"].copy()
    for start in range(0, len(case.events), 250):
        step(state, case.events[start : start + 250], case.packed)
        assert all((state.cells[name] >= 0).all() for name in EXACT)
        assert (state.cells["volume"] >= before).all()
        before = state.cells["volume"].copy()


def test_premium_of_a_tape_without_cancels_is_exact(case) -> None:
    cancel = np.array([treatment(int(code)) == CANCEL for code in case.events["cond"]])
    events = case.events[~(cancel & (case.events["kind"] == TRADE))]
    state, _, _ = Case(events, case.fresh, FoldParams()).fold()
    known = (events["kind"] == TRADE) & (events["cid"] > 0) & (events["cid"] < len(state.cells))
    known &= (events["s1"] > 0) & (events["p1"] >= 0)
    worth = sum(int(e["p1"]) * int(e["s1"]) * 100 for e in events[known])
    assert int(state.cells["premium"].sum()) == worth


# --- 5: no frame costs more because the day is old ------------------------------------------------------


def test_a_checkpoint_never_grows(case) -> None:
    state = case.fresh()
    size = state.nbytes
    step(state, case.events, case.packed)
    assert state.nbytes == state.copy().nbytes == size


def test_an_event_touches_one_contract_however_many_there_are(case, bits_of) -> None:
    """The work of an event is bounded by what it may change: its contract, and the underlying's own rows."""
    state = case.fresh()
    half = len(case.events) // 2
    step(state, case.events[:half], case.packed)
    for i in range(half, half + 300):
        before, cid = state.cells.copy(), int(case.events["cid"][i])
        step(state, case.events[i : i + 1], case.packed)
        if 0 <= cid < len(before):
            before[[cid, UNDERLYING]] = state.cells[[cid, UNDERLYING]]
        assert bits_of(before) == bits_of(state.cells)


def test_spot_events_touch_no_contract(case, bits_of) -> None:
    state = case.fresh()
    step(state, case.events, case.packed)
    before = bits_of(state.cells)
    spots = case.events[(case.events["kind"] == SPOT) & (case.events["cid"] == UNDERLYING)]
    step(state, spots[-5:], case.packed)
    assert bits_of(state.cells) == before
