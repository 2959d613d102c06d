"""What a contract is worth: the smile and the model price, at any quarter second.

Owns moneyness, implied volatility and Black and Scholes' price written for speed. It knows no quotes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .draw import exp, inlined, kernel, tail
from .path import NODES_PER_SECOND
from .world import World

NODE_NS = 1_000_000_000 // NODES_PER_SECOND
YEAR_NS = 365.0 * 86_400.0 * 1e9
POINTS = 6800.0
_SMILE_REACH = 6.0


@kernel
def interpolate(x: float, at: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Return the value at x of the line through (at, values), constant outside."""
    if x <= at[0]:
        return float(values[0])
    for k in range(1, len(at)):
        if x < at[k]:
            share = (x - at[k - 1]) / (at[k] - at[k - 1])
            return float(values[k - 1] + share * (values[k] - values[k - 1]))
    return float(values[-1])


@inlined
def node_at(world: World, ts: int) -> int:
    """Return the index of the quarter second that holds a ns time."""
    return min(max((ts - world.open_ns) // NODE_NS, 0), len(world.node) - 1)


@kernel
def points_out(world: World, contract: int, node: int) -> float:
    """Return how far out of the money a contract is, in points of an index at 6800; negative inside."""
    pair = contract >> 1
    strike = world.strike[pair % len(world.strike)].price
    points: float = (strike - world.node[node].spot) / world.node[node].spot * POINTS
    return -points if contract & 1 else points


@kernel
def smiled(z: float, sd: float, skew: float, curve: float) -> float:
    """Return the smile's deviation at z standard deviations from the money."""
    z /= np.sqrt(1.0 + (z / _SMILE_REACH) ** 2)
    return sd * (1.0 + skew * z + curve * z * z)


@kernel
def worth(spot: float, strike: float, gap: float, sd: float, growth: float, put: int) -> float:
    """Return the model price in $, never below what exercise would bring.

    gap    : log(strike / spot) - growth
    growth : interest up to settlement, as a share of the spot

    The time value is lower * N(-a) - upper * N(-b), a = |gap| / sd - sd / 2, on the side out of the money;
    lower * n(a) = upper * n(b) saves the second exponential.
    """
    forward = spot * (1.0 + growth)
    lower, upper = min(forward, strike), max(forward, strike)
    a, b = abs(gap) / sd - 0.5 * sd, abs(gap) / sd + 0.5 * sd
    value = 0.0
    if a < 37.0:
        height = exp(-0.5 * a * a)
        near = tail(a, height) if a >= 0.0 else 1.0 - tail(-a, height)
        value = max(lower * near - upper * tail(b, height * lower / upper), 0.0)
    value += max(strike - forward if put else forward - strike, 0.0)
    return max(value * (1.0 - growth), strike - spot if put else spot - strike)


@inlined
def growth_at(settle: int, ts: int, rate: float) -> float:
    """Return the interest from ts to settlement as a share of the spot."""
    return rate * max(settle - ts, 0) / YEAR_NS


@kernel
def moneyness(world: World, contract: int, node: int) -> tuple[float, float, float]:
    """Return log(strike / forward), volatility times the root of time, and the growth up to settlement."""
    pair = contract >> 1
    expiry, k = pair // len(world.strike), pair % len(world.strike)
    sd, smile = world.sd[expiry, node // NODES_PER_SECOND], world.smile[expiry]
    growth = growth_at(smile.settle, world.open_ns + node * NODE_NS, world.rule[0].rate)
    gap = world.strike[k].log - world.node[node].log_spot - growth
    return gap, smiled(gap / sd, sd, smile.skew, smile.curve), growth


@kernel
def fair(world: World, contract: int, node: int) -> float:
    """Return a contract's model price in $."""
    gap, sd, growth = moneyness(world, contract, node)
    strike = world.strike[(contract >> 1) % len(world.strike)].price
    return worth(world.node[node].spot, strike, gap, sd, growth, contract & 1)
