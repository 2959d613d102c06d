"""The keys line: the hints of what can be pressed now, or one sentence instead."""

from __future__ import annotations

from collections.abc import Sequence

from .. import format as fmt
from ..draw.cell_widget import Cell, CellWidget, Row

Hint = tuple[str, str]
"""A key as it is printed on the keyboard, and what it does in a word or two."""


class HintFooter(CellWidget):
    """As many hints as fit, the first ones first."""

    DEFAULT_CSS = """
    HintFooter { height: 1; dock: bottom; }
    """

    GROUND = "bar"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._hints: tuple[Hint, ...] = ()
        self._sentence = ""

    def set_hints(self, hints: Sequence[Hint]) -> None:
        """Show these keys from now on."""
        self._hints = tuple(hints)
        self._draw()

    def say(self, sentence: str) -> None:
        """Show a sentence instead of the keys; an empty one brings the keys back."""
        self._sentence = sentence
        self._draw()

    def on_resize(self) -> None:
        """Fit the hints to the new width."""
        self._draw()

    def _draw(self) -> None:
        self.paint([footer_row(self._hints, self._sentence, self.size.width)])


def footer_row(hints: Sequence[Hint], sentence: str, width: int) -> Row:
    """Write the hints that fit `width` cells whole, or the sentence."""
    if sentence:
        return [(" " + fmt.clip(sentence, max(1, width - 2)), "warn", "bar")]
    cells: list[Cell] = [(" ", "text", "bar")]
    used = 1
    for key, does in hints:
        text = f" {does}  "
        if used + len(key) + len(text) - 2 > width:
            break
        cells += [(key, "key", "bar"), (text, "muted", "bar")]
        used += len(key) + len(text)
    return cells
