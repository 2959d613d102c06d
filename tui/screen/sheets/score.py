"""How the day's signals did: the scoreboard, and what other thresholds would change about it.

Owns the lines of both sheets; every rate is computed elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.model.calendar import clock_text
from engine.model.contracts import Contract
from engine.views.queries import Score, Scoreboard, WhatIfComparison

from .. import format as fmt
from ..draw.cell_widget import Cell, Row, fitted
from ..draw.lines import GROUND, rule, share, words, wrapped
from ..log.rule_words import label

HORIZON_S = 300
"""The horizon at which two sets of thresholds are compared."""

FEW = 10
"""Effective signals below which a rate is not inked as better or worse than chance."""

_NAME = 11
_LEFT = _NAME + 7  # a rule's name and its alerts per hour
_BAR = 30
_EXPLAINED = (
    "/h: signals an hour. n: those whose outcome is known; eff: horizons that overlap counted once. hit: "
    "share of those with a direction that stood in it at the end; ctl: the same of random moments of the "
    "same half hour and moneyness. {touch}{move}Rates of fewer than {few} effective signals are left grey."
)
_TOUCH = "touch: moved beyond the spread on the way. "
_MOVE = "move: mean of the contract, or of spot, in the signal's direction. "
_COMPARED = "hit and ctl as on the scoreboard (O); rules that fire under neither are left out."


def score_rows(board: Scoreboard, width: int) -> list[Row]:
    """Write the scoreboard: a rule a line, its horizons side by side."""
    rules = list(dict.fromkeys(score.rule for score in board.scores))
    if not rules:
        return wrapped("No signal has been followed to the end of its first minute yet.", width)
    horizons = sorted({score.horizon_s for score in board.scores})
    found = {(score.rule, score.horizon_s): score for score in board.scores}
    per_h = dict(board.alerts_per_h)
    form = next((form for form in _FORMS if _LEFT + len(horizons) * _block(form) <= width), _FORMS[-1])
    lines = [_over(horizons, form, width), _heads(len(horizons), form, width)]
    for name in rules:
        scores = [found.get((name, horizon)) for horizon in horizons]
        lines.append(_line(name, scores, per_h.get(name), form, width))
    told = _EXPLAINED.format(
        touch=_TOUCH if "touch" in form else "", move=_MOVE if "move" in form else "", few=FEW
    )
    return [*lines, words("", width), *wrapped(told, width)]


_Form = tuple[str, ...]
_FORMS: tuple[_Form, ...] = (
    ("n", "eff", "hit", "ctl", "touch", "touch_ctl", "move"),
    ("n", "eff", "hit", "ctl", "move"),
    ("n", "eff", "hit", "ctl"),
    ("hit", "ctl"),
)
"""What is told of each horizon, the most first; the board takes the first that fits."""

_HEADS = {"n": "n", "eff": "eff", "hit": "hit", "ctl": "ctl", "touch": "touch", "touch_ctl": "ctl",
          "move": "move $"}  # fmt: skip
_WIDTHS = {"n": 4, "eff": 4, "hit": 5, "ctl": 5, "touch": 6, "touch_ctl": 5, "move": 7}
_TOLD: dict[str, Callable[[Score], tuple[str, str]]] = {
    "n": lambda score: (f"{score.n}", "muted"),
    "eff": lambda score: (f"{score.n_effective:.0f}", "muted"),
    "hit": lambda score: (share(score.hit_rate), _better(score, score.hit_rate, score.control_rate)),
    "ctl": lambda score: (share(score.control_rate), "muted"),
    "touch": lambda score: (
        share(score.touch_rate),
        _better(score, score.touch_rate, score.control_touch_rate),
    ),
    "touch_ctl": lambda score: (share(score.control_touch_rate), "muted"),
    "move": lambda score: (fmt.NONE if score.mean_move is None else f"{score.mean_move:+.2f}", "text"),
}


def _block(form: _Form) -> int:
    return 2 + sum(_WIDTHS[name] for name in form)


def _over(horizons: Sequence[int], form: _Form, width: int) -> Row:
    cells: list[Cell] = [(" " * _LEFT, "muted", GROUND)]
    cells += [(f"│ {horizon // 60} min".ljust(_block(form)), "muted", GROUND) for horizon in horizons]
    return fitted(cells, width, GROUND)


def _heads(horizons: int, form: _Form, width: int) -> Row:
    block = "│" + "".join(_HEADS[name].rjust(_WIDTHS[name]) for name in form) + " "
    return fitted([("/h ".rjust(_LEFT) + block * horizons, "muted", GROUND)], width, GROUND)


def _line(name: str, scores: Sequence[Score | None], per_h: float | None, form: _Form, width: int) -> Row:
    rate = fmt.NONE if per_h is None else f"{per_h:.1f}"
    cells: list[Cell] = [(f" {_name(name):<{_NAME}}", "strong", GROUND), (f"{rate:>5} ", "text", GROUND)]
    for score in scores:
        cells += [("│".ljust(_block(form)), "faint", GROUND)] if score is None else _told(score, form)
    return fitted(cells, width, GROUND)


def _told(score: Score, form: _Form) -> list[Cell]:
    cells: list[Cell] = [("│", "faint", GROUND)]
    for column in form:
        text, ink = _TOLD[column](score)
        cells.append((text.rjust(_WIDTHS[column]), ink, GROUND))
    return [*cells, (" ", "text", GROUND)]


def _better(score: Score, rate: float | None, control: float | None) -> str:
    """Return the ink of a rate beside its control's; colour only repeats what the numbers say."""
    if rate is None or control is None or rate == control:
        return "text"
    if score.n_effective < FEW:
        return "muted"
    return "buy" if rate > control else "sell"


def comparison_rows(found: WhatIfComparison | None, asked: Sequence[str], width: int) -> list[Row]:
    """Write what other thresholds change, or how far the re-run is."""
    settings = "  ".join(asked)
    if found is None or found.settings != tuple(asked) or found.progress < 1.0:
        done = found.progress if found is not None and found.settings == tuple(asked) else 0.0
        return [words(settings, width, "title"), _progress(done, width)]
    lines = [
        words(settings, width, "title"),
        words(
            f"{found.kept:,} signals stay, {len(found.added):,} added, {len(found.removed):,} removed, "
            f"{len(found.moved):,} moved",
            width,
            "text",
        ),
        rule(f"before → with these, {HORIZON_S // 60} min after", width),
        words(f"{'':<{_NAME}}   alerts/h        n          hit         ctl", width),
        *_then_and_now(found, width),
        *wrapped(_COMPARED, width),
    ]
    for name, sign, rows in (("added", "+", found.added), ("removed", "-", found.removed)):
        lines.append(rule(f"{name}: {len(rows):,}", width))
        lines += [_one(sign, row, width) for row in rows]
    lines.append(rule(f"moved: {len(found.moved):,}", width))
    lines += [_one("~", row[:3], width, f" to {clock_text(row[3])}") for row in found.moved]
    return lines


def _progress(done: float, width: int) -> Row:
    filled = round(done * _BAR)
    bar = "━" * filled + "─" * (_BAR - filled)
    return fitted(
        [
            (" running the day again ", "muted", GROUND),
            (bar, "key", GROUND),
            (f" {done:.0%}", "text", GROUND),
        ],
        width,
        GROUND,
    )


def _then_and_now(found: WhatIfComparison, width: int) -> list[Row]:
    then, now = (_by_rule(board) for board in (found.then, found.now))
    rates = [dict(board.alerts_per_h) for board in (found.then, found.now)]
    lines = []
    for name in dict.fromkeys([*rates[0], *rates[1]]):
        if not any(rate.get(name) for rate in rates):
            continue
        scores = then.get(name), now.get(name)
        pairs = (
            _pair([rate.get(name) for rate in rates], ".1f", 5),
            _pair([None if score is None else score.n for score in scores], "d", 4),
            _pair([None if score is None else score.hit_rate for score in scores], ".0%", 4),
            _pair([None if score is None else score.control_rate for score in scores], ".0%", 4),
        )
        lines.append(words(f"{_name(name):<{_NAME}}{'  '.join(pairs)}", width, "text"))
    return lines


def _by_rule(board: Scoreboard) -> dict[str, Score]:
    return {score.rule: score for score in board.scores if score.horizon_s == HORIZON_S}


def _pair(values: Sequence[float | None], form: str, width: int) -> str:
    """Write a number before and after, each right-aligned."""
    return " →".join((fmt.NONE if value is None else format(value, form)).rjust(width) for value in values)


def _one(sign: str, row: tuple[int, str, Contract | None], width: int, after: str = "") -> Row:
    ts_ns, name, contract = row
    said = contract.short if contract is not None else "spot"
    return words(f"{sign} {clock_text(ts_ns)}  {_name(name):<{_NAME}} {said}{after}", width, "text")


def _name(name: str) -> str:
    return fmt.clip(label(name).replace("_", " "), _NAME)
