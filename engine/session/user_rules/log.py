"""What the rules have said, and the log in which it stands between the fold's own signals.

Merging costs what is new, as long as tape is played on; a row from an earlier stretch merges anew.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import replace
from heapq import merge

from ...views.view import Outcome, OutcomeLog, SignalEvent, SignalHistory, SignalRow, View

NOBODYS = -1
"""The position, in the fold's own log, of a row that a user's rule wrote."""


class RuleLog:
    """The rows of users' rules in the order of the tape, and every view's log with them in it."""

    def __init__(self) -> None:
        self.rows: list[SignalRow] = []
        self._merged: list[SignalRow] = []
        self._positions: list[int] = []
        self._folds = self._ours = 0  # how many rows of each are merged

    def add(self, rows: Iterable[SignalRow]) -> None:
        """Take in what was said, each row at its moment."""
        for row in rows:
            at = bisect_right(self.rows, row.ts_ns, key=_ts)
            self.rows.insert(at, row)
            if at < self._ours:
                self._start_over()

    def merged(self, folds: SignalHistory, at_ns: int) -> SignalHistory:
        """Return the fold's log with the rows up to `at_ns` in it."""
        if not self.rows:
            return folds
        ours = bisect_right(self.rows, at_ns, key=_ts)
        self._merge(folds, ours)
        return _MergedLog(self._merged, self._positions, folds, len(folds) + ours)

    def between(self, view: View) -> View:
        """Return the view with these rows in its log, none of them from beyond its moment."""
        if not self.rows:
            return view
        signals = self.merged(view.signals, view.tape_ns)
        return replace(view, signals=signals, outcomes=_MergedOutcomes(self._positions, view.outcomes))

    def count(self, rule: str) -> int:
        """Count a rule's rows."""
        return sum(row.rule == rule for row in self.rows)

    def _merge(self, folds: SignalHistory, ours: int) -> None:
        """Bring the merged rows up to `folds` and our first `ours`; older views keep the lists they have."""
        theirs = [(folds[i], i) for i in range(self._folds, len(folds))]
        mine = [(row, NOBODYS) for row in self.rows[self._ours : ours]]
        new = list(merge(theirs, mine, key=lambda placed: placed[0].ts_ns))
        if new and self._merged and new[0][0].ts_ns < self._merged[-1].ts_ns:
            self._start_over()
            self._merge(folds, ours)
            return
        self._merged += [row for row, _ in new]
        self._positions += [position for _, position in new]
        self._folds, self._ours = max(self._folds, len(folds)), max(self._ours, ours)

    def _start_over(self) -> None:
        self._merged, self._positions = [], []
        self._folds = self._ours = 0


class _MergedLog(SignalHistory):
    """A log whose rows come from two; `positions` says where each stands in the fold's own."""

    __slots__ = ("_folds", "_positions")

    def __init__(self, rows: list[SignalRow], positions: list[int], folds: SignalHistory, n: int) -> None:
        super().__init__(rows, n)
        self._positions = positions
        self._folds = folds

    def event(self, index: int) -> SignalEvent | None:
        """Return what row `index` stands for; None while it stands for itself."""
        position = self._positions[index]
        return None if position == NOBODYS else self._folds.event(position)


class _MergedOutcomes:
    """Outcomes by the merged log's index; nobody follows what a user's rule said."""

    def __init__(self, positions: list[int], folds: OutcomeLog) -> None:
        self._positions = positions
        self._folds = folds

    def of(self, index: int) -> tuple[Outcome, ...]:
        """Return what is known of signal `index` by the view's moment."""
        position = self._positions[index]
        return () if position == NOBODYS else self._folds.of(position)


def _ts(row: SignalRow) -> int:
    return row.ts_ns
