"""How a contract is quoted, at any moment and without a past.

Owns the width of quotes, their rounding to ticks, planted effects on them, and the clock warp that makes
them come in bursts. A quote is a pure function of (day, contract, chunk, counter), so any minute can be
drawn before any other. It writes no events; what a contract is worth is `smile`'s.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...model.events import MISSING
from .draw import Word, bell, exp, inlined, kernel, mix, unit
from .path import NODES_PER_SECOND
from .smile import NODE_NS, POINTS, fair, growth_at, interpolate, node_at, points_out, smiled, worth
from .world import CHUNK_NS, CHUNK_SECONDS, FMV_DIVERGENCE, PRICE_MOVE, SPREAD_TIGHTENING, Rows, World

WARP_STEPS = 256
_WIDTH_HOLDS = 600 * NODES_PER_SECOND
_UNITS = 10_000.0
_PLANTED_LOTS = 25

# Median spread by points out of the money, in points of an index at 6800 (market-facts: SPXW afternoons).
_WIDTH_AT = np.array([-200.0, -150.0, -100.0, -75.0, -35.0, -12.0, 0.0, 5.0, 12.0, 20.0, 30.0])
_WIDTH = np.array([3.0, 2.4, 1.6, 1.0, 0.5, 0.3, 0.2, 0.15, 0.1, 0.075, 0.05])


@kernel
def effect(plants: Rows, first: int, ts: int, kind: int) -> float:
    """Return the amount of a planted anomaly of `kind` at ts, faded as planted; 0 where there is none.

    first : the contract's first plant, -1 for none
    """
    p = first
    while p >= 0:
        if plants[p].kind == kind and plants[p].start <= ts < plants[p].end:
            if ts < plants[p].hold:
                return float(plants[p].amount)
            return float(plants[p].amount * (plants[p].end - ts) / (plants[p].end - plants[p].hold))
        p = plants[p].next
    return 0.0


@kernel
def middle(world: World, contract: int, ts: int) -> float:
    """Return the $ price around which a contract is quoted: fair, unless a price move is planted."""
    value = fair(world, contract, node_at(world, ts))
    if world.first[contract] >= 0:
        value += effect(world.plants, world.first[contract], ts, PRICE_MOVE)
    return max(value, 0.0)


@kernel
def market_value(world: World, contract: int, ts: int, h: Word) -> float:
    """Return the provider's fair market value in $: near the quote's middle, unless planted elsewhere."""
    value = middle(world, contract, ts)
    width = usual_width(world, contract, node_at(world, ts))
    value += 0.1 * width * bell(h) + effect(world.plants, world.first[contract], ts, FMV_DIVERGENCE)
    return max(value, 0.0)


@inlined
def slow_spot(nodes: Rows, node: int) -> float:
    """Return the spot with everything shorter than ten minutes taken out: it decides widths.

    Were it the present spot, every wiggle around a rounding limit would halve and double some widths.
    """
    before = node - node % _WIDTH_HOLDS
    after = min(before + _WIDTH_HOLDS, len(nodes) - 1)
    share = (node - before) / _WIDTH_HOLDS
    return float(nodes[before].spot + share * (nodes[after].spot - nodes[before].spot))


@kernel
def usual_width(world: World, contract: int, node: int) -> float:
    """Return the ordinary bid-ask width in $, before rounding to ticks."""
    pair, slow = contract >> 1, slow_spot(world.node, node)
    strike = world.strike[pair % len(world.strike)].price
    points = (slow - strike if contract & 1 else strike - slow) / slow * POINTS
    breadth = world.smile[pair // len(world.strike)].breadth
    units = world.rule[0].scale * world.rule[0].width * breadth * world.node[node].stress
    return interpolate(points, _WIDTH_AT, _WIDTH) * float(units)


@kernel
def survey(world: World, node: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return points out of the money, fair $ and usual width in $ of every contract."""
    n = world.orders.shape[1]
    points, value, width = np.empty(n), np.empty(n), np.empty(n)
    for contract in range(n):
        points[contract] = points_out(world, contract, node)
        value[contract] = fair(world, contract, node)
        width[contract] = usual_width(world, contract, node)
    return points, value, width


@inlined
def tick_at(world: World, dollars: float) -> int:
    """Return the price step at a price."""
    tick: int = world.rule[0].tick if dollars < 3.0 else world.rule[0].tick_3
    return tick


@kernel
def rounded(
    value: float, ticks: float, tick: int, h: Word, planted: float, locked_share: float
) -> tuple[int, int]:
    """Return bid and ask in price units around a $ value, bid MISSING where nothing is bid.

    ticks   : usual width in ticks
    planted : width in price units where a planted one replaces the usual, else 0
    """
    u = unit(h)
    # A few ticks flicker by one tick at most: the same share of them would halve and double the width.
    steps = int(ticks + 0.5) + (u < 0.12) if ticks < 4.0 else int(ticks * (0.8 + 0.45 * u) + 0.5)
    steps = max(1, steps)
    if planted > 0.0:
        steps = max(1, int(planted / tick + 0.5))
    drift = 0.25 * (unit(mix(h, 1)) - 0.5)
    low = int(np.floor(value * _UNITS / tick - 0.5 * steps + drift + 0.5))
    high = max(low + steps, 1)
    odd = unit(mix(h, 2))
    if odd < 1.5 * locked_share and steps > 1 and low > 4 and planted == 0.0:
        low = high if odd < locked_share else high + 1
    return (low * tick if low > 0 else MISSING), high * tick


@kernel
def prices(world: World, contract: int, ts: int, h: Word) -> tuple[int, int]:
    """Return the bid and ask a contract has at ts if it is quoted then."""
    value = middle(world, contract, ts)
    tick = tick_at(world, value)
    ticks = usual_width(world, contract, node_at(world, ts)) * _UNITS / tick
    return rounded(value, ticks, tick, h, 0.0, 0.0)


@kernel
def quote_run(
    world: World,
    chunk: int,
    table: NDArray[np.float64],
    contract: int,
    first_number: int,
    into: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32], NDArray[np.uint64]],
) -> None:
    """Draw a contract's quotes of a chunk from `first_number` on: ns since its start, bid, ask and hash.

    One long loop over one contract, with everything that does not change taken out of it: this is where
    most of a day's time goes.
    """
    ns, bid, ask, draw = into
    nodes, sds, plants = world.node, world.sd, world.plants
    pair, count = contract >> 1, world.quotes[chunk, contract]
    expiry, k = pair // len(world.strike), pair % len(world.strike)
    strike, log_strike = world.strike[k].price, world.strike[k].log
    skew, curve, put = world.smile[expiry].skew, world.smile[expiry].curve, contract & 1
    settle, rule, rate = world.smile[expiry].settle, world.rule[0], world.rule[0].rate
    tick, tick_3, locked_share = rule.tick, rule.tick_3, rule.locked_share
    breadth = rule.scale * rule.width * world.smile[expiry].breadth * _UNITS
    plant, start, offset = world.first[contract], world.open_ns + chunk * CHUNK_NS, chunk * CHUNK_NS
    opening = rotation(world, contract) if chunk == 0 else 0
    base = mix(world.key, (chunk << 20) | contract)
    for number in range(first_number, count):
        h = mix(base, number)
        at = warped(table, (number + unit(mix(h, 3))) / count)
        if chunk == 0:
            at = opening if number == 0 else opened(at, opening)
        node = (offset + at) // NODE_NS
        now = nodes[node]
        sd = sds[expiry, node // NODES_PER_SECOND]
        growth = growth_at(settle, start + at, rate)
        gap = log_strike - now.log_spot - growth
        value = worth(now.spot, strike, gap, smiled(gap / sd, sd, skew, curve), growth, put)
        planted = 0.0
        if plant >= 0:
            value = max(value + effect(plants, plant, start + at, PRICE_MOVE), 0.0)
            planted = effect(plants, plant, start + at, SPREAD_TIGHTENING)
        slow = slow_spot(nodes, node)
        points = (slow - strike if put else strike - slow) / slow * POINTS
        step = tick if value < 3.0 else tick_3
        ticks = interpolate(points, _WIDTH_AT, _WIDTH) * breadth * now.stress / step
        i = number - first_number
        ns[i], draw[i] = at, h
        bid[i], ask[i] = rounded(value, ticks, step, h, planted, locked_share)


@inlined
def lone_lots(depth: float) -> int:
    """Return the most lots a touch may show and still be one customer's order."""
    return int(depth / 4.0)


@kernel
def lots(world: World, contract: int, ts: int, h: Word) -> tuple[int, int]:
    """Return the lots shown at bid and ask by the quote of hash h; one of them may be a lone customer's."""
    depth, first = world.rule[0].depth, world.first[contract]
    if first >= 0 and effect(world.plants, first, ts, SPREAD_TIGHTENING) > 0.0:
        return _deep(depth, mix(h, 4)) + _PLANTED_LOTS, _deep(depth, mix(h, 5)) + _PLANTED_LOTS
    who, share = mix(h, 8), world.rule[0].lone_share
    bid = _lone(depth, mix(h, 4)) if unit(who) < share else _deep(depth, mix(h, 4))
    ask = _lone(depth, mix(h, 5)) if unit(mix(who, 1)) < share else _deep(depth, mix(h, 5))
    return bid, ask


@kernel
def _deep(depth: float, h: Word) -> int:
    return int(depth * exp(0.8 * bell(h)) + 1.0)


@inlined
def _lone(depth: float, h: Word) -> int:
    u = unit(h)
    return 1 + int(u * u * lone_lots(depth))


@kernel
def rotation(world: World, contract: int) -> int:
    """Return when a contract opens, ns after the session's open."""
    u = unit(mix(world.key, (5 << 40) | contract))
    return int(2e8 + 1.2e10 * u * u) & ~1


@kernel
def warp(world: World, chunk: int) -> NDArray[np.float64]:
    """Return how a chunk's clock runs: (257,) ns since its start at even shares of its activity."""
    weight = np.empty(CHUNK_SECONDS)
    total = 0.0
    for second in range(CHUNK_SECONDS):
        node = (chunk * CHUNK_SECONDS + second) * NODES_PER_SECOND
        last = min(node + NODES_PER_SECOND, len(world.node) - 1)
        moved = abs(world.node[last].log_spot - world.node[node].log_spot) * 6000.0
        weight[second] = 0.4 + unit(mix(world.key, (6 << 40) | node)) + min(moved, 3.0)
        total += weight[second]
    table = np.empty(WARP_STEPS + 1)
    second, before = 0, 0.0
    for k in range(WARP_STEPS):
        wanted = total * k / WARP_STEPS
        while before + weight[second] <= wanted:
            before += weight[second]
            second += 1
        table[k] = (second + (wanted - before) / weight[second]) * 1e9
    table[WARP_STEPS] = float(CHUNK_NS)
    return table


@kernel
def warped(table: NDArray[np.float64], share: float) -> int:
    """Return the ns since the chunk's start at a share in [0, 1) of its activity; an even number."""
    x = share * WARP_STEPS
    k = int(x)
    ns = table[k] + (x - k) * (table[k + 1] - table[k])
    return int(min(max(ns, 2000.0), CHUNK_NS - 4.0)) & ~1


@kernel
def opened(ns: int, opening: int) -> int:
    """Squeeze a time of the opening minute into what is left of it once the contract has opened."""
    return int(opening + 2 + ns * ((CHUNK_NS - 4 - opening) / CHUNK_NS)) & ~1
