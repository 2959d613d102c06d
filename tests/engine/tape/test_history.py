"""Samples of the past: the same whoever folds, never of the future, nan and None where nothing is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import product

import numpy as np
import pytest

from engine.analytics.chain_stats import expected_move
from engine.analytics.forward import implied_forward
from engine.analytics.greeks import years
from engine.fold.flow import CALL_PREMIUM
from engine.fold.params import FoldParams
from engine.fold.state import new_state
from engine.model.calendar import settle_ns
from engine.model.contracts import Contract, ContractTable
from engine.model.events import MISSING, NS, UNDERLYING
from engine.model.underlyings import underlying
from engine.tape.history import EVERY_NS, MINUTE_NS, History
from engine.tape.timeline import Timeline, TimelineParams

EVENTS = 3000
TIGHT = TimelineParams(spacing_ns=NS, spacing_events=40, budget_bytes=40_000, cached_chunks=2)


@pytest.fixture(scope="module")
def chunked(mixed_events, in_memory):
    """Open a random tape of some 25 minutes, in chunks that end anywhere; twice the same."""
    events = mixed_events(21, EVENTS)
    return lambda: in_memory(events, range(125, EVENTS, 125))


def opened(tape, params=None) -> Timeline:
    return Timeline(tape, FoldParams(), params or TIGHT)


def kept(timeline: Timeline, until: int | None = None) -> list[np.ndarray]:
    moment = timeline.end_ns if until is None else until
    return [timeline.history.samples(moment), timeline.history.minutes(moment)]


@pytest.fixture(scope="module")
def played(chunked) -> Timeline:
    """The whole tape in one go."""
    timeline = opened(chunked())
    timeline.seek(timeline.end_ns)
    return timeline


def test_moments_are_whole_multiples_from_the_open_to_the_end(played) -> None:
    samples, minutes = kept(played)
    session = played.tape.info.session
    assert samples["ts"][0] == minutes["ts"][0] == session.open_ns
    assert (np.diff(samples["ts"]) == EVERY_NS).all()
    assert (np.diff(minutes["ts"]) == MINUTE_NS).all()
    assert samples["ts"][-1] == played.end_ns // EVERY_NS * EVERY_NS
    assert minutes["ts"][-1] == played.end_ns // MINUTE_NS * MINUTE_NS


def test_each_sample_is_what_a_seek_to_its_moment_finds(played, chunked) -> None:
    timeline = opened(chunked())
    samples, minutes = kept(played)
    rng = np.random.default_rng(3)
    for row in rng.choice(samples, 30):
        timeline.seek(int(row["ts"]))
        under = timeline.state.under[0]
        assert row["channels"].tolist() == under["channels"].tolist()
        assert row["spot"] == under["spot"]
    rungs, known = played.history.rungs, 0
    for row in minutes[30:]:
        timeline.seek(int(row["ts"]))
        call, put = timeline.state.cells[rungs.call], timeline.state.cells[rungs.put]
        assert row["call_net"].tolist() == (call["buy"] - call["sell"]).tolist()
        assert row["put_net"].tolist() == (put["buy"] - put["sell"]).tolist()
        assert row["delta_flow"] == pytest.approx(call["delta_flow"] + put["delta_flow"])
        newest = np.where(call["iv_ts"] >= put["iv_ts"], call["iv"], put["iv"])
        assert row["iv"] == pytest.approx(newest, nan_ok=True)
        known += np.isfinite(newest).sum()
    assert known > 50


def frames(timeline: Timeline, seed: int) -> None:
    rng = np.random.default_rng(seed)
    while not timeline.finished:
        for _ in timeline.advance(timeline.at_ns + int(rng.exponential(20) * NS), int(rng.integers(1, 400))):
            pass


def scouts(timeline: Timeline, seed: int) -> None:
    rng = np.random.default_rng(seed)
    while not timeline.scout(int(rng.integers(1, 500))):
        pass


def jumps(timeline: Timeline, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(30):
        timeline.seek(int(rng.integers(timeline.start_ns, timeline.end_ns)))
        timeline.scout(int(rng.integers(1, 90)))
    timeline.seek(timeline.end_ns)


@pytest.mark.parametrize(("go", "seed"), list(product([frames, scouts, jumps], [1, 2, 3])))
def test_samples_are_the_same_however_the_tape_was_folded(bits_of, played, chunked, go, seed) -> None:
    timeline = opened(chunked())
    go(timeline, seed)
    assert [bits_of(rows) for rows in kept(timeline)] == [bits_of(rows) for rows in kept(played)]


def test_playhead_and_a_fold_ahead_show_the_same_past(bits_of, chunked) -> None:
    """A moment is kept as soon as the playhead stands on it, though no later event has come."""
    ahead, behind = opened(chunked()), opened(chunked())
    scouts(ahead, 1)
    for second in range(1900, 2300, 7):
        moment = behind.start_ns + second * NS
        behind.seek(moment)
        assert [bits_of(r) for r in kept(behind, moment)] == [bits_of(r) for r in kept(ahead, moment)]


def test_readers_see_nothing_later_than_they_ask(played) -> None:
    moment = played.start_ns + 40 * 60 * NS + 3 * NS
    samples, minutes = kept(played, moment)
    assert moment - EVERY_NS < samples["ts"][-1] <= moment
    assert moment - MINUTE_NS < minutes["ts"][-1] <= moment
    assert kept(played, played.start_ns - 1)[0].size == 0


def test_silence_repeats_what_stood(tape, in_memory) -> None:
    tape.spot(685.0, at=0).quote(at=0).trade(2.50, at=1).spot(686.0, at=100)
    timeline = opened(in_memory(tape.events))
    timeline.seek(timeline.end_ns)
    rows = timeline.history.samples(timeline.end_ns)[-20:]
    assert rows["spot"][:-1].tolist() == [6_850_000] * 19
    assert rows["spot"][-1] == 6_860_000
    assert (rows["channels"][:, CALL_PREMIUM] == 2500.0).all()


def test_a_late_start_has_the_past_and_the_opening_of_the_day(played, chunked) -> None:
    start_ns = played.start_ns + 45 * 60 * NS + NS
    late = Timeline(chunked(), FoldParams(), TIGHT, start_ns)
    late.seek(late.end_ns)
    assert np.array_equal(late.history.samples(late.end_ns), played.history.samples(late.end_ns))
    assert opening(late) == opening(played) is not None


# --- the opening straddle -------------------------------------------------------------------------------


def opening(timeline: Timeline, until: int | None = None) -> float | None:
    settles = int(timeline.history.rungs.settle_ns[0])
    return timeline.history.opening_move(settles, timeline.end_ns if until is None else until)


def straddle(timeline: Timeline, moment: int) -> float | None:
    """The expected move at a moment, from the quotes as they stand."""
    timeline.seek(moment)
    rungs, cells = timeline.history.rungs, timeline.state.cells
    sides, middles = [], []
    for cids in (rungs.call, rungs.put):
        bid, ask = cells["bid"][cids] / 10_000, cells["ask"][cids] / 10_000
        sides.append((bid, ask))
        middles.append(np.where((bid > 0) & (ask > bid), (bid + ask) / 2, np.nan))
    told = implied_forward(rungs.strike, *sides, years(int(rungs.settle_ns[0]), moment), 0.04)
    return None if told.value is None else expected_move(rungs.strike, *middles, told.value)


def test_opening_move_is_the_straddle_of_the_first_minute_that_had_one(played, chunked) -> None:
    timeline = opened(chunked())
    minutes = played.history.minutes(played.end_ns)["ts"].tolist()
    first = next(m for m in minutes if straddle(timeline, m) is not None)
    assert opening(played) == straddle(timeline, first)
    assert opening(played, first - 1) is None
    assert opening(played, first) == opening(played)


def test_straddle_of_the_open_itself_is_not_the_opening_move(tape, in_memory) -> None:
    """Quotes from before the bell are not those of the session."""
    beside = {3: 5.0, 4: 0.0, 5: 0.0, 6: 5.0}  # 680C 680P 690C 690P, above 685's, $
    tape.spot(685.0, at=-1810)
    for at, bid in ((-1810, 2.0), (-1770, 3.0)):
        for cid in range(1, 7):
            worth = bid + beside.get(cid, 0.0)
            tape.quote(worth, worth + 0.2, at=at, cid=cid)
    tape.spot(685.0, at=0)
    timeline = opened(in_memory(tape.events))
    timeline.seek(timeline.end_ns)
    assert opening(timeline) == pytest.approx(6.2)


# --- strikes and room -----------------------------------------------------------------------------------


def history_of(*listed: tuple[str, int]) -> History:
    spy, day = underlying("SPY"), date(2025, 12, 16)
    table = ContractTable(Contract("SPY", day, right, strike) for right, strike in listed)
    static = new_state(table, lambda root, expiry: settle_ns(spy, root, expiry), 100, 100).static
    return History(static, 0, 0, 0.04)


def test_without_contracts_there_are_moments_and_no_strikes(fresh_state) -> None:
    history = history_of()
    history.take(fresh_state(), 120 * NS)
    assert (history.samples(120 * NS)["spot"] == MISSING).tolist() == [True] * 25
    assert history.minutes(120 * NS)["iv"].shape == (3, 0)


def test_every_strike_has_one_rung_whichever_rights_are_listed() -> None:
    rungs = history_of(("P", 680_000), ("C", 685_000), ("P", 690_000), ("P", 685_000), ("C", 695_000)).rungs
    assert rungs.strike.tolist() == [680.0, 685.0, 690.0, 695.0]
    assert rungs.call.tolist() == [UNDERLYING, 2, UNDERLYING, 5]
    assert rungs.put.tolist() == [1, 4, 3, UNDERLYING]


def test_volatility_nobody_has_measured_for_long_is_forgotten(tape, in_memory) -> None:
    tape.spot(685.0, at=0).quote(at=1).spot(685.0, at=700)
    timeline = opened(in_memory(tape.events))
    timeline.seek(timeline.end_ns)
    iv = timeline.history.minutes(timeline.end_ns)["iv"][-12:, 0]
    assert np.isfinite(iv).tolist() == [False] + [True] + [False] * 10


def test_a_day_of_600_contracts_takes_less_than_6_mb(fresh_state) -> None:
    history = history_of(*((right, 1000 * strike) for strike in range(400, 700) for right in "CP"))
    cells = np.zeros(601, fresh_state().cells.dtype)
    history.take(replace(fresh_state(), cells=cells), 405 * MINUTE_NS)
    assert len(history.minutes(405 * MINUTE_NS)) == 406
    assert history.nbytes < 6e6
