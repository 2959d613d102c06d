"""Outcomes: every point is followed exactly, however the tape comes, and nothing is made up."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.fold.outcomes import (
    BROKEN,
    CONTROL_NS,
    HORIZONS_S,
    KNOWN,
    PENDING,
    UNDERLYING_POOL,
    follow_pool,
)
from engine.fold.records import SIGNAL
from engine.model.calendar import session
from engine.model.events import GAP, MISSING, NS, QUOTE, SPOT, UNDERLYING, Events
from engine.tape.outcomes import OutcomeTracker, judge
from engine.tape.timeline import Timeline, TimelineParams

N = 3000
CALL, PUT = 1, 2


# --- following by plain Python, from the definitions -----------------------------------------------------


@dataclass
class Prices:
    """Every price of one contract or of the underlying, and the silences."""

    events: Events

    def __post_init__(self) -> None:
        self.clock = np.maximum.accumulate(self.events["ts"])

    def told(self, cid: int) -> list[tuple[int, int | None, int]]:
        """List (clock, mid or None after a silence, spread) in tape order."""
        newest, found = 0, []
        for e, clock in zip(self.events, self.clock.tolist(), strict=True):
            if e["kind"] == GAP:
                found.append((clock, None, 0))
            ours = e["kind"] == SPOT if cid == UNDERLYING else e["kind"] == QUOTE and e["cid"] == cid
            if not ours or e["ts"] < newest or (cid == UNDERLYING and e["cid"] not in range(7)):
                continue
            bid, ask = int(e["p1"]), int(e["p2"])
            if cid == UNDERLYING and bid > 0:
                newest = e["ts"]
                found.append((clock, bid, int(bid * 0.0002)))
            elif cid != UNDERLYING:
                newest = e["ts"]
                if 0 < bid < ask:
                    found.append((clock, (bid + ask) // 2, ask - bid))
        return found

    def at(self, cid: int, moment: int) -> tuple[int, int]:
        """Return (mid, spread) after everything up to a moment; MISSING when nobody knows."""
        known = [(mid, spread) for clock, mid, spread in self.told(cid) if clock <= moment]
        return (MISSING, 0) if not known or known[-1][0] is None else known[-1]

    def extremes(self, cid: int, start: int, end: int) -> tuple[int, int]:
        mids = [mid for clock, mid, _ in self.told(cid) if start < clock <= end and mid is not None]
        mids.append(self.at(cid, start)[0])
        return max(mids), min(mids)

    def silent_within(self, start: int, end: int) -> bool:
        before = np.concatenate([[0], self.clock[:-1]])
        return any(
            clock > start and earlier <= end and e["ts"] - int(e["s1"]) * 1_000_000 < end
            for e, clock, earlier in zip(self.events, self.clock, before, strict=True)
            if e["kind"] == GAP
        )


def check(point: np.void, prices: Prices) -> None:
    """Hold one followed point against the definitions."""
    cid, ts = int(point["cid"]), int(point["ts"])
    mid, spread = prices.at(cid, ts)
    assert (point["mid"], point["spot"]) == (mid, prices.at(UNDERLYING, ts)[0])
    if mid != MISSING:
        assert point["spread"] == spread
    for h, seconds in enumerate(HORIZONS_S):
        end = ts + seconds * NS
        if end >= prices.clock[-1]:
            assert point["known"][h] in (PENDING, BROKEN)
            continue
        assert point["known"][h] == (BROKEN if prices.silent_within(ts, end) else KNOWN)
        if point["known"][h] == KNOWN:
            assert point["end_mid"][h] == prices.at(cid, end)[0]
            assert point["end_spot"][h] == prices.at(UNDERLYING, end)[0]
            if mid != MISSING:
                assert (point["highs"][h], point["lows"][h]) == prices.extremes(cid, ts, end)


# --- builders ---------------------------------------------------------------------------------------------


def signals_at(events: Events, picks: list[int], seed: int = 0) -> list[np.void]:
    """A signal at the clock of each picked event, of a random contract and direction."""
    clock = np.maximum.accumulate(events["ts"])
    rng = np.random.default_rng(seed)
    fired = np.zeros(len(picks), SIGNAL)
    fired["ts"] = clock[sorted(picks)]
    fired["cid"] = rng.integers(0, 7, len(picks))
    fired["direction"] = rng.integers(-1, 2, len(picks))
    return list(fired)


def fed(fresh_state, events: Events, signals: list[np.void], cuts=(), seed: int = 0) -> OutcomeTracker:
    """Feed a tape cut into batches, each signal with the batch in which it fired."""
    hours = session(fresh_day(events))
    follower = OutcomeTracker(fresh_state().static, hours.open_ns, hours.close_ns, seed)
    clock = np.maximum.accumulate(events["ts"])
    for start, stop in pairwise([0, *cuts, len(events)]):
        if stop > start:
            fired = [signal for signal in signals if signal["ts"] <= clock[stop - 1]]
            follower.feed(events[start:stop], fired)
    return follower


def fresh_day(events: Events):
    return np.datetime64(int(events["ts"][0]), "ns").astype("datetime64[D]").item()


# --- exactness --------------------------------------------------------------------------------------------


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 1000))
def test_every_point_is_what_the_definitions_say(fresh_state, mixed_events, seed) -> None:
    events = mixed_events(seed, N)
    events = events[(events["kind"] != GAP) | (np.arange(N) % 5 == 0)]
    picks = np.random.default_rng(seed).integers(0, len(events), 12).tolist()
    follower = fed(fresh_state, events, signals_at(events, picks, seed))
    prices = Prices(events)
    followed = follower.points
    assert (np.diff(followed["ts"]) >= 0).all()
    assert sorted(set(followed["signal"])) == list(range(-1, int(followed["signal"].max()) + 1))
    chosen = np.random.default_rng(seed).choice(len(followed), 40, replace=False)
    for point in (*followed[followed["signal"] >= 0], *followed[chosen]):
        check(point, prices)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.lists(st.integers(0, N), max_size=12).map(sorted))
def test_how_a_tape_is_cut_changes_nothing(fresh_state, mixed_events, bits_of, seed, cuts) -> None:
    events = mixed_events(seed % 3, N)
    signals = signals_at(events, list(range(0, N, 61)), seed)
    whole, cut = fed(fresh_state, events, signals), fed(fresh_state, events, signals, cuts)
    assert bits_of(cut.points) == bits_of(whole.points)
    assert np.array_equal(cut.point_of, whole.point_of)


# --- one signal at a time ---------------------------------------------------------------------------------


@pytest.fixture
def outcome(fresh_state):
    """Return what became of one signal on a written tape, `at_s` seconds after its first event."""

    def follow(tape, direction: int = 1, cid: int = CALL, at_s: float = 0.0, to_s: float | None = None):
        events = tape.events
        signal = np.zeros(1, SIGNAL)
        signal["ts"], signal["cid"] = events["ts"][0] + round(at_s * NS), cid
        signal["direction"] = direction
        follower = OutcomeTracker(fresh_state().static, 0, 0)
        follower.feed(events, list(signal))
        if to_s is not None:
            follower.reach(int(events["ts"][0]) + round(to_s * NS))
        return follower.points[follower.point_of]

    return follow


def after(points: np.ndarray, h: int = 0) -> tuple[float, ...]:
    """Return (underlying, move, best, worst, touched, hit) of the one point."""
    judged = judge(points, h)
    columns = (judged.underlying, judged.move, judged.best, judged.worst, judged.touched, judged.hit)
    return tuple(float(column[0]) for column in columns)


def rise_and_fall(tape):
    """Spot 685 to 686; a mid of 1.00, spread 0.10, up to 1.30, down to 0.80, at 0.95 after a minute."""
    tape.spot(685.0, at=0.0).quote(0.95, 1.05, at=0.0)
    tape.quote(1.25, 1.35, at=10.0).quote(0.75, 0.85, at=20.0).spot(686.0, at=30.0)
    return tape.quote(0.90, 1.00, at=60.0).quote(5.00, 5.10, at=60.1)


def test_moves_and_extremes_are_those_of_the_way(tape, outcome) -> None:
    assert after(outcome(rise_and_fall(tape))) == (10_000, -500, 3_000, -2_000, 1.0, 0.0)


def test_extremes_of_a_sell_are_turned_round(tape, outcome) -> None:
    assert after(outcome(rise_and_fall(tape), -1)) == (10_000, -500, 2_000, -3_000, 1.0, 1.0)


def test_a_neutral_signal_is_no_hit_and_touches_either_way(tape, outcome) -> None:
    tape.spot(at=0.0).quote(0.95, 1.05, at=0.0).quote(0.80, 0.90, at=5.0).quote(at=61.0)
    *_, best, worst, touched, hit = after(outcome(tape, 0))
    assert (best, worst, touched) == (0, -1_500, 1.0)
    assert np.isnan(hit)


def test_a_move_of_the_spread_is_no_touch_and_none_no_hit(tape, outcome) -> None:
    tape.quote(0.95, 1.05, at=0.0).quote(1.05, 1.15, at=5.0).quote(0.90, 1.10, at=6.0).quote(at=61.0)
    *_, touched, hit = after(outcome(tape))
    assert (touched, hit) == (0.0, 0.0)


def test_a_signal_about_the_underlying_follows_it(tape, outcome) -> None:
    tape.spot(685.0, at=0.0).spot(685.2, at=5.0).spot(684.9, at=10.0).spot(at=61.0)
    assert after(outcome(tape, -1, UNDERLYING)) == (-1_000, -1_000, 1_000, -2_000, 0.0, 1.0)
    assert after(outcome(tape, 1, UNDERLYING)) == (-1_000, -1_000, 2_000, -1_000, 1.0, 0.0)


def test_a_point_starts_after_everything_of_its_moment(tape, outcome) -> None:
    tape.quote(1.00, 1.10, at=0.0).quote(1.20, 1.30, at=0.0).quote(1.20, 1.40, at=60.0).quote(at=61.0)
    [point] = outcome(tape)
    assert (point["mid"], point["end_mid"][0]) == (12_500, 13_000)


def test_a_one_sided_quote_leaves_the_last_mid(tape, outcome) -> None:
    tape.quote(0.95, 1.05, at=0.0).quote(0.0, 0.05, at=5.0).quote(1.2, 1.1, at=6.0).quote(at=61.0)
    assert after(outcome(tape))[1:4] == (0, 0, 0)


def test_a_quote_older_than_the_standing_one_changes_nothing(tape, outcome) -> None:
    tape.quote(0.95, 1.05, at=0.0).quote(1.05, 1.15, at=20.0).quote(9.0, 9.1, at=19.0).quote(at=61.0)
    assert after(outcome(tape))[1:3] == (1_000, 1_000)


def test_without_a_price_at_the_start_only_the_underlying_is_known(tape, outcome) -> None:
    tape.spot(685.0, at=0.0).quote(at=1.0).spot(686.0, at=2.0).spot(687.0, at=61.0)
    underlying, *rest = after(outcome(tape))
    assert underlying == 10_000
    assert np.isnan(rest).all()


def test_a_tape_that_ends_before_the_horizon_leaves_it_open(tape, outcome) -> None:
    points = outcome(tape.quote(at=0.0).quote(at=59.0), to_s=59.9)
    assert points["known"][0].tolist() == [PENDING] * 3
    assert np.isnan(after(points)).all()


def test_a_tape_without_events_up_to_the_horizon_closes_it_when_told(tape, outcome) -> None:
    points = outcome(tape.quote(at=0.0).quote(2.55, 2.60, at=59.0), to_s=60.0)
    assert points["known"][0].tolist() == [KNOWN, PENDING, PENDING]
    assert after(points)[1] == 1_000


def test_a_silence_within_the_horizon_makes_it_unknown(tape, outcome) -> None:
    tape.quote(at=0.0).quote(2.55, 2.60, at=65.0).gap(20.0, at=90.0).quote(at=91.0).quote(at=1000.0)
    points = outcome(tape)
    assert points["known"][0].tolist() == [KNOWN, BROKEN, BROKEN]


def test_a_horizon_that_ends_in_a_silence_is_unknown(tape, outcome) -> None:
    points = outcome(tape.quote(at=0.0).gap(20.0, at=75.0).quote(at=76.0))
    assert points["known"][0].tolist() == [BROKEN] * 3


def test_prices_from_before_a_silence_are_forgotten(tape, outcome) -> None:
    tape.quote(at=0.0).spot(at=0.0).gap(5.0, at=10.0).quote(cid=PUT, at=20.0).quote(at=30.0).quote(at=999.0)
    assert np.isnan(after(outcome(tape, at_s=15.0))).all()


# --- random moments ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def many(mixed_events):
    events = mixed_events(4, N)
    return events[events["kind"] != GAP]


def test_one_contract_of_each_pool_is_drawn_in_each_slot(fresh_state, many) -> None:
    points = fed(fresh_state, many, []).points
    hours = session(fresh_day(many))
    slots = (points["ts"] - hours.open_ns) // CONTROL_NS
    drawn = [(slot, pool) for slot, pool in zip(slots.tolist(), points["pool"].tolist(), strict=True)]
    assert len(set(drawn)) == len(drawn)
    first = (int(many["ts"][0]) - hours.open_ns) // CONTROL_NS + 1
    last = (int(many["ts"].max()) - hours.open_ns) // CONTROL_NS
    assert set(range(first, last)) == set(slots[points["pool"] == UNDERLYING_POOL].tolist()) - {
        last,
        first - 1,
    }


def test_random_moments_are_of_contracts_quoted_on_both_sides(fresh_state, many) -> None:
    prices = Prices(many)
    static = fresh_state().static
    for point in fed(fresh_state, many, []).points[::25]:
        cid, ts = int(point["cid"]), int(point["ts"])
        spot = prices.at(UNDERLYING, ts)[0]
        assert point["pool"] == follow_pool(cid, static[cid], spot)
        if cid != UNDERLYING:
            newest = max(
                (e for e in many if e["kind"] == QUOTE and e["cid"] == cid and e["ts"] <= ts),
                key=lambda e: e["ts"],
            )
            assert 0 < newest["p1"] < newest["p2"]


def test_another_seed_draws_other_moments(fresh_state, many, bits_of) -> None:
    one, same, other = (fed(fresh_state, many, [], seed=seed).points for seed in (1, 1, 2))
    assert bits_of(one) == bits_of(same)
    assert set(one["ts"].tolist()) != set(other["ts"].tolist())


def test_pools_go_by_right_and_distance_out_of_the_money(fresh_state) -> None:
    static = fresh_state().static.copy()
    static["strike"] = 100.0
    call, put = static[CALL], static[PUT]
    spots = [price * 10_000 for price in (90, 99.9, 100.1, 110)]
    assert [follow_pool(CALL, call, spot) for spot in spots] == [9, 5, 4, 0]
    assert [follow_pool(PUT, put, spot) for spot in spots] == [10, 14, 15, 19]
    assert follow_pool(CALL, call, MISSING) == -1


# --- on a timeline ----------------------------------------------------------------------------------------

TIGHT = TimelineParams(spacing_ns=NS, spacing_events=40, budget_bytes=40_000, cached_chunks=2)


@pytest.fixture
def timeline_of(mixed_events, in_memory, touchy_params):
    events = mixed_events(21, N)
    return lambda: Timeline(in_memory(events, range(125, N, 125)), touchy_params("default"), TIGHT)


def test_outcomes_do_not_depend_on_how_the_tape_was_travelled(timeline_of, bits_of) -> None:
    straight, wandering = timeline_of(), timeline_of()
    for _ in straight.advance(straight.end_ns):
        pass
    rng = np.random.default_rng(5)
    for share in rng.random(12):
        wandering.scout(int(rng.integers(1, 400)))
        wandering.seek(int(wandering.start_ns + share * (wandering.end_ns - wandering.start_ns)))
        for _ in wandering.advance(wandering.at_ns + 30 * NS, limit=int(rng.integers(1, 90))):
            pass
    while not wandering.scout(333):
        pass
    assert len(straight.firings) == len(straight.outcomes.point_of) > len(straight.signals) > 20
    assert bits_of(straight.outcomes.points) == bits_of(wandering.outcomes.points)


def test_an_outcome_is_known_when_its_time_has_been_played(many, in_memory, touchy_params) -> None:
    timeline, played = (Timeline(in_memory(many), touchy_params("default"), TIGHT) for _ in range(2))
    for _ in timeline.advance(timeline.end_ns):
        pass
    first = int(timeline.signals[0]["ts"])
    for _ in played.advance(first + 60 * NS - 1):
        pass
    assert played.outcomes.points[played.outcomes.point_of[0]]["known"][0] == PENDING
    for _ in played.advance(first + 60 * NS):
        pass
    assert played.outcomes.points[played.outcomes.point_of[0]]["known"][0] == KNOWN
