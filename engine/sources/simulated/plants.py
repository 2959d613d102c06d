"""Anomalies planted in the day, each where a good detector should find it.

Owns what is planted, where and how strongly. It knows the world's quotes, not the detectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .draw import unit_at
from .path import NODES_PER_SECOND
from .quotes import survey
from .slots import published
from .smile import node_at
from .world import (
    CHUNK_NS,
    FMV_DIVERGENCE,
    KINDS,
    PLANT,
    PRICE_MOVE,
    SPREAD_TIGHTENING,
    VOLUME_SPIKE,
    Rows,
    World,
)

_SECOND = 1_000_000_000
_SHARE = (0.35, 0.2, 0.25, 0.2)
_WARM_UP_NS, _COOL_DOWN_NS = 20 * 60 * _SECOND, 8 * 60 * _SECOND
_REST_NS = 12 * 60 * _SECOND
_LOOK_BACK_NS, _FADE_NS = 8 * 60 * _SECOND, 120 * _SECOND
_CALM_NODES = 35 * NODES_PER_SECOND
_STRIDE = 0.6180339887
_LOTS_PER_ORDER = 5.0
_QUOTES_WHERE_PLANTED = 180
_UNITS = 10_000.0


@dataclass(frozen=True, slots=True)
class Planted:
    """One planted anomaly, as tests are told of it.

    ts_ns, end_ns : when it begins, and when it no longer is in full force
    kind          : one of KINDS
    cid           : the tape's contract id
    direction     : +1 up or bought, -1 down or sold, 0 neither
    amount        : lots, quoted width in price units, or $ of price or FMV
    """

    ts_ns: int
    end_ns: int
    kind: str
    cid: int
    direction: int
    amount: float


def told(plants: Rows) -> tuple[Planted, ...]:
    """Return the plants as records, in time order."""
    return tuple(
        Planted(
            int(p["start"]),
            int(p["hold"]),
            KINDS[p["kind"]],
            int(p["contract"]) + 1,
            int(p["direction"]),
            float(p["amount"]),
        )
        for p in plants
    )


def plant(world: World, count: int) -> tuple[Rows, NDArray[np.int64]]:
    """Place `count` anomalies, one per even share of the first expiration's session.

    Returns the plants, fewer where a moment offers no contract that suits, and each contract's first.
    """
    rows = [row for number in range(count) if (row := _place(world, number, count)) is not None]
    rows.sort()
    kept = [(*row, -1) for row in _apart(rows)]
    plants, first = np.array(kept, PLANT), np.full(world.orders.shape[1], -1, np.int64)
    for p in range(len(plants) - 1, -1, -1):
        contract = plants["contract"][p]
        plants["next"][p], first[contract] = first[contract], p
    return plants, first


def quote_often(world: World, plants: Rows) -> None:
    """Raise the planned number of quotes where something is planted, so that it can be seen."""
    for p in plants:
        contract = p["contract"]
        for chunk in range(
            (p["start"] - world.open_ns) // CHUNK_NS, (p["hold"] - world.open_ns) // CHUNK_NS + 1
        ):
            planned = world.quotes[chunk, contract]
            world.quotes[chunk, contract] = max(planned, _QUOTES_WHERE_PLANTED) if planned else 0


Row = tuple[int, int, int, int, int, float, int, int]
"""The fields of PLANT but the last."""


@dataclass(frozen=True, slots=True)
class _Scene:
    """One moment of the world, by contract: where a plant is to be placed.

    points, value, ticks : points out of the money, fair $, usual width in ticks; before: 8 minutes earlier
    tick : $ per price step
    pace : expected orders per minute
    """

    ts: int
    number: int
    points: NDArray[np.float64]
    value: NDArray[np.float64]
    ticks: NDArray[np.float64]
    ticks_before: NDArray[np.float64]
    tick: NDArray[np.float64]
    pace: NDArray[np.float64]
    first_expiry: NDArray[np.bool_]
    published: NDArray[np.int64]
    draws: tuple[float, ...]

    def pick(self, among: NDArray[np.int64]) -> int | None:
        """Return one of the contracts, None when there is none."""
        return int(among[int(self.draws[0] * len(among))]) if len(among) else None

    def direction(self, may_fall: bool) -> int:
        """Return a direction; up where falling would leave nothing of the price."""
        return 1 if self.draws[1] < 0.5 or not may_fall else -1

    def until(self, shortest: float, longest: float) -> int:
        """Return an end between so many seconds, ns."""
        return self.ts + int((shortest + (longest - shortest) * self.draws[2]) * _SECOND)


def _draw(world: World, number: int, what: int) -> float:
    return float(unit_at(world.key, (8 << 40) | (number << 8) | what))


def _scene(world: World, number: int, ts: int) -> _Scene:
    chunk = (ts - world.open_ns) // CHUNK_NS
    points, value, width = survey(world, int(node_at(world, ts)))
    _, value_before, width_before = survey(world, int(node_at(world, ts - _LOOK_BACK_NS)))
    tick = np.where(value < 3.0, world.rule["tick"][0], world.rule["tick_3"][0]) / _UNITS
    tick_before = np.where(value_before < 3.0, world.rule["tick"][0], world.rule["tick_3"][0]) / _UNITS
    pace = world.orders[chunk].astype(np.float64)
    first = np.arange(len(points)) < 2 * len(world.strike)
    draws = tuple(_draw(world, number, what) for what in range(2, 6))
    ticks = width / tick
    shown = np.arange(*published(world, chunk), dtype=np.int64)
    return _Scene(
        ts, number, points, value, ticks, width_before / tick_before, tick, pace, first, shown, draws
    )


def _place(world: World, number: int, count: int) -> Row | None:
    """Return plant `number`, or None where its moment offers no contract that suits it."""
    first, last = world.open_ns + _WARM_UP_NS, int(world.smile["settle"][0]) - _COOL_DOWN_NS
    last = min(last, world.open_ns + len(world.orders) * CHUNK_NS - _COOL_DOWN_NS)
    ts = int(first + (last - first) * (number + 0.8 * _draw(world, number, 0)) / count)
    kind = int(np.searchsorted(np.cumsum(_SHARE), (number * _STRIDE + 0.5) % 1.0, side="right"))
    return _MAKERS[min(kind, len(_MAKERS) - 1)](_scene(world, number, _calm(world, ts)))


def _calm(world: World, ts: int) -> int:
    """Return a moment near ts with no jump and no feed gap around it, in the first half of a chunk."""
    for _ in range(20):
        node = int(node_at(world, ts))
        around = world.node["jumped"][max(node - _CALM_NODES, 0) : node + _CALM_NODES]
        silent = world.rule["gap_start"][0] - 60 * _SECOND < ts < world.rule["gap_end"][0] + 60 * _SECOND
        if not around.any() and not silent:
            break
        ts += 30 * _SECOND
    return ts - (ts - world.open_ns) % CHUNK_NS + 3 * _SECOND + (ts % (30 * _SECOND))


def _volume(scene: _Scene) -> Row | None:
    """Place some seconds of prints on one side, dozens of times the usual volume.

    Volume is so skewed that ten times the usual is an ordinary ten seconds: its logarithm's deviation is
    about 1, so four of them are a factor of 55.
    """
    near = (scene.points > -10.0) & (scene.points < 60.0) & scene.first_expiry
    usual = scene.pace * _LOTS_PER_ORDER / 6.0
    contract = scene.pick(np.flatnonzero(near & (usual < 15.0) & (usual > 0.5)))
    if contract is None:
        return None
    lots = int(min(max(400.0 + 300.0 * scene.draws[3], 90.0 * usual[contract]), 2000.0))
    direction = scene.direction(scene.value[contract] > 4.0 * scene.tick[contract])
    hold = scene.until(1.5, 5.5)
    return scene.ts, contract, VOLUME_SPIKE, hold, hold, float(lots), direction, 8 + lots // 60


def _spread(scene: _Scene) -> Row | None:
    """Place some seconds of quotes at two fifths of the usual width, on one of the busiest wide contracts."""
    wide = np.flatnonzero((scene.ticks >= 5.0) & (scene.ticks_before >= 4.5) & (scene.pace > 0.0))
    busiest = wide[np.argsort(-scene.pace[wide], kind="stable")][:12]
    contract = scene.pick(busiest)
    if contract is None:
        return None
    width = max(1, int(0.4 * scene.ticks[contract])) * scene.tick[contract] * _UNITS
    hold = scene.until(8.0, 22.0)
    return scene.ts, contract, SPREAD_TIGHTENING, hold, hold, float(round(width)), 0, 0


def _price(scene: _Scene) -> Row | None:
    """Place a step in the middle that the spot does not explain; it stays, then fades over two minutes."""
    near = (scene.points > -6.0) & (scene.points < 25.0) & (scene.value >= 40.0 * scene.tick)
    contract = scene.pick(np.flatnonzero(near & (scene.pace > 0.0)))
    if contract is None:
        return None
    value, tick = scene.value[contract], scene.tick[contract]
    least = max(0.12 * value, 4.0 * scene.ticks[contract] * tick, 8.0 * tick)
    direction = scene.direction(least < 0.3 * value)
    hold = scene.until(12.0, 20.0)
    amount = direction * least * (1.0 + 0.5 * scene.draws[3])
    return scene.ts, contract, PRICE_MOVE, hold, hold + _FADE_NS, float(amount), direction, 0


def _market_value(scene: _Scene) -> Row | None:
    """Place some seconds of a provider's fair value well outside the quotes."""
    contract = scene.pick(scene.published)
    if contract is None:
        return None
    half = max(0.65 * scene.ticks[contract], 2.0) * scene.tick[contract]
    amount = half * (4.0 + 3.0 * scene.draws[3])
    direction = scene.direction(amount < 0.5 * scene.value[contract])
    hold = scene.until(6.0, 14.0)
    return scene.ts, contract, FMV_DIVERGENCE, hold, hold, float(direction * amount), direction, 0


def _apart(rows: list[Row]) -> Iterator[Row]:
    """Drop a plant that would meet an earlier one of the same contract."""
    busy: dict[int, int] = {}
    for row in rows:
        if row[0] >= busy.get(row[1], 0):
            busy[row[1]] = row[4] + _REST_NS
            yield row


_MAKERS = (_volume, _spread, _price, _market_value)
