"""A symbol's live day: each event is told once, and contracts that are listed late change nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.events import NS, TRADE, Events
from engine.session.symbol_day import PlayerParams, SymbolDay, open_symbol_day
from engine.session.user_rules import RuleKind, UserSignal
from engine.tape.live_tape import LiveTape
from engine.tape.timeline import Timeline, TimelineParams
from engine.views.view import FiredSignal

EVENTS, CHUNK, EARLY = 2000, 125, 900
"""How many events there are, how many a chunk holds, and before which one only two contracts are named."""

TIGHT = TimelineParams(spacing_ns=NS, spacing_events=40, budget_bytes=60_000, cached_chunks=2)
FIRST = 2


class Sizes:
    """A rule that remembers what it was shown and says how much that is."""

    name = "sizes"

    def __init__(self) -> None:
        self.seen: list[int] = []

    def look(self, view, batch, contracts):
        self.seen += batch["s1"][batch["kind"] == TRADE].tolist()
        return [UserSignal(0, "neutral", 0.5, f"I have seen {len(self.seen)} trades.")]


@pytest.fixture(scope="module")
def events(mixed_events) -> Events:
    made = mixed_events(33, EVENTS)
    made["cid"][made["cid"] == 99] = -1
    early = made["cid"][:EARLY]
    early[early > 0] = (early[early > 0] - 1) % FIRST + 1
    return made


@pytest.fixture(scope="module")
def whole(in_memory, events):
    return in_memory(events, range(CHUNK, EVENTS, CHUNK))


@pytest.fixture(scope="module")
def params(touchy_params) -> PlayerParams:
    return PlayerParams(fold=touchy_params("default"), timeline=TIGHT)


@pytest.fixture(scope="module")
def fired(in_memory, events, params):
    """A function from a number of contracts to the ts of each signal, and after which event it fired."""

    def tell(listed: int) -> list[tuple[int, int]]:
        tape = in_memory(events)
        tape.contracts = type(tape.contracts)(list(tape.contracts)[:listed])
        timeline, found = Timeline(tape, params.fold, TIGHT), []
        while timeline.events < EVENTS:
            for _ in timeline.advance(timeline.end_ns, 1):
                pass
            new = timeline.signals[len(found) :]
            found += [(int(row["ts"]), timeline.events) for row in new]
        return found

    return tell


@pytest.fixture(scope="module")
def fired_then(fired):
    return fired(FIRST)


@pytest.fixture(scope="module")
def fired_whole(fired, whole):
    return fired(len(whole.contracts))


class Day:
    """A live day in the hands of a test: who writes, who folds, and where the screen is."""

    def __init__(self, whole, events, params: PlayerParams) -> None:
        self.tape = LiveTape(whole.info, chunk=CHUNK)
        self.events, self.all = events, list(whole.contracts)
        self.written = 0
        self.grown_at: int | None = None
        self.fired: list[FiredSignal] = []
        self.pieces = [events[:0]]
        self.list(FIRST)
        self.symbol_day: SymbolDay = open_symbol_day(self.tape, params)

    def list(self, count: int) -> None:
        for contract in self.all[:count]:
            self.tape.listed.add(contract)
        self.tape.append(self.events[:0], 0)

    def write(self, n: int) -> None:
        until = min(self.written + n, EVENTS)
        if until > EARLY:
            self.list(len(self.all))
        self.tape.append(self.events[self.written : until], 0)
        self.written = until

    def fold_news(self, limit: int) -> None:
        self.symbol_day.front.grow()
        if self.symbol_day.front.outgrown and self.grown_at is None:
            self.grown_at = self.symbol_day.front.events
        pieces, told = self.symbol_day.fold_news(limit)
        self.pieces += [part for part, _ in pieces]
        self.fired += told

    def fold_again(self, limit: int) -> None:
        self.symbol_day.fold_again(limit)

    def back(self, share: float) -> None:
        timeline = self.symbol_day.timeline
        if not self.symbol_day.parted:
            self.symbol_day.part()
        first = int(self.events["ts"][0])
        timeline.seek(first + int(share * (timeline.end_ns - first)))

    def now(self, _: int) -> None:
        self.symbol_day.rejoin()

    def finish(self) -> None:
        self.write(EVENTS)
        self.tape.close()
        while self.symbol_day.live:
            self.fold_news(700)
        self.symbol_day.timeline.seek(self.symbol_day.timeline.end_ns)


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(1, 600)),
        st.tuples(st.just("list"), st.integers(1, 8)),
        st.tuples(st.just("fold_news"), st.integers(1, 900)),
        st.tuples(st.just("fold_again"), st.integers(1, 300)),
        st.tuples(st.just("back"), st.floats(0, 1)),
        st.tuples(st.just("now"), st.just(0)),
    ),
    max_size=25,
)


def come_to(timeline: Timeline, bits_of) -> dict[str, object]:
    end, history = timeline.end_ns, timeline.history
    return {
        "hash": timeline.state.digest(),
        "cells": bits_of(timeline.state.cells),
        "under": bits_of(timeline.state.under),
        "signals": [bits_of(np.array([row])) for row in timeline.signals],
        "samples": bits_of(history.samples(end)),
        "minutes": bits_of(history.minutes(end)),
        "points": bits_of(timeline.outcomes.points),
    }


@settings(max_examples=60, deadline=None)
@given(ACTS)
def test_contracts_listed_during_the_day_come_to_the_day_with_the_full_table(
    whole, events, params, bits_of, fired_then, fired_whole, acts
) -> None:
    """Every event is told once and in order, whoever looks where; so is every signal."""
    day = Day(whole, events, params)
    for act, amount in acts:
        getattr(day, act)(amount)
    day.finish()
    straight = Timeline(whole, params.fold, TIGHT)
    straight.seek(straight.end_ns)
    assert come_to(day.symbol_day.timeline, bits_of) == come_to(straight, bits_of)
    assert bits_of(np.concatenate(day.pieces)) == bits_of(events)
    assert day.grown_at is not None
    before = [ts for ts, at in fired_then if at <= day.grown_at]
    assert [each.row.ts_ns for each in day.fired] == before + [
        ts for ts, at in fired_whole if at > day.grown_at
    ]


def test_the_screen_stays_where_it_is_while_the_day_is_folded_again(
    whole, events, params, same_state
) -> None:
    day = Day(whole, events, params)
    day.write(EARLY)
    day.fold_news(EVENTS)
    day.back(0.5)
    clock, cells = day.symbol_day.timeline.at_ns, day.symbol_day.timeline.state.cells.copy()
    day.list(len(day.all))
    day.symbol_day.front.grow()
    assert day.symbol_day.fold_again(100)
    assert day.symbol_day.share_folded_again == 100 / EARLY
    assert (day.symbol_day.timeline.at_ns, len(day.symbol_day.timeline.contracts)) == (clock, FIRST)
    while day.symbol_day.fold_again(100):
        pass
    assert (day.symbol_day.timeline.at_ns, len(day.symbol_day.timeline.contracts)) == (clock, len(day.all))
    assert (day.symbol_day.parted, day.symbol_day.front.events) == (True, EARLY)
    assert day.symbol_day.share_folded_again == 1.0
    assert day.symbol_day.timeline.state.cells[: len(cells)]["volume"].tolist() == cells["volume"].tolist()
    day.write(10)
    day.fold_news(EVENTS)
    assert day.symbol_day.front.events == EARLY + 10


def test_nothing_is_folded_again_for_a_table_that_is_complete_before_the_first_event(
    whole, events, params
) -> None:
    day = Day(whole, events, params)
    day.fold_news(EVENTS)
    day.write(EVENTS)
    day.fold_news(500)
    assert day.symbol_day.timeline.events == 500
    assert day.symbol_day.longer is None


def test_what_was_there_before_is_folded_and_not_told(whole, events, params) -> None:
    """However it is cut: signals and pieces begin with the first news."""
    tape = LiveTape(whole.info, chunk=CHUNK)
    for contract in whole.contracts:
        tape.listed.add(contract)
    symbol_day = open_symbol_day(tape, params)
    tape.append(events[:700])
    told, count = [], 0
    for part in (events[700:1300], events[1300:]):
        tape.append(part, 10**18)
        for limit in (250, 333, 2000):
            pieces, fired = symbol_day.fold_news(limit)
            told += fired
            count += sum(len(piece) for piece, _ in pieces)
    straight = Timeline(whole, params.fold, TIGHT)
    for _ in straight.advance(straight.end_ns, 700):
        pass
    known = straight.signal_count
    straight.seek(straight.end_ns)
    assert known > 0
    assert [each.row.ts_ns for each in told] == [int(row["ts"]) for row in straight.signals[known:]]
    assert count == EVENTS - 700


def test_a_rule_sees_again_what_is_folded_again_and_its_rows_are_told_once(whole, events, params) -> None:
    made: list[Sizes] = []

    def make() -> Sizes:
        made.append(Sizes())
        return made[-1]

    ruled = PlayerParams(fold=params.fold, timeline=TIGHT, rules=(RuleKind("sizes", 5 * NS, "1", make),))
    day = Day(whole, events, ruled)
    day.write(EARLY)
    day.fold_news(EVENTS)
    day.finish()
    assert (len(made), day.symbol_day.rules.notes) == (2, [])
    trades = events["s1"][events["kind"] == TRADE].tolist()
    assert made[1].seen == trades[: len(made[1].seen)]
    assert len(made[1].seen) > len(made[0].seen)
    said = [each.row.reason for each in day.fired if each.row.rule == "user:sizes"]
    assert said == [row.reason for row in day.symbol_day.rules.log.rows]
