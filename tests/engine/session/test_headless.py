from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from math import inf
from typing import TypeVar

import numpy as np
import pytest

from engine.feeds.simulated import SimulatedSource
from engine.fold.params import PRESETS, FoldParams, with_settings
from engine.fold.rules.catalogue import RULE_NAMES
from engine.model.calendar import session
from engine.model.contracts import Contract, ContractTable
from engine.model.errors import NoDataError
from engine.model.events import FMV, GAP, NS, QUOTE, SPOT, TRADE, Events, empty_events, to_price
from engine.model.underlyings import underlying
from engine.session.headless import (
    STATUS_NS,
    VIEW_NS,
    HorizonOutcome,
    Item,
    Status,
    Summary,
    moment,
    replay,
)
from engine.session.symbol_day import PlayerParams
from engine.tape.tape import TapeInfo
from engine.tape.timeline import Timeline
from engine.views.view import FiredSignal, Outcome, View

DAY = date(2025, 12, 16)
HOURS = session(DAY)
OPEN = HOURS.open_ns
SEED = FoldParams(signals=with_settings(PRESETS["seed"], {"volume_spike.ratio": 1e9}))
PARAMS = PlayerParams(fold=SEED)

T = TypeVar("T")


class MemoryTape:
    """A short day of one symbol in memory, in a single chunk."""

    def __init__(self, events: Events, symbol: str = "SPY") -> None:
        u = underlying(symbol)
        self.info = TapeInfo(symbol, u, DAY, HOURS, "memory", "REPLAY", "tape", 100)
        self.contracts = ContractTable(
            Contract(u.roots[0], DAY, right, strike * 1000) for strike in (680, 681, 682) for right in "CP"
        )
        self._events = events
        self.starts = events["ts"][:1]
        self.end_ns = int(events["ts"][-1])

    def read(self, chunk: int) -> Events:
        return self._events


@dataclass
class Shelf:
    tapes: Mapping[str, MemoryTape]
    name: str = "shelf"
    label: str = "the shelf"

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(self.tapes)

    def open(self, symbol: str) -> MemoryTape:
        if symbol not in self.tapes:
            raise NoDataError(f"{symbol} is not on the shelf.")
        return self.tapes[symbol]


class Wall:
    """A wall clock that only sleeping moves, and that remembers how long it was told to sleep."""

    def __init__(self) -> None:
        self.now_ns = 5_000
        self.slept: list[float] = []

    def __call__(self) -> int:
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_ns += round(seconds * NS)


def made(kind: int, at_s: float, cid: int = 1, **columns: int) -> Events:
    event = empty_events(1)
    event["kind"], event["cid"], event["ts"] = kind, cid, OPEN + round(at_s * NS)
    for name, value in columns.items():
        event[name] = value
    return event


def day(seconds: int = 20, signals_s: tuple[float, ...] = (), before: int = 2) -> Events:
    """A quote and a trade a second, `before` quotes ahead of the open, and signals when asked for."""
    events = [made(SPOT, -9, 0, p1=to_price(681))]
    events += [made(QUOTE, -1 - i, p1=10_000, p2=10_200) for i in range(before)]
    for second in range(1, seconds + 1):
        events.append(made(QUOTE, second, p1=10_000, p2=10_200))
        events.append(made(TRADE, second, p1=10_200, s1=1))
    for i, at_s in enumerate(signals_s):
        events.append(made(QUOTE, at_s - 0.01, 2 + i, p1=10_000, p2=10_200))
        events.append(made(FMV, at_s, 2 + i, p1=12_000))
    whole = np.concatenate(events)
    return whole[np.argsort(whole["ts"], kind="stable")]


def run(
    *tapes: MemoryTape,
    params: PlayerParams = PARAMS,
    speed: float = inf,
    wall: Wall | None = None,
    views: bool = False,
) -> list[Item]:
    shelf = Shelf({tape.info.symbol: tape for tape in tapes})
    clock = wall or Wall()
    return list(replay(shelf, shelf.symbols, params, speed, clock, clock.sleep, views))


def only(kind: type[T], items: list[Item]) -> list[T]:
    return [item for item in items if isinstance(item, kind)]


def at_s(ts_ns: int) -> float:
    return (ts_ns - OPEN) / NS


def when(item: Item) -> int:
    if isinstance(item, FiredSignal):
        return item.row.ts_ns
    if isinstance(item, Status | HorizonOutcome):
        return item.ts_ns
    return item.tape_ns if isinstance(item, View) else item.last_ts


class TestOrder:
    def test_items_of_two_symbols_come_in_tape_order(self) -> None:
        items = run(MemoryTape(day(20, (2.5, 7.5, 9.75, 12.0))), MemoryTape(day(20, (1.5, 7.6, 18.5)), "QQQ"))
        spoken = [item for item in items if not isinstance(item, Summary)]
        assert [when(item) for item in spoken] == sorted(when(item) for item in spoken)
        assert [(f.symbol, at_s(f.row.ts_ns)) for f in only(FiredSignal, items)] == [
            ("QQQ", 1.5), ("SPY", 2.5), ("SPY", 7.5), ("QQQ", 7.6), ("SPY", 9.75), ("SPY", 12.0),
            ("QQQ", 18.5),
        ]  # fmt: skip

    def test_a_summary_per_symbol_ends_it(self) -> None:
        items = run(MemoryTape(day()), MemoryTape(day(), "QQQ"))
        assert [type(item) for item in items[-2:]] == [Summary, Summary]
        assert [item.symbol for item in only(Summary, items)] == ["SPY", "QQQ"]

    def test_a_symbol_that_cannot_be_opened_is_an_error_before_anything_is_said(self) -> None:
        shelf, wall = Shelf({"SPY": MemoryTape(day())}), Wall()
        with pytest.raises(NoDataError, match="QQQ is not on the shelf"):
            next(replay(shelf, ["SPY", "QQQ"], PARAMS, inf, wall, wall.sleep, False))


class TestOutcomes:
    def test_each_is_told_when_its_horizon_is_over(self) -> None:
        items = run(MemoryTape(day(400, (3.5, 350.0))), MemoryTape(day(100, (30.0,)), "QQQ"))
        found = only(HorizonOutcome, items)
        assert [(f.symbol, at_s(f.ts_ns), f.outcome.horizon_s) for f in found] == [
            ("SPY", 63.5, 60), ("QQQ", 90.0, 60), ("SPY", 303.5, 300),
        ]  # fmt: skip
        assert [at_s(f.row.ts_ns) for f in found] == [3.5, 30.0, 3.5]
        spoken = [item for item in items if not isinstance(item, Summary)]
        assert [when(item) for item in spoken] == sorted(when(item) for item in spoken)

    def test_they_say_what_came_of_the_signal(self) -> None:
        tape = day(100, (10.0,))
        moved = [made(QUOTE, 20, 2, p1=12_000, p2=12_400), made(QUOTE, 40, 2, p1=10_600, p2=10_800)]
        tape = np.concatenate([tape, *moved, made(SPOT, 50, 0, p1=to_price(682))])
        items = run(MemoryTape(tape[np.argsort(tape["ts"], kind="stable")]))
        (found,) = [f for f in only(HorizonOutcome, items) if at_s(f.row.ts_ns) == 10]
        assert found.row.direction == "buy"
        assert found.outcome == Outcome(60, 10_000, 600, 2_100, 0, touched=True, hit=True)


class TestStatus:
    def test_every_five_seconds_of_tape_for_each_symbol(self) -> None:
        found = only(Status, run(MemoryTape(day(20)), MemoryTape(day(20), "QQQ")))
        assert [(s.symbol, at_s(s.ts_ns)) for s in found] == [
            (symbol, second) for second in (5, 10, 15, 20) for symbol in ("SPY", "QQQ")
        ]

    def test_it_says_how_it_stands(self) -> None:
        events = np.concatenate([day(12), made(GAP, 13, 0, s1=500), made(QUOTE, 14, 99), made(QUOTE, 16)])
        first, *_, last = only(Status, run(MemoryTape(events)))
        assert (first.badge, first.source, first.connection) == ("REPLAY", "memory", "none")
        assert (first.events, last.events) == (3 + 10, 3 + 24 + 2)
        assert (last.gaps, last.dropped) == (1, 1)

    def test_one_that_has_ended_has_no_more(self) -> None:
        found = only(Status, run(MemoryTape(day(20)), MemoryTape(day(10), "QQQ")))
        assert [at_s(s.ts_ns) for s in found if s.symbol == "QQQ"] == [5, 10]
        assert [at_s(s.ts_ns) for s in found if s.symbol == "SPY"] == [5, 10, 15, 20]

    def test_the_pace_is_that_since_the_status_before(self) -> None:
        found = only(Status, run(MemoryTape(day(20)), speed=1))
        assert [s.events_per_s for s in found] == pytest.approx([(3 + 10) / 5, 2, 2, 2])


class TestSummary:
    def test_counts_are_those_of_the_tape(self) -> None:
        events = day(20, (3.5, 9.5))
        (summary,) = only(Summary, run(MemoryTape(events)))
        assert (summary.events, summary.trades) == (len(events), (events["kind"] == TRADE).sum())
        assert summary.quotes == (events["kind"] == QUOTE).sum()
        assert (summary.first_ts, summary.last_ts) == (events["ts"][0], events["ts"][-1])
        assert (summary.symbol, summary.source) == ("SPY", "memory")

    def test_signals_are_counted_by_kind_the_silent_ones_too(self) -> None:
        items = run(MemoryTape(day(20, (3.5, 9.5))))
        assert only(Summary, items)[0].signals == dict.fromkeys(RULE_NAMES, 0) | {"fmv_divergence": 2}
        assert len(only(FiredSignal, items)) == 2

    @pytest.mark.parametrize("speed", [inf, 3.0, 0.25])
    def test_the_hash_is_that_of_a_plain_fold_whatever_the_speed(self, speed: float) -> None:
        tape = MemoryTape(day(20, (3.5, 9.5)))
        (summary,) = only(Summary, run(tape, speed=speed))
        plain = Timeline(tape, SEED)
        for _ in plain.advance(plain.end_ns):
            pass
        assert summary.state_hash == plain.state.digest()

    def test_the_wall_time_is_that_of_the_fold_without_the_waiting(self) -> None:
        (summary,) = only(Summary, run(MemoryTape(day(20)), speed=1))
        assert summary.wall_s == 0


class TestBounds:
    def test_what_lies_before_the_end_is_folded_and_only_what_lies_between_them_is_told(self) -> None:
        whole = run(MemoryTape(day(20, (3.5, 9.5, 15.5))), params=replace(PARAMS, end_ns=OPEN + 12 * NS))
        params = replace(PARAMS, start_ns=OPEN + 6 * NS, end_ns=OPEN + 12 * NS)
        items = run(MemoryTape(day(20, (3.5, 9.5, 15.5))), params=params)
        assert [at_s(f.row.ts_ns) for f in only(FiredSignal, whole)] == [3.5, 9.5]
        assert [at_s(f.row.ts_ns) for f in only(FiredSignal, items)] == [9.5]
        (summary,), (full,) = only(Summary, items), only(Summary, whole)
        assert (at_s(full.shown_from), at_s(summary.shown_from)) == (0, 6)
        assert (full.signals["fmv_divergence"], summary.signals["fmv_divergence"]) == (2, 1)
        assert replace(summary, shown_from=full.shown_from, signals=full.signals) == full
        assert only(Status, items)[-1].events > 2 * 6

    @pytest.mark.parametrize("from_s", [0, 3.5, 60, 65, 100, 400])
    def test_what_is_told_is_what_a_run_from_the_open_tells_from_there_on(self, from_s: float) -> None:
        tape, start_ns = MemoryTape(day(500, (3.5, 9.5, 65))), OPEN + int(from_s * NS)

        def told(items: list[Item]) -> list[Item]:
            said = (item for item in items if isinstance(item, FiredSignal | HorizonOutcome))
            return [item for item in said if moment(item) >= start_ns]

        params = replace(PARAMS, start_ns=start_ns)
        shown = run(tape, params=params)
        assert len(only(FiredSignal, shown)) + len(only(HorizonOutcome, shown)) == len(told(shown))
        assert told(shown) == told(run(tape))

    def test_statuses_count_from_the_start(self) -> None:
        params = replace(PARAMS, start_ns=OPEN + 6 * NS, end_ns=OPEN + 18 * NS)
        found = only(Status, run(MemoryTape(day(20)), params=params))
        assert [at_s(s.ts_ns) for s in found] == [11, 16]

    def test_events_before_the_open_count_when_no_start_is_given(self) -> None:
        (summary,) = only(Summary, run(MemoryTape(day(20, before=5))))
        assert summary.quotes == 25

    def test_after_the_tape_nothing_is_told_but_the_summary_of_the_day(self) -> None:
        params = replace(PARAMS, start_ns=OPEN + 100 * NS)
        (summary,) = run(MemoryTape(day(20)), params=params, views=True)
        (full,) = only(Summary, run(MemoryTape(day(20))))
        assert isinstance(summary, Summary)
        assert (summary.events, summary.state_hash) == (full.events, full.state_hash)


class TestViews:
    def test_there_are_none_unless_asked_for(self) -> None:
        assert only(View, run(MemoryTape(day(20)))) == []

    def test_one_every_five_minutes_and_one_at_the_end(self) -> None:
        views = only(View, run(MemoryTape(day(700)), views=True))
        assert [at_s(v.tape_ns) for v in views] == [300, 600, 700]
        assert [v.version for v in views] == [1, 2, 3]
        assert views[-1].finished
        assert (views[0].symbols, views[0].speed) == (("SPY",), inf)

    def test_the_end_is_shown_once_even_on_a_five_minute_mark(self) -> None:
        views = only(View, run(MemoryTape(day(600)), views=True))
        assert [at_s(v.tape_ns) for v in views] == [300, 600]

    def test_each_symbol_has_its_own(self) -> None:
        views = only(View, run(MemoryTape(day(400)), MemoryTape(day(300), "QQQ"), views=True))
        assert [(v.symbol, at_s(v.tape_ns)) for v in views] == [("SPY", 300), ("SPY", 400), ("QQQ", 300)]

    def test_statuses_and_views_share_their_marks(self) -> None:
        assert VIEW_NS % STATUS_NS == 0


class TestPace:
    @pytest.mark.parametrize("speed", [0.5, 1.0, 7.0, 60.0])
    def test_a_replay_takes_its_time(self, speed: float) -> None:
        wall = Wall()
        began = wall.now_ns
        run(MemoryTape(day(20)), speed=speed, wall=wall)
        assert (wall.now_ns - began) / NS == pytest.approx(20 / speed, abs=1e-6)

    def test_at_the_unlimited_speed_it_never_sleeps(self) -> None:
        wall = Wall()
        run(MemoryTape(day(20)), wall=wall)
        assert wall.slept == []

    @pytest.mark.parametrize("speed", [0.25, 1.0, 10.0])
    def test_a_signal_is_told_no_later_than_a_quarter_of_a_second(self, speed: float) -> None:
        shelf, wall = Shelf({"SPY": MemoryTape(day(20, (3.21, 9.87)))}), Wall()
        began = wall.now_ns
        late = [
            (wall.now_ns - began) / NS - at_s(item.row.ts_ns) / speed
            for item in replay(shelf, ["SPY"], PARAMS, speed, wall, wall.sleep, False)
            if isinstance(item, FiredSignal)
        ]
        assert len(late) == 2
        assert all(0 <= each <= 0.25 + 1e-6 for each in late)

    def test_time_lost_elsewhere_is_made_up_for(self) -> None:
        shelf, wall = Shelf({"SPY": MemoryTape(day(20))}), Wall()
        began, items = wall.now_ns, replay(shelf, ["SPY"], PARAMS, 1.0, wall, wall.sleep, False)
        next(items)
        wall.now_ns += 3 * NS  # whoever reads is slow
        list(items)
        assert (wall.now_ns - began) / NS == pytest.approx(20, abs=1e-6)

    @pytest.mark.parametrize("speed", [0.25, 1.0, 10.0, inf])
    def test_what_is_said_does_not_depend_on_the_speed(self, speed: float) -> None:
        tapes = MemoryTape(day(20, (3.21, 9.87))), MemoryTape(day(17, (5.55,)), "QQQ")
        plain, paced = run(*tapes), run(*tapes, speed=speed)
        assert [type(i) for i in paced] == [type(i) for i in plain]
        assert [f.row for f in only(FiredSignal, paced)] == [f.row for f in only(FiredSignal, plain)]
        assert [s.events for s in only(Status, paced)] == [s.events for s in only(Status, plain)]


def test_a_simulated_symbol_comes_to_what_its_tape_holds() -> None:
    source, wall = SimulatedSource(DAY), Wall()
    tape = source.open("DIA")
    items = list(replay(source, ["DIA"], PlayerParams(), inf, wall, wall.sleep, True))
    chunks = [tape.read(i) for i in range(len(tape.starts))]
    (summary,) = only(Summary, items)
    assert summary.events == sum(len(chunk) for chunk in chunks)
    assert summary.trades == sum(int((chunk["kind"] == TRADE).sum()) for chunk in chunks)
    assert summary.quotes == sum(int((chunk["kind"] == QUOTE).sum()) for chunk in chunks)
    assert sum(summary.signals.values()) == len(only(FiredSignal, items)) > 0
    plain = Timeline(tape, FoldParams())
    for _ in plain.advance(plain.end_ns):
        pass
    assert summary.state_hash == plain.state.digest()
