"""Studies: scores are what counting gives, chance is matched, and nobody is told the future."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise
from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.events import GAP, NS, UNDERLYING
from engine.kernel.follow import HORIZONS_S
from engine.kernel.params import FoldParams
from engine.kernel.signals import PRICE_MOVE, RULE_NAMES, VOLUME_SPIKE
from engine.outcomes import judge
from engine.study import HALF_HOUR_NS, Tally, difference, scoreboard, studied, tally, windows, with_changes
from engine.symbols import Contract, ContractTable
from engine.timeline import Timeline

N = 4000
DAY = date(2025, 12, 16)
H = len(HORIZONS_S)


@pytest.fixture(scope="module")
def events(mixed_events):
    made = mixed_events(8, N)
    return made[made["kind"] != GAP]


@pytest.fixture(scope="module")
def params(touchy_params):
    return touchy_params("default")


@pytest.fixture(scope="module")
def played(events, params, in_memory):
    timeline = Timeline(in_memory(events, range(300, len(events), 300)), params)
    timeline.seek(timeline.end_ns)
    return timeline


# --- one day ----------------------------------------------------------------------------------------------


def chance(timeline: Timeline, signal: np.void, h: int) -> tuple[float, float]:
    """Count how the random moments beside a signal did, one by one."""
    points, open_ns = timeline.outcomes.points, timeline.tape.info.session.open_ns
    hits, touches, n = 0, 0, 0
    judged = judge(points, h)
    for i in np.flatnonzero(points["signal"] < 0):
        point = points[i]
        same_half_hour = (point["ts"] - open_ns) // HALF_HOUR_NS == (signal["ts"] - open_ns) // HALF_HOUR_NS
        if not same_half_hour or point["pool"] != signal["pool"] or isnan(judged.move[i]):
            continue
        n += 1
        rose, fell = judged.best[i] > point["spread"], -judged.worst[i] > point["spread"]
        hits += judged.move[i] * signal["direction"] > 0
        touches += {1: rose, -1: fell, 0: rose or fell}[int(signal["direction"])]
    return (hits / n, touches / n) if n else (np.nan, np.nan)


def test_chance_is_counted_beside_each_signal(played) -> None:
    found = tally(played)
    points = played.outcomes.points[played.outcomes.point_of]
    rng = np.random.default_rng(3)
    for i in rng.choice(len(points), 60, replace=False):
        for h in range(H):
            if points["ts"][i] + HORIZONS_S[h] * NS > played.clock:
                continue
            hit, touch = chance(played, points[i], h)
            if points["direction"][i] == 0:
                hit = np.nan
            assert found.control_hit[i, h] == pytest.approx(hit, nan_ok=True)
            assert found.control_touch[i, h] == pytest.approx(touch, nan_ok=True)
    assert np.isfinite(found.control_hit).sum() > 50


def test_moves_are_dollars_in_the_signals_direction(played) -> None:
    found, points = tally(played), played.outcomes.points[played.outcomes.point_of]
    moved = points["end_mid"][:, 0].astype(np.int64) - points["mid"]
    known = np.isfinite(found.move[:, 0])
    assert known.sum() > 20
    expected = (moved * points["direction"] / 10_000)[known]
    assert found.move[known, 0] == pytest.approx(expected)
    assert np.array_equal(found.hit[known, 0] > 0, expected > 0)


@pytest.mark.parametrize("share", [0.2, 0.55, 0.9])
def test_a_tally_up_to_a_moment_is_that_of_a_tape_played_so_far(
    played, events, params, in_memory, share
) -> None:
    until = int(events["ts"][0] + share * (played.end_ns - events["ts"][0]))
    younger = Timeline(in_memory(events), params)
    younger.seek(until)
    then, now = tally(played, until), tally(younger)
    assert len(now.ts_ns) == younger.signal_count > 0
    for name in ("ts_ns", "rule", "cid", "hit", "touched", "move", "control_hit", "control_touch"):
        assert np.array_equal(getattr(then, name), getattr(now, name), equal_nan=name not in ("ts_ns",))
    assert then.hours == now.hours


def test_folds_side_by_side_read_the_tape_once(events, params, in_memory) -> None:
    tape = in_memory(events, range(300, len(events), 300))
    other = with_changes(params, ["volume_spike.z=3"])
    told: list[float] = []
    both = studied(tape, [params, other], told.append)
    assert sorted(tape.reads) == list(range(len(tape.starts)))
    for fold, found in zip((params, other), both, strict=True):
        alone = Timeline(tape, fold)
        alone.seek(alone.end_ns)
        assert np.array_equal(found.touched, tally(alone).touched, equal_nan=True)
    assert len(both[0].ts_ns) != len(both[1].ts_ns)
    assert all(a <= b for a, b in pairwise(told))
    assert told[-1] == 1


# --- scores -----------------------------------------------------------------------------------------------


def hand(rows: list[tuple[float, int, float, float]], day: date = DAY, hours: float = 2.0) -> Tally:
    """Build a tally of (second, rule, hit, chance to hit), alike at every horizon; a touch is a hit."""
    at, rule, hit, control = (np.array(column) for column in zip(*rows, strict=True))
    wide = np.repeat(hit.astype(float)[:, None], H, 1)
    return Tally(
        day=day,
        symbol="SPY",
        contracts=ContractTable([Contract("SPY", DAY, "C", 685_000)]),
        hours=hours,
        ts_ns=(at * NS).astype(np.int64),
        rule=rule.astype(np.int64),
        cid=np.ones(len(rows), np.int64),
        hit=wide,
        touched=np.nan_to_num(wide, nan=1.0),
        move=wide - 0.5,
        control_hit=np.repeat(control.astype(float)[:, None], H, 1),
        control_touch=np.full((len(rows), H), 0.25),
    )


def test_rates_are_shares_of_what_is_known() -> None:
    board = scoreboard([hand([(0, VOLUME_SPIKE, 1, 0.5), (100, VOLUME_SPIKE, 0, 0.4),
                              (200, VOLUME_SPIKE, np.nan, np.nan), (300, PRICE_MOVE, 1, 0.5)])])  # fmt: skip
    assert [(s.rule, s.horizon_s) for s in board.scores] == [
        (rule, seconds) for rule in ("volume_spike", "price_move") for seconds in HORIZONS_S
    ]
    first = board.scores[0]
    assert (first.n, first.directed, first.hit_rate) == (3, 2, 0.5)
    assert first.control_rate == pytest.approx(0.45)
    assert first.touch_rate == pytest.approx(2 / 3)
    assert first.control_touch_rate == 0.25
    assert first.mean_move == 0.0
    assert dict(board.alerts_per_h) == dict.fromkeys(RULE_NAMES, 0) | {"volume_spike": 1.5, "price_move": 0.5}


def test_a_rule_without_directions_has_no_hit_rate() -> None:
    score = scoreboard([hand([(0, VOLUME_SPIKE, np.nan, np.nan)])]).scores[0]
    assert (score.hit_rate, score.control_rate, score.mean_move) == (None, None, None)
    assert score.touch_rate == 1.0


def test_nothing_played_has_no_scores() -> None:
    assert scoreboard([]).scores == scoreboard([]).alerts_per_h == ()


@settings(deadline=None)
@given(st.lists(st.integers(0, 3000), max_size=30), st.integers(1, 900))
def test_windows_are_the_covered_time_in_horizons(starts, horizon) -> None:
    covered = {second for start in starts for second in range(start, start + horizon)}
    assert windows(np.array(starts, np.int64), horizon) == pytest.approx(len(covered) / horizon)


def days(*gains: float) -> list[Tally]:
    """Build one day per gain: ten signals that all hit, against a chance of one less the gain."""
    return [
        hand([(i, VOLUME_SPIKE, 1, 1 - gain) for i in range(10)], date(2025, 12, 1 + d))
        for d, gain in enumerate(gains)
    ]


def test_one_day_has_no_interval() -> None:
    score = scoreboard(days(0.2)).scores[0]
    assert (score.low, score.high) == (None, None)


def test_two_symbols_of_one_day_are_still_one_day() -> None:
    (one,) = days(0.2)
    assert scoreboard([one, replace(one, symbol="QQQ")]).scores[0].low is None


def test_days_that_agree_leave_no_doubt() -> None:
    score = scoreboard(days(0.2, 0.2, 0.2)).scores[0]
    assert (score.low, score.high) == (pytest.approx(0.2), pytest.approx(0.2))


def test_the_interval_is_that_of_means_of_drawn_days() -> None:
    score = scoreboard(days(0.0, 0.1, 0.2, 0.3, 0.4)).scores[0]
    draws = np.random.default_rng(99).choice([0.0, 0.1, 0.2, 0.3, 0.4], (20_000, 5)).mean(1)
    low, high = np.percentile(draws, (5, 95))
    assert score.low == pytest.approx(low, abs=0.02)
    assert score.high == pytest.approx(high, abs=0.02)


def test_the_interval_depends_on_nothing_but_the_seed() -> None:
    apart = days(0.0, 0.13, 0.29, 0.31, 0.47, 0.02, 0.25)
    assert scoreboard(apart, 1) == scoreboard(apart, 1)
    assert scoreboard(apart, 1).scores[0].low != scoreboard(apart, 2).scores[0].low


# --- what if ----------------------------------------------------------------------------------------------


def test_a_signal_is_the_same_within_its_second() -> None:
    then = hand([(1.2, VOLUME_SPIKE, 1, 0.5), (5.0, VOLUME_SPIKE, 1, 0.5), (9.0, PRICE_MOVE, 0, 0.5)])
    now = hand([(1.9, VOLUME_SPIKE, 1, 0.5), (6.0, VOLUME_SPIKE, 1, 0.5), (9.0, VOLUME_SPIKE, 0, 0.5)])
    found = difference([then], [now])
    assert found.kept == 1
    assert [(each.ts_ns, each.rule) for each in found.added] == [
        (6 * NS, "volume_spike"), (9 * NS, "volume_spike"),
    ]  # fmt: skip
    assert [(each.ts_ns, each.rule) for each in found.removed] == [
        (5 * NS, "volume_spike"), (9 * NS, "price_move"),
    ]  # fmt: skip
    assert found.added[0].contract == Contract("SPY", DAY, "C", 685_000)


def test_several_signals_of_one_second_are_paired_off() -> None:
    twice = hand([(1.2, VOLUME_SPIKE, 1, 0.5), (1.6, VOLUME_SPIKE, 1, 0.5)])
    once = hand([(1.7, VOLUME_SPIKE, 1, 0.5)])
    fewer, more = difference([twice], [once]), difference([once], [twice])
    assert (fewer.kept, len(fewer.added), len(fewer.removed)) == (1, 0, 1)
    assert (more.kept, len(more.added), len(more.removed)) == (1, 1, 0)


def test_a_signal_about_the_underlying_has_no_contract() -> None:
    then = hand([(1, VOLUME_SPIKE, 1, 0.5)])
    now = replace(then, cid=np.full(1, UNDERLYING))
    assert difference([then], [now]).added[0].contract is None


def test_changes_are_applied_to_the_thresholds_alone() -> None:
    fold = with_changes(FoldParams(rate=0.01), ["volume_spike.z = 5", "cooldown_s=30"])
    assert (fold.signals.volume_z, fold.signals.cooldown_s, fold.rate) == (5.0, 30.0, 0.01)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("volume_spike.z", "volume_spike.z is not a change; write it as NAME=VALUE"),
        ("volume_spke.z=5", "did you mean volume_spike.z"),
        ("volume_spike.z=-5", "volume_spike.z = -5 is not a number above 0"),
    ],
)
def test_a_change_that_cannot_be_is_told_by_name(setting, sentence) -> None:
    with pytest.raises(UsageError, match=sentence):
        with_changes(FoldParams(), [setting])
