"""When users' rules look: at fixed moments of tape, at everything once, whatever frames and jumps do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from math import isnan, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.fold.params import FoldParams
from engine.model.calendar import session
from engine.model.contracts import ContractTable
from engine.model.events import MISSING, NS, TRADE, Events
from engine.session.symbol_day import PlayerParams, SymbolDay, open_symbol_day
from engine.session.user_rules import RuleKind, UserSignal
from engine.session.user_rules.judge import kind_of
from engine.session.user_rules.log import RuleLog
from engine.tape.tape import Tape
from engine.views.projection import PlaybackState
from engine.views.view import Outcome, SignalEvent, SignalHistory, SignalRow, View

OPEN = session(date(2025, 12, 16)).open_ns
BASE = OPEN + 30 * 60 * NS
N = 1500
PLAYING = PlaybackState(0, 0, "memory", ("SPY",), "REPLAY", False, 1.0, 0.0, ())


@dataclass
class Probe:
    """Says at every look what it was shown and how much it has seen in its life."""

    name: str = "probe"
    every_s: float = 5.0
    version: str = "3"
    contract: int = 1
    looks: list[tuple[View, Events]] = field(default_factory=list)
    seen: int = 0

    def look(self, view: View, batch: Events, contracts: ContractTable) -> Iterable[UserSignal]:
        self.looks.append((view, batch))
        self.seen += len(batch)
        numbers = {"seen": self.seen, "spot": view.spot, "events": view.counts.events, "loaded": view.loaded}
        yield UserSignal(self.contract, "buy", 0.5, f"{len(batch)} events", numbers)


class Broken(Probe):
    """Raises, or returns what it was given, at its third look."""

    def __init__(self, answer: object) -> None:
        super().__init__("broken")
        self.answer = answer

    def look(self, view: View, batch: Events, contracts: ContractTable) -> Iterable[UserSignal]:
        self.looks.append((view, batch))
        if len(self.looks) < 3:
            return []
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer  # type: ignore[return-value]


@pytest.fixture(scope="module")
def day(in_memory: Callable[..., Tape], mixed_events: Callable[[int, int], Events]) -> Tape:
    return in_memory(mixed_events(11, N), cuts=(400, 900))


@pytest.fixture
def opened(day: Tape, touchy_params: Callable[[str], FoldParams]) -> Callable[..., SymbolDay]:
    """Open the day with rules, its playhead at 10:00."""

    def open_with(*rules: Callable[[], Probe]) -> SymbolDay:
        kinds: tuple[RuleKind, ...] = tuple(map(kind_of, rules))
        fold = touchy_params("seed")
        symbol_day = open_symbol_day(day, PlayerParams(fold=fold, start_ns=BASE, rules=kinds))
        symbol_day.timeline.seek(BASE)
        return symbol_day

    return open_with


def rows_of(symbol_day: SymbolDay) -> list[SignalRow]:
    assert symbol_day.rules is not None
    return symbol_day.rules.log.rows


def play(symbol_day: SymbolDay, *stops_s: float, limit: int | None = None) -> None:
    """Play to each stop in turn, as frames would."""
    for stop in stops_s:
        to_ns = BASE + round(stop * NS)
        for _ in symbol_day.advance(to_ns, limit):
            pass


def span_s(symbol_day: SymbolDay) -> float:
    return (symbol_day.timeline.end_ns - BASE) / NS


def said(rows: Iterable[SignalRow]) -> list[tuple[int, str, tuple[tuple[str, float], ...]]]:
    return [(row.ts_ns - BASE, row.reason, row.evidence) for row in rows]


@pytest.mark.parametrize("every_s", [1.0, 5.0, 7.0, 60.0])
def test_a_rule_looks_at_multiples_of_its_time_from_the_open(
    opened: Callable[..., SymbolDay], every_s: float
) -> None:
    symbol_day = opened(lambda: Probe(every_s=every_s))
    play(symbol_day, span_s(symbol_day))
    every = int(every_s * NS)
    first = OPEN + ((BASE - OPEN) // every + 1) * every
    want = list(range(first, symbol_day.timeline.end_ns + 1, every))
    assert [row.ts_ns for row in rows_of(symbol_day)] == want


def test_every_played_event_is_shown_once_and_in_order(opened: Callable[..., SymbolDay], day: Tape) -> None:
    probes: list[Probe] = []

    def make() -> Probe:
        probes.append(Probe())
        return probes[-1]

    symbol_day = opened(make)
    play(symbol_day, span_s(symbol_day))
    shown = np.concatenate([batch for _, batch in probes[-1].looks])
    tape = np.concatenate([day.read(i) for i in range(len(day.starts))])
    clock = np.maximum.accumulate(tape["ts"])
    last = rows_of(symbol_day)[-1].ts_ns
    assert np.array_equal(shown, tape[(clock > BASE) & (clock <= last)])


def test_the_view_is_that_of_the_look(opened: Callable[..., SymbolDay]) -> None:
    probes: list[Probe] = []

    def make() -> Probe:
        probes.append(Probe())
        return probes[-1]

    symbol_day = opened(make)
    play(symbol_day, 60)
    views = [view for view, _ in probes[-1].looks]
    assert [(view.tape_ns - BASE) / NS for view in views] == [5 * k for k in range(1, 13)]
    assert all(row.ts_ns <= view.tape_ns for view in views for row in view.signals)


def test_a_batch_cannot_be_written_to(opened: Callable[..., SymbolDay]) -> None:
    class Vandal(Probe):
        def look(self, view: View, batch: Events, contracts: ContractTable) -> Iterable[UserSignal]:
            batch["p1"] = 0
            return []

    symbol_day = opened(Vandal)
    play(symbol_day, 60)
    assert symbol_day.rules is not None
    assert symbol_day.rules.notes == [
        "The rule probe is switched off for SPY: it raised ValueError (assignment destination is read-only)."
    ]


# --- the laws ---------------------------------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(
    stops=st.lists(st.floats(0, 800), max_size=12),
    limit=st.sampled_from([None, 5, 100]),
    scouted=st.booleans(),
)
def test_frames_limits_and_folding_ahead_change_nothing(
    day: Tape,
    touchy_params: Callable[[str], FoldParams],
    stops: list[float],
    limit: int | None,
    scouted: bool,
) -> None:
    def make_slot() -> SymbolDay:
        kinds = (kind_of(Probe), kind_of(lambda: Probe("slow", 13.0)))
        return open_symbol_day(day, PlayerParams(fold=touchy_params("seed"), start_ns=BASE, rules=kinds))

    straight, cut = make_slot(), make_slot()
    cut.timeline.seek(BASE)
    end = span_s(straight)
    play(straight, end)
    if scouted:
        cut.timeline.scout(N)
    play(cut, *sorted(stops), limit=limit)
    while cut.timeline.at_ns < cut.timeline.end_ns:
        play(cut, end, limit=limit)
    play(cut, end, limit=limit)
    assert said(rows_of(cut)) == said(rows_of(straight))
    assert len(rows_of(cut)) > 100


@settings(max_examples=10, deadline=None)
@given(moves=st.lists(st.tuples(st.floats(1, 300), st.floats(0, 1)), max_size=8))
def test_going_back_and_playing_on_changes_nothing(
    day: Tape, touchy_params: Callable[[str], FoldParams], moves: list[tuple[float, float]]
) -> None:
    def make_slot() -> SymbolDay:
        kinds = (kind_of(Probe), kind_of(lambda: Probe("slow", 60.0)))
        return open_symbol_day(day, PlayerParams(fold=touchy_params("seed"), start_ns=BASE, rules=kinds))

    straight, restless = make_slot(), make_slot()
    end = span_s(straight)
    play(straight, end)
    for on_s, share in moves:
        now_s = (restless.timeline.at_ns - BASE) / NS
        play(restless, now_s + on_s)
        restless.timeline.seek(BASE + int((restless.timeline.at_ns - BASE) * share))
    play(restless, end)
    assert said(rows_of(restless)) == said(rows_of(straight))


@settings(max_examples=10, deadline=None)
@given(moves=st.lists(st.tuples(st.floats(0, 700), st.floats(0, 60)), min_size=1, max_size=10))
def test_whatever_the_jumps_a_moment_is_looked_at_once_and_only_what_was_played(
    day: Tape, touchy_params: Callable[[str], FoldParams], moves: list[tuple[float, float]]
) -> None:
    params = PlayerParams(fold=touchy_params("seed"), start_ns=BASE, rules=(kind_of(Probe),))
    symbol_day = open_symbol_day(day, params)
    played: set[int] = set()
    for to_s, for_s in moves:
        symbol_day.timeline.seek(BASE + round(to_s * NS))
        began = symbol_day.timeline.at_ns
        play(symbol_day, (began - BASE) / NS + for_s)
        first, last = (began - BASE) // (5 * NS) + 1, (symbol_day.timeline.at_ns - BASE) // (5 * NS)
        played |= {k * 5 * NS for k in range(first, last + 1)}
        view = symbol_day.view(PLAYING)
        assert all(row.ts_ns <= view.tape_ns for row in view.signals)
    times = [row.ts_ns - BASE for row in rows_of(symbol_day)]
    assert times == sorted(played)


def test_events_of_one_moment_that_a_limit_tears_apart_are_not_seen_twice(
    in_memory: Callable[..., Tape], new_tape: Any, touchy_params: Callable[[str], FoldParams]
) -> None:
    tape = new_tape()
    for at in (1.0, 5.0, 5.0, 5.0, 7.0, 12.0):
        tape.put(TRADE, 1, at, p1=10_000, s1=1)
    params = PlayerParams(fold=touchy_params("seed"), start_ns=BASE, rules=(kind_of(Probe),))
    symbol_day = open_symbol_day(in_memory(tape.events), params)
    play(symbol_day, 6)
    symbol_day.timeline.seek(BASE + 4 * NS)
    for _ in range(9):
        play(symbol_day, 12, limit=1)
    assert [row.reason for row in rows_of(symbol_day)] == ["4 events", "1 events"]


def test_a_jump_over_tape_begins_with_a_rule_that_remembers_nothing(opened: Callable[..., SymbolDay]) -> None:
    symbol_day = opened(Probe)
    play(symbol_day, 60)
    symbol_day.timeline.seek(BASE + 300 * NS)
    play(symbol_day, 305)
    row = rows_of(symbol_day)[-1]
    assert row.ts_ns == BASE + 305 * NS
    assert row.reason == f"{dict(row.evidence)['seen']:.0f} events"


def test_a_stretch_that_is_played_up_to_a_later_one_goes_on_with_that_ones_memory(
    opened: Callable[..., SymbolDay],
) -> None:
    symbol_day = opened(Probe)
    play(symbol_day, 60)
    symbol_day.timeline.seek(BASE + 102 * NS)
    play(symbol_day, 120)
    before = {row.ts_ns: row for row in rows_of(symbol_day)}
    symbol_day.timeline.seek(BASE + 30 * NS)
    play(symbol_day, 130)
    after = {row.ts_ns: row for row in rows_of(symbol_day)}
    assert sorted(after) == [BASE + 5 * k * NS for k in range(1, 27)]
    assert {ts: after[ts] for ts in before} == before
    seen = {(ts - BASE) // NS: dict(row.evidence)["seen"] for ts, row in after.items()}
    assert seen[125] > seen[120]
    assert seen[100] > seen[105]


# --- what a signal becomes --------------------------------------------------------------------------------


def test_a_signal_becomes_a_row_of_the_log(opened: Callable[..., SymbolDay]) -> None:
    symbol_day = opened(Probe, lambda: Probe("spot", contract=0))
    play(symbol_day, 200)
    first, second = rows_of(symbol_day)[-2:]
    assert (first.rule, first.version, first.direction, first.strength) == (
        "user:probe",
        "user:probe/3",
        "buy",
        0.5,
    )
    assert first.contract == symbol_day.timeline.tape.contracts[1]
    cell = symbol_day.timeline.state.cells[1]
    assert first.mid_after == (int(cell["bid"]) + int(cell["ask"])) // 2
    assert first.mid_before == MISSING
    assert isnan(first.side_confidence)
    assert (second.rule, second.contract, second.cid) == ("user:spot", None, 0)
    assert second.mid_after == int(symbol_day.timeline.state.under["spot"][0])


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (ValueError("no such strike"), "it raised ValueError (no such strike)"),
        (RuntimeError(), "it raised RuntimeError"),
        (SystemExit(3), "it raised SystemExit (3)"),
        (7, "it returned 7 where a list of UserSignal is wanted"),
        (None, "it returned None where a list of UserSignal is wanted"),
        (["x"], "it returned 'x' where a UserSignal is wanted"),
        ([UserSignal(99, "buy", 0.5, "r")], "it returned the contract 99, which is not listed"),
        ([UserSignal(True, "buy", 0.5, "r")], "it returned the contract True, which is not listed"),
        ([UserSignal(-1, "buy", 0.5, "r")], "it returned the contract -1, which is not listed"),
        (
            [UserSignal(1, "up", 0.5, "r")],
            "it returned the direction 'up', which is not buy, sell or neutral",
        ),
        ([UserSignal(1, "buy", 1.5, "r")], "it returned the strength 1.5, which is not between 0 and 1"),
        (
            [UserSignal(1, "buy", nan, "r")],
            "it returned the strength nan, which is not between 0 and 1",
        ),
        ([UserSignal(1, "buy", 0.5, " ")], "it returned the reason ' ', which is not a sentence"),
        (
            [UserSignal(1, "buy", 0.5, "r", {"z": "high"})],  # type: ignore[dict-item]
            "it returned the evidence {'z': 'high'}, which is no mapping of names to numbers",
        ),
        ([UserSignal(1, "buy", 0.5, "r")] * 101, "it returned more than 100 signals at one look"),
    ],
)  # fmt: skip
def test_a_rule_that_fails_is_switched_off_with_a_sentence_and_the_others_go_on(
    opened: Callable[..., SymbolDay], answer: object, sentence: str
) -> None:
    broken = Broken(answer)
    symbol_day = opened(lambda: broken, Probe)
    play(symbol_day, 60)
    assert symbol_day.rules is not None
    assert symbol_day.rules.notes == [f"The rule broken is switched off for SPY: {sentence}."]
    assert len(broken.looks) == 3
    assert [row.rule for row in rows_of(symbol_day)] == ["user:probe"] * 12


def test_a_rule_that_cannot_be_made_again_after_a_jump_is_switched_off(
    opened: Callable[..., SymbolDay],
) -> None:
    made: list[Probe] = []

    def make() -> Probe:
        if len(made) == 2:
            raise OSError("one file too many")
        made.append(Probe())
        return made[-1]

    symbol_day = opened(make)
    play(symbol_day, 10)
    symbol_day.timeline.seek(BASE + 100 * NS)
    play(symbol_day, 120)
    assert symbol_day.rules is not None
    assert symbol_day.rules.notes == [
        "The rule probe is switched off for SPY: it raised OSError (one file too many)."
    ]
    assert len(rows_of(symbol_day)) == 2


def test_a_reason_is_one_line_without_control_characters(opened: Callable[..., SymbolDay]) -> None:
    class Loud(Probe):
        def look(self, view: View, batch: Events, contracts: ContractTable) -> Iterable[UserSignal]:
            return [UserSignal(1, "buy", 0.5, "up\x1b[31m\n and   away\x07")]

    symbol_day = opened(Loud)
    play(symbol_day, 5)
    assert rows_of(symbol_day)[0].reason == "up [31m and away"


# --- beside the fold's own signals ------------------------------------------------------------------------


def test_the_log_holds_both_kinds_in_the_order_of_the_tape(opened: Callable[..., SymbolDay]) -> None:
    symbol_day = opened(Probe)
    play(symbol_day, *range(10, 600, 10))
    log = symbol_day.view(PLAYING).signals
    rules = {row.rule for row in log}
    assert "user:probe" in rules
    assert len(rules) > 1
    assert all(one.ts_ns <= other.ts_ns for one, other in pairwise(log))
    assert len(log) == symbol_day.timeline.signal_count + len(rows_of(symbol_day))


def test_the_log_is_the_same_wherever_it_is_asked_for(opened: Callable[..., SymbolDay]) -> None:
    symbol_day = opened(Probe)
    play(symbol_day, 100, 200)
    symbol_day.timeline.seek(BASE + 150 * NS)
    assert list(symbol_day.signals()) == list(symbol_day.view(PLAYING).signals)
    assert len(list(opened().signals())) == 0


def test_repeats_and_outcomes_follow_their_rows_into_the_merged_log(opened: Callable[..., SymbolDay]) -> None:
    def row(ts: int, rule: str) -> SignalRow:
        return SignalRow(ts, rule, None, 0, "buy", 0.5, nan, 0, 0, (), "r", "v")

    class Known:
        def of(self, index: int) -> tuple[Outcome, ...]:
            return (Outcome(60, index, None, None, None, None, None),)

    log = RuleLog()
    log.add([row(20, "user:a"), row(40, "user:a")])

    class Events:
        def of(self, index: int) -> SignalEvent | None:
            return SignalEvent(("sweep",), {1: 8, 2: 5}[index], None, None) if index in (1, 2) else None

    folds = SignalHistory([row(ts, "sweep") for ts in (10, 20, 30, 50)], 3, Events())
    bare = opened().view(PLAYING)
    view = log.between(replace(bare, signals=folds, tape_ns=45, outcomes=Known()))
    assert [each.ts_ns for each in view.signals] == [10, 20, 20, 30, 40]
    assert [view.signals.repeats(i) for i in range(5)] == [0, 7, 0, 4, 0]
    known = [[outcome.underlying for outcome in view.outcomes.of(i)] for i in range(5)]
    assert known == [[0], [1], [], [2], []]


def test_an_old_view_keeps_its_log_whatever_is_played_later(opened: Callable[..., SymbolDay]) -> None:
    symbol_day = opened(Probe)
    symbol_day.timeline.seek(BASE + 300 * NS)
    play(symbol_day, 330)
    old = symbol_day.view(PLAYING).signals
    rows = list(old)
    symbol_day.timeline.seek(BASE + 100 * NS)
    play(symbol_day, 200, 340)
    new = symbol_day.view(PLAYING).signals
    assert list(old) == rows
    assert len(new) > len(old)
    assert all(one.ts_ns <= other.ts_ns for one, other in pairwise(new))


def test_a_jump_to_the_next_signal_knows_the_rules_own(opened: Callable[..., SymbolDay]) -> None:
    symbol_day = opened(Probe)
    play(symbol_day, 60)
    times = [int(signal["ts"]) for signal in symbol_day.timeline.signals]
    after, before = BASE + 52 * NS, BASE + 56 * NS
    assert symbol_day.signal_beside(after, 1) == min(ts for ts in [*times, BASE + 55 * NS] if ts > after)
    assert symbol_day.signal_beside(before, -1) == max(ts for ts in [*times, BASE + 55 * NS] if ts < before)


def test_without_rules_there_is_nobody_to_ask(opened: Callable[..., SymbolDay]) -> None:
    assert opened().rules is None
