"""Studies: what the signals of a day came to, each beside the random moments it is matched with.

Owns the tally of a tape; what is made of tallies is `scores`' and `what_if`'s.

A signal is matched with the random moments of its own half hour, right and moneyness, taken in the signal's
direction: the control rate of a rule that bought is the share of such moments that ended higher.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..fold.outcomes import HORIZONS_S, N_FOLLOW_POOLS
from ..fold.params import FoldParams
from ..fold.records import SIGNAL
from ..model.contracts import ContractTable
from ..model.events import NS, PRICE_SCALE, Events
from ..tape.outcomes import HorizonResults, Records, judge
from ..tape.tape import Tape
from ..tape.timeline import NO_CHECKPOINTS, Timeline

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

HALF_HOUR_NS = 1800 * NS
HALF_HOURS = 16
STRIDE_NS = 60 * NS
"""How far one of several folds may be ahead of the others."""


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """What the signals of one tape came to, up to a moment.

    hours : of tape that were played
    ts_ns, rule, cid : (n,) by signal, joined ones too, in order; cid 0 is the underlying
    hit, touched     : (n, horizons) 1.0 or 0.0, nan where unknown or, of a hit, neutral
    move             : (n, horizons) in the signal's direction, $; nan likewise
    control_hit, control_touch : (n, horizons) shares of the matched random moments, nan without any
    source, simulated : of the tape
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
    source: str = ""
    simulated: bool = False


def study_tape(tape: Tape, folds: Sequence[FoldParams], progress: Callable[[float], None]) -> list[Tally]:
    """Fold a whole tape once under each of `folds` and return their tallies; `progress` is told 0-1.

    They are folded side by side, so that each part of the tape is read only once.
    """
    shared = _SharedReader(tape)
    timelines = [Timeline(shared, fold, NO_CHECKPOINTS) for fold in folds]
    start_ns, end_ns = timelines[0].start_ns, timelines[0].end_ns
    for mark in (*range(start_ns, end_ns, STRIDE_NS), end_ns):
        for timeline in timelines:
            for _ in timeline.advance(mark):
                pass
        progress((mark - start_ns) / max(end_ns - start_ns, 1))
    return [tally(timeline) for timeline in timelines]


class _SharedReader:
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
    until_ns = timeline.at_ns if until_ns is None else until_ns
    info, tracker = timeline.tape.info, timeline.outcomes
    signals = np.array(timeline.firings, SIGNAL)
    signals = signals[: np.searchsorted(signals["ts"], until_ns, side="right")]
    point_of = tracker.point_of[: len(signals)].astype(np.int64)
    columns = np.full((5, len(signals), len(HORIZONS_S)), np.nan)
    for h, seconds in enumerate(HORIZONS_S):
        begun = tracker.points["ts"]
        points = tracker.points[: np.searchsorted(begun, until_ns - seconds * NS, side="right")]
        over = (point_of >= 0) & (point_of < len(points))
        columns[:, over, h] = _after(points, point_of[over], h, info.session.open_ns)
    hit, touched, move, control_hit, control_touch = columns
    played_ns = min(until_ns, timeline.tape.end_ns) - timeline.start_ns
    return Tally(
        info.day,
        info.symbol,
        timeline.tape.contracts,
        max(played_ns, 0) / NS / 3600,
        signals["ts"],
        signals["rule"].astype(np.int64),
        signals["cid"].astype(np.int64),
        hit,
        touched,
        move,
        control_hit,
        control_touch,
        source=info.source,
        simulated=info.simulated,
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

    def __init__(self, points: Records, judged: HorizonResults, open_ns: int) -> None:
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
