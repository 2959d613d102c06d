"""A simulated day as a source: open a symbol, read its tape minute by minute.

Nothing is kept but the plan of the day (a few MB): every chunk is drawn when it is read, in any order, on any
thread. How the plan comes about is `assembly`'s business.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from ...model.calendar import expirations, session
from ...model.contracts import Contract, ContractTable
from ...model.errors import NoDataError
from ...model.events import Events
from ...model.underlyings import Underlying, underlying
from ...tape.link import Badge
from ...tape.tape import TapeInfo
from .assembly import assemble
from .capabilities import SIMULATED
from .fill import fill, rows
from .minute_events import build
from .plants import PlantedEvent, planted_events
from .profiles import PROFILES, DayParams, SymbolProfile
from .quotes import warp
from .world import CHUNK_NS

DEFAULT_SEED = 7
_DEFAULT = DayParams()


@dataclass(frozen=True, slots=True)
class SimulatedSource:
    """The simulated market of one date.

    planted : False gives the null day, the same without planted anomalies
    """

    day: date
    seed: int = DEFAULT_SEED
    planted: bool = True
    params: DayParams = _DEFAULT
    name: str = SIMULATED.name
    label: str = SIMULATED.label
    symbols: tuple[str, ...] = tuple(PROFILES)

    def open(self, symbol: str) -> SimTape:
        """Return the symbol's tape; NoDataError for a day without a session or a symbol not simulated."""
        profile = PROFILES.get(symbol.upper())
        if profile is None:
            known = ", ".join(PROFILES)
            raise NoDataError(f"{symbol} is not simulated; choose one of {known}, or import a day of it.")
        return SimTape(underlying(profile.symbol), profile, self)


class SimTape:
    """One simulated symbol's day; see `engine.tape.timeline.Tape` for the protocol.

    planted : the anomalies in it, the ground truth for detectors
    """

    def __init__(self, u: Underlying, profile: SymbolProfile, source: SimulatedSource) -> None:
        hours = session(source.day)
        world, strikes = assemble(u, profile, source.params, source.day, source.seed, source.planted)
        self._world = world
        self.info = TapeInfo(
            symbol=u.symbol, underlying=u, day=source.day, session=hours, source=source.name,
            badge=Badge.SIMULATED, spot_origin="tape", tick=profile.tick,
        )  # fmt: skip
        self.contracts = ContractTable(
            Contract(u.roots[0], expiry, right, int(milli))
            for expiry in expirations(u, source.day, len(source.params.expiry_share))
            for milli in strikes
            for right in "CP"
        )
        self.starts: NDArray[np.int64] = world.open_ns + CHUNK_NS * np.arange(
            len(world.orders), dtype=np.int64
        )
        self.end_ns = int(world.open_ns + len(world.orders) * CHUNK_NS)
        self.planted: tuple[PlantedEvent, ...] = planted_events(world.plants)

    def read(self, chunk: int) -> Events:
        """Return the chunk's events in tape order."""
        return self._draw(chunk)[0]

    def truth(self, chunk: int) -> NDArray[np.int8]:
        """Return what the customer did in each event: +1 bought, -1 sold, 0 for no side or no print.

        It is not always whoever crossed the spread: a customer's waiting order is hit at its own price.
        """
        return self._draw(chunk)[1]

    def _draw(self, chunk: int) -> tuple[Events, NDArray[np.int8]]:
        if not 0 <= chunk < len(self.starts):
            raise IndexError(f"chunk {chunk} of {len(self.starts)}")
        slots = build(self._world, chunk, warp(self._world, chunk))
        out, truth = rows(len(slots.key))
        n = fill(self._world, chunk, slots, np.sort(slots.key), out, truth)
        return out[:n], truth[:n]
