"""Recording day after day: followed, compacted at the close, gone on with on the next day."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from engine.fold.params import FoldParams
from engine.model.calendar import next_session, session
from engine.model.contracts import Contract
from engine.model.errors import BusyError, CredentialError
from engine.model.events import KIND_NAMES, NS, Events
from engine.model.underlyings import PRESETS
from engine.session.recorder import Copy, Recorder, RecorderListener, copy_nowhere
from engine.store.days.meta import Facts
from engine.store.days.recording import DayRecording, open_recorded
from engine.store.days.store import DayStore
from engine.store.journal.folders import RecordingFolder, is_recording, recordings
from engine.store.journal.tape import open_journal
from engine.tape.live_tape import Begin, LiveTape, TapeWriter
from engine.tape.tape import Tape, TapeInfo
from engine.tape.timeline import NO_CHECKPOINTS, Timeline

DAY, NEXT = date(2025, 12, 16), date(2025, 12, 17)


def folded(tape: Tape) -> str:
    timeline = Timeline(tape, FoldParams(), NO_CHECKPOINTS)
    for _ in timeline.advance(timeline.end_ns):
        pass
    return timeline.state.digest()


def rows(tape: Tape) -> Events:
    return np.concatenate([tape.read(chunk) for chunk in range(len(tape.starts))])


@dataclass
class Scripted:
    """A live source that writes given events in batches, and then ends as it is told."""

    begin: Begin
    info: TapeInfo
    contracts: list[Contract]
    events: Events
    ends: Callable[[], None] | None = None
    name: str = "scripted"
    label: str = "a script"
    symbols: tuple[str, ...] = ("SPY",)
    intakes: dict[str, DayRecording] = field(default_factory=dict)

    def open(self, symbol: str) -> LiveTape:
        if symbol not in self.intakes:
            self.intakes[symbol] = self.begin(self.info)  # type: ignore[assignment]
        return self.intakes[symbol].tape

    async def run(self, notify: Callable[[], None]) -> None:
        intake = self.intakes["SPY"]
        for contract in self.contracts:
            intake.listed.add(contract)
        for start in range(0, len(self.events), 100):
            intake.append(self.events[start : start + 100], int(self.events["ts"][start]))
            await asyncio.sleep(0)
        if self.ends is None:
            await asyncio.Event().wait()
        else:
            self.ends()


@dataclass
class Heard:
    """What the recorder told."""

    sentences: list[str] = field(default_factory=list)
    days: list[date] = field(default_factory=list)

    def tapes(self, tapes: Mapping[str, LiveTape]) -> None:
        self.days += [tape.info.day for tape in tapes.values()]


@pytest.fixture(scope="module")
def events(mixed_events: Callable[[int, int], Events]) -> Events:
    made = mixed_events(5, 2000)
    return made[(made["kind"] < len(KIND_NAMES)) & (made["cid"] >= 0) & (made["cid"] <= 6)]


@pytest.fixture
def script(in_memory: Callable[..., Tape], events: Events) -> Callable[..., Callable[[Begin], Scripted]]:
    """Return what makes a source of the day, or of another one, that ends so."""
    tape = in_memory(events)

    def made(ends: Callable[[], None] | None = lambda: None, day: date = DAY) -> Callable[[Begin], Scripted]:
        info = replace(tape.info, source="scripted", badge="LIVE", day=day, session=session(day))
        moved = events.copy()
        moved["ts"] += session(day).open_ns - session(DAY).open_ns
        return lambda begin: Scripted(begin, info, list(tape.contracts), moved, ends)

    return made


def recorder(
    root: Path,
    make: Callable[[Begin], Scripted],
    heard: Heard,
    turn: Callable[[], None] = lambda: None,
    again: Callable[[date], int | None] = lambda day: None,
    now: Callable[[], int] = lambda: 0,
    copy: Copy = copy_nowhere,
) -> Recorder:
    begin = partial(open_recorded, root, now=lambda: session(DAY).open_ns)
    listener = RecorderListener(heard.tapes, turn, heard.sentences.append)
    return Recorder(root, make, begin, folded, listener, next_begin=again, now=now, copy=copy)


def run(it: Recorder) -> None:
    asyncio.run(it.run(asyncio.Event()))


def test_a_day_is_recorded_and_compacted_to_what_it_came_to_live(
    tmp_path: Path, script: Callable[..., Callable[[Begin], Scripted]], events: Events
) -> None:
    heard = Heard()
    it = recorder(tmp_path, script(), heard)
    run(it)
    day = DayStore(tmp_path).open(DAY, "SPY")
    assert np.array_equal(rows(day), events)
    assert heard.sentences == [
        "The session of 2025-12-16 is over; what was recorded is made into a day.",
        f"SPY on 2025-12-16 was compacted: {len(events):,} events, state {day.meta.state_hash}.",
    ]
    assert heard.days == [DAY]
    assert recordings(tmp_path) == []
    [status] = it.statuses()
    assert (status.events, status.rows, status.safe, status.missed) == (*[len(events)] * 3, 0)
    assert status.gaps == day.meta.measured.counts["gap"]
    day.close()


def test_a_day_that_is_compacted_is_copied_and_what_came_of_it_is_told(
    tmp_path: Path, script: Callable[..., Callable[[Begin], Scripted]]
) -> None:
    heard = Heard()

    def copy(day: date) -> Iterator[str]:
        assert DayStore(tmp_path).has(day, "SPY")
        yield f"{day} was copied."
        yield "Another one could not be."

    run(recorder(tmp_path, script(), heard, copy=copy))
    assert heard.sentences[-2:] == ["2025-12-16 was copied.", "Another one could not be."]


def test_being_ended_while_it_copies_leaves_the_rest(
    tmp_path: Path, script: Callable[..., Callable[[Begin], Scripted]]
) -> None:
    heard = Heard()

    async def ended() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()

        def copy(day: date) -> Iterator[str]:
            loop.call_soon_threadsafe(stop.set)
            yield "The first was copied."
            raise AssertionError("it was told to stop")

        await recorder(tmp_path, script(), heard, copy=copy).run(stop)

    asyncio.run(ended())
    assert heard.sentences[-1] == "The first was copied."


def test_how_a_day_stands_is_told_once_all_of_it_is_open(
    tmp_path: Path, script: Callable[..., Callable[[Begin], Scripted]]
) -> None:
    told: list[int] = []

    def make(begin: Begin) -> Scripted:
        def watched(info: TapeInfo) -> TapeWriter:
            intake = begin(info)
            told.append(len(it.statuses()))
            return intake

        return script()(watched)

    it = recorder(tmp_path, make, Heard())
    run(it)
    assert (told, len(it.statuses())) == ([0], 1)


def test_being_ended_closes_the_journal_and_leaves_it(
    tmp_path: Path, script: Callable[..., Callable[[Begin], Scripted]], events: Events
) -> None:
    heard, stop = Heard(), asyncio.Event()

    def all_followed() -> None:
        if it.statuses()[0].events == len(events):
            stop.set()

    it = recorder(tmp_path, script(ends=None), heard, turn=all_followed)
    asyncio.run(it.run(stop))
    place = RecordingFolder(tmp_path, DAY, "SPY")
    assert not is_recording(place)
    assert np.array_equal(rows(open_journal(place)), events)
    assert heard.sentences == []
    assert it.statuses()[0].safe == len(events)


def test_a_source_that_cannot_go_on_ends_it_with_the_journal_closed(
    tmp_path: Path, script: Callable[..., Callable[[Begin], Scripted]], events: Events
) -> None:
    def refused() -> None:
        raise CredentialError("The key was refused.")

    with pytest.raises(CredentialError, match="The key was refused"):
        run(recorder(tmp_path, script(refused), Heard()))
    place = RecordingFolder(tmp_path, DAY, "SPY")
    assert not is_recording(place)
    assert np.array_equal(rows(open_journal(place)), events)


def test_what_is_recorded_already_elsewhere_is_left_to_that_one(
    tmp_path: Path, script: Callable[..., Callable[[Begin], Scripted]], events: Events
) -> None:
    pytest.importorskip("fcntl")
    make = script()
    other = open_recorded(tmp_path, make(lambda info: None).info)  # type: ignore[arg-type, return-value]
    with pytest.raises(BusyError):
        run(recorder(tmp_path, make, Heard()))
    assert is_recording(other.folder)
    other.close()


def test_the_next_day_begins_when_it_is_due(
    tmp_path: Path, script: Callable[..., Callable[[Begin], Scripted]]
) -> None:
    heard, made = Heard(), [script(), script(day=NEXT)]
    due = {DAY: session(NEXT).open_ns, NEXT: None}
    it = recorder(
        tmp_path,
        lambda begin: made.pop(0)(begin),
        heard,
        again=due.get,
        now=lambda: session(NEXT).open_ns + NS,
    )
    run(it)
    assert heard.days == [DAY, NEXT]
    assert [entry.day for entry in DayStore(tmp_path).list().entries] == [DAY, NEXT]


def test_a_day_that_a_killed_recorder_left_is_compacted_too(
    tmp_path: Path, script: Callable[..., Callable[[Begin], Scripted]]
) -> None:
    def killed() -> None:
        raise CredentialError("gone")

    with pytest.raises(CredentialError):
        run(recorder(tmp_path, script(killed), Heard()))
    heard = Heard()
    run(recorder(tmp_path, script(day=NEXT), heard))
    assert [sentence[:17] for sentence in heard.sentences[1:]] == ["SPY on 2025-12-16", "SPY on 2025-12-17"]
    assert recordings(tmp_path) == []


def test_a_recording_whose_day_was_imported_is_told_and_kept(
    tmp_path: Path, script: Callable[..., Callable[[Begin], Scripted]], events: Events
) -> None:
    info, store = script()(lambda info: None).info, DayStore(tmp_path)  # type: ignore[arg-type, return-value]
    with store.writer(DAY, "SPY", [Contract("SPY", DAY, "C", 685_000)]) as writer:
        writer.append(events[events["cid"] <= 1])
        writer.commit(Facts("import", "tape", 100, info.underlying, True))
    heard = Heard()
    run(recorder(tmp_path, script(), heard))
    [_, sentence] = heard.sentences
    assert sentence.startswith("SPY on 2025-12-16 was imported and not recorded, and it stays")
    assert np.array_equal(rows(open_journal(RecordingFolder(tmp_path, DAY, "SPY"))), events)


def test_what_another_process_records_is_left_alone(
    tmp_path: Path, script: Callable[..., Callable[[Begin], Scripted]]
) -> None:
    pytest.importorskip("fcntl")
    heard, info = Heard(), script()(lambda info: None).info  # type: ignore[arg-type, return-value]
    other = open_recorded(tmp_path, replace(info, symbol="QQQ", underlying=PRESETS["QQQ"]))
    run(recorder(tmp_path, script(), heard))
    assert len(heard.sentences) == 2
    assert not any("QQQ" in sentence for sentence in heard.sentences)
    other.close()


def test_a_recording_of_a_later_day_stays_one(
    tmp_path: Path, script: Callable[..., Callable[[Begin], Scripted]], events: Events
) -> None:
    later = RecordingFolder(tmp_path, next_session(DAY), "SPY")
    later.path.mkdir(parents=True)
    (later.path / "SPY-093000.arrows").touch()
    run(recorder(tmp_path, script(), Heard()))
    assert recordings(tmp_path) == [later]


def test_a_day_of_which_the_disk_missed_something_is_not_held_against_what_was_folded_live(
    tmp_path: Path, script: Callable[..., Callable[[Begin], Scripted]], events: Events
) -> None:
    heard, in_the_way = Heard(), tmp_path / "journal"

    def begin(info: TapeInfo) -> DayRecording:
        in_the_way.touch()
        intake = open_recorded(tmp_path, info, now=lambda: int(events["ts"][0]))
        in_the_way.unlink()
        return intake

    it = Recorder(
        tmp_path,
        script(),
        begin,
        folded,
        RecorderListener(say=heard.sentences.append),
        next_begin=lambda day: None,
    )
    run(it)
    [status] = it.statuses()
    assert 0 < status.missed < len(events)
    assert " was compacted: " in heard.sentences[1]
