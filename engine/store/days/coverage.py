"""What of a session a tape covers: minutes without any event of a kind that has many around them.

Owns when such a silence is a hole. Of a kind that is rare on the tape nothing can be said.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...model.calendar import Session, clock_text
from ...model.events import NS, QUOTE, TRADE, Events

MINUTE_NS = 60 * NS
EXPECTED = 100
"""A silence is a hole where so many events would have come in it at the pace of the minutes around it."""

AROUND = 15
"""How many minutes before and after tell the pace."""

BEATS = 3
"""A tape that speaks every few minutes has a hole once it has missed so many of its own beats."""

PARTIAL = "it is partial."
"""How the sentence about a day ends whose trades stop before its quotes."""

Span = tuple[int, int]


class Coverage:
    """Counts option trades and quotes by minute of one session, chunk by chunk."""

    def __init__(self, hours: Session) -> None:
        self._open_ns = hours.open_ns
        minutes = (hours.close_ns - hours.open_ns) // MINUTE_NS
        self._counts = {kind: np.zeros(minutes, np.int64) for kind in (TRADE, QUOTE)}

    def add(self, events: Events) -> None:
        """Take events, in any order."""
        for kind, counts in self._counts.items():
            minute = (events["ts"][events["kind"] == kind] - self._open_ns) // MINUTE_NS
            counts += np.bincount(minute[(minute >= 0) & (minute < len(counts))], minlength=len(counts))

    def holes(self) -> tuple[Span, ...]:
        """Return where trades or quotes are missing, (start_ns, end_ns), ascending and apart."""
        missing = np.logical_or.reduce([_missing(counts) for counts in self._counts.values()])
        return tuple(
            (self._open_ns + first * MINUTE_NS, self._open_ns + end * MINUTE_NS)
            for first, end in _runs(missing)
        )

    def early_end(self) -> str:
        """Say that trades end minutes before quotes do; '' when they do not, or are too rare to tell."""
        trades, quotes = (self._counts[kind] for kind in (TRADE, QUOTE))
        if not _missing(trades)[-1:].any() or not quotes.any():
            return ""
        ends = [self._open_ns + (int(np.flatnonzero(each)[-1]) + 1) * MINUTE_NS for each in (trades, quotes)]
        if ends[1] - ends[0] < 2 * MINUTE_NS:
            return ""
        return f"Trades end by {clock_text(ends[0])[:5]} and quotes by {clock_text(ends[1])[:5]}: {PARTIAL}"


def _missing(counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return the minutes of a kind that are holes."""
    missing = np.zeros(len(counts), bool)
    told = np.flatnonzero(counts)
    if len(told) < 2:
        return missing
    beat = float(np.median(np.diff(told)))
    for first, end in _runs(counts == 0):
        around = np.concatenate([counts[max(first - AROUND, 0) : first], counts[end : end + AROUND]])
        missed = end - first if beat == 1 else (end - first) / beat >= BEATS
        missing[first:end] = bool(missed) and around.mean() * (end - first) >= EXPECTED
    return missing


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return (first, end) of each run of what is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]
