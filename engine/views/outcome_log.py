"""What came of the signals of a log, as far as a view's moment knows.

Owns the step from the follower's numbers to `Outcome`, and that no outcome is told before its time has come.
"""

from __future__ import annotations

from math import isnan

from ..fold.outcomes import HORIZONS_S, PENDING
from ..model.events import NS, UNDERLYING
from ..tape.outcomes import Floats, OutcomeTracker, Records, judge
from .view import Outcome


class TimelineOutcomes:
    """An `OutcomeLog` of the signals that are followed, up to `clock`.

    told : outcomes made before, by signal and horizon; one dict may serve every view of a tape, because
           what is known never changes
    """

    def __init__(self, follower: OutcomeTracker, clock: int, told: dict[tuple[int, int], Outcome]) -> None:
        self._points, self._point_of = follower.points, follower.point_of
        self._clock = clock
        self._told = told

    def of(self, index: int) -> tuple[Outcome, ...]:
        """Return what is known of signal `index`, shortest horizon first."""
        k = int(self._point_of[index]) if index < len(self._point_of) else -1
        if not 0 <= k < len(self._points):
            return ()
        point = self._points[k : k + 1]
        begun = int(point["ts"][0])
        over = [
            h
            for h, seconds in enumerate(HORIZONS_S)
            if begun + seconds * NS <= self._clock and point["known"][0, h] != PENDING
        ]
        return tuple(self._outcome(index, h, point) for h in over)

    def _outcome(self, index: int, h: int, point: Records) -> Outcome:
        key = index, h
        if key not in self._told:
            self._told[key] = outcome(point, h)
        return self._told[key]


def outcome(point: Records, h: int) -> Outcome:
    """Return what came of one followed point, (1,) POINT, after `HORIZONS_S[h]`."""
    judged = judge(point, h)
    about_contract = int(point["cid"][0]) != UNDERLYING
    return Outcome(
        horizon_s=HORIZONS_S[h],
        underlying=_whole(judged.underlying),
        contract=_whole(judged.move) if about_contract else None,
        best=_whole(judged.best),
        worst=_whole(judged.worst),
        touched=_true(judged.touched),
        hit=_true(judged.hit),
    )


def _whole(column: Floats) -> int | None:
    return None if isnan(column[0]) else int(column[0])


def _true(column: Floats) -> bool | None:
    return None if isnan(column[0]) else bool(column[0])
