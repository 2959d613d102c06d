"""The heat map's lines as cells: title, scale, one strike at a time, and the axis of time.

Owns glyphs, inks and grounds. A value's size is told by its ground and by how much of the cell its glyph
fills, its sign by the ground's hue and the kind of glyph: shades are positive, strokes negative.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.model.calendar import clock_text
from engine.views.queries import Heat, HeatMetric

from ...settings.prefs import Unit
from .. import format as fmt
from ..draw.cell_widget import Cell, Row, fitted
from ..draw.fitting import Piece, fit
from ..draw.path import GLYPHS
from ..grid import sheet as sh
from ..grid.ladder_rows import marks_text
from ..theme import HEAT_LEVELS
from . import heat_map_sheet as hs

POSITIVE = " ░░▒▒▓▓█"
NEGATIVE = " --==≡≡#"
"""Glyphs by level."""

METRIC_TEXT: dict[HeatMetric, str] = {"gex": "GEX", "flow": "FLOW", "charm": "CHARM"}
_UNIT_TEXT: dict[HeatMetric, str] = {"gex": "", "flow": "sh bought", "charm": "sh/min"}
_RAMPS: dict[HeatMetric, tuple[str, str]] = {
    "gex": ("pos", "neg"),
    "flow": ("bought", "sold"),
    "charm": ("pos", "neg"),
}
_BOUNDS = (1, 3, 5, 7)  # the level at which each glyph begins
_LEGEND_LEAST = 104  # cells of a legend with the bounds of all glyphs
_STRIKE_DIGITS = 4  # so that the heading `STRIKE` always fits
_LABEL = re.compile(r"╵\S+")
_TITLE_RULE: Cell = ("  ", "muted", "base")


@dataclass(frozen=True, slots=True)
class Pointer:
    """What the two cursors point at; `known` is False for a strike or a time that the map does not have."""

    strike_milli: int
    ts_ns: int
    value: float


def label_width(strikes: Sequence[int]) -> int:
    """Return the cells of the column of strikes: a marker, the longest strike, a blank and a rule."""
    return 3 + max([_STRIKE_DIGITS, *(len(fmt.strike(strike)) for strike in strikes)])


def label(strike_milli: int, flags: int, width: int) -> list[Cell]:
    """Paint a strike as the ladder does, left of its row."""
    text = fmt.strike(strike_milli).rjust(width - 3) + " "
    marker = "►" if flags & sh.ATM else " "
    ground = "atm" if flags & sh.ATM else "base"
    if flags & sh.CURSOR:
        return [(marker + text, "on_cursor", "cursor_cell"), ("│", "faint", "base")]
    return [
        (marker, "mark", ground),
        (text, "strong" if flags & sh.ATM else "text", ground),
        ("│", "faint", "base"),
    ]


def unit_text(metric: HeatMetric, unit: Unit) -> str:
    """Name the unit of the values shown."""
    return _UNIT_TEXT[metric] or fmt.UNIT_TEXT[unit]


def title_row(
    heat: Heat, shown: hs.Grid, unit: Unit, at: Pointer | None, width: int, *, scale: float = 0.0
) -> Row:
    """Say what is shown, by which sign, in which steps, and the value under the cursor.

    scale : printed too unless 0, where no line of its own does
    """
    units = unit_text(heat.metric, unit)
    signed = () if heat.metric == "flow" else (("muted", heat.convention),)
    since = "" if heat.since_ns is None else f"since {clock_text(heat.since_ns)[:5]}"
    pieces = [
        Piece(([(f" {METRIC_TEXT[heat.metric]} × TIME", "title", "base")],)),
        Piece(([(since, "mark", "base")],), (5,)),
        Piece((_pointed(at),), (3,)),
        Piece(([(units, "muted", "base")],), (30,)),
        *(Piece(([(text, ink, "base")],), (20,)) for ink, text in signed),
        Piece(([(f"{shown.columns.step} min", "muted", "base")],), (4,)),
        Piece((_short_legend(heat.metric, scale) if scale > 0 else [],), (10,)),
    ]
    return fitted(fit(pieces, width, _TITLE_RULE), width, "base")


def bare_title(metric: HeatMetric, width: int) -> Row:
    """Name the view while there is nothing to say about it."""
    return fitted([(f" {METRIC_TEXT[metric]} × TIME", "title", "base")], width, "base")


def axis_cells(text: str, pointed_ns: int | None, x: int) -> list[Cell]:
    """Paint the axis; the time under the cursor, at cell `x` or near it, replaces the labels it touches."""
    if pointed_ns is None:
        return [(text, "muted", "base")]
    flag = f"▲{clock_text(pointed_ns)[:5]}"
    x = max(0, min(x, len(text) - len(flag)))
    end = x + len(flag)

    def unless_touched(label: re.Match[str]) -> str:
        return " " * len(label[0]) if label.start() <= end and label.end() >= x else label[0]

    text = _LABEL.sub(unless_touched, text)
    return [(text[:x], "muted", "base"), (flag, "mark", "base"), (text[end:], "muted", "base")]


def _pointed(at: Pointer | None) -> Row:
    if at is None:
        return []
    value = fmt.exposure(at.value)
    return [
        (f"{fmt.strike(at.strike_milli)} at {clock_text(at.ts_ns)[:5]} ", "text", "base"),
        (f"{value:>6}", "strong", "base"),
    ]


def scale_row(metric: HeatMetric, scale: float, left: int, width: int) -> Row:
    """Head the strikes, and print from which value on each glyph is used."""
    head: list[Cell] = [("STRIKE".rjust(left - 1) + "│"[:left], "muted", "base")]
    if scale <= 0:
        return fitted(head, width, "base")
    legend = _legend(metric, scale) if width - left >= _LEGEND_LEAST else _short_legend(metric, scale)
    legend += [("  spot ", "muted", "base"), ("╭╯", "strong", "base"), ("  · not known", "faint", "base")]
    return fitted([*head, (" ", "muted", "base"), *legend], width, "base")


def _legend(metric: HeatMetric, scale: float) -> list[Cell]:
    positive, negative = _RAMPS[metric]
    cells: list[Cell] = []
    for bound in reversed(_BOUNDS):
        size = fmt.exposure(hs.lower_bound(bound, scale)).lstrip("+")
        cells += [_swatch(negative, NEGATIVE, bound), (f" -{size}  ", "muted", "base")]
    for bound in _BOUNDS:
        size = fmt.exposure(hs.lower_bound(bound, scale)).lstrip("+")
        cells += [_swatch(positive, POSITIVE, bound), (f" {size}  ", "muted", "base")]
    return cells


def _short_legend(metric: HeatMetric, scale: float) -> list[Cell]:
    positive, negative = _RAMPS[metric]
    size = fmt.exposure(scale).lstrip("+")
    return [
        (f"-{size} ", "muted", "base"),
        *(_swatch(negative, NEGATIVE, bound) for bound in reversed(_BOUNDS)),
        (" ", "muted", "base"),
        *(_swatch(positive, POSITIVE, bound) for bound in _BOUNDS),
        (f" +{size}", "muted", "base"),
    ]


def _swatch(ramp: str, glyphs: str, at: int) -> Cell:
    return (glyphs[at], f"{ramp}{at}", f"{ramp}{at}")


def heat_row(codes: Sequence[int], metric: HeatMetric) -> list[Cell]:
    """Paint the cells of one strike."""
    return [_cell(code, metric) for code in codes]


def _cell(code: int, metric: HeatMetric) -> Cell:
    cursors, line, level = _parts(code)
    if level == hs.UNKNOWN:
        ramp, glyph, ink, ground = "", "·", "faint", "base"
    else:
        ramp = _RAMPS[metric][level < 0]
        glyph = (NEGATIVE if level < 0 else POSITIVE)[abs(level)]
        ink = ground = f"{ramp}{abs(level)}"
    if cursors == 2:
        glyph, ink = "╋", "mark"
    elif line:
        glyph, ink = GLYPHS[line], "strong"
    elif cursors:
        glyph, ink = "┊", "strong"
    return (glyph, ink, ground)


def _parts(code: int) -> tuple[int, int, int]:
    """Take a code apart: how many cursors are on the cell, the glyph of the spot's path, the level."""
    cursors, rest = divmod(code + HEAT_LEVELS, hs.CURSOR)  # levels are negative too
    line, level = divmod(rest, hs.LINE)
    return cursors, line, level - HEAT_LEVELS


def margin(marks: int, width: int) -> Cell:
    """Paint the walls, the flip and max pain of one strike."""
    return (marks_text(marks, width), "mark", "base")
