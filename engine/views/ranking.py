"""The ten contracts with most open interest or volume, and the ten strikes with the highest put/call ratio.

Owns what is ranked and what is too thin to rank. Of equals the nearer expiration, the lower strike and the
call come first.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..analytics.chain_stats import put_call_ratio
from ..model.contracts import ContractTable
from .queries import Ranking, Top, TopRow
from .scope import ScopeChain
from .view import Floats

ROWS = 10

LEAST_VOLUME, LEAST_CALLS = 100, 10
"""Contracts, and calls among them, traded at a strike before its put/call ratio is ranked: with fewer calls
the next print alone would move the ratio by a tenth, and one put against no call would come first."""


def top(pool: ScopeChain, contracts: ContractTable, by: Ranking) -> Top:
    """Return the first rows of a ranking of a pool's contracts; what is 0 or unknown has no rank."""
    if by == "put_call":
        return Top(by, tuple(_strike_row(pool, rung) for rung in _first_strikes(pool)))
    ranked = _first(pool, pool.oi if by == "oi" else pool.volume)
    return Top(by, tuple(_contract_row(pool, contracts, i) for i in ranked))


def _first(pool: ScopeChain, values: Floats) -> list[int]:
    """Return the indices of the largest positive values."""
    roster = pool.roster
    value = np.nan_to_num(values)
    order = np.lexsort((-roster.cp, roster.strike_milli, roster.expiry, -value))
    return [int(i) for i in order[:ROWS] if value[i] > 0]


def _first_strikes(pool: ScopeChain) -> list[int]:
    """Return the rungs with the highest put/call ratio; they stand by expiration and strike."""
    roster, rungs = pool.roster, int(pool.roster.rung.max(initial=-1)) + 1
    calls, puts = (
        np.bincount(roster.rung[side], pool.volume[side], rungs) for side in (roster.cp > 0, roster.cp < 0)
    )
    ranked = np.flatnonzero((calls >= LEAST_CALLS) & (calls + puts >= LEAST_VOLUME) & (puts > 0))
    order = np.argsort(-puts[ranked] / calls[ranked], kind="stable")
    return [int(rung) for rung in ranked[order[:ROWS]]]


def _contract_row(pool: ScopeChain, contracts: ContractTable, i: int) -> TopRow:
    of_strike = _strike_row(pool, int(pool.roster.rung[i]))
    held = pool.oi[i]
    return replace(
        of_strike,
        contract=contracts[int(pool.roster.cid[i])],
        volume=int(pool.volume[i]),
        oi=None if np.isnan(held) else int(held),
        premium_usd=float(pool.premium_usd[i]),
        net_premium_usd=float(pool.net_premium_usd[i]),
    )


def _strike_row(pool: ScopeChain, rung: int) -> TopRow:
    """Return a strike of one expiration; its open interest is unknown when that of one right is."""
    roster, ours = pool.roster, pool.roster.rung == rung
    first, held = int(np.argmax(ours)), float(pool.oi[ours].sum())
    calls, puts = (float(pool.volume[ours & side].sum()) for side in (roster.cp > 0, roster.cp < 0))
    return TopRow(
        contract=None,
        strike_milli=int(roster.strike_milli[first]),
        expiry=roster.expiries[roster.expiry[first]],
        volume=int(calls + puts),
        oi=None if np.isnan(held) else int(held),
        put_call=put_call_ratio(calls, puts),
        premium_usd=float(pool.premium_usd[ours].sum()),
        net_premium_usd=float(pool.net_premium_usd[ours].sum()),
    )
