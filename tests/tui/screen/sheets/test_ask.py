"""One question: judged while it is typed, taken on enter, called off by escape."""

from __future__ import annotations

from textual.app import App
from textual.widgets import Input, Static

from tests.fakes.pilot import driving
from tui.screen.sheets.ask import AskScreen, Question, Verdict


def only_digits(text: str) -> Verdict:
    return Verdict(text.isdigit(), f"{text!r} is {'a' if text.isdigit() else 'no'} number.")


def question(value: str = "") -> Question:
    return Question("how many", "12", only_digits, value)


async def test_what_is_typed_is_judged_at_once() -> None:
    app: App[None] = App()
    async with driving(app) as pilot:
        await pilot.push(AskScreen(question()))
        verdict = app.screen.query_one(Static)
        await pilot.press("1", "x")
        assert str(verdict.content) == "'1x' is no number."
        assert verdict.has_class("-refused")
        await pilot.press("backspace")
        assert str(verdict.content) == "'1' is a number."
        assert not verdict.has_class("-refused")


async def test_only_an_accepted_answer_is_taken() -> None:
    app: App[None] = App()
    answers: list[str | None] = []
    async with driving(app) as pilot:
        await pilot.push(AskScreen(question()), answers.append)
        await pilot.press("x", "enter")
        assert answers == []
        await pilot.press("backspace", "7", "enter")
        assert answers == ["7"]


async def test_escape_answers_nothing_and_the_value_before_can_be_edited() -> None:
    app: App[None] = App()
    answers: list[str | None] = []
    async with driving(app) as pilot:
        await pilot.push(AskScreen(question("12")), answers.append)
        await pilot.press("3")
        assert app.screen.query_one(Input).value == "123"
        await pilot.press("escape")
        assert answers == [None]


async def test_the_prompt_takes_three_lines_at_the_foot() -> None:
    app: App[None] = App()
    async with driving(app) as pilot:
        await pilot.push(AskScreen(question()))
        box = app.screen.query_one("Vertical").region
        assert (box.y, box.bottom, box.width) == (21, 24, 80)
