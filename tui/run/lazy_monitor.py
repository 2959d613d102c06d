"""What the screen needs of the engine: something to look at, and somewhere to send commands.

Owns the `MonitorLike` protocol, which `engine.session.monitor.Monitor` satisfies, and `LazyMonitor`, which
lets the screen be painted before the engine is even imported.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

from engine.model.errors import CredentialError
from engine.views.commands import Command
from engine.views.queries import Query
from engine.views.view import Detail, View

T = TypeVar("T")


class MonitorLike(Protocol):
    """One day of several symbols that is being watched.

    view    : the newest view, None until there is one; cheap to read
    sources : (name, label) of everything `UseSource` can switch to
    failure : one sentence when it cannot go on, else None
    refusal : why what is shown has ended, when its key was refused, else None
    """

    @property
    def view(self) -> View | None: ...

    @property
    def sources(self) -> tuple[tuple[str, str], ...]: ...

    @property
    def failure(self) -> str | None: ...

    @property
    def refusal(self) -> CredentialError | None: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def send(self, command: Command) -> None: ...

    async def detail(self, cid: int) -> Detail: ...

    async def ask(self, query: Query[T]) -> T: ...


class LazyMonitor:
    """A monitor that is made in a thread when it is started; until then it has nothing to show.

    make : builds the real monitor; may import and read whatever it likes
    """

    def __init__(self, make: Callable[[], MonitorLike]) -> None:
        self._make = make
        self._monitor: MonitorLike | None = None
        self._early: list[Command] = []

    @property
    def view(self) -> View | None:
        """The newest view of the real monitor."""
        return self._monitor.view if self._monitor else None

    @property
    def sources(self) -> tuple[tuple[str, str], ...]:
        """The real monitor's sources."""
        return self._monitor.sources if self._monitor else ()

    @property
    def failure(self) -> str | None:
        """What stopped the real monitor, if anything did."""
        return self._monitor.failure if self._monitor else None

    @property
    def refusal(self) -> CredentialError | None:
        """Why what the real monitor shows has ended, if its key was refused."""
        return self._monitor.refusal if self._monitor else None

    async def start(self) -> None:
        """Make the monitor off the event loop, start it, and hand it what was asked meanwhile."""
        monitor = await asyncio.to_thread(self._make)
        await monitor.start()
        self._monitor = monitor
        for command in self._early:
            monitor.send(command)
        self._early.clear()

    async def stop(self) -> None:
        """Stop the real monitor, if it was ever made."""
        if self._monitor:
            await self._monitor.stop()

    def send(self, command: Command) -> None:
        """Pass a command on; before the monitor exists it is kept."""
        if self._monitor:
            self._monitor.send(command)
        else:
            self._early.append(command)

    async def detail(self, cid: int) -> Detail:
        """Ask the real monitor, which must have shown a view before anyone can know `cid`."""
        assert self._monitor is not None, "a contract id comes from a view"
        return await self._monitor.detail(cid)

    async def ask(self, query: Query[T]) -> T:
        """Ask the real monitor, which must have shown a view before anything can be asked about it."""
        assert self._monitor is not None, "a question is about a view"
        return await self._monitor.ask(query)
