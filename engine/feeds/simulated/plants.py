"""Anomalies planted in the day, from too small for anybody to plain for everybody.

Owns what is planted, when, and how strong each kind may be. It knows the world's quotes, not the detectors:
strength comes from a range that begins below what published definitions ask for, so that some of the truth
cannot be found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .draw import unit_at
from .path import NODES_PER_SECOND
from .scene import Row, Scene, look
from .smile import node_at
from .world import (
    BLOCK,
    CHUNK_NS,
    FMV_DIVERGENCE,
    KINDS,
    PLANT,
    PRICE_MOVE,
    SPREAD_TIGHTENING,
    SWEEP,
    VOLUME_SPIKE,
    Rows,
    World,
)

_SECOND = 1_000_000_000
_SHARE = (0.22, 0.15, 0.17, 0.14, 0.17, 0.15)
_WARM_UP_NS, _COOL_DOWN_NS = 20 * 60 * _SECOND, 8 * 60 * _SECOND
_REST_NS = 12 * 60 * _SECOND
_FADE_NS = 120 * _SECOND
_CALM_NODES = 35 * NODES_PER_SECOND
_STRIDE = 0.6180339887
_LOTS_PER_ORDER = 5.0
_QUOTES_WHERE_PLANTED = 180
_UNITS = 10_000.0
_MOST_SWEPT_DOLLARS = 20.0

# From the weakest to the strongest of a kind, drawn evenly in their logarithm. A sweep is usually asked to
# have 100 lots and a block 500 or $250,000: three in ten plants are less.
_VOLUME_LOTS = (100.0, 1500.0)
_SWEEP_LOTS = (40.0, 1000.0)
_BLOCK_LOTS, _BLOCK_DOLLARS = (200.0, 2500.0), (100_000.0, 2_000_000.0)
_SPREAD_SHARE = (0.75, 0.25)
"""Quoted width against the usual one."""

_PRICE_UNITS = (0.2, 1.6)
"""Moves of 1 are the largest of 12 % of the price, 4 usual widths and 8 ticks."""

_FMV_HALVES = (1.0, 7.0)
"""Distance of the fair value from the middle in half widths."""


@dataclass(frozen=True, slots=True)
class PlantedEvent:
    """One planted anomaly, as tests are told of it.

    ts_ns, end_ns : when it begins, and when it no longer is in full force
    kind          : one of KINDS
    cid           : the tape's contract id
    direction     : +1 up or bought, -1 down or sold, 0 neither
    amount        : lots, quoted width in price units, or $ of price or FMV
    strength      : 0 for the weakest its kind has, 1 for the strongest
    """

    ts_ns: int
    end_ns: int
    kind: str
    cid: int
    direction: int
    amount: float
    strength: float


def planted_events(plants: Rows) -> tuple[PlantedEvent, ...]:
    """Return the plants as records, in time order."""
    return tuple(
        PlantedEvent(
            int(p["start"]),
            int(p["hold"]),
            KINDS[p["kind"]],
            int(p["contract"]) + 1,
            int(p["direction"]),
            float(p["amount"]),
            float(p["strength"]),
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
    """Raise the planned number of quotes where quotes or fair values are changed, so that it can be seen."""
    for p in plants[plants["prints"] == 0]:
        contract = p["contract"]
        for chunk in range(
            (p["start"] - world.open_ns) // CHUNK_NS, (p["hold"] - world.open_ns) // CHUNK_NS + 1
        ):
            planned = world.quotes[chunk, contract]
            world.quotes[chunk, contract] = max(planned, _QUOTES_WHERE_PLANTED) if planned else 0


def _draw(world: World, number: int, what: int) -> float:
    return float(unit_at(world.key, (8 << 40) | (number << 8) | what))


def _place(world: World, number: int, count: int) -> Row | None:
    """Return plant `number`, or None where its moment offers no contract that suits it."""
    first, last = world.open_ns + _WARM_UP_NS, int(world.smile["settle"][0]) - _COOL_DOWN_NS
    last = min(last, world.open_ns + len(world.orders) * CHUNK_NS - _COOL_DOWN_NS)
    ts = int(first + (last - first) * (number + 0.8 * _draw(world, number, 0)) / count)
    kind = int(np.searchsorted(np.cumsum(_SHARE), (number * _STRIDE + 0.5) % 1.0, side="right"))
    draws = tuple(_draw(world, number, what) for what in range(2, 7))
    return _MAKERS[min(kind, len(_MAKERS) - 1)](look(world, _calm(world, ts), draws))


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


def _volume(scene: Scene) -> Row | None:
    """Place some seconds of prints on one side; where much is traded, few lots do not stand out."""
    near = (scene.points > -10.0) & (scene.points < 60.0) & scene.first_expiry
    usual = scene.pace * _LOTS_PER_ORDER / 6.0
    contract = scene.pick(np.flatnonzero(near & (usual < 30.0) & (usual > 0.5)))
    if contract is None:
        return None
    lots = int(scene.between(*_VOLUME_LOTS))
    direction = scene.side(contract)
    hold = scene.until(1.5, 5.5)
    return scene.row(contract, VOLUME_SPIKE, hold, lots, direction, prints=8 + lots // 60)


def _sweep(scene: Scene) -> Row | None:
    """Place three prints or more on several exchanges within half a second; none where there is only one."""
    cheap = (scene.value < _MOST_SWEPT_DOLLARS) & scene.first_expiry
    contract = scene.pick_traded(np.flatnonzero(cheap & (scene.pace > 0.0)))
    if contract is None or scene.exchanges == 1:
        return None
    direction = scene.side(contract)
    hold = scene.until(0.06, 0.45)
    prints = 3 + int(6.0 * scene.draws[4])
    return scene.row(contract, SWEEP, hold, int(scene.between(*_SWEEP_LOTS)), direction, prints=prints)


def _block(scene: Scene) -> Row | None:
    """Place one print, of as many lots as it draws or as its money buys, whichever is less."""
    contract = scene.pick_traded(np.flatnonzero(scene.pace > 0.0))
    if contract is None:
        return None
    bought = scene.between(*_BLOCK_DOLLARS) / (100.0 * max(scene.value[contract], scene.tick[contract]))
    lots = max(1, int(min(scene.between(*_BLOCK_LOTS), bought)))
    direction = scene.side(contract)
    return scene.row(contract, BLOCK, scene.until(0.01, 0.02), lots, direction, prints=1)


def _spread(scene: Scene) -> Row | None:
    """Place some seconds of narrower quotes, on one of the busiest wide contracts."""
    wide = np.flatnonzero((scene.ticks >= 5.0) & (scene.ticks_before >= 4.5) & (scene.pace > 0.0))
    busiest = wide[np.argsort(-scene.pace[wide], kind="stable")][:12]
    contract = scene.pick(busiest)
    if contract is None:
        return None
    share = scene.between(*_SPREAD_SHARE)
    width = max(1, int(share * scene.ticks[contract])) * scene.tick[contract] * _UNITS
    return scene.row(contract, SPREAD_TIGHTENING, scene.until(3.0, 22.0), float(round(width)), 0)


def _price(scene: Scene) -> Row | None:
    """Place a step in the middle that the spot does not explain; it stays, then fades over two minutes."""
    near = (scene.points > -6.0) & (scene.points < 25.0) & (scene.value >= 40.0 * scene.tick)
    contract = scene.pick(np.flatnonzero(near & (scene.pace > 0.0)))
    if contract is None:
        return None
    value, tick = scene.value[contract], scene.tick[contract]
    unit = max(0.12 * value, 4.0 * scene.ticks[contract] * tick, 8.0 * tick)
    size = unit * scene.between(*_PRICE_UNITS)
    direction = scene.direction(size < 0.3 * value)
    hold = scene.until(5.0, 20.0)
    return scene.row(contract, PRICE_MOVE, hold, float(direction * size), direction, hold + _FADE_NS)


def _market_value(scene: Scene) -> Row | None:
    """Place some seconds of a provider's fair value away from the middle of the quotes."""
    contract = scene.pick(scene.published)
    if contract is None:
        return None
    half = max(0.65 * scene.ticks[contract], 2.0) * scene.tick[contract]
    amount = half * scene.between(*_FMV_HALVES)
    direction = scene.direction(amount < 0.5 * scene.value[contract])
    return scene.row(contract, FMV_DIVERGENCE, scene.until(3.0, 14.0), float(direction * amount), direction)


def _apart(rows: list[Row]) -> Iterator[Row]:
    """Drop a plant that would meet an earlier one of the same contract."""
    busy: dict[int, int] = {}
    for row in rows:
        if row[0] >= busy.get(row[1], 0):
            busy[row[1]] = row[4] + _REST_NS
            yield row


_MAKERS = (_volume, _spread, _price, _market_value, _sweep, _block)
