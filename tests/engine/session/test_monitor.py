from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from math import inf

import numpy as np
import pytest

from engine.feeds.simulated import SimulatedSource
from engine.fold.params import PRESETS, FoldParams, with_settings
from engine.model.calendar import session
from engine.model.contracts import Contract, ContractTable
from engine.model.errors import NoDataError, SpymonError, StoreError
from engine.model.events import FMV, NS, QUOTE, SPOT, TRADE, Events, empty_events, to_price
from engine.model.underlyings import underlying
from engine.session.handlers import Quote, Trade
from engine.session.monitor import Monitor
from engine.session.symbol_day import PlayerParams
from engine.tape.tape import TapeInfo
from engine.tape.timeline import Timeline
from engine.views.commands import Command, JumpSignal, Pause, Seek, SelectSymbol, SetSpeed, Step, UseSource
from engine.views.view import FiredSignal, View

DAY = date(2025, 12, 16)
HOURS = session(DAY)
OPEN = HOURS.open_ns
SEED = FoldParams(signals=with_settings(PRESETS["seed"], {"volume_spike.ratio": 1e9}))
PARAMS = PlayerParams(fold=SEED)
PATIENCE_S = 60  # only a hanging test ever gets there


class MemoryTape:
    """A short day of one symbol in memory; `gate`, when given, holds up every read until it is set."""

    def __init__(self, events: Events, symbol: str = "SPY", gate: threading.Event | None = None) -> None:
        u = underlying(symbol)
        self.info = TapeInfo(symbol, u, DAY, HOURS, "memory", "REPLAY", "tape", 100)
        self.contracts = ContractTable(
            Contract(u.roots[0], DAY, right, strike * 1000) for strike in (680, 681, 682) for right in "CP"
        )
        self._events = events
        self.starts = events["ts"][:1]
        self.end_ns = int(events["ts"][-1])
        self.gate = gate
        self.reading = threading.Event()

    def read(self, chunk: int) -> Events:
        self.reading.set()
        if self.gate is not None:
            assert self.gate.wait(PATIENCE_S)
        return self._events


@dataclass
class Shelf:
    tapes: Mapping[str, MemoryTape | Exception]
    name: str = "shelf"
    threads: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        return f"the {self.name}"

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(self.tapes)

    def open(self, symbol: str) -> MemoryTape:
        self.threads.append(threading.current_thread().name)
        found = self.tapes[symbol]
        if isinstance(found, Exception):
            raise found
        return found


def made(kind: int, at_s: float, cid: int = 1, **columns: int) -> Events:
    event = empty_events(1)
    event["kind"], event["cid"], event["ts"] = kind, cid, OPEN + round(at_s * NS)
    for name, value in columns.items():
        event[name] = value
    return event


def day(seconds: int = 60, signals_s: tuple[float, ...] = (10.5, 30.5)) -> Events:
    """A quote and a trade a second, and signals."""
    events = [made(SPOT, -9, 0, p1=to_price(681))]
    for second in range(1, seconds + 1):
        events.append(made(QUOTE, second, p1=10_000, p2=10_200, s1=3, s2=4))
        events.append(made(TRADE, second + 0.2, p1=10_200 - 200 * (second % 2), s1=second, exch=5))
    for i, at_s in enumerate(signals_s):
        events.append(made(QUOTE, at_s - 0.01, 2 + i, p1=10_000, p2=10_200))
        events.append(made(FMV, at_s, 2 + i, p1=12_000))
    whole = np.concatenate(events)
    return whole[np.argsort(whole["ts"], kind="stable")]


def dense(n: int) -> Events:
    """`n` quotes in a minute."""
    events = empty_events(n)
    events["kind"], events["cid"], events["p1"], events["p2"] = QUOTE, 1, 10_000, 10_200
    events["ts"] = OPEN + np.linspace(NS, 60 * NS, n).astype(np.int64)
    return events


def shelf(**tapes: MemoryTape | Exception) -> Shelf:
    return Shelf(tapes or {"SPY": MemoryTape(day())})


def monitor(*sources: Shelf, speed: float = inf, fps: float = 200.0, **options: object) -> Monitor:
    return Monitor(sources or (shelf(),), PARAMS, speed=speed, fps=fps, **options)


async def until(watched: Monitor, is_it: Callable[[View], bool]) -> View:
    """The first view that is so."""
    async with asyncio.timeout(PATIENCE_S):
        async for view in watched.views():
            if is_it(view):
                return view
    raise AssertionError("the views ended before it was so")


async def sent(watched: Monitor, command: Command, is_it: Callable[[View], bool]) -> View:
    watched.send(command)
    return await until(watched, is_it)


async def shown(watched: Monitor, is_it: Callable[[View], bool]) -> View:
    """The first newest view that is so, also after the end of the tape."""
    async with asyncio.timeout(PATIENCE_S):
        while (view := watched.view) is None or not is_it(view):
            await watched.stats()
    return view


async def play(watched: Monitor) -> list[View]:
    """All views from the start to the end of the tape."""
    async with asyncio.timeout(PATIENCE_S), watched:
        return [view async for view in watched.views()]


def second(view: View) -> float:
    return (view.tape_ns - OPEN) / NS


def folders() -> set[threading.Thread]:
    """The worker threads there are."""
    return {each for each in threading.enumerate() if each.name.startswith("fold")}


@pytest.fixture(autouse=True)
def no_thread_stays() -> object:
    before = folders()
    yield
    left = folders() - before
    for each in left:
        each.join(PATIENCE_S)
    assert not any(each.is_alive() for each in left)


class TestLife:
    async def test_views_end_with_the_tape(self) -> None:
        views = await play(monitor())
        assert views[-1].finished
        assert second(views[-1]) == 60.2
        assert [v.version for v in views] == sorted({v.version for v in views})

    async def test_the_last_view_stays_after_the_stop(self) -> None:
        watched = monitor()
        views = await play(watched)
        assert watched.view is not None
        assert watched.view.tape_ns == views[-1].tape_ns

    async def test_there_is_no_view_before_the_start(self) -> None:
        watched = monitor()
        assert watched.view is None
        await watched.stop()

    async def test_stopping_twice_is_once(self) -> None:
        watched = monitor()
        await watched.start()
        await watched.stop()
        await watched.stop()
        assert watched.failure is None

    async def test_stopping_without_a_start_is_nothing(self) -> None:
        watched = monitor()
        await watched.stop()
        assert (watched.view, watched.failure) == (None, None)

    async def test_views_end_when_it_is_stopped_in_the_middle(self) -> None:
        watched = monitor(speed=1)
        await watched.start()
        seen = []

        async def look() -> None:
            seen.extend([view async for view in watched.views()])

        looking = asyncio.create_task(look())
        await until(watched, lambda view: True)
        await watched.stop()
        await asyncio.wait_for(looking, PATIENCE_S)
        assert not seen[-1].finished

    async def test_views_end_when_it_is_stopped_before_its_first_turn(self) -> None:
        watched = monitor()
        await watched.start()
        await watched.stop()
        assert [view async for view in watched.views()] == []

    async def test_a_task_that_is_cancelled_leaves_no_thread_behind(self) -> None:
        before = folders()
        watched = monitor(speed=10)
        told = asyncio.Event()
        watched.on_quote(lambda _: told.set())
        playing = asyncio.create_task(play(watched))
        await asyncio.wait_for(told.wait(), PATIENCE_S)
        playing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await playing
        assert all(joined(each) for each in folders() - before)

    async def test_starting_twice_is_refused(self) -> None:
        watched = monitor()
        async with watched:
            with pytest.raises(SpymonError, match="starts once"):
                await watched.start()

    async def test_starting_again_after_the_stop_is_refused(self) -> None:
        watched = monitor()
        await watched.stop()
        with pytest.raises(SpymonError, match="starts once"):
            await watched.start()

    async def test_a_stop_while_the_tape_is_being_opened_starts_nothing(self) -> None:
        gate = threading.Event()
        tape = MemoryTape(day(), gate=gate)
        watched = monitor(shelf(SPY=tape))
        starting = asyncio.create_task(watched.start())
        await asyncio.to_thread(tape.reading.wait, PATIENCE_S)
        stopping = asyncio.create_task(watched.stop())
        await asyncio.sleep(0)
        gate.set()
        async with asyncio.timeout(PATIENCE_S):
            await starting
            assert not any(task.get_name() == "monitor" for task in asyncio.all_tasks())
            await stopping
        assert watched.view is None
        assert [view async for view in watched.views()] == []

    async def test_tapes_are_opened_in_the_worker(self) -> None:
        source = shelf(SPY=MemoryTape(day()), QQQ=MemoryTape(day(), "QQQ"))
        await play(monitor(source))
        assert all(name.startswith("fold") for name in source.threads)


def joined(thread: threading.Thread) -> bool:
    thread.join(PATIENCE_S)
    return not thread.is_alive()


class TestFailure:
    @pytest.mark.parametrize("error", [NoDataError("Nothing of that day."), StoreError("It is damaged.")])
    async def test_what_cannot_be_opened_is_raised_by_start(self, error: SpymonError) -> None:
        before = folders()
        watched = monitor(shelf(SPY=error))
        with pytest.raises(type(error), match=str(error)):
            await watched.start()
        assert all(joined(each) for each in folders() - before)
        await watched.stop()

    async def test_a_symbol_that_does_not_open_is_raised_by_async_with(self) -> None:
        with pytest.raises(NoDataError, match="not simulated"):
            async with Monitor([SimulatedSource(DAY)], symbol="TSLA"):
                pytest.fail("it was opened")

    async def test_views_end_and_the_stop_raises_what_a_handler_raised(self) -> None:
        watched = monitor()

        def careless(_: Trade) -> None:
            raise ZeroDivisionError("of the handler")

        watched.on_trade(careless)
        await watched.start()
        async with asyncio.timeout(PATIENCE_S):
            assert not any([view.finished async for view in watched.views()])
        with pytest.raises(ZeroDivisionError, match="of the handler"):
            await watched.stop()
        await watched.stop()

    async def test_a_handler_s_engine_error_ends_the_views_with_a_reason(self) -> None:
        watched = monitor()

        def refuse(_: Trade) -> None:
            raise StoreError("The disk is full.")

        watched.on_trade(refuse)
        await play(watched)
        assert watched.failure == "The disk is full."

    async def test_while_it_runs_there_is_no_failure(self) -> None:
        watched = monitor()
        await play(watched)
        assert watched.failure is None

    async def test_a_part_that_cannot_be_read_is_noted_and_playing_pauses(self) -> None:
        class Torn(MemoryTape):
            def read(self, chunk: int) -> Events:
                if self.reading.is_set():
                    raise StoreError("chunk 0 is damaged.")
                return super().read(chunk)

        tape = Torn(day())
        tape.starts = np.append(tape.starts, tape.end_ns)
        async with monitor(shelf(SPY=tape)) as watched:
            view = await until(watched, lambda view: view.paused)
        assert view.notes[0] == "chunk 0 is damaged."


class Told:
    """Everything the handlers were told, and in which thread."""

    def __init__(self, watched: Monitor) -> None:
        self.trades: list[Trade] = []
        self.quotes: list[Quote] = []
        self.signals: list[FiredSignal] = []
        self.threads: set[threading.Thread] = set()
        watched.on_trade(self._keep(self.trades))
        watched.on_quote(self._keep(self.quotes))
        watched.on_signal(self._keep(self.signals))

    def _keep(self, kept: list[object]) -> Callable[[object], None]:
        def handler(said: object) -> None:
            self.threads.add(threading.current_thread())
            kept.append(said)

        return handler


class TestHandlers:
    async def test_each_trade_quote_and_signal_is_told_once_on_the_loop_s_thread(self) -> None:
        events = day()
        watched = monitor(shelf(SPY=MemoryTape(events)))
        told = Told(watched)
        await play(watched)
        played = events[events["ts"] > OPEN]
        trades, quotes = (played[played["kind"] == kind] for kind in (TRADE, QUOTE))
        assert [(t.ts_ns, t.price, t.size) for t in told.trades] == trades[["ts", "p1", "s1"]].tolist()
        assert [(q.ts_ns, q.bid, q.ask, q.bid_size, q.ask_size) for q in told.quotes] == quotes[
            ["ts", "p1", "p2", "s1", "s2"]
        ].tolist()
        assert [(s.symbol, (s.row.ts_ns - OPEN) / NS) for s in told.signals] == [("SPY", 10.5), ("SPY", 30.5)]
        assert told.threads == {threading.current_thread()}

    async def test_a_trade_comes_with_its_contract_side_rule_and_confidence(self) -> None:
        watched = monitor(shelf(SPY=MemoryTape(day(2, ()))))
        told = Told(watched)
        await play(watched)
        sold, bought = told.trades
        assert (sold.symbol, sold.contract.short, sold.condition) == ("SPY", "680C", "")
        assert (sold.side, sold.rule, sold.confidence) == (-1, "at bid", 0.8)
        assert (bought.side, bought.rule) == (1, "at ask")

    async def test_every_handler_is_told(self) -> None:
        watched = monitor()
        one, other = Told(watched), Told(watched)
        await play(watched)
        assert (one.trades, one.quotes, one.signals) == (other.trades, other.quotes, other.signals)
        assert len(one.trades) == 60

    async def test_they_have_been_told_when_the_view_that_shows_it_comes(self) -> None:
        watched = monitor()
        told = Told(watched)
        async with watched:
            view = await until(watched, lambda view: view.finished)
            assert len(told.trades) == view.counts.trades
            assert len(told.signals) == len(view.signals)

    async def test_what_a_seek_skips_is_not_told(self) -> None:
        watched = monitor(speed=1)
        told = Told(watched)
        watched.send(Pause(True))
        async with watched:
            await sent(watched, Seek(OPEN + 50 * NS), lambda view: second(view) == 50)
        assert (told.trades, told.quotes, told.signals) == ([], [], [])

    async def test_a_whole_simulated_day_is_told_exactly_once(self) -> None:
        tape = SimulatedSource(DAY).open("DIA")
        watched = Monitor([SimulatedSource(DAY)], symbol="DIA", speed=inf)
        trades: list[tuple[int, str, int, int, int]] = []
        signals: list[FiredSignal] = []
        watched.on_trade(lambda t: trades.append((t.ts_ns, t.contract.occ, t.price, t.size, t.side)))
        watched.on_signal(signals.append)
        views = await play(watched)
        plain = Timeline(tape, FoldParams())
        plain.seek(plain.start_ns)
        expected = []
        for events, sides in plain.advance(plain.end_ns):
            printed = np.flatnonzero(events["kind"] == TRADE)
            for event, side in zip(events[printed], sides[printed], strict=True):
                name = tape.contracts[int(event["cid"])].occ
                row = event["ts"], name, event["p1"], event["s1"], side["side"]
                expected.append(tuple(x if isinstance(x, str) else int(x) for x in row))
        assert trades == expected
        assert [fired.row.ts_ns for fired in signals] == [int(row["ts"]) for row in plain.signals]
        assert views[-1].counts.events == plain.state.under["events"][0]


class TestQuestions:
    async def test_stats_count_what_was_folded(self) -> None:
        watched = monitor()
        async with watched:
            view = await until(watched, lambda view: view.finished)
            assert await watched.stats() == view.counts
            assert view.counts.trades == 60

    async def test_detail_is_that_of_the_shown_symbol(self) -> None:
        watched = monitor()
        async with watched:
            await until(watched, lambda view: view.finished)
            detail = await watched.detail(1)
        assert (detail.contract.short, detail.volume) == ("680C", sum(range(1, 61)))

    async def test_an_id_nobody_listed_is_refused(self) -> None:
        async with monitor() as watched:
            with pytest.raises(NoDataError, match="SPY has no contract with the id 77"):
                await watched.detail(77)

    async def test_before_the_start_and_after_the_stop_there_is_no_answer(self) -> None:
        watched = monitor()
        with pytest.raises(SpymonError, match="not been started"):
            await watched.stats()
        await play(watched)
        with pytest.raises(SpymonError, match="been stopped"):
            await watched.detail(1)

    async def test_sources_are_listed_before_the_start(self) -> None:
        watched = monitor(shelf(), Shelf({"SPY": MemoryTape(day())}, "attic"))
        assert watched.sources == (("shelf", "the shelf"), ("attic", "the attic"))
        await watched.stop()


class TestCommands:
    async def test_what_was_sent_before_the_first_view_is_obeyed_in_it(self) -> None:
        watched = monitor(speed=1)
        watched.send(SetSpeed(25))
        watched.send(Pause(True))
        async with watched:
            view = await until(watched, lambda view: True)
        assert (view.speed, view.paused) == (25, True)

    async def test_they_are_obeyed_in_the_order_they_were_sent(self) -> None:
        watched = monitor(speed=1)
        for command in (Pause(True), Seek(OPEN + 9 * NS), Seek(OPEN + 40 * NS), Step(-10)):
            watched.send(command)
        async with watched:
            view = await until(watched, lambda view: second(view) > 20)
        assert second(view) == pytest.approx(40 - 10 / 10)

    async def test_a_command_does_not_wait_for_the_next_frame(self) -> None:
        async with monitor(speed=1, fps=0.001) as watched:
            await until(watched, lambda view: True)
            assert (await sent(watched, Pause(True), lambda view: view.paused)).paused

    async def test_a_command_does_not_wait_for_the_loading_either(self) -> None:
        async with monitor(shelf(SPY=MemoryTape(dense(400_000))), speed=1, fps=0.001) as watched:
            await until(watched, lambda view: True)
            view = await sent(watched, Pause(True), lambda view: view.paused)
        assert view.loaded < 1

    async def test_another_symbol_can_be_shown(self) -> None:
        source = shelf(SPY=MemoryTape(day()), QQQ=MemoryTape(day(30), "QQQ"))
        async with monitor(source, speed=1) as watched:
            view = await sent(watched, SelectSymbol("QQQ"), lambda view: view.symbol == "QQQ")
        assert view.symbols == ("SPY", "QQQ")

    async def test_another_source_is_loaded_ahead_too(self) -> None:
        attic = Shelf({"QQQ": MemoryTape(day(), "QQQ"), "IWM": MemoryTape(day(), "IWM")}, "attic")
        async with monitor(shelf(), attic, speed=1) as watched:
            await until(watched, lambda view: view.loaded == 1)
            view = await sent(
                watched, UseSource("attic"), lambda view: view.symbol == "QQQ" and view.loaded == 1
            )
        assert view.source == "attic"
        assert second(view) < 60

    async def test_a_note_reaches_the_view(self) -> None:
        async with monitor(speed=1) as watched:
            await until(watched, lambda view: True)
            view = await sent(watched, JumpSignal(-1), lambda view: bool(view.notes))
        assert view.notes == ("There is no earlier signal.",)

    async def test_views_go_on_after_the_end_when_one_goes_back(self) -> None:
        async with monitor() as watched:
            await until(watched, lambda view: view.finished)
            watched.send(Pause(True))
            watched.send(Seek(OPEN + 5 * NS))
            view = await shown(watched, lambda view: not view.finished)
        assert second(view) == 5


class TestWatching:
    async def test_the_wall_is_the_one_that_was_handed_in(self) -> None:
        walls = iter(range(0, 10**15, NS // 2))
        watched = monitor(speed=4, wall=lambda: next(walls))
        views = await play(watched)
        # Half a second of wall a turn at four times the speed: a view is two seconds of tape on, or more
        # if one was missed.
        assert len(views) > 2
        assert {second(view) % 2 for view in views[:-1]} == {0.0}

    async def test_between_frames_nothing_is_done_once_all_is_loaded(self) -> None:
        looks: list[int] = []
        watched = monitor(fps=0.001, speed=1, wall=lambda: looks.append(0) or 0)
        async with watched:
            await until(watched, lambda view: True)
            for _ in range(50):
                await watched.stats()
        assert len(looks) == 2  # for the player, and for the first frame

    async def test_several_can_watch(self) -> None:
        watched = monitor(speed=25)

        async def last(views: AsyncIterator[View]) -> View:
            return [view async for view in views][-1]

        async with asyncio.timeout(PATIENCE_S), watched:
            one, other = await asyncio.gather(last(watched.views()), last(watched.views()))
        assert one.finished
        assert one.tape_ns == other.tape_ns

    async def test_without_a_change_there_is_no_new_view(self) -> None:
        async with monitor(speed=1) as watched:
            await until(watched, lambda view: view.loaded == 1)
            watched.send(Pause(True))
            still = await until(watched, lambda view: view.paused and view.events_per_s == 0)
            await watched.stats()
            assert watched.view is still

    async def test_two_monitors_do_not_disturb_each_other(self) -> None:
        one, other = await asyncio.gather(play(monitor()), play(monitor()))
        assert one[-1].counts == other[-1].counts
