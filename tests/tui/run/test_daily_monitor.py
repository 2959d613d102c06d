"""A screen that is left open: when the next day comes, what it takes over, and what is left of the last."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pytest

from engine.model.calendar import next_session, parse_time, ready_ns, session
from engine.model.errors import CredentialError, SpymonError, StoreError
from engine.model.events import NS
from engine.model.holidays import LAST_DAY
from engine.model.next_session import LONGEST_WAIT_S
from engine.views.commands import (
    Command,
    GoLive,
    Pause,
    SelectBasis,
    SelectConvention,
    SelectScope,
    SelectSymbol,
    UseSource,
)
from engine.views.view import Detail, View
from tests.fakes.loop import at_rest
from tui.run.daily_monitor import NEXT, RETRY_S, DailyMonitor, LiveDay
from tui.screen.frame_rate import ViewGate

TUESDAY, WEDNESDAY, THURSDAY = date(2025, 12, 16), date(2025, 12, 17), date(2025, 12, 18)
Views = Callable[..., View]


class Clock:
    """A wall clock, and waits that end when the test lets time pass; nobody waits while a machine sleeps."""

    def __init__(self, at_ns: int) -> None:
        self.at_ns = at_ns
        self._awake_ns = 0
        self._waits: list[tuple[int, asyncio.Future[None]]] = []
        self._begun = asyncio.Event()

    def now(self) -> int:
        return self.at_ns

    async def pause(self, seconds: float) -> None:
        wait = asyncio.get_running_loop().create_future()
        self._waits.append((self._awake_ns + int(seconds * NS), wait))
        self._begun.set()
        await wait

    async def rest(self) -> None:
        """Return when somebody waits for time to pass."""
        async with asyncio.timeout(60):
            while not any(not wait.done() for _, wait in self._waits):
                self._begun.clear()
                await self._begun.wait()
        await at_rest()

    def sleep(self, to_ns: int) -> None:
        """Let the machine sleep until a moment."""
        self.at_ns = to_ns

    async def go(self, to_ns: int) -> None:
        """Let time pass until a moment, and everybody do what is due on the way."""
        while True:
            await self.rest()
            self._waits = [each for each in self._waits if not each[1].done()]
            due_ns, wait = min(self._waits, key=lambda each: each[0])
            if self.at_ns + due_ns - self._awake_ns > to_ns:
                break
            self.at_ns += due_ns - self._awake_ns
            self._awake_ns = due_ns
            wait.set_result(None)
            await asyncio.sleep(0)
        self._awake_ns += to_ns - self.at_ns
        self.at_ns = to_ns


@dataclass(eq=False)
class Watched:
    """Stands for the monitor of one day."""

    view: View | None
    sources: tuple[tuple[str, str], ...] = (("massive", "live from Massive — LIVE, connected"),)
    failure: str | None = None
    refusal: CredentialError | None = None
    broken: SpymonError | None = None
    sent: list[Command] = field(default_factory=list)
    life: list[str] = field(default_factory=list)

    async def start(self) -> None:
        if self.broken is not None:
            raise self.broken
        self.life.append("started")

    async def stop(self) -> None:
        self.life.append("stopped")

    def send(self, command: Command) -> None:
        self.sent.append(command)

    async def detail(self, cid: int) -> Detail:
        raise AssertionError(cid)

    async def ask(self, query: Any) -> Any:
        return self


@dataclass
class Week:
    """The days that a screen is given, one after the other, and what became of them."""

    clock: Clock
    view: Views
    monitors: dict[date, Watched] = field(default_factory=dict)
    failures: list[SpymonError | OSError] = field(default_factory=list)
    writing: bool = False
    attached: bool = False
    made: list[int] = field(default_factory=list)
    compacted: list[int] = field(default_factory=list)
    dropped: int = 0
    given: Callable[[date], date | None] = lambda day: day

    def day(self, day: date | None, **changes: Any) -> LiveDay:
        monitor = Watched(self.shown(day or TUESDAY, **changes))
        self.monitors[day or TUESDAY] = monitor
        writes = None if self.attached else lambda: self.writing
        return LiveDay(monitor, day, "massive", ("SPY", "QQQ"), writes)

    def shown(self, day: date, **changes: Any) -> View:
        fields = {"source": "massive", "day": day, "live_ns": None, "finished": True, "notes": ()} | changes
        return self.view(**fields)

    def make(self) -> LiveDay:
        self.made.append(self.clock.at_ns)
        if self.failures:
            raise self.failures.pop(0)
        today = next(day for day in _days() if session(day).late_close_ns > self.clock.at_ns)
        return self.day(self.given(today), version=1, generation=0)

    async def compact(self) -> None:
        self.compacted.append(self.clock.at_ns)

    def drop(self) -> None:
        self.dropped += 1

    @asynccontextmanager
    async def watched(self, first: LiveDay, compact: Any = None) -> AsyncIterator[DailyMonitor]:
        monitor = DailyMonitor(
            first, self.make, compact or self.compact, self.clock.now, self.clock.pause, self.drop
        )
        await monitor.start()
        try:
            yield monitor
        finally:
            await monitor.stop()


def _days() -> list[date]:
    days = [TUESDAY]
    while len(days) < 10:
        days.append(next_session(days[-1]))
    return days


def after_close(day: date) -> int:
    return session(day).late_close_ns + 60 * NS


@pytest.fixture
def week(make_view: Views) -> Week:
    return Week(Clock(parse_time("15:00", TUESDAY)), make_view)


# --- when ---------------------------------------------------------------------------------------------


async def test_the_next_day_takes_the_screen_an_hour_before_its_open(week: Week) -> None:
    async with week.watched(week.day(TUESDAY)) as monitor:
        await week.clock.go(ready_ns(WEDNESDAY) - 1)
        assert not week.made
        assert monitor.view is not None
        assert monitor.view.day == TUESDAY
        await week.clock.go(ready_ns(WEDNESDAY))
        await week.clock.rest()
        assert week.made == [ready_ns(WEDNESDAY)]
        assert monitor.view.day == WEDNESDAY
        assert await monitor.ask(None) is week.monitors[WEDNESDAY]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("day", "upcoming"),
    [
        (date(2025, 12, 19), date(2025, 12, 22)),  # a weekend
        (date(2025, 12, 24), date(2025, 12, 26)),  # a half day, and a holiday
    ],
)
async def test_it_comes_by_the_exchanges_calendar(week: Week, day: date, upcoming: date) -> None:
    week.clock.at_ns = parse_time("12:00", day)
    async with week.watched(week.day(day)) as monitor:
        await week.clock.go(ready_ns(upcoming))
        await week.clock.rest()
        assert week.compacted == [session(day).late_close_ns]
        assert week.made == [ready_ns(upcoming)]
        assert monitor.view is not None
        assert monitor.view.day == upcoming


async def test_a_screen_that_is_left_open_shows_day_after_day(week: Week) -> None:
    async with week.watched(week.day(TUESDAY)) as monitor:
        for day in _days()[1:5]:
            await week.clock.go(ready_ns(day))
            await week.clock.rest()
            assert monitor.view is not None
            assert monitor.view.day == day
    assert {tuple(each.life) for each in week.monitors.values()} == {("started", "stopped")}
    assert week.dropped == 4


async def test_a_machine_that_slept_notices_within_half_a_minute(week: Week) -> None:
    async with week.watched(week.day(TUESDAY)) as monitor:
        await week.clock.go(after_close(TUESDAY))
        week.clock.sleep(parse_time("08:45", WEDNESDAY))
        await week.clock.go(week.clock.at_ns + int(LONGEST_WAIT_S * NS))
        await week.clock.rest()
        assert monitor.view is not None
        assert monitor.view.day == WEDNESDAY


async def test_opened_in_the_evening_the_screen_has_the_next_session_and_waits_for_the_one_after(
    week: Week,
) -> None:
    week.clock.at_ns = parse_time("20:00", TUESDAY)
    async with week.watched(week.day(WEDNESDAY)) as monitor:
        await week.clock.go(after_close(WEDNESDAY))
        assert not week.made
        await week.clock.go(ready_ns(THURSDAY))
        await week.clock.rest()
        assert monitor.view is not None
        assert monitor.view.day == THURSDAY


async def test_no_day_follows_a_simulated_one(week: Week) -> None:
    first = week.day(None)
    async with week.watched(first) as monitor:
        await at_rest()
        assert monitor.view is not None
    assert not week.made
    assert not week.compacted


async def test_the_end_of_the_calendar_is_a_sentence(week: Week) -> None:
    last = LAST_DAY
    while last.weekday() > 4:
        last = last.replace(day=last.day - 1)
    week.clock.at_ns = after_close(last)
    async with week.watched(week.day(last)) as monitor:
        await at_rest()
        assert monitor.view is not None
        assert "is outside the trading calendar" in monitor.view.notes[-1]


# --- what is taken over -------------------------------------------------------------------------------


async def test_the_next_day_shows_the_same_symbol_summed_in_the_same_way(
    week: Week, make_view: Views
) -> None:
    gamma = replace(make_view().gamma, convention="flow", basis="flow", scope="all")
    async with week.watched(week.day(TUESDAY, symbol="QQQ", gamma=gamma)):
        await week.clock.go(ready_ns(WEDNESDAY))
        await week.clock.rest()
        assert week.monitors[WEDNESDAY].sent == [
            SelectSymbol("QQQ"), SelectConvention("flow"), SelectBasis("flow"), SelectScope("all"),
        ]  # fmt: skip


async def test_a_symbol_that_the_next_day_does_not_have_is_not_asked_for(week: Week) -> None:
    async with week.watched(week.day(TUESDAY, symbol="DIA")):
        await week.clock.go(ready_ns(WEDNESDAY))
        await week.clock.rest()
        assert not [each for each in week.monitors[WEDNESDAY].sent if isinstance(each, SelectSymbol)]


async def test_the_first_view_of_the_next_day_is_painted_though_its_numbers_begin_again(week: Week) -> None:
    gate = ViewGate()
    async with week.watched(week.day(TUESDAY, generation=40, version=9_000)) as monitor:
        assert monitor.view is not None
        assert gate.admits(monitor.view)
        await week.clock.go(ready_ns(WEDNESDAY))
        await week.clock.rest()
        assert gate.admits(monitor.view)
        assert not gate.admits(monitor.view)


async def test_the_last_picture_stands_until_the_next_day_has_one(week: Week) -> None:
    async with week.watched(week.day(TUESDAY)) as monitor:
        await week.clock.go(ready_ns(WEDNESDAY) - 1)
        make, week.view = week.view, lambda **_: None  # type: ignore[assignment, return-value]
        await week.clock.go(ready_ns(WEDNESDAY))
        await week.clock.rest()
        assert monitor.view is not None
        assert monitor.view.day == TUESDAY
        monitor.send(Pause(True))
        assert week.monitors[TUESDAY].sent == [Pause(True)]
        week.view = make
        week.monitors[WEDNESDAY].view = week.shown(WEDNESDAY)
        assert monitor.view.day == WEDNESDAY


async def test_a_day_that_fails_before_its_first_picture_says_so(week: Week) -> None:
    async with week.watched(week.day(TUESDAY)) as monitor:
        await week.clock.go(ready_ns(WEDNESDAY) - 1)
        week.view = lambda **_: None  # type: ignore[assignment, return-value]
        await week.clock.go(ready_ns(WEDNESDAY))
        await week.clock.rest()
        week.monitors[WEDNESDAY].failure = "The disk is gone."
        assert monitor.view is None
        assert monitor.failure == "The disk is gone."


async def test_the_old_day_is_stopped_and_let_go(week: Week) -> None:
    monitor = DailyMonitor(
        week.day(TUESDAY), week.make, week.compact, week.clock.now, week.clock.pause, week.drop
    )
    await monitor.start()
    old = week.monitors.pop(TUESDAY)
    gone, life = weakref.ref(old), old.life
    del old
    await week.clock.go(ready_ns(WEDNESDAY))
    await week.clock.rest()
    assert monitor.view is not None
    await monitor.stop()
    assert life == ["started", "stopped"]
    assert week.dropped == 1
    gc.collect()
    assert gone() is None


# --- somebody at work ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "at_work",
    [
        {"source": "simulated"},
        {"finished": False},
        {"paused": True},
        {"finished": False, "live_ns": 1, "badge": "REWIND"},
    ],
)
@pytest.mark.parametrize("command", [GoLive(), UseSource(NEXT)])
async def test_who_looks_at_something_else_is_offered_the_next_day(
    week: Week, at_work: dict[str, Any], command: Command
) -> None:
    async with week.watched(week.day(TUESDAY, **at_work)) as monitor:
        assert len(monitor.sources) == 1
        await week.clock.go(ready_ns(WEDNESDAY))
        await week.clock.rest()
        assert monitor.view is not None
        assert monitor.view.day == TUESDAY
        assert monitor.view.notes == ("Wednesday's day is on: L shows it.",)
        assert monitor.sources[1] == (NEXT, "Wednesday's day, live from Massive — LIVE, connected")
        monitor.send(command)
        assert monitor.view.day == WEDNESDAY
        assert monitor.view.notes == ()
        assert len(monitor.sources) == 1
        assert week.monitors[TUESDAY].sent == []
        assert week.monitors[WEDNESDAY].sent[0] == SelectSymbol("SPY")


async def test_the_offer_is_painted_over_a_picture_that_stands_still(week: Week) -> None:
    gate = ViewGate()
    async with week.watched(week.day(TUESDAY, paused=True)) as monitor:
        assert monitor.view is not None
        assert gate.admits(monitor.view)
        await week.clock.go(ready_ns(WEDNESDAY))
        await week.clock.rest()
        assert gate.admits(monitor.view)


async def test_a_feed_that_never_came_back_is_no_work(week: Week) -> None:
    async with week.watched(week.day(TUESDAY, finished=False, live_ns=1, badge="STALE")) as monitor:
        await week.clock.go(ready_ns(WEDNESDAY))
        await week.clock.rest()
        assert monitor.view is not None
        assert monitor.view.day == WEDNESDAY


async def test_a_day_that_nobody_took_makes_room_for_the_one_after(week: Week) -> None:
    async with week.watched(week.day(TUESDAY, paused=True)) as monitor:
        await week.clock.go(ready_ns(THURSDAY))
        await week.clock.rest()
        assert monitor.view is not None
        assert monitor.view.notes == ("Thursday's day is on: L shows it.",)
        monitor.send(GoLive())
        assert monitor.view.day == THURSDAY
        async with asyncio.timeout(60):
            while week.monitors[WEDNESDAY].life != ["started", "stopped"]:  # noqa: ASYNC110
                await asyncio.sleep(0)
    assert [each.life for each in week.monitors.values()] == [["started", "stopped"]] * 3


async def test_without_an_offer_a_command_goes_to_the_day_that_is_shown(week: Week) -> None:
    async with week.watched(week.day(TUESDAY)) as monitor:
        monitor.send(GoLive())
        assert week.monitors[TUESDAY].sent == [GoLive()]


# --- failures -----------------------------------------------------------------------------------------


async def test_a_day_that_cannot_be_opened_is_said_and_tried_again(week: Week) -> None:
    week.failures = [StoreError("The disk is full."), OSError(13, "Permission denied", "/data")]
    async with week.watched(week.day(TUESDAY)) as monitor:
        await week.clock.go(ready_ns(WEDNESDAY))
        await week.clock.rest()
        assert monitor.view is not None
        assert monitor.view.notes == ()
        await week.clock.go(ready_ns(WEDNESDAY) + int(RETRY_S * NS) - 1)
        assert len(week.made) == 1
        week.monitors[TUESDAY].view = week.shown(TUESDAY, version=5)
        await week.clock.go(ready_ns(WEDNESDAY) + int(RETRY_S * NS))
        await week.clock.rest()
        assert monitor.view.notes == ("The disk is full. It is tried again.",)
        await week.clock.go(ready_ns(WEDNESDAY) + int(2 * RETRY_S * NS))
        await week.clock.rest()
        assert monitor.view.day == WEDNESDAY
        assert monitor.view.notes == ()


async def test_a_recorder_that_still_has_the_old_day_is_waited_for(week: Week) -> None:
    week.attached = True
    week.given = lambda day: TUESDAY
    first = week.day(TUESDAY)
    async with week.watched(first) as monitor:
        await week.clock.go(ready_ns(WEDNESDAY))
        await week.clock.rest()
        assert week.monitors[TUESDAY].life == ["stopped"]  # the one that was made and not wanted
        week.given = lambda day: day
        await week.clock.go(ready_ns(WEDNESDAY) + int(RETRY_S * NS))
        await week.clock.rest()
        assert monitor.view is not None
        assert monitor.view.day == WEDNESDAY


async def test_the_screen_can_be_left_while_a_day_is_being_opened(week: Week) -> None:
    opening, held = threading.Event(), threading.Event()

    def make() -> LiveDay:
        opening.set()
        held.wait()
        raise StoreError("too late")

    first = week.day(TUESDAY)
    monitor = DailyMonitor(first, make, week.compact, week.clock.now, week.clock.pause, week.drop)
    await monitor.start()
    await week.clock.go(ready_ns(WEDNESDAY) - 1)
    going = asyncio.create_task(week.clock.go(ready_ns(WEDNESDAY)))
    await asyncio.to_thread(opening.wait)
    await monitor.stop()
    assert week.monitors[TUESDAY].life == ["started", "stopped"]
    going.cancel()
    held.set()


# --- what was recorded --------------------------------------------------------------------------------


async def test_a_recording_is_made_a_day_once_it_is_closed(week: Week) -> None:
    week.writing = True
    async with week.watched(week.day(TUESDAY)):
        await week.clock.go(after_close(TUESDAY))
        assert not week.compacted
        week.writing = False
        await week.clock.go(after_close(TUESDAY) + int(RETRY_S * NS))
        await week.clock.rest()
        assert len(week.compacted) == 1
        await week.clock.go(ready_ns(WEDNESDAY))
        assert len(week.compacted) == 1


async def test_what_a_recorder_records_is_left_to_it(week: Week) -> None:
    week.attached = True
    async with week.watched(week.day(TUESDAY)):
        await week.clock.go(ready_ns(WEDNESDAY))
        await week.clock.rest()
    assert not week.compacted


async def test_the_next_day_does_not_wait_for_it_and_leaving_ends_it(week: Week) -> None:
    ended: list[str] = []

    def endless() -> Coroutine[Any, Any, None]:
        async def work() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("ended")

        return work()

    async with week.watched(week.day(TUESDAY), endless) as monitor:
        await week.clock.go(ready_ns(WEDNESDAY))
        await week.clock.rest()
        assert monitor.view is not None
        assert monitor.view.day == WEDNESDAY
        assert not ended
    assert ended == ["ended"]


async def test_a_failure_nobody_expected_is_said_and_raised_when_the_screen_is_left(week: Week) -> None:
    async def fail() -> None:
        raise ZeroDivisionError("by nothing")

    monitor = DailyMonitor(week.day(TUESDAY), week.make, fail, week.clock.now, week.clock.pause, week.drop)
    await monitor.start()
    await week.clock.go(after_close(TUESDAY))
    assert monitor.failure == "Something failed that should not have (ZeroDivisionError: by nothing)."
    with pytest.raises(ZeroDivisionError):
        await monitor.stop()
    assert week.monitors[TUESDAY].life == ["started", "stopped"]
