"""Synthetic tapes for timing the fold: plausible quotes, no market behind them."""

from __future__ import annotations

from datetime import date

import numpy as np

from engine.analytics.greeks import greeks
from engine.fold.state import State, new_state
from engine.model.calendar import session, settle_ns
from engine.model.contracts import Contract, ContractTable
from engine.model.events import EVENT, NS, QUOTE, SPOT, TRADE, Events, empty_events
from engine.model.underlyings import PRESETS

DAY = date(2025, 12, 16)
SPOT_PRICE = 681.0


def contracts(n: int = 400) -> ContractTable:
    """Return `n` SPY contracts around the money over two expirations."""
    table = ContractTable()
    for expiry in (DAY, date(2025, 12, 17)):
        for i in range(n // 4):
            for right in "CP":
                table.add(Contract("SPY", expiry, right, (681 - n // 8 + i) * 1000))
    return table


def state_for(table: ContractTable) -> State:
    """Return an empty state for those contracts."""
    underlying = PRESETS["SPY"]
    return new_state(table, lambda root, expiry: settle_ns(underlying, root, expiry), 100, 100)


def mixed(n: int, table: ContractTable, seed: int = 7) -> Events:
    """Return `n` events of a whole session: 88 % quotes, 10 % trades, 2 % spots, in time order."""
    rng = np.random.default_rng(seed)
    events = empty_events(n)
    hours = session(DAY)
    events["ts"] = np.sort(rng.integers(hours.open_ns, hours.close_ns - NS, n))
    kind = rng.choice(np.array([QUOTE, TRADE, SPOT], np.uint8), n, p=[0.88, 0.10, 0.02])
    events["kind"] = kind
    spot = SPOT_PRICE + np.cumsum(rng.normal(0, 0.0008, n))
    cid = rng.integers(1, len(table) + 1, n)
    strike = np.array([0.0, *(c.strike for c in table)])[cid]
    cp = np.array([0.0, *(1.0 if c.right == "C" else -1.0 for c in table)])[cid]
    years = (hours.close_ns - events["ts"]) / (365 * 86400 * NS)
    fair = greeks(spot, strike, years, 0.04, 0.0, 0.14, cp).price
    half = np.maximum(np.round(fair * 0.01, 2), 0.01)
    bid = np.maximum(np.floor((fair - half) * 100), 1) / 100
    events["cid"] = np.where(kind == SPOT, 0, cid)
    events["p1"] = np.round(bid * 10_000)
    events["p2"] = np.round((bid + 2 * half) * 10_000)
    trade = kind == TRADE
    take = rng.choice([0.0, 1.0, 2.0], n)
    events["p1"][trade] = np.round((bid + take * half) * 10_000)[trade]
    events["p2"][trade] = np.iinfo(np.int32).min
    events["p1"][kind == SPOT] = np.round(spot * 10_000)[kind == SPOT]
    events["s1"] = rng.integers(1, 60, n)
    events["s2"] = rng.integers(1, 60, n)
    events["cond"] = np.where(trade, 209, 300)
    assert events.dtype == EVENT
    return events
