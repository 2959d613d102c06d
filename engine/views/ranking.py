"""The ten strikes with most open interest or volume, or the highest put/call ratio; or the ten contracts.

Owns what is ranked and what is too thin to rank. Of equals the nearer expiration, the lower strike and the
call come first.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..analytics.chain_stats import known_sum, put_call_ratio
from ..analytics.option_chain import OptionChain
from .queries import Top, TopQuery, TopRow
from .scope import ScopeChain
from .view import Floats, Ints

ROWS = 10

LEAST_VOLUME, LEAST_CALLS = 100, 10
"""Contracts, and calls among them, traded at a strike before its put/call ratio is ranked: with fewer calls
the next print alone would move the ratio by a tenth, and one put against no call would come first."""


def top(scope: ScopeChain, query: TopQuery) -> Top:
    """Return the first rows of a ranking of a scope's contracts; what is 0 or unknown has no rank."""
    chain, by = scope.chain, query.by
    if by == "put_call":
        return Top(by, tuple(_strike_row(scope, pair) for pair in _first_ratios(chain)))
    values = chain.oi if by == "oi" else chain.volume
    if query.contracts:
        return Top(by, tuple(_contract_row(scope, i) for i in _first_contracts(chain, values)))
    return Top(by, tuple(_strike_row(scope, pair) for pair in _first_strikes(chain, values)))


def _first_contracts(chain: OptionChain, values: Floats) -> list[int]:
    """Return the rows of the largest positive values."""
    listed, value = chain.listed, np.nan_to_num(values)
    order = np.lexsort((-listed.sign, listed.strike, _nearest(chain)[listed.pair], -value))
    return [int(i) for i in order[:ROWS] if value[i] > 0]


def _first_strikes(chain: OptionChain, values: Floats) -> list[int]:
    """Return the pairs whose call and put have most together."""
    listed = chain.listed
    value = np.bincount(listed.pair, np.nan_to_num(values), len(listed.pair_strike))
    order = np.lexsort((listed.pair_strike, _nearest(chain), -value))
    return [int(pair) for pair in order[:ROWS] if value[pair] > 0]


def _nearest(chain: OptionChain) -> Ints:
    """Return (pairs,) a number that grows with the expiration."""
    expiry = np.array([group.expiry.toordinal() for group in chain.listed.groups], np.int64)
    return expiry[chain.listed.pair_group]


def _first_ratios(chain: OptionChain) -> list[int]:
    """Return the pairs with the highest put/call ratio; they stand by expiration and strike."""
    listed, pairs = chain.listed, len(chain.listed.pair_strike)
    calls, puts = (
        np.bincount(listed.pair[side], chain.volume[side], pairs)
        for side in (listed.sign > 0.0, listed.sign < 0.0)
    )
    ranked = np.flatnonzero((calls >= LEAST_CALLS) & (calls + puts >= LEAST_VOLUME) & (puts > 0))
    order = np.argsort(-puts[ranked] / calls[ranked], kind="stable")
    return [int(pair) for pair in ranked[order[:ROWS]]]


def _contract_row(scope: ScopeChain, i: int) -> TopRow:
    chain = scope.chain
    held = chain.oi[i]
    return replace(
        _strike_row(scope, int(chain.listed.pair[i])),
        contract=chain.contracts[i],
        volume=int(chain.volume[i]),
        oi=None if np.isnan(held) else int(held),
        premium_usd=float(scope.premium_usd[i]),
        net_premium_usd=float(scope.net_premium_usd[i]),
    )


def _strike_row(scope: ScopeChain, pair: int) -> TopRow:
    """Return a strike of one settlement; its open interest is what is known of its call and its put."""
    chain = scope.chain
    ours = chain.listed.pair == pair
    first, held = chain.contracts[int(np.argmax(ours))], known_sum(chain.oi[ours])
    calls, puts = (float(chain.volume[ours & side].sum()) for side in (chain.sign > 0, chain.sign < 0))
    return TopRow(
        contract=None,
        strike_milli=first.strike_milli,
        expiry=first.expiry,
        volume=int(calls + puts),
        oi=None if np.isnan(held) else int(held),
        put_call=put_call_ratio(calls, puts),
        premium_usd=float(scope.premium_usd[ours].sum()),
        net_premium_usd=float(scope.net_premium_usd[ours].sum()),
    )
