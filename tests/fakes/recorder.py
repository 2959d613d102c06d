"""A recorder to attach to, in this process or in one to be killed.

`python -m tests.fakes.recorder DATA TAPE` records a tape that `prepare` has written, on command: each line on
its standard input is how many rows of the tape are to be there, `close` ends the day; it answers each with
the rows that are there.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import numpy as np

from engine.feeds.recorder.connection import WaitTimes
from engine.feeds.recorder.server import RecorderServer
from engine.feeds.recorder.source import AttachedSource
from engine.model.calendar import session
from engine.model.contracts import parse_occ
from engine.model.events import NS, Events, empty_events
from engine.model.underlyings import underlying
from engine.store.days.recording import open_recorded
from engine.tape.live_tape import LiveTape
from engine.tape.tape import Tape, TapeInfo
from tests.paths import ROOT

QUICK = WaitTimes(retry=0.005, silent=60.0, fold=0.001)
"""For tests, which wait for what happens and for nothing else."""

HANGS_S = 60
"""After so long something that a test waits for never comes."""


# --- in this process ------------------------------------------------------------------------------


def live_tape(memory: Tape, chunk: int = 1_000) -> LiveTape:
    """Return an empty live tape that lists what another one does."""
    tape = LiveTape(memory.info, chunk=chunk)
    for contract in memory.contracts:
        tape.listed.add(contract)
    return tape


def write(tape: LiveTape, events: Events) -> None:
    """Record events, and take them as the recorder's fold does."""
    tape.append(events, int(events["ts"][-1]) + NS)
    tape.take()


def close(tape: LiveTape) -> None:
    """End the tape's day."""
    tape.close()
    tape.take()


def rows_of(tape: Tape) -> Events:
    """Return everything that can be read of a tape."""
    return np.concatenate([empty_events(0), *(tape.read(chunk) for chunk in range(len(tape.starts)))])


class Screen:
    """An attached source at work; what it brings is taken, as a fold does, while somebody waits for it."""

    def __init__(self, source: AttachedSource) -> None:
        self.source = source
        self._news = asyncio.Event()
        self._task = asyncio.create_task(source.run(self._news.set))

    async def until(self, is_it: Callable[[LiveTape], bool], symbol: str = "SPY") -> LiveTape:
        """Return the symbol's tape once it is as wanted; raises what the source ended with."""
        async with asyncio.timeout(HANGS_S):
            return await self._until(is_it, self.source.open(symbol))

    async def _until(self, is_it: Callable[[LiveTape], bool], tape: LiveTape) -> LiveTape:
        while True:
            self._news.clear()
            for each in self.source.symbols:
                self.source.open(each).take()
            if is_it(tape):
                return tape
            news = asyncio.create_task(self._news.wait())
            await asyncio.wait([news, self._task], return_when=asyncio.FIRST_COMPLETED)
            news.cancel()
            if self._task.done() and not self._news.is_set():
                self._task.result()
                raise AssertionError("the source ended before the tape was as wanted")

    async def rows(self, count: int, symbol: str = "SPY") -> LiveTape:
        """Return the symbol's tape once it has so many rows."""
        return await self.until(lambda tape: tape.events >= count, symbol)

    async def ended(self) -> None:
        """Wait until the source ends by itself; raises what it ends with."""
        async with asyncio.timeout(HANGS_S):
            await self._task

    async def leave(self) -> None:
        """Take the screen away in the middle of whatever it does."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


# --- a process of its own -------------------------------------------------------------------------


def prepare(tape: Tape, folder: Path) -> None:
    """Write what the process is to record."""
    np.save(folder / "events.npy", rows_of(tape))
    told = {"day": tape.info.day.isoformat(), "symbol": tape.info.symbol, "tick": tape.info.tick}
    names = [contract.occ for contract in tape.contracts]
    (folder / "tape.json").write_text(json.dumps(told | {"contracts": names}), encoding="utf-8")


class Process:
    """The recorder's process, told what to do line by line."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child
        self.pid = child.pid

    def tell(self, line: str) -> None:
        """Tell it, and do not wait for it."""
        assert self._child.stdin is not None
        self._child.stdin.write(f"{line}\n")
        self._child.stdin.flush()

    def answer(self) -> str:
        """Wait for its next line; empty when it is gone."""
        assert self._child.stdout is not None
        return self._child.stdout.readline().strip()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._child.kill()
        self._child.wait()


@contextmanager
def recorder(data: Path, folder: Path) -> Iterator[Process]:
    """Run the process; it is there once it has said how many rows it found."""
    command = [sys.executable, "-m", "tests.fakes.recorder", str(data), str(folder)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            yield Process(child)
        finally:
            child.kill()


def _say(rows: int) -> None:
    sys.stdout.write(f"{rows}\n")
    sys.stdout.flush()


async def main(data: Path, folder: Path) -> None:
    """Record on command until the input ends."""
    events, told = np.load(folder / "events.npy"), json.loads((folder / "tape.json").read_text("utf-8"))
    day, of = date.fromisoformat(told["day"]), underlying(told["symbol"])
    intake = open_recorded(
        data, TapeInfo(of.symbol, of, day, session(day), "fake", "LIVE", "tape", told["tick"])
    )
    for name in told["contracts"]:
        intake.listed.add(parse_occ(name))
    async with RecorderServer(data, {of.symbol: intake.tape}) as hub:
        _say(intake.tape.events)
        while line := (await asyncio.to_thread(sys.stdin.readline)).strip():
            if line == "close":
                intake.close()
            else:
                new = events[intake.tape.events : int(line)]
                if len(new):  # what the last process was told just before its end may be there
                    intake.append(new, int(new["ts"][-1]) + NS)
            intake.tape.take()
            hub.notify()
            _say(intake.tape.events)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
