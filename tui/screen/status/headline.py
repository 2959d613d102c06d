"""The headline numbers: spot, expected move, levels with their distance; exposure, flow, put/call.

Owns what stands there, in slots that a missing number keeps, and what gives way where there is less room.
"""

from __future__ import annotations

from datetime import date
from math import nan
from typing import Literal, get_args

from engine.model.events import MISSING, PRICE_SCALE
from engine.views.view import View

from ...settings.prefs import Prefs
from .. import format as fmt
from ..draw.cell_widget import Cell, Row, fitted
from ..draw.fitting import Piece, fit
from ..grid.ladder_rows import choice_text
from .badge import unbegun
from .feed import sides

LevelForm = Literal["sigma", "points", "level"]

_POINTS, _SIGMA = 6, 6  # cells of a distance, its blank included

_ROOMY = 100
"""Cells from which the rules between the numbers have blanks beside them."""


def headlines(view: View, prefs: Prefs, width: int, rows: int) -> list[Row]:
    """Write the numbers for `width` cells on one line, or levels and flow on two."""
    levels, flow = _levels(view), _flow(view, prefs)
    lines = [[*levels, *flow]] if rows == 1 else [levels, flow]
    rule: Cell = (" │ " if width >= _ROOMY else "│", "faint", "bar")
    return [fitted([(" ", "text", "bar"), *fit(line, width - 1, rule)], width, "bar") for line in lines]


def price_forms(view: View) -> tuple[Row, ...]:
    """Write the spot with its change in points and percent, in percent, and alone."""
    change = fmt.change(view.spot, view.prev_close)
    price: Cell = (fmt.price(view.spot), "strong", "bar")
    if change == fmt.NONE:
        unknown: Row = [price, (f" {change}", "muted", "bar")]
        return unknown, unknown, [price]
    points, percent = change.rstrip(")").split(" (")
    ink = "buy" if points[0] == "▲" else "sell" if points[0] == "▼" else "muted"
    long = f" {points.ljust(_digits(view) + 3)} {percent}"
    return [price, (long, ink, "bar")], [price, (f" {percent}", ink, "bar")], [price]


def exposure_forms(view: View, prefs: Prefs) -> tuple[Row, ...]:
    """Write the net exposure, its unit, whose sign and what was summed; the number alone comes last."""
    net = view.gamma.net
    spot = nan if view.spot == MISSING else view.spot / PRICE_SCALE
    text = fmt.exposure(None if net is None else fmt.in_unit(net, spot, prefs.unit)).rjust(6)
    ink = "muted" if net is None else "gamma_pos" if net >= 0 else "gamma_neg"
    unit = fmt.UNIT_TEXT[prefs.unit]
    bare = _labelled("GEX ", text, ink)
    units = (f" {unit} {choice_text(view.gamma)}", f" {unit} {view.gamma.convention}", f" {unit}")
    return *([*bare, (each, "muted", "bar")] for each in units), bare


def level_forms(view: View) -> tuple[Row, ...]:
    """Write flip and walls without their distance, and the flip alone."""
    gamma = view.gamma
    flip = _level(view, "flip", gamma.zero_gamma)
    walls = (("CW", gamma.call_wall), ("PW", gamma.put_wall))
    rest = [cell for wall in walls for cell in ((" ", "muted", "bar"), *_level(view, *wall))]
    return [*flip, *rest], flip


def _levels(view: View) -> list[Piece]:
    gamma = view.gamma
    flip, calls, puts = (
        tuple(_level(view, name, dollars, form) for form in get_args(LevelForm))
        for name, dollars in (("flip", gamma.zero_gamma), ("CW", gamma.call_wall), ("PW", gamma.put_wall))
    )
    return [
        Piece(price_forms(view), (22, 11)),
        Piece(_move_forms(view), (20, 18)),
        Piece(([*flip[0], _band(view)], *flip), (30, 16, 6)),
        Piece(calls, (19, 10, 8)),
        Piece(puts, (19, 10, 8)),
    ]


def _flow(view: View, prefs: Prefs) -> list[Piece]:
    why = _why(view)
    return [
        Piece(_delta_forms(view), (15, 14, 13, 11, 9)),
        Piece(exposure_forms(view, prefs), (17, 16, 15, 12)),
        Piece((_level(view, "max γ", view.gamma.max_gex_strike),), (18,)),
        Piece(([(why, "muted", "bar")],), (24,)),
        Piece(_premium_forms(view), (26, 23, 22)),
        Piece(_put_call_forms(view), (29, 19)),
        Piece(_volatility_forms(view), (28, 25)),
        Piece(sides(view) if view.link is None else ([],), (27, 26)),
        Piece((_labelled("pain ", fmt.level(view.gamma.max_pain), "text"),), (28,)),
    ]


def _why(view: View) -> str:
    """Say why there is no exposure, or no flip; nothing when there is."""
    gamma = view.gamma
    return gamma.missing_reason or (gamma.zero_gamma_reason if gamma.zero_gamma is None else "")


def _labelled(label: str, text: str, ink: str) -> Row:
    return [(label, "muted", "bar"), (text, ink, "bar")]


def _digits(view: View) -> int:
    """Count the digits of the spot before its point: every slot is as wide as they make it."""
    return 1 if view.spot == MISSING else len(str(view.spot // PRICE_SCALE))


def _move_forms(view: View) -> tuple[Row, ...]:
    """Write the straddle: with what it was at the open and 1σ of the move that is left, or alone."""
    now = _labelled("EM ", _signless("±", view.gamma.expected_move), "text")
    opened: Row = [*now, (" of ", "muted", "bar"), (_signless("", view.chain.opening_move), "muted", "bar")]
    sigma: Cell = (_signless("", view.chain.sigma_move), "text", "bar")
    return [*opened, ("  1σ ", "muted", "bar"), sigma], opened, now


def _signless(sign: str, dollars: float | None) -> str:
    text = fmt.NONE if dollars is None else sign + fmt.four_cells(dollars).lstrip()
    return text.ljust(len(sign) + 4)


def _level(view: View, name: str, dollars: float | None, form: LevelForm = "level") -> Row:
    """Write a level of the underlying and how far it is from the spot; a missing one keeps its room.

    form : 'sigma' has the distance in points and in standard deviations of the remaining move
    """
    room = {"level": 0, "points": _POINTS, "sigma": _POINTS + _SIGMA}[form]
    width = _digits(view) + (2 if name == "flip" or (view.strike_milli % 1000).any() else 0)
    label: Cell = (f"{name} ", "muted", "bar")
    if dollars is None:
        why = _why(view).partition(" between ")[0] if name == "flip" else ""
        text = f"{fmt.NONE} {why}".rstrip() if room else fmt.NONE
        return [label, (fmt.clip(text, width + room).ljust(width + room), "muted", "bar")]
    cells: Row = [label, (fmt.level(dollars).ljust(width), "mark", "bar")]
    away = nan if view.spot == MISSING else dollars - view.spot / PRICE_SCALE
    texts = (f" {fmt.points(away)}", f" {fmt.sigmas(away, view.chain.sigma_move)}")
    shown = {"level": 0, "points": 1, "sigma": 2}[form]
    return [
        *cells,
        *((text, ink, "bar") for text, ink in zip(texts[:shown], ("text", "muted"), strict=False)),
    ]


def _band(view: View) -> Cell:
    """Write the range of the flips of all conventions, blanks when only one has a flip."""
    band = view.gamma.band
    text = "" if band is None or band[0] == band[1] else f" ({fmt.level(band[0])}–{fmt.level(band[1])})"
    return text.ljust(2 * _digits(view) + 8), "muted", "bar"


def _delta_forms(view: View) -> tuple[Row, ...]:
    """Write the delta that customers bought today, in shares, and its change in five minutes."""
    known = _has_flow(view)
    total: Cell = _signed(view.flow.net_delta if known else nan)
    change = view.flow.net_delta_5m if known else None
    lately: Row = [("5m ", "muted", "bar"), _signed(nan if change is None else change)]
    name: Cell = ("Δ ", "muted", "bar")
    unit: Cell = (" sh", "muted", "bar")
    gap: Cell = (" ", "muted", "bar")
    return (
        [("Δ flow ", "muted", "bar"), total, unit, gap, *lately],
        [name, total, unit, gap, *lately],
        [name, total, gap, *lately],
        [name, total, unit],
        [name, total],
    )


def _premium_forms(view: View) -> tuple[Row, ...]:
    """Write what was bought less what was sold, of calls and of puts: no sum, they mean opposites.

    Of which expirations comes first to go.
    """
    known = _has_flow(view)
    calls = _signed(view.flow.net_call_premium_usd if known else nan)
    puts = _signed(view.flow.net_put_premium_usd if known else nan)
    short: Row = [("$ C ", "muted", "bar"), calls, (" P ", "muted", "bar"), puts]
    summed = expiries_text(view.flow.expiries, view.day)
    named: Row = [
        (f"$ {summed} bought-sold C " if summed else "$ bought-sold C ", "muted", "bar"),
        *short[1:],
    ]
    return named, [("$ bought-sold C ", "muted", "bar"), *short[1:]], short


def expiries_text(expiries: tuple[date, ...], day: date) -> str:
    """Name the expirations that a total sums: `0DTE`, one date, `0DTE–12-18`."""
    names = ["0DTE" if expiry == day else f"{expiry:%m-%d}" for expiry in expiries]
    return "–".join(dict.fromkeys([*names[:1], *names[-1:]]))


def _has_flow(view: View) -> bool:
    """Say whether there is a flow: a live day that has not begun, or has no chain, has none."""
    return not unbegun(view) and (view.link is None or bool(view.expiries))


def _signed(value: float) -> Cell:
    return fmt.money(value).rjust(6), "buy" if value > 0 else "sell" if value < 0 else "muted", "bar"


def _put_call_forms(view: View) -> tuple[Row, Row]:
    """Write puts over calls by volume, open interest and premium, and by volume alone."""
    chain = view.chain
    ratios = (("vol", chain.pcr_volume), ("OI", chain.pcr_oi), ("$", chain.pcr_premium))
    cells: list[Cell] = [("P/C", "muted", "bar")]
    for name, value in ratios:
        text = fmt.NONE if value is None else f"{value:.2f}"
        cells += [(f" {name} ", "muted", "bar"), (text.ljust(4), "text", "bar")]
    return cells, cells[:3]


def _volatility_forms(view: View) -> tuple[Row, Row]:
    """Write the volatility at the money and how far its quotes leave it open."""
    iv, error = view.chain.atm_iv, view.chain.atm_iv_error
    now = _labelled("IV ", (fmt.NONE if iv is None else f"{iv:.1%}").ljust(5), "text")
    return [*now, ("" if error is None else f" ±{error:.1%}", "muted", "bar")], now
