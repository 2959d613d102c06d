from __future__ import annotations

from tui.screen.draw.cell_widget import text_of
from tui.screen.status.footer import HintFooter, footer_row
from tui.screen.status.note import NoteLine, note_row
from tui.settings.prefs import Prefs

HINTS = [("jk", "row"), ("⏎", "detail"), ("q", "quit")]


def test_hints_that_fit_are_shown_whole_the_first_ones_first() -> None:
    assert [text_of(footer_row(HINTS, "", width)).rstrip() for width in (40, 23, 18, 6)] == [
        " jk row  ⏎ detail  q quit",
        " jk row  ⏎ detail",
        " jk row  ⏎ detail",
        "",
    ]


def test_a_sentence_stands_instead_of_the_hints_and_is_cut_to_fit() -> None:
    assert text_of(footer_row(HINTS, "painting is frozen", 12)) == " painting …"


async def test_the_footer_says_a_sentence_and_comes_back(stage) -> None:
    footer = HintFooter()
    async with stage(footer, 40, 1):
        footer.set_hints(HINTS)
        footer.say("painting is frozen")
        assert "frozen" in footer.render_line(0).text
        footer.say("")
        assert "q quit" in footer.render_line(0).text


def test_a_note_says_how_many_more_there_are() -> None:
    assert (
        text_of(note_row(("Spot is from put-call parity.", "b", "c"), 60))
        == " ▸ Spot is from put-call parity.  (+2 more)"
    )
    assert len(text_of(note_row(("x" * 100, "b"), 40))) <= 40


async def test_the_note_line_is_gone_without_notes_or_when_put_away(make_view, stage) -> None:
    note = NoteLine()
    async with stage(note, 90, 1) as pilot:
        note.show(make_view(), Prefs())
        assert note.display
        await pilot.pause()
        assert "MASSIVE_API_KEY into .env." in note.render_line(0).text
        note.show(make_view(), Prefs(notes=False))
        assert not note.display
        note.show(make_view(), Prefs())
        note.show(make_view(notes=()), Prefs())
        assert not note.display
