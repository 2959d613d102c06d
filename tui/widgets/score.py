"""How the day's signals did: the scoreboard, and what other thresholds would change about it.

Owns the lines of both sheets. It refuses to compute a rate.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.market import clock_text
from engine.panels import Comparison, Score, Scoreboard
from engine.symbols import Contract

from .. import format as fmt
from .lines import GROUND, rule, share, words, wrapped
from .log_filter import RULE_WORDS
from .painted import Cell, Row, fitted

HORIZON_S = 300
"""The horizon at which two sets of thresholds are compared."""

_ROOMY = 126  # columns from which touches are shown too
_NAME = 11
_BAR = 30
_EXPLAINED = (
    "hit: stood in its direction at the end. ctl: the same of random moments of the same half hour and "
    "moneyness. eff: horizons that overlap counted once. move: mean, in the signal's direction, $."
)


def score_rows(board: Scoreboard, width: int) -> list[Row]:
    """Write the scoreboard: a rule a line, its horizons side by side."""
    rules = list(dict.fromkeys(score.rule for score in board.scores))
    if not rules:
        return wrapped("No signal has been followed to the end of its first minute yet.", width)
    horizons = sorted({score.horizon_s for score in board.scores})
    found = {(score.rule, score.horizon_s): score for score in board.scores}
    per_h = dict(board.alerts_per_h)
    roomy = width >= _ROOMY
    lines = [_over(horizons, roomy, width), _heads(horizons, roomy, width)]
    for name in rules:
        scores = [found.get((name, horizon)) for horizon in horizons]
        lines.append(_line(name, scores, per_h.get(name), roomy, width))
    return [*lines, words("", width), *wrapped(_EXPLAINED, width)]


def _over(horizons: Sequence[int], roomy: bool, width: int) -> Row:
    cells: list[Cell] = [(" " * (_NAME + 7), "muted", GROUND)]
    cells += [(f"│ {horizon // 60} min".ljust(_block(roomy)), "muted", GROUND) for horizon in horizons]
    return fitted(cells, width, GROUND)


def _heads(horizons: Sequence[int], roomy: bool, width: int) -> Row:
    block = "│   n eff  hit  ctl" + (" touch  ctl" if roomy else "") + "  move "
    return fitted(
        [(f" {'':<{_NAME}}   /h ", "muted", GROUND), (block * len(horizons), "muted", GROUND)], width, GROUND
    )


def _block(roomy: bool) -> int:
    return 36 if roomy else 25


def _line(name: str, scores: Sequence[Score | None], per_h: float | None, roomy: bool, width: int) -> Row:
    rate = fmt.NONE if per_h is None else f"{per_h:.1f}"
    cells: list[Cell] = [
        (f" {_name(name):<{_NAME}}", "strong", GROUND),
        (f"{rate:>5} ", "text", GROUND),
    ]
    for score in scores:
        cells += _blank(roomy) if score is None else _score(score, roomy)
    return fitted(cells, width, GROUND)


def _blank(roomy: bool) -> list[Cell]:
    return [("│".ljust(_block(roomy)), "faint", GROUND)]


def _score(score: Score, roomy: bool) -> list[Cell]:
    better = _better(score.hit_rate, score.control_rate)
    move = fmt.NONE if score.mean_move is None else f"{score.mean_move:+.2f}"
    cells: list[Cell] = [
        ("│", "faint", GROUND),
        (f"{score.n:>4}{score.n_effective:>4.0f} ", "muted", GROUND),
        (share(score.hit_rate), better, GROUND),
        (f" {share(score.control_rate)}", "muted", GROUND),
    ]
    if roomy:
        touched = _better(score.touch_rate, score.control_touch_rate)
        cells += [
            (f"  {share(score.touch_rate)}", touched, GROUND),
            (f" {share(score.control_touch_rate)}", "muted", GROUND),
        ]
    return [*cells, (f"{move:>6} ", "text", GROUND)]


def _better(rate: float | None, control: float | None) -> str:
    """Return the ink of a rate beside its control's; colour only repeats what the two numbers say."""
    if rate is None or control is None or rate == control:
        return "text"
    return "buy" if rate > control else "sell"


def comparison_rows(found: Comparison | None, asked: Sequence[str], width: int) -> list[Row]:
    """Write what other thresholds change, or how far the re-run is."""
    settings = "  ".join(asked)
    if found is None or found.settings != tuple(asked) or found.progress < 1.0:
        done = found.progress if found is not None and found.settings == tuple(asked) else 0.0
        return [words(settings, width, "title"), _progress(done, width)]
    lines = [
        words(settings, width, "title"),
        words(
            f"{found.kept:,} signals stay, {len(found.added):,} come, {len(found.removed):,} go",
            width,
            "text",
        ),
        rule(f"then and now, {HORIZON_S // 60} min after", width),
        words(f"{'':<{_NAME}}   alerts/h        n          hit         ctl", width),
        *_then_and_now(found, width),
    ]
    for name, sign, rows in (("added", "+", found.added), ("removed", "-", found.removed)):
        lines.append(rule(f"{name}: {len(rows):,}", width))
        lines += [_one(sign, row, width) for row in rows]
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


def _then_and_now(found: Comparison, width: int) -> list[Row]:
    then, now = (_by_rule(board) for board in (found.then, found.now))
    rates = [dict(board.alerts_per_h) for board in (found.then, found.now)]
    lines = []
    for name in dict.fromkeys([*rates[0], *rates[1]]):
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


def _one(sign: str, row: tuple[int, str, Contract | None], width: int) -> Row:
    ts_ns, name, contract = row
    said = contract.short if contract is not None else "spot"
    return words(f"{sign} {clock_text(ts_ns)}  {_name(name):<{_NAME}} {said}", width, "text")


def _name(name: str) -> str:
    return fmt.clip(RULE_WORDS.get(name, name.removeprefix("user:").replace("_", " ")), _NAME)
