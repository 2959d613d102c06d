"""A chain of options as it was quoted at one moment, wherever it came from: a file, or the fold of a tape.

Owns the columns, which of the expirations are meant, and how calls and puts stand beside each other. It
refuses to know files and exposures. Unknown is nan, never 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..model.calendar import ET, Expiry, Underlying, settle_ns
from ..model.contracts import Contract
from ..model.errors import NoDataError
from ..model.events import NS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Rows = NDArray[np.intp]
Chosen = Expiry | Literal["all"]
"""A choice of expirations, or every one."""

_COLUMNS = ("bid", "ask", "volume", "oi", "iv", "buy", "sell")


@dataclass(frozen=True, slots=True, eq=False)
class OptionChain:
    """The contracts of one underlying; every column is (n,), float64 and nan where unknown.

    strike    : $
    sign      : +1 for a call, -1 for a put
    settle_ns : when each settles, ns UTC
    bid, ask  : $; a bid of 0 is nobody's
    volume, oi: contracts
    iv        : volatility per year as whoever wrote the chain has it
    buy, sell : contracts by the side customers took; only a tape tells
    """

    underlying: Underlying
    contracts: tuple[Contract, ...]
    strike: Floats
    sign: Floats
    settle_ns: Ints
    bid: Floats
    ask: Floats
    volume: Floats
    oi: Floats
    iv: Floats
    buy: Floats
    sell: Floats

    @property
    def mid(self) -> Floats:
        """The middle of each two-sided quote, $."""
        two_sided = (self.bid > 0.0) & (self.ask >= self.bid)
        return np.where(two_sided, 0.5 * (self.bid + self.ask), np.nan)

    def expiries(self) -> tuple[date, ...]:
        """Return the expirations that occur, ascending."""
        return tuple(sorted({each.expiry for each in self.contracts}))

    def part(self, rows: Bools) -> OptionChain:
        """Return some of the contracts."""
        columns = {name: getattr(self, name)[rows] for name in ("strike", "sign", "settle_ns", *_COLUMNS)}
        kept = tuple(self.contracts[i] for i in np.flatnonzero(rows).tolist())
        return replace(self, contracts=kept, **columns)

    def settlements(self) -> Iterator[tuple[date, str, Rows]]:
        """Yield (expiration, root, rows) of what settles together, the nearest first.

        One date may settle twice, index options on the morning's and on the evening's prints: the
        underlying's first root then comes first.
        """
        roots = self.underlying.roots
        keys = [(each.expiry, roots.index(each.root), each.root) for each in self.contracts]
        rows: dict[tuple[date, int, str], list[int]] = {}
        for i, key in enumerate(keys):
            rows.setdefault(key, []).append(i)
        for key in sorted(rows):
            yield key[0], key[2], np.array(rows[key], np.intp)


def quoted(
    underlying: Underlying, contracts: tuple[Contract, ...], columns: dict[str, Floats]
) -> OptionChain:
    """Return a chain of contracts that carry roots of the underlying; columns left out are unknown."""
    unknown = np.full(len(contracts), np.nan)
    settles: dict[tuple[str, date], int] = {}
    for each in contracts:
        key = each.root, each.expiry
        if key not in settles:
            settles[key] = settle_ns(underlying, *key)
    return OptionChain(
        underlying,
        contracts,
        strike=np.array([each.strike for each in contracts], np.float64),
        sign=np.array([1.0 if each.right == "C" else -1.0 for each in contracts]),
        settle_ns=np.array([settles[each.root, each.expiry] for each in contracts], np.int64),
        **{name: columns.get(name, unknown) for name in _COLUMNS},
    )


def alive(chain: OptionChain, choice: Chosen, at_ns: int) -> OptionChain:
    """Return what has not settled at a moment of the chosen expirations; NoDataError when that is nothing.

    choice : that day's, one date, how many of the nearest, or all
    """
    day = datetime.fromtimestamp(at_ns // NS, ET).date()
    trading = chain.settle_ns > at_ns
    left = {each.expiry for each, open_ in zip(chain.contracts, trading.tolist(), strict=True) if open_}
    if not left:
        raise NoDataError(
            f"Every contract had expired by {day} {_clock(at_ns)}; the last expiration is "
            f"{chain.expiries()[-1]}, so name an earlier moment with --at."
        )
    wanted = _wanted(choice, day, sorted(left))
    if not wanted & left:
        raise NoDataError(_none_of(choice, day, chain.expiries(), at_ns))
    chosen = np.array([each.expiry in wanted for each in chain.contracts])
    return chain.part(trading & chosen)


def paired(strike: Floats, sign: Floats, *columns: Floats) -> tuple[Floats, list[tuple[Floats, Floats]]]:
    """Return (strikes, [(call, put) of each column]), (k,) each, of contracts that settle together.

    nan where a strike lacks one of the two.
    """
    strikes, row = np.unique(strike, return_inverse=True)
    pairs = []
    for column in columns:
        call, put = np.full((2, strikes.size), np.nan)
        call[row[sign > 0]], put[row[sign < 0]] = column[sign > 0], column[sign < 0]
        pairs.append((call, put))
    return strikes, pairs


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
