"""Chains as JSON: the exchange's delayed quotes, Massive's pages, and rows of named columns.

Owns which keys mean what. Pages may stand in one array, behind one another, or one a line. A value of the
wrong sort is an unknown one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC
from math import isnan, nan
from typing import Any

from ...model.errors import StoreError
from .cells import amount, contract_named, contract_of, in_range, instant, number, symbol_named
from .named_rows import named_rows
from .sheet import Row, Sheet

Document = Mapping[str, Any]


def read_documents(text: str) -> list[Sheet]:
    """Read every page; StoreError says in half a sentence why there is none."""
    try:
        found = list(_documents(text))
    except (ValueError, RecursionError) as error:
        raise StoreError(f"is damaged JSON ({_where(error)})") from error
    sheets = [sheet for each in found for sheet in _sheets(each)] or named_rows(found)
    if not sheets:
        raise StoreError(_refusal(found) or "is JSON, but holds no option chain")
    return sheets


def _documents(text: str) -> Iterator[object]:
    """Yield what stands behind one another."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        found, at = decoder.raw_decode(text, at)
        yield found


def _where(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos:,}"
    return "a value that is too large or too deep"


def _sheets(document: object) -> Iterator[Sheet]:
    if isinstance(document, list):
        bare = [each for each in document if _is_row(each)]
        if bare:
            yield _massive({"results": bare})
        for each in document:
            if not isinstance(each, list) and not _is_row(each):  # pages do not nest deeper than that
                yield from _sheets(each)
    elif isinstance(document, dict):
        if isinstance(document.get("data"), dict) and isinstance(document["data"].get("options"), list):
            yield _exchange(document, document["data"])
        elif isinstance(document.get("results"), (list, dict)) and _has_rows(document["results"]):
            yield _massive(document)
        elif _is_row(document):
            yield _massive({"results": [document]})


def _has_rows(results: object) -> bool:
    return not results or any(map(_is_row, results if isinstance(results, list) else [results]))


def _is_row(document: object) -> bool:
    return isinstance(document, dict) and "details" in document


def _refusal(documents: list[object]) -> str:
    """Say what a provider answered in place of a chain, '' when it is no such answer."""
    for each in documents:
        if isinstance(each, dict):
            words = each.get("message") or each.get("error")
            if isinstance(words, str):
                return f"holds no chain but the provider's answer '{' '.join(words.split())[:120]}'"
    return ""


def _exchange(document: Document, data: Document) -> Sheet:
    named = data.get("symbol") or document.get("symbol")
    stamp = document.get("timestamp")
    sheet = Sheet(
        spot=number(data.get("current_price")),
        spot_bid=number(data.get("bid")),
        spot_ask=number(data.get("ask")),
        at_ns=instant(stamp, UTC) if isinstance(stamp, str) else None,
        delayed=True,
    )
    for row in data["options"]:
        contract = contract_named(row.get("option")) if isinstance(row, dict) else None
        if contract is None:
            sheet.unread += 1
            continue
        keys = ("bid", "ask", "volume", "open_interest", "iv")
        bid, ask, volume, oi, iv = (amount(row.get(key)) for key in keys)
        sheet.rows.append(Row(contract, bid, ask, volume, oi, iv, underlying=_symbol(named)))
    return sheet


def _massive(page: Document) -> Sheet:
    results = page["results"]
    sheet = Sheet(more=bool(page.get("next_url")), delayed=page.get("status") == "DELAYED")
    newest = -1.0
    for row in results if isinstance(results, list) else [results]:
        found = _massive_row(row) if isinstance(row, dict) else None
        if found is None:
            sheet.unread += 1
            continue
        sheet.rows.append(found)
        under, quote = _part(row, "underlying_asset"), _part(row, "last_quote")
        sheet.delayed |= "DELAYED" in (under.get("timeframe"), quote.get("timeframe"))
        spot, when = _spot(under), max(_stamp(under), _stamp(quote))
        sheet.at_ns = in_range(max(when, sheet.at_ns or 0.0))
        if not isnan(spot) and _stamp(under) > newest:
            sheet.spot, newest = spot, _stamp(under)
    return sheet


def _massive_row(row: Document) -> Row | None:
    details, quote = _part(row, "details"), _part(row, "last_quote")
    contract = contract_named(details.get("ticker"))
    if contract is None:
        root = _symbol(_part(row, "underlying_asset").get("ticker"))
        expiry, right = str(details.get("expiration_date")), str(details.get("contract_type"))
        contract = contract_of(root, expiry, right, details.get("strike_price"))
    if contract is None:
        return None
    return Row(
        contract,
        bid=amount(quote.get("bid")),
        ask=amount(quote.get("ask")),
        volume=_volume(row),
        oi=amount(row.get("open_interest")),
        iv=amount(row.get("implied_volatility")),
        shares=amount(details.get("shares_per_contract")),
        quote_ns=int(max(_stamp(quote), 0.0)),
        underlying=_symbol(_part(row, "underlying_asset").get("ticker")),
    )


def _volume(row: Document) -> float:
    """Return the day's volume; an empty day is one without a trade, a missing one says nothing."""
    day = row.get("day")
    if not isinstance(day, dict):
        return nan
    return amount(day["volume"]) if "volume" in day else 0.0


def _spot(under: Document) -> float:
    """Return the price of a share, or the value of an index."""
    price = number(under.get("price"))
    return number(under.get("value")) if isnan(price) else price


def _stamp(part: Document) -> float:
    stamp = number(part.get("last_updated"))
    return -1.0 if isnan(stamp) else float(in_range(stamp) or -1)


def _part(row: Document, key: str) -> Document:
    part = row.get(key)
    return part if isinstance(part, dict) else {}


def _symbol(value: object) -> str:
    """Return an underlying's symbol, '' for none."""
    return symbol_named(value) if isinstance(value, str) else ""
