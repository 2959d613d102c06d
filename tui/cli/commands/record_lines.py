"""How a recording stands, a line for each symbol: rewritten in place on a terminal, listed in a pipe.

Owns what a line says and when one is written. It refuses to know what is recorded.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from typing import TextIO

from engine.session.recorder import RecordingStatus

from ..output import NS

TERMINAL_NS = 2 * NS
PIPE_NS = 60 * NS
"""In a pipe a line is also written at once when its badge or its trouble changes."""


def as_lines(standing: RecordingStatus, events_per_s: float) -> list[str]:
    """Return how one symbol stands, and below it what is wrong, if anything is."""
    link, lag = standing.link, standing.lag
    parts = (
        f"{standing.symbol:<5} {link.badge:<9} {standing.events:>10,} events {events_per_s:>7,.0f}/s",
        f"on disk {standing.safe:,} of {standing.rows + standing.missed:,}",
        f"gaps {standing.gaps}",
        f"lag {'—' if lag is None else f'{lag.p50_ms:,.0f} ms'}",
        f"snapshots {standing.snapshots}",
    )
    wrong = (sentence for sentence in dict.fromkeys((standing.trouble, link.note)) if sentence)
    return ["  ".join(parts), *(f"      {sentence}" for sentence in wrong)]


class StatusBoard:
    """Writes how things stand whenever that is due.

    terminal : rewrite the lines in place
    wall     : a monotonic clock in ns
    """

    def __init__(self, out: TextIO, terminal: bool, wall: Callable[[], int]) -> None:
        self._out, self._terminal, self._wall = out, terminal, wall
        self._written = 0
        self._due_ns = wall()
        self._said: tuple[tuple[str, str], ...] = ()
        self._counted: dict[str, tuple[int, int]] = {}

    def look(self, standings: Sequence[RecordingStatus]) -> None:
        """Write if it is time, or in a pipe if something has happened."""
        said = tuple((each.link.badge, each.trouble) for each in standings)
        news = said != self._said and not self._terminal
        if standings and (news or self._wall() >= self._due_ns):
            self._said = said
            self.write(standings)

    def write(self, standings: Sequence[RecordingStatus]) -> None:
        """Write now."""
        now = self._wall()
        self._due_ns = now + (TERMINAL_NS if self._terminal else PIPE_NS)
        lines = [line for each in standings for line in as_lines(each, self._rate(each, now))]
        self._out.write(self._in_place(lines) if self._terminal else "".join(f"{line}\n" for line in lines))
        self._out.flush()

    def leave(self) -> None:
        """Let what stands on the terminal stand: the next lines go below, after whatever is said now."""
        self._written = 0

    def _in_place(self, lines: Sequence[str]) -> str:
        width = shutil.get_terminal_size().columns - 1
        up = f"\x1b[{self._written}F\x1b[J" if self._written else ""
        self._written = len(lines)
        return up + "".join(f"{line[:width]}\n" for line in lines)

    def _rate(self, standing: RecordingStatus, now_ns: int) -> float:
        """Return the events per second since the last line of that symbol."""
        then_ns, events = self._counted.get(standing.symbol, (now_ns, standing.events))
        self._counted[standing.symbol] = now_ns, standing.events
        return max(standing.events - events, 0) * NS / max(now_ns - then_ns, 1)
