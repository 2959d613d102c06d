"""A line through cells, drawn with corners.

Owns the glyphs of a line that goes from the left to the right, one level per column.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.views.view import Ints

GLYPHS = " ─│╭╮╯╰"
"""Glyphs by code; 0 is no line."""

_LEVEL, _STEEP, _TO_UP, _FROM_DOWN, _FROM_UP, _TO_DOWN = range(1, 7)


def path(levels: Sequence[int | None], height: int) -> Ints:
    """Return (height, len(levels)) codes of a line; levels count from the top, None leaves a gap.

    Levels outside the height are left out, but the line goes towards them.
    """
    codes = np.zeros((height, len(levels)), np.int64)
    before: int | None = None
    for column, level in enumerate(levels):
        if level is not None:
            _draw(codes[:, column], level if before is None else before, level)
        before = level
    return codes


def _draw(column: Ints, before: int, level: int) -> None:
    if before == level:
        _set(column, level, _LEVEL)
        return
    up = level < before
    low, high = sorted((before, level))
    column[max(0, low + 1) : max(0, high)] = _STEEP
    _set(column, before, _FROM_UP if up else _FROM_DOWN)
    _set(column, level, _TO_UP if up else _TO_DOWN)


def _set(column: Ints, level: int, code: int) -> None:
    if 0 <= level < len(column):
        column[level] = code
