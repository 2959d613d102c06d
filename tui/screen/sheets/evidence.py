"""A signal in full: what it was judged by, what came of it, the tape around it.

Owns the lines of the evidence sheet.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, nan

from engine.fold.rules.catalogue import rule_named
from engine.model.calendar import clock_text
from engine.model.events import MISSING, NS, PRICE_SCALE
from engine.views.queries import SignalTape, SignalTapeTick
from engine.views.view import Outcome, Print, SignalRow

from .. import format as fmt
from ..draw.bars import last_known, packed, spark
from ..draw.cell_widget import Cell, Row, fitted
from ..draw.lines import GROUND, rule, words, wrapped
from ..log.log_rows import outcome_mark
from ..log.rule_words import label

_SIDES = {1: ("buy", "▲"), -1: ("sell", "▼"), 0: ("muted", "·")}
_LABEL = 10
_UNITS = {"shares per $1": "sh/$1"}
_MARKS = {"share": (100.0, "%"), "%": (1.0, "%"), "times": (1.0, "×"), "σ": (1.0, "σ"), "code": (1.0, "")}


def evidence_rows(
    row: SignalRow, symbol: str, outcomes: Sequence[Outcome], around: SignalTape | None, width: int
) -> list[Row]:
    """Write the sheet for `width` cells; `around` is None until it has been asked for."""
    return [
        *_headline(row, symbol, width),
        rule("numbers it used", width),
        *_numbers(row, width),
        rule("what came of it", width),
        *_outcomes(outcomes, width),
        rule("the tape around it", width),
        *_tape(row, around, width),
    ]


def _headline(row: SignalRow, symbol: str, width: int) -> list[Row]:
    contract = row.contract
    name = contract.occ if contract is not None else symbol
    side = f"side confidence {row.side_confidence:.0%}" if row.side_confidence > 0 else "no side judged"
    facts = f"{row.action} · {row.direction} · strength {row.strength:.2f} · {side} · rule {row.version}"
    return [
        words(f"{clock_text(row.ts_ns, tenths=True)}  {label(row.rule)}  {name}", width, "title"),
        *wrapped(row.reason, width, "text"),
        *wrapped(facts, width),
    ]


def _numbers(row: SignalRow, width: int) -> list[Row]:
    """Write every number with its name and unit, two to a line where that fits."""
    known = rule_named(row.rule)
    columns_of = {} if known is None else {column.name: column for column in known.evidence}
    told: list[tuple[str, str]] = []
    for name, value in row.evidence:
        column = columns_of.get(name)
        if column is None:
            told.append((name.replace("_", " "), number(value)))
        else:
            told.append((column.label, in_unit(value, column.unit)))
    columns = 2 if width >= 56 else 1
    half = (width - 1) // columns
    lines: list[Row] = []
    for start in range(0, len(told), columns):
        cells: list[Cell] = [(" ", "muted", GROUND)]
        for name, text in told[start : start + columns]:
            room = half - len(text) - 2
            cells += [
                (fmt.clip(name, room).ljust(room), "muted", GROUND),
                (f" {text} ", "text", GROUND),
            ]
        lines.append(fitted(cells, width, GROUND))
    return lines


def in_unit(value: float, unit: str) -> str:
    """Write one number of evidence with its unit: `$412,000`, `10 s`, `56%`, `20.4×`, `1,840 contracts`."""
    if not isfinite(value):
        return fmt.NONE
    if unit == "$":
        return f"{'-' if value < 0 else ''}${number(abs(value))}"
    if unit in _MARKS:
        size, mark = _MARKS[unit]
        share = value * size
        return (f"{share:,.1f}".removesuffix(".0") if abs(share) >= 10 else number(share)) + mark
    return f"{number(value)} {_UNITS.get(unit, unit)}"


def number(value: float) -> str:
    """Write one number of evidence with as many decimals as its size deserves."""
    if not isfinite(value):
        return fmt.NONE
    if value == int(value) or abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 10 else f"{value:.4g}"


def _outcomes(outcomes: Sequence[Outcome], width: int) -> list[Row]:
    if not outcomes:
        return [words("the first minute after it is not over", width)]
    lines = [words("after    spot $  contr $   best $  worst $", width)]
    for outcome in outcomes:
        mark, ink = outcome_mark(outcome)
        moves = (outcome.underlying, outcome.contract, outcome.best, outcome.worst)
        text = "".join(_move(move).rjust(9) for move in moves)
        lines.append(
            fitted(
                [(f" {outcome.horizon_s // 60:>2} min", "muted", GROUND), (text, "text", GROUND),
                 (f"  {mark} {_verdict(outcome)}", ink, GROUND)],
                width,
                GROUND,
            )
        )  # fmt: skip
    return lines


def _verdict(outcome: Outcome) -> str:
    if outcome.hit is None:
        return "no direction claimed" if outcome.underlying is not None else "not known"
    if outcome.hit:
        return "stood in its direction"
    return "went there, did not stay" if outcome.touched else "went the other way"


def _move(units: int | None) -> str:
    return fmt.NONE if units is None else f"{units / PRICE_SCALE:+.2f}"


def _tape(row: SignalRow, around: SignalTape | None, width: int) -> list[Row]:
    if around is None:
        return [words("reading …", width)]
    if not around.ticks:
        return [words("nothing was quoted around it", width)]
    ticks = around.ticks
    cells = min(len(ticks), max(10, width - _LABEL - 2))
    prices = packed([nan if t.price == MISSING else float(t.price) for t in ticks], cells, last_known)
    volumes = packed([float(t.volume) for t in ticks], cells, sum)
    known = [price for price in prices if isfinite(price)]
    span = f"{fmt.price(int(min(known)))} to {fmt.price(int(max(known)))}" if known else fmt.NONE
    seconds = f"{clock_text(ticks[0].ts_ns)} to {clock_text(ticks[-1].ts_ns)}"
    lines = [
        words(f"{'price':<{_LABEL}}{spark(prices, cells)}", width, "text"),
        words(f"{'':<{_LABEL}}{_pointer(row, ticks, cells)}", width, "mark"),
        words(f"{'volume':<{_LABEL}}{spark(volumes, cells)}", width, "gamma_abs"),
        words(f"{'':<{_LABEL}}{seconds}   {span}", width),
    ]
    return [*lines, *(_print(each, row.ts_ns, width) for each in around.prints)]


def _pointer(row: SignalRow, ticks: Sequence[SignalTapeTick], cells: int) -> str:
    """Point at the second of the signal."""
    at = sum(tick.ts_ns + NS <= row.ts_ns for tick in ticks)
    return " " * min(at * cells // len(ticks), cells - 1) + "▲"


def _print(each: Print, signal_ns: int, width: int) -> Row:
    ink, arrow = _SIDES[each.side]
    away = (each.ts_ns - signal_ns) / NS
    text = f" {each.size:>6,} @{fmt.price(each.price):<6} {arrow} "
    rest = each.condition or each.rule
    return fitted(
        [(f" {away:>+6.1f}s", "muted", GROUND), (text, ink, GROUND), (rest, "muted", GROUND)], width, GROUND
    )
