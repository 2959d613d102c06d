"""Screens over another one close once, however often they are told to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.app import App
from textual.screen import Screen

from tests.fakes.pilot import driving
from tui.screen.sheets.ask import AskScreen, Question, Verdict
from tui.screen.sheets.detail_screen import DetailScreen
from tui.screen.sheets.help import HelpScreen
from tui.screen.sheets.modal import PaletteScreen
from tui.screen.sheets.pick import PickScreen

QUESTION = Question("a time", "10:31", lambda text: Verdict(True, text))


class Opener:
    """Whoever opened the sheet."""

    def move(self, by: int) -> None: ...

    def flip(self) -> None: ...


@pytest.mark.parametrize(
    "make",
    [
        lambda: AskScreen(QUESTION),
        lambda: DetailScreen(Opener()),
        lambda: HelpScreen(()),
        lambda: PickScreen("source", [("a", "A")], "a"),
        lambda: PaletteScreen(id="--command-palette"),
    ],
    ids=["ask", "detail", "help", "pick", "palette"],
)
async def test_what_is_closed_twice_takes_nothing_else_away(make: Callable[[], Screen[object]]) -> None:
    app = App[None]()
    answers: list[object] = []
    async with driving(app) as pilot:
        below = app.screen
        over = make()
        await pilot.push(over, answers.append)
        over.dismiss(None)
        over.dismiss(None)
        await pilot.pause()
        assert app.screen is below
        assert answers == [None]
