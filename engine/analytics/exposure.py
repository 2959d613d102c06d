"""Exposure of a book at one spot: of each contract, by strike, in total, walls and the zeros of its gamma.

Owns the conventions of exposure: what is summed, which sign a right has, what a wall is. It knows nothing of
quotes, time or screens; whoever fills the `Book` decides what the weights mean.

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

from ..jit.options import compiled
from ..model.errors import UsageError
from ..model.events import MISSING
from .exposure_choice import Basis, Metric
from .greeks import T_FLOOR_YEARS, GreekTable, greeks
from .zero_gamma import NO_PROFILE, GammaProfile, Window, ZeroGamma, curves, repriced, usual_window

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Rows = NDArray[np.intp]
Unit = Literal["shares", "usd_per_1", "usd_per_1pct"]

UNITS: tuple[Unit, ...] = get_args(Unit)
"""Shares per $1 of spot; $ of delta per $1; $ of delta per 1 %."""

MINUTES_PER_YEAR = 525_600
POINTS_PER_UNIT = 100  # volatility points per 1.00 of volatility

_SAME = 1e-12  # relative difference below which two strikes tie
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
    """

    strike: Floats
    sign: Floats
    years: Floats
    iv: Floats
    weight: Floats
    multiplier: float = 100.0
    basis: Basis = "oi"


@dataclass(frozen=True, slots=True, eq=False)
class ExposureColumns:
    """One metric by row, (k,) each; nan where contracts stand and nothing is known of them.

    gross adds the contracts of a row without their signs.
    """

    call: Floats
    put: Floats
    net: Floats
    gross: Floats


@dataclass(frozen=True, slots=True)
class Sums:
    """One metric over a book; nan when no contract of it is known."""

    call: float
    put: float
    net: float
    gross: float


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
    total_*         : gamma over the used contracts, nan when there are none
    call_wall       : strike of the largest call exposure; put_wall of the most negative put exposure
    max_gex_strike  : strike of the largest |net|
    gamma           : (n,) per share, in the book's order; nan where unknown, 0 once settled
    by_contract     : (n,) each metric in the book's order; nan where unknown and once settled
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
    gamma: Floats
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
    profile_points: int = 401,
    window: Window | None = None,
    others: Sequence[Book] = (),
) -> Exposure:
    """Return the exposure of a book.

    spot           : $
    r, q           : rate and dividend yield, continuous, per year
    profile_points : prices at which the chain is re-priced, volatilities staying with their strikes
    window         : where to look for zeros, fractions of spot; None chooses by `usual_window`
    others         : the same contracts with other weights
    """
    live = book.years > 0.0
    years = np.where(live, np.maximum(book.years, T_FLOOR_YEARS), 0.0)
    iv = np.where(np.isfinite(book.iv) & (book.iv > 0.0), book.iv, np.nan)
    priced = live & ~np.isnan(iv) & (0.0 < spot < math.inf)
    table = greeks(spot, book.strike, years, r, q, iv, book.sign)
    used = priced & _weighed(book)
    held = np.where(used, book.sign * book.weight, np.nan)
    by_contract = {metric: each * held * book.multiplier for metric, each in per_share(table).items()}
    strikes, row = np.unique(book.strike[live], return_inverse=True)
    columns = by_row(by_contract["gamma"][live], book.sign[live], row, strikes.size)
    total = sums(by_contract["gamma"], book.sign)
    chain = _LiveContracts(book.strike, years, iv, live, priced, spot, r, q)
    profile, zeros = _flips(chain, (book, *others), profile_points, window)
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
        gamma=table.gamma,
        used=int(used.sum()),
        dropped=int((live & ~used).sum()),
        settled=int((~live).sum()),
        by_contract=by_contract,
        live=live,
        others=tuple(
            BookTotals(_net_of(other, priced, table.gamma), zero)
            for other, zero in zip(others, zeros[1:], strict=True)
        ),
    )


def per_share(table: GreekTable) -> Mapping[Metric, Floats]:
    """Return (n,) each metric per share held, in the units of the module's table."""
    return {
        "gamma": table.gamma,
        "delta": table.delta,
        "vanna": table.vanna / POINTS_PER_UNIT,
        "charm": table.charm / MINUTES_PER_YEAR,
    }


def by_row(values: Floats, sign: Floats, row: Rows, size: int) -> ExposureColumns:
    """Return what (n,) contracts sum to by row; those on row -1 stand on none."""
    return ExposureColumns(*_rows(values, sign, row.astype(np.int64), size))


def sums(values: Floats, sign: Floats) -> Sums:
    """Return what (n,) contracts sum to, all nan when none is known."""
    known = ~np.isnan(values)
    if not known.any():
        return Sums(math.nan, math.nan, math.nan, math.nan)
    call, put = (float(values[known & side].sum()) for side in (sign > 0.0, sign < 0.0))
    return Sums(call, put, call + put, float(np.abs(values[known]).sum()))


@compiled
def _rows(values: Floats, sign: Floats, row: NDArray[np.int64], size: int) -> Floats:
    """Return (4, size): call, put, net and gross by row."""
    out = np.zeros((4, size))
    listed = np.zeros((4, size), np.bool_)
    known = np.zeros((4, size), np.bool_)
    for i in range(values.size):
        if row[i] < 0:
            continue
        side = 0 if sign[i] > 0.0 else 1
        for column in (side, 2, 3):
            listed[column, row[i]] = True
            if values[i] == values[i]:
                known[column, row[i]] = True
                out[column, row[i]] += abs(values[i]) if column == 3 else values[i]
    for column in range(4):
        for j in range(size):
            if listed[column, j] and not known[column, j]:
                out[column, j] = math.nan
    return out


def _weighed(book: Book) -> Bools:
    """Return (n,) whether a contract's weight is known."""
    known: Bools = np.isfinite(book.weight) & (book.weight != MISSING)
    return known


def _net_of(book: Book, priced: Bools, gamma: Floats) -> float:
    """Return the net gamma exposure under a book's weights, shares per $1, nan when nothing is known."""
    held = np.where(priced & _weighed(book), book.sign * book.weight, np.nan)
    return sums(gamma * held * book.multiplier, book.sign).net


def peak(strikes: Floats, values: Floats, spot: float) -> float | None:
    """Return the strike of the largest positive value; ties go to the nearest to spot, then the lower."""
    known = np.nan_to_num(values)
    best = float(known.max(initial=0.0))
    if best <= 0.0:
        return None
    tied = strikes[known >= best * (1.0 - _SAME)]
    return float(tied[np.lexsort((tied, np.abs(tied - spot)))[0]])


@dataclass(frozen=True, slots=True, eq=False)
class _LiveContracts:
    """The contracts all holdings share: which have not settled, and which of those have greeks."""

    strike: Floats
    years: Floats
    iv: Floats
    live: Bools
    priced: Bools
    spot: float
    r: float
    q: float


def _flips(
    chain: _LiveContracts, books: Sequence[Book], points: int, window: Window | None
) -> tuple[GammaProfile, tuple[ZeroGamma, ...]]:
    """Return the first book's profile and every book's zeros, all on the grid of the first."""
    weighed = np.stack([_weighed(book) for book in books], axis=1)
    used = chain.priced & weighed.any(axis=1)
    shares = np.stack([book.sign * book.weight * book.multiplier for book in books], axis=1)
    held = np.where(weighed & used[:, None], shares, 0.0)
    found: Sequence[tuple[GammaProfile, ZeroGamma]] = ((NO_PROFILE, ZeroGamma(None, (), "")),) * len(books)
    if used.any():
        strike, years, iv = chain.strike[used], chain.years[used], chain.iv[used]
        around = window or usual_window(strike, years, iv, chain.spot)
        contracts = curves(strike, years, iv, chain.spot, chain.r, chain.q)
        found = repriced(contracts, strike, held[used], points, around)
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
