"""A line of pieces that fits any width: what matters least is shortened or dropped first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .cell_widget import Cell, Row


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a line.

    forms : the ways to say it, the longest first; a piece whose first form is empty takes no room
    gives : how readily it leaves each form for the next, and the last one for nothing; the highest of the
            whole line gives way first; a last form without a number stays whatever the width
    """

    forms: tuple[Row, ...]
    gives: tuple[int, ...] = ()


def length(row: Row) -> int:
    """Count the cells of a row."""
    return sum(len(text) for text, _, _ in row)


def fit(pieces: Sequence[Piece], width: int, rule: Cell) -> list[Cell]:
    """Join the pieces with `rule` between them, giving way step by step until the line fits `width` cells."""
    left = {index: list(piece.forms) for index, piece in enumerate(pieces) if length(piece.forms[0])}
    steps = sorted((-give, index) for index in left for give in pieces[index].gives)
    for _, index in steps:
        cells = sum(length(forms[0]) for forms in left.values())
        if cells + len(rule[0]) * (len(left) - 1) <= width:
            break
        left[index].pop(0)
        if not left[index]:
            del left[index]
    line: list[Cell] = []
    for nth, forms in enumerate(left.values()):
        line += [*([rule] if nth else []), *forms[0]]
    return line
