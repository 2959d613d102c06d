"""A list to choose one thing from."""

from __future__ import annotations

from textual.app import App
from textual.widgets import OptionList

from tests.fakes.pilot import driving
from tui.screen.sheets.pick import PickScreen

CHOICES = (("a", "the first"), ("b", "the second"), ("c", "the third [x]"))


async def picked(*keys: str) -> list[str | None]:
    app: App[None] = App()
    answers: list[str | None] = []
    async with driving(app) as pilot:
        await pilot.push(PickScreen("which", CHOICES, "b"), answers.append)
        await pilot.press(*keys)
    return answers


async def test_the_current_choice_is_marked_and_where_one_starts() -> None:
    app: App[None] = App()
    async with driving(app) as pilot:
        await pilot.push(PickScreen("which", CHOICES, "b"))
        options = app.screen.query_one(OptionList)
        assert options.highlighted == 1
        prompts = [str(options.get_option_at_index(i).prompt) for i in range(3)]
        assert prompts == ["  the first", "● the second", "  the third [x]"]


async def test_j_and_k_move_and_enter_takes() -> None:
    assert await picked("j", "enter") == ["c"]
    assert await picked("k", "enter") == ["a"]


async def test_escape_takes_nothing() -> None:
    assert await picked("j", "escape") == [None]


async def test_without_a_current_choice_one_starts_at_the_first() -> None:
    app: App[None] = App()
    async with driving(app) as pilot:
        await pilot.push(PickScreen("which", CHOICES, ""))
        assert app.screen.query_one(OptionList).highlighted == 0
