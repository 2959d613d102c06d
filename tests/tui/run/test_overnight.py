"""Real days, one after the other: a provider or a recorder, the disk, and a monitor that is left open."""

from __future__ import annotations

import asyncio
import gc
import signal
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from engine.feeds.recorder.server import RecorderServer
from engine.model.calendar import parse_time, ready_ns, session
from engine.model.contracts import Contract
from engine.model.errors import NoDataError
from engine.model.events import NS, empty_events
from engine.model.underlyings import underlying
from engine.store.days.store import DayStore
from engine.store.journal.folders import RecordingFolder, recordings
from engine.tape.live_tape import LiveTape
from engine.tape.tape import TapeInfo
from engine.views.view import View
from tests.engine.feeds.massive.staging import clock, full_chain, prints
from tests.fakes.massive import Massive, Plan, Send
from tests.fakes.pane import Pane
from tests.fakes.process import environ, leap, spymon
from tui.alerts.alerter import Alerter
from tui.alerts.channels import Bell
from tui.alerts.gate import AlertParams
from tui.run.compact_beside import compact_apart
from tui.run.daily_monitor import DailyMonitor, LiveDay
from tui.run.lazy_monitor import MonitorLike
from tui.run.sources import live_day, live_plan
from tui.settings.config import Settings, load_settings

FRIDAY, MONDAY = date(2025, 12, 19), date(2025, 12, 22)
PATIENCE_S = 120


class Leaping:
    """A clock that goes on by itself and leaps when it is told to."""

    def __init__(self, at_ns: int) -> None:
        self._awake, self._leapt = clock(at_ns), 0

    def __call__(self) -> int:
        return self._awake() + self._leapt

    def leap(self, to_ns: int) -> None:
        self._leapt += to_ns - self()


def chain(day: str) -> list[dict[str, Any]]:
    """Return a chain that expires on a day, YYMMDD."""
    rows = full_chain()
    for row in rows:
        ticker = row["details"]["ticker"].replace("251219", day)
        row["details"] = {
            **row["details"],
            "ticker": ticker,
            "expiration_date": f"20{day[:2]}-{day[2:4]}-{day[4:]}",
        }
    return rows


def settings(data: Path, fake: Massive | None = None) -> Settings:
    environ: dict[str, str] = {}
    if fake is not None:
        environ["MASSIVE_API_KEY"] = fake.plan.key
        environ["SPYMON_MASSIVE_WS_URL"], environ["SPYMON_MASSIVE_REST_URL"] = fake.ws_url, fake.rest_url
    return load_settings({"data_dir": str(data), "symbol": "SPY", "expiry": "1"}, environ, data, data)


@dataclass(frozen=True)
class LeftOpen:
    """A screen's monitor that is left open, and the monitors of its days."""

    monitor: DailyMonitor
    days: list[weakref.ref[MonitorLike]]

    async def shown(self, is_it: Callable[[View], bool]) -> View:
        """Wait for a view that is so."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                view = self.monitor.view
                if view is not None and is_it(view):
                    return view
                await asyncio.sleep(0.01)

    def days_in_memory(self) -> int:
        gc.collect()
        return sum(day() is not None for day in self.days)


@asynccontextmanager
async def left_open(given: Settings, now: Leaping, said: list[str]) -> AsyncIterator[LeftOpen]:
    """Open a screen's monitor that looks at the clock often."""
    alerter = Alerter(AlertParams(), (), Bell(lambda text: None))
    days: list[weakref.ref[MonitorLike]] = []

    def make() -> LiveDay:
        made = live_day(live_plan(given, now()), given, alerter, now)
        days.append(weakref.ref(made.monitor))
        return made

    compact = partial(compact_apart, given.data_dir, said.append)
    first = await asyncio.to_thread(make)
    monitor = DailyMonitor(first, make, compact, now, lambda seconds: asyncio.sleep(0.02), lambda: None)
    del first
    await monitor.start()
    try:
        yield LeftOpen(monitor, days)
    finally:
        await monitor.stop()


async def until(is_it: Callable[[], bool]) -> None:
    """Wait for what other threads and processes do."""
    async with asyncio.timeout(PATIENCE_S):
        while not is_it():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def connected(view: View) -> bool:
    return view.link is not None and view.link.state == "connected"


def feeds() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("feed ")]


async def test_a_day_is_recorded_made_a_day_of_and_followed_by_the_next(tmp_path: Path) -> None:
    now, said = Leaping(parse_time("15:00", FRIDAY)), list[str]()
    async with Massive(Plan()) as fake:
        fake.now = now
        fake.shelf.chains["SPY"] = chain("251219") + chain("251222")
        async with left_open(settings(tmp_path, fake), now, said) as screen:
            await screen.shown(connected)
            await fake.play(Send(prints(now(), 20)))
            await screen.shown(lambda view: view.counts.trades == 20)
            assert [each.day for each in recordings(tmp_path)] == [FRIDAY]

            now.leap(session(FRIDAY).late_close_ns + 61 * NS)
            over = await screen.shown(lambda view: view.finished)
            assert (over.badge, over.day, over.live_ns) == ("REPLAY", FRIDAY, None)
            await until(lambda: bool(said))
            assert said[0].startswith("2025-12-19 SPY compacted: ")
            assert not recordings(tmp_path)
            day = DayStore(tmp_path).open(FRIDAY, "SPY")
            assert day.meta.measured.events == over.counts.events
            day.close()

            now.leap(ready_ns(MONDAY) - 100 * NS)
            assert screen.monitor.view is not None
            assert screen.monitor.view.day == FRIDAY
            now.leap(session(MONDAY).open_ns + 60 * NS)
            fresh = await screen.shown(lambda view: view.day == MONDAY and connected(view))
            assert (fresh.symbol, fresh.expiry) == ("SPY", MONDAY)
            assert fresh.generation > over.generation
            assert [name for name, _ in screen.monitor.sources] == [
                "massive",
                "simulated",
                "import 2025-12-19",
            ]
            assert [each.day for each in recordings(tmp_path)] == [MONDAY]
            assert feeds() == ["feed massive"]
            del over, fresh
            await until(lambda: screen.days_in_memory() == 1)
    await until(lambda: not feeds())
    assert RecordingFolder(tmp_path, MONDAY, "SPY").files()


async def test_a_screen_onto_a_recorder_goes_on_with_it_and_compacts_nothing(tmp_path: Path) -> None:
    now, said = Leaping(session(FRIDAY).late_close_ns), list[str]()
    friday, monday = recorded(FRIDAY), recorded(MONDAY)
    async with (
        RecorderServer(tmp_path, {"SPY": friday}) as hub,
        left_open(settings(tmp_path), now, said) as screen,
    ):
        await screen.shown(lambda view: view.day == FRIDAY and len(view.strike_milli) > 0)
        friday.close()
        friday.take()
        hub.notify()
        await screen.shown(lambda view: view.live_ns is None)
        now.leap(ready_ns(MONDAY))
        await screen.shown(lambda view: any("has not begun" in note for note in view.notes))
        hub.show({"SPY": monday})
        view = await screen.shown(lambda view: view.day == MONDAY)
        assert not any("has not begun" in note for note in view.notes)
        assert view.source == "recorder"
    assert not said


def recorded(day: date) -> LiveTape:
    info = TapeInfo("SPY", underlying("SPY"), day, session(day), "massive", "LIVE", "tape", 100)
    tape = LiveTape(info)
    tape.listed.add(Contract("SPY", day, "C", 650_000))
    tape.append(empty_events(0))
    tape.take()
    return tape


async def test_a_screen_whose_machine_slept_until_the_morning(tmp_path: Path) -> None:
    pane, moment = Pane(columns=300), tmp_path / "clock"
    leap(moment, parse_time("16:15:05", FRIDAY))
    async with Massive(Plan()) as fake:
        fake.now = lambda: time.time_ns() + int(moment.read_text())
        fake.shelf.chains["SPY"] = chain("251219") + chain("251222")
        hosts = {"SPYMON_MASSIVE_WS_URL": fake.ws_url, "SPYMON_MASSIVE_REST_URL": fake.rest_url}
        given = environ(tmp_path, MASSIVE_API_KEY=fake.plan.key, TERM="xterm-256color", **hosts)
        process = await spymon("--symbol SPY --expiry 1", tmp_path, given, moment, pane.theirs)
        try:
            await pane.until(lambda: b"The market has closed" in pane.text)
            leap(moment, parse_time("08:45", MONDAY))
            await pane.until(lambda: b"2025-12-19 SPY compacted" in pane.text)
            await pane.until(lambda: b"Mon 22 December at 09:30" in pane.text)
            process.send_signal(signal.SIGINT)
            assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 130
        finally:
            if process.returncode is None:
                process.kill()
    pane.close()
    assert DayStore(tmp_path / "data").has(FRIDAY, "SPY")
    assert [each.day for each in recordings(tmp_path / "data")] == [MONDAY]


def test_the_simulated_day_is_nobodys_next(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match=r"No recorder runs on .* and there is no key"):
        live_plan(settings(tmp_path), ready_ns(MONDAY))
