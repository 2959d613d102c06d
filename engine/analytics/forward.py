"""The forward of each settlement, as the quotes of its calls and puts have it.

Owns put-call parity across a chain, which of its answers are believed, and the spot the quotes were made at.
Unknown is nan or None.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from ..model.calendar import clock_ns
from .greeks import years
from .option_chain import Floats, OptionChain
from .terms import Terms

_CARRY_PER_YEAR = 0.25  # rates, dividends and borrowing explain no more of ln(forward / spot)
_ONE_MOMENT = 0.0025  # beyond carry, more than this is quotes and spot of two moments,
_BAD_QUOTE = 0.02  # and this, against the other settlements, is a bad quote
_NEAREST, _NEAR_YEARS = 5, 10 / 365  # settlements that are asked which spot they go with


@dataclass(frozen=True, slots=True)
class Forward:
    """The forward of one settlement, $.

    years  : to it, 0 once it has settled
    parity : by put-call parity, None when the quotes do not tell
    quoted, at_spot : what is used, at the moment of the quotes and at the terms' spot
    """

    years: float
    parity: float | None
    quoted: float
    at_spot: float


def implied_forward(
    strikes: Floats, call_mid: Floats, put_mid: Floats, years: float, r: float = 0.0
) -> float | None:
    """Return the forward in $ by put-call parity where |call - put| is smallest; mids (n,) $, nan unknown."""
    apart = np.abs(call_mid - put_mid)
    if not np.isfinite(apart).any():
        return None
    i = int(np.nanargmin(apart))
    return float(strikes[i] + math.exp(r * years) * (call_mid[i] - put_mid[i]))


def forwards(chain: OptionChain, call_mid: Floats, put_mid: Floats, terms: Terms) -> tuple[Forward, ...]:
    """Return the forward of each of the chain's groups; mids (k,) $ by pair, nan unknown."""
    left, told = list[float](), list[float | None]()
    for group in chain.listed.groups:
        to_it, pairs = years(clock_ns(terms.at_ns, group.settle_ns), 0), group.pairs
        strikes = chain.listed.pair_strike[pairs]
        parity = implied_forward(strikes, call_mid[pairs], put_mid[pairs], to_it, terms.rate)
        left.append(to_it)
        told.append(parity if to_it and parity is not None and parity > 0.0 else None)
    base = _quoted_spot(left, told, terms)
    quoted = [_used(parity, base, to_it, terms) for parity, to_it in zip(told, left, strict=True)]
    moved = terms.spot / base
    return tuple(Forward(*each, each[-1] * moved) for each in zip(left, told, quoted, strict=True))


def _quoted_spot(left: Sequence[float], told: Sequence[float | None], terms: Terms) -> float:
    """Return the spot the quotes go with: the terms' own unless they were made at another moment.

    Before the open a chain still has last night's quotes, and spot has moved on.
    """
    known = [(to_it, parity) for to_it, parity in zip(left, told, strict=True) if parity is not None]
    if terms.dividend is not None or not known:
        return terms.spot
    first = known[0][0]
    near = [each for each in known if each[0] <= first + _NEAR_YEARS][:_NEAREST]
    implied = median(parity * math.exp(-terms.rate * to_it) for to_it, parity in near)
    apart = abs(math.log(implied / terms.spot))
    return implied if apart > _ONE_MOMENT + _CARRY_PER_YEAR * first else terms.spot


def _used(parity: float | None, base: float, to_it: float, terms: Terms) -> float:
    """Return the forward over a spot: by the dividend if one is given, else by parity if it is credible."""
    if terms.dividend is not None:
        return base * math.exp((terms.rate - terms.dividend) * to_it)
    if parity is not None and abs(math.log(parity / base)) <= _BAD_QUOTE + _CARRY_PER_YEAR * to_it:
        return parity
    return base * math.exp(terms.rate * to_it)
