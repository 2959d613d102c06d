"""Our machine and the provider's official clients on one connection each to the same provider on loopback."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import date
from types import ModuleType
from typing import Any
from urllib.request import Request, urlopen

import massive
import polygon
import pytest

from engine.feeds.massive.wire.chain import read_chain
from engine.feeds.massive.wire.pages import Pages
from engine.feeds.massive.wire.requests import chain, headers, page, trades
from engine.model.contracts import ContractTable
from engine.model.events import TRADE, to_price
from tests.fakes.massive import CALL, KEY, PUT, Massive, Send, Shut, rest_trade, tape
from tests.fakes.massive.listener import Listener, machine
from tests.fakes.massive.shelf import chain_row

OFFICIAL = pytest.mark.parametrize("official", [polygon, massive], ids=["polygon", "massive"])
CHANNELS = ("T.*", f"Q.{CALL}", f"Q.{PUT}")
Trade = tuple[str, int, int, int]


async def seen_by_official(official: ModuleType, fake: Massive) -> list[Any]:
    """Run an official client until the provider closes with 1000, upon which it returns."""
    client = official.WebSocketClient(
        KEY, feed=fake.feed, market="options", secure=False, subscriptions=list(CHANNELS)
    )
    models: list[Any] = []

    async def keep(found: list[Any]) -> None:
        models.extend(found)

    await client.connect(keep)
    return models


def official_trades(models: list[Any]) -> Counter[Trade]:
    return Counter(
        (each.symbol, int(each.timestamp), to_price(each.price), int(each.size))
        for each in models
        if each.event_type == "T"
    )


def our_trades(listener: Listener, contracts: ContractTable) -> Counter[Trade]:
    events = listener.events()
    return Counter(
        (contracts[int(each["cid"])].occ, int(each["ts"]) // 1_000_000, int(each["p1"]), int(each["s1"]))
        for each in events[events["kind"] == TRADE]
    )


@OFFICIAL
async def test_an_official_client_and_ours_see_the_same_trades(official: ModuleType) -> None:
    # One key has one connection, so each listens to a play of its own; plays are seeded.
    sent = tape(seed=7, count=600)
    async with Massive(seed=3) as fake:
        models, _ = await asyncio.gather(seen_by_official(official, fake), play(fake, sent))
    ours = Listener(machine(wanted=CHANNELS))
    async with Massive(seed=4) as fake:
        await asyncio.gather(ours.run(f"{fake.ws_url}/options"), play(fake, sent))
    expected = Counter(
        (each["sym"], each["t"], to_price(each["p"]), each["s"]) for each in sent if each["ev"] == "T"
    )
    assert len(models) == len(sent) == len(ours.events())
    assert official_trades(models) == expected == our_trades(ours, contracts_of(ours))


async def play(fake: Massive, sent: list[dict[str, Any]]) -> None:
    await fake.until(lambda: fake.holds(*CHANNELS))
    await fake.play(Send(sent), Shut(1000))


def contracts_of(listener: Listener) -> ContractTable:
    return ContractTable(each.contract for each in listener.told if hasattr(each, "contract"))


@OFFICIAL
async def test_an_official_client_pages_through_a_chain_on_one_host(
    official: ModuleType,
) -> None:
    async with Massive() as fake:
        tickers = [f"O:SPY251219{right}{strike:05d}000" for strike in range(600, 650) for right in "CP"]
        fake.shelf.chains["SPY"] = [chain_row(ticker) for ticker in tickers]
        client = official.RESTClient(KEY, base=fake.rest_url)
        rows = await asyncio.to_thread(
            lambda: list(client.list_snapshot_options_chain("SPY", params={"limit": 40, "sort": "ticker"}))
        )
        assert [row.details.ticker for row in rows] == sorted(tickers)
        assert len(fake.asked) == 3
        ours = await asyncio.to_thread(lambda: [*our_pages(fake.rest_url, first_page(40))])
        pages = Pages()
        table = ContractTable()
        for each in ours:
            read_chain(page(200, each, KEY), table, pages, 0)
        assert [each.occ for each in table] == sorted(tickers)


@OFFICIAL
async def test_two_refusals_for_being_busy_do_not_stop_an_official_client(official: ModuleType) -> None:
    async with Massive() as fake:
        fake.shelf.failures = [429, 429]
        fake.shelf.trades[CALL] = [rest_trade(each) for each in tape(1, 40, [CALL]) if each["ev"] == "T"]
        client = official.RESTClient(KEY, base=fake.rest_url)
        rows = await asyncio.to_thread(lambda: list(client.list_trades(CALL, order="asc")))
        [body] = await asyncio.to_thread(lambda: [*our_pages(fake.rest_url, trades(CALL, 0, 2**62))])
        ours = Pages().trades(page(200, body, KEY).rows, 1)
        assert [row.sip_timestamp for row in rows] == ours.events["ts"].tolist()
        assert [to_price(row.price) for row in rows] == ours.events["p1"].tolist()
        assert [row.sequence_number for row in rows] == ours.sequences.tolist()


def first_page(limit: int) -> Any:
    return chain("SPY", date(2025, 12, 19), date(2025, 12, 19), limit=limit)


def our_pages(base: str, asked: Any) -> Iterator[bytes]:
    """Fetch pages with the standard library, following our own reading of `next_url`."""
    while asked is not None:
        with urlopen(Request(base + asked.target, headers=headers(KEY))) as answer:
            body = answer.read()
        yield body
        asked = page(200, body, KEY).next
