"""Somebody at the keys of an app who waits, after each press, until the app has nothing left to do.

Textual's own pilot takes an app for done when the process has used little time of the CPU for a fiftieth of a
second. On a busy machine that is so in the middle of its work, and on an idle one the fiftieth is waited for
in vain.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual.app import App
from textual.events import Key
from textual.keys import _character_to_key, key_to_character
from textual.pilot import Pilot
from textual.screen import Screen

from tests.fakes.loop import at_rest

PATIENCE_S = 120


class SteadyPilot(Pilot[Any]):
    """Presses keys one after the other, each when what the one before it began has ended."""

    async def press(self, *keys: str) -> None:
        """Press keys; a printable character, or Textual's name of a key."""
        for key in keys:
            name = _character_to_key(key) if len(key) == 1 else key
            character = key if len(key) == 1 else key_to_character(key)
            self.app._driver.send_message(Key(name, character))
            await self.pause()

    async def push(self, screen: Screen[Any], callback: Callable[[Any], object] | None = None) -> None:
        """Show a screen, and wait until it is laid out: before that it has no room to scroll in."""
        await self.app.push_screen(screen, callback)
        await self.pause()

    async def pause(self, delay: float | None = None) -> None:
        """Wait until nothing in this thread can go on by itself, what is to be painted painted."""
        assert delay is None, "wait for what is to happen, not for a time"
        await at_rest()
        await self.app.animator.wait_until_complete()
        while self.app.is_running:
            screen = self.app.screen
            screen._on_timer_update()
            await at_rest()
            if not screen._callbacks:
                break

    async def resize_terminal(self, width: int, height: int) -> None:
        """Change the terminal's size, and wait until the app has taken it, which it does a moment later."""
        await super().resize_terminal(width, height)
        await self.until(lambda: self.app._resize_event is None)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for what a timer or another thread does."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.01)
                await self.pause()


@asynccontextmanager
async def driving(app: App[Any], size: tuple[int, int] = (80, 24), **more: Any) -> AsyncIterator[SteadyPilot]:
    """Run an app without a terminal, as its `run_test` does, and yield who presses its keys."""
    async with app.run_test(size=size, **more):
        pilot = SteadyPilot(app)
        await pilot.pause()
        yield pilot
