"""Recordings made into days by a process beside the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine.model.calendar import session
from engine.model.contracts import Contract
from engine.model.events import QUOTE, Events, empty_events
from engine.model.underlyings import underlying
from engine.store.days.meta import Facts
from engine.store.days.recording import open_recorded
from engine.store.days.store import DayStore
from engine.store.journal.folders import recordings
from engine.tape.tape import TapeInfo
from tui.run.compact_beside import compact_apart

DAY = date(2025, 12, 16)
CONTRACT = Contract("SPY", DAY, "C", 680_000)
PATIENCE_S = 60


def quotes(count: int) -> Events:
    events = empty_events(count)
    events["ts"] = session(DAY).open_ns + np.arange(count)
    events["kind"], events["cid"], events["p1"], events["p2"] = QUOTE, 1, 10_000, 10_100
    return events


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a data folder with the recording of a hundred quotes."""
    info = TapeInfo("SPY", underlying("SPY"), DAY, session(DAY), "massive", "LIVE", "tape", 100)
    intake = open_recorded(tmp_path, info, now=lambda: session(DAY).open_ns)
    intake.listed.add(CONTRACT)
    intake.append(quotes(100), session(DAY).open_ns)
    intake.close()
    return tmp_path


async def child(root: Path, ended: Callable[[], bool]) -> psutil.Process:
    """Return the process that was started, once it is there."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := _children(root)):
            assert not ended()
            await asyncio.sleep(0)
    return found[0]


def _children(root: Path) -> list[psutil.Process]:
    return [each for each in psutil.Process().children() if str(root) in each.cmdline()]


async def test_a_recording_becomes_a_day_and_it_is_said(root: Path) -> None:
    said: list[str] = []
    await compact_apart(root, said.append)
    (sentence,) = said
    assert sentence.startswith("2025-12-16 SPY compacted: 100 events, ")
    assert not recordings(root)
    assert DayStore(root).meta(DAY, "SPY").measured.events == 100


async def test_a_recording_that_cannot_become_a_day_stays_and_it_is_said(root: Path) -> None:
    with DayStore(root).writer(DAY, "SPY", [CONTRACT]) as writer:
        writer.append(quotes(1))
        writer.commit(Facts("import", "put-call parity", 100, underlying("SPY"), True))
    said: list[str] = []
    await compact_apart(root, said.append)
    (sentence,) = said
    assert sentence.startswith("SPY on 2025-12-16 was imported and not recorded, and it stays; move ")
    assert recordings(root)


async def test_leaving_meanwhile_ends_the_process_and_loses_nothing(root: Path) -> None:
    said: list[str] = []
    work = asyncio.create_task(compact_apart(root, said.append))
    process = await child(root, work.done)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not process.is_running()
    assert not said
    assert recordings(root)
    await compact_apart(root, said.append)
    assert len(said) == 1
    assert not recordings(root)


async def test_a_process_that_is_killed_is_said(root: Path) -> None:
    said: list[str] = []
    work = asyncio.create_task(compact_apart(root, said.append))
    (await child(root, work.done)).kill()
    await work
    assert said == ["The recording was not made into a day (exit code -9); spymon compact does it."]
    assert recordings(root)
