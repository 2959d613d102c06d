from __future__ import annotations

import asyncio
import threading

from textual.app import App

from tests.fakes.pilot import driving


class Slow(App[None]):
    """Each x begins work of many steps; each y has a thread do it, which ends when it is let."""

    BINDINGS = [("x", "work", ""), ("y", "hand_over", "")]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []
        self.let = threading.Event()

    def action_work(self) -> None:
        self.run_worker(self._work())

    def action_hand_over(self) -> None:
        self.run_worker(self._hand_over())

    async def _work(self) -> None:
        for _ in range(1_000):
            await asyncio.sleep(0)
        self.call_after_refresh(self.done.append, "x")

    async def _hand_over(self) -> None:
        await asyncio.to_thread(self.let.wait)
        self.done.append("y")


async def test_a_press_ends_when_everything_that_it_began_has_ended() -> None:
    app = Slow()
    async with driving(app) as pilot:
        await pilot.press("x", "x")
        assert app.done == ["x", "x"]


async def test_what_a_thread_does_is_waited_for_by_its_effect() -> None:
    app = Slow()
    async with driving(app) as pilot:
        await pilot.press("y")
        assert app.done == []
        app.let.set()
        await pilot.until(lambda: app.done == ["y"])


async def test_a_size_is_taken_when_the_wait_for_it_ends() -> None:
    app = Slow()
    async with driving(app) as pilot:
        await pilot.resize_terminal(33, 7)
        assert app.screen.size == (33, 7)
