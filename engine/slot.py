"""A slot: one symbol's tape, opened, with its timeline and its projector.

Owns what a source must offer, which expirations are watched and between which bounds. It refuses to know
what plays it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from .errors import NoDataError
from .events import NS
from .kernel.params import FoldParams
from .projection import Projector
from .timeline import Tape, Timeline, TimelineParams
from .view import Fired


class Source(Protocol):
    """Somewhere tapes come from; `symbols` are those it can open, in the order they are shown."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def symbols(self) -> tuple[str, ...]: ...

    def open(self, symbol: str) -> Tape:
        """Return the symbol's tape; NoDataError or StoreError when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class DeckParams:
    """How tapes are folded and shown.

    expiry  : '0dte', one expiration, or how many of the nearest
    strikes : rows each side of at-the-money
    start_ns, end_ns : bounds of the first source's replay, ns UTC; None is the tape's own
    frame_ns : wall time of one frame; a step is one frame of tape
    """

    fold: FoldParams = FoldParams()
    expiry: str | int | date = 3
    strikes: int = 25
    start_ns: int | None = None
    end_ns: int | None = None
    frame_ns: int = NS // 10
    timeline: TimelineParams = TimelineParams()


@dataclass(slots=True)
class Slot:
    """One symbol of one source, opened."""

    timeline: Timeline
    projector: Projector

    def fired_after(self, count: int) -> tuple[Fired, ...]:
        """Return the signals up to the playhead, without the first `count`."""
        symbol = self.timeline.tape.info.symbol
        return tuple(Fired(symbol, row) for row in self.projector.signals()[count:])


def chosen_expiries(choice: str | int | date, day: date, listed: Sequence[date]) -> tuple[date, ...]:
    """Return the expirations that a choice of `DeckParams.expiry` means on a day."""
    alive = [expiry for expiry in listed if expiry >= day]
    if choice == "0dte":
        choice = day
    if isinstance(choice, date):
        return (choice,) if choice in alive else ()
    return tuple(alive[: int(choice)])


def open_slot(tape: Tape, params: DeckParams, bounded: bool = True) -> Slot:
    """Return a tape with its playhead at the start; NoDataError when it lists nothing that was chosen."""
    info = tape.info
    listed = tape.contracts.expiries()
    expiries = chosen_expiries(params.expiry, info.day, listed)
    if not expiries:
        raise NoDataError(
            f"{info.symbol} lists no expiration for --expiry {params.expiry} on {info.day}; "
            f"it lists {', '.join(map(str, listed[:5])) or 'none at all'}."
        )
    timeline = open_timeline(tape, params, bounded)
    return Slot(timeline, Projector(timeline, params.fold, params.strikes, expiries))


def open_timeline(tape: Tape, params: DeckParams, bounded: bool) -> Timeline:
    """Return a tape's fold at its start; between the bounds of `params` if `bounded`."""
    start_ns, end_ns = (params.start_ns, params.end_ns) if bounded else (None, None)
    return Timeline(tape, params.fold, params.timeline, start_ns, end_ns)
