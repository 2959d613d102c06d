"""Lines drawn with braille dots: two by four to a cell.

Owns the step from heights of dots to cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.views.view import Ints

ACROSS, DOWN = 2, 4
"""Dots of a cell."""

_WEIGHTS = np.array([[1, 8], [2, 16], [4, 32], [64, 128]])
_BLANK = 0x2800


@dataclass(frozen=True, slots=True)
class Stroke:
    """How a line is drawn: `on` columns of dots drawn, then `off` left out."""

    on: int = 1
    off: int = 0


def dots(heights: Sequence[int | None], rows: int, stroke: Stroke) -> NDArray[np.bool_]:
    """Return (rows, len(heights)) dots of a line; heights count from the top, None leaves a gap."""
    drawn = np.zeros((rows, len(heights)), np.bool_)
    before: int | None = None
    for column, height in enumerate(heights):
        if height is not None and column % (stroke.on + stroke.off) < stroke.on:
            start = height if before is None else before
            # The half next to the column before belongs to it: a step is one dot wide.
            low, high = (start + 1, height) if start < height else (height, max(height, start - 1))
            drawn[max(0, low) : high + 1, column] = True
        before = height
    return drawn


def cells(drawn: NDArray[np.bool_]) -> Ints:
    """Return (rows / 4, columns / 2) braille patterns, 0 to 255."""
    rows, columns = drawn.shape[0] // DOWN, drawn.shape[1] // ACROSS
    blocks = drawn.reshape(rows, DOWN, columns, ACROSS) * _WEIGHTS[None, :, None, :]
    patterns: Ints = blocks.sum(axis=(1, 3)).astype(np.int64)
    return patterns


def glyph(pattern: int) -> str:
    """Return the character of a pattern, a blank for none."""
    return chr(_BLANK + pattern) if pattern else " "
