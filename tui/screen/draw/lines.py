"""Lines that several sheets share: a ruled name, words, labelled numbers, a share."""

from __future__ import annotations

from .. import format as fmt
from .cell_widget import Row, fitted

GROUND = "itm"


def rule(name: str, width: int) -> Row:
    """Write a name on a ruled line."""
    return fitted([(f"─ {name} ", "muted", GROUND), ("─" * width, "faint", GROUND)], width, GROUND)


def words(text: str, width: int, ink: str = "muted") -> Row:
    """Write one line of text, cut where it does not fit."""
    return fitted([(f" {fmt.clip(text, width - 1)}", ink, GROUND)], width, GROUND)


def wrapped(text: str, width: int, ink: str = "muted") -> list[Row]:
    """Write text on as many lines as it takes."""
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > width - 2:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [words(each, width, ink) for each in [*lines, line]]


def share(value: float | None) -> str:
    """Write a share in four cells."""
    return f"{fmt.NONE if value is None else f'{value:.0%}':>4}"
