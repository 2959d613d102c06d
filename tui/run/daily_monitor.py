"""The desk of a screen that is left open: one live day, and when that is over the next.

Owns when the next session's day is opened, whether it takes the screen or is offered, and that what is left
of the day before is stopped and let go. It refuses to know where a day comes from and how it is recorded. The
clock and the waiting are arguments.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from engine.model.calendar import next_session, ready_ns, session
from engine.model.errors import CredentialError, NoDataError, SpymonError
from engine.model.events import NS
from engine.views.commands import (
    Command,
    GoLive,
    SelectBasis,
    SelectConvention,
    SelectScope,
    SelectSymbol,
    UseSource,
)
from engine.views.queries import Query
from engine.views.view import Detail, View

from . import process
from .lazy_monitor import MonitorLike

T = TypeVar("T")

LONGEST_WAIT_S = 30.0
"""A machine that was asleep notices within this time that a day is over, or has begun."""

RETRY_S = 5.0
"""Between two attempts to open a day, and two looks whether its recording is closed."""

NEXT = "next day"
"""The name by which a day that is offered can be switched to."""


@dataclass(frozen=True, slots=True)
class LiveDay:
    """A live day, opened for a screen.

    desk    : what watches it; a desk starts once
    day     : the session's; None for a simulated one, which no other follows
    source  : what its live source is called
    symbols : those of that source
    writes  : whether this process still records it; None where another one does
    """

    desk: MonitorLike
    day: date | None
    source: str
    symbols: tuple[str, ...]
    writes: Callable[[], bool] | None


class DailyMonitor:
    """A desk that begins with a live day and goes on, session after session, until it is stopped.

    make   : gives the day that is on or comes next, not yet started; called in a thread of its own
    tidy   : what is done once a day that this process recorded is over; runs beside the screen
    now    : ns UTC
    pause  : waits so many seconds
    let_go : called once a day that has left the screen is stopped
    """

    def __init__(
        self,
        first: LiveDay,
        make: Callable[[], LiveDay],
        tidy: Callable[[], Coroutine[Any, Any, None]],
        now: Callable[[], int] = time.time_ns,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        let_go: Callable[[], None] = process.let_go,
    ) -> None:
        self._make, self._tidy, self._now, self._pause, self._let_go = make, tidy, now, pause, let_go
        self._shown = first
        self._next: LiveDay | None = None
        self._takes = False  # whether the next day is to be shown as soon as it has a picture
        self._note = ""
        self._marked: tuple[View, View] | None = None  # a view of the shown desk, and what becomes of it
        self._generation = 0  # of the last view
        self._ahead = 0  # by how much those of the shown desk are behind
        self._broken: str | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._partings: set[asyncio.Task[None]] = set()

    # --- life -------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start the first day's desk, and begin to wait for the next."""
        await self._shown.desk.start()
        self._begin(self._go_on(self._shown), self._tasks)

    async def stop(self) -> None:
        """Stop every desk that was started and what is done beside them; raises what one of these raised."""
        for task in self._tasks:
            task.cancel()
        stops = [each.desk.stop() for each in (self._shown, self._next) if each is not None]
        ended = await asyncio.gather(*self._tasks, *self._partings, *stops, return_exceptions=True)
        for raised in ended:
            if isinstance(raised, Exception):
                raise raised

    def _begin(self, work: Coroutine[Any, Any, None], tasks: set[asyncio.Task[None]]) -> None:
        def end(task: asyncio.Task[None]) -> None:
            error = None if task.cancelled() else task.exception()
            if error is None:
                tasks.discard(task)
            else:  # it stays, to be raised at the end
                self._broken = f"Something failed that should not have ({type(error).__name__}: {error})."

        task = asyncio.create_task(work)
        tasks.add(task)
        task.add_done_callback(end)

    # --- what is seen and said --------------------------------------------------------------------

    @property
    def view(self) -> View | None:
        """The newest view of the day that is shown.

        The screen changes hands here, so that whatever is asked between two looks is asked of the day that
        was looked at.
        """
        if self._takes and self._next is not None and _has_begun(self._next.desk):
            self._hand_over(self._next)
        view = self._shown.desk.view
        if view is None:
            return None
        if self._marked is None or self._marked[0] is not view:
            notes = (*view.notes, self._note) if self._note else view.notes
            self._generation = view.generation + self._ahead
            self._marked = view, replace(view, generation=self._generation, notes=notes)
        return self._marked[1]

    @property
    def sources(self) -> tuple[tuple[str, str], ...]:
        """The sources of the day that is shown, and the day that is offered."""
        if self._next is None:
            return self._shown.desk.sources
        (_, label), *_ = self._next.desk.sources
        return (*self._shown.desk.sources, (NEXT, f"{_name(self._next)}, {label}"))

    @property
    def failure(self) -> str | None:
        """Why the day that is shown cannot go on, or what failed beside it."""
        return self._shown.desk.failure or self._broken

    @property
    def refusal(self) -> CredentialError | None:
        """Why what is shown has ended, if its key was refused."""
        return self._shown.desk.refusal

    def send(self, command: Command) -> None:
        """Pass a command on, or show the day that is offered."""
        if self._next is not None and command in (GoLive(), UseSource(NEXT)):
            self._stand_as_before(self._next)
            self._takes = True
        else:
            self._shown.desk.send(command)

    async def detail(self, cid: int) -> Detail:
        """Ask the day that is shown."""
        return await self._shown.desk.detail(cid)

    async def ask(self, query: Query[T]) -> T:
        """Ask the day that is shown."""
        return await self._shown.desk.ask(query)

    # --- from one day to the next -----------------------------------------------------------------

    async def _go_on(self, latest: LiveDay) -> None:
        while latest.day is not None:
            await self._until(session(latest.day).late_close_ns)
            await self._be_recorded(latest)
            try:
                due_ns = ready_ns(next_session(latest.day))
            except NoDataError as error:
                self._say(str(error))
                return
            await self._until(due_ns)
            latest = await self._opened_after(latest.day)
            self._offer(latest)

    async def _be_recorded(self, day: LiveDay) -> None:
        """Wait until what this process records of a day is closed, and have it tidied up."""
        if day.writes is None:
            return
        while day.writes():
            await self._pause(RETRY_S)
        self._begin(self._tidy(), self._tasks)

    async def _until(self, due_ns: int) -> None:
        while (left_ns := due_ns - self._now()) > 0:
            await self._pause(min(left_ns / NS, LONGEST_WAIT_S))

    async def _opened_after(self, day: date) -> LiveDay:
        """Return a later day, started; as long as there is none, say why and try again.

        Not of the first time: a recorder begins its day at this very moment.
        """
        why = ""
        while True:
            self._say(why and f"{why} It is tried again.")
            try:
                found = await _apart(self._make)
                if found.day is not None and found.day > day:
                    await found.desk.start()
                    self._say("")
                    return found
                await found.desk.stop()
                why = f"The recorder has not begun the day after {day} yet."
            except (SpymonError, OSError) as error:
                why = str(error)
            await self._pause(RETRY_S)

    def _offer(self, upcoming: LiveDay) -> None:
        """Show the next day if the screen stands where the last one ended; else say that it is there."""
        if self._next is not None:
            self._begin(self._part(self._next), self._partings)
        self._next, self._takes = upcoming, self._stands_at_end
        if self._takes:
            self._stand_as_before(upcoming)
        else:
            self._say(f"{_name(upcoming)} is on: L shows it.")

    @property
    def _stands_at_end(self) -> bool:
        """Whether nothing else is looked at than the end of the live day, or nothing at all."""
        view = self._shown.desk.view
        if view is None:
            return True
        at_front = view.live_ns is not None and not view.rewound
        return view.source == self._shown.source and not view.paused and (view.finished or at_front)

    def _stand_as_before(self, upcoming: LiveDay) -> None:
        """Have the next day show the same symbol, summed in the same way."""
        view = self._shown.desk.view
        if view is None:
            return
        if view.symbol in upcoming.symbols:
            upcoming.desk.send(SelectSymbol(view.symbol))
        summed = view.gamma
        for command in (
            SelectConvention(summed.convention),
            SelectBasis(summed.basis),
            SelectScope(summed.scope),
        ):
            upcoming.desk.send(command)

    def _hand_over(self, upcoming: LiveDay) -> None:
        gone, self._shown = self._shown, upcoming
        self._next, self._takes = None, False
        self._note, self._marked, self._ahead = "", None, self._generation + 1
        self._begin(self._part(gone), self._partings)

    async def _part(self, gone: LiveDay) -> None:
        """Stop a day's desk, and give back what it held."""
        try:
            await gone.desk.stop()
        finally:
            del gone
            self._let_go()

    def _say(self, sentence: str) -> None:
        """Have every view from now on carry this sentence."""
        if sentence != self._note:
            self._note = sentence
            self._ahead += 1
            self._marked = None


def _name(day: LiveDay) -> str:
    return f"{day.day:%A}'s day"


def _has_begun(desk: MonitorLike) -> bool:
    return desk.view is not None or desk.failure is not None


async def _apart(work: Callable[[], T]) -> T:
    """Do something in a thread that nobody waits for when the screen is left meanwhile."""
    done: Future[T] = Future()
    done.set_running_or_notify_cancel()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, name="next day", daemon=True).start()
    return await asyncio.wrap_future(done)
