"""Days to measure on: the simulated one, the same held in memory, the same on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.feeds.simulated import SimTape, SimulatedSource
from engine.fold.params import FoldParams
from engine.model.events import Events
from engine.session.player import Player
from engine.session.symbol_day import PlayerParams
from engine.store.days.meta import Facts
from engine.store.days.store import DayStore
from engine.tape.tape import Tape
from engine.tape.timeline import Timeline, TimelineParams

from .sizes import DAY


class LoadedTape:
    """A tape whose chunks have all been read, so that reading costs nothing."""

    def __init__(self, tape: Tape) -> None:
        self.info, self.contracts = tape.info, tape.contracts
        self.starts, self.end_ns = tape.starts, tape.end_ns
        self._chunks = [tape.read(chunk) for chunk in range(len(tape.starts))]

    def read(self, chunk: int) -> Events:
        """Return the chunk."""
        return self._chunks[chunk]

    @property
    def events(self) -> int:
        """Count the events of the day."""
        return sum(map(len, self._chunks))


@dataclass(frozen=True, slots=True)
class OneTape:
    """A source of one tape, always the same object."""

    tape: Tape
    name: str = "bench"
    label: str = "bench"

    @property
    def symbols(self) -> tuple[str, ...]:
        """Return its symbol."""
        return (self.tape.info.symbol,)

    def open(self, symbol: str) -> Tape:
        """Return the tape."""
        return self.tape


def simulated(symbol: str, planted: bool = True) -> SimTape:
    """Return the simulated day of one symbol."""
    return SimulatedSource(DAY, planted=planted).open(symbol)


def on_disk(tape: Tape, folder: Path) -> Tape:
    """Write a tape as a day under `folder` and open it."""
    store = DayStore(folder)
    info = tape.info
    facts = Facts("recorded", info.spot_origin, info.tick, info.underlying, complete=True)
    with store.writer(info.day, info.symbol, tape.contracts) as writer:
        for chunk in range(len(tape.starts)):
            writer.append(tape.read(chunk))
        writer.commit(facts)
    return store.open(info.day, info.symbol)


def scouted(tape: Tape, params: TimelineParams | None = None, fold: FoldParams | None = None) -> Timeline:
    """Return a timeline that has folded its whole tape once."""
    timeline = Timeline(tape, fold or FoldParams(), params)
    while not timeline.scout(1 << 20):
        pass
    return timeline


def loaded_deck(tape: Tape, speed: float = 10.0) -> Player:
    """Return a deck at the open whose tape has been folded once; its wall clock begins at 0."""
    deck = Player([OneTape(tape)], PlayerParams(), speed, wall_ns=0)
    while deck.scout():
        pass
    return deck
