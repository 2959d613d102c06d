"""The rankings' lines as cells: a title, headings, and up to ten rows of each table.

Owns columns and inks.
"""

from __future__ import annotations

from engine.model.events import MISSING
from engine.views.queries import Ranking, Top, TopQuery, TopRow

from .. import format as fmt
from ..draw.bars import eighths, right_bar
from ..draw.cell_widget import Cell, Row, fitted

NAMES: dict[Ranking, str] = {"oi": "OPEN INTEREST", "volume": "VOLUME", "put_call": "PUT/CALL VOLUME"}
NOTHING: dict[Ranking, str] = {
    "oi": "no open interest yet",
    "volume": "nothing has traded yet",
    "put_call": "no strike has traded on both sides yet",
}
ROWS = 10
LEAST_WIDTH = 38
"""Cells of the narrowest table."""

_HEADS: dict[Ranking, tuple[str, str]] = {
    "oi": ("OI", "VOL"),
    "volume": ("VOL", "OI"),
    "put_call": ("P/C", "VOL"),
}
_BAR_LEAST, _BAR_MOST = 6, 24


def title(query: TopQuery, width: int, *, here: bool) -> Row:
    """Name a table, and what it ranks, on a ruled line; the one with the cursor stands out."""
    name = f" {NAMES[query.by]} by {'contract' if query.contracts else 'strike'} "
    return [(name, "title" if here else "muted", "base"), ("─" * (width - len(name)), "faint", "base")]


def heading(query: TopQuery, width: int) -> Row:
    """Head the columns."""
    main, second = _HEADS[query.by]
    what = "CONTRACT" if query.contracts else "STRIKE"
    return fitted(
        [(f"    {what:<9}{'EXP':<6}{main:>6}{second:>6}{'NET $':>7}", "muted", "base")], width, "base"
    )


def line(top: Top, rank: int, width: int, *, cursor: bool) -> Row:
    """Write one row of a table, its leading number as a bar too where there is room."""
    row = top.rows[rank]
    name = fmt.strike(row.strike_milli) + ("" if row.contract is None else row.contract.right)
    ground = "cursor" if cursor else "base"
    cells: list[Cell] = [
        (f"{'▸' if cursor else ' '}{rank + 1:>2} ", "mark" if cursor else "faint", ground),
        (f"{name:<9}", "strong", ground),
        (f"{row.expiry:%m-%d} ", "muted", ground),
        (f"{_main(top.by, row):>6}", "text", ground),
        (f"{fmt.count(_oi(row) if top.by == 'volume' else row.volume):>6}", "muted", ground),
        (f"{fmt.money(row.net_premium_usd):>7}", _net_ink(row.net_premium_usd), ground),
    ]
    room = min(_BAR_MOST, width - sum(len(text) for text, _, _ in cells) - 2)
    if room >= _BAR_LEAST:
        size = eighths(_value(top.by, row), _value(top.by, top.rows[0]), room)
        cells += [(" ", "text", ground), *right_bar(size, room, "gamma_abs", ground)]
    return fitted(cells, width, ground)


def _value(by: Ranking, row: TopRow) -> float:
    value = {"oi": row.oi, "volume": row.volume, "put_call": row.put_call}[by]
    return float("nan") if value is None else float(value)


def _main(by: Ranking, row: TopRow) -> str:
    if by == "put_call":
        return fmt.NONE if row.put_call is None else f"{row.put_call:.2f}"
    return fmt.count(_oi(row) if by == "oi" else row.volume)


def _oi(row: TopRow) -> int:
    return MISSING if row.oi is None else row.oi


def _net_ink(usd: float) -> str:
    if usd != usd or abs(usd) < 0.5:
        return "faint"
    return "buy" if usd > 0 else "sell"
