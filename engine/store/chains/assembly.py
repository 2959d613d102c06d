"""Sheets put together to one chain.

Owns whose contracts they are, what is left out of them, and the moment they show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isnan

import numpy as np

from ...analytics.option_chain import ContractSet, Floats, OptionChain, quoted
from ...model.calendar import clock_text
from ...model.errors import NoDataError, UsageError
from ...model.events import NS
from ...model.underlyings import (
    Underlying,
    adjusted_from,
    generic,
    root_of,
    symbol_of_root,
    underlying_of_root,
)
from .sheet import Row, Sheet

_SHARES = 100.0
_APART_NS = 60 * NS  # pages fetched one after the other are one moment
_LOWEST, _NOT_PERCENT = 0.05, 3.0
"""If all but this share of the volatilities are above 300 %, they are in percent. Far strikes of a chain
about to expire are higher than that, those near the money are not."""

Owners = Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class ChainFile:
    """A chain as files have it.

    spot  : $, None when they do not say
    at_ns : when they were made, ns UTC; None likewise
    notes : one sentence each
    """

    chain: OptionChain
    spot: float | None
    at_ns: int | None
    notes: tuple[str, ...]


def assemble(
    names: str, sheets: Sequence[Sheet], customs: Mapping[str, Underlying], symbol: str | None
) -> ChainFile:
    """Return the chain of the underlying named, or of the only one there is.

    names : of the files, for sentences
    """
    owners = _owners(sheets, customs)
    chosen = _chosen(names, set(owners.values()), symbol)
    ours = [(sheet, _rows_of(sheet, owners, chosen)) for sheet in sheets]
    ours = [(sheet, rows) for sheet, rows in ours if rows]
    met = [row for _, rows in ours for row in rows]
    standard = [row for row in met if row.shares == _SHARES or isnan(row.shares)]
    unique = {row.contract: row for row in standard}
    if not unique:
        raise NoDataError(f"{names} has adjusted contracts of {chosen} only, which are not summed.")
    adjusted = len(met) - len(standard) + _adjusted(sheets, owners, chosen)
    rows = [unique[contract] for contract in sorted(unique)]
    iv, in_percent = _fractions(np.array([row.iv for row in rows]))
    used = [sheet for sheet, _ in ours]
    notes = (
        *_left_out(sheets, adjusted, len(standard) - len(unique)),
        *(["The volatilities look like percentages and were divided by 100."] if in_percent else []),
        *_about(used),
    )
    newest = max(used, key=lambda sheet: (sheet.at_ns or 0, not isnan(sheet.spot)))
    spot = next((sheet.spot for sheet in (newest, *used) if sheet.spot > 0.0), None)
    return ChainFile(_chain(_underlying(chosen, owners, customs), rows, iv), spot, newest.at_ns, notes)


# --- whose they are ----------------------------------------------------------------------------------


def _owners(sheets: Sequence[Sheet], customs: Mapping[str, Underlying]) -> Owners:
    """Return the underlying of each root: by the table, as the file says, or the one it equals.

    Adjusted contracts have no owner.
    """
    said = {row.contract.root: row.underlying for sheet in sheets for row in sheet.rows}
    owners: dict[str, str] = {}
    for root, named in said.items():
        symbol = symbol_of_root(root, customs)
        if symbol is not None:
            known = underlying_of_root(root, customs) is not None or not named
            owners[root] = symbol if known else named
    return owners


def _chosen(names: str, symbols: set[str], asked: str | None) -> str:
    if not symbols:
        raise NoDataError(f"{names} has adjusted contracts only, which are not summed.")
    if asked is not None:
        met = next((each for each in symbols if root_of(each) == root_of(asked)), None)
        if met is None:
            raise NoDataError(f"{names} has contracts of {_listed(symbols)}, none of {asked}.")
        return met
    if len(symbols) > 1:
        first = min(symbols)
        raise UsageError(
            f"{names} has contracts of {_listed(symbols)}; name one of them: spymon levels {first} --chain …"
        )
    return next(iter(symbols))


def _listed(symbols: set[str]) -> str:
    names = sorted(symbols)
    return ", ".join(names[:6]) + (" …" if len(names) > 6 else "")


def _rows_of(sheet: Sheet, owners: Owners, symbol: str) -> list[Row]:
    return [row for row in sheet.rows if owners.get(row.contract.root) == symbol]


def _underlying(symbol: str, owners: Owners, customs: Mapping[str, Underlying]) -> Underlying:
    """Return the underlying with every root that was met; one that nobody knows is a stock."""
    roots = sorted(root for root, owner in owners.items() if owner == symbol)
    known = underlying_of_root(roots[0], customs) or replace(generic(symbol, 1), roots=())
    return replace(known, roots=tuple(dict.fromkeys((*known.roots, *roots))))


# --- columns -----------------------------------------------------------------------------------------


def _chain(underlying: Underlying, rows: Sequence[Row], iv: Floats) -> OptionChain:
    names = ("bid", "ask", "volume", "oi")
    columns = {name: np.array([getattr(row, name) for row in rows], np.float64) for name in names}
    listed = ContractSet.of(underlying, [row.contract for row in rows])
    return quoted(listed, columns | {"iv": iv}, np.array([row.quote_ns for row in rows], np.int64))


def _fractions(iv: Floats) -> tuple[Floats, bool]:
    """Return volatilities as fractions, and whether they were in percent; 0 is how a vendor says unknown."""
    known = np.where(iv > 0.0, iv, np.nan)
    positive = known[~np.isnan(known)]
    low = np.quantile(positive, _LOWEST, method="lower") if positive.size else 0.0
    in_percent = bool(low > _NOT_PERCENT)
    return known / 100.0 if in_percent else known, in_percent


# --- sentences ---------------------------------------------------------------------------------------


def _adjusted(sheets: Sequence[Sheet], owners: Owners, symbol: str) -> int:
    """Return how many rows are of a symbol's adjusted contracts."""
    nobodys = [row for sheet in sheets for row in sheet.rows if row.contract.root not in owners]
    before = [adjusted_from(row.contract.root) for row in nobodys]
    return sum(owners.get(root, root) == symbol or root == root_of(symbol) for root in before)


def _left_out(sheets: Sequence[Sheet], adjusted: int, repeated: int) -> Iterator[str]:
    unread = sum(sheet.unread for sheet in sheets)
    if unread:
        yield f"{_rows(unread)} could not be read and {_was(unread)} left out."
    if adjusted:
        yield f"{_rows(adjusted)} of adjusted contracts {_was(adjusted)} left out."
    if repeated:
        yield f"{_rows(repeated)} repeated a contract; the last one of each counts."


def _about(sheets: Sequence[Sheet]) -> Iterator[str]:
    if any(sheet.delayed for sheet in sheets):
        yield "The quotes are delayed by 15 minutes."
    moments = sorted({sheet.at_ns for sheet in sheets if sheet.at_ns is not None})
    if moments and moments[-1] - moments[0] > _APART_NS:
        yield f"The files were made between {clock_text(moments[0])} and {clock_text(moments[-1])}."
    if any(sheet.more for sheet in sheets) and all(sheet.more for sheet in sheets):
        yield "The last page names another one: the chain is not complete."


def _rows(n: int) -> str:
    return f"{n:,} row{'s' * (n > 1)}"


def _was(n: int) -> str:
    return "was" if n == 1 else "were"
