"""The legs of one expiration: what is known of its contracts, laid out by strike.

Owns which contracts are in the rows of the grid; what they are worth comes from their valuation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import nan

import numpy as np

from ..analytics.dealers import DealerExposure
from ..analytics.option_chain import ABSENT
from ..fold.state import State
from ..model.contracts import Contract
from ..model.events import NS, PRICE_SCALE, UNDERLYING
from .scope import TapeContracts
from .view import Floats, Ints, Leg


@dataclass(frozen=True, slots=True, eq=False)
class Expiration:
    """The listed strikes of one expiration, and the contracts of each.

    strike_milli : (n,) ascending, 1/1000 $
    call, put    : (n,) contract ids, ABSENT where there is none
    settle_ns    : when all of them settle, ns UTC
    """

    strike_milli: Ints
    call: Ints
    put: Ints
    settle_ns: int

    @property
    def strike(self) -> Floats:
        """Strikes in $."""
        return self.strike_milli / 1000

    def part(self, rows: slice) -> Expiration:
        """Return some of the strikes."""
        return Expiration(self.strike_milli[rows], self.call[rows], self.put[rows], self.settle_ns)


NO_EXPIRATION = Expiration(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), 0)


def expiration_of(contracts: Iterable[Contract], settles: Ints, root: str, expiry: date) -> Expiration:
    """Return the rows of an expiration.

    settles : (n + 1,) settlement by contract id, ns UTC
    root    : the underlying's first; where two roots list a strike, it is the one shown

    One date may settle twice (index options on the morning's and on the evening's prints). The rows are
    those of the first root's settlement, since one time to expiry must hold for all of them.
    """
    listed = [(cid, each) for cid, each in enumerate(contracts, 1) if each.expiry == expiry]
    if not listed:
        return NO_EXPIRATION
    # Sorting on the root puts the first root's contracts last, so that they take the place of others.
    listed.sort(key=lambda pair: pair[1].root == root)
    settle_ns = int(settles[listed[-1][0]])
    at = {(each.strike_milli, each.right): cid for cid, each in listed if settles[cid] == settle_ns}
    strikes = sorted({strike for strike, _ in at})
    call, put = (np.array([at.get((k, right), ABSENT) for k in strikes], np.int64) for right in "CP")
    return Expiration(np.array(strikes, np.int64), call, put, settle_ns)


def legs(
    state: State, shown: Expiration, contracts: TapeContracts, dealers: DealerExposure
) -> tuple[Leg, Leg]:
    """Return (calls, puts) of the rows of an expiration.

    contracts : what `dealers` hold of is the chain of; the expiration is among them
    """
    call, put = (_leg(state, cids, contracts, dealers) for cids in (shown.call, shown.put))
    return call, put


def _leg(state: State, cids: Ints, contracts: TapeContracts, dealers: DealerExposure) -> Leg:
    # Where a contract is absent, its cell is that of the underlying, which is never quoted.
    cid = np.where(cids == ABSENT, UNDERLYING, cids)
    cell, row = state.cells[cid], contracts.row[cid]
    of, greeks = dealers.of, dealers.exposure.greeks
    columns = (of.iv, greeks.delta, greeks.gamma, dealers.position)
    iv, delta, gamma, position = (np.where(row == ABSENT, nan, column[row]) for column in columns)
    multiplier = of.chain.underlying.multiplier

    def whole(name: str) -> Ints:
        return cell[name].astype(np.int64)

    return Leg(
        cid=cids,
        bid=whole("bid"),
        ask=whole("ask"),
        bid_size=whole("bid_size"),
        ask_size=whole("ask_size"),
        last=whole("last"),
        fmv=whole("fmv"),
        volume=cell["volume"] - cell["cancelled"],
        buy=cell["buy"],
        sell=cell["sell"],
        oi=whole("oi"),
        iv=iv,
        delta=delta,
        gamma=gamma,
        gex=np.where(position == 0.0, 0.0, gamma * position * multiplier),
        premium_usd=cell["premium"] / PRICE_SCALE,
        net_premium_usd=(cell["buy_premium"] - cell["sell_premium"]) / PRICE_SCALE,
        net_delta_flow=cell["delta_flow"],
        age_s=np.where(cell["quote_ts"] > 0, (of.terms.at_ns - cell["quote_ts"]) / NS, nan),
    )
