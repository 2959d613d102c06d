"""Accumulation: what a trade, and the cancel of one, adds to its contract.

Volume is what was printed and never falls; cancelled contracts are counted beside it. For every contract
buy + sell + unknown = volume - cancelled, and 0 <= sided_confidence <= 100 (buy + sell). Totals are
sums over contracts and are not kept here.

What cannot be had by summing contracts afterwards is cumulated for the whole symbol: the channels of
classified flow (`engine.views.queries.CHANNELS` says what each means), weighed at the moment of the trade.
"""

from __future__ import annotations

from numba import njit

from ..jit.options import JIT
from ..model.events import MISSING, NS, PRICE_SCALE
from .conditions import LATE, OPENING
from .records import N_CHANNELS, RECENT_PRINTS

(
    CALL_PREMIUM,
    PUT_PREMIUM,
    NET_DELTA,
    NET_GAMMA,
    HEDGE,
    HEDGE_CALL,
    HEDGE_PUT,
    HEDGE_ABOVE,
    HEDGE_BELOW,
    HEDGE_SAME_DAY,
    HEDGE_RETAIL,
) = range(N_CHANNELS)

RETAIL_SIZE = 10
"""Contracts in the largest trade that counts as retail."""

DAY_NS = 86_400 * NS


@njit(**JIT)
def add_sided(cell, side, size, premium):
    """Add `size` contracts and their premium to one side; negative numbers take them back."""
    if side > 0:
        cell.buy += size
        cell.buy_premium += premium
    elif side < 0:
        cell.sell += size
        cell.sell_premium += premium
    else:
        cell.unknown += size
    cell.premium += premium


@njit(**JIT)
def add_greeks(cell, delta, gamma):
    """Add signed deltas and gammas, in shares, to the contract."""
    cell.delta_flow += delta
    cell.gamma_flow += gamma


@njit(**JIT)
def add_channels(sign, premium, delta, gamma, size, spot, static, under):
    """Add a classified print to the symbol's channels, or take it back with a sign of -1.

    premium      : price units x contracts x multiplier, negative when sold
    delta, gamma : signed shares; spot in price units, as it stood at the trade, MISSING without a delta
    """
    channels = under.channels
    call = static.cp > 0
    channels[CALL_PREMIUM if call else PUT_PREMIUM] += sign * premium / PRICE_SCALE
    if spot == MISSING:
        return
    spot_usd = spot / PRICE_SCALE
    hedge = sign * delta * spot_usd
    channels[NET_DELTA] += sign * delta
    channels[NET_GAMMA] += sign * gamma
    channels[HEDGE] += hedge
    channels[HEDGE_CALL if call else HEDGE_PUT] += hedge
    channels[HEDGE_ABOVE if static.strike >= spot_usd else HEDGE_BELOW] += hedge
    if settles_today(static, under.clock):
        channels[HEDGE_SAME_DAY] += hedge
    if size <= RETAIL_SIZE:
        channels[HEDGE_RETAIL] += hedge


@njit(**JIT)
def settles_today(static, clock):
    """Whether the contract settles on the tape's day: every session lies within one UTC day."""
    return static.settle_ns // DAY_NS == clock // DAY_NS


@njit(**JIT)
def add_confidence(cell, percents):
    """Add confidence x contracts; what an unmatched cancel has had already is not taken back twice."""
    most = 100 * (cell.buy + cell.sell)
    cell.sided_confidence = min(max(cell.sided_confidence + percents, 0), most)


@njit(**JIT)
def add_trade(event, how, side, confidence, cell, static, under):
    """Fold one print that was not a cancel; confidence in percent."""
    size = event.s1
    shares = size * static.multiplier
    cell.volume += size
    add_sided(cell, side, size, event.p1 * shares)
    delta = 0.0
    gamma = 0.0
    spot = MISSING
    if side != 0:
        add_confidence(cell, confidence * size)
        if cell.delta == cell.delta:
            delta = side * shares * cell.delta
            gamma = side * shares * cell.gamma
            spot = under.spot
            add_greeks(cell, delta, gamma)
        else:
            under.no_delta_volume += size
        add_channels(1, side * event.p1 * shares, delta, gamma, size, spot, static, under)
    remember(event, side, confidence, delta, gamma, spot, cell)
    if how == OPENING:
        cell.auction_ts = event.ts
    if how != LATE:
        set_last(event, how, side, cell)


@njit(**JIT)
def set_last(event, how, side, cell):
    """Make this print the last one, and keep the last different price."""
    if how == OPENING and cell.last_ts > 0:
        return
    if cell.last != event.p1:
        cell.last_different = cell.last
    cell.last = event.p1
    cell.last_ts = event.ts
    cell.last_side = side


@njit(**JIT)
def remember(event, side, confidence, delta, gamma, spot, cell):
    """Keep the print for a cancel that may follow."""
    kept = cell.ring[cell.print_head]
    kept.ts = event.ts
    kept.cond = event.cond
    kept.exch = event.exch
    kept.price = event.p1
    kept.size = event.s1
    kept.side = side
    kept.confidence = confidence
    kept.alive = 1
    kept.delta = delta
    kept.gamma = gamma
    kept.print_spot = spot
    cell.print_head = (cell.print_head + 1) % RECENT_PRINTS
    cell.prints += 1
    cell.print_newest = max(cell.print_newest, event.ts)


@njit(**JIT)
def living(cell, side):
    """Return how many contracts of one side have not been taken back."""
    if side == 0:
        return cell.unknown
    return cell.buy if side > 0 else cell.sell


@njit(**JIT)
def take_print_back(event, kept, static, under, cell):
    """Undo what a remembered print added."""
    premium = event.p1 * event.s1 * static.multiplier
    add_sided(cell, kept.side, -event.s1, -premium)
    add_greeks(cell, -kept.delta, -kept.gamma)
    if kept.side != 0:
        add_confidence(cell, -kept.confidence * event.s1)
        add_channels(
            -1, kept.side * premium, kept.delta, kept.gamma, event.s1, kept.print_spot, static, under
        )


@njit(**JIT)
def take_back(event, cell, static, under):
    """Fold a cancel: undo the newest living print of the same price and size, or only its volume."""
    under.cancels += 1
    cell.cancel_ts = event.ts
    for back in range(1, RECENT_PRINTS + 1):
        kept = cell.ring[(cell.print_head - back + RECENT_PRINTS) % RECENT_PRINTS]
        if kept.price == event.p1 and kept.size == event.s1 and kept.alive == 1:
            kept.alive = 0
            kept.cancel_ts = event.ts
            if living(cell, kept.side) < event.s1:
                break  # a cancel that matched no print has had them already
            cell.cancelled += event.s1
            take_print_back(event, kept, static, under, cell)
            return
    under.unmatched_cancels += 1
    take_unmatched(event, cell)


@njit(**JIT)
def take_unmatched(event, cell):
    """Take volume back for a print nobody remembers: unclassified first, then the larger side."""
    left = min(event.s1, cell.volume - cell.cancelled)
    cell.cancelled += left
    while left > 0:
        if cell.unknown > 0:
            side, most = 0, cell.unknown
        elif cell.buy >= cell.sell:
            side, most = 1, cell.buy
        else:
            side, most = -1, cell.sell
        size = min(left, most)
        if side != 0:
            # Nobody remembers how sure that print's side was: the contract's average goes with it.
            usual = cell.sided_confidence * size // (cell.buy + cell.sell)
            add_confidence(cell, -usual)
        add_sided(cell, side, -size, 0)
        left -= size
