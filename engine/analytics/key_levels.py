"""The levels of a chain at one moment: exposure by strike, walls, zero gamma, max pain, expected move.

Owns what is read off the whole. It refuses to know where the chain came from, how its quotes become forwards
and volatilities, and how levels are written. Exposures are in shares per $1 (`exposure.convert` has the other
units); unknown is nan or None, never 0.

Each settlement has a forward of its own. `exposure` knows one rate and one dividend yield, so it is handed
strikes in units of the forward (K S/F) and positions discounted by the dividend: gamma is then the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from ..model.errors import NoDataError
from .chain_stats import expected_move, known_sum, max_pain, put_call
from .exposure import Book, by_row, exposure, peak
from .exposure_choice import Convention
from .option_chain import Bools, Floats, OptionChain, Rows
from .positioning import held
from .valuation import SettlementGroup, Terms, settlements, volatilities

PROFILE_POINTS = 2001
WINDOW = (0.9, 1.1)
"""Zeros are looked for at so many prices between these fractions of spot: 0.01 % apart."""


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
    """A chain, measured. Exposures in shares per $1; strikes and levels in $, None when there is none.

    chain, terms, convention : what was measured
    position : (n,) contracts dealers hold, short below 0
    iv, gamma: (n,) per year; per share
    shares   : (n,) each contract's exposure
    strikes  : (k,) ascending; call, put, net (k,) by strike, nan where nothing is known of its contracts
    zero_gamma : the root nearest to spot; zero_gamma_reason says why there is none
    settlements : the nearest first
    notes    : one sentence each
    """

    chain: OptionChain
    terms: Terms
    convention: Convention
    position: Floats
    iv: Floats
    gamma: Floats
    shares: Floats
    strikes: Floats
    call: Floats
    put: Floats
    net: Floats
    zero_gamma: float | None
    zero_gamma_reason: str
    zero_gamma_roots: tuple[float, ...]
    settlements: tuple[Settlement, ...]
    notes: tuple[str, ...]

    @property
    def contracts(self) -> int:
        """How many contracts carry exposure."""
        return int(np.sum(_carried(self.position) & np.isfinite(self.shares)))

    @property
    def dropped(self) -> int:
        """How many would, if their volatility were known."""
        return int(np.sum(_carried(self.position) & np.isnan(self.shares)))

    @property
    def total_call(self) -> float:
        """The exposure of all calls."""
        return float(np.nansum(self.shares[self.chain.sign > 0.0]))

    @property
    def total_put(self) -> float:
        """The exposure of all puts."""
        return float(np.nansum(self.shares[self.chain.sign < 0.0]))

    @property
    def total_net(self) -> float:
        """The exposure of everything."""
        return float(np.nansum(self.shares))

    @property
    def total_gross(self) -> float:
        """The same with every contract counted without its sign."""
        return float(np.nansum(np.abs(self.shares)))

    @property
    def call_wall(self) -> float | None:
        """The strike of the largest call exposure."""
        return peak(self.strikes, self.call, self.terms.spot)

    @property
    def put_wall(self) -> float | None:
        """The strike of the most negative put exposure."""
        return peak(self.strikes, -self.put, self.terms.spot)

    @property
    def max_gex_strike(self) -> float | None:
        """The strike of the largest |net|."""
        return peak(self.strikes, np.abs(self.net), self.terms.spot)

    @property
    def expected_move(self) -> float | None:
        """The straddle of the nearest settlement."""
        return self.settlements[0].expected_move

    @property
    def max_pain(self) -> float | None:
        """The strike at which all holders receive least."""
        chain = self._read()
        return _max_pain(chain, np.arange(len(chain.contracts)))

    @property
    def pcr_volume(self) -> float | None:
        """Puts over calls by contracts traded."""
        return put_call(self._read().volume, self._read().sign)

    @property
    def pcr_oi(self) -> float | None:
        """Puts over calls by open interest."""
        return put_call(self._read().oi, self._read().sign)

    def _read(self) -> OptionChain:
        """Return what is read as one: everything, but of one expiration its first settlement alone.

        A morning's and an evening's settlement are two prices.
        """
        first, *others = self.settlements
        if any(each.expiry != first.expiry for each in others):
            return self.chain
        return self.chain.part(np.array([each.root == first.root for each in self.chain.contracts]))


def measure(chain: OptionChain, terms: Terms, convention: Convention = "assumed") -> Levels:
    """Return the levels of contracts that have not settled; NoDataError when nothing can be summed."""
    position = held(convention, chain.sign * chain.oi, chain.sell - chain.buy)
    if not _carried(position).any():
        what = "open interest" if convention == "assumed" else "classified flow"
        raise NoDataError(f"No contract of {_name(chain)} has {what}, so there is no exposure to sum.")
    groups = tuple(settlements(chain, terms))
    iv = chain.iv if terms.iv == "vendor" else volatilities(chain, terms, groups)
    iv = np.where(iv > 0.0, iv, np.nan)
    if not np.any(_carried(position) & np.isfinite(iv)):
        raise NoDataError(_no_volatility(chain, terms))
    return _levels(chain, terms, convention, position, groups, iv)


def _levels(
    chain: OptionChain,
    terms: Terms,
    convention: Convention,
    position: Floats,
    groups: tuple[SettlementGroup, ...],
    iv: Floats,
) -> Levels:
    book, stock = _book(chain, terms, position, groups, iv)
    found = exposure(book, terms.spot, profile_points=PROFILE_POINTS, window=WINDOW)
    gamma = found.gamma * stock
    shares = np.where(position == 0.0, 0.0, position * gamma * book.multiplier)
    strikes, row = np.unique(chain.strike, return_inverse=True)
    columns = by_row(shares, chain.sign, row, strikes.size)
    return Levels(
        chain=chain,
        terms=terms,
        convention=convention,
        position=position,
        iv=iv,
        gamma=gamma,
        shares=shares,
        strikes=strikes,
        call=columns.call,
        put=columns.put,
        net=columns.net,
        zero_gamma=found.zero_gamma.headline,
        zero_gamma_reason=found.zero_gamma.reason,
        zero_gamma_roots=found.zero_gamma.roots,
        settlements=tuple(_settlement(chain, each, shares, position) for each in groups),
        notes=tuple(_notes(chain, terms, convention, groups, position, shares)),
    )


def _book(
    chain: OptionChain, terms: Terms, position: Floats, groups: tuple[SettlementGroup, ...], iv: Floats
) -> tuple[Book, Floats]:
    """Return the contracts in units of their forwards, and (n,) what a share now is of a share then."""
    years, forward = np.empty((2, len(chain.contracts)))
    for group in groups:
        years[group.rows], forward[group.rows] = group.years, group.forward
    stock = forward / terms.spot * np.exp(-terms.rate * years)
    book = Book(
        strike=chain.strike * terms.spot / forward,
        sign=chain.sign,
        years=years,
        iv=iv,
        weight=position * chain.sign * stock,
        multiplier=float(chain.underlying.multiplier),
    )
    return book, stock


def _carried(position: Floats) -> Bools:
    carried: Bools = np.isfinite(position) & (position != 0.0)
    return carried


# --- readings ----------------------------------------------------------------------------------------


def _settlement(chain: OptionChain, group: SettlementGroup, shares: Floats, position: Floats) -> Settlement:
    known = shares[group.rows][~np.isnan(shares[group.rows])]
    return Settlement(
        expiry=group.expiry,
        root=group.root,
        contracts=int(np.sum(_carried(position[group.rows]) & np.isfinite(shares[group.rows]))),
        net=float(known.sum()) if known.size else None,
        forward=group.forward,
        max_pain=_max_pain(chain, group.rows),
        expected_move=_move(group),
    )


def _move(group: SettlementGroup) -> float | None:
    middle = group.quoted_forward if group.parity is None else group.parity
    return expected_move(group.strikes, group.call_mid, group.put_mid, middle)


def _max_pain(chain: OptionChain, rows: Rows) -> float | None:
    oi, call = chain.oi[rows], chain.sign[rows] > 0.0
    return max_pain(chain.strike[rows], np.where(call, oi, np.nan), np.where(call, np.nan, oi))


# --- sentences ---------------------------------------------------------------------------------------


def _notes(
    chain: OptionChain,
    terms: Terms,
    convention: Convention,
    groups: tuple[SettlementGroup, ...],
    position: Floats,
    shares: Floats,
) -> Iterator[str]:
    without = int(np.isnan(position).sum())
    if without:
        yield f"{_counted(without)} unknown open interest and {_is(without)} left out."
    dropped = int(np.sum(_carried(position) & np.isnan(shares)))
    if dropped:
        why = "no two-sided quote" if terms.iv == "own" else "no volatility in the file"
        yield f"{_counted(dropped, ' with exposure')} {why} and {_is(dropped)} left out."
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
    traded = known_sum(chain.volume)
    return 1.0 - known_sum(chain.buy + chain.sell) / traded if traded > 0.0 else 0.0


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


def _counted(n: int, what: str = "") -> str:
    return f"{n:,} contract{what} has" if n == 1 else f"{n:,} contracts{what} have"


def _is(n: int) -> str:
    return "is" if n == 1 else "are"


def _name(chain: OptionChain) -> str:
    return chain.underlying.symbol
