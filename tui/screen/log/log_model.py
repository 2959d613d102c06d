"""Which lines the signal log holds: filtered, repeats collapsed, kept up to date at the cost of what is new.

Owns the step from signals to entries.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.model.events import NS
from engine.views.view import SignalHistory, SignalRow, View

from ...settings.prefs import Prefs
from .log_filter import test_of

COLLAPSE_NS = 60 * NS
"""A signal of the same rule, contract and direction within this time of the last joins its line."""

_Key = tuple[str, int, str]


@dataclass(slots=True)
class LogEntry:
    """One line: signals of one kind, from `first` to `last`; `indices` are their positions in the log."""

    first: SignalRow
    last: SignalRow
    indices: list[int]

    def count(self, signals: SignalHistory) -> int:
        """Return how many signals the line stands for, those included that were never shown by themselves."""
        return sum(1 + signals.repeats(index) for index in self.indices)

    def also(self, signals: SignalHistory) -> tuple[str, ...]:
        """Return the other rules whose signals are in the line."""
        events = filter(None, map(signals.event, self.indices))
        names = dict.fromkeys(rule for event in events for rule in event.rules)
        return tuple(rule for rule in names if rule != self.first.rule)


class LogModel:
    """The entries of one symbol's log under one filter."""

    def __init__(self) -> None:
        self.entries: list[LogEntry] = []
        self.revision = 0
        self._asked: tuple[str, str, str, str] = ("", "", "", "")
        self._seen = 0
        self._last: SignalRow | None = None
        self._open: dict[_Key, LogEntry] = {}

    def update(self, view: View, prefs: Prefs) -> None:
        """Take in what is new; start over when the tape went back, or something else is asked for."""
        asked = (view.source, view.symbol, prefs.log_filter, prefs.log_rule)
        if asked != self._asked or not self._continues(view.signals):
            self.entries, self._open = [], {}
            self._asked, self._seen = asked, 0
            self.revision += 1
        for index in range(self._seen, len(view.signals)):
            self._add(index, view.signals[index], prefs)
        self._seen = len(view.signals)
        self._last = view.signals[-1] if self._seen else None

    def _continues(self, signals: SignalHistory) -> bool:
        """Tell whether the signals taken in so far are still the first ones."""
        if self._seen > len(signals):
            return False
        return self._seen == 0 or signals[self._seen - 1] == self._last

    def _add(self, index: int, row: SignalRow, prefs: Prefs) -> None:
        if prefs.log_rule not in ("", row.rule) or not test_of(prefs.log_filter)(row):
            return
        self.revision += 1
        key = (row.rule, row.cid, row.direction)
        entry = self._open.get(key)
        if entry is not None and row.ts_ns - entry.last.ts_ns <= COLLAPSE_NS:
            entry.last = row
            entry.indices.append(index)
            return
        self._open[key] = fresh = LogEntry(row, row, [index])
        self.entries.append(fresh)
