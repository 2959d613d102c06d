"""REST: what is asked for, that pages stay on our host, and one sentence for each refusal."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from engine.feeds.massive.wire.requests import (
    CHAIN_PAGE,
    PlanError,
    TryLaterError,
    bare,
    chain,
    contracts,
    following,
    headers,
    minute_bars,
    page,
    quotes,
    trades,
)
from engine.model.errors import CredentialError, NoDataError, ProviderError, SpymonError

DAY = date(2025, 12, 19)
KEY = "canary-key"


def body(**fields: Any) -> bytes:
    return json.dumps({"status": "OK", "request_id": "r", **fields}).encode()


def asked(target: str) -> tuple[str, dict[str, str]]:
    parts = urlsplit(target)
    return parts.path, {name: value for name, [value] in parse_qs(parts.query).items()}


def test_a_chain_is_asked_for_by_expirations_and_strikes() -> None:
    path, query = asked(chain("SPY", DAY, DAY, (640_000, 650_500)).target)
    assert path == "/v3/snapshot/options/SPY"
    assert query == {
        "expiration_date.gte": "2025-12-19",
        "expiration_date.lte": "2025-12-19",
        "strike_price.gte": "640",
        "strike_price.lte": "650.5",
        "order": "asc",
        "sort": "ticker",
        "limit": str(CHAIN_PAGE),
    }


def test_ticks_are_asked_for_oldest_first_between_two_instants() -> None:
    for request, kind in ((trades("O:X", 5, 9), "trades"), (quotes("O:X", 5, 9), "quotes")):
        path, query = asked(request.target)
        assert path == f"/v3/{kind}/O:X"
        assert (query["timestamp.gte"], query["timestamp.lt"], query["order"]) == ("5", "9", "asc")


def test_contracts_are_asked_for_as_of_a_day() -> None:
    _, query = asked(contracts("SPX", DAY, DAY, DAY).target)
    assert (query["underlying_ticker"], query["as_of"]) == ("SPX", "2025-12-19")


def test_bars_are_asked_for_by_milliseconds() -> None:
    assert asked(minute_bars("I:SPX", 1, 2).target)[0] == "/v2/aggs/ticker/I:SPX/range/1/minute/1/2"


def test_the_next_page_keeps_path_and_query_and_neither_host_nor_key() -> None:
    request = following("https://evil.invalid:8443/v3/trades/O:X?cursor=a%2Bb%3D&apiKey=k&limit=5")
    assert request.target == "/v3/trades/O:X?cursor=a%2Bb%3D&limit=5"


@pytest.mark.parametrize(
    "url", ["//evil.invalid/v3/x?cursor=1", "https://user:pw@evil.invalid/v3/x?cursor=1"]
)
def test_no_spelling_of_an_address_keeps_its_host(url: str) -> None:
    assert following(url).target == "/v3/x?cursor=1"


def test_the_key_goes_into_a_header_and_into_no_address() -> None:
    assert headers(KEY)["Authorization"] == f"Bearer {KEY}"
    assert KEY not in chain("SPY", DAY, DAY).target


def test_a_page_has_rows_what_follows_and_whether_it_is_delayed() -> None:
    read = page(200, body(results=[{"a": 1}], next_url="https://h/v3/x?cursor=1"), KEY)
    assert (json.loads(read.rows), read.delayed) == ([{"a": 1}], False)
    assert read.next == following("https://h/v3/x?cursor=1")
    last = page(200, body(status="DELAYED"), KEY)
    assert (last.rows, last.next, last.delayed) == (b"[]", None, True)
    assert page(200, b'{"results":[]}', KEY).delayed is None


@pytest.mark.parametrize(
    ("http_status", "answer", "error", "says"),
    [
        (401, body(status="ERROR", error="Unknown API Key"), CredentialError, "does not know this key"),
        (403, body(status="NOT_AUTHORIZED", message="Upgrade."), PlanError, "(Upgrade)"),
        (200, body(status="NOT_AUTHORIZED", message="Upgrade."), PlanError, "plan"),
        (404, body(status="NOT_FOUND"), NoDataError, "nothing under this name"),
        (429, body(status="ERROR", error="exceeded"), TryLaterError, "HTTP 429 (exceeded)"),
        (503, b"<html>", TryLaterError, "HTTP 503"),
        (400, body(status="ERROR", error="bad date"), ProviderError, "HTTP 400 (bad date)"),
        (200, b'{"results":', ProviderError, "cannot be read"),
        (200, b"[" * 100_000, ProviderError, "cannot be read"),
        (200, b"\xff", ProviderError, "cannot be read"),
    ],
)
def test_each_refusal_has_one_sentence(
    http_status: int, answer: bytes, error: type[SpymonError], says: str
) -> None:
    with pytest.raises(error) as caught:
        page(http_status, answer, KEY)
    assert type(caught.value) is error
    assert says in str(caught.value)
    assert str(caught.value).endswith(".")


def test_the_key_is_not_repeated_even_if_the_provider_does() -> None:
    with pytest.raises(CredentialError) as caught:
        page(401, body(status="ERROR", error=f"Unknown API Key {KEY}"), KEY)
    assert KEY not in str(caught.value)
    with pytest.raises(TryLaterError):
        bare(500, b"", KEY)
    assert bare(200, b"[]", KEY) == b"[]"


@pytest.mark.parametrize(
    "body",
    [
        b'{"status":"OK","results":[],"message":"caf\xe9"}',
        b'{"status":"OK","results":[],"next_url":"https://[no-address/v3"}',
    ],
    ids=["broken text", "broken address"],
)
def test_an_answer_that_is_broken_in_a_corner_is_the_providers_fault(body: bytes) -> None:
    with pytest.raises(ProviderError, match="report it"):
        page(200, body, "key")
