"""The REST client against the provider on loopback: pages, waits, tries, and where the key goes."""

from __future__ import annotations

import socket
import traceback
from datetime import date

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.feeds.massive.rest_client import RestClient
from engine.feeds.massive.rest_limits import rest_limit
from engine.feeds.massive.wire.pages import Pages, market_status
from engine.feeds.massive.wire.requests import MARKET_STATUS, Request, TryLaterError, chain, trades
from engine.feeds.transport.rate_limit import RateLimit
from engine.model.errors import CredentialError, ProviderError
from tests.fakes.massive import CALL, KEY, Massive, rest_trade, trade
from tests.fakes.massive.messages import BEGIN_MS

DAY = date(2025, 12, 19)
BEGIN_NS = BEGIN_MS * 1_000_000


class Waits:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.waited: list[float] = []

    def clock(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now_s += seconds


def client(
    url: str, waits: Waits, key: str = KEY, limit: RateLimit | None = None, tries: int = 5
) -> RestClient:
    return RestClient(
        url, key, limit or rest_limit(), seed=1, tries=tries, clock=waits.clock, sleep=waits.sleep
    )


def shelve_trades(fake: Massive, count: int) -> None:
    fake.shelf.trades[CALL] = [rest_trade(trade(q=q, t=BEGIN_MS + q)) for q in range(count)]


async def sequences(rest: RestClient, limit: int) -> list[int]:
    pages, request = Pages(), trades(CALL, BEGIN_NS, BEGIN_NS * 2, limit)
    found = [pages.trades(each.rows, 1).sequences.tolist() async for each in rest.pages(request)]
    return [q for page in found for q in page]


async def test_all_pages_come_from_the_configured_host_in_order() -> None:
    async with Massive() as fake, client(fake.rest_url, Waits()) as rest:
        shelve_trades(fake, 7)
        assert await sequences(rest, limit=3) == list(range(7))
        assert len(fake.asked) == 3
        assert {each.key for each in fake.asked} == {KEY}


async def test_a_busy_provider_is_asked_again() -> None:
    waits = Waits()
    async with Massive() as fake, client(fake.rest_url, waits) as rest:
        shelve_trades(fake, 7)
        # The HTTP library sends a request again by itself when a connection breaks off.
        fake.shelf.failures += [0, 0, 503, 500, 429]
        assert await sequences(rest, limit=3) == list(range(7))
    assert len(waits.waited) == 4
    assert all(wait <= limit for wait, limit in zip(waits.waited, (0.5, 1, 2, 4), strict=True))


async def test_a_provider_that_stays_busy_is_given_up() -> None:
    async with Massive() as fake, client(fake.rest_url, Waits(), tries=3) as rest:
        fake.shelf.failures += [500] * 10
        with pytest.raises(TryLaterError, match="HTTP 500"):
            await rest.page(chain("SPY", DAY, DAY))
        assert len(fake.asked) == 3


async def test_the_provider_may_say_when_to_come_back() -> None:
    waits = Waits()
    async with Massive() as fake, client(fake.rest_url, waits) as rest:
        fake.shelf.failures, fake.shelf.retry_after = [429], "7"
        await rest.page(chain("SPY", DAY, DAY))
    assert waits.waited == [7.0]


async def test_nobody_waits_for_a_provider_that_says_an_hour() -> None:
    waits = Waits()
    async with Massive() as fake, client(fake.rest_url, waits) as rest:
        fake.shelf.failures, fake.shelf.retry_after = [429], "3600"
        with pytest.raises(TryLaterError):
            await rest.page(chain("SPY", DAY, DAY))
    assert waits.waited == []


async def test_a_refused_key_is_not_tried_again() -> None:
    async with Massive() as fake, client(fake.rest_url, Waits(), key="canary") as rest:
        with pytest.raises(CredentialError):
            await rest.page(chain("SPY", DAY, DAY))
        assert len(fake.asked) == 1


async def test_requests_wait_their_turn() -> None:
    waits = Waits()
    async with Massive() as fake, client(fake.rest_url, waits, limit=RateLimit(2, 60.0)) as rest:
        shelve_trades(fake, 7)
        await sequences(rest, limit=2)
    assert waits.waited == [60.0]


async def test_a_plan_that_keeps_answering_429_is_asked_less_often() -> None:
    waits, limit = Waits(), RateLimit(20, 1.0, slow=(1, 60.0))
    async with Massive() as fake, client(fake.rest_url, waits, limit=limit) as rest:
        fake.shelf.failures = [429] * 3
        await rest.page(chain("SPY", DAY, DAY))
    assert 50 < waits.waited[-1] <= 60


async def test_redirects_are_not_followed() -> None:
    async with Massive() as fake, client(fake.rest_url, Waits()) as rest:
        fake.shelf.failures = [302]
        with pytest.raises(ProviderError, match="HTTP 302"):
            await rest.page(chain("SPY", DAY, DAY))


async def test_pages_that_lead_back_to_themselves_end() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"status": "OK", "results": [], "next_url": str(request.url)})

    app = web.Application()
    app.router.add_get("/loop", answer)
    async with TestServer(app) as server, client(str(server.make_url("")), Waits()) as rest:
        with pytest.raises(ProviderError, match="lead back to themselves"):
            _ = [page async for page in rest.pages(Request("/loop"))]


async def test_what_has_no_envelope_is_returned_as_it_is() -> None:
    async with Massive() as fake, client(fake.rest_url, Waits()) as rest:
        assert market_status(await rest.bare(MARKET_STATUS)).market == "open"


@pytest.mark.parametrize("path", ["@another-host.invalid/v3", "//another-host.invalid/v3", ":1@x/v3"])
async def test_no_path_leads_to_another_host(path: str) -> None:
    async with Massive() as fake, client(fake.rest_url, Waits()) as rest:
        with pytest.raises(Exception, match="nothing under this name"):
            await rest.page(Request(path))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_a_refused_connection_is_one_sentence_without_the_key() -> None:
    async with client(f"http://127.0.0.1:{free_port()}", Waits(), key="canary", tries=2) as rest:
        with pytest.raises(
            TryLaterError, match=r"127\.0\.0\.1 cannot be reached; check the network"
        ) as caught:
            await rest.page(chain("SPY", DAY, DAY))
        assert "canary" not in "".join(traceback.format_exception(caught.value)) + repr(rest)


async def test_a_host_that_does_not_speak_tls_is_not_asked_twice() -> None:
    waits = Waits()
    async with Massive() as fake, client(fake.rest_url.replace("http:", "https:"), waits) as rest:
        with pytest.raises(ProviderError, match="does not speak TLS"):
            await rest.page(chain("SPY", DAY, DAY))
    assert waits.waited == []
