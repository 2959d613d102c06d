"""Rows of JSON that name their columns, wherever they stand: in a list, as columns, in maps of maps.

Owns how they are found. What their names mean stands in `columns`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isnan, nan
from typing import Any

from .cells import contract_named, number
from .columns import place, plain
from .records import read_records
from .sheet import Sheet

_DEPTH = 6  # Schwab: map of rights, of expirations, of strikes, list of one
_MOST_COLUMNS = 200


def named_rows(documents: Sequence[object]) -> list[Sheet]:
    """Return the rows of documents as one sheet, nothing where there are none."""
    rows = [_flat(row) for document in documents for row in _rows(document, _DEPTH)]
    if not rows:
        return []
    names = list(dict.fromkeys(name for row in rows for name in row))[:_MOST_COLUMNS]
    sheet = read_records(names, [[row.get(name) for name in names] for row in rows], first=1)
    for document in documents:
        if isinstance(document, dict):
            _read_above(sheet, document)
    return [sheet]


def _rows(document: object, depth: int) -> Iterator[Mapping[str, Any]]:
    if depth == 0:
        return
    if isinstance(document, list):
        for each in document:
            yield from _rows(each, depth)
    elif isinstance(document, dict):
        turned = _turned(document)
        if _is_row(document):
            yield document
        elif turned:
            yield from turned
        else:
            for each in document.values():
                yield from _rows(each, depth - 1)


def _is_row(document: Mapping[str, Any]) -> bool:
    """Say whether a map is of one contract: it has quotes or open interest, and a name or a strike."""
    flat = _flat(document)
    names = list(flat)
    columns = place(names)
    if not {"bid", "ask", "oi", "iv"} & columns.keys():
        return False
    named = "contract" in columns and contract_named(flat[names[columns["contract"]]]) is not None
    return named or ("strike" in columns and not isinstance(flat[names[columns["strike"]]], (list, dict)))


def _turned(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the rows of a map of columns, each a list or a map by row; nothing for anything else."""
    columns = {
        name: list(each.values()) if isinstance(each, dict) else each
        for name, each in document.items()
        if isinstance(each, (list, dict))
    }
    lengths = {len(each) for each in columns.values()}
    if len(columns) < 2 or len(lengths) != 1 or not {"strike", "contract"} & place(columns).keys():
        return []
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with the parts of its maps, and of the first of its lists of maps, as `part.name`."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        part = value[0] if isinstance(value, list) and value else value
        if isinstance(part, dict):
            flat |= {f"{name}.{inner}": each for inner, each in part.items()}
        else:
            flat[name] = value
    return flat


def _read_above(sheet: Sheet, document: Mapping[str, Any]) -> None:
    """Read spot, its quote and a delay from what stands beside the rows."""
    columns = place(document)
    values = list(document.values())
    if isnan(sheet.spot) and "spot" in columns:
        spot = number(values[columns["spot"]])
        sheet.spot = spot if spot > 0.0 else nan
    sheet.delayed |= any(plain(name) == "isdelayed" and value is True for name, value in document.items())
    under = document.get("underlying")
    if isinstance(under, dict):
        sheet.spot_bid, sheet.spot_ask = number(under.get("bid")), number(under.get("ask"))
