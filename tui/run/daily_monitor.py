"""The monitor of a screen that is left open: one live day, and when that is over the next.

Owns when the next session's day is opened, whether it takes the screen or is offered, and that what is left
of the day before is stopped and given back. The clock and the pauses are arguments.
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

from engine.model.calendar import session
from engine.model.errors import CredentialError, NoDataError, SpymonError
from engine.model.next_session import next_ready_ns, wait_until
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

RETRY_S = 5.0
"""Between two attempts to open a day, and two looks whether its recording is closed."""

NEXT = "next day"
"""The name by which a day that is offered can be switched to."""


@dataclass(frozen=True, slots=True)
class LiveDay:
    """A live day, opened for a screen.

    monitor : what watches it; it starts once
    day     : the session's; None for a simulated one, which no other follows
    source  : what its live source is called
    symbols : those of that source
    writes  : whether this process still records it; None where another one does
    """

    monitor: MonitorLike
    day: date | None
    source: str
    symbols: tuple[str, ...]
    writes: Callable[[], bool] | None


class DailyMonitor:
    """Watches a live day and goes on, session after session, until it is stopped.

    make    : gives the day that is on or comes next, not yet started; called in a thread of its own
    compact : what is done once a day that this process recorded is over; runs beside the screen
    now     : ns UTC
    pause   : waits so many seconds
    let_go  : called once a day that has left the screen is stopped
    """

    def __init__(
        self,
        first: LiveDay,
        make: Callable[[], LiveDay],
        compact: Callable[[], Coroutine[Any, Any, None]],
        now: Callable[[], int] = time.time_ns,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        let_go: Callable[[], None] = process.let_go,
    ) -> None:
        self._make, self._compact, self._let_go = make, compact, let_go
        self._now, self._pause = now, pause
        self._shown = first
        self._next: LiveDay | None = None
        self._takes = False  # whether the next day is to be shown as soon as it has a picture
        self._note = ""
        self._last: tuple[View, View] | None = None  # a view of the day that is shown, and what becomes of it
        self._generation = 0  # of the last view
        self._ahead = 0  # by how much those of the day that is shown are behind
        self._broken: str | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._departures: set[asyncio.Task[None]] = set()

    # --- life -------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start the first day's monitor, and begin to wait for the next day."""
        await self._shown.monitor.start()
        self._begin(self._go_on(self._shown), self._tasks)

    async def stop(self) -> None:
        """Stop every monitor that was started and what is done beside; raises what one of these raised."""
        for task in self._tasks:
            task.cancel()
        stops = [each.monitor.stop() for each in (self._shown, self._next) if each is not None]
        ended = await asyncio.gather(*self._tasks, *self._departures, *stops, return_exceptions=True)
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
        upcoming = self._next
        if upcoming is not None and self._takes and (upcoming.monitor.view or upcoming.monitor.failure):
            self._hand_over(upcoming)
        view = self._shown.monitor.view
        if view is None:
            return None
        if self._last is None or self._last[0] is not view:
            notes = (*view.notes, self._note) if self._note else view.notes
            self._generation = view.generation + self._ahead
            self._last = view, replace(view, generation=self._generation, notes=notes)
        return self._last[1]

    @property
    def sources(self) -> tuple[tuple[str, str], ...]:
        """The sources of the day that is shown, and the day that is offered."""
        if self._next is None:
            return self._shown.monitor.sources
        (_, label), *_ = self._next.monitor.sources
        return (*self._shown.monitor.sources, (NEXT, f"{_name(self._next)}, {label}"))

    @property
    def failure(self) -> str | None:
        """Why the day that is shown cannot go on, or what failed beside it."""
        return self._shown.monitor.failure or self._broken

    @property
    def refusal(self) -> CredentialError | None:
        """Why what is shown has ended, if its key was refused."""
        return self._shown.monitor.refusal

    def send(self, command: Command) -> None:
        """Pass a command on, or show the day that is offered."""
        if self._next is not None and command in (GoLive(), UseSource(NEXT)):
            self._choose_alike(self._next)
            self._takes = True
        else:
            self._shown.monitor.send(command)

    async def detail(self, cid: int) -> Detail:
        """Ask the day that is shown."""
        return await self._shown.monitor.detail(cid)

    async def ask(self, query: Query[T]) -> T:
        """Ask the day that is shown."""
        return await self._shown.monitor.ask(query)

    # --- from one day to the next -----------------------------------------------------------------

    async def _go_on(self, latest: LiveDay) -> None:
        while latest.day is not None:
            await wait_until(session(latest.day).late_close_ns, self._now, self._pause)
            await self._see_recorded(latest)
            try:
                due_ns = next_ready_ns(latest.day)
            except NoDataError as error:
                self._say(str(error))
                return
            await wait_until(due_ns, self._now, self._pause)
            latest = await self._open_after(latest.day)
            self._offer(latest)

    async def _see_recorded(self, day: LiveDay) -> None:
        """Wait until what this process records of a day is closed, and have it compacted."""
        if day.writes is None:
            return
        while day.writes():
            await self._pause(RETRY_S)
        self._begin(self._compact(), self._tasks)

    async def _open_after(self, day: date) -> LiveDay:
        """Open and start a later day; as long as there is none, say why and try again.

        Not of the first time: a recorder begins its day at this very moment.
        """
        why = ""
        while True:
            self._say(why and f"{why} It is tried again.")
            try:
                found = await _in_own_thread(self._make)
                if found.day is not None and found.day > day:
                    await found.monitor.start()
                    self._say("")
                    return found
                await found.monitor.stop()
                why = f"The recorder has not begun the day after {day} yet."
            except (SpymonError, OSError) as error:
                why = str(error)
            await self._pause(RETRY_S)

    def _offer(self, upcoming: LiveDay) -> None:
        """Show the next day if the screen stands where the last one ended; else say that it is there."""
        if self._next is not None:
            self._begin(self._leave(self._next), self._departures)
        self._next, self._takes = upcoming, self._is_at_end
        if self._takes:
            self._choose_alike(upcoming)
        else:
            self._say(f"{_name(upcoming)} is on: L shows it.")

    @property
    def _is_at_end(self) -> bool:
        """Whether nothing else is looked at than the end of the live day, or nothing at all."""
        view = self._shown.monitor.view
        if view is None:
            return True
        at_front = view.live_ns is not None and not view.rewound
        return view.source == self._shown.source and not view.paused and (view.finished or at_front)

    def _choose_alike(self, upcoming: LiveDay) -> None:
        """Have the next day show the same symbol, summed in the same way."""
        view = self._shown.monitor.view
        if view is None:
            return
        if view.symbol in upcoming.symbols:
            upcoming.monitor.send(SelectSymbol(view.symbol))
        summed = view.gamma
        for command in (
            SelectConvention(summed.convention),
            SelectBasis(summed.basis),
            SelectScope(summed.scope),
        ):
            upcoming.monitor.send(command)

    def _hand_over(self, upcoming: LiveDay) -> None:
        gone, self._shown = self._shown, upcoming
        self._next, self._takes = None, False
        self._note, self._last, self._ahead = "", None, self._generation + 1
        self._begin(self._leave(gone), self._departures)

    async def _leave(self, gone: LiveDay) -> None:
        """Stop a day's monitor, and give back what it held."""
        try:
            await gone.monitor.stop()
        finally:
            del gone
            self._let_go()

    def _say(self, sentence: str) -> None:
        """Have every view from now on carry this sentence."""
        if sentence != self._note:
            self._note = sentence
            self._ahead += 1
            self._last = None


def _name(day: LiveDay) -> str:
    return f"{day.day:%A}'s day"


async def _in_own_thread(work: Callable[[], T]) -> T:
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
