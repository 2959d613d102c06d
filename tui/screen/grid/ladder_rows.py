"""The ladder's lines as cells: headings, and one row of a sheet at a time.

Owns text, inks and grounds of the strike grid and of the gamma profile that shares its rows; of
the numbers it knows what a sheet holds, never the view.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.model.events import MISSING
from engine.views.view import Gamma

from ...settings.prefs import Prefs, ProfileView
from .. import format as fmt
from ..draw.bars import left_bar, right_bar
from ..draw.cell_widget import Cell, fitted
from ..draw.fitting import length
from . import sheet as sh
from .columns import HEADS, ColumnPlan, Field

PAST_MARK = "┆"
"""Ends the bar that a strike had in an earlier profile."""

_BUY = ("buy_lo", "buy", "buy_hi")
_SELL = ("sell_lo", "sell", "sell_hi")
_VIEW_TEXT: dict[ProfileView, str] = {
    "net": "net",
    "calls_puts": "puts│calls",
    "absolute": "gross",
    "oi": "puts│calls",
    "volume": "puts│calls",
}
_COUNTS: dict[ProfileView, tuple[str, str]] = {"oi": ("OPEN INTEREST", "OI"), "volume": ("VOLUME", "VOL")}
_VIEW_INKS: dict[ProfileView, tuple[str, str]] = {
    "net": ("gamma_neg", "gamma_pos"),
    "calls_puts": ("gamma_neg", "gamma_pos"),
    "absolute": ("gamma_abs", "gamma_abs"),
    "oi": ("gamma_neg", "gamma_pos"),
    "volume": ("gamma_neg", "gamma_pos"),
}


def title_row(plan: ColumnPlan, prefs: Prefs, gamma: Gamma) -> list[Cell]:
    """Name the ladder's three parts on a ruled line, and what the profile's bars are sums of."""
    calls = _ruled(" CALLS ", _cells(plan.calls))
    puts = _ruled(" PUTS ", _cells(plan.puts))
    middle = "┬" + "─" * (plan.strike - 2) + "┬"
    return [(calls + middle + puts + _profile_title(plan, prefs, gamma), "muted", "base")]


def heading_row(plan: ColumnPlan, prefs: Prefs, scale: float, gamma: Gamma | None) -> list[Cell]:
    """Head every column, and print the profile's scale (in the unit shown) at its ends.

    gamma : whose sign to name between them with the view, where no title line does; None where one does
    """
    calls = "".join(HEADS[field].rjust(width) for field, width in plan.calls)
    puts = "".join(HEADS[field].rjust(width) for field, width in plan.puts)
    middle = "│" + "STRIKE".rjust(plan.strike - 2) + "│"
    return [(calls + middle + puts, "muted", "base"), *_scale_cells(plan, prefs, scale, gamma)]


def totals_row(gamma: Gamma, prefs: Prefs, spot: float, past: str, width: int) -> list[Cell]:
    """Sum calls and puts up below the bars, beside the strike that has most and the earlier profile's time.

    spot : $, nan while there is none
    past : what is drawn as `PAST_MARK`, empty for nothing
    """
    total = gamma.totals[prefs.metric]
    factor = fmt.metric_factor(prefs.metric, spot, prefs.unit)
    sums: list[Cell] = []
    for name, value in (("C", total.call), ("P", total.put), ("net", total.net)):
        ink = "muted" if value is None else "gamma_pos" if value >= 0 else "gamma_neg"
        text = fmt.exposure(None if value is None else value * factor).rjust(6)
        sums += [(f"  {name} ", "muted", "base"), (text, ink, "base")]
    strike = fmt.level(gamma.max_gex_strike).ljust(5)
    most: list[Cell] = [("  max γ ", "muted", "base"), (strike, "mark", "base")]
    unit = fmt.metric_unit(prefs.metric, prefs.unit)
    name = f"{fmt.METRIC_TEXT[prefs.metric]} {unit} {choice_text(gamma)}"
    legend: list[Cell] = [(f" {PAST_MARK} {past}" if past else "", "text", "base")]
    forms = ([(name, "muted", "base"), *sums, *most], [*sums, *most], sums, sums[:4], sums[4:])
    fits = (form for form in forms if length(form) + length(legend) < width)
    cells = next(fits, sums[4:])
    gap = max(0, width - length(legend) - length(cells) - 1)
    return fitted([*legend, (" " * gap, "text", "base"), *cells], width, "base")


def strike_row(numbers: Sequence[int], plan: ColumnPlan, profile_view: ProfileView) -> list[Cell]:
    """Paint one row of a sheet."""
    flags = numbers[sh.FLAGS]
    calls_end = sh.FIRST_FIELD + 2 * len(plan.calls)
    cells = _leg(numbers[sh.FIRST_FIELD : calls_end], plan.calls, _ground(flags, sh.CALL_ITM))
    cells += _strike(numbers[sh.STRIKE], flags, plan.strike)
    cells += _leg(numbers[calls_end:], plan.puts, _ground(flags, sh.PUT_ITM))
    return cells + _profile(numbers, plan, profile_view) if plan.profile else cells


def marks_text(marks: int, width: int) -> str:
    """Write walls, flip and max pain of one row into the margin; both walls on one strike read `CPW`.

    Rows between the flips of different conventions begin with a dashed rule.
    """
    walls = {sh.MARK_CW: "CW", sh.MARK_PW: "PW", sh.MARK_CW | sh.MARK_PW: "CPW"}
    text = walls.get(marks & (sh.MARK_CW | sh.MARK_PW), "")
    text += "⤬" if marks & sh.MARK_FLIP else ""
    text += "m" if marks & sh.MARK_PAIN else ""
    lead = "┆" if marks & sh.MARK_BAND else " "
    return (text if len(text) >= width else lead + text)[:width].ljust(width)


def _cells(fields: tuple[tuple[Field, int], ...]) -> int:
    return sum(width for _, width in fields)


def _ruled(name: str, width: int) -> str:
    return name.center(width, "─") if width >= len(name) else "─" * width


def _scale_cells(plan: ColumnPlan, prefs: Prefs, scale: float, gamma: Gamma | None) -> list[Cell]:
    if not plan.profile:
        return []
    lower, upper = _scale_ends(prefs.profile_view, scale)
    room = plan.bars - len(lower) - len(upper)
    name = _brief_name(prefs, gamma, room - 2) if gamma else ""
    middle = name.center(room)
    text = fmt.clip(f"{_profile_rule(plan)}{lower}{middle}{upper}", plan.profile)
    return [(text.ljust(plan.profile), "muted", "base")]


def _brief_name(prefs: Prefs, gamma: Gamma, room: int) -> str:
    """Name the profile between its scale's ends: view and sign, one of them, or nothing."""
    view = f"{_subject(prefs)[-1]} {_VIEW_TEXT[prefs.profile_view]}"
    signed = view if prefs.profile_view in _COUNTS else f"{view} {gamma.convention}"
    return next((name for name in (signed, view) if len(name) <= room), "")


def _scale_ends(profile_view: ProfileView, scale: float) -> tuple[str, str]:
    if scale <= 0:
        return "", fmt.NONE
    size = _round_number(fmt.exposure(scale).lstrip("+"))
    if profile_view == "net":
        return f"-{size}", f"+{size}"
    return ("0", size) if profile_view == "absolute" else (size, size)


def _round_number(text: str) -> str:
    """Write a step of the scale without the zeros it does not need: `20.0B` is `20B`."""
    return f"{float(text[:-1]):g}{text[-1]}" if text[-1].isalpha() else text


def _profile_title(plan: ColumnPlan, prefs: Prefs, gamma: Gamma) -> str:
    """Name the profile, its view, its unit and what was summed, as far as there is room."""
    if not plan.profile:
        return ""
    view = _VIEW_TEXT[prefs.profile_view]
    long, short = _subject(prefs)
    if prefs.profile_view in _COUNTS:
        forms = [f"─ {long}  {view} ", f"─ {short} {view} "]
    else:
        rest = f"{view}  {fmt.metric_unit(prefs.metric, prefs.unit)} "
        summed, brief = f"{rest} {choice_text(gamma)} ", f"{rest} {gamma.convention} "
        forms = [f"─ {long}  {summed}", f"─ {short} {summed}", f"─ {short} {brief}", f"─ {short} {rest}"]
    title = next((form for form in forms if len(form) < plan.profile), forms[-1])
    return ("┬" if plan.puts else "─") + fmt.clip(title, plan.profile - 1).ljust(plan.profile - 1, "─")


def _subject(prefs: Prefs) -> tuple[str, str]:
    """Name what the bars measure, long and short."""
    counted = _COUNTS.get(prefs.profile_view)
    name = fmt.METRIC_TEXT[prefs.metric]
    return counted or (f"{name} PROFILE", name)


def choice_text(gamma: Gamma) -> str:
    """Say whose sign, which weights but open interest, how many expirations but one: `assumed vol 3exp`."""
    weights = " vol" if gamma.basis == "volume" else ""
    summed = "" if gamma.scope == "one" else f" {len(gamma.summed)}exp"
    return f"{gamma.convention}{weights}{summed}"


def _profile_rule(plan: ColumnPlan) -> str:
    """Return what parts the profile from the puts; without puts the strikes' own rule does."""
    return "│" if plan.puts else " "


def _ground(flags: int, itm: int) -> str:
    if flags & sh.CURSOR:
        return "cursor"
    if flags & sh.ATM:
        return "atm"
    return "itm" if flags & itm else "base"


def _leg(numbers: Sequence[int], fields: tuple[tuple[Field, int], ...], ground: str) -> list[Cell]:
    cells: list[Cell] = []
    for index, (field, width) in enumerate(fields):
        value, tone = numbers[2 * index], numbers[2 * index + 1]
        text = _TEXT[field](value)
        ink = _ink(field, value, tone)
        text = text if len(text) < width else _squeezed(text, width - 1)
        if ink.startswith("heat") and tone:
            cells += [(" " * (width - len(text)), ink, ground), (text, ink, ink)]
        else:
            cells.append((text.rjust(width), ink, ground))
    return cells


def _ink(field: Field, value: int, tone: int) -> str:
    if value == MISSING:
        return "faint"
    if field in ("vol", "oi"):
        return f"heat{tone}" if value else "faint"
    if field == "net":
        return "faint" if value == 0 else (_BUY if value > 0 else _SELL)[tone]
    if field in ("bid", "ask", "last", "fmv"):
        return "faint" if tone else "text"
    return "muted"


def _squeezed(text: str, width: int) -> str:
    """Drop the decimals of a number that is too long, and the number itself when even that does not help."""
    whole = text.partition(".")[0]
    return whole if len(whole) <= width else "#" * width


def _strike(strike_milli: int, flags: int, width: int) -> list[Cell]:
    """Paint the strike between its rules; under the cursor a pointer shows the side it aims at."""
    ground = _ground(flags, 0)
    text = fmt.strike(strike_milli).rjust(width - 4)
    left = "◂" if flags & sh.AIM_CALL else "►" if flags & sh.ATM else " "
    right = "▸" if flags & sh.AIM_PUT else " "
    rule = ("│", "faint", ground)
    if flags & sh.CURSOR:
        return [rule, (left + text + right, "on_cursor", "cursor_cell"), rule]
    return [
        rule,
        (left, "mark", ground),
        (text + right, "strong" if flags & sh.ATM else "text", ground),
        rule,
    ]


def _profile(numbers: Sequence[int], plan: ColumnPlan, profile_view: ProfileView) -> list[Cell]:
    flags = numbers[sh.FLAGS]
    ground = _ground(flags, 0)
    left_cells, right_cells = sh.halves(plan.bars, profile_view)
    lower, upper = _VIEW_INKS[profile_view]
    axis = fmt.NO_GREEK if flags & sh.NO_GAMMA else "┊"
    bars = [
        *left_bar(numbers[sh.LEFT], left_cells, lower, ground),
        (axis, "faint", ground),
        *right_bar(numbers[sh.RIGHT], right_cells, upper, ground),
    ]
    return [
        (_profile_rule(plan), "faint", ground),
        *(bars if numbers[sh.PAST] < 0 else _marked(bars, numbers[sh.PAST], ground)),
        (marks_text(numbers[sh.MARKS], plan.margin), "mark", ground),
    ]


def _marked(bars: Sequence[Cell], at: int, ground: str) -> list[Cell]:
    """Put the end of an earlier bar into a row of bars."""
    cells: list[Cell] = []
    start = 0
    for text, ink, own in bars:
        here = at - start
        if 0 <= here < len(text):
            parts = [(text[:here], ink, own), (PAST_MARK, "text", ground), (text[here + 1 :], ink, own)]
            cells += [part for part in parts if part[0]]
        else:
            cells.append((text, ink, own))
        start += len(text)
    return cells


_TEXT: dict[Field, Callable[[int], str]] = {
    "net": lambda usd: fmt.money(float("nan") if usd == MISSING else usd),
    "gamma": lambda scaled: fmt.greek(scaled, 3),
    "iv": fmt.percent,
    "delta": fmt.greek,
    "voi": fmt.ratio,
    "oi": fmt.count,
    "vol": fmt.count,
    "fmv": lambda cents: fmt.NONE if cents == MISSING else f"{cents / 100:+.2f}",
    "last": lambda cents: _cents(cents),
    "bid": lambda cents: _cents(cents),
    "ask": lambda cents: _cents(cents),
}


def _cents(cents: int) -> str:
    return fmt.NONE if cents == MISSING else fmt.price(cents * 100)
