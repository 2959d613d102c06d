"""What `spymon study` prints: tables for a person, one JSON object for a script.

Owns the wording and the JSON keys. A number nobody knows is null in JSON and `-` in text, never 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from engine.model.calendar import clock_text
from engine.session.what_if import Difference, SignalIdentity, difference
from engine.views.queries import Score, Scoreboard
from engine.views.scores import scoreboard
from engine.views.study import Tally

from ..output import rfc3339, said_first

SHOWN = 10
"""How many signals that came or went are listed in text."""

COLUMNS = (
    "rule", "an hour", "horizon", "n", "n eff", "hit", "chance", "90 % interval", "touch", "chance",
    "mean move",
)  # fmt: skip
CHANGED = (
    "rule", "an hour then", "now", "horizon", "n then", "now", "hit then", "now", "gain then", "now",
)  # fmt: skip
LEGEND = """\
hit: the price stood in the signal's direction at the end. touch: it got beyond the spread on the way.
chance: random moments of the same half hour, right and moneyness. n eff: overlapping horizons count once.
90 % interval: of hit less chance (the gain) in points, by bootstrap over days; of few days worth little.
mean move: in the signal's direction, $. Hits and mean moves are of signals that claim a direction.
"""


@dataclass(frozen=True)
class Study:
    """What was studied: the tallies of every day and symbol, and the same under changed thresholds.

    seed : of the bootstrap
    """

    preset: str
    settings: tuple[str, ...]
    seed: int
    then: Sequence[Tally]
    now: Sequence[Tally] | None

    @property
    def days(self) -> list[date]:
        """The days, each once."""
        return sorted({each.day for each in self.then})

    @property
    def symbols(self) -> list[str]:
        """The symbols, each once, in the order they were asked for."""
        return list(dict.fromkeys(each.symbol for each in self.then))

    @property
    def source(self) -> str:
        """Where the tapes are from."""
        return ", ".join(sorted({each.source for each in self.then}))

    @property
    def simulated(self) -> bool:
        """Whether any of it is no market's."""
        return any(each.simulated for each in self.then)

    @cached_property
    def before(self) -> Scoreboard:
        """The scores under the preset."""
        return scoreboard(self.then, self.seed)

    @cached_property
    def after(self) -> Scoreboard:
        """The scores under the changed thresholds; those of the preset when nothing was changed."""
        return self.before if self.now is None else scoreboard(self.now, self.seed)

    @cached_property
    def difference(self) -> Difference:
        """What the changed thresholds add, remove and move."""
        return difference(self.then, self.then if self.now is None else self.now)


def as_json(study: Study) -> str:
    """Return the study as one JSON object; `scores` are those under `settings`."""
    found: dict[str, Any] = {
        "type": "study",
        "days": [day.isoformat() for day in study.days],
        "symbols": study.symbols,
        "source": study.source,
        "preset": study.preset,
        "settings": list(study.settings),
        **_board(study.after),
    }
    if study.now is not None:
        found |= {
            "then": _board(study.before),
            "now": _board(study.after),
            "added": [_spotted(each) for each in study.difference.added],
            "removed": [_spotted(each) for each in study.difference.removed],
            "moved": [
                _spotted(each) | {"now_ts": rfc3339(now_ns), "now_ts_ns": now_ns}
                for each, now_ns in study.difference.moved
            ],
            "kept": study.difference.kept,
        }
    return json.dumps(found, allow_nan=False)


def _board(board: Scoreboard) -> dict[str, Any]:
    return {"scores": [_score(score) for score in board.scores], "alerts_per_h": dict(board.alerts_per_h)}


def _score(score: Score) -> dict[str, Any]:
    names = (
        "rule", "horizon_s", "n", "n_effective", "directed", "hit_rate", "control_rate", "touch_rate",
        "control_touch_rate", "mean_move", "low", "high",
    )  # fmt: skip
    return {name: getattr(score, name) for name in names}


def _spotted(each: SignalIdentity) -> dict[str, Any]:
    return {
        "ts": rfc3339(each.ts_ns),
        "ts_ns": each.ts_ns,
        "symbol": each.symbol,
        "signal": each.rule,
        "contract": each.contract.occ if each.contract else None,
    }


# --- text -------------------------------------------------------------------------------------------------


def as_text(study: Study) -> str:
    """Return the study as tables under a heading."""
    rates = _rates(study.before)
    rows = [_row(score, rates) for score in study.before.scores]
    parts = [_heading(study), "", *_table(COLUMNS, rows), "", *_silent(study.before), LEGEND.rstrip()]
    if study.now is not None:
        parts += ["", *_changes(study)]
    return "\n".join(parts) + "\n"


def _heading(study: Study) -> str:
    days = study.days
    span = f"{days[0]}" if len(days) == 1 else f"{len(days)} days, {days[0]} to {days[-1]}"
    hours = sum(each.hours for each in study.then)
    fired = sum(len(each.ts_ns) for each in study.then)
    return said_first(study.simulated) + (
        f"{span}: {', '.join(study.symbols)}, preset {study.preset}, {fired} signals in {hours:.1f} h of tape"
    )


def _silent(board: Scoreboard) -> list[str]:
    silent = [rule for rule, rate in board.alerts_per_h if rate == 0]
    return [f"never fired: {', '.join(silent)}", ""] if silent else []


def _rates(board: Scoreboard) -> dict[str, str]:
    return {rule: f"{rate:.1f}" for rule, rate in board.alerts_per_h}


def _row(score: Score, rates: Mapping[str, str]) -> tuple[str, ...]:
    interval = "-" if score.low is None else f"{_points(score.low)} to {_points(score.high)}"
    return (
        score.rule,
        rates.get(score.rule, "-"),
        f"{score.horizon_s // 60} min",
        str(score.n),
        f"{score.n_effective:.1f}",
        _percent(score.hit_rate),
        _percent(score.control_rate),
        interval,
        _percent(score.touch_rate),
        _percent(score.control_touch_rate),
        "-" if score.mean_move is None else f"{score.mean_move:+.3f}",
    )


def _changes(study: Study) -> Iterator[str]:
    found = study.difference
    yield (
        f"with {', '.join(study.settings)}: {len(found.added)} added, {len(found.removed)} removed, "
        f"{found.kept} kept, {len(found.moved)} moved"
    )
    yield ""
    yield from _table(CHANGED, _changed_rows(study))
    yield ""
    listed = (
        ("added", [_told(each) for each in found.added]),
        ("removed", [_told(each) for each in found.removed]),
        ("moved", [f"{_told(each)} to {clock_text(now_ns)}" for each, now_ns in found.moved]),
    )
    for what, rows in listed:
        yield from (f"{what}  {row}" for row in rows[:SHOWN])
        if len(rows) > SHOWN:
            yield f"{what}  and {len(rows) - SHOWN} more; --json lists them all"


def _changed_rows(study: Study) -> list[tuple[str, ...]]:
    boards = study.before, study.after
    then, now = (_by_rule(board) for board in boards)
    rates = [_rates(board) for board in boards]
    return [
        _changed(key, [each.get(key[0], "-") for each in rates], (then.get(key), now.get(key)))
        for key in {**then, **now}
    ]


def _by_rule(board: Scoreboard) -> Mapping[tuple[str, int], Score]:
    return {(score.rule, score.horizon_s): score for score in board.scores}


def _changed(
    key: tuple[str, int], rates: Sequence[str], both: tuple[Score | None, Score | None]
) -> tuple[str, ...]:
    return (
        key[0],
        *rates,
        f"{key[1] // 60} min",
        *(str(score.n) if score else "0" for score in both),
        *(_percent(score.hit_rate) if score else "-" for score in both),
        *(_gain(score) for score in both),
    )


def _gain(score: Score | None) -> str:
    if score is None or score.hit_rate is None or score.control_rate is None:
        return "-"
    return _points(score.hit_rate - score.control_rate)


def _told(each: SignalIdentity) -> str:
    name = each.contract.occ if each.contract else each.symbol
    return f"{rfc3339(each.ts_ns)[:10]} {clock_text(each.ts_ns)}  {each.rule:<17}  {name}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _points(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:+.0f}"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return aligned lines: the rule to the left, numbers to the right."""
    table = [columns, *rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(columns))]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(n) for cell, n in zip(row[1:], widths[1:], strict=True))]
        )
        for row in table
    ]
