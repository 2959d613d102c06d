"""A hub and its screens on one loop: what is recorded on one side is what is read on the other."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from engine.feeds.recorder.connection import AHEAD
from engine.feeds.recorder.protocol import PREAMBLE, RowsMessage, TapeExtent, TapeRequest, encode
from engine.feeds.recorder.seek import find_recorder
from engine.feeds.recorder.server import RecorderServer
from engine.feeds.recorder.socket_file import SocketFile
from engine.feeds.recorder.source import AttachedSource
from engine.fold.params import FoldParams
from engine.model.contracts import Contract
from engine.model.errors import BusyError, NoDataError, ProviderError, StoreError
from engine.model.events import NS, Events, empty_events
from engine.tape.link import Link
from engine.tape.live_tape import CHUNK, LiveTape
from engine.tape.tape import Tape
from engine.tape.timeline import NO_CHECKPOINTS, Timeline
from tests.fakes.recorder import HANGS_S, QUICK, Screen, close, live_tape, rows_of, write

AFTER_NS = 2**62
"""A wall clock that says the day is over."""


@pytest.fixture
def memory(in_memory: Callable[..., Tape], events_of: Callable[[int, int], Events]) -> Tape:
    """The tape that the recorders of these tests record."""
    return in_memory(events_of(3, 5_000))


@pytest.fixture
def events(memory: Tape) -> Events:
    """Its events."""
    return rows_of(memory)


@pytest.fixture
def tape(memory: Tape) -> LiveTape:
    """A recorder's tape with nothing on it."""
    return live_tape(memory)


async def attach(data: Path, *symbols: str, now_ns: int = 0) -> Screen:
    hello = await asyncio.to_thread(find_recorder, data)
    assert hello is not None
    return Screen(AttachedSource(SocketFile(data), hello, symbols, now=lambda: now_ns, waits=QUICK))


def digest(tape: Tape) -> str:
    timeline = Timeline(tape, FoldParams(), NO_CHECKPOINTS)
    for _ in timeline.advance(timeline.end_ns):
        pass
    return timeline.state.digest()


def same(screen: LiveTape, recorder: LiveTape) -> bool:
    return np.array_equal(rows_of(screen), rows_of(recorder)) and list(screen.contracts) == list(
        recorder.contracts
    )


async def test_a_late_screen_gets_everything_and_folds_to_the_same_hash(
    tmp_path: Path, tape: LiveTape, memory: Tape, events: Events
) -> None:
    write(tape, events[:3_100])
    async with RecorderServer(tmp_path, {"SPY": tape}) as hub:
        screen = await attach(tmp_path, now_ns=AFTER_NS)
        await screen.rows(3_100)
        write(tape, events[3_100:])
        hub.notify()
        await screen.rows(len(events))
        close(tape)
        hub.notify()
        await screen.ended()
    seen = await screen.until(lambda tape: not tape.open)
    assert same(seen, tape)
    assert digest(seen) == digest(tape) == digest(memory)


async def test_history_is_no_news_and_what_comes_after_it_has_a_lag(
    tmp_path: Path, tape: LiveTape, events: Events
) -> None:
    write(tape, events[:2_000])
    async with RecorderServer(tmp_path, {"SPY": tape}) as hub:
        screen = await attach(tmp_path, now_ns=int(events["ts"][-1]))
        seen = await screen.rows(2_000)
        assert seen.lag() is None
        write(tape, events[2_000:])
        hub.notify()
        seen = await screen.rows(len(events))
        assert seen.lag() is not None
        await screen.leave()


async def test_contracts_listed_during_the_day_come_before_their_events(
    tmp_path: Path, tape: LiveTape, events: Events
) -> None:
    write(tape, events[:500])
    async with RecorderServer(tmp_path, {"SPY": tape}) as hub:
        screen = await attach(tmp_path)
        await screen.rows(500)
        late = events[500:510].copy()
        late["cid"] = tape.listed.add(Contract("SPY", date(2025, 12, 19), "C", 700_000))
        write(tape, late)
        hub.notify()
        seen = await screen.rows(510)
        assert same(seen, tape)
        assert seen.listing == tape.listing == 1
        await screen.leave()


async def test_contracts_are_there_before_the_first_event(tmp_path: Path, tape: LiveTape) -> None:
    tape.append(empty_events(0))
    tape.take()
    async with RecorderServer(tmp_path, {"SPY": tape}):
        screen = await attach(tmp_path)
        seen = await screen.until(lambda seen: len(seen.contracts) == len(tape.contracts))
        assert not seen.events
        await screen.leave()


async def test_the_link_is_the_recorders(tmp_path: Path, tape: LiveTape) -> None:
    tape.link = Link(
        badge="DELAYED", state="connected", dropped=7, note="No quotes in the plan.", reconciled=0.5
    )
    async with RecorderServer(tmp_path, {"SPY": tape}) as hub:
        screen = await attach(tmp_path)
        await screen.until(lambda seen: seen.link == tape.link)
        tape.link = Link(badge="GAP", state="lost", refused=("Q.*",), reconciled=1.0)
        hub.notify()
        await screen.until(lambda seen: seen.link == tape.link)
        await screen.leave()


async def test_the_source_says_what_is_recorded_and_by_whom(tmp_path: Path, tape: LiveTape) -> None:
    async with RecorderServer(tmp_path, {"SPY": tape}):
        screen = await attach(tmp_path)
        assert screen.source.name == "recorder"
        assert screen.source.label.startswith("memory, attached to the recorder (pid ")
        assert screen.source.symbols == ("SPY",)
        assert "closing it loses nothing" in screen.source.open("SPY").info.notes[-1]
        with pytest.raises(NoDataError, match="QQQ is not among"):
            screen.source.open("QQQ")
        await screen.leave()


async def test_a_symbol_that_is_not_recorded_is_refused_before_anything_runs(
    tmp_path: Path, tape: LiveTape
) -> None:
    async with RecorderServer(tmp_path, {"SPY": tape}):
        with pytest.raises(NoDataError, match=r"records SPY, not QQQ; start it with that symbol too"):
            await attach(tmp_path, "QQQ")


async def test_symbols_are_watched_side_by_side(tmp_path: Path, tape: LiveTape, events: Events) -> None:
    other = LiveTape(replace(tape.info, symbol="QQQ"))
    for contract in tape.listed:
        other.listed.add(contract)
    write(tape, events[:100])
    write(other, events[100:400])
    async with RecorderServer(tmp_path, {"SPY": tape, "QQQ": other}):
        screen = await attach(tmp_path)
        assert same(await screen.rows(100), tape)
        assert same(await screen.rows(300, "QQQ"), other)
        await screen.leave()


# --- the recorder goes and comes ----------------------------------------------------------------------


async def test_a_screen_waits_for_the_recorder_and_goes_on_where_it_was(
    tmp_path: Path, tape: LiveTape, events: Events
) -> None:
    write(tape, events[:2_500])
    async with RecorderServer(tmp_path, {"SPY": tape}):
        screen = await attach(tmp_path)
        await screen.rows(2_500)
    await screen.until(lambda seen: seen.link.state == "lost")
    link = screen.source.open("SPY").link
    assert link.badge == "GAP"
    assert link.silent_s is not None
    assert "is gone; this screen waits for it" in link.note
    write(tape, events[2_500:])
    async with RecorderServer(tmp_path, {"SPY": tape}):
        seen = await screen.rows(len(events))
        assert same(seen, tape)
        assert seen.link.badge == tape.link.badge
        await screen.leave()


async def test_a_recorder_that_is_slow_to_read_its_own_recording_is_waited_for(
    tmp_path: Path, tape: LiveTape, events: Events
) -> None:
    write(tape, events[:2_500])
    async with RecorderServer(tmp_path, {"SPY": tape}):
        screen = await attach(tmp_path)
        await screen.rows(2_500)
    again = live_tape(tape)
    again.append(events[:2_600].copy())
    async with RecorderServer(tmp_path, {"SPY": again}) as hub:
        await screen.until(lambda seen: hub.screens == 1)
        again.take()
        hub.notify()
        assert same(await screen.rows(2_600), again)
        await screen.leave()


async def test_a_recorder_that_has_yet_to_read_its_recording_is_waited_for(
    tmp_path: Path, tape: LiveTape, events: Events
) -> None:
    write(tape, events[:50])
    async with RecorderServer(tmp_path, {"SPY": tape}):
        screen = await attach(tmp_path)
        await screen.rows(50)
    async with RecorderServer(tmp_path, {}) as hub:
        finding = asyncio.create_task(asyncio.to_thread(find_recorder, tmp_path))
        await screen.until(lambda seen: "is reading what it has recorded" in seen.link.note)
        write(tape, events[50:60])
        hub.show({"SPY": tape})
        assert same(await screen.rows(60), tape)
        found = await finding
        assert found is not None
        assert found.symbols == ("SPY",)
        await screen.leave()


async def test_a_recorder_that_stops_before_the_close_is_waited_for(
    tmp_path: Path, tape: LiveTape, events: Events
) -> None:
    write(tape, events[:10])
    async with RecorderServer(tmp_path, {"SPY": tape}) as hub:
        screen = await attach(tmp_path, now_ns=0)
        await screen.rows(10)
        close(tape)
        hub.notify()
        await screen.until(lambda seen: "stopped before the close" in seen.link.note)
    again = live_tape(tape)
    write(again, events[:20])
    async with RecorderServer(tmp_path, {"SPY": again}):
        assert same(await screen.rows(20), again)
        await screen.leave()


@pytest.mark.parametrize(("before_close_s", "over"), [(3600, False), (30, True)])
async def test_a_simulated_day_is_over_by_its_own_clock_and_says_nothing_of_lag(
    tmp_path: Path, tape: LiveTape, events: Events, before_close_s: int, over: bool
) -> None:
    tape.info = replace(tape.info, badge="SIMULATED")
    async with RecorderServer(tmp_path, {"SPY": tape}) as hub:
        screen = await attach(tmp_path, now_ns=AFTER_NS)
        last = events[:10].copy()
        last["ts"] = tape.info.session.close_ns - before_close_s * NS
        write(tape, last)
        hub.notify()
        assert (await screen.rows(10)).lag() is None
        close(tape)
        hub.notify()
        seen = await screen.until(lambda seen: not seen.open or "stopped before the close" in seen.link.note)
        assert seen.open != over
        await screen.leave()


@pytest.mark.parametrize("rows", [0, 1_999, 2_500])
async def test_a_recorder_with_another_tape_ends_it_with_a_sentence(
    tmp_path: Path, tape: LiveTape, events: Events, rows: int
) -> None:
    write(tape, events[:2_000])
    async with RecorderServer(tmp_path, {"SPY": tape}):
        screen = await attach(tmp_path)
        await screen.rows(2_000)
    other, changed = live_tape(tape), events[:rows].copy()
    if rows:
        changed["s1"][7] += 1
        write(other, changed)
    async with RecorderServer(tmp_path, {"SPY": other}):
        with pytest.raises(
            NoDataError, match="does not begin with what was watched here; start spymon again"
        ):
            await screen.ended()
    seen = screen.source.open("SPY")
    assert seen.events == 2_000
    assert seen.link.badge == "GAP"
    assert "start spymon again" in seen.link.note


async def test_a_recorder_that_records_another_day_ends_it_with_a_sentence(
    tmp_path: Path, tape: LiveTape
) -> None:
    async with RecorderServer(tmp_path, {"SPY": tape}) as hub:
        screen = await attach(tmp_path)
        await screen.until(lambda _: hub.screens == 1)
    async with RecorderServer(tmp_path, {"SPY": LiveTape(replace(tape.info, day=date(2025, 12, 17)))}):
        with pytest.raises(NoDataError, match="now records SPY on 2025-12-17, not SPY on 2025-12-16"):
            await screen.ended()


async def test_a_hub_shows_another_day_to_whoever_comes_then(tmp_path: Path, tape: LiveTape) -> None:
    async with RecorderServer(tmp_path, {"SPY": tape}) as hub:
        hub.show({"QQQ": LiveTape(replace(tape.info, symbol="QQQ"))})
        hello = await asyncio.to_thread(find_recorder, tmp_path)
        assert hello is not None
        assert hello.symbols == ("QQQ",)


# --- screens that do not behave -----------------------------------------------------------------------


async def test_a_screen_that_never_reads_delays_nobody_and_costs_one_frame(
    tmp_path: Path, tape: LiveTape, events: Events
) -> None:
    many = np.concatenate([events] * 20)
    write(tape, many)
    async with RecorderServer(tmp_path, {"SPY": tape}) as hub:
        deaf = SocketFile(tmp_path).connect()
        assert deaf is not None
        with deaf:
            deaf.sendall(PREAMBLE + encode(TapeRequest("SPY", TapeExtent())))
            screen = await attach(tmp_path)
            seen = await screen.rows(len(many))
            assert same(seen, tape)
            assert hub.screens == 2
            await screen.leave()


class Shredder:
    """A spool that takes chunks and cannot give them back."""

    def put(self, chunk: int, events: Events) -> bool:
        return True

    def get(self, chunk: int) -> Events:
        raise StoreError("The live day's file cannot be read.")


async def test_a_tape_that_cannot_be_read_back_is_said(tmp_path: Path, memory: Tape, events: Events) -> None:
    tape = LiveTape(memory.info, Shredder(), chunk=1_000)
    for contract in memory.contracts:
        tape.listed.add(contract)
    write(tape, events)
    async with RecorderServer(tmp_path, {"SPY": tape}):
        screen = await attach(tmp_path)
        with pytest.raises(NoDataError, match="The live day's file cannot be read"):
            await screen.ended()


async def test_a_socket_that_cannot_be_taken_away_holds_up_no_recorder(
    tmp_path: Path, tape: LiveTape
) -> None:
    place = SocketFile(tmp_path)
    async with RecorderServer(tmp_path, {"SPY": tape}):
        place.socket.unlink()
        place.socket.mkdir()
    place.claim().close()


async def test_screens_leave_at_any_moment(tmp_path: Path, tape: LiveTape, events: Events) -> None:
    async with RecorderServer(tmp_path, {"SPY": tape}) as hub:
        for step in range(20):
            write(tape, events[step * 200 : (step + 1) * 200])
            hub.notify()
            leaver = await attach(tmp_path)
            await leaver.rows(1 + 37 * step)
            await leaver.leave()
        screen = await attach(tmp_path)
        assert same(await screen.rows(4_000), tape)
        await screen.leave()


async def test_a_fold_that_falls_behind_is_not_flooded(
    tmp_path: Path, tape: LiveTape, events: Events
) -> None:
    whole = np.tile(events, 1 + (AHEAD + 4 * CHUNK) // len(events))
    big = LiveTape(tape.info)
    big.listed = tape.listed
    write(big, whole)
    async with RecorderServer(tmp_path, {"SPY": big}):
        hello = await asyncio.to_thread(find_recorder, tmp_path)
        assert hello is not None
        source = AttachedSource(SocketFile(tmp_path), hello, waits=replace(QUICK, fold=0))
        seen, news = source.open("SPY"), asyncio.Semaphore(0)
        running = asyncio.create_task(source.run(news.release))
        while seen.given <= AHEAD:
            await news.acquire()
        for _ in range(200):  # in each of which it looks whether there is room
            await asyncio.sleep(0)
        assert AHEAD < seen.given <= AHEAD + CHUNK
        while seen.events < len(whole):
            seen.take()
            await asyncio.sleep(0)
        assert same(seen, big)
        running.cancel()


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"no spymon"),
        (PREAMBLE + encode(TapeRequest("QQQ", TapeExtent())), b"records SPY, not QQQ"),
        (PREAMBLE + encode(TapeRequest("SPY", TapeExtent(rows=5))), b"does not begin with what was watched"),
        (
            PREAMBLE + encode(TapeRequest("SPY", TapeExtent(contracts=3))),
            b"does not begin with what was watched",
        ),
    ],
)
async def test_nonsense_is_answered_with_a_sentence(
    tmp_path: Path, tape: LiveTape, said: bytes, answer: bytes
) -> None:
    async with RecorderServer(tmp_path, {"SPY": tape}):
        speaking = SocketFile(tmp_path).connect()
        assert speaking is not None
        speaking.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=speaking)
        writer.write(said)
        assert answer in await reader.read()
        writer.close()
        await writer.wait_closed()


async def test_who_says_nothing_and_goes_is_forgotten(tmp_path: Path, tape: LiveTape) -> None:
    async with RecorderServer(tmp_path, {"SPY": tape}):
        silent = SocketFile(tmp_path).connect()
        assert silent is not None
        silent.close()


# --- a recorder that does not behave ------------------------------------------------------------------


def impostor(data: Path) -> socket.socket:
    """Listen where a recorder would, and let the test say what it says."""
    place = SocketFile(data)
    place.prepare()
    listening = place.listen()
    listening.setblocking(True)
    return listening


def test_no_recorder_is_none(tmp_path: Path) -> None:
    assert find_recorder(tmp_path) is None
    assert find_recorder(tmp_path / "not" / "there") is None


def test_a_socket_that_a_killed_recorder_left_is_none(tmp_path: Path) -> None:
    impostor(tmp_path).close()
    assert SocketFile(tmp_path).socket.exists()
    assert find_recorder(tmp_path) is None


def test_a_recorder_without_anything_to_show_is_named(tmp_path: Path) -> None:
    sentence = r"has had nothing to show for 0\.01 s; try again, or restart it"
    with impostor(tmp_path), pytest.raises(ProviderError, match=sentence):
        find_recorder(tmp_path, patience_s=0.01)


async def test_another_version_is_named_before_anything_is_shown(tmp_path: Path) -> None:
    with impostor(tmp_path) as listening:
        asked = asyncio.create_task(asyncio.to_thread(find_recorder, tmp_path))
        connection, _ = await asyncio.to_thread(listening.accept)
        with connection:
            connection.sendall(b"spymon\x09\x00")
            with pytest.raises(ProviderError, match="protocol 9, this one 1"):
                await asked


async def test_a_recorder_that_falls_silent_is_said_to_hang(tmp_path: Path, tape: LiveTape) -> None:
    async with RecorderServer(tmp_path, {"SPY": tape}):
        hello = await asyncio.to_thread(find_recorder, tmp_path)
    assert hello is not None
    source = AttachedSource(SocketFile(tmp_path), hello, waits=replace(QUICK, silent=0.01))
    with impostor(tmp_path):
        screen = Screen(source)
        seen = await screen.until(lambda seen: seen.link.badge == "STALE")
        assert "hangs" in seen.link.note
        await screen.leave()


async def test_where_no_socket_can_be_a_recorder_says_why_and_keeps_others_out(
    tmp_path: Path, tape: LiveTape
) -> None:
    place = SocketFile(tmp_path)
    (place.socket / "in the way").mkdir(parents=True)
    async with RecorderServer(tmp_path, {"SPY": tape}) as hub:
        assert re.match(r".*recorder.sock cannot be used \(.+\); it is how screens reach", hub.unreachable)
        hub.notify()
        with pytest.raises(BusyError, match="already runs on the data folder"):
            await RecorderServer(tmp_path, {}).__aenter__()
    assert (place.socket / "in the way").exists()
    async with RecorderServer(tmp_path / "other", {"SPY": tape}) as hub:
        assert hub.unreachable == ""


async def test_rows_that_do_not_join_those_before_are_refused(tmp_path: Path, tape: LiveTape) -> None:
    async with RecorderServer(tmp_path, {"SPY": tape}):
        hello = await asyncio.to_thread(find_recorder, tmp_path)
    assert hello is not None
    with impostor(tmp_path) as listening:
        source = AttachedSource(SocketFile(tmp_path), hello, waits=QUICK)
        running = asyncio.create_task(source.run(lambda: None))
        connection, _ = await asyncio.to_thread(listening.accept)
        with connection:
            connection.sendall(PREAMBLE + encode(hello) + encode(RowsMessage(5, b"")))
            with pytest.raises(ProviderError, match="sends row 5 where row 0 was due; restart it"):
                await asyncio.wait_for(running, HANGS_S)
