"""Columns of cells, however they were stored, as a sheet: the one reader of every named layout.

Owns what makes a row a contract, what is missing where none can be, and which cell of a row is bad.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from math import isnan, nan

from ...model.calendar import ET, is_session, session
from ...model.contracts import MAX_STRIKE_MILLI, Contract
from ...model.errors import NoDataError, StoreError
from ...model.events import NS
from .cells import amount, contract_named, in_range, instant, number, right_named, root_named, symbol_named
from .columns import IDENTITY, Columns, place, place_halves
from .expiries import days_of
from .sheet import Row, Sheet

_NUMBERS = ("bid", "ask", "volume", "oi", "iv")
_MS = 1_000_000
_PER_MILLI = 1000.0  # ThetaData's second version writes strikes in 1/1000 $

Cells = Sequence[object]


@dataclass(frozen=True, slots=True)
class _Names:
    """What names the contracts of a table, by row."""

    expiry: Sequence[date | None]
    root: str
    divisor: float


def read_records(names: Sequence[str], rows: Sequence[Cells], root: str = "", first: int = 2) -> Sheet:
    """Read a table; StoreError says in half a sentence what is missing.

    root  : of contracts whose table does not say whose they are
    first : the number of the first row, for sentences
    """
    halves = place_halves(names) or {"": place(names)}
    columns = next(iter(halves.values()))
    if "contract" in columns and set(IDENTITY) & columns.keys() and not _names_contracts(rows, columns):
        halves = {right: _underlying_named(each) for right, each in halves.items()}
        columns = next(iter(halves.values()))
    _need(names, columns, both="" not in halves)
    expiries, doubt = days_of([_text(row, columns, "expiry") for row in rows])
    says_whose = {"root", "underlying", "contract"} & columns.keys()
    if not says_whose and not root:
        raise StoreError(
            "does not say whose options these are; name the symbol: spymon levels SYMBOL --chain …"
        )
    naming = _Names(expiries, root, _PER_MILLI if "quoted_ms" in columns else 1.0)
    sheet = Sheet(
        has=frozenset(_NUMBERS) & columns.keys(), notes=(doubt,) if doubt and "expiry" in columns else ()
    )
    for i, row in enumerate(rows):
        for right, half in halves.items():
            _take(sheet, row, half, _contract(row, half, naming, i, right), first + i)
    _about(sheet, rows, columns)
    return sheet


def _names_contracts(rows: Sequence[Cells], columns: Columns) -> bool:
    return any(contract_named(_cell(row, columns, "contract")) for row in rows)


def _underlying_named(columns: Columns) -> Columns:
    """Return the columns of a table whose symbol is the underlying's."""
    known = {name: i for name, i in columns.items() if name != "contract"}
    return {"underlying": columns["contract"], **known}


def _need(names: Sequence[str], columns: Columns, both: bool) -> None:
    named = "contract" in columns
    missing = (
        [] if named else [name for name in IDENTITY if name not in columns and not (both and name == "right")]
    )
    if (not named and len(missing) == len(IDENTITY)) or not set(_NUMBERS) & columns.keys():
        missing += [name for name in ("bid", "ask", "oi") if name not in columns]
    if missing:
        have = ", ".join(" ".join(name.split())[:40] for name in names[:12]) + (
            " …" if len(names) > 12 else ""
        )
        raise StoreError(f"has the columns {have}; it lacks {', '.join(missing)}")


def _contract(row: Cells, columns: Columns, naming: _Names, i: int, right: str) -> Contract | str:
    """Return a row's contract, or what is wrong with it."""
    if "contract" in columns:
        text = _text(row, columns, "contract")
        return contract_named(text) or f"{text!r} names no contract"
    root, on = _root(row, columns, naming.root), naming.expiry[i]
    if not root:
        return f"{_text(row, columns, 'root') or _text(row, columns, 'underlying')!r} is no root"
    if on is None:
        return f"its expiration {_text(row, columns, 'expiry')!r} is no date"
    side = right or right_named(_text(row, columns, "right"))
    if not side:
        return f"its right {_text(row, columns, 'right')!r} is neither call nor put"
    milli = number(_cell(row, columns, "strike")) / naming.divisor * 1000.0
    if not 0.5 <= milli <= MAX_STRIKE_MILLI:
        return f"its strike {_text(row, columns, 'strike')!r} is no price"
    return Contract(root, on, side, round(milli))


def _root(row: Cells, columns: Columns, known: str) -> str:
    for name in ("root", "underlying"):
        if text := _text(row, columns, name):
            return root_named(text)
    return known


def _take(sheet: Sheet, row: Cells, columns: Columns, contract: Contract | str, line: int) -> None:
    if isinstance(contract, str):
        sheet.unread += 1
        sheet.bad = sheet.bad or f"row {line}: {contract}"
        return
    bid, ask, volume, oi = (amount(_cell(row, columns, name)) for name in _NUMBERS[:4])
    iv, shares = number(_cell(row, columns, "iv")), amount(_cell(row, columns, "shares"))
    underlying = symbol_named(_text(row, columns, "underlying"))
    sheet.rows.append(
        Row(contract, bid, ask, volume, oi, iv, shares, _quote_ns(row, columns) or 0, underlying)
    )


def _about(sheet: Sheet, rows: Sequence[Cells], columns: Columns) -> None:
    """Read spot and moment from the rows: the newest one's."""
    moments = [_quote_ns(row, columns) or _close_ns(row, columns) or 0 for row in rows]
    if not moments:
        return
    newest = max(range(len(moments)), key=lambda i: (moments[i], i))
    sheet.at_ns = moments[newest] or None
    spots = [number(_cell(row, columns, "spot")) for row in (rows[newest], *rows)]
    sheet.spot = next((spot for spot in spots if spot > 0.0), nan)


def _quote_ns(row: Cells, columns: Columns) -> int | None:
    """Return when a row's quote was made: counted from 1970, a moment, or a day and its milliseconds."""
    if "quoted_ms" in columns:
        ms = number(_cell(row, columns, "quoted_ms"))
        return None if isnan(ms) else _moment_of(_text(row, columns, "quoted_day"), int(ms))
    value = _cell(row, columns, "quoted")
    counted = number(value)
    if not isnan(counted):
        return next((at for unit in (1, _MS, NS) if (at := in_range(counted * unit)) is not None), None)
    return _moment(value) if isinstance(value, str) else None


@cache
def _moment_of(day: str, ms: int) -> int | None:
    (on,), _ = days_of([day])
    if on is None:
        return None
    return int((datetime.combine(on, time(), ET) + timedelta(milliseconds=ms)).timestamp() * 1000) * _MS


@cache
def _moment(text: str) -> int | None:
    return instant(text)


def _close_ns(row: Cells, columns: Columns) -> int | None:
    """Return the close of the day a row is of."""
    return _closing(_text(row, columns, "quoted_day"))


@cache
def _closing(text: str) -> int | None:
    (day,), _ = days_of([text])
    try:
        return session(day).close_ns if day is not None and is_session(day) else None
    except NoDataError:
        return None


def _cell(row: Cells, columns: Columns, name: str) -> object:
    at = columns.get(name, -1)
    return row[at] if 0 <= at < len(row) else None


def _text(row: Cells, columns: Columns, name: str) -> str:
    value = _cell(row, columns, name)
    return "" if value is None else str(value).strip()
