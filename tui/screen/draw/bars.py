"""Bars exact to an eighth of a cell, on both sides of an axis, and the scale they are drawn to.

Owns glyphs and rounding. It knows no colours beyond the ink it is handed, and no units.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from math import floor, isfinite, log10, nan

from .cell_widget import Cell

EIGHTHS = " ▏▎▍▌▋▊▉█"
"""Left-aligned blocks of 0 to 8 eighths of a cell."""

SPARKS = "▁▂▃▄▅▆▇█"
"""Bottom-aligned blocks of 1 to 8 eighths of a line."""

_STEPS = (1.0, 2.0, 5.0, 10.0)


def grown(scale: float, peak: float) -> float:
    """Return a scale that shows `peak`: the old one if it does, else the next of 1, 2, 5, 10, …"""
    if not isfinite(peak) or peak <= scale:
        return scale
    decade = 10.0 ** floor(log10(peak))
    return next((step * decade for step in _STEPS if peak <= step * decade * (1 + 1e-12)), 10.0 * decade)


def eighths(value: float, scale: float, cells: int) -> int:
    """Measure a value in eighths of a cell, its sign kept, at most `cells` whole ones; 0 for nan."""
    if not isfinite(value) or scale <= 0:
        return 0
    length = min(8 * cells, floor(abs(value) / scale * 8 * cells + 0.5))
    return length if value >= 0 else -length


def right_bar(length: int, cells: int, ink: str, ground: str) -> list[Cell]:
    """Draw a bar of `length` eighths that grows to the right from the first cell."""
    whole, rest = divmod(min(length, 8 * cells), 8)
    text = "█" * whole + (EIGHTHS[rest] if rest else "")
    return [(text.ljust(cells), ink, ground)]


def left_bar(length: int, cells: int, ink: str, ground: str) -> list[Cell]:
    """Draw a bar of `length` eighths that grows to the left from the last cell.

    No right-aligned blocks exist: the broken cell is the left block of the *missing* part in reverse video.
    """
    whole, rest = divmod(min(length, 8 * cells), 8)
    blank = cells - whole - (1 if rest else 0)
    parts = [
        (" " * blank, ink, ground),
        (EIGHTHS[8 - rest] if rest else "", "~" + ink, ground),
        ("█" * whole, ink, ground),
    ]
    return [part for part in parts if part[0]]


def packed(values: list[float], cells: int, join: Callable[[list[float]], float]) -> list[float]:
    """Join neighbouring values so that all fit `cells`."""
    count = min(cells, len(values))
    edges = [index * len(values) // count for index in range(count + 1)]
    return [join(values[start:stop]) for start, stop in pairwise(edges)]


def last_known(values: list[float]) -> float:
    """Return the last known value of a group, nan when none is."""
    return next((value for value in reversed(values) if isfinite(value)), nan)


def spark(values: list[float], cells: int) -> str:
    """Draw the last `cells` values between their least and greatest; a blank where a value is nan."""
    latest = values[-cells:]
    known = [value for value in latest if isfinite(value)]
    if not known:
        return "".rjust(cells)
    low, high = min(known), max(known)
    step = (high - low) / (len(SPARKS) - 1)
    text = "".join(_spark(value, low, step) for value in latest)
    return text.rjust(cells)


def _spark(value: float, low: float, step: float) -> str:
    if not isfinite(value):
        return " "
    return SPARKS[round((value - low) / step) if step > 0 else 0]
