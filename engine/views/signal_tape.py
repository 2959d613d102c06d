"""The tape around a signal: a minute before it and up to a minute after, second by second.

The sides of its prints are those the fold gave them.
"""

from __future__ import annotations

from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from ..fold.conditions import CANCELS
from ..fold.state import State
from ..model.events import MISSING, NS, QUOTE, SPOT, TRADE, UNDERLYING, Events
from ..tape.timeline import Timeline
from .detail import last_known, print_row
from .queries import SignalTape, SignalTapeTick
from .view import SignalRow

SIDE_NS = 60 * NS
PRINTS = 12


def signal_tape(timeline: Timeline, index: int, signal: SignalRow) -> SignalTape:
    """Return the tape around row `index` of the log, as far as it has been played.

    Around a signal about the underlying the prices are spots, the volume is that of all contracts, and no
    prints are told apart.
    """
    since_ns = signal.ts_ns - SIDE_NS
    state, events, sides = timeline.look_back(since_ns, signal.ts_ns + SIDE_NS)
    until_ns = min(signal.ts_ns + SIDE_NS, timeline.at_ns)
    seconds = -(-(until_ns - since_ns) // NS)
    at = np.minimum((np.maximum.accumulate(events["ts"]) - since_ns - 1) // NS, seconds - 1)
    printed = _printed(events, signal.cid)
    volume = np.bincount(at[printed], events["s1"][printed], seconds).astype(np.int64)
    prices = _prices(events, at, seconds, signal.cid, _price_then(state, signal.cid))
    ticks = tuple(
        SignalTapeTick(since_ns + i * NS, price, traded)
        for i, (price, traded) in enumerate(zip(prices, volume.tolist(), strict=True))
    )
    if signal.cid == UNDERLYING:
        return SignalTape(index, ticks, ())
    trades, sides = events[printed], sides[printed]
    nearest = np.sort(np.argsort(np.abs(trades["ts"] - signal.ts_ns), kind="stable")[:PRINTS])
    return SignalTape(index, ticks, tuple(print_row(trades[i], sides[i]) for i in nearest))


def _printed(events: Events, cid: int) -> NDArray[np.bool_]:
    ours = (events["cid"] == cid) | (cid == UNDERLYING)
    return np.asarray(
        ours & (events["kind"] == TRADE) & (events["s1"] > 0) & ~np.isin(events["cond"], CANCELS)
    )


def _price_then(state: State, cid: int) -> int:
    """Return the price that stood when the window began."""
    if cid == UNDERLYING:
        return int(state.under["spot"][0])
    bid, ask = int(state.cells["bid"][cid]), int(state.cells["ask"][cid])
    return (bid + ask) // 2 if 0 < bid < ask else MISSING


def _prices(events: Events, at: NDArray[np.int64], seconds: int, cid: int, first: int) -> list[int]:
    """Return the last price of every second; the one before it where nothing was told."""
    bid, ask = events["p1"].astype(np.int64), events["p2"].astype(np.int64)
    if cid == UNDERLYING:
        told, price = (events["kind"] == SPOT) & (bid > 0), bid
    else:
        quoted = (events["kind"] == QUOTE) & (events["cid"] == cid)
        told, price = quoted & (bid > 0) & (ask > bid), (bid + ask) // 2
    prices = [MISSING] * seconds
    for i, value in zip(at[told].tolist(), price[told].tolist(), strict=True):
        prices[i] = value
    return list(accumulate([first, *prices], last_known))[1:]
