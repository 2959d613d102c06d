"""Scores: how each rule did against chance, from the tallies of one day or many.

Owns the means, the count of observations that do not overlap, and the bootstrap over days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..fold.outcomes import HORIZONS_S
from ..fold.rules.catalogue import RULE_NAMES
from ..model.events import NS
from .queries import Score, Scoreboard
from .study import Floats, Ints, Tally

RESAMPLES = 2000
INTERVAL_PERCENT = (5.0, 95.0)


def scoreboard(tallies: Sequence[Tally], seed: int = 0) -> Scoreboard:
    """Return the scores of every rule that fired, and how often each fires; `seed` is of the bootstrap."""
    if not tallies:
        return Scoreboard((), ())
    pool = _pool(tallies)
    hours = sum(each.hours for each in tallies)
    fired = [rule for rule in range(len(RULE_NAMES)) if np.any(pool.rule == rule)]
    scores = (_score(pool.only(rule), RULE_NAMES[rule], h, seed) for rule in fired for h in _HORIZONS)
    per_hour = (
        (name, int((pool.rule == rule).sum()) / hours) for rule, name in enumerate(RULE_NAMES) if hours > 0
    )
    return Scoreboard(tuple(scores), tuple(per_hour))


@dataclass(frozen=True, slots=True, eq=False)
class _Signals:
    """The signals of several tallies, (n,) or (n, horizons); `day` is the index of its day."""

    days: int
    day: Ints
    ts_ns: Ints
    rule: Ints
    hit: Floats
    touched: Floats
    move: Floats
    control_hit: Floats
    control_touch: Floats

    def only(self, rule: int) -> _Signals:
        """Return the signals of one rule."""
        ours = self.rule == rule
        return _Signals(self.days, *(getattr(self, name)[ours] for name in _COLUMNS))


_HORIZONS = range(len(HORIZONS_S))
_TALLIED = ("ts_ns", "rule", "hit", "touched", "move", "control_hit", "control_touch")
_COLUMNS = ("day", *_TALLIED)


def _pool(tallies: Sequence[Tally]) -> _Signals:
    days = sorted({each.day for each in tallies})
    day = np.concatenate([np.full(len(each.ts_ns), days.index(each.day)) for each in tallies])
    columns = (np.concatenate([getattr(each, name) for each in tallies]) for name in _TALLIED)
    return _Signals(len(days), day, *columns)


def _score(pool: _Signals, rule: str, h: int, seed: int) -> Score:
    hit, touched, chance, move = (
        column[:, h] for column in (pool.hit, pool.touched, pool.control_hit, pool.move)
    )
    known = ~np.isnan(touched)
    low, high = _interval(pool.day, hit - chance, pool.days, seed)
    return Score(
        rule=rule,
        horizon_s=HORIZONS_S[h],
        n=int(known.sum()),
        n_effective=windows(pool.ts_ns[known], HORIZONS_S[h] * NS),
        hit_rate=_mean(hit),
        control_rate=_mean(chance[~np.isnan(hit)]),
        touch_rate=_mean(touched),
        control_touch_rate=_mean(pool.control_touch[known, h]),
        mean_move=_mean(move),
        low=low,
        high=high,
        directed=int((~np.isnan(hit)).sum()),
    )


def windows(ts_ns: Ints, horizon_ns: int) -> float:
    """Return how many horizons' worth of time the horizons that begin at `ts_ns` cover together.

    Twenty signals within a second are one observation of the market, not twenty; whose symbol and contract
    they are makes no difference, because these move together.
    """
    if len(ts_ns) == 0:
        return 0.0
    apart = np.diff(np.sort(ts_ns))
    return float(1 + np.minimum(apart, horizon_ns).sum() / horizon_ns)


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else None


def _interval(day: Ints, gain: Floats, days: int, seed: int) -> tuple[float | None, float | None]:
    """Return the bootstrap interval of the mean gain over days drawn with replacement; None for one day."""
    known = ~np.isnan(gain)
    n = np.bincount(day[known], minlength=days)
    if np.count_nonzero(n) < 2:
        return None, None
    total = np.bincount(day[known], gain[known], minlength=days)
    draws = np.random.default_rng(seed).multinomial(days, np.full(days, 1 / days), RESAMPLES)
    drawn = draws @ n
    means = (draws @ total)[drawn > 0] / drawn[drawn > 0]
    low, high = np.percentile(means, INTERVAL_PERCENT)
    return float(low), float(high)
