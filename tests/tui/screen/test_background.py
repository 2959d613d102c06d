"""Work beside the screen: done while the app runs, and nothing of it left behind when it ends."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App

from tests.fakes.pilot import driving
from tui.screen.background import in_background


async def test_it_is_done_beside_the_screen() -> None:
    app: App[Any] = App()
    done = asyncio.Event()

    async def work() -> None:
        done.set()

    async with driving(app):
        in_background(app.screen, work, "test")
        async with asyncio.timeout(60):
            await done.wait()


async def test_an_app_that_ends_at_once_leaves_no_coroutine_unawaited() -> None:
    app: App[Any] = App()
    begun = []

    async def work() -> None:
        begun.append(True)

    async with driving(app):
        in_background(app, work, "test")
        app.workers.cancel_all()
    assert begun == []
