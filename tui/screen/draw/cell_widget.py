"""The ground every hot widget stands on: rows of cells in, changed lines out.

Owns the comparison with what was painted before, and the step from meaning (ink, ground) to segments.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from ..theme import Palette, palette

Cell = tuple[str, str, str]
"""Text, ink, ground; see `tui.screen.theme`. It never wraps and holds only narrow characters."""

Row = Sequence[Cell]


def text_of(row: Row) -> str:
    """Return what a row says, without its colours."""
    return "".join(text for text, _, _ in row)


def fitted(row: Row, width: int, ground: str) -> list[Cell]:
    """Cut a row to `width` cells, or fill it up with `ground`."""
    cells: list[Cell] = []
    left = width
    for text, ink, own in row:
        if left <= 0:
            break
        cells.append((text[:left], ink, own))
        left -= len(text)
    if left > 0:
        cells.append((" " * left, "text", ground))
    return cells


def centred(text: str, width: int, ground: str = "base") -> list[Cell]:
    """Put a sentence into the middle of a line, cut where it is longer than the line."""
    return [(text[:width].center(width), "muted", ground)]


def strip_of(row: Row, colours: Palette) -> Strip:
    """Turn a row into segments, neighbours that look alike joined.

    Blanks need no ink: on an unbroken ground they join whatever stands before them, which saves the
    terminal a tenth of its bytes.
    """
    segments: list[Segment] = []
    joined, last, under = "", None, ""
    length = 0
    for text, ink, ground in row:
        style = colours.style(ink, ground)
        length += len(text)
        if style is last or (ground == under and text.isspace() and _inkless(style, last)):
            joined += text
            continue
        if joined:
            segments.append(Segment(joined, last))
        joined, last, under = text, style, ground
    segments.append(Segment(joined, last))
    return Strip(segments, length)


def _inkless(*styles: Style | None) -> bool:
    """Whether blanks look the same in all of these styles, their ground being one."""
    return not any(style is None or style.reverse or style.underline or style.strike for style in styles)


class CellWidget(Widget):
    """A widget of fixed lines that repaints only lines whose cells changed."""

    ALLOW_SELECT = False

    DEFAULT_CSS = """
    CellWidget { background: $background; }
    """

    GROUND = "base"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._rows: list[Row] = []
        self._colours: Palette | None = None

    @property
    def colours(self) -> Palette:
        """Return the palette of the app's theme, derived once per theme."""
        if self._colours is None:
            self._colours = palette(self.app.current_theme)
        return self._colours

    def notify_style_update(self) -> None:
        """Forget the palette when the theme may have changed."""
        self._colours = None
        super().notify_style_update()

    def paint(self, rows: Iterable[Row]) -> int:
        """Show these rows from the top, and return how many lines had to be repainted."""
        fresh = list(rows)
        height = max(len(fresh), len(self._rows))
        changed = [y for y in range(height) if fresh[y : y + 1] != self._rows[y : y + 1]]
        self._rows = fresh
        self.repaint(changed)
        return len(changed)

    def repaint(self, lines: Sequence[int]) -> None:
        """Ask for these lines, counted from the top, to be painted again."""
        if lines:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in lines))

    def row(self, y: int) -> Row:
        """Return the cells of line `y`; empty below the last."""
        return self._rows[y] if y < len(self._rows) else ()

    def render_line(self, y: int) -> Strip:
        """Paint line `y`."""
        return strip_of(fitted(self.row(y), self.size.width, self.GROUND), self.colours)
