"""The status lines: what is shown, from where and when, and below it the day's headline numbers.

Owns the first line, the order of the lines, and what gives way where there is room for a single one.
"""

from __future__ import annotations

from datetime import timedelta

from textual import events
from textual.message import Message

from engine.views.view import View

from ...settings.prefs import Prefs
from .. import format as fmt
from ..draw.cell_widget import Cell, CellWidget, Row, fitted
from ..draw.fitting import Piece, fit
from .badge import badge_text, brief_badge, data_clock, mode_of
from .feed import feed_row, lag_forms
from .headline import exposure_forms, headlines, level_forms, price_forms


class StatusHeader(CellWidget):
    """Badge, symbols, clock and expiry; levels and flow; a live day's feed; or the most in one line."""

    DEFAULT_CSS = """
    StatusHeader { height: 2; dock: top; }
    """

    GROUND = "bar"

    class SymbolChosen(Message):
        """A symbol's tab was clicked."""

        def __init__(self, symbol: str) -> None:
            super().__init__()
            self.symbol = symbol

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._shown: tuple[View, Prefs] | None = None

    def show(self, view: View, prefs: Prefs) -> None:
        """Paint the lines that differ from the frame before."""
        self._shown = (view, prefs)
        width, height = self.size
        if height == 1:
            self.paint([header_row(view, prefs, width)])
        else:
            feed = view.link is not None
            self.paint(header_rows(view, prefs, width, headline_rows=max(1, height - 1 - feed)))

    def on_resize(self) -> None:
        """Fit the lines to the new width."""
        if self._shown is not None:
            self.show(*self._shown)

    def on_click(self, event: events.Click) -> None:
        """Choose the symbol whose tab is under the mouse."""
        if self._shown is None or event.y != 0:
            return
        symbol = symbol_at(self.row(0), event.x, self._shown[0].symbols)
        if symbol is not None:
            self.post_message(self.SymbolChosen(symbol))


def header_rows(view: View, prefs: Prefs, width: int, *, headline_rows: int = 1) -> list[Row]:
    """Write the lines for `width` cells: the first, the headline numbers, on a live day one about its feed.

    headline_rows : 1 for levels and flow on one line, 2 for a line of each
    """
    mode = mode_of(view)
    bar = f"{mode}_bar"
    first = fit(_first_line(view, prefs, mode, bar), width, (" │ ", "faint", bar))
    numbers = headlines(view, prefs, width, headline_rows)
    rows: list[Row] = [fitted(first, width, bar), *numbers]
    return rows if view.link is None else [*rows, feed_row(view, view.link, width)]


def header_row(view: View, prefs: Prefs, width: int) -> Row:
    """Write what matters most of both lines into one, for a terminal that has no room for two."""
    mode = mode_of(view)
    bar = f"{mode}_bar"
    cells = fit(_only_line(view, prefs, mode), width, (" │ ", "faint", "bar"))
    return fitted(
        [(text, ink, bar if ground == "bar" else ground) for text, ink, ground in cells], width, bar
    )


def symbol_at(row: Row, x: int, symbols: tuple[str, ...]) -> str | None:
    """Return the symbol whose tab covers cell `x`."""
    at = 0
    for text, ink, _ in row:
        if at <= x < at + len(text) and ink in ("muted", "strong"):
            name = text.strip("[]› ").lstrip("0123456789").strip()
            return name if name in symbols else None
        at += len(text)
    return None


def _first_line(view: View, prefs: Prefs, mode: str, bar: str) -> list[Piece]:
    rate = f"{fmt.rate(view.events_per_s):>5}"
    rates = ([(f"{rate} ev/s {prefs.fps:>2.0f}fps", "muted", bar)], [(f"{rate}/s", "muted", bar)])
    return [
        Piece(([(badge_text(view), "on_badge", mode)],)),
        Piece((_frozen(prefs, bar),)),
        Piece(tuple(_tabs(view, style, bar) for style in ("[]", "short", "one")), (7, 2)),
        Piece(_clock(view, bar), (5,)),
        Piece(tuple([(text, "text", bar)] for text in _expiry(view)), (6, 4, 1)),
        Piece(_gaps(view, bar), (9, 3)),
        Piece(rates, (10, 8)),
    ]


def _only_line(view: View, prefs: Prefs, mode: str) -> list[Piece]:
    badge, brief = badge_text(view), brief_badge(view)
    symbol: Cell = (f"{view.symbol} ", "muted", "bar")
    return [
        Piece(([(badge, "on_badge", mode)], [(brief, "on_badge", mode)]), (4,)),
        Piece((_frozen(prefs, "bar"),)),
        Piece(tuple([symbol, *form] for form in price_forms(view)), (7, 6)),
        Piece(exposure_forms(view, prefs), (9, 9, 9, 7)),
        Piece(level_forms(view), (8, 2)),
        Piece(tuple(_tabs(view, style, "bar") for style in ("[]", "short")), (9, 8)),
        Piece(_clock(view, "bar"), (8, 3)),
        Piece(tuple([(text, "text", "bar")] for text in _expiry(view)), (9, 8, 5)),
        Piece(_gaps(view, "bar")[::-1][:1], (5,)),
        Piece(lag_forms(view, view.link)[-1:] if view.link else ([],), (6,)),
    ]


def _frozen(prefs: Prefs, bar: str) -> Row:
    return [("FROZEN", "warn", bar)] if prefs.frozen else []


def _gaps(view: View, bar: str) -> tuple[Row, Row]:
    n = len(view.gaps)
    if not n:
        return [], []
    return [(f"⚠ {n} gap{'s' * (n > 1)}", "warn", bar)], [(f"⚠{n}", "warn", bar)]


def _clock(view: View, bar: str) -> tuple[Row, Row]:
    """Write the time of the data."""
    tenths: Cell = (data_clock(view, tenths=True), "strong", bar)
    return [tenths, (f" ET {view.day:%m-%d}", "muted", bar)], [(data_clock(view), "strong", bar)]


def _tabs(view: View, style: str, bar: str) -> Row:
    """Write the watch list with the digits that choose from it."""
    if style == "one":
        return [(view.symbol, "strong", bar)]
    cells: list[Cell] = []
    for number, symbol in enumerate(view.symbols, 1):
        current = symbol == view.symbol
        digit = str(number) if number <= 9 else ""
        label = f"[{digit} {symbol}]" if current else f" {digit} {symbol} "
        if style == "short":
            label = f"{'›' if current else ' '}{digit}{symbol}"
        cells.append((label, "strong" if current else "muted", bar))
    return cells


def _expiry(view: View) -> tuple[str, ...]:
    """Write the shown expiration and the time left to its settlement, then the time alone."""
    left_ns = view.settle_ns - view.tape_ns
    left = f"{fmt.span(left_ns)} left" if left_ns > 0 else "settled"
    if view.expiry is None:
        nothing = "no expiry" if view.expiries else "no chain yet"
        return nothing, nothing, fmt.NONE
    days = (view.expiry - view.day) // timedelta(days=1)
    name = "0DTE" if days == 0 else f"{days}DTE {view.expiry:%m-%d}"
    brief = left.removesuffix(" left")
    return f"{name} {left}", f"{name} {brief}", brief
