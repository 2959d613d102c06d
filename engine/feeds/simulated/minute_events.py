"""What happens in one minute, in no order yet: a slot for every event to come.

Owns how many quotes and orders there are and when, and what each order is made of (single print, two legs,
sweep, large print, late print, cancel). It sets no price and no side; `fill` does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .draw import Word, kernel, mix, poisson, unit
from .path import NODES_PER_SECOND
from .prints import swept_lots
from .quotes import opened, quote_run, rotation, warped
from .smile import NODE_NS, node_at, points_out
from .world import CHUNK_NS, CHUNK_SECONDS, World

INDEX_BITS = 20
"""A sort key is the time within the chunk shifted by this, plus the slot's index."""

OPENED, CLOSED, PREVIOUS, INTEREST, SILENCE, UNDERLYING_AT, WORTH, VENDOR_ROW, QUOTED = range(9)
SINGLE, LEG, OTHER_LEG, SWEPT, LARGE, LATE, CANCELLED, PLANTED, AUCTION = range(10, 19)

MOST_PRINTS = 64
"""More than a plant has prints."""

_PER_CHUNK = 6000
_WORTH_EVERY_NS = 900_000_000
_FIRST_WORTH_NS = 30_000_000_000
_VENDOR_REACH, _VENDOR_REACH_LATER = 8, 3
_DEEP, _DEEP_MULTI_SHARE = -30.0, 0.55
_BUSY = 15.0
_LAST_ODD = CHUNK_NS - 3


class MinuteEvents(NamedTuple):
    """The minute's events to be, (n,) each; quotes at even nanoseconds, prints at odd ones.

    key    : ns since the chunk's start << INDEX_BITS | index
    number : quote number, node, lots, lag in ns or the slot of the cancelled print, as `what` demands;
             of a plant's print lots * MOST_PRINTS + which print it is
    draw   : the order's or the quote's own hash
    bid, ask : of a quote, price units
    """

    key: NDArray[np.int64]
    what: NDArray[np.uint8]
    who: NDArray[np.int32]
    number: NDArray[np.int64]
    draw: NDArray[np.uint64]
    bid: NDArray[np.int32]
    ask: NDArray[np.int32]


@kernel
def _put(slots: MinuteEvents, n: int, ns: int, what: int, who: int, number: int, draw: Word) -> int:
    """Write slot n and return n + 1; an order that does not fit is left out whole by its caller."""
    slots.key[n] = (ns << INDEX_BITS) | n
    slots.what[n] = what
    slots.who[n] = who
    slots.number[n] = number
    slots.draw[n] = draw
    return n + 1


@kernel
def build(world: World, chunk: int, table: NDArray[np.float64]) -> MinuteEvents:
    """Return the slots of a chunk; `table` is its clock warp."""
    key = mix(world.key, (9 << 40) | chunk)
    slots = _room(world, chunk)
    n = _marks(world, slots, 0, chunk)
    n = _spots(world, slots, n, chunk)
    n = _worths(world, slots, n, chunk, key)
    n = _vendor_rows(world, slots, n, chunk, key)
    n = _quotes(world, slots, n, chunk, table)
    n = _auctions(world, slots, n, chunk, key)
    n = _planted(world, slots, n, chunk)
    n = _orders(world, slots, n, chunk, table, key)
    return MinuteEvents(
        slots.key[:n], slots.what[:n], slots.who[:n], slots.number[:n],
        slots.draw[:n], slots.bid[:n], slots.ask[:n],
    )  # fmt: skip


@kernel
def _room(world: World, chunk: int) -> MinuteEvents:
    """Return empty slots, several times as many as the chunk can need."""
    size = float(_PER_CHUNK)
    for contract in range(world.orders.shape[1]):
        size += world.quotes[chunk, contract] + 4.0 * world.orders[chunk, contract]
    n = min(int(size), 1 << INDEX_BITS)
    return MinuteEvents(
        np.empty(n, np.int64), np.empty(n, np.uint8), np.empty(n, np.int32), np.empty(n, np.int64),
        np.empty(n, np.uint64), np.empty(n, np.int32), np.empty(n, np.int32),
    )  # fmt: skip


@kernel
def _marks(world: World, slots: MinuteEvents, n: int, chunk: int) -> int:
    """Put the session's first and last rows and the feed gap."""
    nothing = np.uint64(0)
    if chunk == 0:
        n = _put(slots, n, 1, OPENED, -1, 0, nothing)
        n = _put(slots, n, 2, PREVIOUS, -1, 0, nothing)
        for contract in range(world.orders.shape[1]):
            n = _put(slots, n, 3 + contract, INTEREST, contract, 0, nothing)
    if chunk == len(world.orders) - 1:
        n = _put(slots, n, CHUNK_NS - 1, CLOSED, -1, 0, nothing)
    start = world.open_ns + chunk * CHUNK_NS
    if start <= world.rule[0].gap_end < start + CHUNK_NS:
        n = _put(slots, n, world.rule[0].gap_end - start, SILENCE, -1, 0, nothing)
    return n


@kernel
def _spots(world: World, slots: MinuteEvents, n: int, chunk: int) -> int:
    """Put the underlying's values: every stride of quarter seconds, and every jump."""
    first = chunk * CHUNK_SECONDS * NODES_PER_SECOND
    for k in range(CHUNK_SECONDS * NODES_PER_SECOND):
        node = first + k
        if node % world.rule[0].spot_stride == 0 or world.node[node].jumped:
            delay = 2000 + int(2e6 * unit(mix(world.key, (10 << 40) | node)))
            n = _put(slots, n, k * NODE_NS + delay, UNDERLYING_AT, -1, node, np.uint64(0))
    return n


@kernel
def nearest_strike(world: World, chunk: int) -> int:
    """Return the index of the strike nearest to the spot at a chunk's start."""
    spot = world.node[chunk * CHUNK_SECONDS * NODES_PER_SECOND].spot
    best = 0
    for k in range(len(world.strike)):
        if abs(world.strike[k].price - spot) < abs(world.strike[best].price - spot):
            best = k
    return best


@kernel
def published(world: World, chunk: int) -> tuple[int, int]:
    """Return the first and past-the-last contract with a fair market value: strikes at the money."""
    low = nearest_strike(world, chunk) - world.rule[0].fmv_strikes // 2
    low = min(max(low, 0), len(world.strike) - world.rule[0].fmv_strikes)
    return 2 * low, 2 * (low + world.rule[0].fmv_strikes)


@kernel
def _worths(world: World, slots: MinuteEvents, n: int, chunk: int, key: Word) -> int:
    """Put fair market values, about one a second and contract, once the opening is over."""
    low, high = published(world, chunk)
    for contract in range(low, high):
        if world.quotes[chunk, contract] == 0:
            continue
        phase = unit(mix(world.key, (11 << 40) | contract))
        for k in range(CHUNK_NS // _WORTH_EVERY_NS):
            h = mix(key, (k << 20) | contract)
            ns = int((k + phase + 0.1 * unit(h)) * _WORTH_EVERY_NS)
            if ns < CHUNK_NS - 4 and (chunk > 0 or ns > _FIRST_WORTH_NS):
                n = _put(slots, n, ns, WORTH, contract, 0, h)
    return n


@kernel
def _vendor_rows(world: World, slots: MinuteEvents, n: int, chunk: int, key: Word) -> int:
    """Put the provider's own greeks, one row a minute for strikes near the money, none in the first."""
    strikes, centre = len(world.strike), nearest_strike(world, chunk)
    for expiry in range(len(world.smile) if chunk > 0 else 0):
        reach = _VENDOR_REACH if expiry == 0 else _VENDOR_REACH_LATER
        for k in range(max(centre - reach, 0), min(centre + reach + 1, strikes)):
            for contract in range((expiry * strikes + k) * 2, (expiry * strikes + k) * 2 + 2):
                if world.quotes[chunk, contract] > 0:
                    ns = 2000 + int(unit(mix(key, (1 << 30) | contract)) * (CHUNK_NS - 4000))
                    n = _put(slots, n, ns, VENDOR_ROW, contract, 0, np.uint64(0))
    return n


@kernel
def _quotes(world: World, slots: MinuteEvents, n: int, chunk: int, table: NDArray[np.float64]) -> int:
    """Put the minute's quotes, priced."""
    for contract in range(world.orders.shape[1]):
        end = n + world.quotes[chunk, contract]
        key, bid, ask, draw = slots.key[n:end], slots.bid[n:end], slots.ask[n:end], slots.draw[n:end]
        quote_run(world, chunk, table, contract, 0, (key, bid, ask, draw))
        slots.what[n:end] = QUOTED
        slots.who[n:end] = contract
        for i in range(n, end):
            slots.key[i] = (slots.key[i] << INDEX_BITS) | i
        n = end
    return n


@kernel
def _auctions(world: World, slots: MinuteEvents, n: int, chunk: int, key: Word) -> int:
    """Put the opening auction's prints, just before a contract's first quote."""
    if chunk > 0:
        return n
    for contract in range(world.orders.shape[1]):
        h = mix(key, (2 << 30) | contract)
        if unit(h) < 2.0 * world.orders[0, contract]:
            n = _put(slots, n, rotation(world, contract) - 1001, AUCTION, contract, 0, h)
    return n


@kernel
def _planted(world: World, slots: MinuteEvents, n: int, chunk: int) -> int:
    """Put the prints of planted volume spikes, sweeps and blocks that begin in this chunk."""
    plants, start = world.plants, world.open_ns + chunk * CHUNK_NS
    for p in range(len(plants)):
        if plants[p].prints == 0 or not start <= plants[p].start < start + CHUNK_NS:
            continue
        lots, prints, done = int(plants[p].amount), plants[p].prints, 0
        span = plants[p].hold - plants[p].start
        for k in range(prints):
            h = mix(mix(world.key, (12 << 40) | p), k)
            ns = int(plants[p].start - start + span * ((k + unit(h)) / prints)) | 1
            upto = lots if k == prints - 1 else int(lots * (k + 1 + 0.8 * (unit(mix(h, 1)) - 0.5)) / prints)
            n = _put(slots, n, ns, PLANTED, plants[p].contract, (upto - done) * MOST_PRINTS + k, h)
            slots.draw[n - 1] = (h & ~np.uint64(1)) | np.uint64(plants[p].direction > 0)
            done = upto
    return n


@kernel
def _orders(
    world: World, slots: MinuteEvents, n: int, chunk: int, table: NDArray[np.float64], key: Word
) -> int:
    """Put the minute's ordinary orders."""
    for contract in range(world.orders.shape[1]):
        mean = float(world.orders[chunk, contract])
        base = mix(key, (3 << 30) | contract)
        for k in range(poisson(mean, base)):
            h = mix(base, k + 1)
            ns = warped(table, unit(mix(h, 0)))
            ns = (opened(ns, rotation(world, contract)) if chunk == 0 else ns) | 1
            if n + 8 < len(slots.key):
                n = _order(world, slots, n, chunk, contract, ns, h, mean)
    return n


@kernel
def _order(
    world: World, slots: MinuteEvents, n: int, chunk: int, contract: int, ns: int, h: Word, mean: float
) -> int:
    """Put one order's prints, of the kind its draw decides."""
    u = unit(mix(h, 1))
    node = node_at(world, world.open_ns + chunk * CHUNK_NS + ns)
    multi = _DEEP_MULTI_SHARE if points_out(world, contract, node) < _DEEP else world.rule[0].multi_share
    if u < multi:
        return _legs(world, slots, n, chunk, contract, ns, h)
    u -= multi
    if u < world.rule[0].sweep_share and len(world.exchanges) > 1:
        return _sweep(world, slots, n, contract, ns, h)
    u -= world.rule[0].sweep_share
    # Large orders keep to contracts that trade anyway; elsewhere each would be an anomaly nobody planted.
    if 0.0 <= u < world.rule[0].block_share * min(1.0, mean / _BUSY):
        return _put(slots, n, ns, LARGE, contract, 0, h)
    u -= world.rule[0].block_share
    if 0.0 <= u < world.rule[0].late_share and chunk > 0:
        lag = int((5.0 + 50.0 * unit(mix(h, 2))) * 1e9)
        return _put(slots, n, ns, LATE, contract, lag, h)
    n = _put(slots, n, ns, SINGLE, contract, 0, h)
    later = (ns + int((1.0 + 14.0 * unit(mix(h, 3))) * 1e9)) | 1
    if unit(mix(h, 4)) < world.rule[0].cancel_share and later <= _LAST_ODD:
        n = _put(slots, n, later, CANCELLED, contract, n - 1, h)
    return n


@kernel
def _sweep(world: World, slots: MinuteEvents, n: int, contract: int, ns: int, h: Word) -> int:
    """Put 3 to 6 prints within half a second."""
    prints, lots = 3 + int(4.0 * unit(mix(h, 2))), swept_lots(world, h)
    for k in range(prints):
        part = max(1, lots * (k + 1) // prints - lots * k // prints)
        n = _put(slots, n, min(ns, _LAST_ODD), SWEPT, contract, part, h)
        ns += 2 * int(2e6 + 3.6e7 * unit(mix(h, n)))
    return n


@kernel
def _legs(world: World, slots: MinuteEvents, n: int, chunk: int, contract: int, ns: int, h: Word) -> int:
    """Put two prints of one package at one time; a lone single print where no second leg is listed."""
    other = _other_leg(world, contract, h)
    if other == contract or world.quotes[chunk, other] == 0:
        return _put(slots, n, ns, SINGLE, contract, 0, h)
    if chunk == 0:
        ns = min(max(ns, rotation(world, other) + 3), _LAST_ODD) | 1
    n = _put(slots, n, ns, LEG, contract, 0, h)
    return _put(slots, n, ns, OTHER_LEG, other, 0, h)


@kernel
def _other_leg(world: World, contract: int, h: Word) -> int:
    """Return the second leg: a vertical, the other right, or the same strike of another expiration."""
    strikes, contracts = len(world.strike), world.orders.shape[1]
    kind = unit(mix(h, 5))
    if kind < 0.6:
        k = (contract >> 1) % strikes
        away = 1 + int(4.0 * unit(mix(h, 6)))
        moved = k + away if unit(mix(h, 7)) < 0.5 else k - away
        return contract + 2 * (moved - k) if 0 <= moved < strikes else contract
    if kind < 0.85:
        return contract ^ 1
    later = contract + 2 * strikes
    return later if later < contracts else contract
