"""The status lines: what is shown, from where, when; and the day's headline numbers.

Owns what stands in the header, in which order, and what gives way on a narrow screen or in a single line.
"""

from __future__ import annotations

from datetime import date, timedelta
from math import nan

from textual import events
from textual.message import Message

from engine.model.events import MISSING, PRICE_SCALE
from engine.views.view import ChainStats, Gamma, View

from ...settings.prefs import Prefs
from .. import format as fmt
from ..draw.cell_widget import Cell, CellWidget, Row, fitted
from ..draw.fitting import Piece, fit
from ..grid.ladder_rows import choice_text
from .badge import badge_text, brief_badge, data_clock, mode_of, unbegun
from .feed import feed_row, lag_forms, sides


class StatusHeader(CellWidget):
    """Badge, symbols, clock and expiry; spot, gamma and flow; a live day's feed; or the most in one line."""

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
        self.paint([header_row(view, prefs, width)] if height == 1 else header_rows(view, prefs, width))

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


def header_rows(view: View, prefs: Prefs, width: int) -> list[Row]:
    """Write the lines for `width` cells: two, and on a live day one about its feed."""
    mode = mode_of(view)
    bar = f"{mode}_bar"
    first = fit(_first_line(view, prefs, mode, bar), width, (" │ ", "faint", bar))
    second = fit(_second_line(view, prefs), width - 1, (" │ ", "faint", "bar"))
    rows: list[Row] = [fitted(first, width, bar), fitted([(" ", "text", "bar"), *second], width, "bar")]
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
        Piece(tuple([symbol, *form] for form in _price(view)), (6,)),
        Piece(_gex(view, prefs)[1:], (9, 9, 9, 7)),
        Piece((_levels(view, " "), _levels(view, " ")[:2]), (8, 2)),
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


def _second_line(view: View, prefs: Prefs) -> list[Piece]:
    why = view.gamma.missing_reason or (view.gamma.zero_gamma_reason if view.gamma.zero_gamma is None else "")
    return [
        Piece(_spot(view), (9, 4, 3)),
        Piece(_expected_move(view), (10, 7)),
        Piece(_gex(view, prefs), (10, 2, 2, 1)),
        Piece((_levels(view, "  ", banded=True), _levels(view, "  "), _levels(view, " ")), (11, 9, 0)),
        Piece(([(why, "muted", "bar")], [(why.partition(" between ")[0], "muted", "bar")]), (12, 6)),
        Piece(_flow(view), (8, 6, 5)),
        Piece(sides(view) if view.link is None else ([],), (13, 9)),
        Piece((_volatility(view),), (13,)),
        Piece((_put_call(view.chain),), (14,)),
    ]


def _expected_move(view: View) -> tuple[Row, ...]:
    """Write the straddle as it stands beside what it was at the open, and alone."""
    now = _labelled("EM ", _move(view.gamma.expected_move), "text")
    return [*now, (f" of {_move(view.chain.opening_move)}", "muted", "bar")], now


def _move(dollars: float | None) -> str:
    return fmt.NONE if dollars is None else f"±{dollars:.2f}"


def _volatility(view: View) -> Row:
    """Write the volatility at the money and how far its quotes leave it open."""
    iv, error = view.chain.atm_iv, view.chain.atm_iv_error
    text = fmt.NONE if iv is None else f"{iv:.1%}"
    return [*_labelled("IV ", text, "text"), ("" if error is None else f" ±{error:.1%}", "muted", "bar")]


def _put_call(chain: ChainStats) -> Row:
    """Write puts over calls by volume, open interest and premium."""
    ratios = (("vol", chain.pcr_volume), ("OI", chain.pcr_oi), ("$", chain.pcr_premium))
    cells: list[Cell] = [("P/C", "muted", "bar")]
    for name, value in ratios:
        cells += [
            (f" {name} ", "muted", "bar"),
            (fmt.NONE if value is None else f"{value:.2f}", "text", "bar"),
        ]
    return cells


def _labelled(label: str, text: str, ink: str) -> Row:
    return [(label, "muted", "bar"), (text, ink, "bar")]


def _spot(view: View) -> tuple[Row, ...]:
    change = fmt.change(view.spot, view.prev_close)
    brief, price = _price(view)
    long: Row = [(f"{view.symbol} ", "muted", "bar"), *price, (f" {change}", _direction(change), "bar")]
    arrow, percent = change[0], change[1:].partition("(")[2].rstrip(")")
    share: Row = [*price, (f" {arrow}{percent}", _direction(change), "bar")]
    return long, brief, share, price


def _price(view: View) -> tuple[Row, Row]:
    """Write the spot with its change, and alone."""
    change = fmt.change(view.spot, view.prev_close)
    price: Cell = (fmt.price(view.spot), "strong", "bar")
    brief = change.replace("(", "").replace(")", "")
    return [price, (f" {brief}", _direction(change), "bar")], [price]


def _direction(change: str) -> str:
    return "buy" if change[0] == "▲" else "sell" if change[0] == "▼" else "muted"


def _gex(view: View, prefs: Prefs) -> tuple[Row, ...]:
    """Write the net exposure, its unit, whose sign and what was summed; the number alone comes last."""
    net = view.gamma.net
    spot = view.spot / PRICE_SCALE if view.spot != MISSING else float("nan")
    text = fmt.exposure(None if net is None else fmt.in_unit(net, spot, prefs.unit)).rjust(6)
    ink = "muted" if net is None else "gamma_pos" if net >= 0 else "gamma_neg"
    unit = fmt.UNIT_TEXT[prefs.unit]
    bare = _labelled("GEX ", text, ink)
    units = (f" {unit} {choice_text(view.gamma)}", f" {unit} {view.gamma.convention}", f" {unit}")
    forms: list[Row] = [[*bare, (each, "muted", "bar")] for each in units]
    return [("NET ", "muted", "bar"), *forms[0]], *forms, bare


def _levels(view: View, gap: str, *, banded: bool = False) -> Row:
    """Write flip and walls, padded to the width of spot so that none moves the next when it comes or goes.

    banded : add where the flip lies under the other conventions
    """
    gamma = view.gamma
    digits = 1 if view.spot == MISSING else len(str(view.spot // PRICE_SCALE))
    parts = (
        ("flip", gamma.zero_gamma, digits + 2),
        ("CW", gamma.call_wall, digits),
        ("PW", gamma.put_wall, digits),
    )
    cells: list[Cell] = []
    for index, (name, dollars, width) in enumerate(parts):
        cells.append((f"{gap if index else ''}{name} ", "muted", "bar"))
        cells.append((fmt.level(dollars).ljust(width), "mark" if dollars is not None else "muted", "bar"))
        if banded and name == "flip":
            cells.append((_band(gamma).ljust(2 * width + 4), "muted", "bar"))
    return cells


def _band(gamma: Gamma) -> str:
    """Write the range of the flips of all conventions, nothing when only one has a flip."""
    if gamma.band is None or gamma.band[0] == gamma.band[1]:
        return ""
    low, high = gamma.band
    return f" ({fmt.level(low)}–{fmt.level(high)})"


def _flow(view: View) -> tuple[Row, ...]:
    """Write the day's net premium and of which expirations; a live day without a chain has none."""
    known = not unbegun(view) and (view.link is None or bool(view.expiries))
    call = view.flow.net_call_premium_usd if known else nan
    put = view.flow.net_put_premium_usd if known else nan
    net = _signed("net", call + put)
    short = [*_signed("C", call), (" ", "text", "bar"), *_signed("P", put), (" ", "text", "bar"), *net]
    summed = expiries_text(view.flow.expiries, view.day)
    return [(f"FLOW {summed} $ " if summed else "FLOW $ ", "muted", "bar"), *short], short, net


def expiries_text(expiries: tuple[date, ...], day: date) -> str:
    """Name the expirations that a total sums: `0DTE`, one date, `0DTE–12-18`."""
    names = ["0DTE" if expiry == day else f"{expiry:%m-%d}" for expiry in expiries]
    return "–".join(dict.fromkeys([*names[:1], *names[-1:]]))


def _signed(name: str, usd: float) -> list[Cell]:
    ink = "buy" if usd > 0 else "sell" if usd < 0 else "muted"
    return [(f"{name} ", "muted", "bar"), (fmt.money(usd).rjust(6), ink, "bar")]
