"""The moment at which something is to be planted: what each contract is like then, and the moment's draws.

Owns how a plant's contract, direction, strength and length follow from its draws. It plants nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .draw import exp, log
from .minute_events import published
from .quotes import survey
from .smile import node_at
from .world import CHUNK_NS, World

_SECOND = 1_000_000_000
_LOOK_BACK_NS = 8 * 60 * _SECOND
_UNITS = 10_000.0

Row = tuple[int, int, int, int, int, float, float, int, int]
"""The fields of PLANT but the last."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment of the world, by contract: where a plant is to be placed.

    points, value, ticks : points out of the money, fair $, usual width in ticks; before: 8 minutes earlier
    tick : $ per price step
    pace : expected orders per minute
    exchanges : how many there are
    draws : uniform in [0, 1): which contract, direction, length, strength, number of prints
    """

    ts: int
    points: NDArray[np.float64]
    value: NDArray[np.float64]
    ticks: NDArray[np.float64]
    ticks_before: NDArray[np.float64]
    tick: NDArray[np.float64]
    pace: NDArray[np.float64]
    first_expiry: NDArray[np.bool_]
    published: NDArray[np.int64]
    exchanges: int
    draws: tuple[float, ...]

    def pick(self, among: NDArray[np.int64]) -> int | None:
        """Return one of the contracts, None when there is none."""
        return int(among[int(self.draws[0] * len(among))]) if len(among) else None

    def pick_traded(self, among: NDArray[np.int64]) -> int | None:
        """Return one of the contracts, the busier the likelier; None when there is none."""
        weight = np.cumsum(np.sqrt(self.pace[among]))
        if not weight.size or weight[-1] == 0.0:
            return None
        return int(among[np.searchsorted(weight, self.draws[0] * weight[-1], side="right")])

    def direction(self, may_fall: bool) -> int:
        """Return a direction; up where falling would leave nothing of the price."""
        return 1 if self.draws[1] < 0.5 or not may_fall else -1

    def between(self, weakest: float, strongest: float) -> float:
        """Return the moment's draw from a range, evenly in the logarithm."""
        return float(exp(log(weakest) + self.draws[3] * (log(strongest) - log(weakest))))

    def row(
        self,
        contract: int,
        kind: int,
        hold: int,
        amount: float,
        direction: int,
        end: int = 0,
        prints: int = 0,
    ) -> Row:
        """Return a plant of this moment; it ends with its full force unless `end` says later."""
        strength, end = self.draws[3], max(hold, end)
        return self.ts, contract, kind, hold, end, float(amount), strength, direction, prints

    def side(self, contract: int) -> int:
        """Return the side of prints: bought where there may be no bid to sell to."""
        least = max(4.0, 0.75 * self.ticks[contract]) * self.tick[contract]
        return self.direction(self.value[contract] > least)

    def until(self, shortest: float, longest: float) -> int:
        """Return an end between so many seconds, ns."""
        return self.ts + int((shortest + (longest - shortest) * self.draws[2]) * _SECOND)


def look(world: World, ts: int, draws: tuple[float, ...]) -> Scene:
    """Return the world as it is at ts, before anything is planted in it."""
    chunk = (ts - world.open_ns) // CHUNK_NS
    points, value, width = survey(world, int(node_at(world, ts)))
    _, value_before, width_before = survey(world, int(node_at(world, ts - _LOOK_BACK_NS)))
    tick = np.where(value < 3.0, world.rule["tick"][0], world.rule["tick_3"][0]) / _UNITS
    tick_before = np.where(value_before < 3.0, world.rule["tick"][0], world.rule["tick_3"][0]) / _UNITS
    pace = world.orders[chunk].astype(np.float64)
    first = np.arange(len(points)) < 2 * len(world.strike)
    ticks = width / tick
    shown = np.arange(*published(world, chunk), dtype=np.int64)
    return Scene(
        ts, points, value, ticks, width_before / tick_before, tick, pace, first, shown,
        len(world.exchanges), draws,
    )  # fmt: skip
