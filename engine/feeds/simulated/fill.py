"""What the minute's slots turn into: events in time order, and the truth about each print.

Owns the quote that prevails when a print comes, and the writing of records. Times and counts are `slots`',
the look of a print is `prints`'.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...model.events import (
    EVENT,
    MISSING,
    QUOTE,
    TRADE,
    Events,
)
from . import prints
from .draw import Word, inlined, kernel, mix, unit
from .minute_events import (
    AUCTION,
    CANCELLED,
    INDEX_BITS,
    LARGE,
    LATE,
    LEG,
    MOST_PRINTS,
    OTHER_LEG,
    PLANTED,
    QUOTED,
    SINGLE,
    SWEPT,
    MinuteEvents,
)
from .notices import notice
from .quotes import lone_lots, lots, prices, quote_run, tick_at, warp
from .smile import fair, node_at
from .world import CHUNK_NS, World

_UNITS = 10_000


class MinuteState(NamedTuple):
    """What stands as the minute runs, by contract: the quote, the one before, the last print's place."""

    bid: NDArray[np.int32]
    ask: NDArray[np.int32]
    earlier_bid: NDArray[np.int32]
    earlier_ask: NDArray[np.int32]
    bid_lots: NDArray[np.int32]
    ask_lots: NDArray[np.int32]
    last_print: NDArray[np.int64]


@kernel
def standing(world: World, chunk: int) -> MinuteState:
    """Return what stands when a chunk begins: each contract's last quote of the chunk before."""
    n = world.orders.shape[1]
    bid, ask = np.full(n, MISSING, np.int32), np.full(n, MISSING, np.int32)
    bid_lots, ask_lots = np.zeros(n, np.int32), np.zeros(n, np.int32)
    ns, draw = np.empty(1, np.int64), np.empty(1, np.uint64)
    if chunk > 0:
        table = warp(world, chunk - 1)
        for contract in range(n):
            last = world.quotes[chunk - 1, contract] - 1
            if last >= 0:
                found = (ns, bid[contract : contract + 1], ask[contract : contract + 1], draw)
                quote_run(world, chunk - 1, table, contract, last, found)
                ts = world.open_ns + (chunk - 1) * CHUNK_NS + ns[0]
                bid_lots[contract], ask_lots[contract] = lots(world, contract, ts, draw[0])
    return MinuteState(bid, ask, bid.copy(), ask.copy(), bid_lots, ask_lots, np.full(n, -1, np.int64))


@kernel
def fill(
    world: World,
    chunk: int,
    slots: MinuteEvents,
    order: NDArray[np.int64],
    out: Events,
    truth: NDArray[np.int8],
) -> int:
    """Write the chunk's events and truth in the order of the sorted keys; return how many there are.

    out, truth : at least as long as the slots
    """
    stand = standing(world, chunk)
    place = np.full(len(slots.key), -1, np.int64)
    start, gap_start, gap_end = (
        world.open_ns + chunk * CHUNK_NS,
        world.rule[0].gap_start,
        world.rule[0].gap_end,
    )
    # Taken out of the tuples once: each access inside the loop would count references.
    whats, whos, numbers, draws, bids, asks = (
        slots.what,
        slots.who,
        slots.number,
        slots.draw,
        slots.bid,
        slots.ask,
    )
    bid, ask, earlier_bid, earlier_ask, bid_lots, ask_lots, last_print = stand
    exchanges, n = world.exchanges, 0
    for key in order:
        slot, ts = key & ((1 << INDEX_BITS) - 1), start + (key >> INDEX_BITS)
        contract, what = whos[slot], whats[slot]
        row = out[n]
        _clear(row, ts, contract + 1)
        truth[n] = 0
        written = True
        if what == QUOTED:
            earlier_bid[contract], earlier_ask[contract] = bid[contract], ask[contract]
            bid[contract], ask[contract] = bids[slot], asks[slot]
            bid_lots[contract], ask_lots[contract] = lots(world, contract, ts, draws[slot])
            _quote(
                bids[slot], asks[slot], bid_lots[contract], ask_lots[contract], draws[slot], exchanges, row
            )
        elif what == CANCELLED:
            written = _cancel(place[numbers[slot]], last_print[contract], row, out)
        elif what >= SINGLE:
            truth[n] = _print(world, slots, slot, contract, ts, stand, row)
        else:
            notice(world, what, contract, numbers[slot], draws[slot], ts, row)
        # What happens during the feed gap happens, but nobody is told of it.
        if written and not gap_start < ts < gap_end:
            place[slot] = n
            if what >= SINGLE and what != CANCELLED:
                last_print[contract] = n
            n += 1
    return n


@inlined
def _clear(row: np.void, ts: int, cid: int) -> None:
    row["ts"] = ts
    row["cid"] = cid
    row["p1"] = MISSING
    row["p2"] = MISSING
    row["s1"] = 0
    row["s2"] = 0
    row["cond"] = 0
    row["exch"] = 0
    row["flags"] = 0


@kernel
def _quote(
    bid: int, ask: int, bid_lots: int, ask_lots: int, h: Word, exchanges: NDArray[np.int64], row: np.void
) -> None:
    """Write a quote."""
    row["kind"] = QUOTE
    row["p1"] = bid
    row["p2"] = ask
    row["s1"] = 0 if bid == MISSING else bid_lots
    row["s2"] = ask_lots
    row["exch"] = prints.exchange(exchanges, mix(h, 6))
    row["cond"] = prints.exchange(exchanges, mix(h, 7))


@kernel
def _cancel(original: int, last_print: int, row: np.void, out: Events) -> bool:
    """Write the cancel of an earlier print; False when that print was never seen."""
    if original < 0:
        return False
    earlier = out[original]
    row["kind"] = TRADE
    row["p1"] = earlier["p1"]
    row["s1"] = earlier["s1"]
    row["exch"] = earlier["exch"]
    row["cond"] = prints.CNCL if last_print == original else prints.CANC
    return True


@kernel
def _print(
    world: World, slots: MinuteEvents, slot: int, contract: int, ts: int, stand: MinuteState, row: np.void
) -> int:
    """Write a print and return its true side, 0 where there is no aggressor."""
    what, h = slots.what[slot], slots.draw[slot]
    row["kind"] = TRADE
    row["exch"] = prints.exchange(world.exchanges, h)
    if what == AUCTION or stand.ask[contract] == MISSING:
        return _auction(world, contract, ts, h, row)
    if what in (LEG, OTHER_LEG):
        return _leg(world, what, contract, ts, h, stand, row)
    if what == PLANTED:
        return _planted(world, slots.number[slot], contract, h, stand, row)
    if what == SWEPT:
        return _swept(world, slots.number[slot], slot, contract, ts, h, stand, row)
    return _single(world, what, slots.number[slot], contract, ts, h, stand, row)


@kernel
def _auction(world: World, contract: int, ts: int, h: Word, row: np.void) -> int:
    """Write an opening auction's print at the model's price."""
    value = fair(world, contract, node_at(world, ts))
    tick = tick_at(world, value)
    row["p1"] = max(int(value * _UNITS / tick + 0.5), 1) * tick
    row["s1"] = 3 * prints.ordinary_lots(world, h)
    row["cond"] = prints.OPENING_LATE if unit(mix(h, 16)) < 0.8 else prints.OPENING
    return 0


@kernel
def _leg(world: World, what: int, contract: int, ts: int, h: Word, stand: MinuteState, row: np.void) -> int:
    """Write one leg of a package; the legs share lots, exchange and condition and have opposite sides."""
    bought = 1 if unit(mix(h, 10)) < 0.5 else -1
    bought = -bought if what == OTHER_LEG else bought
    row["p1"] = prints.leg_price(world, stand.bid[contract], stand.ask[contract], bought, mix(h, what))
    row["s1"] = prints.ordinary_lots(world, h)
    row["cond"] = prints.multi_condition(h)
    return 0 if row["cond"] == prints.MULTI_CROSS else bought


@kernel
def _planted(world: World, number: int, contract: int, h: Word, stand: MinuteState, row: np.void) -> int:
    """Write one print of a planted anomaly; they go round the exchanges, the draw's last bit is the side."""
    bought, exchanges = 1 if h & np.uint64(1) else -1, world.exchanges
    row["p1"], bought = prints.price(world, stand.bid[contract], stand.ask[contract], bought, 0.0, h)
    row["s1"] = number // MOST_PRINTS
    row["exch"] = exchanges[number % MOST_PRINTS % len(exchanges)]
    row["cond"] = prints.ISO if len(exchanges) > 1 and unit(mix(h, 16)) < 0.5 else prints.AUTO
    return bought


@kernel
def _swept(
    world: World, size: int, slot: int, contract: int, ts: int, h: Word, stand: MinuteState, row: np.void
) -> int:
    """Write one print of an ordinary sweep; all of them share `h`, and so their side."""
    bought = prints.side(world, contract, ts, 0.0, h)
    row["p1"], bought = prints.price(world, stand.bid[contract], stand.ask[contract], bought, 0.0, h)
    row["s1"] = size
    row["exch"] = prints.exchange(world.exchanges, mix(h, 100 + slot))
    row["cond"] = prints.ISO
    return bought


@kernel
def _single(
    world: World, what: int, lag: int, contract: int, ts: int, h: Word, stand: MinuteState, row: np.void
) -> int:
    """Write a single print, a large one or a late one, and return what the customer did."""
    bid, ask, inside = stand.bid[contract], stand.ask[contract], world.rule[0].inside_share
    bid_lots, ask_lots = stand.bid_lots[contract], stand.ask_lots[contract]
    bought = prints.side(world, contract, ts, prints.depth_lean(world, bid, bid_lots, ask_lots), h)
    row["s1"] = prints.large_lots(world, h) if what == LARGE else prints.ordinary_lots(world, h)
    row["cond"] = prints.single_condition(world, h)
    touch = bid_lots if bought > 0 and bid != MISSING else ask_lots
    resting = what != LARGE and prints.rests(world, touch, h)
    if resting and touch <= lone_lots(world.rule[0].depth):
        row["s1"] = touch
    if what == LATE:
        bid, ask = prices(world, contract, ts - lag, h)
        row["cond"] = prints.LATE_IN_SEQUENCE if unit(mix(h, 16)) < 0.8 else prints.OSEQ
    elif unit(mix(h, 17)) < world.rule[0].stale_share and stand.earlier_ask[contract] != MISSING:
        bid, ask = stand.earlier_bid[contract], stand.earlier_ask[contract]
    # Whoever hits a resting order prints at the customer's own touch, which tells of the wrong side.
    sign, inside = (-1, 0.0) if resting else (1, inside)
    row["p1"], taken = prints.price(world, bid, ask, sign * bought, inside, h)
    return 0 if row["cond"] == prints.CROSSED else sign * taken


def rows(count: int) -> tuple[Events, NDArray[np.int8]]:
    """Return empty records and truths, (count,) each; zeroed, so that the padding is equal too."""
    return np.zeros(count, EVENT), np.zeros(count, np.int8)
