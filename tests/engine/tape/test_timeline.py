"""Time travel over a tape: wherever the playhead goes, and however it got there, it knows the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.fold.params import FoldParams
from engine.model.events import GAP, NS, TRADE, UNDERLYING
from engine.tape.timeline import RECENT_NS, Timeline, TimelineParams

EVENTS, CHUNK = 3000, 125
TIGHT = TimelineParams(spacing_ns=NS, spacing_events=40, budget_bytes=40_000, cached_chunks=2)
CALL = 1


@pytest.fixture(scope="module")
def events(mixed_events):
    return mixed_events(21, EVENTS)


@pytest.fixture(scope="module")
def params(touchy_params):
    return touchy_params("default")


@pytest.fixture(scope="module")
def clocks(events):
    return np.maximum.accumulate(events["ts"])


@pytest.fixture(scope="module")
def straight(events, params, fold_events):
    """The whole tape in one batch, with its signals and sides."""
    return fold_events(events, params)


@pytest.fixture
def chunked(events, in_memory):
    return in_memory(events, range(CHUNK, EVENTS, CHUNK))


@pytest.fixture
def timeline(chunked, params):
    return Timeline(chunked, params, TIGHT)


def at_share(timeline: Timeline, share: float) -> int:
    first = int(timeline.tape.starts[0])
    return first + int(share * (timeline.end_ns - first))


# --- going forward --------------------------------------------------------------------------------------


def test_nothing_is_folded_before_it_is_asked_for(timeline, chunked) -> None:
    assert timeline.at_ns == timeline.start_ns == chunked.info.session.open_ns
    assert timeline.state.under["events"][0] == 0
    assert chunked.reads == []
    assert timeline.loaded == 0


def test_playing_in_frames_yields_every_event_once_with_its_side(
    bits_of, same_state, timeline, events, straight
) -> None:
    rng = np.random.default_rng(1)
    found, sides = [], []
    while not timeline.finished:
        for piece, side in timeline.advance(timeline.at_ns + int(rng.exponential(20) * NS)):
            found.append(piece.copy())
            sides.append(side)
    assert bits_of(np.concatenate(found)) == bits_of(events)
    assert bits_of(np.concatenate(sides)) == bits_of(straight.sides)
    assert same_state(timeline.state, straight.state)
    assert timeline.at_ns == timeline.end_ns


def test_advance_folds_up_to_and_including_the_moment(timeline, clocks) -> None:
    moment = int(clocks[1000])
    for _ in timeline.advance(moment):
        pass
    assert timeline.state.under["events"][0] == np.searchsorted(clocks, moment, side="right") > 1000
    assert timeline.at_ns == moment


@pytest.mark.parametrize("limit", [1, CHUNK - 1, CHUNK, 3 * CHUNK + 7])
def test_limited_advance_stops_at_the_event(same_state, timeline, clocks, straight, limit) -> None:
    count = sum(len(piece) for piece, _ in timeline.advance(timeline.end_ns, limit))
    assert count == limit == timeline.state.under["events"][0]
    assert timeline.at_ns == clocks[limit - 1]
    timeline.seek(timeline.end_ns)
    assert same_state(timeline.state, straight.state)


def test_advance_beyond_the_end_stops_there(timeline) -> None:
    for _ in timeline.advance(timeline.end_ns + 10**15):
        pass
    assert timeline.at_ns == timeline.end_ns
    assert timeline.finished
    assert list(timeline.advance(timeline.end_ns)) == []


def test_going_back_in_time_by_advance_does_nothing(same_state, timeline) -> None:
    timeline.seek(at_share(timeline, 0.5))
    clock, before = timeline.at_ns, timeline.state.copy()
    assert list(timeline.advance(at_share(timeline, 0.2))) == []
    assert timeline.at_ns == clock
    assert same_state(timeline.state, before)


# --- seeking --------------------------------------------------------------------------------------------


def prefix(fold_events, events, clocks, params, moment):
    return fold_events(events[: np.searchsorted(clocks, moment, side="right")], params)


def test_seek_is_the_fold_of_the_prefix(same_state, timeline, events, clocks, params, fold_events) -> None:
    rng = np.random.default_rng(2)
    for _ in range(150):
        moment = int(rng.choice(clocks)) + int(rng.choice([-1, 0, 1, NS]))
        timeline.seek(moment)
        folded = prefix(fold_events, events, clocks, params, moment)
        assert same_state(timeline.state, folded.state)
        assert timeline.signal_count == len(folded.heads)
        assert timeline.signals[: timeline.signal_count] == list(folded.heads)
        assert timeline.at_ns == min(moment, timeline.end_ns)


def test_seek_stays_within_the_bounds(timeline) -> None:
    timeline.seek(0)
    assert timeline.at_ns == timeline.start_ns
    timeline.seek(2**62)
    assert timeline.at_ns == timeline.end_ns


def test_seek_to_the_start_folds_what_was_told_before_it(tape, in_memory) -> None:
    """Open interest comes before the opening bell."""
    tape.oi(500, at=-3600).prev_close(680.0).quote(at=5)
    timeline = Timeline(in_memory(tape.events), FoldParams())
    timeline.seek(timeline.start_ns)
    assert timeline.state.under["events"][0] == 2
    assert timeline.state.cells["oi"][CALL] == 500


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("seek"), st.floats(-0.1, 1.1)),
            st.tuples(st.just("play"), st.floats(0, 0.2)),
            st.tuples(st.just("step"), st.integers(1, 400)),
            st.tuples(st.just("scout"), st.integers(1, 900)),
        ),
        min_size=1,
        max_size=12,
    ),
    st.integers(1, 10),
)
def test_no_journey_changes_what_is_known(
    same_state, in_memory, events, clocks, params, fold_events, straight, journey, budget
) -> None:
    cuts = range(CHUNK, EVENTS, CHUNK)
    room = budget * straight.state.nbytes
    timeline = Timeline(in_memory(events, cuts), params, TimelineParams(NS, 40, room, 2))
    for act, amount in journey:
        if act == "seek":
            timeline.seek(at_share(timeline, amount))
        elif act == "scout":
            timeline.scout(amount)
        else:
            limit = amount if act == "step" else None
            ahead = timeline.end_ns if act == "step" else timeline.at_ns + at_share(timeline, amount)
            for _ in timeline.advance(ahead - (act == "play") * int(timeline.tape.starts[0]), limit):
                pass
        count = int(timeline.state.under["events"][0])
        folded = fold_events(events[:count], params)
        assert same_state(timeline.state, folded.state)
        assert timeline.signal_count == len(folded.heads)
        assert timeline.gap_count == folded.under["gaps"]
        seen = timeline.signals
        assert seen == list(straight.heads[: len(seen)])
        assert count == 0 or timeline.at_ns >= clocks[count - 1]


# --- jitter ---------------------------------------------------------------------------------------------


def test_late_event_belongs_to_the_moment_it_arrived_in(tape, in_memory) -> None:
    """The second chunk begins with a record stamped before the first chunk's last."""
    tape.quote(at=10).trade(size=1, at=20).trade(size=2, at=15).trade(size=4, at=30).trade(size=8, at=29)
    for cuts in ((), (2,), (1, 2, 3, 4)):
        timeline = Timeline(in_memory(tape.events, cuts), FoldParams())
        seen = {}
        for second in (30, 29, 20, 19, 15, 10, 9):
            timeline.seek(int(tape.events["ts"][0]) + (second - 10) * NS)
            seen[second] = int(timeline.state.cells["volume"][CALL])
        assert seen == {30: 15, 29: 3, 20: 3, 19: 0, 15: 0, 10: 0, 9: 0}, cuts


def test_the_clock_never_goes_back_while_playing(timeline) -> None:
    clock = timeline.at_ns
    for _ in timeline.advance(timeline.end_ns):
        assert timeline.at_ns >= clock
        clock = timeline.at_ns


# --- scouting -------------------------------------------------------------------------------------------


def test_scouting_leaves_the_playhead_alone_and_finds_every_signal(same_state, timeline, straight) -> None:
    timeline.seek(at_share(timeline, 0.3))
    before, clock = timeline.state.copy(), timeline.at_ns
    loaded = [timeline.loaded]
    while not timeline.scout(500):
        loaded.append(timeline.loaded)
    assert same_state(timeline.state, before)
    assert timeline.at_ns == clock
    assert timeline.signals == list(straight.heads)
    assert loaded == sorted(loaded)
    assert timeline.loaded == 1.0
    assert timeline.scout(1)


def test_covers_what_has_been_folded(timeline) -> None:
    half = at_share(timeline, 0.5)
    assert not timeline.log.covers(half)
    timeline.seek(half)
    assert timeline.log.covers(at_share(timeline, 0.4))
    assert not timeline.log.covers(at_share(timeline, 0.9))
    timeline.seek(at_share(timeline, 0.1))
    assert timeline.log.covers(at_share(timeline, 0.4))
    while not timeline.scout(10_000):
        pass
    assert timeline.log.covers(timeline.end_ns)


def test_playing_to_the_end_loads_the_day_as_well(timeline) -> None:
    timeline.seek(timeline.end_ns)
    assert timeline.loaded == 1.0
    assert timeline.scout(1)


def test_going_back_and_forth_never_tells_a_signal_twice(timeline, straight) -> None:
    for share in (0.5, 0.2, 0.7, 0.1, 1.0, 0.0, 1.0):
        timeline.seek(at_share(timeline, share))
        timeline.scout(300)
    assert timeline.signals == list(straight.heads)
    assert timeline.signal_count == len(straight.heads)


def test_gaps_are_told_up_to_the_playhead(timeline, events, clocks) -> None:
    told = events[(events["kind"] == GAP) & (events["cid"] == UNDERLYING)]
    expected = [(int(e["ts"]) - int(e["s1"]) * 1_000_000, int(e["ts"])) for e in told]
    timeline.seek(timeline.end_ns)
    assert timeline.gaps == expected
    assert len(expected) > 3
    for share in (0.7, 0.2, 0.5):
        timeline.seek(at_share(timeline, share))
        stop = np.searchsorted(clocks, timeline.at_ns, side="right")
        assert timeline.gap_count == np.count_nonzero(events["kind"][:stop] == GAP)


# --- what lies just behind ------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.9, 0.4, 0.65, 0.05])
def test_recent_trades_reach_back_a_minute_with_the_sides_the_fold_gave(
    bits_of, chunked, params, events, clocks, straight, share
) -> None:
    """With a checkpoint at every chunk, too: the nearest one would know too little of the past."""
    timeline = Timeline(chunked, params, TimelineParams(NS, 1, 10**9))
    timeline.seek(at_share(timeline, 0.8))
    timeline.seek(at_share(timeline, share))
    stop = np.searchsorted(clocks, timeline.at_ns, side="right")
    ours = (events["kind"] == TRADE) & (events["cid"] == CALL)
    ours[stop:] = False
    last_minute = ours & (events["ts"] > timeline.at_ns - RECENT_NS)
    found, sides = timeline.recent_trades(CALL)
    assert last_minute.sum() > 0
    assert len(found) >= last_minute.sum()
    assert bits_of(found) == bits_of(events[ours][-len(found) :])
    assert bits_of(sides) == bits_of(straight.sides[ours][-len(found) :])


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_recent_events_are_the_contracts_own_up_to_the_playhead(
    bits_of, timeline, events, clocks, share
) -> None:
    timeline.seek(at_share(timeline, share))
    since = timeline.at_ns - 90 * NS
    stop = np.searchsorted(clocks, timeline.at_ns, side="right")
    expected = events[:stop][(events["cid"][:stop] == CALL) & (events["ts"][:stop] > since)]
    assert bits_of(timeline.recent(CALL, since)) == bits_of(expected)


# --- bounds ---------------------------------------------------------------------------------------------


def test_tape_without_events_can_be_travelled(in_memory, events) -> None:
    timeline = Timeline(in_memory(events[:0]), FoldParams())
    assert timeline.scout(10)
    timeline.seek(timeline.end_ns)
    assert timeline.finished
    assert timeline.signals == []
    assert len(timeline.recent(CALL, 0)) == len(timeline.recent_trades(CALL)[0]) == 0
    late = Timeline(in_memory(events[:0]), FoldParams(), start_ns=timeline.start_ns + NS)
    assert late.state.under["events"][0] == 0


def test_early_end_folds_nothing_beyond_it(same_state, chunked, params, events, clocks, fold_events) -> None:
    end = int(clocks[1000])
    timeline = Timeline(chunked, params, TIGHT, end_ns=end)
    while not timeline.scout(10_000):
        pass
    timeline.seek(2**62)
    assert timeline.at_ns == end
    assert same_state(timeline.state, prefix(fold_events, events, clocks, params, end).state)
    assert max(chunked.reads) == 1000 // CHUNK


def test_end_before_the_start_is_an_empty_replay(chunked, params) -> None:
    timeline = Timeline(chunked, params, start_ns=chunked.end_ns, end_ns=chunked.end_ns - NS)
    assert timeline.finished
    assert timeline.end_ns == timeline.start_ns


@pytest.mark.parametrize("share", [0.0, 0.4, 0.99])
def test_a_late_start_shows_what_the_day_came_to_there(same_state, chunked, params, clocks, share) -> None:
    start = int(clocks[5] + share * (clocks[-1] - clocks[5]))
    whole, late = Timeline(chunked, params, TIGHT), Timeline(chunked, params, TIGHT, start_ns=start)
    assert (late.at_ns, late.log.covers(start)) == (start, False)
    for timeline in (whole, late):
        timeline.seek(start)
    assert same_state(late.state, whole.state)
    for timeline in (whole, late):
        timeline.seek(timeline.end_ns)
    assert same_state(late.state, whole.state)
    assert late.signals == whole.signals


def test_late_start_can_be_sought_like_any(same_state, chunked, params, clocks) -> None:
    start = int(clocks[1500])
    timeline = Timeline(chunked, params, TIGHT, start_ns=start)
    timeline.seek(timeline.end_ns)
    end = timeline.state.copy()
    timeline.seek(0)
    assert timeline.at_ns == start
    timeline.seek(timeline.end_ns)
    assert same_state(timeline.state, end)


# --- memory and work ------------------------------------------------------------------------------------


def test_checkpoints_keep_to_their_budget(chunked, params, straight) -> None:
    """However long the day, no more states are kept than the budget holds; the rule is looked at inside."""
    for states in (1, 2, 5, 16):
        budget = states * straight.state.nbytes
        timeline = Timeline(chunked, params, TimelineParams(NS, 1, budget, 2))
        timeline.seek(timeline.end_ns)
        alone = 1.02 * straight.state.nbytes  # the first is kept whatever it takes, and a bit for each word
        assert timeline.log.checkpoints.nbytes <= max(budget, alone)


def test_seek_reads_the_tape_from_the_nearest_checkpoint_only(chunked, params) -> None:
    timeline = Timeline(chunked, params, TimelineParams(NS, CHUNK, 10**9, 1))
    while not timeline.scout(10_000):
        pass
    minute_of_chunks = np.searchsorted(chunked.starts, chunked.starts[0] + 2 * RECENT_NS) + 2
    rng = np.random.default_rng(3)
    for _ in range(60):
        chunked.reads.clear()
        timeline.seek(int(rng.integers(chunked.starts[0], timeline.end_ns)))
        assert len(set(chunked.reads)) <= minute_of_chunks + 3


def test_chunks_at_hand_are_not_read_again(chunked, params) -> None:
    timeline = Timeline(chunked, params, TimelineParams(cached_chunks=3))
    for frame in range(200):
        timeline.seek(at_share(timeline, 0.001 * frame))
    assert len(chunked.reads) == len(set(chunked.reads))


def test_frame_reads_as_little_late_as_early(chunked, params) -> None:
    timeline = Timeline(chunked, params, TimelineParams(cached_chunks=2))
    most = {}
    for name, share in (("early", 0.1), ("late", 0.95)):
        timeline.seek(at_share(timeline, share))
        chunked.reads.clear()
        for _ in range(50):
            for _ in timeline.advance(timeline.at_ns + NS // 10):
                pass
            timeline.recent(CALL, timeline.at_ns - RECENT_NS)
        most[name] = len(set(chunked.reads))
    assert most["late"] <= most["early"] + 2
