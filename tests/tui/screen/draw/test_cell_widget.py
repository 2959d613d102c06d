from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from tui.screen.draw.bars import EIGHTHS, SPARKS
from tui.screen.draw.cell_widget import CellWidget, fitted, strip_of, text_of
from tui.screen.theme import THEMES, palette


class Watched(CellWidget):
    """Remembers which lines it asked to be painted again."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[list[int]] = []

    def repaint(self, lines: Sequence[int]) -> None:
        self.asked.append(list(lines))
        super().repaint(lines)


def row(text: str, ink: str = "text") -> list[tuple[str, str, str]]:
    return [(text, ink, "base")]


async def test_only_changed_lines_are_painted_again(stage) -> None:
    widget = Watched()
    async with stage(widget, 20, 4):
        widget.paint([row("a"), row("b"), row("c")])
        widget.asked.clear()
        assert widget.paint([row("a"), row("x"), row("c")]) == 1
        assert widget.paint([row("a"), row("x"), row("c", "buy")]) == 1
        assert widget.paint([row("a"), row("x"), row("c", "buy")]) == 0
        assert widget.paint([row("a")]) == 2
        assert widget.asked == [[1], [2], [], [1, 2]]


async def test_every_line_is_filled_with_an_explicit_background(stage) -> None:
    widget = CellWidget()
    async with stage(widget, 20, 3):
        widget.paint([row("strikes")])
        strips = [widget.render_line(y) for y in range(3)]
        assert [strip.cell_length for strip in strips] == [20, 20, 20]
        assert all(segment.style.bgcolor is not None for strip in strips for segment in strip)


async def test_another_theme_paints_in_its_own_colours(stage) -> None:
    widget = CellWidget()
    async with stage(widget, 20, 3) as pilot:
        widget.paint([row("strikes")])
        dark = widget.render_line(0)
        pilot.app.theme = "spymon-light"
        await pilot.pause()
        assert widget.render_line(0) != dark


def test_a_row_is_cut_and_filled_to_the_width() -> None:
    cells = [("abc", "text", "base"), ("defg", "buy", "atm")]
    assert text_of(fitted(cells, 5, "bar")) == "abcde"
    assert fitted(cells, 9, "bar")[-1] == ("  ", "text", "bar")


def test_neighbours_of_one_style_are_joined() -> None:
    colours = palette(THEMES[0])
    strip = strip_of([("a", "text", "base"), ("b", "text", "base"), ("c", "buy", "base")], colours)
    assert [segment.text for segment in strip] == ["ab", "c"]


def test_every_sign_the_widgets_use_takes_one_cell() -> None:
    signs = EIGHTHS + SPARKS + "►◂▸⏵⏸⏹●⤬▲▼◆┊│├┤┄░─┬·—±×Γ⚠γΔΘ→›…"
    assert [sign for sign in signs if cell_len(sign) != 1] == []
