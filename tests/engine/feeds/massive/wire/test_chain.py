"""The chain snapshot: what each part becomes, and what is missing when it is not there."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from engine.feeds.massive.wire.chain import ChainSnapshot, DayVolume, read_chain
from engine.feeds.massive.wire.pages import Pages
from engine.feeds.massive.wire.requests import Page
from engine.model.contracts import ContractTable
from engine.model.events import BAR, FLAG_RECEIVED, FMV, MISSING, OI, QUOTE, SPOT, UNDERLYING, VENDOR
from tests.fakes.massive import CALL, PUT
from tests.fakes.massive.shelf import NS, chain_row

NOW = NS + 5


def read(*rows: dict[str, Any], delayed: bool | None = None) -> tuple[ChainSnapshot, Pages]:
    pages = Pages()
    page = Page(json.dumps(rows).encode(), None, delayed)
    return read_chain(page, ContractTable(), pages, NOW), pages


def only(chain: ChainSnapshot, kind: int) -> np.void:
    [event] = chain.events[chain.events["kind"] == kind]
    return event


def bare(**fields: Any) -> dict[str, Any]:
    return {"details": {"ticker": CALL}, **fields}


def test_a_full_row_becomes_one_event_of_each_sort() -> None:
    chain, _ = read(chain_row(CALL, fmv=1.5525))
    assert chain.events["kind"].tolist() == [SPOT, OI, QUOTE, BAR, FMV, VENDOR]
    assert set(chain.events["cid"][1:]) == {1}
    assert only(chain, OI)["s1"] == 1204
    quote = only(chain, QUOTE)
    assert (quote["p1"], quote["p2"], quote["s1"], quote["s2"]) == (15_000, 16_000, 12, 7)
    assert (quote["exch"], quote["cond"]) == (302, 308)
    bar = only(chain, BAR)
    assert (bar["p1"], bar["p2"], bar["s1"], bar["s2"]) == (15_500, 14_000, MISSING, 340)
    assert only(chain, FMV)["p1"] == 15_525
    vendor = only(chain, VENDOR)
    assert (vendor["p1"], vendor["p2"], vendor["s1"]) == (183_400, 5_120_000, 420_000)


def test_times_are_the_providers_where_it_gives_them() -> None:
    chain, _ = read(chain_row(CALL))
    assert {kind: (only(chain, kind)["ts"], only(chain, kind)["flags"]) for kind in (QUOTE, BAR, SPOT)} == {
        QUOTE: (NS, 0),
        BAR: (NS, 0),
        SPOT: (NS, 0),
    }
    ours = [only(chain, kind) for kind in (OI, VENDOR)]
    assert {(event["ts"], event["flags"]) for event in ours} == {(NOW, FLAG_RECEIVED)}


def test_greeks_that_are_absent_or_empty_make_no_event() -> None:
    chain, _ = read(bare(greeks={}, day={}), chain_row(PUT, greeks={}, implied_volatility=0.2))
    assert only(chain, VENDOR)["p2"] == only(chain, VENDOR)["s1"] == MISSING
    assert only(chain, VENDOR)["cid"] == 2


def test_a_put_keeps_its_negative_delta() -> None:
    chain, _ = read(bare(greeks={"delta": -0.42, "gamma": 0.05}))
    assert only(chain, VENDOR)["s1"] == -420_000
    assert only(chain, VENDOR)["p1"] == MISSING


def test_a_plan_without_quotes_and_trades_gives_neither() -> None:
    chain, _ = read(bare(open_interest=7))
    assert chain.events["kind"].tolist() == [OI]
    assert (chain.traded, chain.delayed) == ((), None)


def test_the_underlying_comes_once_and_an_index_has_a_value() -> None:
    index = {"ticker": "I:SPX", "value": 6817.25, "timeframe": "DELAYED"}
    chain, _ = read(bare(), bare(underlying_asset=index), bare(underlying_asset=index))
    assert (only(chain, SPOT)["cid"], only(chain, SPOT)["p1"]) == (UNDERLYING, 68_172_500)
    assert chain.delayed is True


def test_what_was_traded_is_there_for_comparison() -> None:
    chain, _ = read(chain_row(CALL), bare(details={"ticker": PUT}, day={"volume": 0}))
    assert chain.traded == (DayVolume(1, 340, 15_500, NS, NS), DayVolume(2, 0, MISSING, None, None))


def test_one_delayed_part_makes_a_page_delayed() -> None:
    assert read(chain_row(CALL))[0].delayed is False
    late = {"price": 1, "size": 1, "timeframe": "DELAYED"}
    assert read(chain_row(CALL), chain_row(PUT, last_trade=late))[0].delayed is True
    assert read(bare(), delayed=True)[0].delayed is True


def test_a_vendors_number_that_cannot_be_kept_is_missing_and_costs_nothing_else() -> None:
    chain, pages = read(bare(open_interest=3, implied_volatility=1e9, greeks={"gamma": 25.0, "delta": 0.5}))
    assert chain.events["kind"].tolist() == [OI, VENDOR]
    vendor = only(chain, VENDOR)
    assert (vendor["p1"], vendor["p2"], vendor["s1"]) == (MISSING, MISSING, 500_000)
    assert not pages.rejected


def test_nulls_are_missing_and_bad_rows_cost_no_neighbour() -> None:
    odd = chain_row(CALL, open_interest=None, greeks=None, day={"volume": None}, last_quote=None)
    bad = [{"details": {}}, {"details": {"ticker": "O:nonsense"}}, chain_row(PUT, open_interest="x")]
    chain, pages = read(odd, *bad, bare())
    assert chain.events["kind"].tolist() == [SPOT, VENDOR]
    assert pages.rejected == {"chain": 2, "contract": 1}


def test_a_side_that_a_quote_lacks_is_missing() -> None:
    for given, sides in (
        ({"bid": 1.5, "ask": 0, "bid_size": 3, "ask_size": 4}, (15_000, MISSING, 3, 0)),
        ({"bid": 0, "ask": 0.05, "bid_size": 3, "ask_size": 4}, (0, 500, 3, 4)),
        ({"ask": 0.05}, (MISSING, 500, 0, 0)),
        ({}, (MISSING, MISSING, 0, 0)),
    ):
        quote = only(read(bare(last_quote=given))[0], QUOTE)
        assert (quote["p1"], quote["p2"], quote["s1"], quote["s2"]) == sides
