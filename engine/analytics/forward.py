"""The forward of each settlement, as the quotes of its calls and puts have it.

A call and a put of one strike, both quoted on two sides, bound the forward: it lies between
K + e^(rT)(call bid - put ask) and K + e^(rT)(call ask - put bid). The forward is the median of what the pairs
say, a pair weighted by 1 / width^2, and cannot leave the stretch that most of the intervals share; half of
that stretch is its error. One pair alone decides nothing: a stub quoted 0.01 x 20.00 on both sides costs the
same at any strike. Unknown is nan or None.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..jit.options import compiled
from ..model.calendar import clock_ns
from .greeks import years
from .option_chain import Floats, Ints, OptionChain
from .terms import Terms

LEAST_PAIRS = 3
WIDEST = 4.0
"""A pair wider than so many times the lower quartile of all widths has no say."""

FEW = 32
"""Up to so many values are sorted by insertion, faster than by any library."""

_YIELD_PER_YEAR = 0.03  # of dividends and borrowing, which quotes do not tell apart from another moment
_CARRY_PER_YEAR = 0.25  # rates, dividends and borrowing explain no more of ln(forward / spot)
_BAD_QUOTE = 0.02  # beyond carry, more than this against the nearest settlement is a bad quote


@dataclass(frozen=True, slots=True)
class Parity:
    """What the pairs of one settlement say of its forward, $.

    value : None when they do not tell
    error : half of the stretch that most intervals share, nan without a value
    pairs : how many had a say
    left_out : pairs quoted on two sides that had none, because they are far wider than the others
    """

    value: float | None
    error: float
    pairs: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Forward:
    """The forward of one settlement, $.

    years  : to it, 0 once it has settled
    parity : what its pairs say
    quoted, at_spot : what is used, at the moment of the quotes and at the terms' spot
    spot_of_quotes  : the spot the quotes imply, the terms' own when they imply none
    """

    years: float
    parity: Parity
    quoted: float
    at_spot: float
    spot_of_quotes: float


def implied_forward(
    strikes: Floats, call: tuple[Floats, Floats], put: tuple[Floats, Floats], years: float, r: float = 0.0
) -> Parity:
    """Return the forward by put-call parity over all pairs.

    strikes   : (n,) $
    call, put : (bid, ask), (n,) $ each, nan unknown
    """
    (call_bid, call_ask), (put_bid, put_ask) = call, put
    two_sided = (call_bid > 0) & (put_bid > 0) & (call_ask > call_bid) & (put_ask > put_bid)
    growth = math.exp(r * years)
    low = strikes[two_sided] + growth * (call_bid - put_ask)[two_sided]
    high = strikes[two_sided] + growth * (call_ask - put_bid)[two_sided]
    value, error, pairs = shared(low, high)
    return Parity(value if value > 0.0 else None, error, int(pairs), int(low.size - pairs))


@compiled
def in_order(values: Floats) -> Ints:
    """Return the rows of (n,) values, ascending, equals as they stand; the fold sorts a dozen at a time."""
    n = values.size
    if n > FEW:
        return np.argsort(values, kind="mergesort")
    order = np.arange(n)
    for i in range(1, n):
        k = i
        while k > 0 and values[order[k - 1]] > values[i]:
            order[k] = order[k - 1]
            k -= 1
        order[k] = i
    return order


@compiled
def shared(low: Floats, high: Floats) -> tuple[float, float, int]:
    """Return (value, error, pairs that had a say) of intervals, (n,) each; nan when they do not tell.

    The stretch that most of them share begins where one of them does, and ends where the first of those that
    hold that point does. The earliest and the latest such stretch are taken together when several tie.
    """
    n = low.size
    if n < LEAST_PAIRS:
        return math.nan, math.nan, n
    widths = high - low
    widest = WIDEST * widths[in_order(widths)[(n - 1) // 4]]
    begins, ends, middles, weights = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    k, total = 0, 0.0
    for i in range(n):
        width = widths[i]
        if width <= widest:
            begins[k], ends[k], middles[k] = low[i], high[i], 0.5 * (low[i] + high[i])
            weights[k] = 1.0 / (width * width)
            total += weights[k]
            k += 1
    order = in_order(middles[:k])
    begins, ends = begins[in_order(begins[:k])], ends[in_order(ends[:k])]
    agreed = over = 0
    begin = end = math.nan
    for i in range(k):
        while ends[over] < begins[i]:
            over += 1
        if i + 1 - over > agreed:
            agreed, begin, end = i + 1 - over, begins[i], ends[over]
        elif i + 1 - over == agreed:
            end = ends[over]
    if agreed < LEAST_PAIRS or 2 * agreed <= k:
        return math.nan, math.nan, k
    passed, at = 0.0, 0
    for i in range(k):
        passed += weights[order[i]]
        if passed >= 0.5 * total:
            at = order[i]
            break
    return min(max(middles[at], begin), end), 0.5 * (end - begin), k


def forwards(chain: OptionChain, terms: Terms) -> tuple[Forward, ...]:
    """Return the forward of each of the chain's groups.

    Quotes and spot are of two moments more often than not. The quotes' own forward is what volatilities are
    taken at; moved by as much as the terms' spot is away from theirs, it is what exposures are taken at.
    """
    told = tuple(_told(chain, terms))
    implied, unknown = _implied_spot(told, terms)
    base = _of_one_moment(implied, unknown, terms.spot)
    quoted = [_used(parity, base, to_it, terms) for to_it, parity in told]
    moved = terms.spot / base
    return tuple(Forward(*each, used, used * moved, implied) for each, used in zip(told, quoted, strict=True))


def _told(chain: OptionChain, terms: Terms) -> Iterator[tuple[float, Parity]]:
    """Yield (years to settlement, what its pairs say) of each group."""
    listed = chain.listed
    (call_bid, put_bid), (call_ask, put_ask) = listed.beside(chain.bid), listed.beside(chain.ask)
    for group in listed.groups:
        to_it, pairs = years(clock_ns(terms.at_ns, group.settle_ns), 0), group.pairs
        if to_it:
            call, put = (call_bid[pairs], call_ask[pairs]), (put_bid[pairs], put_ask[pairs])
            yield to_it, implied_forward(listed.pair_strike[pairs], call, put, to_it, terms.rate)
        else:
            yield to_it, Parity(None, math.nan, 0, 0)


def _implied_spot(told: Sequence[tuple[float, Parity]], terms: Terms) -> tuple[float, float]:
    """Return (spot as the quotes of the nearest settlement have it, how far an untold yield may move it)."""
    if terms.dividend is None:
        for to_it, parity in told:
            if parity.value is not None:
                implied = parity.value * math.exp(-terms.rate * to_it)
                return implied, implied * _YIELD_PER_YEAR * to_it
    return terms.spot, 0.0


def _of_one_moment(implied: float, unknown: float, spot: float) -> float:
    """Return the spot that quotes were made at.

    What a yield explains is no difference of moments: so far the quotes were made at the spot. From there to
    twice as far one goes over into the other, so that nothing leaps as spot moves.
    """
    apart = spot - implied
    same = min(max(2.0 - abs(apart) / unknown, 0.0), 1.0) if unknown > 0.0 else 0.0
    return implied + apart * same


def _used(parity: Parity, base: float, to_it: float, terms: Terms) -> float:
    """Return the forward over a spot: by the dividend if one is given, else by parity if it is credible."""
    if terms.dividend is not None:
        return base * math.exp((terms.rate - terms.dividend) * to_it)
    told = parity.value
    if told is not None and abs(math.log(told / base)) <= _BAD_QUOTE + _CARRY_PER_YEAR * to_it:
        return told
    return base * math.exp(terms.rate * to_it)
