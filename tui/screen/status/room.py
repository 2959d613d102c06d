"""How much room a terminal has."""

from __future__ import annotations

from textual.geometry import Size

SMALLEST = (40, 8)
"""Columns and lines below which only a sentence is shown, that it is too small."""

WIDTHS = [
    (0, "-slit"),
    (SMALLEST[0], "-narrow"),
    (80, "-normal"),
    (160, "-wide"),
    (200, "-huge"),
    (214, "-giant"),
]
HEIGHTS = [(0, "-sliver"), (SMALLEST[1], "-flat"), (20, "-low"), (30, "-tall"), (48, "-towering")]
"""Classes of the main screen by columns and by lines; the style sheet lays it out by them."""


def is_tiny(size: Size) -> bool:
    """Say whether there is room for nothing but the sentence that it is too small."""
    return size.width < SMALLEST[0] or size.height < SMALLEST[1]


def is_cramped(size: Size) -> bool:
    """Say whether there is no room for a note and hints beside the grid."""
    return size.width < 80 or size.height < 20
