"""What quotes say of the terms they were made on: the forward of each settlement, and volatilities.

Owns put-call parity across a chain and the choice of the quote a volatility is taken from. It refuses to know
who holds what. Unknown is nan or None.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from statistics import median
from typing import Literal

import numpy as np

from ..model.calendar import clock_ns
from .chain_stats import implied_forward
from .greeks import T_FLOOR_NS, YEAR_NS, implied_vols
from .option_chain import Floats, OptionChain, Rows, paired

VolatilitySource = Literal["own", "vendor"]

_CARRY_PER_YEAR = 0.25  # rates, dividends and borrowing explain no more of ln(forward / spot)
_ONE_MOMENT = 0.0025  # beyond carry, more than this is quotes and spot of two moments,
_BAD_QUOTE = 0.02  # and this, against the other settlements, is a bad quote
_NEAREST, _NEAR_YEARS = 5, 10 / 365  # settlements that are asked which spot they go with


@dataclass(frozen=True, slots=True)
class Terms:
    """When, at what price and on what terms a chain is valued.

    at_ns    : ns UTC
    spot     : $
    rate     : continuous, per year
    dividend : yield, likewise; None takes the forward of each settlement from put-call parity
    iv       : volatilities inverted from the quotes, or those the chain came with
    """

    at_ns: int
    spot: float
    rate: float = 0.0
    dividend: float | None = None
    iv: VolatilitySource = "own"


@dataclass(frozen=True, slots=True, eq=False)
class SettlementGroup:
    """What settles together: its rows of the chain, and what its quotes say.

    parity : forward by put-call parity, None when the quotes do not tell
    quoted_forward, forward : at the moment of the quotes, and at the terms' spot
    """

    expiry: date
    root: str
    rows: Rows
    years: float
    strikes: Floats
    call_mid: Floats
    put_mid: Floats
    parity: float | None
    quoted_forward: float = math.nan
    forward: float = math.nan


def settlements(chain: OptionChain, terms: Terms) -> Iterator[SettlementGroup]:
    """Yield each settlement with its forward, the nearest first."""
    found = tuple(_quoted(chain, terms))
    base = _quoted_spot(found, terms)
    for group in found:
        forward = _forward(group, terms, base)
        yield replace(group, quoted_forward=forward, forward=forward * terms.spot / base)


def _quoted(chain: OptionChain, terms: Terms) -> Iterator[SettlementGroup]:
    strike, sign, mid = chain.strike, chain.sign, chain.mid
    for expiry, root, rows in chain.settlements():
        left = clock_ns(terms.at_ns, int(chain.settle_ns[rows[0]]))
        years = max(left, T_FLOOR_NS) / YEAR_NS
        strikes, [(call_mid, put_mid)] = paired(strike[rows], sign[rows], mid[rows])
        parity = implied_forward(strikes, call_mid, put_mid, years, terms.rate)
        told = parity is not None and parity > 0.0
        yield SettlementGroup(expiry, root, rows, years, strikes, call_mid, put_mid, parity if told else None)


def _quoted_spot(groups: tuple[SettlementGroup, ...], terms: Terms) -> float:
    """Return the spot the quotes go with: the terms' own unless they were made at another moment.

    Before the open a chain still has last night's quotes, and spot has moved on.
    """
    told = [(each.years, each.parity) for each in groups if each.parity is not None]
    if terms.dividend is not None or not told:
        return terms.spot
    first = told[0][0]
    near = [(years, parity) for years, parity in told if years <= first + _NEAR_YEARS][:_NEAREST]
    implied = median(parity * math.exp(-terms.rate * years) for years, parity in near)
    apart = abs(math.log(implied / terms.spot))
    return implied if apart > _ONE_MOMENT + _CARRY_PER_YEAR * first else terms.spot


def _forward(group: SettlementGroup, terms: Terms, base: float) -> float:
    """Return the forward over a spot: by the dividend if one is given, else by parity if it is credible."""
    if terms.dividend is not None:
        return base * math.exp((terms.rate - terms.dividend) * group.years)
    if group.parity is not None and _credible(group.parity, base, group.years):
        return group.parity
    return base * math.exp(terms.rate * group.years)


def _credible(parity: float, base: float, years: float) -> bool:
    return abs(math.log(parity / base)) <= _BAD_QUOTE + _CARRY_PER_YEAR * years


def volatilities(chain: OptionChain, terms: Terms, groups: tuple[SettlementGroup, ...]) -> Floats:
    """Return (n,) volatilities of the out-of-the-money quote of each strike, for both of its rights.

    The other right has hardly any time value to measure; it serves only where it is listed alone.
    """
    iv = np.full(len(chain.contracts), np.nan)
    strike, sign = chain.strike, chain.sign
    for group in groups:
        own = strike[group.rows], sign[group.rows]
        _, [(call, put)] = paired(*own, np.ones(group.rows.size))
        on_call = np.where(group.strikes >= group.quoted_forward, ~np.isnan(call), np.isnan(put))
        mid = np.where(on_call, group.call_mid, group.put_mid)
        cp = np.where(on_call, 1.0, -1.0)
        # A forward is a spot whose dividend equals the rate.
        found, _ = implied_vols(
            mid, group.quoted_forward, group.strikes, group.years, terms.rate, terms.rate, cp
        )
        iv[group.rows] = found[np.searchsorted(group.strikes, own[0])]
    return iv
