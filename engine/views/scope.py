"""What a scope sums: some settlements of a tape, and the chain of their contracts as the fold has it.

Owns the way from a fold's state to an option chain, for the screen and for `levels`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from ..analytics.option_chain import ABSENT, ContractSet, OptionChain, SettlementGroup, quoted
from ..fold.forwards import spot_of
from ..fold.state import State
from ..jit.options import compiled
from ..model.events import MISSING, PRICE_SCALE
from .view import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class TapeContracts:
    """Some contracts of a tape, and where each of them stands.

    listed : what never changes about them, in the order of the tape's table
    cid    : (n,) their ids
    row    : by id, the row of each, ABSENT for those that are not among them
    """

    listed: ContractSet
    cid: Ints
    row: Ints

    @classmethod
    def all_of(cls, listed: ContractSet) -> TapeContracts:
        """Return all contracts of a tape's table."""
        n = len(listed.contracts)
        return cls(listed, np.arange(1, n + 1), np.arange(ABSENT, n))

    def part(self, groups: Iterable[SettlementGroup]) -> TapeContracts:
        """Return the contracts of some of the settlements; `self` is all of the table."""
        rows = np.sort(np.concatenate([np.zeros(0, np.int64), *(each.rows for each in groups)]))
        row = np.full(self.row.size, ABSENT)
        row[rows + 1] = np.arange(rows.size)
        kept = [self.listed.contracts[i] for i in rows.tolist()]
        return TapeContracts(ContractSet.of(self.listed.underlying, kept), rows + 1, row)


@dataclass(frozen=True, slots=True, eq=False)
class ScopeChain:
    """The chain of a tape's contracts, and what was traded in them today; columns (n,) float64.

    confidence : sum over the sided contracts of how often their rule is right, 0-1 each
    premium_usd, net_premium_usd : traded; bought minus sold
    """

    of: TapeContracts
    chain: OptionChain
    confidence: Floats
    premium_usd: Floats
    net_premium_usd: Floats


_COLUMNS = (
    "bid", "ask", "moved", "beat_ns", "volume", "oi", "buy", "sell", "kept_iv",
    "confidence", "premium_usd", "net_premium_usd",
)  # fmt: skip


def chain_at(state: State, of: TapeContracts, at_ns: int) -> ScopeChain:
    """Return what a fold knows of contracts; at_ns is its moment."""
    values, quote_ns = np.empty((len(_COLUMNS), of.cid.size)), np.zeros(of.cid.size, np.int64)
    _read(state.cells, state.static, state.forwards, state.under, of.cid, at_ns, values, quote_ns)
    columns = dict(zip(_COLUMNS, values, strict=True))
    chain = quoted(of.listed, columns, quote_ns)
    return ScopeChain(of, chain, *(columns[name] for name in _COLUMNS[-3:]))


@compiled
def _read(
    cells: NDArray[np.void],
    statics: NDArray[np.void],
    forwards: NDArray[np.void],
    unders: NDArray[np.void],
    cids: Ints,
    at_ns: int,
    values: Floats,
    quote_ns: Ints,
) -> None:
    """Fill in (`_COLUMNS`, n) values and (n,) times."""
    for i in range(cids.size):
        cell = cells[cids[i]]
        quote_ns[i] = cell.quote_ts
        values[0, i] = cell.bid / PRICE_SCALE if cell.bid > 0 else nan
        values[1, i] = cell.ask / PRICE_SCALE if cell.ask > 0 else nan
        forward = forwards[statics[cids[i]].settlement]
        here = spot_of(forward, unders[0])
        comparable = here != MISSING and cell.priced_spot > 0 and cell.quote_ts >= forward.since
        values[2, i] = here / cell.priced_spot if comparable else nan
        values[3, i] = cell.quote_gap
        values[4, i] = cell.volume - cell.cancelled
        values[5, i] = cell.oi if cell.oi != MISSING else nan
        values[6, i] = cell.buy
        values[7, i] = cell.sell
        values[8, i] = cell.iv if at_ns <= cell.iv_until else nan
        values[9, i] = cell.sided_confidence / 100
        values[10, i] = cell.premium / PRICE_SCALE
        values[11, i] = (cell.buy_premium - cell.sell_premium) / PRICE_SCALE
