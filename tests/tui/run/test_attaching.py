"""When a run is a screen onto a recorder, what it then shows, and a whole process that does."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from engine.feeds.recorder.server import RecorderServer
from engine.feeds.recorder.socket_file import SocketFile
from engine.model.calendar import session
from engine.model.contracts import Contract
from engine.model.errors import NoDataError, UsageError
from engine.model.events import QUOTE, Events, empty_events
from engine.model.underlyings import underlying
from engine.tape.live_tape import LiveTape
from engine.tape.source import LiveSource
from engine.tape.tape import TapeInfo
from tests.fakes.recorder import ROOT, prepare, recorder, write
from tui.run.attaching import ATTACHED, attached_plan
from tui.run.plan import RunFlags, RunPlan
from tui.run.sources import attached, make_sources
from tui.settings.config import KEYS, Settings, load_settings

DAY, TODAY = date(2025, 12, 16), date(2025, 12, 17)
DISK = {DAY: ("SPY",), TODAY: ("SPY",)}


def settings(data: Path, **flags: str) -> Settings:
    return load_settings({"data_dir": str(data), **flags}, {}, data, data)


def plan(data: Path, asked: RunFlags | None = None, **flags: str) -> RunPlan | None:
    return attached_plan(asked or RunFlags(), settings(data, **flags), DISK, TODAY)


def quotes(count: int) -> Events:
    events = empty_events(count)
    events["ts"] = session(DAY).open_ns + np.arange(count) * 10**8
    events["kind"], events["cid"] = QUOTE, 1
    events["p1"], events["p2"], events["s1"], events["s2"] = 10_000, 10_100, 5, 5
    return events


def tape(symbol: str) -> LiveTape:
    of = underlying(symbol)
    made = LiveTape(TapeInfo(symbol, of, DAY, session(DAY), "massive", "LIVE", "tape", 100))
    made.listed.add(Contract(symbol, DAY, "C", 680_000))
    return made


# --- when ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["auto", "massive", "massive-rest"])
def test_a_recorder_that_runs_is_watched_without_a_key(tmp_path: Path, source: str) -> None:
    place = SocketFile(tmp_path)
    place.prepare()
    with place.listen():
        found = plan(tmp_path, source=source, symbol="QQQ,SPY")
    assert found is not None
    assert (found.source, found.day, found.symbols, found.others) == (ATTACHED, TODAY, ("QQQ", "SPY"), (DAY,))


def test_without_a_recorder_nothing_is_attached(tmp_path: Path) -> None:
    assert plan(tmp_path) is None
    place = SocketFile(tmp_path)
    place.prepare()
    place.listen().close()  # as a killed one leaves it
    assert plan(tmp_path) is None


def test_who_asks_for_something_else_gets_that(tmp_path: Path) -> None:
    place = SocketFile(tmp_path)
    place.prepare()
    with place.listen():
        assert plan(tmp_path, RunFlags(replay="2025-12-16")) is None
        assert plan(tmp_path, source="simulated") is None


def test_a_day_that_goes_on_has_no_bounds(tmp_path: Path) -> None:
    place = SocketFile(tmp_path)
    place.prepare()
    with place.listen():
        for asked in (RunFlags(from_="09:40"), RunFlags(to="10:00")):
            with pytest.raises(UsageError, match="a recorder runs here, so add --replay DATE"):
                plan(tmp_path, asked)


# --- what ---------------------------------------------------------------------------------------------


async def test_the_recorder_comes_first_and_the_simulated_day_stays_at_hand(tmp_path: Path) -> None:
    async with RecorderServer(tmp_path, {"SPY": tape("SPY")}):
        found = plan(tmp_path)
        assert found is not None
        first, *others = await asyncio.to_thread(make_sources, found, settings(tmp_path))
        assert isinstance(first, LiveSource)
        assert first.name == "recorder"
        assert [each.name for each in others] == ["simulated"]


async def test_the_watch_list_says_the_order_of_what_is_recorded(tmp_path: Path) -> None:
    tapes = {symbol: tape(symbol) for symbol in ("DIA", "SPX", "SPY")}
    async with RecorderServer(tmp_path, tapes):
        source = await asyncio.to_thread(attached, settings(tmp_path))
        assert source.symbols == ("SPY", "SPX", "DIA")
        source = await asyncio.to_thread(attached, settings(tmp_path, symbol="DIA"))
        assert source.symbols == ("DIA",)
        with pytest.raises(NoDataError, match="records DIA, SPX, SPY, not QQQ"):
            await asyncio.to_thread(attached, settings(tmp_path, symbol="DIA,QQQ"))


def test_a_recorder_that_ends_meanwhile_is_named(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="has just ended; start spymon again"):
        attached(settings(tmp_path))


# --- a whole process ----------------------------------------------------------------------------------


def test_a_process_without_a_key_prints_what_another_one_records(tmp_path: Path) -> None:
    data, count = tmp_path / "data", 500
    written = tape("SPY")
    write(written, quotes(count))
    prepare(written, tmp_path)
    environ = {name: value for name, value in os.environ.items() if name not in KEYS["massive_api_key"]}
    command = [sys.executable, "-m", "tui", "--json", "--data-dir", str(data)]
    with recorder(data, tmp_path) as process:
        assert process.answer() == "0"
        process.tell("300")
        assert process.answer() == "300"
        with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as screen:
            process.tell(str(count))
            process.tell("close")
            try:
                assert screen.stdout is not None
                *_, last = map(json.loads, screen.stdout)
                assert screen.wait() == 0
            finally:
                screen.kill()
    assert (last["type"], last["symbol"], last["events"]) == ("summary", "SPY", count)
