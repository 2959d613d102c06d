"""The simulated day as if it happened now: all of it, in order, at the pace asked for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date
from math import inf
from typing import Any

import numpy as np
import pytest

from engine.feeds.simulated import LiveSimulated, SimulatedSource
from engine.model.contracts import ContractTable
from engine.model.errors import NoDataError
from engine.model.events import NS, Events
from engine.tape.live_tape import LiveTape
from engine.tape.tape import Tape, TapeInfo

DAY = date(2025, 12, 16)
SOURCE = SimulatedSource(DAY)


@dataclass
class Kept:
    """An intake that remembers what it was given."""

    tape: LiveTape
    resumed_ns: int = 0
    keeps: int = 0
    appends: int = 0
    trouble: str = ""

    @property
    def listed(self) -> ContractTable:
        return self.tape.listed

    def append(self, events: Events, received_ns: int, timely: bool = True) -> None:
        self.appends += 1
        self.tape.append(events, received_ns, timely)

    def keep(self, now_ns: int) -> None:
        self.keeps += 1

    def close(self) -> None:
        self.tape.close()


class Wall:
    """A clock that only sleeping moves; it ends the day by an error after `patience_s`."""

    def __init__(self, patience_s: float = inf) -> None:
        self.ns, self._patience_s = 0, patience_s

    def __call__(self) -> int:
        return self.ns

    async def sleep(self, seconds: float) -> None:
        self.ns += round(seconds * NS)
        await asyncio.sleep(0)
        if self.ns >= self._patience_s * NS:
            raise TimeoutError


def begin(intakes: dict[str, Kept], resumed_ns: int = 0) -> Any:
    def run(info: TapeInfo) -> Kept:
        intakes[info.symbol] = Kept(LiveTape(info), resumed_ns)
        return intakes[info.symbol]

    return run


def rows(tape: Tape) -> Events:
    return np.concatenate([tape.read(chunk) for chunk in range(len(tape.starts))])


def test_the_whole_day_is_written_and_closed() -> None:
    intakes: dict[str, Kept] = {}
    source = LiveSimulated(SOURCE, ("DIA", "NDX"), begin(intakes), inf)
    heard: list[int] = []
    asyncio.run(source.run(lambda: heard.append(1)))
    assert heard
    for symbol, intake in intakes.items():
        intake.tape.take()
        assert np.array_equal(rows(intake.tape), rows(SOURCE.open(symbol)))
        assert list(intake.tape.contracts) == list(SOURCE.open(symbol).contracts)
        assert not intake.tape.open
        assert intake.tape.link.badge == intake.tape.info.badge == "SIMULATED"


def test_the_pace_is_the_walls_times_the_speed() -> None:
    intakes: dict[str, Kept] = {}
    wall = Wall(patience_s=20)
    source = LiveSimulated(SOURCE, ("DIA",), begin(intakes), 10.0, wall, wall.sleep)
    with pytest.raises(TimeoutError):
        asyncio.run(source.run(lambda: None))
    intake = intakes["DIA"]
    intake.tape.take()
    whole = rows(SOURCE.open("DIA"))
    until_ns = intake.tape.info.session.open_ns + 200 * NS
    played = len(rows(intake.tape))
    assert whole["ts"][played - 1] <= until_ns
    assert (
        whole["ts"][played] > until_ns - NS
    )  # the last beat before the end was half a second of tape earlier
    assert 19 <= intake.keeps <= 21
    assert intake.appends <= 400
    assert not intake.tape.open


def test_a_day_that_was_begun_is_gone_on_with() -> None:
    whole, intakes = rows(SOURCE.open("DIA")), dict[str, Kept]()
    resumed_ns = int(whole["ts"][40_000])
    asyncio.run(LiveSimulated(SOURCE, ("DIA",), begin(intakes, resumed_ns), inf).run(lambda: None))
    tape = intakes["DIA"].tape
    tape.take()
    assert np.array_equal(rows(tape), whole[whole["ts"] > resumed_ns])


def test_what_is_wrong_with_the_recording_is_said_on_the_link() -> None:
    intakes: dict[str, Kept] = {}
    source = LiveSimulated(SOURCE, ("DIA",), begin(intakes), inf)
    tape = source.open("DIA")
    assert tape.link.note == ""
    intakes["DIA"].trouble = "DIA is not being recorded."
    asyncio.run(source.run(lambda: None))
    assert (tape.link.badge, tape.link.note) == ("SIMULATED", "DIA is not being recorded.")


def test_a_symbol_that_is_not_simulated_is_refused() -> None:
    with pytest.raises(NoDataError, match="GOOG is not simulated"):
        LiveSimulated(SOURCE, ("GOOG",), begin({})).open("GOOG")
