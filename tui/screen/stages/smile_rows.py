"""The smile's lines as cells: title, headings, one strike at a time.

Owns the scale of volatility, glyphs and inks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite

import numpy as np
from numpy.typing import NDArray

from engine.model.events import MISSING
from engine.views.queries import Smile
from engine.views.view import Floats, Ints, View

from .. import format as fmt
from ..draw.cell_widget import Cell, Row, fitted
from ..draw.fitting import Piece, fit
from ..grid import sheet as sh

_MARKS = (("│", "mark"), ("◇", "sell"), ("●", "strong"))  # fitted, vendor, ours: the last lies on top
NUMBERS = (("IV", 7), ("±", 5), ("FIT", 7), ("VENDOR", 7))
"""Columns of numbers left of the chart, by priority, and their cells."""

_CHART_LEAST = 40
_STEPS = (0.01, 0.02, 0.05, 0.10, 0.20, 0.50, 1.0, 2.0, 5.0)
_LABEL = 8  # cells from one label of the scale to the next, at least
UNKNOWN = MISSING
_TITLE_RULE: Cell = ("  ", "muted", "base")


@dataclass(frozen=True, slots=True)
class Scale:
    """Volatilities at the first and the last cell of the chart."""

    low: float
    high: float

    def cell(self, iv: float, cells: int) -> int:
        """Return the cell of a volatility; -1 left of the chart, `cells` right of it."""
        at = (iv - self.low) / (self.high - self.low) * (cells - 1)
        return min(max(-1, floor(at + 0.5)), cells)


def widened(scale: Scale | None, values: Floats) -> Scale | None:
    """Return a scale of round ends that shows all known values: the old one if it does."""
    known = values[np.isfinite(values)]
    if not len(known):
        return scale
    low, high = float(known.min()), float(known.max())
    if scale is not None:
        if scale.low <= low and high <= scale.high:
            return scale
        low, high = min(low, scale.low), max(high, scale.high)
    step = next((step for step in _STEPS if high - low <= 5 * step), _STEPS[-1])
    bottom, top = floor(low / step) * step, ceil(high / step) * step
    return Scale(bottom, top if top > bottom else bottom + step)


def numbers_shown(width: int, left: int) -> tuple[tuple[str, int], ...]:
    """Return the columns of numbers that leave the chart enough room."""
    room = width - left - _CHART_LEAST
    shown: list[tuple[str, int]] = []
    for name, cells in NUMBERS:
        if cells > room:
            break
        shown.append((name, cells))
        room -= cells
    return tuple(shown)


def title_row(smile: Smile, width: int, pointed: str, *, legend: bool) -> Row:
    """Name the expiration, the volatility at the money with its error, and what the cursor points at.

    legend : say too which glyph is which, where no line of its own does
    """
    expiry = "" if smile.expiry is None else str(smile.expiry)
    atm = f"ATM {percent(smile.atm_iv)} ±{points(smile.atm_error)}"
    forward = f"forward {fmt.level(smile.forward, 2)}"
    pieces = [
        Piece(([(" IV SMILE", "title", "base")],)),
        Piece(([(expiry, "text", "base")],), (20,)),
        Piece(([(atm, "strong", "base")],)),
        Piece(([(pointed, "text", "base")],), (10,)),
        Piece((_legend() if legend else [],), (40,)),
        Piece(([(forward, "muted", "base")],), (30,)),
    ]
    return fitted(fit(pieces, width, _TITLE_RULE), width, "base")


def heading_row(shown: Sequence[tuple[str, int]], left: int, width: int, *, unknown: bool) -> Row:
    """Head the columns, and say which glyph is which."""
    head = "STRIKE".rjust(left - 1)[: left - 1] + "│" + "".join(name.rjust(cells) for name, cells in shown)
    cells: list[Cell] = [
        (head, "muted", "base"),
        ("  ├─┤", "gamma_abs", "base"),
        (" half the spread  ", "muted", "base"),
        *_legend(),
        ("  · no usable quote" if unknown else "", "faint", "base"),
    ]
    return fitted(cells, width, "base")


def _legend() -> list[Cell]:
    cells: list[Cell] = []
    for (glyph, ink), name in zip(_MARKS, ("fit", "vendor", "ours"), strict=True):
        cells += [(glyph, ink, "base"), (f" {name}  ", "muted", "base")]
    return cells


def sheet(smile: Smile, scale: Scale, strikes: Ints, cells: int) -> Ints:
    """Round the visible strikes, the highest first, to what is displayed.

    Returns (rows, len(NUMBERS) + 5) int64: the numbers in tenths of a percent (the error in hundredths), then
    the cells of the error's ends, the fitted line, the vendor and our own dot; MISSING where unknown.
    """
    rows = np.searchsorted(smile.strike_milli, strikes)
    found = np.isin(strikes, smile.strike_milli)
    columns = [_picked(values, rows, found) for values in (smile.iv, smile.error, smile.fitted, smile.vendor)]
    iv, error, fitted_iv, vendor = columns
    marks = [_cells(values, scale, cells) for values in (iv - error, iv + error, fitted_iv, vendor, iv)]
    numbers = [_tenths(values, 10_000 if n == 1 else 1_000) for n, values in enumerate(columns)]
    return np.column_stack((*numbers, *marks)).astype(np.int64)


def _picked(values: Floats, rows: NDArray[np.intp], found: NDArray[np.bool_]) -> Floats:
    picked = np.full(len(rows), np.nan)
    picked[found] = values[rows[found]]
    return picked


def _cells(values: Floats, scale: Scale, cells: int) -> list[int]:
    return [scale.cell(value, cells) if isfinite(value) else UNKNOWN for value in values.tolist()]


def _tenths(values: Floats, factor: int) -> Ints:
    known = np.isfinite(values)
    return np.where(known, np.rint(np.where(known, values, 0.0) * factor), MISSING).astype(np.int64)


def strike_row(
    label: Sequence[Cell], numbers: Sequence[int], shown: Sequence[tuple[str, int]], chart: int
) -> list[Cell]:
    """Paint one strike behind its label: its numbers, then its marks on a chart of so many cells."""
    cells = list(label)
    for n, (_, width) in enumerate(shown):
        text = _hundredths(numbers[n]) if n == 1 else _percent(numbers[n])
        ink = "faint" if numbers[n] == MISSING else "text" if n == 0 else "muted"
        cells.append((text.rjust(width), ink, "base"))
    return [*cells, *_chart(numbers[len(NUMBERS) :], chart, dotted=not shown)]


def _chart(marks: Sequence[int], width: int, *, dotted: bool) -> list[Cell]:
    """Draw the marks; an empty chart has a dot instead where there is no number to say it."""
    low, high, line, vendor, own = marks
    cells: list[Cell] = [(" ", "text", "base")] * width
    if low != UNKNOWN and high != UNKNOWN:
        for at in range(max(0, low), min(len(cells), high + 1)):
            glyph = "├" if at == low else "┤" if at == high else "─"
            cells[at] = (glyph, "gamma_abs", "base")
    for at, (glyph, ink) in zip((line, vendor, own), _MARKS, strict=True):
        if at == UNKNOWN:
            continue
        beyond = "‹" if at < 0 else "›" if at >= len(cells) else glyph
        cells[min(max(0, at), len(cells) - 1)] = (beyond, ink, "base")
    if dotted and line == vendor == own == UNKNOWN:
        cells[0] = (fmt.NO_GREEK, "faint", "base")
    return cells


def axis_text(scale: Scale, cells: int) -> str:
    """Write round volatilities below the chart, as many as fit."""
    span = scale.high - scale.low
    step = next((s for s in _STEPS if s / span * (cells - 1) >= _LABEL), _STEPS[-1])
    text = [" "] * cells
    for n in range(round(scale.low / step), floor(scale.high / step + 1e-9) + 1):
        x, name = scale.cell(n * step, cells), f"{n * step:.0%}"
        if 0 <= x < cells - len(name):
            text[x : x + len(name) + 1] = f"╵{name}"
        elif len(name) <= x < cells:
            text[x - len(name) : x + 1] = f"{name}╵"
    return "".join(text)


def why_unknown(view: View, index: int) -> str:
    """Say why the strike at a row of the view has no volatility, as far as its quote tells."""
    below = view.spot != MISSING and int(view.strike_milli[index]) * 10 < view.spot
    leg, name = (view.put, "put") if below else (view.call, "call")
    if leg.cid[index] < 0:
        return f"no {name} listed"
    if MISSING in (leg.bid[index], leg.ask[index]):
        return f"the {name} has no two-sided quote"
    return f"the {name}'s mid has no volatility"


def pointed(view: View, index: int, numbers: Sequence[int]) -> str:
    """Write the strike under the cursor in full: its volatility and error, or why there is none."""
    strike = fmt.strike(int(view.strike_milli[index]))
    if numbers[0] == MISSING:
        return f"{strike} · {why_unknown(view, index)}"
    return f"{strike} {_percent(numbers[0])} ±{_hundredths(numbers[1])}"


def flags_of(view: View, span: sh.StrikeSpan, cursor: int | None) -> Ints:
    """Return the bits of spot and cursor of the rows."""
    return sh.flags_of(view, span, (-1 if cursor is None else cursor, "C"))


def percent(iv: float | None) -> str:
    """Write a volatility: `14.8%`."""
    return fmt.NONE if iv is None or not isfinite(iv) else f"{iv:.1%}"


def points(error: float | None) -> str:
    """Write an error of volatility in percentage points: `0.25`."""
    return fmt.NONE if error is None or not isfinite(error) else f"{error * 100:.2f}"


def _percent(tenths: int) -> str:
    return fmt.NO_GREEK if tenths == MISSING else fmt.percent(tenths)


def _hundredths(n: int) -> str:
    return fmt.NO_GREEK if n == MISSING else f"{n / 100:.2f}"
