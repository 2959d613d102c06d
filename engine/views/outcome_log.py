"""What came of the signals of a log, as far as a view's moment knows.

Owns the step from the tracker's numbers to `Outcome`, and that no outcome is told before its time has come.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from ..fold.outcomes import HORIZONS_S, PENDING
from ..model.events import NS, UNDERLYING
from ..tape.outcomes import Floats, OutcomeTracker, Records, judge
from .view import Outcome


class TimelineOutcomes:
    """An `OutcomeLog` of the rows of a log, up to `at_ns`, and of every signal that fired.

    firing_at : where each row stands among the signals that fired
    told : outcomes made before, by signal and horizon; one dict may serve every view of a tape, because
           what is known never changes
    """

    def __init__(
        self,
        tracker: OutcomeTracker,
        at_ns: int,
        told: dict[tuple[int, int], Outcome],
        firing_at: Sequence[int],
    ) -> None:
        self._points, self._point_of = tracker.points, tracker.point_of
        self._at_ns = at_ns
        self._told = told
        self._firing_at = firing_at

    def of(self, index: int) -> tuple[Outcome, ...]:
        """Return what is known of row `index`, shortest horizon first."""
        return self.of_firing(self._firing_at[index]) if index < len(self._firing_at) else ()

    def of_firing(self, index: int) -> tuple[Outcome, ...]:
        """Return what is known of the signal that fired as number `index`, likewise."""
        k = int(self._point_of[index]) if index < len(self._point_of) else -1
        if not 0 <= k < len(self._points):
            return ()
        point = self._points[k : k + 1]
        begun = int(point["ts"][0])
        over = [
            h
            for h, seconds in enumerate(HORIZONS_S)
            if begun + seconds * NS <= self._at_ns and point["known"][0, h] != PENDING
        ]
        for h in over:
            if (index, h) not in self._told:
                self._told[index, h] = outcome(point, h)
        return tuple(self._told[index, h] for h in over)


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
