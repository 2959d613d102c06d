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
from ...model.contracts import Contract
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
from .volatilities import VendorVolatilities, volatilities

_SHARES = 100.0
_APART_NS = 60 * NS  # pages fetched one after the other are one moment

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
    standard = [[row for row in rows if row.shares == _SHARES or isnan(row.shares)] for _, rows in ours]
    unique, repeated = _merged(standard)
    if not unique:
        raise NoDataError(f"{names} has adjusted contracts of {chosen} only, which are not summed.")
    adjusted = len(met) - sum(map(len, standard)) + _adjusted(sheets, owners, chosen)
    rows = [unique[contract] for contract in sorted(unique)]
    vendor = volatilities(rows)
    used = [sheet for sheet, _ in ours]
    newest = max(used, key=lambda sheet: (sheet.at_ns or 0, not isnan(sheet.spot)))
    told = next((sheet for sheet in (newest, *used) if sheet.spot > 0.0), None)
    notes = (
        *_left_out(sheets, adjusted, repeated),
        *_of_volatilities(vendor),
        *_about(used),
        *([] if told is None else _of_spot(told)),
    )
    spot = None if told is None else told.spot
    return ChainFile(_chain(_underlying(chosen, owners, customs), rows, vendor.iv), spot, newest.at_ns, notes)


def _merged(sheets: Sequence[Sequence[Row]]) -> tuple[dict[Contract, Row], int]:
    """Return the rows by contract and how many were repeated: the last one counts.

    Sheets that tell different things of the same contracts, quotes and open interest, make one row of both.
    """
    unique: dict[Contract, Row] = {}
    repeated = 0
    for rows in sheets:
        fresh = {row.contract: row for row in rows}
        repeated += len(rows) - len(fresh)
        for contract, row in fresh.items():
            before = unique.get(contract)
            repeated += before is not None and not (isnan(before.oi) or isnan(row.oi))
            unique[contract] = row if before is None else _filled(row, before)
    return unique, repeated


def _filled(row: Row, before: Row) -> Row:
    if not isnan(row.oi) and not isnan(before.oi):
        return row
    unknown = {
        name: getattr(before, name)
        for name in ("bid", "ask", "volume", "oi", "iv", "shares")
        if isnan(getattr(row, name))
    }
    return row._replace(**unknown, quote_ns=row.quote_ns if isnan(row.bid) is False else before.quote_ns)


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


# --- sentences ---------------------------------------------------------------------------------------


def _adjusted(sheets: Sequence[Sheet], owners: Owners, symbol: str) -> int:
    """Return how many rows are of a symbol's adjusted contracts."""
    nobodys = [row for sheet in sheets for row in sheet.rows if row.contract.root not in owners]
    before = [adjusted_from(row.contract.root) for row in nobodys]
    return sum(owners.get(root, root) == symbol or root == root_of(symbol) for root in before)


def _left_out(sheets: Sequence[Sheet], adjusted: int, repeated: int) -> Iterator[str]:
    unread = sum(sheet.unread for sheet in sheets)
    if unread:
        bad = next((f": {sheet.bad}" for sheet in sheets if sheet.bad), "")
        yield f"{_rows(unread)} could not be read and {_was(unread)} left out{bad}."
    if adjusted:
        yield f"{_rows(adjusted)} of adjusted contracts {_was(adjusted)} left out."
    if repeated:
        yield f"{_rows(repeated)} repeated a contract; the last one of each counts."


def _of_volatilities(vendor: VendorVolatilities) -> Iterator[str]:
    if vendor.in_percent:
        yield "The volatilities look like percentages and were divided by 100."
    if vendor.impossible == 1:
        yield "1 volatility of the file cannot be one (a placeholder, or in percent) and is taken as unknown."
    elif vendor.impossible:
        yield (
            f"{vendor.impossible:,} volatilities of the file cannot be ones (placeholders, or in percent) "
            "and are taken as unknown."
        )


def _of_spot(sheet: Sheet) -> Iterator[str]:
    bid, ask = sheet.spot_bid, sheet.spot_ask
    if 0.0 < bid <= ask and not bid <= sheet.spot <= ask:
        yield f"The file's spot {sheet.spot:,.2f} is outside its own bid and ask, {bid:,.2f} and {ask:,.2f}."


def _about(sheets: Sequence[Sheet]) -> Iterator[str]:
    if any(sheet.delayed for sheet in sheets):
        yield "The quotes are delayed by 15 minutes."
    moments = sorted({sheet.at_ns for sheet in sheets if sheet.at_ns is not None})
    if moments and moments[-1] - moments[0] > _APART_NS:
        yield f"The files were made between {clock_text(moments[0])} and {clock_text(moments[-1])}."
    if any(sheet.more for sheet in sheets) and all(sheet.more for sheet in sheets):
        yield "The last page names another one: the chain is not complete."
    yield from dict.fromkeys(note for sheet in sheets for note in sheet.notes)


def _rows(n: int) -> str:
    return f"{n:,} row{'s' * (n > 1)}"


def _was(n: int) -> str:
    return "was" if n == 1 else "were"
