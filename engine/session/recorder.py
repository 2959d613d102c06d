"""The asyncio owner of a live source that is recorded, day after day.

Owns when a day is followed and compacted, and when the next one begins. One worker thread folds, writes
snapshots and compacts; the event loop does neither. It refuses to know where events come from, how a
recording is kept, and what a person is shown of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

from ..analytics.key_levels import Levels
from ..model.calendar import next_session, ready_ns
from ..model.errors import NoDataError, StoreError
from ..model.events import NS
from ..store.days.recording import DayRecording
from ..store.days.store import DayStore
from ..store.journal.compaction import compact
from ..store.journal.folders import RecordingFolder, is_recording, recordings
from ..store.snapshots import write_snapshot
from ..tape.link import Lag, Link
from ..tape.live_tape import Begin, LiveTape
from ..tape.tape import Tape, TapeInfo
from .recorder_fold import RecorderFold, SnapshotTerms
from .symbol_day import LiveSource

TURN_S = 0.1
"""Wall time between two looks at the tapes; an attached screen sees no more often."""

LONGEST_WAIT_S = 30.0
"""A machine that was asleep notices within this time that a day has begun."""

T = TypeVar("T")


Copy = Callable[[date], Iterator[str]]
"""Copies a day elsewhere once it is finished; a sentence for each piece, which it copies when it is asked."""


@dataclass(frozen=True, slots=True)
class RecordingStatus:
    """How one symbol's recording stands.

    events  : on the tape, those of an earlier process included
    rows, safe, missed : of this process alone: recorded; of these, on the disk; refused by the disk
    trouble : why nothing is recorded now, or why the last snapshot could not be taken; '' while all is well
    """

    symbol: str
    link: Link
    lag: Lag | None
    events: int
    rows: int
    safe: int
    missed: int
    gaps: int
    snapshots: int
    trouble: str


@dataclass(frozen=True, slots=True)
class RecorderListener:
    """Who is told, on the event loop.

    tapes : that a day begins, and with which
    turn  : that there may be more of them to read
    say   : a sentence for the person
    """

    tapes: Callable[[Mapping[str, LiveTape]], None] = lambda tapes: None
    turn: Callable[[], None] = lambda: None
    say: Callable[[str], None] = lambda sentence: None


def next_day(day: date) -> int:
    """Return when the session after a day is made ready for, ns UTC."""
    return ready_ns(next_session(day))


def copy_nowhere(day: date) -> Iterator[str]:
    """Leave a day where it is."""
    return iter(())


class Recorder:
    """Records a source's symbols until it is told to stop.

    root  : the data folder
    make  : gives the source of the next day; it begins its intakes by what it is handed
    begin : opens the intake of a symbol's day
    fold  : gives a tape's state hash under the default parameters
    again : when to begin after that day, ns UTC; None for never
    now   : ns UTC
    copy  : what is done with a day that is compacted
    """

    def __init__(
        self,
        root: Path,
        make: Callable[[Begin], LiveSource],
        begin: Callable[[TapeInfo], DayRecording],
        fold: Callable[[Tape], str],
        telling: RecorderListener | None = None,
        terms: SnapshotTerms | None = None,
        again: Callable[[date], int | None] = next_day,
        now: Callable[[], int] = time.time_ns,
        copy: Copy = copy_nowhere,
    ) -> None:
        self._store = DayStore(root)
        self._make, self._begin, self._fold = make, begin, fold
        self._telling, self._terms = telling or RecorderListener(), terms or SnapshotTerms()
        self._again, self._now, self._copy = again, now, copy
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="fold")
        self._intakes: dict[str, DayRecording] = {}
        self._follows: dict[str, RecorderFold] = {}
        self._symbols: tuple[str, ...] = ()

    def standings(self) -> list[RecordingStatus]:
        """Return how each symbol of the day stands, once all of them are opened."""
        return [_standing(self._intakes[name], self._follows[name]) for name in self._symbols]

    def digests(self) -> dict[str, str]:
        """Return the state hash of what is followed of each symbol of the day."""
        return {name: self._follows[name].digest() for name in self._symbols}

    async def run(self, stop: asyncio.Event) -> None:
        """Record until `stop` is set or there is no day to come; every journal is closed at its end.

        SpymonError when the source cannot be had or cannot go on.
        """
        try:
            while not stop.is_set():
                day = await self._record_day(stop)
                if not stop.is_set():
                    await self._compact(day, stop)
                    await self._copy_away(day, stop)
                    await self._wait_for_next(day, stop)
        finally:
            self._worker.shutdown()

    # --- a day ------------------------------------------------------------------------------------

    async def _record_day(self, stop: asyncio.Event) -> date:
        """Record until the day is over or `stop` is set; return which day it was."""
        self._intakes, self._follows, self._symbols = {}, {}, ()
        stopping = asyncio.create_task(stop.wait())
        try:
            source = await self._in_worker(self._opened)
            self._symbols = tuple(self._intakes)
            self._telling.tapes({name: intake.tape for name, intake in self._intakes.items()})
            running = asyncio.create_task(source.run(lambda: None))
            await self._follow(running, stopping)
            return max(intake.folder.day for intake in self._intakes.values())
        finally:
            stopping.cancel()
            await self._in_worker(self._close)
            self._telling.turn()

    def _opened(self) -> LiveSource:
        source = self._make(self._take_up)
        for symbol in source.symbols:
            source.open(symbol)
        return source

    def _take_up(self, info: TapeInfo) -> DayRecording:
        intake = self._begin(info)
        self._intakes[info.symbol] = intake
        snap, tape = self._snapshot, intake.tape
        self._follows[info.symbol] = RecorderFold(
            tape, lambda found: snap(found, tape.info.source), self._terms
        )
        return intake

    def _snapshot(self, found: Levels, source: str) -> None:
        write_snapshot(self._store.root, found, source)

    async def _follow(self, running: asyncio.Task[None], stopping: asyncio.Task[bool]) -> None:
        """Follow the tapes while the source runs; raise what it ended with."""
        try:
            while not running.done() and not stopping.done():
                await asyncio.wait({running, stopping}, timeout=TURN_S, return_when=asyncio.FIRST_COMPLETED)
                await self._in_worker(self._turn)
                self._telling.turn()
        finally:
            running.cancel()
            (ended,) = await asyncio.gather(running, return_exceptions=True)
        if isinstance(ended, BaseException) and not isinstance(ended, asyncio.CancelledError):
            raise ended

    def _turn(self) -> None:
        for follow in self._follows.values():
            follow.turn()

    def _close(self) -> None:
        """Close the journals, whether or not the source came to that, and follow to the end."""
        for intake in self._intakes.values():
            intake.close()
        self._turn()

    # --- between two days -------------------------------------------------------------------------

    async def _compact(self, day: date, stop: asyncio.Event) -> None:
        """Make days of everything that was recorded up to this one; whatever cannot be is told and stays."""
        self._telling.say(f"The session of {day} is over; what was recorded is made into a day.")
        for place in recordings(self._store.root):
            if stop.is_set():
                return
            if place.day <= day and not is_recording(place):
                self._telling.say(await self._in_worker(partial(self._compacted, place)))

    async def _copy_away(self, day: date, stop: asyncio.Event) -> None:
        """Copy what is finished elsewhere, a piece after the other, and say what came of each."""
        sentences = self._copy(day)
        while not stop.is_set():
            sentence = await self._in_worker(partial(next, sentences, None))
            if sentence is None:
                return
            self._telling.say(sentence)

    def _compacted(self, place: RecordingFolder) -> str:
        try:
            done = compact(self._store, place, self._fold)
        except (StoreError, NoDataError) as error:
            return str(error)
        name = f"{place.symbol} on {place.day}"
        if done.meta is None:
            return f"{name} had not one event, and its recording was removed."
        live, kept = self._live_hash(place), done.meta.state_hash
        if live not in (None, kept):
            return (
                f"{name} was compacted and folds to {kept}, but live it came to {live}: please report that."
            )
        return f"{name} was compacted: {done.meta.measured.events:,} events, state {kept}."

    def _live_hash(self, place: RecordingFolder) -> str | None:
        """Return what was folded live of what was recorded; None when the disk has missed any of it."""
        intake = self._intakes.get(place.symbol)
        whole = intake is not None and intake.folder == place and not intake.missed
        return self._follows[place.symbol].digest() if whole else None

    async def _wait_for_next(self, day: date, stop: asyncio.Event) -> None:
        """Wait until the next day is to begin; stop when there is none."""
        due_ns = self._again(day)
        if due_ns is None:
            stop.set()
            return
        stopping = asyncio.create_task(stop.wait())
        while not stopping.done() and (left_s := (due_ns - self._now()) / NS) > 0:
            await asyncio.wait({stopping}, timeout=min(left_s, LONGEST_WAIT_S))
        stopping.cancel()

    async def _in_worker(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)


def _standing(intake: DayRecording, follow: RecorderFold) -> RecordingStatus:
    tape = intake.tape
    return RecordingStatus(
        symbol=tape.info.symbol,
        link=tape.link,
        lag=tape.lag(),
        events=follow.events,
        rows=intake.rows,
        safe=intake.safe,
        missed=intake.missed,
        gaps=follow.gaps,
        snapshots=follow.snapshots,
        trouble=intake.trouble or follow.note,
    )
