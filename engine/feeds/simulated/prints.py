"""What a print looks like: its side, price, lots, exchange and condition code.

Owns the choices an order makes once the quote it meets is known, whether it takes or waits to be taken. It
sees one order at a time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...model.events import MISSING
from .draw import Word, bell, exp, kernel, mix, unit
from .path import NODES_PER_SECOND
from .quotes import lone_lots, tick_at
from .smile import node_at
from .world import World

# OPRA conditions as the provider numbers them.
CANC, OSEQ, CNCL, LATE_IN_SEQUENCE, OPENING, OPENING_LATE, AUTO, ISO = 201, 202, 203, 204, 206, 208, 209, 219
AUCTIONED, AUCTIONED_ISO, CROSSED, FLOOR = 227, 228, 229, 231
MULTI, MULTI_AUCTION, MULTI_CROSS, MULTI_FLOOR, MULTI_SINGLE = 232, 233, 234, 235, 236

_UNITS = 10_000
_BUY_SHARE = 40.0 / 78.0
_AHEAD_NODES = 240 * NODES_PER_SECOND
_MOST_TILT = 0.15
_LOTS_SPREAD, _MOST_LOTS = 1.22, 75
_LARGE_LOTS, _LARGE_SPREAD = 60.0, 0.95
_SWEPT_LOTS, _SWEPT_SPREAD = 12.0, 0.85
_USUAL_LOTS = 2.1
_CROSS_SHARE, _FLOOR_SHARE, _LONE_ISO_SHARE = 0.006, 0.004, 0.04


@kernel
def side(world: World, contract: int, ts: int, lean: float, h: Word) -> int:
    """Return what the customer did, +1 bought or -1 sold.

    A little more often what the underlying is about to reward, and what `lean` adds to the chance to buy.
    """
    node = node_at(world, ts)
    ahead = min(node + _AHEAD_NODES, len(world.node) - 1)
    usual = world.sd[0, 0] / 10.0
    tilt = world.rule[0].informed * (world.node[ahead].log_spot - world.node[node].log_spot) / usual
    tilt = min(max(tilt, -_MOST_TILT), _MOST_TILT)
    chance = (_BUY_SHARE - tilt if contract & 1 else _BUY_SHARE + tilt) + lean
    return 1 if unit(mix(h, 10)) < chance else -1


@kernel
def depth_lean(world: World, bid: int, bid_lots: int, ask_lots: int) -> float:
    """Return what the sizes at bid and ask add to the chance to buy: customers trade where more is shown."""
    if bid == MISSING or bid_lots == ask_lots:
        return 0.0
    lean: float = world.rule[0].depth_lean
    return lean if ask_lots > bid_lots else -lean


@kernel
def rests(world: World, touch_lots: int, h: Word) -> bool:
    """Tell whether a customer's order was waiting at its own touch, which shows so many lots."""
    lone = touch_lots <= lone_lots(world.rule[0].depth)
    share = world.rule[0].lone_resting_share if lone else world.rule[0].resting_share
    return bool(unit(mix(h, 18)) < share)


@kernel
def price(world: World, bid: int, ask: int, bought: int, inside_share: float, h: Word) -> tuple[int, int]:
    """Return the price an order gets and its side; one that finds no bid to sell to buys instead."""
    if bid == MISSING and bought < 0:
        bought = 1
    low = 0 if bid == MISSING else bid
    tick = tick_at(world, (low + ask) / (2.0 * _UNITS))
    steps = (ask - low) // tick
    if bid != MISSING and steps >= 2 and unit(mix(h, 11)) < inside_share:
        v = unit(mix(h, 12))
        better = (1 + int((steps - 1) * v * np.sqrt(v))) * tick
        return (ask - better if bought > 0 else bid + better), bought
    return (ask if bought > 0 else bid), bought


@kernel
def leg_price(world: World, bid: int, ask: int, bought: int, h: Word) -> int:
    """Return a package leg's price: mostly next to the middle of its own quote."""
    low = 0 if bid == MISSING else bid
    if unit(mix(h, 11)) < 0.25 and (bought > 0 or bid != MISSING):
        return ask if bought > 0 else bid
    tick = tick_at(world, (low + ask) / (2.0 * _UNITS))
    up = 1 if unit(mix(h, 12)) < 0.5 else 0
    return max(((low + ask) // (2 * tick) + up * (((low + ask) // tick) & 1)) * tick, tick)


@kernel
def ordinary_lots(world: World, h: Word) -> int:
    """Return lots around the symbol's median, twice that on average; the tail belongs to large orders."""
    lots = int(world.rule[0].lots * exp(_LOTS_SPREAD * bell(mix(h, 13))) + 0.5)
    return min(max(1, lots), _MOST_LOTS)


@kernel
def large_lots(world: World, h: Word) -> int:
    """Return a large order's lots: most are below a hundred, some one in a hundred is a block."""
    scale = world.rule[0].lots / _USUAL_LOTS
    return max(1, int(scale * _LARGE_LOTS * exp(_LARGE_SPREAD * bell(mix(h, 13)))))


@kernel
def swept_lots(world: World, h: Word) -> int:
    """Return the lots of all prints of a sweep together."""
    scale = world.rule[0].lots / _USUAL_LOTS
    return int(scale * _SWEPT_LOTS * exp(_SWEPT_SPREAD * bell(mix(h, 13))))


@kernel
def exchange(exchanges: NDArray[np.int64], h: Word) -> int:
    """Return an exchange id; the first of the list are the busiest."""
    u = unit(mix(h, 14))
    return int(exchanges[int(u * u * len(exchanges))])


@kernel
def single_condition(world: World, h: Word) -> int:
    """Return the condition of a single print."""
    u = unit(mix(h, 15))
    swept = len(world.exchanges) > 1
    if u < world.rule[0].auction_share:
        return AUCTIONED_ISO if swept and u < 0.2 * world.rule[0].auction_share else AUCTIONED
    u -= world.rule[0].auction_share
    if u < _CROSS_SHARE:
        return CROSSED
    if u < _CROSS_SHARE + _FLOOR_SHARE:
        return FLOOR
    return ISO if swept and u < _CROSS_SHARE + _FLOOR_SHARE + _LONE_ISO_SHARE else AUTO


@kernel
def multi_condition(h: Word) -> int:
    """Return the condition both legs of a package carry."""
    u = unit(mix(h, 15))
    if u < 0.70:
        return MULTI
    if u < 0.82:
        return MULTI_AUCTION
    if u < 0.86:
        return MULTI_CROSS
    return MULTI_FLOOR if u < 0.91 else MULTI_SINGLE
