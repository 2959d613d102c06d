"""The simulated day as it would happen: played at the wall's speed into an intake, as a feed would be.

Owns how fast it goes. What it writes says SIMULATED wherever it is shown or recorded.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from math import inf

import numpy as np

from ...model.events import NS, Events
from ...tape.link import Badge, Link
from ...tape.live_tape import Begin, LiveTape, TapeWriter
from ...tape.replay_clock import TapeClock
from .capabilities import SIMULATED
from .tape import SimTape, SimulatedSource

BEAT_S = 0.05
"""Wall time between two appends: what a journal is made for."""

KEEP_NS = NS
"""Wall time between two orders to the disk."""


class LiveSimulated:
    """A `DaySource` of one simulated day; it goes on where a recording of it ends.

    day   : None, as no other day follows
    speed : tape seconds per wall second, inf for a whole minute with each append
    wall  : a monotonic clock in ns
    sleep : waits so many seconds of it
    """

    name = SIMULATED.name
    day = None

    def __init__(
        self,
        source: SimulatedSource,
        symbols: tuple[str, ...],
        begin: Begin,
        speed: float = 1.0,
        wall: Callable[[], int] = time.monotonic_ns,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.label = f"simulated day {source.day}, as if it were live"
        self.symbols = symbols
        self._source, self._begin, self._speed = source, begin, speed
        self._wall, self._sleep = wall, sleep
        self._players: dict[str, _TapePlayer] = {}

    def open(self, symbol: str) -> LiveTape:
        """Return the symbol's tape; NoDataError for one that is not simulated."""
        if symbol not in self._players:
            tape = self._source.open(symbol)
            self._players[symbol] = _TapePlayer(tape, self._begin(tape.info))
        return self._players[symbol].intake.tape

    async def run(self, notify: Callable[[], None]) -> None:
        """Write the tapes until the day is over, then close them."""
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, thread_name_prefix="simulated") as writer:
            try:
                await loop.run_in_executor(writer, self._open_all)
                clock = TapeClock(self._started_ns(), self._wall(), self._speed)
                while await loop.run_in_executor(writer, self._beat, clock):
                    notify()
                    await self._sleep(0 if self._speed == inf else BEAT_S)
            finally:
                for player in self._players.values():
                    writer.submit(player.intake.close)
        notify()

    def _open_all(self) -> None:
        for symbol in self.symbols:
            self.open(symbol)

    def _started_ns(self) -> int:
        """Return where the tapes go on: where the one that has least of the day stands."""
        return min(player.clock_ns for player in self._players.values())

    def _beat(self, clock: TapeClock) -> bool:
        """Append what has happened by now; say whether more is to come."""
        wall_ns = self._wall()
        more = [player.play(clock.now(wall_ns), wall_ns) for player in self._players.values()]
        return any(more)


class _TapePlayer:
    """One symbol on its way from the simulated tape to the intake; what is there already is passed over."""

    def __init__(self, tape: SimTape, intake: TapeWriter) -> None:
        self.intake = intake
        self.clock_ns = max(intake.resumed_ns, tape.info.session.open_ns)
        self._tape = tape
        self._chunk = max(int(np.searchsorted(tape.starts, intake.resumed_ns, "right")) - 1, 0)
        self._events = self._read()
        self._kept_ns = 0
        for contract in tape.contracts:
            intake.listed.add(contract)
        self._say()

    def play(self, to_ns: int, wall_ns: int) -> bool:
        """Append the events up to `to_ns`, of one chunk at most; say whether there are more to come.

        An append never ends within an instant, so that the clock says which events are there.
        """
        count = int(np.searchsorted(self._events["ts"], to_ns, "right"))
        now, self._events = self._events[:count], self._events[count:]
        if count:
            self.intake.append(now.copy(), int(now["ts"][-1]), timely=False)
        if not len(self._events) and self._chunk + 1 < len(self._tape.starts):
            self._chunk += 1
            self._events = self._read()
        if wall_ns - self._kept_ns >= KEEP_NS:
            self._kept_ns = wall_ns
            self.intake.keep(int(now["ts"][-1]) if count else self.clock_ns)
            self._say()
        return len(self._events) > 0 or self._chunk + 1 < len(self._tape.starts)

    def _say(self) -> None:
        note = self.intake.trouble
        self.intake.tape.link = Link(badge=Badge.SIMULATED, state="connected", note=note, spot_origin="tape")

    def _read(self) -> Events:
        events = self._tape.read(self._chunk)
        return events[events["ts"] > self.intake.resumed_ns]
