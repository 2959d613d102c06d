"""A chain of options as it was quoted at one moment, wherever it came from: a file, or the fold of a tape.

Owns the columns, how calls and puts stand beside each other, what settles together, and which of the
expirations are meant. Unknown is nan, never 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..model.calendar import ET, Expiry, settle_ns
from ..model.contracts import Contract
from ..model.errors import NoDataError
from ..model.events import NS
from ..model.underlyings import Underlying

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Chosen = Expiry | Literal["all"]
"""A choice of expirations, or every one."""

ABSENT = -1
"""The row of a contract that is not listed."""


@dataclass(frozen=True, slots=True, eq=False)
class SettlementGroup:
    """The contracts of one expiration and root: they settle together.

    rows  : of the contracts
    pairs : where the group's pairs stand
    """

    expiry: date
    root: str
    settle_ns: int
    rows: Ints
    pairs: slice


@dataclass(frozen=True, slots=True, eq=False)
class ContractSet:
    """Contracts of one underlying that are valued together: what never changes about them.

    strike    : (n,) $
    sign      : (n,) +1 for a call, -1 for a put
    groups    : the nearest first; of one date the underlying's first root comes first

    A pair is what is listed of one strike of a group. Pairs stand by group, then by strike.

    pair : (n,) the pair each contract belongs to
    pair_strike : (k,) $
    pair_group  : (k,) index into `groups`
    call, put   : (k,) rows of the contracts, ABSENT where one is not listed
    """

    underlying: Underlying
    contracts: tuple[Contract, ...]
    strike: Floats
    sign: Floats
    groups: tuple[SettlementGroup, ...]
    pair: Ints
    pair_strike: Floats
    pair_group: Ints
    call: Ints
    put: Ints

    @classmethod
    def of(cls, underlying: Underlying, contracts: Sequence[Contract]) -> ContractSet:
        """Return the set of contracts that carry roots of the underlying."""
        roots = underlying.roots
        keys = [(each.expiry, roots.index(each.root), each.strike_milli) for each in contracts]
        by_pair = sorted(set(keys))
        at = {key: i for i, key in enumerate(by_pair)}
        pair = np.array([at[key] for key in keys], np.int64)
        sign = np.array([1.0 if each.right == "C" else -1.0 for each in contracts], np.float64)
        call, put = np.full((2, len(by_pair)), ABSENT, np.int64)
        call[pair[sign > 0.0]], put[pair[sign < 0.0]] = np.flatnonzero(sign > 0.0), np.flatnonzero(sign < 0.0)
        groups = tuple(_groups(underlying, by_pair, pair))
        return cls(
            underlying=underlying,
            contracts=tuple(contracts),
            strike=np.array([each.strike for each in contracts], np.float64),
            sign=sign,
            groups=groups,
            pair=pair,
            pair_strike=np.array([milli / 1000 for _, _, milli in by_pair], np.float64),
            pair_group=np.repeat(
                np.arange(len(groups)), [each.pairs.stop - each.pairs.start for each in groups]
            ),
            call=call,
            put=put,
        )

    @property
    def read_as_one(self) -> Ints:
        """The rows that max pain and put/call are of: everything, but of one date its first settlement alone.

        A morning's and an evening's settlement are two prices.
        """
        alone = len({each.expiry for each in self.groups}) == 1
        return self.groups[0].rows if alone else np.arange(len(self.contracts))

    def beside(self, column: Floats) -> tuple[Floats, Floats]:
        """Return (call, put), (k,) each, of a column by contract; nan where one is not listed."""
        call, put = (np.where(rows == ABSENT, np.nan, column[rows]) for rows in (self.call, self.put))
        return call, put


def _groups(
    underlying: Underlying, by_pair: Sequence[tuple[date, int, int]], pair: Ints
) -> Iterator[SettlementGroup]:
    """Yield the settlements of pairs (expiration, place of the root, strike), ascending."""
    starts = [i for i, key in enumerate(by_pair) if i == 0 or by_pair[i - 1][:2] != key[:2]]
    for start, stop in pairwise([*starts, len(by_pair)]):
        expiry, place, _ = by_pair[start]
        rows = np.flatnonzero((pair >= start) & (pair < stop))
        root = underlying.roots[place]
        yield SettlementGroup(expiry, root, settle_ns(underlying, root, expiry), rows, slice(start, stop))


_COLUMNS = ("bid", "ask", "moved", "beat_ns", "volume", "oi", "buy", "sell", "iv", "kept_iv")


@dataclass(frozen=True, slots=True, eq=False)
class OptionChain:
    """What is known of contracts; every column is (n,) in their order, float64 and nan where unknown.

    bid, ask   : $; a bid of 0 is nobody's
    quote_ns   : when the quote was made, ns UTC, int64; 0 where unknown
    moved      : the spot now over the one the quote was made at
    beat_ns    : how long the source lately stayed silent on the contract between two quotes, ns
    volume, oi : contracts
    buy, sell  : contracts by the side customers took; only a tape tells
    iv         : volatility per year as whoever wrote the chain has it
    kept_iv    : the one a tape measured last, while it stands for a contract that is not quoted
    """

    listed: ContractSet
    bid: Floats
    ask: Floats
    quote_ns: Ints
    moved: Floats
    beat_ns: Floats
    volume: Floats
    oi: Floats
    buy: Floats
    sell: Floats
    iv: Floats
    kept_iv: Floats

    @property
    def underlying(self) -> Underlying:
        """Whose options they are."""
        return self.listed.underlying

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """The contracts, in order."""
        return self.listed.contracts

    @property
    def strike(self) -> Floats:
        """Strikes in $."""
        return self.listed.strike

    @property
    def sign(self) -> Floats:
        """+1 for a call, -1 for a put."""
        return self.listed.sign

    @property
    def mid(self) -> Floats:
        """The middle of each two-sided quote, $."""
        two_sided = (self.bid > 0.0) & (self.ask >= self.bid)
        return np.where(two_sided, 0.5 * (self.bid + self.ask), np.nan)

    def expiries(self) -> tuple[date, ...]:
        """Return the expirations that occur, ascending."""
        return tuple(sorted({each.expiry for each in self.listed.groups}))

    def part(self, rows: Bools) -> OptionChain:
        """Return some of the contracts."""
        kept = [self.contracts[i] for i in np.flatnonzero(rows).tolist()]
        columns = {name: getattr(self, name)[rows] for name in ("quote_ns", *_COLUMNS)}
        return replace(self, listed=ContractSet.of(self.underlying, kept), **columns)


def quoted(listed: ContractSet, columns: Mapping[str, Floats], quote_ns: Ints | None = None) -> OptionChain:
    """Return a chain of contracts; columns left out are unknown."""
    n = len(listed.contracts)
    unknown = np.full(n, np.nan)
    when = np.zeros(n, np.int64) if quote_ns is None else quote_ns
    return OptionChain(listed, quote_ns=when, **{name: columns.get(name, unknown) for name in _COLUMNS})


def alive(chain: OptionChain, choice: Chosen, at_ns: int) -> OptionChain:
    """Return what has not settled at a moment of the chosen expirations; NoDataError when that is nothing.

    choice : that day's, one date, how many of the nearest, or all
    """
    day = datetime.fromtimestamp(at_ns // NS, ET).date()
    trading = [each for each in chain.listed.groups if each.settle_ns > at_ns]
    left = {each.expiry for each in trading}
    if not left:
        raise NoDataError(
            f"Every contract had expired by {day} {_clock(at_ns)}; the last expiration is "
            f"{chain.expiries()[-1]}, so name an earlier moment with --at."
        )
    wanted = _wanted(choice, day, sorted(left))
    if not wanted & left:
        raise NoDataError(_none_of(choice, day, chain.expiries(), at_ns))
    kept = np.zeros(len(chain.contracts), np.bool_)
    for each in trading:
        kept[each.rows] = each.expiry in wanted
    return chain.part(kept)


def _wanted(choice: Chosen, day: date, left: list[date]) -> set[date]:
    if choice == "all":
        return set(left)
    if choice == "0dte":
        return {day}
    return {choice} if isinstance(choice, date) else set(left[:choice])


def _none_of(choice: Chosen, day: date, listed: tuple[date, ...], at_ns: int) -> str:
    one = day if choice == "0dte" else choice
    if one in listed:
        return (
            f"What expires on {one} had expired by {day} {_clock(at_ns)}; name an earlier moment with --at."
        )
    names = ", ".join(map(str, listed[:5])) + (" …" if len(listed) > 5 else "")
    return f"Nothing expires on {one}; --expiry can be all, or one of {names}."


def _clock(at_ns: int) -> str:
    return f"{datetime.fromtimestamp(at_ns // NS, ET):%H:%M}"
