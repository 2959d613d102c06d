"""A recorder and screens as processes of their own, killed in the middle of whatever they do."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.feeds.recorder.seek import find_recorder
from engine.feeds.recorder.socket_file import SocketFile
from engine.feeds.recorder.source import AttachedSource
from engine.model.events import Events
from engine.tape.tape import Tape
from tests.fakes.recorder import QUICK, ROOT, Process, Screen, prepare, recorder, rows_of

KILLS = 5
SCREEN = """
import asyncio, pathlib, sys
from engine.feeds.recorder.socket_file import SocketFile
from engine.feeds.recorder.source import AttachedSource
from engine.feeds.recorder.seek import find_recorder
from tests.fakes.recorder import Screen

async def main(data):
    screen = Screen(AttachedSource(SocketFile(data), find_recorder(data)))
    rows = 0
    while True:
        tape = await screen.until(lambda tape: tape.events > rows)
        rows = tape.events
        print(rows, flush=True)

asyncio.run(main(pathlib.Path(sys.argv[1])))
"""


@pytest.fixture
def memory(tmp_path: Path, in_memory: Callable[..., Tape], events_of: Callable[[int, int], Events]) -> Tape:
    """The tape that the recorder is to record, prepared for it."""
    memory = in_memory(events_of(4, 4_000))
    prepare(memory, tmp_path)
    return memory


def attach(data: Path) -> Screen:
    hello = find_recorder(data)
    assert hello is not None
    return Screen(AttachedSource(SocketFile(data), hello, now=lambda: 2**62, waits=QUICK))


async def told(process: Process, line: str) -> int:
    process.tell(line)
    return int(await asyncio.to_thread(process.answer))


async def test_a_recorder_killed_at_random_moments_resumes_without_a_row_twice(
    tmp_path: Path, memory: Tape
) -> None:
    rng, data, events = np.random.default_rng(5), tmp_path / "data", rows_of(memory)
    screen: Screen | None = None
    rows, pids = 0, set()
    for _ in range(KILLS):
        with recorder(data, tmp_path) as process:
            assert int(await asyncio.to_thread(process.answer)) >= rows
            pids.add(process.pid)
            screen = screen or attach(data)
            rows = await told(process, str(rows + int(rng.integers(1, 200))))
            if rng.random() < 0.5:
                await screen.rows(rows)
            rows = await told(process, str(rows + int(rng.integers(1, 200))))
            process.tell(str(rows + 100))  # killed while it does this, or before, or after
            process.kill()
    assert screen is not None
    with recorder(data, tmp_path) as process:
        assert int(await asyncio.to_thread(process.answer)) >= rows
        assert await told(process, str(len(events))) == len(events)
        await screen.rows(len(events))
        await told(process, "close")
        await screen.ended()
        late = attach(data)
        await late.ended()
    for each in (screen, late):
        seen = await each.until(lambda tape: not tape.open)
        assert np.array_equal(rows_of(seen), events)
        assert list(seen.contracts) == list(memory.contracts)
    assert len(pids) == KILLS


async def test_screens_killed_at_random_moments_cost_the_recorder_nothing(
    tmp_path: Path, memory: Tape
) -> None:
    rng, data, events = np.random.default_rng(6), tmp_path / "data", rows_of(memory)
    with recorder(data, tmp_path) as process:
        rows = int(await asyncio.to_thread(process.answer))
        for _ in range(3):
            rows = await told(process, str(rows + 100))
            screen = await asyncio.create_subprocess_exec(
                sys.executable, "-c", SCREEN, str(data), cwd=ROOT, stdout=asyncio.subprocess.PIPE
            )
            assert screen.stdout is not None
            assert int(await screen.stdout.readline()) > 0
            for _ in range(int(rng.integers(1, 10))):
                rows = await told(process, str(rows + int(rng.integers(1, 50))))
            screen.kill()
            await screen.wait()
        assert await told(process, str(len(events))) == len(events)
        await told(process, "close")
        survivor = attach(data)
        await survivor.ended()
    seen = await survivor.until(lambda tape: not tape.open)
    assert np.array_equal(rows_of(seen), events)


def test_a_second_recorder_of_a_data_folder_is_refused(tmp_path: Path, memory: Tape) -> None:
    data = tmp_path / "data"
    with recorder(data, tmp_path) as process:
        assert process.answer() == "0"
        command = [sys.executable, "-m", "tests.fakes.recorder", str(data), str(tmp_path)]
        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert second.returncode != 0
    assert "BusyError" in second.stderr
