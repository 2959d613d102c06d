"""A source: somewhere tapes come from, and one whose tapes are written while it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from .tape import Tape

Key = tuple[str, str]
"""A source's name and a symbol."""


class Source(Protocol):
    """Somewhere tapes come from; `symbols` are those it can open, in the order they are shown."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def symbols(self) -> tuple[str, ...]: ...

    def open(self, symbol: str) -> Tape:
        """Return the symbol's tape; NoDataError or StoreError when there is none."""
        ...


@runtime_checkable
class LiveSource(Source, Protocol):
    """A source whose tapes are written while `run` runs; `open` returns a symbol's one `LiveTape`."""

    async def run(self, notify: Callable[[], None]) -> None:
        """Write the tapes until the day is over, then close them; SpymonError when it cannot go on.

        notify : to be called, from any thread, when there is more to read or a link has changed
        """
        ...
