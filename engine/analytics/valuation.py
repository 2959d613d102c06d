"""The one valuation of a chain: the forward and the volatility of its contracts on some terms.

Owns which quote measures a strike's volatility and how well, and what quotes and open interest say besides.
Screen, `levels`, snapshots and the recorder all read it. Unknown is nan or None.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..jit.options import compiled
from .age import limit_ns
from .chain_stats import expected_move, max_pain, put_call
from .forward import Forward, forwards
from .greeks import T_FLOOR_NS, YEAR_NS, GreekTable, greeks, greeks_on_forward
from .implied_vol import implied_vols
from .option_chain import ABSENT, Bools, Floats, Ints, OptionChain, SettlementGroup
from .smile import WORST_ERROR, measured
from .terms import Terms


@dataclass(frozen=True, slots=True, eq=False)
class Valuation:
    """A chain, valued; columns (n,) by contract or (k,) by pair.

    forwards : by group
    call_mid, put_mid : (k,) $
    on_call  : (k,) whether the call's quote measures the volatility, and not the put's
    measures : (k,) the row of the contract whose quote does
    years    : (n,) to settlement, 0 once settled
    forward  : (n,) $, at the terms' spot
    iv       : (n,) per year
    doubtful : (n,) whether the volatility is known no better than `WORST_ERROR`; it has no say in sums then
    stale    : (n,) whether its quote is too old for it (`age.limit_ns`); neither has it then
    """

    chain: OptionChain
    terms: Terms
    forwards: tuple[Forward, ...]
    call_mid: Floats
    put_mid: Floats
    on_call: Bools
    measures: Ints
    years: Floats
    forward: Floats
    iv: Floats
    doubtful: Bools
    stale: Bools

    @property
    def summed_iv(self) -> Floats:
        """The volatilities that have a say in sums, nan elsewhere."""
        return np.where(self.doubtful | self.stale, np.nan, self.iv)

    def greeks(self, rows: Ints) -> GreekTable:
        """Return the greeks of some contracts at the terms' spot and moment."""
        of, terms = self.chain.listed, self.terms
        return greeks_on_forward(
            terms.spot, self.forward[rows], of.strike[rows], self.years[rows], terms.rate, terms.carry_yield,
            self.iv[rows], of.sign[rows],
        )  # fmt: skip

    def measured(self, group: int, tick: float) -> tuple[Floats, Floats]:
        """Return (volatility, its error) of each pair of a group that its quote measures, nan elsewhere.

        tick : smallest price step, $
        """
        chain, forward, rate = self.chain, self.forwards[group], self.terms.rate
        rows = self.measures[chain.listed.groups[group].pairs]
        iv, bid, ask, strike, sign = (
            each[rows] for each in (self.iv, chain.bid, chain.ask, chain.strike, chain.sign)
        )
        # A forward is a spot whose dividend equals the rate.
        vega = greeks(forward.quoted, strike, forward.years, rate, rate, iv, sign).vega
        intrinsic = np.maximum(sign * (forward.quoted - strike), 0.0) * math.exp(-rate * forward.years)
        return measured(iv, bid, ask, vega, 0.5 * (bid + ask) - intrinsic, tick)

    def expected_move(self, group: int) -> float | None:
        """Return the straddle of a group, $."""
        forward, pairs = self.forwards[group], self.chain.listed.groups[group].pairs
        middle = forward.quoted if forward.parity.value is None else forward.parity.value
        strikes = self.chain.listed.pair_strike[pairs]
        return expected_move(strikes, self.call_mid[pairs], self.put_mid[pairs], middle)

    def max_pain(self, group: SettlementGroup | None = None) -> float | None:
        """Return the strike at which the holders of a group, or of all, receive least, $."""
        chain = self.chain
        rows = group.rows if group else chain.listed.read_as_one
        oi, call = chain.oi[rows], chain.sign[rows] > 0.0
        return max_pain(chain.strike[rows], np.where(call, oi, np.nan), np.where(call, np.nan, oi))

    def put_call(self, values: Floats) -> float | None:
        """Return puts over calls by one of the chain's columns, or another such."""
        rows = self.chain.listed.read_as_one
        return put_call(values[rows], self.chain.sign[rows])


def value(chain: OptionChain, terms: Terms) -> Valuation:
    """Return what a chain is worth on some terms."""
    listed, mid = chain.listed, chain.mid
    call_mid, put_mid = listed.beside(mid)
    found = forwards(chain, terms)
    years, quoted, at_spot = (
        np.array([getattr(each, name) for each in found])[listed.pair_group]
        for name in ("years", "quoted", "at_spot")
    )
    # The right that is out of the money has time value to measure; the other one serves only alone.
    on_call = np.where(listed.pair_strike >= quoted, listed.call != ABSENT, listed.put == ABSENT)
    measures = np.where(on_call, listed.call, listed.put)
    if terms.iv == "own":
        iv, doubtful, stale = _own(chain, terms, measures, years, quoted)
    else:
        iv, doubtful, stale = chain.iv, np.zeros(chain.iv.size, np.bool_), np.zeros(chain.iv.size, np.bool_)
    return Valuation(
        chain=chain,
        terms=terms,
        forwards=found,
        call_mid=call_mid,
        put_mid=put_mid,
        on_call=on_call,
        measures=measures,
        years=years[listed.pair],
        forward=at_spot[listed.pair],
        iv=np.where(iv > 0.0, iv, np.nan),
        doubtful=doubtful,
        stale=stale,
    )


def _own(
    chain: OptionChain, terms: Terms, measures: Ints, years: Floats, forward: Floats
) -> tuple[Floats, Bools, Bools]:
    """Return (n,) volatilities by the quotes, which of them are doubtful and which stale.

    A volatility belongs to the moment of its quote: to the time there was then, and to that forward.
    """
    listed = chain.listed
    told_ns = np.minimum(chain.quote_ns, terms.at_ns)
    quote_ns = np.where(told_ns > 0, told_ns, terms.at_ns)[measures]
    left_ns = np.array([each.settle_ns for each in listed.groups], np.int64)[listed.pair_group] - quote_ns
    then = np.where(years > 0.0, np.maximum(left_ns, T_FLOOR_NS) / YEAR_NS, 0.0)
    moved, beat_ns = chain.moved[measures], chain.beat_ns[measures]
    forward = forward * np.exp((terms.rate - terms.carry_yield) * (then - years))
    forward = np.where(np.isfinite(moved), forward / moved, forward)
    iv = volatilities(chain, chain.mid, measures, then, forward, terms.rate)
    doubtful = _are_doubtful(chain, iv, measures, then, forward, terms.rate)
    deviations = np.log(forward / listed.pair_strike) / (iv * np.sqrt(then))
    stale = _are_stale(terms.at_ns - quote_ns, left_ns, deviations, beat_ns)
    return iv[listed.pair], doubtful[listed.pair], stale[listed.pair]


def _are_doubtful(
    chain: OptionChain, iv: Floats, measures: Ints, years: Floats, forward: Floats, rate: float
) -> Bools:
    """Return (k,) whether half the spread of the quote that measures a pair is worth over `WORST_ERROR`."""
    half = 0.5 * (chain.ask - chain.bid)[measures]
    vega = greeks(forward, chain.listed.pair_strike, years, rate, rate, iv, chain.sign[measures]).vega
    doubtful: Bools = half > WORST_ERROR * vega
    return doubtful


@compiled
def _are_stale(age_ns: Ints, left_ns: Ints, deviations: Floats, beat_ns: Floats) -> Bools:
    """Return (k,) whether a volatility is of a quote older than it may be; one that is unknown is not."""
    stale = np.zeros(age_ns.size, np.bool_)
    for i in range(age_ns.size):
        if math.isfinite(deviations[i]):
            beat = int(beat_ns[i]) if beat_ns[i] > 0.0 else 0
            stale[i] = age_ns[i] > limit_ns(left_ns[i], deviations[i], beat)
    return stale


def volatilities(
    chain: OptionChain, mid: Floats, measures: Ints, years: Floats, forward: Floats, rate: float
) -> Floats:
    """Return (k,) the volatility of each pair by the quote that measures it, per year.

    Without one that a tape measured lately stands.
    mid     : (n,) $
    years, forward : (k,) to settlement; $, both at the moment of its quote
    """
    strike, sign = chain.listed.pair_strike, chain.sign[measures]
    # A forward is a spot whose dividend equals the rate.
    found, _ = implied_vols(mid[measures], forward, strike, years, rate, rate, sign)
    return np.where(np.isnan(found) & (years > 0.0), chain.kept_iv[measures], found)
