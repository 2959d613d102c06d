"""The levels of a chain at one moment: exposure by strike, walls, zero gamma, max pain, expected move.

Owns how quotes become volatilities and forwards, and what is read off the whole. It refuses to know where the
chain came from and how levels are written. Exposures are in shares per $1 (`exposure.convert` has the other
units); unknown is nan or None, never 0.

Each settlement has a forward of its own. `exposure` knows one rate and one dividend yield, so it is handed
strikes in units of the forward (K S/F) and positions discounted by the dividend: gamma is then the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np

from .chain import expected_move, implied_forward, max_pain, put_call_ratio
from .errors import NoDataError
from .exposure import Book, exposure
from .greeks import T_FLOOR_NS, YEAR_NS, implied_vols
from .quotes import Bools, Floats, OptionChain, Rows, paired
from .stance import Convention

VolatilitySource = Literal["own", "vendor"]

PROFILE_POINTS = 2001
WINDOW = (0.9, 1.1)
"""Zeros are looked for at so many prices between these fractions of spot: 0.01 % apart."""

_CARRY_PER_YEAR = 0.25  # rates, dividends and borrowing explain no more of ln(forward / spot)
_ONE_MOMENT = 0.0025  # beyond carry, more than this is quotes and spot of two moments,
_BAD_QUOTE = 0.02  # and this, against the other settlements, is a bad quote
_SAME = 1e-12  # relative difference below which two strikes tie


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


@dataclass(frozen=True, slots=True)
class Settlement:
    """What settles together: one expiration of one root.

    contracts : how many carry exposure
    net       : shares per $1, None when nothing is known
    forward   : $, as the exposure used it
    max_pain, expected_move : $, None when they cannot be had
    """

    expiry: date
    root: str
    contracts: int
    net: float | None
    forward: float
    max_pain: float | None
    expected_move: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """A chain, measured. Exposures in shares per $1; strikes and levels in $.

    chain, terms, convention : what was measured
    position : (n,) contracts dealers hold, short below 0
    iv, gamma: (n,) per year; per share
    strikes  : (k,) ascending; call, put, net (k,) by strike, nan where nothing is known of its contracts
    total_*  : over all strikes; gross adds every contract without its sign
    zero_gamma : the root nearest to spot; zero_gamma_reason says why there is none
    max_pain, pcr_volume, pcr_oi : over everything; of one expiration alone, of its first settlement, for a
               morning's and an evening's settlement are two prices
    expected_move : the nearest settlement's straddle
    contracts, dropped : how many carry exposure; how many would if their volatility were known
    notes    : one sentence each
    """

    chain: OptionChain
    terms: Terms
    convention: Convention
    position: Floats
    iv: Floats
    gamma: Floats
    strikes: Floats
    call: Floats
    put: Floats
    net: Floats
    total_call: float
    total_put: float
    total_net: float
    total_gross: float
    call_wall: float | None
    put_wall: float | None
    max_gex_strike: float | None
    zero_gamma: float | None
    zero_gamma_reason: str
    zero_gamma_roots: tuple[float, ...]
    max_pain: float | None
    expected_move: float | None
    pcr_volume: float | None
    pcr_oi: float | None
    settlements: tuple[Settlement, ...]
    contracts: int
    dropped: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """One settlement: its rows of the chain, and what its quotes say.

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


def measure(chain: OptionChain, terms: Terms, convention: Convention = "assumed") -> Levels:
    """Return the levels of contracts that have not settled; NoDataError when nothing can be summed."""
    position = held(chain, convention)
    carried = np.isfinite(position) & (position != 0.0)
    if not carried.any():
        what = "open interest" if convention == "assumed" else "classified flow"
        raise NoDataError(f"No contract of {_name(chain)} has {what}, so there is no exposure to sum.")
    groups = tuple(_groups(chain, terms))
    iv = chain.iv.copy() if terms.iv == "vendor" else _inverted(chain, terms, groups)
    iv[~(iv > 0.0)] = np.nan
    used = carried & np.isfinite(iv)
    if not used.any():
        raise NoDataError(_no_volatility(chain, terms))
    return _levels(chain, terms, position, convention, groups, iv, used, int((carried & ~used).sum()))


def held(chain: OptionChain, convention: Convention = "assumed") -> Floats:
    """Return (n,) contracts dealers hold under a convention, short below 0; nan where unknown.

    Assumed is long every call and short every put; a customer who buys leaves a dealer short.
    """
    if convention == "assumed":
        return chain.sign * chain.oi
    flow = chain.sell - chain.buy
    return flow if convention == "flow" else chain.sign * chain.oi + flow


def _levels(
    chain: OptionChain,
    terms: Terms,
    position: Floats,
    convention: Convention,
    groups: tuple[_Group, ...],
    iv: Floats,
    used: Bools,
    dropped: int,
) -> Levels:
    spot, strike, sign = terms.spot, chain.strike, chain.sign
    years, forward = _spread(chain, groups)
    stock = forward / spot * np.exp(-terms.rate * years)
    book = Book(
        strike=strike * spot / forward,
        sign=sign,
        years=years,
        iv=iv,
        weight=position * sign * stock,
        multiplier=float(chain.underlying.multiplier),
    )
    found = exposure(book, spot, profile_points=PROFILE_POINTS, window=WINDOW)
    gamma = found.gamma * stock
    known = np.isfinite(position) & np.isfinite(iv)
    shares = np.where(known, position * gamma * book.multiplier, np.nan)
    strikes, call, put, net = by_strike(strike, sign, shares)
    settled = tuple(_settlement(chain, each, shares, used) for each in groups)
    read = groups[0].rows if len(chain.expiries()) == 1 else np.arange(len(chain.contracts))
    calls, puts = read[sign[read] > 0.0], read[sign[read] < 0.0]
    return Levels(
        chain=chain,
        terms=terms,
        convention=convention,
        position=position,
        iv=iv,
        gamma=gamma,
        strikes=strikes,
        call=call,
        put=put,
        net=net,
        total_call=float(np.nansum(shares[sign > 0.0])),
        total_put=float(np.nansum(shares[sign < 0.0])),
        total_net=float(np.nansum(shares)),
        total_gross=float(np.nansum(np.abs(shares))),
        call_wall=peak(strikes, call, spot),
        put_wall=peak(strikes, -put, spot),
        max_gex_strike=peak(strikes, np.abs(net), spot),
        zero_gamma=found.zero_gamma.headline,
        zero_gamma_reason=found.zero_gamma.reason,
        zero_gamma_roots=found.zero_gamma.roots,
        max_pain=_max_pain(chain, read),
        expected_move=settled[0].expected_move,
        pcr_volume=put_call_ratio(_known_sum(chain.volume[calls]), _known_sum(chain.volume[puts])),
        pcr_oi=put_call_ratio(_known_sum(chain.oi[calls]), _known_sum(chain.oi[puts])),
        settlements=settled,
        contracts=int(used.sum()),
        dropped=dropped,
        notes=tuple(_notes(chain, terms, convention, groups, dropped)),
    )


# --- quotes: forwards and volatilities ----------------------------------------------------------------


def _groups(chain: OptionChain, terms: Terms) -> Iterator[_Group]:
    found = tuple(_quoted_groups(chain, terms))
    base = _quoted_spot(found, terms)
    for group in found:
        forward = _forward(group, terms, base)
        yield replace(group, quoted_forward=forward, forward=forward * terms.spot / base)


def _quoted_groups(chain: OptionChain, terms: Terms) -> Iterator[_Group]:
    strike, sign, mid = chain.strike, chain.sign, chain.mid
    for expiry, root, rows in chain.settlements():
        left = int(chain.settle_ns[rows[0]]) - terms.at_ns
        years = max(left, T_FLOOR_NS) / YEAR_NS
        strikes, [(call_mid, put_mid)] = paired(strike[rows], sign[rows], mid[rows])
        parity = implied_forward(strikes, call_mid, put_mid, years, terms.rate)
        told = parity is not None and parity > 0.0
        yield _Group(expiry, root, rows, years, strikes, call_mid, put_mid, parity if told else None)


def _quoted_spot(groups: tuple[_Group, ...], terms: Terms) -> float:
    """Return the spot the quotes go with: the terms' own unless they were made at another moment.

    Before the open a chain still has last night's quotes, and spot has moved on.
    """
    first = next((each for each in groups if each.parity is not None), None)
    if terms.dividend is not None or first is None or first.parity is None:
        return terms.spot
    implied = first.parity * math.exp(-terms.rate * first.years)
    apart = abs(math.log(implied / terms.spot))
    return implied if apart > _ONE_MOMENT + _CARRY_PER_YEAR * first.years else terms.spot


def _forward(group: _Group, terms: Terms, base: float) -> float:
    """Return the forward over a spot: by the dividend if one is given, else by parity if it is credible."""
    if terms.dividend is not None:
        return base * math.exp((terms.rate - terms.dividend) * group.years)
    if group.parity is not None and _credible(group.parity, base, group.years):
        return group.parity
    return base * math.exp(terms.rate * group.years)


def _credible(parity: float, base: float, years: float) -> bool:
    return abs(math.log(parity / base)) <= _BAD_QUOTE + _CARRY_PER_YEAR * years


def _inverted(chain: OptionChain, terms: Terms, groups: tuple[_Group, ...]) -> Floats:
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


def _spread(chain: OptionChain, groups: tuple[_Group, ...]) -> tuple[Floats, Floats]:
    """Return (years, forward), (n,) each."""
    years, forward = np.empty((2, len(chain.contracts)))
    for group in groups:
        years[group.rows], forward[group.rows] = group.years, group.forward
    return years, forward


# --- readings ----------------------------------------------------------------------------------------


def by_strike(strike: Floats, sign: Floats, shares: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return (strikes, call, put, net), (k,) each; nan where nothing is known of the contracts."""
    strikes, row = np.unique(strike, return_inverse=True)
    known = ~np.isnan(shares)

    def summed(side: Bools) -> Floats:
        have = side & known
        blank = np.bincount(row[side], minlength=strikes.size) > 0
        blank &= np.bincount(row[have], minlength=strikes.size) == 0
        return np.where(blank, np.nan, np.bincount(row[have], shares[have], strikes.size))

    return strikes, summed(sign > 0.0), summed(sign < 0.0), summed(np.ones(sign.size, np.bool_))


def peak(strikes: Floats, values: Floats, spot: float) -> float | None:
    """Return the strike of the largest positive value; ties go to the nearest to spot, then the lower."""
    known = np.nan_to_num(values)
    best = float(known.max(initial=0.0))
    if best <= 0.0:
        return None
    tied = strikes[known >= best * (1.0 - _SAME)]
    return float(tied[np.lexsort((tied, np.abs(tied - spot)))[0]])


def _settlement(chain: OptionChain, group: _Group, shares: Floats, used: Bools) -> Settlement:
    known = shares[group.rows][~np.isnan(shares[group.rows])]
    return Settlement(
        expiry=group.expiry,
        root=group.root,
        contracts=int(used[group.rows].sum()),
        net=float(known.sum()) if known.size else None,
        forward=group.forward,
        max_pain=_max_pain(chain, group.rows),
        expected_move=_move(group),
    )


def _move(group: _Group) -> float | None:
    middle = group.quoted_forward if group.parity is None else group.parity
    return expected_move(group.strikes, group.call_mid, group.put_mid, middle)


def _max_pain(chain: OptionChain, rows: Rows) -> float | None:
    oi, call = chain.oi[rows], chain.sign[rows] > 0.0
    return max_pain(chain.strike[rows], np.where(call, oi, np.nan), np.where(call, np.nan, oi))


def _known_sum(values: Floats) -> float:
    """Return the sum of what is known, nan when nothing is."""
    known = values[~np.isnan(values)]
    return float(known.sum()) if known.size else math.nan


# --- sentences ---------------------------------------------------------------------------------------


def _notes(
    chain: OptionChain, terms: Terms, convention: Convention, groups: tuple[_Group, ...], dropped: int
) -> Iterator[str]:
    if dropped:
        why = "no two-sided quote" if terms.iv == "own" else "no volatility in the file"
        what = "contract with exposure has" if dropped == 1 else "contracts with exposure have"
        yield f"{dropped:,} {what} {why} and {'is' if dropped == 1 else 'are'} left out."
    unknown = _unclassified(chain)
    if convention != "assumed" and unknown:
        yield f"{unknown:.0%} of the contracts traded have no known side and are in nobody's position."
    first = groups[0]
    if not math.isclose(first.forward, first.quoted_forward):
        implied = first.quoted_forward * math.exp(-terms.rate * first.years)
        yield (
            f"The quotes are of another moment than spot: they imply {implied:,.2f}, spot is "
            f"{terms.spot:,.2f}. Volatilities are taken at the former, exposure at the latter."
        )
    bad = [each for each in groups if each.parity not in (None, each.quoted_forward)]
    if terms.dividend is None and bad:
        yield (
            f"The quotes of {bad[0].expiry} imply an impossible forward of {bad[0].parity:,.2f}; it is taken "
            "from spot and the rate."
        )


def _unclassified(chain: OptionChain) -> float:
    """Return the share of the volume without a known side, 0 when nothing has traded."""
    traded = _known_sum(chain.volume)
    return 1.0 - _known_sum(chain.buy + chain.sell) / traded if traded > 0.0 else 0.0


def _no_volatility(chain: OptionChain, terms: Terms) -> str:
    if terms.iv == "own":
        return (
            f"No contract of {_name(chain)} with exposure has a two-sided quote to take its volatility from; "
            "--iv vendor takes the volatilities a chain file came with."
        )
    return (
        f"No contract of {_name(chain)} with exposure came with a volatility; "
        "--iv own takes them from the quotes."
    )


def _name(chain: OptionChain) -> str:
    return chain.underlying.symbol
