"""Accumulation: what a trade, and the cancel of one, adds to its contract.

Volume is what was printed and never falls; cancelled contracts are counted beside it. For every contract
buy + sell + unknown = volume - cancelled. Totals are
sums over contracts and are not kept here.
"""

from __future__ import annotations

from numba import njit

from . import JIT
from .conditions import LATE, OPENING
from .state import RECENT_PRINTS


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
def add_trade(event, how, side, cell, static, under):
    """Fold one print that was not a cancel."""
    size = event.s1
    shares = size * static.multiplier
    cell.volume += size
    add_sided(cell, side, size, event.p1 * shares)
    delta = 0.0
    gamma = 0.0
    if side != 0:
        if cell.delta == cell.delta:
            delta = side * shares * cell.delta
            gamma = side * shares * cell.gamma
            add_greeks(cell, delta, gamma)
        else:
            under.no_delta_volume += size
    remember(event, side, delta, gamma, cell)
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
def remember(event, side, delta, gamma, cell):
    """Keep the print for a cancel that may follow."""
    kept = cell.ring[cell.print_head]
    kept.ts = event.ts
    kept.cond = event.cond
    kept.exch = event.exch
    kept.price = event.p1
    kept.size = event.s1
    kept.side = side
    kept.alive = 1
    kept.delta = delta
    kept.gamma = gamma
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
            add_sided(cell, kept.side, -event.s1, -event.p1 * event.s1 * static.multiplier)
            add_greeks(cell, -kept.delta, -kept.gamma)
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
        add_sided(cell, side, -size, 0)
        left -= size
