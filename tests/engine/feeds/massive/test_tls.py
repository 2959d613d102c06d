"""Websocket and REST over TLS: whom they trust, and what they say when they do not."""

from __future__ import annotations

import asyncio
import json
import signal
import ssl
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from engine.feeds.massive.rest_client import RestClient
from engine.feeds.massive.rest_limits import rest_limit
from engine.feeds.massive.wire.requests import MARKET_STATUS
from engine.feeds.transport.connection_status import Phase
from engine.model.errors import ProviderError
from tests.engine.feeds.massive.staging import FIRST_HOUR_NS, full_chain
from tests.fakes.massive import KEY, Massive
from tests.fakes.massive.listener import machine
from tests.fakes.process import environ, spymon
from tests.fakes.pump import Pump, pumped


@dataclass(frozen=True)
class Authority:
    """Somebody who signs; `file` is whom a client has to trust."""

    server: ssl.SSLContext
    file: Path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    signs = trustme.CA()
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    signs.cert_pem.write_to_path(str(file))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    signs.issue_cert("127.0.0.1").configure_cert(server)
    return Authority(server, file)


async def test_a_trusted_provider_is_heard_on_both_its_interfaces(
    authority: Authority, tmp_path: Path
) -> None:
    async with Massive(tls=authority.server) as fake, asyncio.timeout(120):
        fake.shelf.chains["SPY"] = full_chain()
        assert fake.ws_url.startswith("wss://")
        assert fake.rest_url.startswith("https://")
        settings = environ(
            tmp_path,
            MASSIVE_API_KEY=KEY,
            SPYMON_MASSIVE_WS_URL=fake.ws_url,
            SPYMON_MASSIVE_REST_URL=fake.rest_url,
            SSL_CERT_FILE=str(authority.file),
        )
        process = await spymon("--source massive --symbol SPY --json", tmp_path, settings, FIRST_HOUR_NS)
        assert process.stdout is not None
        seen = set[str]()
        while not seen & {"LIVE", "STALE"}:  # nobody sends anything, so it may be silent by then
            line = json.loads(await process.stdout.readline())
            seen.add(line.get("badge", ""))
        process.send_signal(signal.SIGINT)
        _, said = await process.communicate()
        assert (process.returncode, b"certificate" in said) == (130, False)


async def test_an_untrusted_websocket_is_one_sentence_and_is_tried_again(authority: Authority) -> None:
    async with Massive(tls=authority.server) as fake:
        pump = Pump(f"{fake.ws_url}/options", machine())
        async with asyncio.timeout(30), pumped(pump):
            await pump.until(lambda: pump.phases.count("waiting") == 2)
        status = next(each for each in pump.statuses if each.phase is Phase.WAITING)
        assert status.why.startswith("The certificate of 127.0.0.1 is not trusted (unable to get ")
        assert status.why.endswith("name its file in SSL_CERT_FILE.")
        assert status.retry_at_ns is not None
        assert fake.clients == []


async def test_an_untrusted_rest_interface_says_the_same_and_gets_no_key(authority: Authority) -> None:
    async with Massive(tls=authority.server) as fake:
        async with RestClient(fake.rest_url, KEY, rest_limit(), seed=1) as rest:
            with pytest.raises(
                ProviderError, match=r"certificate of 127.0.0.1 is not trusted .*SSL_CERT_FILE"
            ):
                await rest.bare(MARKET_STATUS)
        assert fake.asked == []


async def test_a_host_that_does_not_speak_tls_is_named() -> None:
    async with Massive() as fake:
        async with RestClient(fake.rest_url.replace("http", "https"), KEY, rest_limit(), seed=1) as rest:
            with pytest.raises(ProviderError, match=r"127.0.0.1 does not speak TLS"):
                await rest.bare(MARKET_STATUS)
        pump = Pump(f"wss://{fake.feed}/options", machine())
        async with asyncio.timeout(30), pumped(pump):
            await pump.until(lambda: any(each.why for each in pump.statuses))
        why = next(each.why for each in pump.statuses if each.why)
        assert "127.0.0.1 broke off the connection" in why or "127.0.0.1 does not speak TLS" in why
