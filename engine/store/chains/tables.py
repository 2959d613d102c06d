"""Chains as comma-separated tables: the exchange's download, and the plain one.

Owns their columns. A table that is neither is None; one that lacks a column says which.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from math import isnan

from ...model.contracts import Contract
from ...model.errors import StoreError
from .cells import amount, contract_named, contract_of, instant, number
from .sheet import Row, Sheet

PLAIN = "symbol,root,expiry,right,strike,bid,ask,volume,oi,iv"
"""The plain table; `symbol` alone or root, expiry, right and strike name the contract."""

_ALIASES = {
    "expiration": "expiry", "expiration date": "expiry", "type": "right", "option type": "right",
    "contract type": "right", "strike price": "strike", "vol": "volume", "open interest": "oi",
    "open int": "oi", "openinterest": "oi", "implied volatility": "iv",
}  # fmt: skip
_PARTS = ("root", "expiry", "right", "strike")
_KNOWING = {"strike", "oi", "iv", "bid", "right", "expiry"}  # a table with none of them is no chain
_OTHER_MARK = re.compile(r"[;\t|]")
_HEAD_ROWS = 12  # above the exchange's table stand a few lines about the underlying
_LAST = re.compile(r"\s*last:\s*(\S.*)", re.IGNORECASE)
_DATE = re.compile(r"\s*(?:date:\s*)?(.*\d{1,2}:\d{2}.*)", re.IGNORECASE)

Columns = Mapping[str, int]


def read_table(lines: Iterable[str]) -> Sheet:
    """Read a table; StoreError says in half a sentence what is missing."""
    try:
        table = [[cell.strip() for cell in row] for row in csv.reader(lines) if any(map(str.strip, row))]
    except csv.Error as error:
        raise StoreError(f"is not a table ({error})") from error
    for i, row in enumerate(table[:_HEAD_ROWS]):
        names = [_named(cell) for cell in row]
        if {"calls", "puts", "strike"} <= set(names):
            return _exchange(table[:i], names, table[i + 1 :])
    if len(table[0]) == 1 and _KNOWING & {_named(cell) for cell in _OTHER_MARK.split(table[0][0])}:
        raise StoreError("has something else than commas between its columns")
    return _plain([_named(cell) for cell in table[0]], table[1:])


def _named(cell: str) -> str:
    """Return what we call a column, whatever its capitals, underscores and abbreviations."""
    plain = " ".join(cell.lower().replace("_", " ").split())
    return _ALIASES.get(plain, plain)


# --- the exchange's quotedata.csv --------------------------------------------------------------------


def _exchange(above: Sequence[list[str]], names: Sequence[str], rows: Iterable[list[str]]) -> Sheet:
    """Read one row per strike, calls left and puts right, under two lines with spot and date."""
    strike = names.index("strike")
    half = {"C": names.index("calls"), "P": names.index("puts")}
    sides = [
        _columns(names, half["C"], half["P"] if half["C"] < half["P"] else len(names)),
        _columns(names, half["P"], half["C"] if half["P"] < half["C"] else len(names)),
    ]
    _need(["bid", "ask", "oi"], sides[0], "calls")
    _need(["bid", "ask", "oi"], sides[1], "puts")
    sheet = Sheet(delayed=True)
    _read_above(sheet, above)
    for row in rows:
        if len(row) <= strike:
            sheet.unread += 1
            continue
        for side in sides:
            _take(sheet, row, side)
    return sheet


def _columns(names: Sequence[str], begin: int, end: int) -> Columns:
    """Return where the columns of one side stand; its first one names the contract."""
    known = {names[i]: i for i in reversed(range(begin + 1, end))}
    return known | {"symbol": begin}


def _take(sheet: Sheet, row: Sequence[str], side: Columns) -> None:
    name = _cell(row, side, "symbol")
    if not name:
        return  # a strike may have one right only
    contract = contract_named(name)
    if contract is None or len(row) <= side["oi"]:
        sheet.unread += 1
        return
    sheet.rows.append(Row(contract, *_numbers(row, side)))


def _read_above(sheet: Sheet, above: Sequence[list[str]]) -> None:
    for row in above:
        for i, cell in enumerate(row):
            last = _LAST.fullmatch(cell)
            if last:
                # A thousands separator that was not quoted has cut the price in two.
                tail = row[i + 1] if i + 1 < len(row) and re.fullmatch(r"\d{3}(\.\d+)?", row[i + 1]) else ""
                sheet.spot = number(last[1] + tail)
        sheet.at_ns = sheet.at_ns or _at(row)
    if above and len(above[0]) > 1 and isnan(sheet.spot):
        sheet.spot = number(above[0][1])  # older downloads begin with name, price and change


def _at(row: Sequence[str]) -> int | None:
    for text in (row[0], ", ".join(row[:2])):
        found = _DATE.match(text)
        if found and (at_ns := instant(found[1])) is not None:
            return at_ns
    return None


# --- the plain table ---------------------------------------------------------------------------------


def _plain(names: Sequence[str], rows: Iterable[list[str]]) -> Sheet:
    columns = {name: i for i, name in reversed(list(enumerate(names)))}
    if not _KNOWING & columns.keys():
        raise StoreError("has no columns of a chain")
    _need(["oi", *([] if "symbol" in columns else _PARTS)], columns, "table")
    if "iv" not in columns:
        _need(["bid", "ask"], columns, "table")
    sheet = Sheet()
    for row in rows:
        contract = _named_in(row, columns)
        if contract is None or len(row) <= columns["oi"]:
            sheet.unread += 1
        else:
            sheet.rows.append(Row(contract, *_numbers(row, columns)))
    return sheet


def _named_in(row: Sequence[str], columns: Columns) -> Contract | None:
    named = contract_named(_cell(row, columns, "symbol"))
    if named is not None or not set(_PARTS) <= columns.keys():
        return named
    return contract_of(*(_cell(row, columns, name) for name in _PARTS))


def _numbers(row: Sequence[str], columns: Columns) -> tuple[float, float, float, float, float]:
    """Return bid, ask, volume, oi and iv."""
    bid, ask, volume, oi, iv = (
        amount(_cell(row, columns, name)) for name in ("bid", "ask", "volume", "oi", "iv")
    )
    return bid, ask, volume, oi, iv


def _cell(row: Sequence[str], columns: Columns, name: str) -> str:
    at = columns.get(name, len(row))
    return row[at] if at < len(row) else ""


def _need(names: Iterable[str], columns: Columns, where: str) -> None:
    missing = [name for name in names if name not in columns]
    if missing:
        raise StoreError(f"lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)} in its {where}")
