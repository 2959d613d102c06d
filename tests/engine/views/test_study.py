"""Studies: chance is matched, and nobody is told the future."""

from __future__ import annotations

from itertools import pairwise
from math import isnan

import numpy as np
import pytest

from engine.fold.outcomes import HORIZONS_S
from engine.model.events import GAP, NS
from engine.session.what_if import with_changes
from engine.tape.outcomes import judge
from engine.tape.timeline import Timeline
from engine.views.study import HALF_HOUR_NS, study_tape, tally

N = 4000
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
            if points["ts"][i] + HORIZONS_S[h] * NS > played.at_ns:
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
    assert len(now.ts_ns) == younger.firing_count > younger.signal_count > 0
    for name in ("ts_ns", "rule", "cid", "hit", "touched", "move", "control_hit", "control_touch"):
        assert np.array_equal(getattr(then, name), getattr(now, name), equal_nan=name not in ("ts_ns",))
    assert then.hours == now.hours


def test_folds_side_by_side_read_the_tape_once(events, params, in_memory) -> None:
    tape = in_memory(events, range(300, len(events), 300))
    other = with_changes(params, ["volume_spike.z=3"])
    told: list[float] = []
    both = study_tape(tape, [params, other], told.append)
    assert sorted(tape.reads) == list(range(len(tape.starts)))
    for fold, found in zip((params, other), both, strict=True):
        alone = Timeline(tape, fold)
        alone.seek(alone.end_ns)
        assert np.array_equal(found.touched, tally(alone).touched, equal_nan=True)
    assert len(both[0].ts_ns) != len(both[1].ts_ns)
    assert all(a <= b for a, b in pairwise(told))
    assert told[-1] == 1
