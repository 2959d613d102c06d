"""A tape that grows: whatever comes in when, and wherever the screen is, it folds like the whole day."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.calendar import close_ns
from engine.model.events import FLAG_FILLED, FLAG_RECEIVED, NS, OI, QUOTE, TRADE, empty_events
from engine.tape.link import Lag
from engine.tape.live_tape import LiveTape
from engine.tape.timeline import Timeline, TimelineParams

EVENTS, CHUNK = 2400, 125
TIGHT = TimelineParams(spacing_ns=NS, spacing_events=40, budget_bytes=60_000, cached_chunks=2)


@pytest.fixture(scope="module")
def events(mixed_events):
    """A tape of everything."""
    made = mixed_events(33, EVENTS)
    made["cid"][made["cid"] == 99] = -1
    return made


@pytest.fixture(scope="module")
def params(touchy_params):
    return touchy_params("default")


@pytest.fixture(scope="module")
def whole(in_memory, events):
    """The same day as a tape that is complete."""
    return in_memory(events, range(CHUNK, EVENTS, CHUNK))


@pytest.fixture(scope="module")
def straight(whole, params):
    timeline = Timeline(whole, params, TIGHT)
    timeline.seek(timeline.end_ns)
    return timeline


class Feed:
    """Writes the day to a live tape that lists all its contracts."""

    def __init__(self, whole, events) -> None:
        self.tape = LiveTape(whole.info, chunk=CHUNK)
        list_all(self.tape, whole.contracts)
        self.tape.append(events[:0])
        self._events, self.at = events, 0

    def write(self, n: int) -> None:
        self.tape.append(self._events[self.at : self.at + n])
        self.at = min(self.at + n, EVENTS)

    def finish(self) -> None:
        self.write(EVENTS)
        self.tape.close()


def list_all(tape: LiveTape, contracts) -> None:
    for contract in contracts:
        tape.listed.add(contract)


@pytest.fixture
def feed(whole, events):
    return Feed(whole, events)


@pytest.fixture(scope="session")
def all_known(bits_of):
    """A function from a timeline at its end to everything that it came to, bit by bit."""

    def tell(timeline: Timeline) -> dict[str, object]:
        state, history, end = timeline.state, timeline.history, timeline.end_ns
        return {
            "cells": bits_of(state.cells),
            "under": bits_of(state.under),
            "hash": state.digest(),
            "signals": [bits_of(np.array([row])) for row in timeline.signals],
            "firings": [bits_of(np.array([row])) for row in timeline.firings],
            "head_at": timeline.log.head_at,
            "gaps": timeline.gaps,
            "samples": bits_of(history.samples(end)),
            "minutes": bits_of(history.minutes(end)),
            "opening": [history.opening_move(int(ns), end) for ns in history.rungs.settle_ns],
            "points": bits_of(timeline.outcomes.points),
            "end": (timeline.at_ns, end, timeline.loaded, timeline.finished),
        }

    return tell


# --- the hand-over --------------------------------------------------------------------------------------


class TestTape:
    def test_nothing_is_there_before_it_is_taken(self, feed) -> None:
        feed.write(300)
        assert (len(feed.tape.contracts), len(feed.tape.starts), feed.tape.end_ns) == (0, 0, 0)
        feed.tape.take()
        assert list(feed.tape.contracts) == list(feed.tape.listed)
        assert len(feed.tape.starts) == 3

    def test_chunks_hold_the_events_in_the_order_they_came(self, feed, whole, bits_of) -> None:
        for n in (1, 7, 500, 124, 126, 2):
            feed.write(n)
        feed.finish()
        feed.tape.take()
        assert feed.tape.starts.tolist() == whole.starts.tolist()
        assert [len(feed.tape.read(i)) for i in range(len(whole.chunks))] == [len(c) for c in whole.chunks]
        assert all(bits_of(feed.tape.read(i)) == bits_of(chunk) for i, chunk in enumerate(whole.chunks))
        assert feed.tape.end_ns == whole.end_ns
        assert not feed.tape.open

    def test_what_was_read_does_not_change_when_more_comes(self, feed, bits_of) -> None:
        feed.write(60)
        feed.tape.take()
        read = feed.tape.read(0)
        before = bits_of(read)
        feed.write(200)
        feed.tape.take()
        assert bits_of(read) == before

    def test_contracts_come_with_the_events_after_them_and_whoever_holds_the_table_keeps_it(
        self, whole, events
    ) -> None:
        tape, contracts = LiveTape(whole.info), list(whole.contracts)
        list_all(tape, contracts[:2])
        tape.take()
        assert len(tape.contracts) == 0
        tape.append(events[:0])
        tape.take()
        before = tape.contracts
        assert (list(before), tape.listing) == (contracts[:2], 0)
        tape.append(events[events["cid"] == 1])
        list_all(tape, contracts)
        tape.append(events[events["cid"] == 3])
        tape.take()
        assert (list(before), list(tape.contracts), tape.listing) == (contracts[:2], contracts, 1)

    def test_an_event_of_a_contract_nobody_listed_is_refused(self, whole, events) -> None:
        tape = LiveTape(whole.info)
        list_all(tape, list(whole.contracts)[:2])
        stray = events[:1].copy()
        stray["cid"] = 3
        with pytest.raises(ValueError, match="contract 3, which was never listed"):
            tape.append(stray)

    def test_after_the_close_nothing_is_taken_in(self, feed, events) -> None:
        feed.finish()
        with pytest.raises(ValueError, match="of SPY is closed"):
            feed.tape.append(events[:1])

    def test_whole_chunks_go_to_the_spool_and_are_read_from_there(self, whole, events, bits_of) -> None:
        spool = Kept(room=2)
        tape = LiveTape(whole.info, spool, CHUNK)
        list_all(tape, whole.contracts)
        tape.append(events[: 4 * CHUNK + 5])
        tape.take()
        assert sorted(spool.chunks) == [
            0,
            1,
        ]  # there was no room for the third, and the last is still written
        assert [bits_of(tape.read(i)) for i in range(4)] == [bits_of(chunk) for chunk in whole.chunks[:4]]
        assert spool.asked == [0, 1]
        assert len(tape.read(4)) == 5

    def test_what_was_there_before_anybody_listened_is_no_news(self, whole, events) -> None:
        tape = LiveTape(whole.info)
        list_all(tape, whole.contracts)
        for count, received_ns in ((30, None), (20, None), (7, 10**18), (5, None)):
            tape.append(events[:count], received_ns)
        tape.take()
        assert tape.known == 50

    def test_what_a_snapshot_repeats_is_news_and_says_nothing_of_the_lag(self, whole, events) -> None:
        tape = LiveTape(whole.info)
        list_all(tape, whole.contracts)
        tape.append(events[:30])
        tape.append(events[:20], 10**18, timely=False)
        tape.take()
        assert (tape.known, tape.lag()) == (30, None)

    def test_a_reader_beside_a_writer_loses_nothing(self, whole) -> None:
        tape, n = LiveTape(whole.info, chunk=64), 1500
        list_all(tape, whole.contracts)

        def write() -> None:
            for i in range(n):
                event = empty_events(1)
                event["cid"], event["s1"], event["ts"] = 1 + i % 3, i, i
                tape.append(event)

        writer = threading.Thread(target=write)
        writer.start()
        while writer.is_alive():
            tape.take()
        tape.take()
        read = np.concatenate([tape.read(i) for i in range(len(tape.starts))])
        assert read["s1"].tolist() == list(range(n))


class Kept:
    """A spool that has room for so many chunks."""

    def __init__(self, room: int) -> None:
        self.room, self.chunks, self.asked = room, {}, []

    def put(self, chunk: int, events) -> bool:
        if len(self.chunks) >= self.room:
            return False
        self.chunks[chunk] = events.copy()
        return True

    def get(self, chunk: int):
        self.asked.append(chunk)
        return self.chunks[chunk]


class TestLag:
    @pytest.fixture
    def told(self, whole):
        """A function from (kind, delay in ms, flags) of events that came in to the lag."""

        def lag(*rows: tuple[int, int, int]) -> Lag | None:
            tape = LiveTape(whole.info)
            list_all(tape, whole.contracts)
            made = empty_events(len(rows))
            for event, (kind, delay_ms, flags) in zip(made, rows, strict=True):
                event["kind"], event["flags"], event["ts"] = kind, flags, 10**18 - delay_ms * 1_000_000
            tape.append(made, received_ns=10**18)
            tape.take()
            return tape.lag()

        return lag

    def test_half_of_the_events_came_later_than_p50(self, told) -> None:
        assert told(*((TRADE, delay, 0) for delay in range(101))) == Lag(50.0, 99.0)

    def test_only_market_events_with_the_providers_time_count(self, told) -> None:
        assert told((QUOTE, 40, 0), (OI, 9000, 0), (TRADE, 0, FLAG_RECEIVED), (TRADE, 0, FLAG_FILLED)) == Lag(
            40.0, 40.0
        )

    def test_nothing_told_is_no_lag(self, told) -> None:
        assert told((OI, 1, 0)) is None

    def test_it_is_that_of_the_last_events(self, whole) -> None:
        tape = LiveTape(whole.info)
        list_all(tape, whole.contracts)
        for delay in (1000, 7):
            quotes = empty_events(5000)
            quotes["kind"] = QUOTE
            tape.append(quotes, received_ns=delay * 1_000_000)
        tape.take()
        assert tape.lag() == Lag(7.0, 7.0)


# --- the laws -------------------------------------------------------------------------------------------


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("live"), st.integers(1, 300)),
        st.tuples(st.just("write"), st.integers(1, 600)),
        st.tuples(st.just("grow"), st.just(0)),
        st.tuples(st.just("follow"), st.integers(1, 900)),
        st.tuples(st.just("seek"), st.floats(-0.1, 1.1)),
        st.tuples(st.just("scout"), st.integers(1, 500)),
        st.tuples(st.just("part"), st.just(0)),
        st.tuples(st.just("rejoin"), st.just(0)),
    ),
    max_size=25,
)


def timeline_of(feed: Feed, params) -> Timeline:
    feed.tape.take()
    return Timeline(feed.tape, params, TIGHT)


class Watched:
    """The front of a tape that is written, and what is shown of it, with all that can happen to them."""

    def __init__(self, feed: Feed, params) -> None:
        self.feed, self.front = feed, timeline_of(feed, params)
        self.timeline = self.front.beside()

    def live(self, n: int) -> None:
        self.write(n)
        self.grow(0)
        self.follow(EVENTS)

    def write(self, n: int) -> None:
        self.feed.write(n)

    def grow(self, _: int) -> None:
        self.timeline.grow()

    def follow(self, limit: int) -> None:
        for _ in self.front.advance(self.front.end_ns, limit):
            pass

    def scout(self, limit: int) -> None:
        self.timeline.scout(limit)

    def part(self, _: int) -> None:
        self.timeline.cursor = self.front.cursor.copy()

    def rejoin(self, _: int) -> None:
        self.timeline.cursor = self.front.cursor

    def seek(self, share: float) -> None:
        """Go somewhere; once parted, the front stays where it is."""
        first, end = int(self.feed.tape.starts[0]) if len(self.feed.tape.starts) else 0, self.timeline.end_ns
        self.timeline.seek(first + int(share * (end - first)))


@settings(max_examples=60, deadline=None)
@given(ACTS)
def test_folding_while_it_grows_is_folding_the_whole(
    whole, events, params, straight, all_known, acts
) -> None:
    """Live = replay, in any slicing: state, signals, history, outcomes, bit for bit."""
    watched = Watched(Feed(whole, events), params)
    for act, amount in acts:
        getattr(watched, act)(amount)
    watched.feed.finish()
    watched.grow(0)
    timeline = watched.timeline
    watched.rejoin(0)
    watched.follow(EVENTS + 1)
    assert all_known(timeline) == all_known(straight)


@settings(max_examples=60, deadline=None)
@given(ACTS)
def test_wherever_the_cursors_go_they_know_the_prefix(
    whole, events, params, fold_events, same_state, straight, acts
) -> None:
    """Seek = fold on a tape that grows."""
    watched = Watched(Feed(whole, events), params)
    timeline = watched.timeline
    for act, amount in acts:
        getattr(watched, act)(amount)
        for each in (timeline, watched.front):
            folded = fold_events(events[: int(each.state.under["events"][0])], params)
            assert same_state(each.state, folded.state)
            assert each.signal_count == np.count_nonzero(folded.signals["parent"] < 0)
        assert timeline.signals == straight.signals[: len(timeline.signals)]


def test_an_open_tape_is_never_finished_nor_loaded_to_the_end(feed, params) -> None:
    timeline = timeline_of(feed, params)
    feed.write(EVENTS)
    timeline.grow()
    timeline.seek(timeline.end_ns)
    info = feed.tape.info
    close = close_ns(info.underlying, info.day)
    assert close > info.session.close_ns  # its options trade on for a quarter of an hour
    assert not timeline.finished
    assert timeline.close_ns == close > timeline.end_ns
    assert timeline.loaded == (timeline.end_ns - timeline.start_ns) / (close - timeline.start_ns)
    assert not timeline.log.covers(close)
    feed.tape.close()
    timeline.grow()
    timeline.seek(timeline.end_ns)
    assert timeline.finished
    assert (timeline.close_ns, timeline.loaded) == (timeline.end_ns, 1.0)


def test_event_of_the_last_moment_that_comes_later_still_counts(tape, in_memory, params, bits_of) -> None:
    """A sample at that moment, and outcomes, wait until the tape has passed it."""
    written = tape.quote(at=1).trade(size=1, at=5).trade(size=2).quote(at=6).events
    live = LiveTape(in_memory(written).info)
    list_all(live, in_memory(written).contracts)
    live.append(written[:0])
    live.take()
    timeline = Timeline(live, params)
    kept = []
    for part in (written[:2], written[2:3], written[3:]):
        live.append(part)
        timeline.grow()
        timeline.seek(timeline.end_ns)
        kept.append(len(timeline.history.samples(timeline.end_ns)))
    assert kept[0] == kept[1] == kept[2] - 1
    once = Timeline(in_memory(written), params)
    once.seek(once.end_ns)
    assert bits_of(timeline.history.samples(once.end_ns)) == bits_of(once.history.samples(once.end_ns))


def test_the_front_stays_while_what_is_shown_goes_back(feed, params, same_state) -> None:
    front = timeline_of(feed, params)
    feed.write(1000)
    front.grow()
    front.seek(front.end_ns)
    state, at_ns = front.state.copy(), front.at_ns
    shown = front.beside()
    assert shown.state is front.state
    shown.cursor = front.cursor.copy()
    shown.seek(shown.start_ns)
    assert (shown.at_ns, front.at_ns) == (shown.start_ns, at_ns)
    assert same_state(front.state, state)
    shown.cursor = front.cursor
    assert same_state(shown.state, state)


def test_timelines_of_one_cursor_move_together(feed, params) -> None:
    front = timeline_of(feed, params)
    feed.write(1000)
    front.grow()
    shown = front.beside()
    shown.seek(shown.end_ns)
    assert (front.at_ns, front.events) == (shown.end_ns, 1000)
    front.seek(front.start_ns)
    assert shown.at_ns == front.start_ns


def test_what_one_cursor_has_come_to_the_other_tells_no_second_time(feed, params, straight) -> None:
    front = timeline_of(feed, params)
    feed.write(1000)
    front.grow()
    shown = front.beside()
    shown.cursor = front.cursor.copy()
    for timeline in (front, shown, front):
        timeline.seek(timeline.end_ns)
        assert front.signals == shown.signals == straight.signals[: front.signal_count]


def test_recent_trades_of_each_cursor_are_its_own(feed, params) -> None:
    front = timeline_of(feed, params)
    feed.write(1000)
    front.grow()
    front.seek(front.end_ns)
    trades = front.recent_trades(1)[0]["ts"].tolist()
    shown = front.beside()
    shown.cursor = front.cursor.copy()
    shown.seek(shown.start_ns + (shown.end_ns - shown.start_ns) // 3)
    assert shown.recent_trades(1)[0]["ts"].tolist() != trades
    assert front.recent_trades(1)[0]["ts"].tolist() == trades
