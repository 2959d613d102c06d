"""The asyncio owner of a live source that is recorded, day after day.

Owns when a day is followed and compacted, and when the next one begins. One worker thread folds, writes
snapshots and compacts; the event loop does neither.
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
from ..analytics.terms import Terms
from ..model.errors import NoDataError, StoreError
from ..model.next_session import next_ready_ns, wait_until
from ..store.days.recording import DayRecording
from ..store.days.store import DayStore
from ..store.journal.compaction import compact
from ..store.journal.folders import RecordingFolder, is_recording, recordings
from ..store.snapshots import write_snapshot
from ..tape.link import Lag, Link
from ..tape.live_tape import Begin, LiveTape
from ..tape.source import LiveSource
from ..tape.tape import Tape, TapeInfo
from .recorder_fold import RecorderFold

TURN_S = 0.1
"""Wall time between two looks at the tapes; an attached screen sees no more often."""

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


def copy_nowhere(day: date) -> Iterator[str]:
    """Leave a day where it is."""
    return iter(())


class Recorder:
    """Records a source's symbols until it is told to stop.

    root  : the data folder
    make  : gives the source of the next day; it begins its recordings by what it is handed
    begin : opens the recording of a symbol's day
    fold  : gives a tape's state hash under the default parameters
    next_begin : when to begin after that day, ns UTC; None for never
    now   : ns UTC
    copy  : what is done with a day that is compacted
    """

    def __init__(
        self,
        root: Path,
        make: Callable[[Begin], LiveSource],
        begin: Callable[[TapeInfo], DayRecording],
        fold: Callable[[Tape], str],
        listener: RecorderListener | None = None,
        terms: Terms | None = None,
        next_begin: Callable[[date], int | None] = next_ready_ns,
        now: Callable[[], int] = time.time_ns,
        copy: Copy = copy_nowhere,
    ) -> None:
        self._store = DayStore(root)
        self._make, self._begin, self._fold = make, begin, fold
        self._listener, self._terms = listener or RecorderListener(), terms or Terms()
        self._next_begin, self._now, self._copy = next_begin, now, copy
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="fold")
        self._recordings: dict[str, DayRecording] = {}
        self._folds: dict[str, RecorderFold] = {}
        self._symbols: tuple[str, ...] = ()

    def statuses(self) -> list[RecordingStatus]:
        """Return how each symbol of the day stands, once all of them are opened."""
        return [_status_of(self._recordings[name], self._folds[name]) for name in self._symbols]

    def digests(self) -> dict[str, str]:
        """Return the state hash of what is followed of each symbol of the day."""
        return {name: self._folds[name].digest() for name in self._symbols}

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
        self._recordings, self._folds, self._symbols = {}, {}, ()
        stopping = asyncio.create_task(stop.wait())
        try:
            source = await self._in_worker(self._open_source)
            self._symbols = tuple(self._recordings)
            self._listener.tapes({name: recording.tape for name, recording in self._recordings.items()})
            running = asyncio.create_task(source.run(lambda: None))
            await self._watch(running, stopping)
            return max(recording.folder.day for recording in self._recordings.values())
        finally:
            stopping.cancel()
            await self._in_worker(self._close)
            self._listener.turn()

    def _open_source(self) -> LiveSource:
        source = self._make(self._begin_recording)
        for symbol in source.symbols:
            source.open(symbol)
        return source

    def _begin_recording(self, info: TapeInfo) -> DayRecording:
        recording = self._begin(info)
        self._recordings[info.symbol] = recording
        snap, tape = self._snapshot, recording.tape
        self._folds[info.symbol] = RecorderFold(
            tape, lambda found: snap(found, tape.info.source), self._terms
        )
        return recording

    def _snapshot(self, found: Levels, source: str) -> None:
        write_snapshot(self._store.root, found, source)

    async def _watch(self, running: asyncio.Task[None], stopping: asyncio.Task[bool]) -> None:
        """Follow the tapes while the source runs; raise what it ended with."""
        try:
            while not running.done() and not stopping.done():
                await asyncio.wait({running, stopping}, timeout=TURN_S, return_when=asyncio.FIRST_COMPLETED)
                await self._in_worker(self._fold_arrivals)
                self._listener.turn()
        finally:
            running.cancel()
            (ended,) = await asyncio.gather(running, return_exceptions=True)
        if isinstance(ended, BaseException) and not isinstance(ended, asyncio.CancelledError):
            raise ended

    def _fold_arrivals(self) -> None:
        for each in self._folds.values():
            each.fold_arrivals()

    def _close(self) -> None:
        """Close the journals, whether or not the source came to that, and follow to the end."""
        for recording in self._recordings.values():
            recording.close()
        self._fold_arrivals()

    # --- between two days -------------------------------------------------------------------------

    async def _compact(self, day: date, stop: asyncio.Event) -> None:
        """Make days of everything that was recorded up to this one; whatever cannot be is told and stays."""
        self._listener.say(f"The session of {day} is over; what was recorded is made into a day.")
        for folder in recordings(self._store.root):
            if stop.is_set():
                return
            if folder.day <= day and not is_recording(folder):
                self._listener.say(await self._in_worker(partial(self._compact_one, folder)))

    async def _copy_away(self, day: date, stop: asyncio.Event) -> None:
        """Copy what is finished elsewhere, a piece after the other, and say what came of each."""
        sentences = self._copy(day)
        while not stop.is_set():
            sentence = await self._in_worker(partial(next, sentences, None))
            if sentence is None:
                return
            self._listener.say(sentence)

    def _compact_one(self, folder: RecordingFolder) -> str:
        try:
            done = compact(self._store, folder, self._fold)
        except (StoreError, NoDataError) as error:
            return str(error)
        name = f"{folder.symbol} on {folder.day}"
        if done.meta is None:
            return f"{name} had not one event, and its recording was removed."
        live, kept = self._live_hash(folder), done.meta.state_hash
        if live not in (None, kept):
            return (
                f"{name} was compacted and folds to {kept}, but live it came to {live}: please report that."
            )
        return f"{name} was compacted: {done.meta.measured.events:,} events, state {kept}."

    def _live_hash(self, folder: RecordingFolder) -> str | None:
        """Return what was folded live of what was recorded; None when the disk has missed any of it."""
        recording = self._recordings.get(folder.symbol)
        whole = recording is not None and recording.folder == folder and not recording.missed
        return self._folds[folder.symbol].digest() if whole else None

    async def _wait_for_next(self, day: date, stop: asyncio.Event) -> None:
        """Wait until the next day is to begin; stop when there is none."""
        begin_ns = self._next_begin(day)
        if begin_ns is None:
            stop.set()
            return
        stopping = asyncio.create_task(stop.wait())

        async def pause(seconds: float) -> None:
            await asyncio.wait({stopping}, timeout=seconds)

        await wait_until(begin_ns, self._now, pause, stop.is_set)
        stopping.cancel()

    async def _in_worker(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)


def _status_of(recording: DayRecording, recorder_fold: RecorderFold) -> RecordingStatus:
    tape = recording.tape
    return RecordingStatus(
        symbol=tape.info.symbol,
        link=tape.link,
        lag=tape.lag(),
        events=recorder_fold.events,
        rows=recording.rows,
        safe=recording.safe,
        missed=recording.missed,
        gaps=recorder_fold.gaps,
        snapshots=recorder_fold.snapshots,
        trouble=recording.trouble or recorder_fold.note,
    )
