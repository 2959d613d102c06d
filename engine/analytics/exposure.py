"""Exposure of a book at one spot: of each contract, by strike, in total, walls and the zeros of its gamma.

Owns the conventions of exposure: what is summed, which sign a right has, what a wall is. Whoever fills the
`Book` decides what the weights mean.

===========  ====================================================  =====================================
metric       what the book's holder must trade                     per contract
===========  ====================================================  =====================================
gamma        shares per $1 of spot; `convert` gives two $ units    gamma x held x multiplier
delta        shares                                                delta x held x multiplier
vanna        shares per volatility point                           vanna x 0.01 x held x multiplier
charm        shares per minute of passing time                     charm / 525600 x held x multiplier
===========  ====================================================  =====================================

Unknown is nan or None, never 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args, overload

import numpy as np
from numpy.typing import NDArray

from ..model.errors import UsageError
from ..model.events import MISSING
from .exposure_choice import Basis, Metric
from .greeks import T_FLOOR_YEARS, GreekTable, greeks_on_forward
from .sums import NOTHING, Sums, by_row, peak, sums
from .zero_gamma import NO_PROFILE, WINDOW, GammaProfile, Window, ZeroGamma, curves, repriced

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Unit = Literal["shares", "usd_per_1", "usd_per_1pct"]

UNITS: tuple[Unit, ...] = get_args(Unit)
"""Shares per $1 of spot; $ of delta per $1; $ of delta per 1 %."""

MINUTES_PER_YEAR = 525_600
POINTS_PER_UNIT = 100  # volatility points per 1.00 of volatility

_NOTHING_HELD: Mapping[Basis, str] = {
    "oi": "no open interest",
    "volume": "nothing has traded",
    "flow": "no trade with a known side",
}


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """Contracts and how much of each is held; every column is (n,) float64.

    strike     : $
    sign       : +1 call, -1 put
    years      : calendar years to settlement, 0 for a settled contract
    iv         : volatility per year, nan when unknown
    weight     : contracts held long for a call and short for a put; negative the other way round; nan or
                 MISSING when unknown
    multiplier : shares per contract
    basis      : what the weights are made of, to say what is missing
    forward    : $; None has the one that rate and dividend yield make of the spot
    """

    strike: Floats
    sign: Floats
    years: Floats
    iv: Floats
    weight: Floats
    multiplier: float = 100.0
    basis: Basis = "oi"
    forward: Floats | None = None


@dataclass(frozen=True, slots=True)
class BookTotals:
    """What a book comes to under other weights: net in shares per $1, nan when nothing is known."""

    net: float
    zero_gamma: ZeroGamma


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """Exposure of a book at one spot; gamma in shares per $1.

    strikes         : (k,) $, ascending, of all contracts that have not settled
    call, put, net  : (k,) gamma by strike; nan where there are contracts but nothing is known of them
    gross           : (k,) the same without signs
    total_*         : gamma over all contracts, nan when none could be summed
    call_wall       : strike of the largest call exposure; put_wall of the most negative put exposure
    max_gex_strike  : strike of the largest |net|
    greeks          : (n,) per share, in the book's order; nan where unknown
    by_contract     : (n,) each metric in the book's order; nan where unknown and once settled, 0 where
                      nothing is held
    live            : (n,) whether a contract has not settled
    used, dropped, settled : contracts summed, left out for want of a volatility or weight, and expired
    others          : what the same contracts come to under the other weights that were given
    """

    spot: float
    strikes: Floats
    call: Floats
    put: Floats
    net: Floats
    gross: Floats
    total_call: float
    total_put: float
    total_net: float
    total_gross: float
    call_wall: float | None
    put_wall: float | None
    max_gex_strike: float | None
    zero_gamma: ZeroGamma
    profile: GammaProfile
    greeks: GreekTable
    used: int
    dropped: int
    settled: int
    by_contract: Mapping[Metric, Floats]
    live: Bools
    others: tuple[BookTotals, ...]


@overload
def convert(shares: float, spot: float | Floats, unit: Unit) -> float: ...
@overload
def convert(shares: Floats, spot: float | Floats, unit: Unit) -> Floats: ...
def convert(shares: float | Floats, spot: float | Floats, unit: Unit) -> float | Floats:
    """Return a gamma exposure in shares per $1 in another of `UNITS`."""
    if unit == "shares":
        return shares
    if unit == "usd_per_1":
        return shares * spot
    if unit == "usd_per_1pct":
        return shares * spot * spot * 0.01
    raise UsageError(f"'{unit}' is not a unit of gamma exposure; choose one of {', '.join(UNITS)}.")


def exposure(
    book: Book,
    spot: float,
    r: float = 0.0,
    q: float = 0.0,
    window: Window = WINDOW,
    others: Sequence[Book] = (),
    steps: int | None = None,
) -> Exposure:
    """Return the exposure of a book.

    spot   : $
    r, q   : rate and dividend yield, continuous, per year
    window : where to look for zeros, fractions of spot
    others : the same contracts with other weights
    steps  : between prices at which the chain is re-priced, volatilities staying with their strikes; None
             takes as many as are 0.01 % apart
    """
    live = book.years > 0.0
    years = np.where(live, np.maximum(book.years, T_FLOOR_YEARS), 0.0)
    iv = np.where(np.isfinite(book.iv) & (book.iv > 0.0), book.iv, np.nan)
    forward = spot * np.exp((r - q) * years) if book.forward is None else book.forward
    table = greeks_on_forward(spot, forward, book.strike, years, r, q, iv, book.sign)
    priced = live & ~np.isnan(iv) & (0.0 < spot < math.inf)
    per_share: dict[Metric, Floats] = {
        "gamma": table.gamma,
        "delta": table.delta,
        "vanna": table.vanna / POINTS_PER_UNIT,
        "charm": table.charm / MINUTES_PER_YEAR,
    }
    by_contract = {metric: _of_held(each, book, live) for metric, each in per_share.items()}
    strikes, row = np.unique(book.strike[live], return_inverse=True)
    columns = by_row(by_contract["gamma"][live], book.sign[live], row, strikes.size)
    total = _total(by_contract["gamma"], book, priced)
    reach, stock = book.strike * (spot / forward), forward / spot * np.exp(-r * years)
    chain = _LiveContracts(reach, stock, years, iv, live, priced, spot)
    profile, zeros = _flips(chain, (book, *others), window, steps)
    used = priced & _weighed(book)
    return Exposure(
        spot=spot,
        strikes=strikes,
        call=columns.call,
        put=columns.put,
        net=columns.net,
        gross=columns.gross,
        total_call=total.call,
        total_put=total.put,
        total_net=total.net,
        total_gross=total.gross,
        call_wall=peak(strikes, columns.call, spot),
        put_wall=peak(strikes, -columns.put, spot),
        max_gex_strike=peak(strikes, np.abs(columns.net), spot),
        zero_gamma=zeros[0],
        profile=profile,
        greeks=table,
        used=int(used.sum()),
        dropped=int((live & ~used).sum()),
        settled=int((~live).sum()),
        by_contract=by_contract,
        live=live,
        others=tuple(
            BookTotals(_total(_of_held(table.gamma, other, live), other, priced).net, zero)
            for other, zero in zip(others, zeros[1:], strict=True)
        ),
    )


def _weighed(book: Book) -> Bools:
    """Return (n,) whether a contract's weight is known."""
    known: Bools = np.isfinite(book.weight) & (book.weight != MISSING)
    return known


def _of_held(per_share: Floats, book: Book, live: Bools) -> Floats:
    """Return (n,) what the contracts of a book come to; what nobody holds comes to 0 whatever it is worth."""
    held = np.where(live & _weighed(book), book.sign * book.weight, np.nan)
    return np.where(held == 0.0, 0.0, per_share * held * book.multiplier)


def _total(by_contract: Floats, book: Book, priced: Bools) -> Sums:
    """Return the sums over a book, all nan when no contract of it has both greeks and a weight."""
    return sums(by_contract, book.sign) if np.any(priced & _weighed(book)) else NOTHING


@dataclass(frozen=True, slots=True, eq=False)
class _LiveContracts:
    """The contracts all holdings share: which have not settled, and which of those have greeks.

    reach, stock : as for `curves`
    """

    reach: Floats
    stock: Floats
    years: Floats
    iv: Floats
    live: Bools
    priced: Bools
    spot: float


def _flips(
    chain: _LiveContracts, books: Sequence[Book], window: Window, steps: int | None
) -> tuple[GammaProfile, tuple[ZeroGamma, ...]]:
    """Return the first book's profile and every book's zeros, all on one grid."""
    weighed = np.stack([_weighed(book) for book in books], axis=1)
    used = chain.priced & weighed.any(axis=1)
    shares = np.stack([book.sign * book.weight * book.multiplier for book in books], axis=1)
    held = np.where(weighed & used[:, None], shares, 0.0)
    found: Sequence[tuple[GammaProfile, ZeroGamma]] = ((NO_PROFILE, ZeroGamma(None, (), "")),) * len(books)
    if used.any():
        reach = chain.reach[used]
        contracts = curves(reach, chain.years[used], chain.iv[used], chain.spot, chain.stock[used])
        found = repriced(contracts, reach, held[used], window, steps)
    zeros = (
        zero if held[:, i].any() else ZeroGamma(None, (), _why_nothing(book, chain))
        for i, (book, (_, zero)) in enumerate(zip(books, found, strict=True))
    )
    return found[0][0], tuple(zeros)


def _why_nothing(book: Book, chain: _LiveContracts) -> str:
    """Say why a book holds nothing that has gamma."""
    if not book.strike.size:
        return "no contracts"
    if not chain.live.any():
        return "expired"
    if not 0.0 < chain.spot < math.inf:
        return "no spot yet"
    if not np.any(chain.live & _weighed(book) & (book.weight != 0.0)):
        return _NOTHING_HELD[book.basis]
    return "no volatility yet"
