"""The signal log's lines as cells: its title, and one line per signal.

Owns a line's order and widths: time, direction, kind, contract, price before and after, what came of it, and
last, in all the room that is left, why: measured against usual. The words of each rule are the catalogue's.
"""

from __future__ import annotations

from datetime import date, timedelta

from engine.fold.rules.catalogue import rule_named
from engine.fold.rules.spec import TRADED
from engine.model.calendar import clock_text
from engine.model.events import PRICE_SCALE
from engine.views.view import Outcome, SignalRow

from ...settings.prefs import RULES, Prefs
from .. import format as fmt
from ..draw.bars import SPARKS
from ..draw.cell_widget import Cell, Row, fitted
from .rule_words import tag

WIDE, WIDEST = 100, 150
"""From so many columns on a line spells things out, and then its outcomes, strength and tenths too."""

_LISTED = 108  # columns from which the title names every rule
_HORIZONS = 3
_MOVE_WIDTH = 11

_ARROWS = {"up": "▲", "down": "▼"}
_INKS = {"up": ("buy_lo", "buy", "buy_hi"), "down": ("sell_lo", "sell", "sell_hi")}
_DEED = 12  # cells of what was done
_PLAIN = ("muted", "text", "strong")
_MILD, _STRONG = 0.55, 0.75  # strength from which a signal is painted brighter; 0.5 is its rule's threshold


def title_row(
    prefs: Prefs,
    width: int,
    *,
    shown: int,
    total: int,
    new: int,
    at_newest: bool,
    focus: bool,
    unknown: tuple[str, ...] = (),
) -> Row:
    """Write the log's title: rules, filter, how many there are, and whether the newest is in sight.

    unknown : the words of the filter that mean nothing
    """
    ink = "title" if focus else "muted"
    cells: list[Cell] = [("─ SIGNALS ", ink, "base"), *_rules(prefs, width)]
    if prefs.log_filter:
        cells.append((f"  / {fmt.clip(prefs.log_filter, max(4, width // 4))}", "key", "base"))
    if unknown:
        cells.append((f" unknown: {fmt.clip(' '.join(unknown), max(4, width // 5))}", "warn", "base"))
    if prefs.muted:
        names = ", ".join(tag(rule).lower() for rule in sorted(prefs.muted))
        cells.append((fmt.clip(f"  muted {names}", max(8, width // 4)), "warn", "base"))
    count = f" {shown:,} of {total:,}" if shown != total else f" {total:,}"
    state = (
        (" follow ▼ ", "muted", "base")
        if at_newest
        else (f" · {f'{new} new' if new else 'looking back'} ▼ ", "warn" if new else "muted", "base")
    )
    used = sum(len(text) for text, _, _ in cells) + len(count) + len(state[0])
    rule = ("─" * (width - used - 1)) if width > used + 1 else ""
    return fitted([*cells, (" " + rule, "faint", "base"), (count, "muted", "base"), state], width, "base")


def empty_line(total: int, width: int) -> Row:
    """Say why no signal is shown."""
    why = f"none of {total:,} matches; esc shows all" if total else "no signal yet"
    return fitted([(f" {why}", "muted", "base")], width, "base")


def signal_line(
    row: SignalRow,
    width: int,
    *,
    first_ns: int,
    before: int,
    count: int,
    also: tuple[str, ...] = (),
    day: date,
    cursor: bool,
    outcomes: tuple[Outcome, ...] = (),
) -> Row:
    """Write one signal for `width` cells.

    first_ns, before : time and mid of the first of `count` signals collapsed into this line
    also             : the other rules among them
    outcomes         : what is known of what came of it, shortest horizon first
    """
    ground = "cursor" if cursor else "base"
    wide, widest = width >= WIDE, width >= WIDEST
    ink = _INKS.get(row.bias, _PLAIN)[(row.strength >= _MILD) + (row.strength >= _STRONG)]
    bar = f"{SPARKS[min(7, int(row.strength * 8))]} " if widest else ""
    head: list[Cell] = [
        (f"{'▸' if cursor else ' '}{clock_text(first_ns, tenths=widest)} ", "muted", ground),
        (f"{_ARROWS.get(row.bias, '◆')} {row.action:<{_DEED}.{_DEED}} {bar}", ink, ground),
        (_contract(row, day), "strong", ground),
        (_price(before if wide else None, row.mid_after, count), "text", ground),
        *_came(outcomes, width, ground),
    ]
    room = max(0, width - sum(len(text) for text, _, _ in head) - 1)
    why = f"{_rules_of(row, also)}{measured(row, brief=not wide)}"
    return fitted([*head, (fmt.clip(why, room), "text", ground)], width, ground)


def _rules_of(row: SignalRow, also: tuple[str, ...]) -> str:
    """Name the rules of a line, but for one alone whose deed is no other's."""
    rule = rule_named(row.rule)
    if not also and rule is not None and rule.deeds != TRADED:
        return ""
    return f"{'+'.join(tag(each).lower() for each in (row.rule, *also))}: "


def outcome_mark(outcome: Outcome) -> tuple[str, str]:
    """Return glyph and ink of an outcome: ✓ right, ✗ wrong, ~ only on the way, ○ undirected, — unknown."""
    if outcome.hit is None:
        known = outcome.underlying is not None
        return ("○" if known else fmt.NONE), "muted"
    if outcome.hit:
        return "✓", "buy"
    return ("~", "muted") if outcome.touched else ("✗", "sell")


def _came(outcomes: tuple[Outcome, ...], width: int, ground: str) -> list[Cell]:
    """Write one mark for each horizon, … while it is not over; with the move where there is room."""
    cells: list[Cell] = []
    for outcome in outcomes:
        mark, ink = outcome_mark(outcome)
        text = mark if width < WIDEST else f" {_moved(outcome)} {mark}".rjust(_MOVE_WIDTH)
        cells.append((text, ink, ground))
    waiting = _HORIZONS - len(outcomes)
    dots = "…" if width < WIDEST else "…".rjust(_MOVE_WIDTH)
    return [*cells, (dots * waiting + " ", "faint", ground)]


def _moved(outcome: Outcome) -> str:
    """Write the move of the contract, or of the underlying where there is none: `5m+0.12`."""
    move = outcome.underlying if outcome.contract is None else outcome.contract
    size = fmt.NONE if move is None else f"{move / PRICE_SCALE:+.2f}"
    return f"{outcome.horizon_s // 60}m{size}"


def measured(row: SignalRow, *, brief: bool) -> str:
    """Say what was measured against what, from the signal's evidence; its reason when that is not known."""
    rule, numbers = rule_named(row.rule), dict(row.evidence)
    if rule is None or not all(column.name in numbers for column in rule.evidence):
        return row.reason
    return rule.brief(numbers) if brief else rule.line(numbers)


def _rules(prefs: Prefs, width: int) -> list[Cell]:
    if width < _LISTED:
        return [(f"[{_choice(prefs.log_rule)}]", "strong", "base")]
    cells: list[Cell] = []
    for rule in RULES:
        name = _choice(rule)
        chosen = rule == prefs.log_rule
        cells.append((f"[{name}]" if chosen else f" {name} ", "strong" if chosen else "faint", "base"))
    return cells


def _choice(rule: str) -> str:
    return tag(rule).lower() if rule else "all"


def _contract(row: SignalRow, day: date) -> str:
    """Write strike, right and days to expiration."""
    if row.contract is None:
        return f"{'spot':>7}    "
    days = (row.contract.expiry - day) // timedelta(days=1)
    return f"{row.contract.short:>7} {f'{days}d':<3}"


def _price(before: int | None, after: int, count: int) -> str:
    """Write the prices in slots that an index level fits too, and how many signals the line stands for."""
    first = "" if before is None else f"{fmt.price(before):>8}"
    return f"{first}→{fmt.price(after):<8}{f'×{count}' if count > 1 else '':>4} "
