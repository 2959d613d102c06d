"""Studies: how the rules did, held against random moments, over one day or many.

Owns the tally of a day, the scores made from tallies, and what other thresholds change. It refuses to know
where days come from and how a scoreboard is shown.

A signal is matched with the random moments of its own half hour, right and moneyness, taken in the signal's
direction: the control rate of a rule that bought is the share of such moments that ended higher.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .errors import UsageError
from .events import NS, PRICE_SCALE, UNDERLYING, Events
from .kernel.follow import HORIZONS_S, N_FOLLOW_POOLS
from .kernel.params import FoldParams, with_settings
from .kernel.signals import RULE_NAMES
from .kernel.state import SIGNAL
from .outcomes import Judged, Records, judge
from .panels import Score, Scoreboard
from .symbols import Contract, ContractTable
from .timeline import NO_CHECKPOINTS, Tape, Timeline

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

HALF_HOUR_NS = 1800 * NS
HALF_HOURS = 16
STRIDE_NS = 60 * NS
"""How far one of several folds may be ahead of the others."""
RESAMPLES = 2000
INTERVAL_PERCENT = (5.0, 95.0)


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """What the signals of one tape came to, up to a moment.

    hours : of tape that were played
    ts_ns, rule, cid : (n,) by signal, in order; cid 0 is the underlying
    hit, touched     : (n, horizons) 1.0 or 0.0, nan where unknown or, of a hit, neutral
    move             : (n, horizons) in the signal's direction, $; nan likewise
    control_hit, control_touch : (n, horizons) shares of the matched random moments, nan without any
    """

    day: date
    symbol: str
    contracts: ContractTable
    hours: float
    ts_ns: Ints
    rule: Ints
    cid: Ints
    hit: Floats
    touched: Floats
    move: Floats
    control_hit: Floats
    control_touch: Floats


@dataclass(frozen=True, slots=True)
class Spotted:
    """A signal by what makes it the same under other thresholds: symbol, second, rule and contract."""

    ts_ns: int
    symbol: str
    rule: str
    contract: Contract | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What other thresholds change: signals that came, that went, and how many stayed."""

    kept: int
    added: tuple[Spotted, ...]
    removed: tuple[Spotted, ...]


# --- one day ----------------------------------------------------------------------------------------------


def studied(tape: Tape, folds: Sequence[FoldParams], progress: Callable[[float], None]) -> list[Tally]:
    """Fold a whole tape once under each of `folds` and return their tallies; `progress` is told 0-1.

    They are folded side by side, so that each part of the tape is read only once.
    """
    shared = _Shared(tape)
    timelines = [Timeline(shared, fold, NO_CHECKPOINTS) for fold in folds]
    start_ns, end_ns = timelines[0].start_ns, timelines[0].end_ns
    for mark in (*range(start_ns, end_ns, STRIDE_NS), end_ns):
        for timeline in timelines:
            for _ in timeline.advance(mark):
                pass
        progress((mark - start_ns) / max(end_ns - start_ns, 1))
    return [tally(timeline) for timeline in timelines]


class _Shared:
    """A tape that several folds read at about the same place."""

    def __init__(self, tape: Tape) -> None:
        self.info, self.contracts = tape.info, tape.contracts
        self.starts, self.end_ns = tape.starts, tape.end_ns
        self._read = lru_cache(maxsize=4)(tape.read)

    def read(self, chunk: int) -> Events:
        """Return the chunk."""
        return self._read(chunk)


def tally(timeline: Timeline, until_ns: int | None = None) -> Tally:
    """Return what the signals up to `until_ns`, by default the playhead, came to by then."""
    until_ns = timeline.clock if until_ns is None else until_ns
    info, follower = timeline.tape.info, timeline.outcomes
    signals = np.array(timeline.signals, SIGNAL)
    signals = signals[: np.searchsorted(signals["ts"], until_ns, side="right")]
    point_of = follower.point_of[: len(signals)].astype(np.int64)
    columns = np.full((5, len(signals), len(HORIZONS_S)), np.nan)
    for h, seconds in enumerate(HORIZONS_S):
        begun = follower.points["ts"]
        points = follower.points[: np.searchsorted(begun, until_ns - seconds * NS, side="right")]
        over = (point_of >= 0) & (point_of < len(points))
        columns[:, over, h] = _after(points, point_of[over], h, info.session.open_ns)
    played_ns = min(until_ns, timeline.tape.end_ns) - timeline.start_ns
    return Tally(
        info.day,
        info.symbol,
        timeline.tape.contracts,
        max(played_ns, 0) / NS / 3600,
        signals["ts"],
        signals["rule"].astype(np.int64),
        signals["cid"].astype(np.int64),
        *columns,
    )


def _after(points: Records, at: Ints, h: int, open_ns: int) -> Floats:
    """Return (5, k): hit, touched, move, control hit and control touch of the points `at`."""
    judged = judge(points, h)
    direction = points["direction"][at].astype(np.float64)
    directed = np.where(direction == 0, np.nan, direction)
    chance = _Chance(points, judged, open_ns)
    move = judged.move[at] * directed / PRICE_SCALE
    return np.stack([judged.hit[at], judged.touched[at], move, *chance.beside(points[at])])


class _Chance:
    """How random moments did after one horizon, by half hour and pool, in every direction."""

    def __init__(self, points: Records, judged: Judged, open_ns: int) -> None:
        self._open_ns = open_ns
        cells = self._cells(points)
        used = (points["signal"] < 0) & (cells >= 0) & ~np.isnan(judged.move)
        rose, fell = judged.best > points["spread"], -judged.worst > points["spread"]
        happened = {
            1: (judged.move > 0, rose),
            0: (None, rose | fell),
            -1: (judged.move < 0, fell),
        }
        self._shares = {
            direction: [None if each is None else _shares(cells[used], each[used]) for each in columns]
            for direction, columns in happened.items()
        }

    def beside(self, points: Records) -> Floats:
        """Return (2, k): the shares of matched moments that hit and that touched; nan without any."""
        cells = self._cells(points)
        found = np.full((2, len(points)), np.nan)
        for direction, columns in self._shares.items():
            ours = (points["direction"] == direction) & (cells >= 0)
            for row, shares in zip(found, columns, strict=True):
                if shares is not None:
                    row[ours] = shares[cells[ours]]
        return found

    def _cells(self, points: Records) -> Ints:
        half_hour = (points["ts"] - self._open_ns) // HALF_HOUR_NS
        known = (points["pool"] >= 0) & (half_hour >= 0) & (half_hour < HALF_HOURS)
        return np.where(known, half_hour * N_FOLLOW_POOLS + points["pool"], -1)


def _shares(cells: Ints, happened: Bools) -> Floats:
    n = np.bincount(cells, minlength=HALF_HOURS * N_FOLLOW_POOLS).astype(np.float64)
    yes = np.bincount(cells[happened], minlength=len(n))
    shares = np.full(len(n), np.nan)
    np.divide(yes, n, out=shares, where=n > 0)
    return shares


# --- scores -----------------------------------------------------------------------------------------------


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
class _Pool:
    """The signals of several tallies, (n,) or (n, horizons); `day` is the place of its day among `days`."""

    days: int
    day: Ints
    ts_ns: Ints
    rule: Ints
    hit: Floats
    touched: Floats
    move: Floats
    control_hit: Floats
    control_touch: Floats

    def only(self, rule: int) -> _Pool:
        """Return the signals of one rule."""
        ours = self.rule == rule
        return _Pool(self.days, *(getattr(self, name)[ours] for name in _COLUMNS))


_HORIZONS = range(len(HORIZONS_S))
_TALLIED = ("ts_ns", "rule", "hit", "touched", "move", "control_hit", "control_touch")
_COLUMNS = ("day", *_TALLIED)


def _pool(tallies: Sequence[Tally]) -> _Pool:
    days = sorted({each.day for each in tallies})
    day = np.concatenate([np.full(len(each.ts_ns), days.index(each.day)) for each in tallies])
    columns = (np.concatenate([getattr(each, name) for each in tallies]) for name in _TALLIED)
    return _Pool(len(days), day, *columns)


def _score(pool: _Pool, rule: str, h: int, seed: int) -> Score:
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


# --- what if ----------------------------------------------------------------------------------------------


def with_changes(fold: FoldParams, settings: Sequence[str]) -> FoldParams:
    """Return the parameters with 'volume_spike.z=5' and its like applied; UsageError for what cannot be."""
    changes = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise UsageError(f"{setting} is not a change; write it as NAME=VALUE, e.g. volume_spike.z=5.")
        changes[name.strip()] = value.strip()
    return replace(fold, signals=with_settings(fold.signals, changes))


def difference(then: Sequence[Tally], now: Sequence[Tally]) -> Difference:
    """Compare two folds of the same tapes; a signal is the same when rule, contract and second agree.

    Of several in one second the first answers to the first, the second to the second.
    """
    before, after = _spotted(then), _spotted(now)
    known_before, known_after = ({key for key, _ in spotted} for spotted in (before, after))
    added = tuple(each for key, each in after if key not in known_before)
    removed = tuple(each for key, each in before if key not in known_after)
    return Difference(len(after) - len(added), added, removed)


def _spotted(tallies: Sequence[Tally]) -> list[tuple[tuple[object, ...], Spotted]]:
    found: list[tuple[tuple[object, ...], Spotted]] = []
    seen: Counter[tuple[object, ...]] = Counter()
    for each in tallies:
        for ts_ns, rule, cid in zip(each.ts_ns.tolist(), each.rule.tolist(), each.cid.tolist(), strict=True):
            contract = None if cid == UNDERLYING else each.contracts[cid]
            key = each.symbol, ts_ns // NS, rule, cid
            seen[key] += 1
            found.append(((*key, seen[key]), Spotted(ts_ns, each.symbol, RULE_NAMES[rule], contract)))
    return found
