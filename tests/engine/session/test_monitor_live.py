"""Live sources beside the monitor: run, woken by, heard out when they fail, stopped."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import date

import numpy as np
import pytest

from engine.feeds.simulated import SimulatedSource
from engine.fold.params import PRESETS, FoldParams, with_settings
from engine.model.calendar import session
from engine.model.contracts import Contract
from engine.model.errors import CredentialError
from engine.model.events import FMV, NS, QUOTE, TRADE, Events, empty_events
from engine.model.underlyings import underlying
from engine.session.monitor import Monitor
from engine.session.playback import TICK_EVENTS
from engine.session.symbol_day import PlayerParams
from engine.tape.link import Link
from engine.tape.live_tape import LiveTape
from engine.tape.tape import TapeInfo
from engine.views.commands import GoLive, Seek, UseSource
from engine.views.view import FiredSignal, View

DAY = date(2025, 12, 16)
OPEN = session(DAY).open_ns
SEED = FoldParams(signals=with_settings(PRESETS["seed"], {"volume_spike.ratio": 1e9}))
PATIENCE_S = 60  # only a hanging test ever gets there

Script = Callable[[LiveTape, Callable[[], None]], Awaitable[None]]


class Wire:
    """A live source that does what a test's script says."""

    name, label, symbols = "wire", "the wire", ("SPY",)

    def __init__(self, script: Script) -> None:
        info = TapeInfo("SPY", underlying("SPY"), DAY, session(DAY), "wire", "LIVE", "tape", 100)
        self.tape = LiveTape(info)
        for strike in (680, 681, 682):
            self.tape.listed.add(Contract("SPY", DAY, "C", strike * 1000))
        self.script, self.ended = script, False

    def open(self, symbol: str) -> LiveTape:
        return self.tape

    async def run(self, notify: Callable[[], None]) -> None:
        try:
            await self.script(self.tape, notify)
        finally:
            self.ended = True


def event(kind: int, at_s: float, cid: int = 1, **columns: int) -> Events:
    made = empty_events(1)
    made["kind"], made["cid"], made["ts"] = kind, cid, OPEN + round(at_s * NS)
    for name, value in columns.items():
        made[name] = value
    return made


def tell(tape: LiveTape, at_s: float) -> None:
    """A quote and a trade."""
    tape.append(event(QUOTE, at_s, p1=10_000, p2=10_200), OPEN)
    tape.append(event(TRADE, at_s, p1=10_200, s1=1), OPEN)


def signal(tape: LiveTape, at_s: float, cid: int) -> None:
    tape.append(event(QUOTE, at_s, cid, p1=10_000, p2=10_200), OPEN)
    tape.append(event(FMV, at_s, cid, p1=12_000), OPEN)


async def forever() -> None:
    await asyncio.Event().wait()


def watch(wire: Wire, *others: object, fps: float = 200.0) -> Monitor:
    return Monitor((wire, *others), PlayerParams(fold=SEED), fps=fps)


async def until(watched: Monitor, is_it: Callable[[View], bool]) -> View:
    """The first view that is so."""
    async with asyncio.timeout(PATIENCE_S):
        async for view in watched.views():
            if is_it(view):
                return view
    raise AssertionError("the views ended before it was so")


def at(second: float) -> Callable[[View], bool]:
    return lambda view: view.tape_ns == OPEN + round(second * NS)


class TestRunning:
    async def test_what_comes_in_is_shown_and_told(self) -> None:
        async def script(tape: LiveTape, notify: Callable[[], None]) -> None:
            for second in range(1, 6):
                tell(tape, second)
                notify()
                await asyncio.sleep(0)
            signal(tape, 6, 2)
            notify()
            await forever()

        trades, fired = [], []
        async with watch(Wire(script)) as watched:
            watched.on_trade(trades.append)
            watched.on_signal(fired.append)
            view = await until(watched, at(6))
        assert (view.badge, view.finished) == ("LIVE", False)
        assert [trade.ts_ns for trade in trades] == [OPEN + second * NS for second in range(1, 6)]
        assert [(each.row.ts_ns, each.badge) for each in fired] == [(OPEN + 6 * NS, "LIVE")]

    async def test_news_may_come_from_any_thread(self) -> None:
        done = threading.Event()

        async def script(tape: LiveTape, notify: Callable[[], None]) -> None:
            def write() -> None:
                for second in range(1, 50):
                    tell(tape, second)
                    notify()

            await asyncio.to_thread(write)
            done.set()
            await forever()

        async with watch(Wire(script)) as watched:
            view = await until(watched, at(49))
            assert view.counts.trades == 49
        assert done.is_set()

    async def test_a_screen_that_is_held_up_does_not_hold_up_the_feed(self) -> None:
        """Else a terminal that nobody reads would keep the provider waiting, which hangs up then."""
        painting, read = threading.Event(), threading.Event()

        async def script(tape: LiveTape, notify: Callable[[], None]) -> None:
            await asyncio.to_thread(painting.wait)
            read.set()
            await forever()

        async with watch(Wire(script)) as watched:
            await until(watched, at(0))
            painting.set()
            assert read.wait(PATIENCE_S)

    async def test_news_end_a_rest_at_once(self) -> None:
        """Else each of the hundred would wait for a second, and patience would end."""
        heard = threading.Event()

        async def script(tape: LiveTape, notify: Callable[[], None]) -> None:
            for second in range(1, 101):
                await asyncio.to_thread(heard.wait)
                heard.clear()
                tell(tape, second)
                notify()
            await forever()

        async with asyncio.timeout(PATIENCE_S), watch(Wire(script)) as watched:
            for second in range(101):
                await until(watched, at(second))
                heard.set()

    async def test_while_nothing_comes_in_hardly_anything_is_done(self) -> None:
        """A turn asks the wall once; two rests of a second are two turns, where frames would be 400."""

        async def script(tape: LiveTape, notify: Callable[[], None]) -> None:
            await forever()

        turns = 0

        def wall() -> int:
            nonlocal turns
            turns += 1
            return time.monotonic_ns()

        loop, rested = asyncio.get_running_loop(), asyncio.Event()
        watched = Monitor((Wire(script),), PlayerParams(fold=SEED), fps=200.0, wall=wall)
        async with watched:
            await until(watched, at(0))
            before = turns
            loop.call_later(2.0, rested.set)
            await rested.wait()
        assert turns - before < 20

    async def test_however_much_comes_in_there_is_one_view_a_frame(self) -> None:
        fps = 20.0

        async def script(tape: LiveTape, notify: Callable[[], None]) -> None:
            at_s = 0.0
            while True:
                at_s += 0.001
                tell(tape, at_s)
                notify()
                await asyncio.sleep(0)

        async with watch(Wire(script), fps=fps) as watched:
            began, times = asyncio.get_running_loop().time(), []
            async for _ in watched.views():
                times.append(asyncio.get_running_loop().time())
                if len(times) == 8:
                    break
        assert times[-1] - began >= 6 / fps

    async def test_catching_up_shows_no_more_views_than_frames(self) -> None:
        async def script(tape: LiveTape, notify: Callable[[], None]) -> None:
            tape.append(np.repeat(event(QUOTE, 1, p1=10_000, p2=10_200), 5 * TICK_EVENTS))
            tell(tape, 2)
            notify()
            await forever()

        async with watch(Wire(script), fps=0.1) as watched:
            views = []
            async with asyncio.timeout(PATIENCE_S):
                async for view in watched.views():
                    views.append(view.counts.events)
                    if views[-1] == 5 * TICK_EVENTS + 2:
                        break
        assert len(views) <= 3

    async def test_the_day_goes_on_behind_an_earlier_moment_and_another_source(self) -> None:
        more = threading.Event()

        async def script(tape: LiveTape, notify: Callable[[], None]) -> None:
            for second in range(1, 21):
                tell(tape, second)
            signal(tape, 20, 2)
            notify()
            await asyncio.to_thread(more.wait)
            signal(tape, 30, 3)
            notify()
            await forever()

        fired: list[FiredSignal] = []
        told = asyncio.Event()
        async with watch(Wire(script), SimulatedSource(DAY)) as watched:
            watched.on_signal(lambda each: (fired.append(each), told.set() if len(fired) == 2 else None))
            await until(watched, at(20))
            watched.send(Seek(OPEN + 5 * NS))
            await until(watched, lambda view: view.badge == "REWIND" and at(5)(view))
            watched.send(UseSource("simulated"))
            await until(watched, lambda view: view.badge == "SIMULATED")
            more.set()
            async with asyncio.timeout(PATIENCE_S):
                await told.wait()
            watched.send(GoLive())
            view = await until(watched, lambda view: view.badge == "LIVE")
        assert at(30)(view)
        assert [each.row.ts_ns for each in fired if each.badge == "LIVE"] == [OPEN + 20 * NS, OPEN + 30 * NS]

    async def test_a_live_source_is_listed_with_how_its_feed_is_wherever_the_screen_looks(self) -> None:
        async def script(tape: LiveTape, notify: Callable[[], None]) -> None:
            tell(tape, 3)
            tape.link = Link("STALE", "connected")
            notify()
            await forever()

        wire = Wire(script)
        watched = watch(wire, SimulatedSource(DAY))
        assert watched.sources[0] == ("wire", "the wire")
        async with watched:
            watched.send(UseSource("simulated"))
            await until(watched, lambda view: view.badge == "SIMULATED")
            assert watched.sources == (
                ("wire", "the wire — STALE, connected"),
                ("simulated", "simulated day"),
            )

    async def test_views_end_with_the_day(self) -> None:
        async def script(tape: LiveTape, notify: Callable[[], None]) -> None:
            tell(tape, 3)
            notify()
            tape.close()
            notify()

        async with asyncio.timeout(PATIENCE_S), watch(Wire(script)) as watched:
            views = [view async for view in watched.views()]
        assert (views[-1].finished, views[-1].badge, views[-1].counts.trades) == (True, "REPLAY", 1)


class TestFailing:
    async def test_why_a_source_gave_up_is_a_sentence_and_the_screen_goes_on(self) -> None:
        async def script(tape: LiveTape, notify: Callable[[], None]) -> None:
            tell(tape, 3)
            raise CredentialError("The key was refused; check MASSIVE_API_KEY.")

        async with watch(Wire(script)) as watched:
            view = await until(watched, lambda view: view.badge == "STALE" and at(3)(view))
            assert "The key was refused; check MASSIVE_API_KEY." in view.notes
            watched.send(Seek(OPEN + NS))
            assert (await until(watched, lambda view: view.badge == "REWIND")).counts.trades == 0
            assert isinstance(watched.refusal, CredentialError)
        assert watched.failure is None

    async def test_a_key_refused_beside_what_is_shown_is_a_sentence_only(self) -> None:
        async def script(tape: LiveTape, notify: Callable[[], None]) -> None:
            raise CredentialError("The key was refused; check MASSIVE_API_KEY.")

        wire = Wire(script)
        async with Monitor((SimulatedSource(DAY), wire), PlayerParams(fold=SEED), fps=200.0) as watched:
            await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "feed wire"))
            assert watched.refusal is None
            watched.send(UseSource("wire"))
            view = await until(watched, lambda view: view.badge == "STALE")
            assert "The key was refused; check MASSIVE_API_KEY." in view.notes

    async def test_what_is_wrong_inside_a_source_is_said_and_raised_at_the_stop(self) -> None:
        async def script(tape: LiveTape, notify: Callable[[], None]) -> None:
            raise KeyError("sym")

        watched = watch(Wire(script))
        await watched.start()
        view = await until(watched, lambda view: view.badge == "STALE")
        assert "the wire stopped: KeyError: 'sym'" in view.notes
        with pytest.raises(KeyError, match="sym"):
            await watched.stop()

    async def test_a_source_ends_with_a_monitor_that_is_stopped_at_once(self) -> None:
        wire = Wire(lambda tape, notify: forever())
        async with watch(wire):
            pass
        assert wire.ended

    async def test_a_source_ends_with_the_monitor(self) -> None:
        async def script(tape: LiveTape, notify: Callable[[], None]) -> None:
            tell(tape, 1)
            notify()
            await forever()

        wire = Wire(script)
        async with watch(wire) as watched:
            await until(watched, at(1))
            assert not wire.ended
        assert wire.ended
        assert not any(task.get_name() == "feed wire" for task in asyncio.all_tasks())
