"""Which signals become alerts, and how many at most: however many fire, a person gets few messages.

Time is an argument; it is the wall's, for it is a person who is spared.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from engine.model.events import NS
from engine.views.view import FiredSignal

from .message import Alert, alert_of, summary_of


@dataclass(frozen=True, slots=True)
class AlertParams:
    """What is worth an alert, and how often.

    rules, symbols : only these; empty means all
    min_strength   : only signals at least this strong, 0-1
    cooldown_ns    : wall time in which at most `burst` alerts and one summary of the rest are sent
    """

    rules: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    min_strength: float = 0.6
    cooldown_ns: int = 60 * NS
    burst: int = 1


class AlertGate:
    """Lets the first signals of a cooldown through, counts the others, and sums them up at its end.

    muted : rules that send nothing for now
    """

    def __init__(self, params: AlertParams) -> None:
        self.muted: frozenset[str] = frozenset()
        self._params = params
        self._began: int | None = None  # the cooldown's start; None while there is none
        self._sent = 0
        self._held: Counter[str] = Counter()
        self._strongest: FiredSignal | None = None

    def offer(self, fired: FiredSignal, now_ns: int) -> list[Alert]:
        """Return what is to be sent now that a signal has fired."""
        due = self.due(now_ns)
        if not self._admits(fired):
            return due
        if self._began is None:
            self._began, self._sent = now_ns, 0
        if self._sent < self._params.burst:
            self._sent += 1
            return [*due, alert_of(fired)]
        self._held[fired.row.rule] += 1
        if self._strongest is None or fired.row.strength > self._strongest.row.strength:
            self._strongest = fired
        return due

    def due(self, now_ns: int) -> list[Alert]:
        """Return the summary of a cooldown that is over."""
        over = self._began is not None and now_ns - self._began >= self._params.cooldown_ns
        return self.flush(now_ns) if over else []

    def flush(self, now_ns: int) -> list[Alert]:
        """End the cooldown and return the summary of what was held back, if anything was."""
        began, strongest, held = self._began, self._strongest, self._held
        self._began, self._strongest, self._held = None, None, Counter()
        if began is None or strongest is None:
            return []
        return [summary_of(held, strongest, now_ns - began)]

    def _admits(self, fired: FiredSignal) -> bool:
        params, rule = self._params, fired.row.rule
        return (
            fired.row.strength >= params.min_strength
            and rule not in self.muted
            and (not params.rules or rule in params.rules)
            and (not params.symbols or fired.symbol in params.symbols)
        )
