"""Massive's REST interface without a socket: what to ask for, and whether an answer is a page or an error.

Owns paths and parameters, the key's header, following pages, and one sentence for each refusal. It refuses
to know hosts: `next_url` names one, and only its path and query are kept, so that the key goes nowhere but to
the host that was configured. What rows mean is for `massive_pages` and `massive_chain`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import msgspec

from ....model.errors import CredentialError, NoDataError, ProviderError

CHAIN_PAGE, CONTRACTS_PAGE, TICKS_PAGE = 250, 1_000, 50_000
"""The most rows that a page of each kind may have."""

UNREADABLE: Final = (msgspec.DecodeError, UnicodeError, RecursionError)
"""What reading bytes from outside as JSON may raise."""

_KEY_PARAMETERS = frozenset({"apikey", "api_key"})
_BAD_STATUS = frozenset({"ERROR", "NOT_AUTHORIZED"})
_LONGEST_REASON = 200
_HIDDEN = "•••"


class TryLaterError(ProviderError):
    """The provider cannot answer now (429, 5xx, no connection); asking again later may help.

    retry_after_s : how long it asks to be left alone, 0 when it does not say
    """

    retry_after_s: float = 0.0


class PlanError(CredentialError):
    """The key is known, but its plan does not have what was asked for (403)."""


@dataclass(frozen=True, slots=True)
class Request:
    """Something to GET from the configured host."""

    path: str
    query: tuple[tuple[str, str], ...] = ()

    @property
    def target(self) -> str:
        """Return path and query, encoded."""
        path = quote(self.path, safe="/:%")
        return f"{path}?{urlencode(self.query)}" if self.query else path


@dataclass(frozen=True, slots=True)
class Page:
    """One answer's rows, still encoded.

    rows    : JSON text of `results`, `[]` when the answer has none
    next    : where the rows go on, None on the last page
    delayed : whether the provider calls them delayed, None when it does not say
    """

    rows: bytes = field(repr=False)
    next: Request | None
    delayed: bool | None


def headers(key: str) -> dict[str, str]:
    """Return the headers of every request."""
    return {"Authorization": f"Bearer {key}", "Accept": "application/json"}


def chain(
    symbol: str,
    first: date,
    last: date,
    strikes_milli: tuple[int, int] | None = None,
    limit: int = CHAIN_PAGE,
) -> Request:
    """Ask for a chain's snapshot; expirations and strikes (1/1000 $) from first to last, both included."""
    query = [("expiration_date.gte", first.isoformat()), ("expiration_date.lte", last.isoformat())]
    if strikes_milli is not None:
        low, high = strikes_milli
        query += [("strike_price.gte", _dollars(low)), ("strike_price.lte", _dollars(high))]
    order = [("order", "asc"), ("sort", "ticker"), ("limit", str(limit))]
    return Request(f"/v3/snapshot/options/{symbol}", (*query, *order))


def contracts(symbol: str, first: date, last: date, as_of: date) -> Request:
    """Ask which contracts were listed on a day, with expirations from first to last."""
    query = {
        "underlying_ticker": symbol,
        "expiration_date.gte": first.isoformat(),
        "expiration_date.lte": last.isoformat(),
        "as_of": as_of.isoformat(),
        "order": "asc",
        "sort": "ticker",
        "limit": str(CONTRACTS_PAGE),
    }
    return Request("/v3/reference/options/contracts", tuple(query.items()))


def trades(ticker: str, begin_ns: int, end_ns: int, limit: int = TICKS_PAGE) -> Request:
    """Ask for the trades of one ticker from `begin_ns` until before `end_ns`, ns UTC."""
    return Request(f"/v3/trades/{ticker}", _ticks(begin_ns, end_ns, limit))


def quotes(ticker: str, begin_ns: int, end_ns: int, limit: int = TICKS_PAGE) -> Request:
    """Ask for the quotes of one ticker from `begin_ns` until before `end_ns`, ns UTC."""
    return Request(f"/v3/quotes/{ticker}", _ticks(begin_ns, end_ns, limit))


def minute_bars(ticker: str, begin_ms: int, end_ms: int) -> Request:
    """Ask for the minute bars of one ticker, unadjusted; both ends included, ms UTC."""
    query = (("adjusted", "false"), ("sort", "asc"), ("limit", str(TICKS_PAGE)))
    return Request(f"/v2/aggs/ticker/{ticker}/range/1/minute/{begin_ms}/{end_ms}", query)


def day_bars(ticker: str, first: date, last: date) -> Request:
    """Ask for the bars of whole days of one ticker, unadjusted; both days included."""
    query = (("adjusted", "false"), ("sort", "asc"))
    return Request(f"/v2/aggs/ticker/{ticker}/range/1/day/{first}/{last}", query)


def previous_bar(ticker: str) -> Request:
    """Ask for the last complete day's bar of one ticker, unadjusted."""
    return Request(f"/v2/aggs/ticker/{ticker}/prev", (("adjusted", "false"),))


MARKET_STATUS: Final = Request("/v1/marketstatus/now")
UPCOMING: Final = Request("/v1/marketstatus/upcoming")
CONDITIONS: Final = Request("/v3/reference/conditions", (("asset_class", "options"), ("limit", "1000")))
EXCHANGES: Final = Request("/v3/reference/exchanges", (("asset_class", "options"),))


def following(next_url: str) -> Request:
    """Return what `next_url` asks for, without its host and without any key."""
    parts = urlsplit(next_url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    kept = tuple((name, value) for name, value in query if name.lower() not in _KEY_PARAMETERS)
    return Request(parts.path, kept)


class _Envelope(msgspec.Struct):
    status: str = ""
    results: msgspec.Raw = msgspec.Raw(b"[]")
    next_url: str | None = None
    message: str = ""
    error: str = ""


_ENVELOPES = msgspec.json.Decoder(_Envelope)


def page(http_status: int, body: bytes, key: str) -> Page:
    """Read an answer; CredentialError, NoDataError, BusyError or ProviderError when it is none.

    key : never repeated in an error, whatever the provider writes
    """
    envelope = _envelope(body)
    if http_status != 200 or envelope is None or envelope.status in _BAD_STATUS:
        raise _refusal(http_status, envelope, key)
    follow = _following(envelope.next_url) if envelope.next_url else None
    delayed = {"OK": False, "DELAYED": True}.get(envelope.status)
    return Page(bytes(envelope.results), follow, delayed)


def bare(http_status: int, body: bytes, key: str) -> bytes:
    """Return an answer that has no envelope (market status, holidays); errors as for `page`."""
    if http_status != 200:
        raise _refusal(http_status, _envelope(body), key)
    return body


def _refusal(http_status: int, envelope: _Envelope | None, key: str) -> Exception:
    said = (envelope.message or envelope.error) if envelope else ""
    reason = f" ({said.replace(key, _HIDDEN)[:_LONGEST_REASON].rstrip('. ')})" if said else ""
    if http_status == 401:
        return CredentialError(f"Massive does not know this key{reason}; check MASSIVE_API_KEY.")
    if http_status == 403 or (envelope and envelope.status == "NOT_AUTHORIZED"):
        return PlanError(f"Massive's plan for this key does not include this{reason}; choose another plan.")
    if http_status == 404:
        return NoDataError(f"Massive has nothing under this name{reason}; check symbol and date.")
    if http_status == 429 or http_status >= 500:
        return TryLaterError(f"Massive cannot answer now, HTTP {http_status}{reason}; try again later.")
    if http_status == 200:
        return ProviderError(f"Massive's answer cannot be read{reason}; try again, and report it.")
    return ProviderError(f"Massive refused the request, HTTP {http_status}{reason}; please report this.")


def _envelope(body: bytes) -> _Envelope | None:
    try:
        return _ENVELOPES.decode(body)
    except UNREADABLE:
        return None


def _following(next_url: str) -> Request:
    try:
        return following(next_url)
    except ValueError:
        raise ProviderError("Massive's next page has no address; try again, and report it.") from None


def _ticks(begin_ns: int, end_ns: int, limit: int) -> tuple[tuple[str, str], ...]:
    times = (("timestamp.gte", str(begin_ns)), ("timestamp.lt", str(end_ns)))
    return (*times, ("order", "asc"), ("sort", "timestamp"), ("limit", str(limit)))


def _dollars(milli: int) -> str:
    return f"{milli // 1000}.{milli % 1000:03d}".rstrip("0").rstrip(".")
