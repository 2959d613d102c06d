"""A line of pieces that fits any width: what matters least is shortened or dropped first.

Owns the choice of forms. It refuses to know what the pieces say.
"""

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
    shown = {index: list(piece.forms) for index, piece in enumerate(pieces) if length(piece.forms[0])}
    steps = sorted((-give, index) for index in shown for give in pieces[index].gives)
    for _, index in steps:
        if _total(shown, rule) <= width:
            break
        shown[index].pop(0)
        if not shown[index]:
            del shown[index]
    return _joined([forms[0] for forms in shown.values()], rule)


def _total(shown: dict[int, list[Row]], rule: Cell) -> int:
    return sum(length(forms[0]) for forms in shown.values()) + len(rule[0]) * (len(shown) - 1)


def _joined(rows: Sequence[Row], rule: Cell) -> list[Cell]:
    cells: list[Cell] = []
    for index, row in enumerate(rows):
        if index:
            cells.append(rule)
        cells.extend(row)
    return cells
