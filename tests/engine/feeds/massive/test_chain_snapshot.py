"""Chain snapshots: all pages as one, today's volumes only, and nothing told twice."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import numpy as np

from engine.feeds.massive.chain_snapshot import ChainChanges, fetch_chain, read_pages
from engine.feeds.massive.rest_client import RestClient
from engine.feeds.massive.rest_limits import rest_limit
from engine.feeds.massive.wire.chain import ChainSnapshot
from engine.feeds.massive.wire.pages import Pages
from engine.feeds.massive.wire.requests import Page
from engine.model.contracts import ContractTable
from engine.model.events import BAR, FLAG_RECEIVED, OI, QUOTE, SPOT, VENDOR
from engine.model.underlyings import underlying
from tests.fakes.massive import CALL, KEY, PUT, Massive
from tests.fakes.massive.shelf import NS, chain_row

DAY, NEXT = date(2025, 12, 19), date(2025, 12, 22)
NOW = NS + 5_000_000_000


def pages_of(*pages: list[dict[str, Any]]) -> tuple[Page, ...]:
    return tuple(Page(json.dumps(rows).encode(), None, False) for rows in pages)


def read(
    *pages: list[dict[str, Any]], session_ns: int = NS, table: ContractTable | None = None
) -> ChainSnapshot:
    return read_pages(pages_of(*pages), ContractTable() if table is None else table, Pages(), NOW, session_ns)


def kinds(chain: ChainSnapshot) -> list[int]:
    return chain.events["kind"].tolist()


def test_pages_are_read_as_one_chain_with_one_price_of_the_underlying() -> None:
    table = ContractTable()
    chain = read([chain_row(CALL)], [chain_row(PUT)], table=table)
    assert [each.occ for each in table] == [CALL, PUT]
    assert kinds(chain) == [SPOT, *[OI, QUOTE, BAR, VENDOR] * 2]
    assert (chain.listed, [each.cid for each in chain.traded], chain.delayed) == ((1, 2), [1, 2], False)


def test_the_newest_price_of_the_underlying_stands() -> None:
    older, newer = ({"price": price, "last_updated": NS + age} for price, age in ((640.0, 1), (650.0, 2)))
    chain = read([chain_row(CALL, underlying_asset=newer)], [chain_row(PUT, underlying_asset=older)])
    assert chain.events["p1"][0] == 6_500_000


def test_yesterdays_volume_is_no_news_of_today() -> None:
    chain = read([chain_row(CALL), chain_row(PUT)], session_ns=NS + 1)
    assert (chain.traded, chain.listed) == ((), (1, 2))
    assert BAR not in kinds(chain)
    assert QUOTE in kinds(chain)


def test_what_has_no_time_gets_the_snapshots() -> None:
    chain = read(
        [chain_row(CALL)], [chain_row(PUT, underlying_asset={"price": 650.0, "last_updated": NS + 7})]
    )
    untimed = chain.events[np.isin(chain.events["kind"], (OI, VENDOR))]
    assert chain.as_of_ns == NS + 7
    assert set(untimed["ts"].tolist()) == {NS + 7}
    assert set(untimed["flags"].tolist()) == {FLAG_RECEIVED}


def test_a_snapshot_without_any_time_has_ours() -> None:
    chain = read([{"details": {"ticker": CALL}, "open_interest": 5, "day": {"volume": 3}}])
    assert chain.as_of_ns == NOW
    assert set(chain.events["ts"].tolist()) == {NOW}
    assert [each.day_volume for each in chain.traded] == [3]


def test_a_snapshot_of_the_day_before_is_not_older_than_the_session() -> None:
    chain = read([chain_row(CALL)], session_ns=NS + 9)
    assert chain.events["ts"][chain.events["kind"] == OI].tolist() == [NS + 9]


def test_no_pages_are_an_empty_chain() -> None:
    chain = read()
    assert (len(chain.events), chain.listed, chain.traded, chain.delayed) == (0, (), (), None)


def test_what_stands_in_a_snapshot_is_told_once() -> None:
    news, first = ChainChanges(), read([chain_row(CALL), chain_row(PUT)]).events
    moved = read([chain_row(CALL, open_interest=1205), chain_row(PUT)]).events
    assert np.array_equal(news.of(first), first)
    assert news.of(first)["kind"].tolist() == [SPOT, QUOTE, QUOTE]
    assert news.of(moved)["kind"].tolist() == [SPOT, OI, QUOTE, QUOTE]
    assert news.of(first)["kind"].tolist() == [SPOT, OI, QUOTE, QUOTE]


async def test_a_chain_is_fetched_page_by_page_between_two_expirations() -> None:
    tickers = [f"O:SPY{day}{right}{strike:05d}000" for day in ("251219", "251222", "251223")
               for strike in range(500, 650) for right in "CP"]  # fmt: skip
    async with Massive() as fake, RestClient(fake.rest_url, KEY, rest_limit(), seed=1) as rest:
        fake.shelf.chains["SPY"] = [chain_row(each, greeks={}, day={}) for each in tickers]
        table = ContractTable()
        chain = read_pages(await fetch_chain(rest, "SPY", DAY, NEXT), table, Pages(), NOW, NS)
        assert len(fake.asked) == 3
        assert {each.key for each in fake.asked} == {KEY}
    assert sorted(each.occ for each in table) == sorted(each for each in tickers if "251223" not in each)
    assert (len(chain.listed), chain.traded) == (600, ())


async def test_an_index_is_asked_for_by_its_symbol_and_has_a_value() -> None:
    spx = underlying("SPX")
    ticker = "O:SPXW251219C06800000"
    async with Massive() as fake, RestClient(fake.rest_url, KEY, rest_limit(), seed=1) as rest:
        level = {"ticker": "I:SPX", "value": 6817.25, "last_updated": NS}
        fake.shelf.chains[spx.symbol] = [chain_row(ticker, underlying_asset=level)]
        table = ContractTable()
        chain = read_pages(await fetch_chain(rest, spx.symbol, DAY, DAY), table, Pages(), NOW, NS)
    assert [each.root for each in table] == ["SPXW"]
    assert (chain.events["kind"][0], chain.events["p1"][0]) == (SPOT, 68_172_500)
