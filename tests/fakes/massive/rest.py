"""The REST half of the provider: an aiohttp application over a shelf."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from .plan import Plan
from .shelf import Asked, Row, Shelf

ELSEWHERE = "https://another-host.invalid"
"""Where `next_url` points: not here. A client that follows it blindly sends its key away."""

_NEW_YORK = ZoneInfo("America/New_York")
_FINE = 200
_DEFAULT_LIMIT, _CHAIN_LIMIT, _CHAIN_MOST, _MOST = 5_000, 10, 250, 50_000


class RestHalf:
    """Answers requests and remembers them in `asked`."""

    def __init__(self, plan: Plan, shelf: Shelf) -> None:
        self.asked: list[Asked] = []
        self._plan, self._shelf = plan, shelf

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application()
        app.router.add_get("/v3/snapshot/options/{symbol}", self._checked(self._chain))
        app.router.add_get("/v3/reference/options/contracts", self._checked(self._contracts))
        app.router.add_get("/v3/reference/conditions", self._checked(self._conditions))
        app.router.add_get("/v3/trades/{ticker}", self._checked(self._trades))
        app.router.add_get("/v3/quotes/{ticker}", self._checked(self._quotes))
        app.router.add_get(
            "/v2/aggs/ticker/{ticker}/range/{n}/{span}/{begin}/{end}", self._checked(self._bars)
        )
        app.router.add_get("/v2/aggs/ticker/{ticker}/prev", self._checked(self._day))
        app.router.add_get(
            "/v1/marketstatus/now", self._checked(lambda _: web.json_response(self._shelf.market))
        )
        app.router.add_get(
            "/v1/marketstatus/upcoming", self._checked(lambda _: web.json_response(self._shelf.upcoming))
        )
        return app

    def _checked(self, answer: Callable[[web.Request], web.Response]) -> Any:
        async def handler(request: web.Request) -> web.Response:
            key = _key(request)
            self.asked.append(Asked(request.path, dict(request.query), key))
            if self._shelf.gate is not None:
                await self._shelf.gate(len(self.asked))
            if self._shelf.failures and (failure := self._shelf.failures.pop(0)) != _FINE:
                return self._failed(request, failure)
            if key != self._plan.key:
                return _error(401, "ERROR", self._plan.refusal("Unknown API Key", key))
            if request.path.startswith(self._plan.rest_refused or ("\0",)):
                said = self._plan.refusal("You are not entitled to this data.", key)
                return _error(403, "NOT_AUTHORIZED", said)
            for path, http_status in self._shelf.broken.items():
                if request.path.startswith(path):
                    return self._failed(request, http_status)
            return answer(request)

        return handler

    def _failed(self, request: web.Request, http_status: int) -> web.Response:
        if http_status == 0:
            assert request.transport is not None
            request.transport.abort()
        answer = _error(http_status or 500, "ERROR", self._plan.refusal("try again later", _key(request)))
        if 300 <= http_status < 400:
            answer.headers["Location"] = f"{ELSEWHERE}{request.path}"
        if self._shelf.retry_after:
            answer.headers["Retry-After"] = self._shelf.retry_after
        return answer

    def _chain(self, request: web.Request) -> web.Response:
        def fits(row: Row) -> bool:
            details = row["details"]
            return _between(request, "expiration_date", details["expiration_date"], str) and _between(
                request, "strike_price", details["strike_price"], float
            )

        rows = [row for row in self._shelf.chains.get(request.match_info["symbol"], []) if fits(row)]
        rows.sort(key=lambda row: row["details"]["ticker"])
        return self._page(request, rows, _CHAIN_LIMIT, _CHAIN_MOST)

    def _contracts(self, request: web.Request) -> web.Response:
        asked = _parameters(request)
        symbol, as_of = asked.get("underlying_ticker"), asked.get("as_of", "9999")

        def fits(row: Row) -> bool:
            there = row.get("listed", "") <= as_of and symbol in (None, row.get("underlying_ticker", symbol))
            return there and _between(request, "expiration_date", row["expiration_date"], str)

        return self._page(request, [row for row in self._shelf.contracts if fits(row)], 10, 1_000)

    def _conditions(self, request: web.Request) -> web.Response:
        return self._page(request, self._shelf.conditions, 10, 1_000)

    def _trades(self, request: web.Request) -> web.Response:
        return self._ticks(request, self._shelf.trades[request.match_info["ticker"]])

    def _quotes(self, request: web.Request) -> web.Response:
        return self._ticks(request, self._shelf.quotes[request.match_info["ticker"]])

    def _ticks(self, request: web.Request, rows: list[Row]) -> web.Response:
        found = [row for row in rows if _between(request, "timestamp", row["sip_timestamp"], int)]
        newest_first = _parameters(request).get("order", "desc") == "desc"
        found.sort(
            key=lambda row: (row["sip_timestamp"], row.get("sequence_number", 0)), reverse=newest_first
        )
        return self._page(request, found, 1_000, _MOST)

    def _bars(self, request: web.Request) -> web.Response:
        asked = request.match_info
        begin, end = _milliseconds(asked["begin"], time.min), _milliseconds(asked["end"], time.max)
        shelf = {"minute": self._shelf.bars, "day": self._shelf.day_bars}[asked["span"]]
        rows = [row for row in shelf[asked["ticker"]] if begin <= row["t"] <= end]
        return self._page(request, rows, _DEFAULT_LIMIT, _MOST)

    def _day(self, request: web.Request) -> web.Response:
        bar = self._shelf.days.get(request.match_info["ticker"])
        return self._page(request, [] if bar is None else [bar], 1, 1)

    def _page(self, request: web.Request, rows: list[Row], usual: int, most: int) -> web.Response:
        parameters = _parameters(request)
        limit = min(int(parameters.get("limit", usual)), most, self._shelf.page)
        begin = int(parameters.get("begin", 0))
        body: Row = {
            "status": "DELAYED" if self._shelf.delayed else "OK",
            "request_id": f"r{len(self.asked)}",
            "results": rows[begin : begin + limit],
        }
        if begin + limit < len(rows):
            cursor = base64.urlsafe_b64encode(json.dumps({**parameters, "begin": begin + limit}).encode())
            body["next_url"] = f"{ELSEWHERE}{request.path}?cursor={cursor.decode()}"
        return web.json_response(body)


def _key(request: web.Request) -> str | None:
    bearer = request.headers.get("Authorization", "")
    return bearer.removeprefix("Bearer ") if bearer.startswith("Bearer ") else request.query.get("apiKey")


def _milliseconds(text: str, at: time) -> int:
    """Read a number of ms, or a date as its first or last moment in New York."""
    if text.isdecimal():
        return int(text)
    return int(datetime.combine(date.fromisoformat(text), at, _NEW_YORK).timestamp() * 1000)


def _parameters(request: web.Request) -> dict[str, str]:
    """Return the parameters, those of the first page where a cursor stands for them."""
    cursor = request.query.get("cursor")
    return dict(request.query) if cursor is None else json.loads(base64.urlsafe_b64decode(cursor))


def _between(request: web.Request, name: str, value: Any, read: Callable[[str], Any]) -> bool:
    given = {key: read(text) for key, text in _parameters(request).items() if key.partition(".")[0] == name}
    checks = {
        name: lambda limit: value == limit,
        f"{name}.gte": lambda limit: value >= limit,
        f"{name}.gt": lambda limit: value > limit,
        f"{name}.lte": lambda limit: value <= limit,
        f"{name}.lt": lambda limit: value < limit,
    }
    return all(checks[key](limit) for key, limit in given.items())


def _error(http_status: int, status: str, message: str) -> web.Response:
    field = "message" if status == "NOT_AUTHORIZED" else "error"
    return web.json_response({"status": status, "request_id": "r", field: message}, status=http_status)
