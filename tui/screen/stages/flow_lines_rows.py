"""The flow lines as cells: title, chart with its two scales, axis of time, and a table of velocities.

Owns which channels belong together, their names, inks and strokes.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from engine.model.events import MISSING, PRICE_SCALE
from engine.views.queries import CHANNELS, VELOCITY_S, FlowLines
from engine.views.view import Floats, Ints

from .. import format as fmt
from ..draw.bars import grown
from ..draw.braille import ACROSS, DOWN, Stroke, cells, dots, glyph
from ..draw.cell_widget import Cell, Row, fitted
from ..draw.fitting import Piece, fit
from ..draw.path import GLYPHS, path
from .time_columns import axis_text, columns


@dataclass(frozen=True, slots=True)
class ChannelGroup:
    """Channels drawn together, in one unit; `channels` are (channel, word)."""

    name: str
    unit: str
    channels: tuple[tuple[str, str], ...]


GROUPS = (
    ChannelGroup("premium", "$ bought less sold", (("call_premium", "calls"), ("put_premium", "puts"))),
    ChannelGroup("net delta", "shares customers bought", (("net_delta", "net"),)),
    ChannelGroup("net gamma", "shares per $1 customers bought", (("net_gamma", "net"),)),
    ChannelGroup("hedging", "$ dealers must buy", (("hedge", "all"),)),
    ChannelGroup("hedging", "$ dealers must buy", (("hedge_call", "calls"), ("hedge_put", "puts"))),
    ChannelGroup(
        "hedging", "$ dealers must buy", (("hedge_above", "above spot"), ("hedge_below", "below spot"))
    ),
    ChannelGroup(
        "hedging", "$ dealers must buy", (("hedge_same_day", "same day"), ("hedge_retail", "retail"))
    ),
)

_NAMES = {
    "call_premium": "call premium $",
    "put_premium": "put premium $",
    "net_delta": "net delta sh",
    "net_gamma": "net gamma sh/$1",
    "hedge": "hedging $",
    "hedge_call": "  of calls",
    "hedge_put": "  of puts",
    "hedge_above": "  above spot",
    "hedge_below": "  below spot",
    "hedge_same_day": "  same day",
    "hedge_retail": "  retail",
}
_INKS = ("gamma_pos", "gamma_neg")
_STROKES = (Stroke(), Stroke(on=4, off=2))
_SAMPLES = ("⠤⠤⠤", "⠤⠀⠤")

SCALE, TABLE_WIDTH = 8, 53
"""Cells of each scale beside the chart, and of the table of all channels."""

SECONDS = (5, 10, 15, 30, 60, 120, 300, 600, 1200)
_SPOT_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)


@dataclass(frozen=True, slots=True)
class ValueRange:
    """Values at the foot and at the top of a chart."""

    low: float
    high: float

    def heights(self, values: Floats, rows: int) -> list[int | None]:
        """Return the dot of each value, counted from the top; None where it is not known."""
        if self.high <= self.low:
            return [None] * len(values)
        at = (self.high - values) / (self.high - self.low) * (rows - 1)
        return [floor(y + 0.5) if known else None for y, known in zip(at, np.isfinite(at), strict=True)]


def widened(span: ValueRange, values: Floats) -> ValueRange:
    """Return a span of round ends around 0 that shows all values: the old one if it does."""
    known = values[np.isfinite(values)]
    low, high = float(known.min(initial=0.0)), float(known.max(initial=0.0))
    return ValueRange(-grown(-span.low, -low), grown(span.high, high))


def spot_span(spot: Ints) -> ValueRange | None:
    """Return round prices around the whole path of the spot, in dollars."""
    known = spot[spot != MISSING] / PRICE_SCALE
    if not len(known):
        return None
    low, high = float(known.min()), float(known.max())
    step = next((step for step in _SPOT_STEPS if high - low <= 4 * step), _SPOT_STEPS[-1])
    bottom, top = floor(low / step) * step, ceil(high / step) * step
    return ValueRange(bottom, top if top > bottom else bottom + step)


def title_row(group: ChannelGroup, lines: FlowLines | None, last: int, width: int) -> Row:
    """Name the group, each line with its stroke and its newest value, and the spot."""
    pieces = [Piece(([(f" FLOW  {group.name}", "title", "base")],))]
    for n, (channel, word) in enumerate(group.channels):
        value = fmt.NONE if lines is None else fmt.exposure(_newest(lines, channel, last))
        sample: Cell = (f"{_SAMPLES[n]} ", _INKS[n], "base")
        pieces.append(Piece(([sample, (f"{word} ", "text", "base"), (f"{value:>6}", "strong", "base")],)))
    spot = MISSING if lines is None or last < 0 else int(lines.spot[last])
    price: Row = [
        ("╭╯ ", "muted", "base"),
        ("spot ", "muted", "base"),
        (fmt.price(spot), "text", "base"),
    ]
    pieces += [
        Piece((price,), (20,)),
        Piece(
            ([(f"{group.unit}, all expirations", "muted", "base")], [(group.unit, "muted", "base")]), (30, 25)
        ),
    ]
    return fitted(fit(pieces, width, ("  ", "muted", "base")), width, "base")


def _newest(lines: FlowLines, channel: str, last: int) -> float | None:
    return float(lines.lines[CHANNELS.index(channel), last]) if last >= 0 else None


def chart_rows(
    group: ChannelGroup, lines: FlowLines, known: int, span: ValueRange, width: int, height: int
) -> list[Row]:
    """Draw the lines of a group over time, and the spot on a scale of its own at the right.

    known : samples that may be shown
    Returns `height` rows, the last of which is the axis of time.
    """
    room, body = max(1, width - 2 * SCALE), max(1, height - 1)
    fitted_columns = columns(known, room * ACROSS, (1,))
    at = fitted_columns.last
    by_cell = at[np.minimum(np.arange(ACROSS - 1, len(at) + ACROSS - 1, ACROSS), len(at) - 1)]
    patterns = _patterns(group, lines, at, span, (body, room))
    prices = spot_span(lines.spot[:known])
    spot = _spot_line(lines.spot[by_cell], prices, (body, room))
    zero = _zero_row(span, body)
    rows: list[Row] = []
    for y in range(body):
        blank = ("┄" if y == zero else " ", "faint", "base")
        below = [(GLYPHS[code], "muted", "base") if code else blank for code in spot[y].tolist()]
        cells_of_line = [_cell([int(p[y, x]) for p in patterns]) or below[x] for x in range(room)]
        rows.append(
            [
                _scale(_amount(span, y, body, zero), SCALE),
                *cells_of_line,
                _scale(_price(prices, y, body), SCALE),
            ]
        )
    axis = " " * SCALE + axis_text(lines.times_ns[by_cell], 1, room)
    return [*rows, fitted([(axis, "muted", "base")], width, "base")]


def _patterns(
    group: ChannelGroup, lines: FlowLines, at: Ints, span: ValueRange, size: tuple[int, int]
) -> list[Ints]:
    body, room = size
    drawn = []
    for n, (channel, _) in enumerate(group.channels):
        values = lines.lines[CHANNELS.index(channel), at]
        heights = span.heights(values, body * DOWN)
        heights += [None] * (room * ACROSS - len(heights))
        drawn.append(dots(heights, body * DOWN, _STROKES[n]))
    return [cells(each) for each in drawn]


def _spot_line(units: Ints, prices: ValueRange | None, size: tuple[int, int]) -> Ints:
    """Return (body, room) codes of the spot's path, one row per cell."""
    body, room = size
    usd = np.where(units == MISSING, np.nan, units / PRICE_SCALE)
    heights = prices.heights(usd, body) if prices is not None else [None] * len(units)
    return path((heights + [None] * room)[:room], body)


def _cell(patterns: list[int]) -> Cell | None:
    """Join the dots of all lines in a cell; it has the ink of the first line that is in it, if any is."""
    joined = 0
    for pattern in patterns:
        joined |= pattern
    if not joined:
        return None
    first = next(n for n, pattern in enumerate(patterns) if pattern)
    return (glyph(joined), _INKS[first], "base")


def _zero_row(span: ValueRange, body: int) -> int:
    if span.high <= span.low:
        return body // 2
    return min(body - 1, floor(span.high / (span.high - span.low) * (body * DOWN - 1) + 0.5) // DOWN)


def _amount(span: ValueRange, y: int, body: int, zero: int) -> str:
    if y == zero:
        return "0"
    if y == 0:
        return fmt.exposure(span.high)
    return fmt.exposure(span.low) if y == body - 1 else ""


def _price(prices: ValueRange | None, y: int, body: int) -> str:
    if prices is None or body < 2 or y not in (0, body // 2, body - 1):
        return ""
    usd = prices.high + (prices.low - prices.high) * y / (body - 1)
    return fmt.price(round(usd * PRICE_SCALE))


def _scale(text: str, width: int) -> Cell:
    return (f"{text:>{width - 1}} ", "muted", "base")


def table_rows(lines: FlowLines, last: int, channels: tuple[str, ...], width: int) -> list[Row]:
    """Write the newest value of the channels, and what each gained per second of late."""
    spans = "".join(f"{f'/s {seconds} s':>9}" for seconds in VELOCITY_S)
    head = f" {'':<16}{'now':>8}{spans}"
    rows: list[Row] = [fitted([(head, "muted", "base")], width, "base")]
    for channel in channels:
        now = fmt.exposure(_newest(lines, channel, last))
        speeds = lines.velocity[CHANNELS.index(channel)].tolist()
        cells_of_line: list[Cell] = [
            (f" {_NAMES[channel]:<16}", "text", "base"),
            (f"{now:>8}", "strong", "base"),
            *((f"{fmt.exposure(speed):>9}", _direction(speed), "base") for speed in speeds),
        ]
        rows.append(fitted(cells_of_line, width, "base"))
    return rows


def _direction(speed: float) -> str:
    if speed != speed or abs(speed) < 0.5:
        return "faint"
    return "buy" if speed > 0 else "sell"
