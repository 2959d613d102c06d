"""The monitor: the asyncio owner of a player.

Owns the frame clock, the queue of commands and the one worker thread that folds and projects; the event loop
never runs a batch. What a command means is the player's business.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from math import inf
from typing import TypeVar

from ..model.errors import CredentialError, SpymonError
from ..model.events import NS
from ..tape.source import LiveSource, Source
from ..views.commands import Command
from ..views.queries import Query
from ..views.view import Counts, Detail, FiredSignal, View
from .handlers import Handlers, Quote, Trade
from .player import Player, TickResult
from .source_thread import SourceThread
from .symbol_day import PlayerParams

T = TypeVar("T")

REST_S = 1.0
"""How long a turn may wait when nothing changes by itself: the pace and the ages of a view go on."""


class Monitor:
    """Watches one symbol of its sources; open it with `async with`, then pull `view` or iterate `views()`.

    The sources that are live run beside it until they end or it is stopped. One that gives up is told in the
    views' notes, and the rest goes on.

    speed : tape seconds per wall second, inf for as fast as the machine folds
    fps   : views per second
    wall  : a monotonic clock in ns
    """

    def __init__(
        self,
        sources: Sequence[Source],
        params: PlayerParams | None = None,
        *,
        speed: float = 1.0,
        fps: float = 10.0,
        symbol: str | None = None,
        wall: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._given = tuple(sources)
        self._params = params or PlayerParams(frame_ns=int(NS / fps))
        self._speed = speed
        self._frame_s = 1.0 / fps
        self._symbol = symbol
        self._wall = wall
        self._commands: deque[Command] = deque()
        self._wake = asyncio.Event()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="fold")
        self._task: asyncio.Task[None] | None = None
        self._feeds: list[asyncio.Task[None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._has_news = False
        self._shows_at = -inf  # the loop's time from which a player that is busy shows another view
        self._at_rest = False
        self._player: Player | None = None
        self._view: View | None = None
        self._changed = asyncio.Condition()
        self._failure: str | None = None
        self._refusal: CredentialError | None = None
        self._running = False
        self._stopped = False
        self._handlers = Handlers()

    # --- life -------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the first tape and begin to play; SpymonError when it cannot be opened."""
        if self._player is not None or self._stopped:
            raise SpymonError("A monitor starts once; make another one to play again.")
        try:
            self._player = await self._in_worker(self._make_player)
        except BaseException:
            self._stopped = True
            self._worker.shutdown(wait=False)
            raise
        if self._stopped:  # while the tape was being opened
            return
        self._running = True
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._run(self._player), name="monitor")
        self._feeds = [
            asyncio.create_task(self._feed(source, self._player), name=f"feed {source.name}")
            for source in self._given
            if isinstance(source, LiveSource)
        ]
        await asyncio.sleep(0)  # a source that has begun is ended, and closes what it has opened

    async def stop(self) -> None:
        """Stop playing and the live sources; the last view stays. Safe to call twice.

        What a handler raised, which ended the playing, is raised here, and what was wrong inside a source.
        """
        if self._stopped:
            return
        self._stopped = True
        try:
            # The worker has one thread: once it gets to this, whatever it was doing is done.
            await self._end_task()
            await asyncio.wrap_future(self._worker.submit(int))
        finally:
            self._worker.shutdown(wait=False, cancel_futures=True)

    async def _end_task(self) -> None:
        if self._task is None:
            return
        tasks = (self._task, *self._feeds)
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        self._running = False  # a task that never got to run has not said so
        await self._notify()
        for raised in ended:
            if isinstance(raised, Exception):
                raise raised

    async def __aenter__(self) -> Monitor:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # --- what is seen and said --------------------------------------------------------------------

    @property
    def view(self) -> View | None:
        """The newest view; None before the first."""
        return self._view

    @property
    def failure(self) -> str | None:
        """Why the monitor stopped by itself, in one sentence; None while it runs."""
        return self._failure

    @property
    def refusal(self) -> CredentialError | None:
        """Why the live source that was shown has ended, if its key is missing or was refused."""
        return self._refusal

    @property
    def sources(self) -> tuple[tuple[str, str], ...]:
        """(name, label) of everything `UseSource` can switch to, of a live one with how its feed is."""
        links = self._player.links() if self._player else {}

        def label(source: Source) -> str:
            link = links.get(source.name)
            return f"{source.label} — {link.badge}, {link.state}" if link else source.label

        return tuple((source.name, label(source)) for source in self._given)

    async def views(self) -> AsyncIterator[View]:
        """Yield each new view; ends when the tape has ended or the monitor is stopped."""
        seen: View | None = None
        while True:
            async with self._changed:
                while self._view is seen and self._running:
                    await self._changed.wait()
            if self._view is None or self._view is seen:
                return
            seen = self._view
            yield seen
            if seen.finished:
                return

    def send(self, command: Command) -> None:
        """Queue a command; it takes effect with the next view."""
        self._commands.append(command)
        self._wake.set()

    def on_trade(self, handler: Callable[[Trade], None]) -> None:
        """Call `handler` on the event loop with every trade that is played."""
        self._handlers.trade.append(handler)

    def on_quote(self, handler: Callable[[Quote], None]) -> None:
        """Call `handler` on the event loop with every quote that is played."""
        self._handlers.quote.append(handler)

    def on_signal(self, handler: Callable[[FiredSignal], None]) -> None:
        """Call `handler` on the event loop with every signal that fires."""
        self._handlers.signal.append(handler)

    async def stats(self) -> Counts:
        """Return what has been folded of the shown symbol."""
        return await self._ask(Player.counts)

    async def detail(self, cid: int) -> Detail:
        """Return one contract of the shown symbol in full; NoDataError for an id nobody listed."""
        return await self._ask(lambda player: player.detail(cid))

    async def ask(self, query: Query[T]) -> T:
        """Return the answer to a query of `engine.views.queries` about the shown symbol, at its playhead."""
        return await self._ask(lambda player: player.answer(query))

    async def _ask(self, question: Callable[[Player], T]) -> T:
        player = self._player
        if player is None or self._stopped:
            raise SpymonError(f"The monitor has {'been stopped' if self._stopped else 'not been started'}.")
        return await self._in_worker(lambda: question(player))

    async def _in_worker(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)

    # --- live sources -----------------------------------------------------------------------------

    async def _feed(self, source: LiveSource, player: Player) -> None:
        """Run a live source; say in a sentence why it ended, if it did not end well."""
        feed = SourceThread(source, self._report_news)
        done = asyncio.wrap_future(feed.done)
        try:
            try:
                await asyncio.shield(done)
            except asyncio.CancelledError:
                feed.end()
                await done
                raise
        except CredentialError as error:
            if await self._lose(player, source, str(error)):
                self._refusal = error
        except SpymonError as error:
            await self._lose(player, source, str(error))
        except Exception as error:
            await self._lose(player, source, f"{source.label} stopped: {type(error).__name__}: {error}")
            raise

    async def _lose(self, player: Player, source: LiveSource, why: str) -> bool:
        """Note why a source has ended; return whether it is the one that is shown."""
        shown = await self._in_worker(lambda: player.lose(source.name, why))
        self._note_news()
        return shown

    def _report_news(self) -> None:
        """Say from any thread that a live tape has more, or another link."""
        assert self._loop is not None, "sources run after the start"
        self._loop.call_soon_threadsafe(self._note_news)

    def _note_news(self) -> None:
        self._has_news = True
        if self._at_rest:
            self._wake.set()

    # --- the loop ---------------------------------------------------------------------------------

    def _make_player(self) -> Player:
        return Player(self._given, self._params, self._speed, self._wall(), self._symbol)

    async def _run(self, player: Player) -> None:
        try:
            while True:
                now = asyncio.get_running_loop().time()
                due = now + self._frame_s
                self._wake.clear()
                self._has_news = False
                played, view = await self._in_worker(partial(self._turn, player, now >= self._shows_at))
                self._handlers.call(played)
                if view is not None:
                    self._shows_at = due
                    self._view = view
                    await self._notify()
                await self._fold_ahead(player, due)
                await self._rest(player, due)
        except SpymonError as error:
            self._failure = str(error)
        finally:
            self._running = False
            await self._notify()

    async def _fold_ahead(self, player: Player, due: float) -> None:
        """Fold ahead until the next frame is due, or a command comes in."""
        loop = asyncio.get_running_loop()
        while loop.time() < due and not self._wake.is_set() and not player.busy:
            if not await self._in_worker(player.scout):
                await self._sleep_until(due)
                return

    async def _rest(self, player: Player, due: float) -> None:
        """Wait beyond the frame while nothing changes by itself, until something comes in."""
        if self._wake.is_set() or self._has_news or not player.resting:
            return
        self._at_rest = True
        await self._sleep_until(due + REST_S)
        self._at_rest = False

    async def _sleep_until(self, due: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(due):
                await self._wake.wait()

    def _turn(self, player: Player, shows: bool) -> tuple[TickResult, View | None]:
        """In the worker: obey what was sent, play on, look; not while busy unless `shows`."""
        wall_ns = self._wall()
        while self._commands:
            player.obey(self._commands.popleft(), wall_ns)
        played = player.tick(wall_ns)
        return played, player.view(wall_ns) if shows or not player.busy else None

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()
