"""The help screen says every key and every sign."""

from __future__ import annotations

from textual.app import App
from textual.containers import VerticalScroll

from tests.fakes.pilot import driving
from tui.screen.keys import GROUPS, TABLE, with_keymap
from tui.screen.sheets.help import SIGNS, HelpScreen, help_text


def test_every_row_and_every_sign_stands_in_the_help() -> None:
    lines = help_text(TABLE).plain.splitlines()
    for key in TABLE:
        assert any(key.label in line and line.endswith(key.help) for line in lines), key.id
    for sign, meaning in SIGNS:
        assert any(sign in line and line.endswith(meaning) for line in lines)
    assert [line for line in lines if line and not line.startswith(" ")] == [*GROUPS, "signs"]


def test_texts_begin_in_one_column_and_fit_eighty_cells() -> None:
    rows = [line for line in help_text(TABLE).plain.splitlines() if line.startswith(" ")]
    assert {len(line) - len(line[16:].lstrip()) for line in rows} == {16}
    assert max(len(line) for line in rows) <= 76


def test_a_keymap_shows_in_the_help() -> None:
    text = help_text(with_keymap({"play.pause": "x"})).plain
    assert any(line.split() == ["x", "pause", "or", "play", "on"] for line in text.splitlines())


async def test_the_page_scrolls_by_lines_and_any_closing_key_closes_it() -> None:
    app: App[None] = App()
    async with driving(app) as pilot:
        for closing in ("escape", "q", "question_mark", "enter"):
            await pilot.push(HelpScreen(TABLE))
            page = app.screen.query_one(VerticalScroll)
            await pilot.press("j", "j", "down", "k")
            assert page.scroll_y == 2
            await pilot.press("ctrl+d")
            assert page.scroll_y == 2 + page.size.height // 2
            await pilot.press("G")
            assert page.scroll_y == page.max_scroll_y
            await pilot.press("g")
            assert page.scroll_y == 0
            await pilot.press(closing)
            assert not isinstance(app.screen, HelpScreen)
