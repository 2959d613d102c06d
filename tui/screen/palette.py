"""The command palette: every key by name, and every symbol, expiration, speed, source and time to go to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.types import IgnoreReturnCallbackType

from engine.model.calendar import clock_text
from engine.model.errors import UsageError
from engine.tape.replay_clock import SPEEDS
from engine.views.commands import Command, SelectExpiry, SelectSymbol, SetSpeed, UseSource

from ..run.lazy_monitor import MonitorLike
from . import steering
from .key import Key
from .time_position import FRONT, time_position

Entry = tuple[str, str, IgnoreReturnCallbackType]


class PaletteApp(Protocol):
    """The app, as far as the palette needs it: a monitor, keys, and functions that send or run something."""

    @property
    def monitor(self) -> MonitorLike: ...

    @property
    def table(self) -> tuple[Key, ...]: ...

    def sender(self, command: Command) -> IgnoreReturnCallbackType: ...

    def runner(self, key: Key) -> IgnoreReturnCallbackType: ...


class SpymonCommands(Provider):
    """Offers what the keys do, and each symbol, expiration, speed and source by name."""

    async def discover(self) -> Hits:
        """Offer everything."""
        for name, help_text, run in self._entries():
            yield DiscoveryHit(name, run, help=help_text)

    async def search(self, query: str) -> Hits:
        """Offer what matches; a time that is typed can be gone to."""
        matcher = self.matcher(query)
        for name, help_text, run in (*self._times(query), *self._entries()):
            score = 1.0 if name.endswith(query) else matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), run, help=help_text)

    @property
    def _spymon(self) -> PaletteApp:
        return cast("PaletteApp", self.app)

    def _entries(self) -> Iterator[Entry]:
        yield from self._of_keys()
        yield from self._of_view()
        for name, label in self._spymon.monitor.sources:
            yield f"source {label}", "watch this source", self._spymon.sender(UseSource(name))

    def _of_keys(self) -> Iterator[Entry]:
        for key in sorted(
            self._spymon.table, key=lambda key: key.group == "move"
        ):  # those are shorter by hand
            if key.id == "app.palette" or key.by_digit:
                continue  # it is open, or offered by name below
            yield key.help, f"key {key.label}", self._spymon.runner(key)

    def _of_view(self) -> Iterator[Entry]:
        view = self._spymon.monitor.view
        if view is None:
            return
        for symbol in view.symbols:
            yield f"symbol {symbol}", "show this symbol", self._spymon.sender(SelectSymbol(symbol))
        for expiry in view.expiries:
            yield f"expiration {expiry}", "show this expiration", self._spymon.sender(SelectExpiry(expiry))
        for speed in SPEEDS if time_position(view) != FRONT else ():
            send = self._spymon.sender(SetSpeed(speed))
            yield f"speed {steering.speed_text(speed)}", "play at this speed", send

    def _times(self, query: str) -> Iterator[Entry]:
        view = self._spymon.monitor.view
        if view is None:
            return
        try:
            seek = steering.goto(query, view)
        except UsageError:
            return  # what is typed is a name, not a time
        yield f"go to {clock_text(seek.ts_ns)} — {query}", "exchange time", self._spymon.sender(seek)
