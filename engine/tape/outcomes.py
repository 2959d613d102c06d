"""Outcomes: what came of every signal, and of random moments beside them.

Owns the follower, which is fed each event of the tape once, and what its numbers mean: a move, a touch, a
hit. It refuses to know rules, scores and screens. The compiled part is `engine.fold.outcomes`.

The price of a moment is what all events up to it have told: of a contract the mid of its last quote with a
positive bid below its ask, of the underlying its last price. A silence of the feed makes unknown whatever it
lies in, and prices from before it are forgotten. What the tape ends before stays unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..fold.outcomes import (
    CONTROL_NS,
    FIRED,
    KNOWN,
    N_FOLLOW_POOLS,
    POINT,
    PRICE,
    RUN,
    aim,
    follow,
    reach,
)
from ..model.events import MISSING, Events

Records = NDArray[np.void]
Floats = NDArray[np.float64]
_ROOM = 1024


class OutcomeTracker:
    """Follows the signals of one tape; fed each event once, however they are cut into batches.

    statics : (n + 1,) STATIC of the contracts
    open_ns, close_ns : random moments lie between them
    seed    : of the random moments
    """

    def __init__(self, statics: Records, open_ns: int, close_ns: int, seed: int = 0) -> None:
        self._statics = statics
        self._prices = np.zeros(len(statics), PRICE)
        for name, value in (("mid", MISSING), ("oldest", -1), ("newest", -1)):
            self._prices[name] = value
        self._points = np.zeros(_ROOM, POINT)
        self._fired = np.full(_ROOM, -1, FIRED)
        self._run = np.zeros(1, RUN)
        self._run[["open_ns", "close_ns", "seed"]] = (open_ns, close_ns, seed)
        aim(self._run[0])

    def feed(self, events: Events, signals: Sequence[np.void]) -> None:
        """Follow the tape through `events`; `signals` are all those fired up to their end, in order."""
        self._take(signals)
        if len(events):
            self._make_room(max(int(events["ts"].max()), int(self._run["clock"][0])))
        follow(events, self._run, self._prices, self._points, self._fired, self._statics)

    def reach(self, to_ns: int) -> None:
        """Say that every event up to `to_ns` has been fed."""
        self._make_room(to_ns)
        reach(to_ns, self._run, self._prices, self._points, self._fired, self._statics)

    @property
    def points(self) -> Records:
        """(n,) POINT of every moment that is followed, in order; what is KNOWN in it never changes."""
        return self._points[: int(self._run["points"][0])]

    @property
    def point_of(self) -> NDArray[np.int32]:
        """(k,) the point of each signal; -1 while its moment is not over."""
        return np.asarray(self._fired["point"][: int(self._run["fired"][0])])

    def _take(self, signals: Sequence[np.void]) -> None:
        told = int(self._run["fired"][0])
        if len(signals) > len(self._fired):
            self._fired = _grown(self._fired, len(signals), -1)
        for i in range(told, len(signals)):
            signal = signals[i]
            self._fired[i] = (signal["ts"], signal["cid"], -1, signal["direction"])
        self._run["fired"] = len(signals)

    def _make_room(self, until_ns: int) -> None:
        """Grow the points for all that may begin up to `until_ns`."""
        run = self._run[0]
        last_ns = min(until_ns, int(run["close_ns"]))
        windows = max((last_ns - int(run["open_ns"])) // CONTROL_NS + 1 - int(run["window"]), 0)
        needed = int(run["points"] + run["fired"] - run["begun"]) + windows * N_FOLLOW_POOLS
        if needed > len(self._points):
            self._points = _grown(self._points, needed, 0)


def _grown(records: Records, needed: int, filler: int) -> Records:
    """Return a copy with room for twice what is needed; whoever holds the old one keeps what it knew."""
    grown = np.full(2 * needed, filler, records.dtype)
    grown[: len(records)] = records
    return grown


@dataclass(frozen=True, slots=True)
class HorizonResults:
    """What came of some points after one horizon; every column is (n,), moves in price units, nan unknown.

    underlying, move : of the underlying, and of what was followed, signed
    best, worst      : extremes of what was followed, in the signal's direction: best >= 0 >= worst; of a
                       neutral signal or a random moment upwards
    touched          : 1.0 if best exceeds the spread at the signal's moment (of a neutral signal, if either
                       extreme does), whatever it did later; else 0.0
    hit              : 1.0 if the move at the end is in the signal's direction and not zero; nan if neutral
    """

    underlying: Floats
    move: Floats
    best: Floats
    worst: Floats
    touched: Floats
    hit: Floats


def judge(points: Records, h: int) -> HorizonResults:
    """Judge points after horizon `HORIZONS_S[h]`."""
    known = points["known"][:, h] == KNOWN
    start = points["mid"]
    move = _between(start, points["end_mid"][:, h], known)
    high = np.where(np.isnan(move), np.nan, points["highs"][:, h] - start.astype(np.float64))
    low = np.where(np.isnan(move), np.nan, points["lows"][:, h] - start.astype(np.float64))
    direction = points["direction"].astype(np.float64)
    down = direction < 0
    best, worst = np.where(down, -low, high), np.where(down, -high, low)
    reached = np.where(direction == 0, np.maximum(best, -worst), best)
    return HorizonResults(
        underlying=_between(points["spot"], points["end_spot"][:, h], known),
        move=move,
        best=best,
        worst=worst,
        touched=as_share(reached > points["spread"], np.isnan(move)),
        hit=as_share(direction * move > 0, np.isnan(move) | (direction == 0)),
    )


def as_share(true: NDArray[np.bool_], unknown: NDArray[np.bool_]) -> Floats:
    """Return 1.0 for true, 0.0 for false, nan for unknown."""
    return np.where(unknown, np.nan, true.astype(np.float64))


def _between(start: NDArray[np.int32], end: NDArray[np.int32], known: NDArray[np.bool_]) -> Floats:
    told = known & (start != MISSING) & (end != MISSING)
    return np.where(told, end.astype(np.float64) - start, np.nan)
