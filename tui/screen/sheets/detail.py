"""One contract in full: quote, prints, flow, greeks, a minute of tape.

Owns the drawer's lines. It computes nothing that a `Detail` does not carry.
"""

from __future__ import annotations

from math import isfinite, nan

from engine.model.calendar import clock_text
from engine.model.events import MISSING
from engine.views.view import Detail, Print, View

from ...settings.prefs import Prefs
from .. import format as fmt
from ..draw.bars import EIGHTHS, last_known, packed, spark
from ..draw.cell_widget import Cell, CellWidget, Row, fitted
from ..draw.lines import rule, words
from ..log.rule_words import label as rule_label

_SIDES = {1: ("buy", "▲"), -1: ("sell", "▼"), 0: ("muted", "·")}
_LABEL = 8


class ContractDetail(CellWidget):
    """The drawer; 36 columns are enough, more room shows more prints."""

    DEFAULT_CSS = """
    ContractDetail { width: 36; height: 1fr; }
    """

    GROUND = "itm"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._shown: tuple[Detail | None, View | None, Prefs] = (None, None, Prefs())

    def show(self, detail: Detail | None, view: View | None, prefs: Prefs) -> None:
        """Paint the lines that differ from the frame before; without a contract say how to get one."""
        self._shown = (detail, view, prefs)
        width, height = self.size
        if detail is None:
            self.paint([words("no contract chosen: j k, then enter", width)])
        else:
            self.paint(detail_rows(detail, view, prefs, width, height))

    def on_resize(self) -> None:
        """Fit the lines to the new size."""
        self.show(*self._shown)


def detail_rows(detail: Detail, view: View | None, prefs: Prefs, width: int, height: int) -> list[Row]:
    """Write the drawer for `width` x `height` cells; prints fill what is left at the bottom."""
    stale = detail.quote_age_s > prefs.stale_s
    rows = [
        *_title(detail, width),
        *_quote(detail, "faint" if stale else "strong", width),
        *_volume(detail, width),
        *_greeks(detail, width),
        *_minute(detail, width),
        *_signals(detail, width),
    ]
    room = height - len(rows) - 1
    if room > 0 and detail.prints:
        rows.append(rule("last prints", width))
        rows += [_print(each, width) for each in detail.prints[:room]]
    return rows[:height]


def _title(detail: Detail, width: int) -> list[Row]:
    contract = detail.contract
    name = f" {contract.root} {contract.expiry} {fmt.strike(contract.strike_milli)} {contract.right} "
    return [
        fitted([(name, "title", "itm"), ("─" * max(0, width - len(name)), "faint", "itm")], width, "itm"),
        words(f"{contract.occ:<23}{fmt.age(detail.quote_age_s):>6} old", width),
    ]


def _quote(detail: Detail, ink: str, width: int) -> list[Row]:
    known = MISSING not in (detail.bid, detail.ask)
    mid = fmt.price((detail.bid + detail.ask) // 2, 3) if known else fmt.NONE
    spread = fmt.price(detail.ask - detail.bid) if known else fmt.NONE
    side_ink, arrow = _SIDES[detail.last_side]
    last = [("last", _price(detail.last), ink), ("ago", f"{fmt.age(detail.last_age_s)} {arrow}", side_ink)]
    return [
        _pairs([("bid", _price(detail.bid), ink), ("x", fmt.count(detail.bid_size), "muted")], width),
        _pairs([("ask", _price(detail.ask), ink), ("x", fmt.count(detail.ask_size), "muted")], width),
        _pairs([("mid", mid, ink), ("spread", spread, "text")], width),
        _pairs(last if detail.last != MISSING else last[:1], width),
        _pairs([("fmv", _fmv(detail), "text")], width),
    ]


def _fmv(detail: Detail) -> str:
    if detail.fmv == MISSING:
        return fmt.NONE
    mid = (detail.bid + detail.ask) / 2 if MISSING not in (detail.bid, detail.ask) else 0
    edge = f" {detail.fmv / mid - 1:+.1%}" if mid > 0 else ""
    return fmt.price(detail.fmv, 3) + edge


def _volume(detail: Detail, width: int) -> list[Row]:
    per_oi = fmt.ratio(round(10 * detail.volume / detail.oi)) if detail.oi > 0 else fmt.NONE
    flow = ("Δ flow", fmt.money(detail.net_delta_flow), "text")
    net_ink = "buy" if detail.net_premium_usd > 0 else "sell" if detail.net_premium_usd < 0 else "muted"
    return [
        rule("today", width),
        _pairs([("volume", f"{detail.volume:,}", "text"), ("v/oi", per_oi, "text")], width),
        _pairs(
            [("oi", fmt.count(detail.oi), "text"), ("premium", fmt.dollars(detail.premium_usd), "text")],
            width,
        ),
        _pairs([("net", fmt.money(detail.net_premium_usd), net_ink), flow], width),
        _tape(detail, width),
    ]


def _tape(detail: Detail, width: int) -> Row:
    """Draw bought against sold volume; the blank in the middle is what nobody could classify."""
    total = detail.volume
    if total <= 0:
        return words("no trade yet", width)
    buy, sell = detail.buy / total, detail.sell / total
    before, after = f" buy {buy:4.0%} ", f" {sell:4.0%} sell "
    cells = max(0, width - len(before) - len(after))
    bought = min(cells, round(buy * cells))
    sold = min(cells - bought, round(sell * cells))
    gap = cells - bought - sold
    return [
        (before, "buy", "itm"),
        (EIGHTHS[8] * bought, "buy", "itm"),
        ("·" * gap, "faint", "itm"),
        (EIGHTHS[8] * sold, "sell", "itm"),
        (after, "sell", "itm"),
    ]


def _greeks(detail: Detail, width: int) -> list[Row]:
    volatility = f"{detail.iv:.1%}" if isfinite(detail.iv) else f"{fmt.NONE} ({detail.iv_status})"
    return [
        rule("greeks", width),
        _pairs([("Δ", _number(detail.delta, 3), "text"), ("Γ", _number(detail.gamma, 3), "text")], width),
        _pairs(
            [("Θ/min", _number(detail.theta, 4), "text"), ("V/pt", _number(detail.vega, 3), "text")], width
        ),
        _pairs([("IV", volatility, "text")], width),
    ]


def _minute(detail: Detail, width: int) -> list[Row]:
    cells = max(1, width - _LABEL - 3)
    volume = [float(size) for size in detail.volume_by_s]
    mids = [nan if mid == MISSING else float(mid) for mid in detail.mid_by_s]
    return [
        rule("last 60 s", width),
        _pairs([("vol/s", spark(packed(volume, cells, sum), cells), "gamma_abs")], width),
        _pairs([("mid", spark(packed(mids, cells, last_known), cells), "text")], width),
    ]


def _signals(detail: Detail, width: int) -> list[Row]:
    counts = " · ".join(f"{count} {rule_label(name)}" for name, count in detail.signals)
    return [_pairs([("signals", counts or "none today", "mark" if counts else "muted")], width)]


def _print(each: Print, width: int) -> Row:
    ink, arrow = _SIDES[each.side]
    head = f" {clock_text(each.ts_ns, tenths=True)} "
    text = f"{each.size:>6,} @{fmt.price(each.price):<6} {arrow} "
    rest = fmt.clip(each.condition or each.rule, max(0, width - len(head) - len(text)))
    return fitted([(head, "muted", "itm"), (text, ink, "itm"), (rest, "muted", "itm")], width, "itm")


def _price(units: int) -> str:
    return fmt.price(units, 2 if units % 100 == 0 else 4)


def _number(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}" if isfinite(value) else fmt.NO_GREEK


def _pairs(pairs: list[tuple[str, str, str]], width: int) -> Row:
    """Write up to two labelled values side by side, each in its own half so that nothing moves."""
    cells: list[Cell] = []
    half = width // 2 if len(pairs) > 1 else width
    for label, text, ink in pairs:
        room = half - 1
        name = f" {label:<{_LABEL}}"[: room + 1]
        cells += [
            (name, "muted", "itm"),
            (fmt.clip(text, half - len(name)).ljust(half - len(name)), ink, "itm"),
        ]
    return fitted(cells, width, "itm")
