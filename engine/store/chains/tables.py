"""Chains as separated tables: the exchange's download with calls left and puts right, and plain ones."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from math import isnan, nan

from ...model.errors import StoreError
from .cells import amount, contract_named, instant, number
from .columns import Columns, place, plain
from .records import read_records
from .sheet import Row, Sheet

_MARKS = ",;\t|"
_HEAD_ROWS = 12  # above the exchange's table stand a few lines about the underlying
_LAST = re.compile(r"\s*last:\s*(\S.*)", re.IGNORECASE)
_OWN = re.compile(r"\s*(bid|ask):\s*([0-9.]+)", re.IGNORECASE)
_DATE = re.compile(r"\s*(?:date:\s*)?(.*\d{1,2}:\d{2}.*)", re.IGNORECASE)


def read_table(text: str, root: str = "") -> Sheet:
    """Read a table; StoreError says in half a sentence what is missing.

    root : of contracts whose table does not say whose they are
    """
    mark = max(_MARKS, key=lambda each: sum(line.count(each) for line in text.splitlines()[:_HEAD_ROWS]))
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=mark, skipinitialspace=True)
        table = [[cell.strip() for cell in row] for row in rows if any(map(str.strip, row))]
    except csv.Error as error:
        raise StoreError(f"is not a table ({error})") from error
    for i, row in enumerate(table[:_HEAD_ROWS]):
        names = [plain(cell) for cell in row]
        if {"calls", "puts", "strike"} <= set(names):
            return _exchange(table[:i], names, table[i + 1 :])
    return read_records(table[0], table[1:], root)


# --- the exchange's quotedata.csv --------------------------------------------------------------------


def _exchange(above: Sequence[list[str]], names: Sequence[str], rows: Iterable[list[str]]) -> Sheet:
    """Read one row per strike, calls left and puts right, under two lines with spot and date."""
    strike = names.index("strike")
    half = {"C": names.index("calls"), "P": names.index("puts")}
    sides = [
        _columns(names, half["C"], half["P"] if half["C"] < half["P"] else len(names)),
        _columns(names, half["P"], half["C"] if half["P"] < half["C"] else len(names)),
    ]
    for side, name in zip(sides, ("calls", "puts"), strict=True):
        missing = [each for each in ("bid", "ask", "oi") if each not in side]
        if missing:
            raise StoreError(f"lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)} in its {name}")
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
    known = {name: begin + 1 + i for name, i in place(names[begin + 1 : end]).items()}
    return known | {"contract": begin}


def _take(sheet: Sheet, row: Sequence[str], side: Columns) -> None:
    name = row[side["contract"]] if side["contract"] < len(row) else ""
    if not name:
        return  # a strike may have one right only
    contract = contract_named(name)
    if contract is None or len(row) <= side["oi"]:
        sheet.unread += 1
        sheet.bad = sheet.bad or f"{name!r} names no contract"
        return
    bid, ask, volume, oi = (
        amount(row[side[each]]) if each in side else nan for each in ("bid", "ask", "volume", "oi")
    )
    sheet.rows.append(Row(contract, bid, ask, volume, oi, number(row[side["iv"]]) if "iv" in side else nan))


def _read_above(sheet: Sheet, above: Sequence[list[str]]) -> None:
    for row in above:
        for i, cell in enumerate(row):
            last = _LAST.fullmatch(cell)
            if last:
                # A thousands separator that was not quoted has cut the price in two.
                tail = row[i + 1] if i + 1 < len(row) and re.fullmatch(r"\d{3}(\.\d+)?", row[i + 1]) else ""
                sheet.spot = number(last[1] + tail)
            own = _OWN.fullmatch(cell)
            if own:
                setattr(sheet, f"spot_{own[1].lower()}", number(own[2]))
        sheet.at_ns = sheet.at_ns or _at(row)
    if above and len(above[0]) > 1 and isnan(sheet.spot):
        sheet.spot = number(above[0][1])  # older downloads begin with name, price and change


def _at(row: Sequence[str]) -> int | None:
    for text in (row[0], ", ".join(row[:2])):
        found = _DATE.match(text)
        if found and (at_ns := instant(found[1])) is not None:
            return at_ns
    return None
