"""Rows of pages: trades, quotes, bars, contracts, and what is left out and counted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.feeds.massive.wire.pages import Pages, market_status
from engine.model.errors import ProviderError
from engine.model.events import BAR, FLAG_MINUTE, MISSING, QUOTE, SPOT, TRADE, UNDERLYING
from tests.fakes.massive import CALL, rest_trade, trade
from tests.fakes.massive.messages import BEGIN_MS
from tests.fakes.massive.shelf import NS


def rows(*made: Any) -> bytes:
    return json.dumps(made).encode()


def quote(**fields: Any) -> dict[str, Any]:
    made = {"sip_timestamp": NS, "bid_price": 1.5, "ask_price": 1.6, "bid_size": 12, "ask_size": 7}
    return {**made, "bid_exchange": 302, "ask_exchange": 308, **fields}


def test_a_trade_reads_as_it_does_on_the_socket() -> None:
    prints = Pages().trades(rows(rest_trade(trade(q=9, c=(209, 232), p=1.555))), 4)
    [event] = prints.events
    assert (event["kind"], event["cid"], event["ts"], event["p1"]) == (TRADE, 4, BEGIN_MS * 1_000_000, 15_550)
    assert (event["s1"], event["cond"], event["exch"]) == (3, 232, 302)
    assert prints.sequences.tolist() == [9]


def test_trades_that_were_taken_back_do_not_stand() -> None:
    pages = Pages()
    given = [rest_trade(trade(q=q)) | {"correction": code} for q, code in enumerate((0, 1, 7, 8, 10, 11, 12))]
    prints = pages.trades(rows(*given), 1)
    assert (prints.sequences.tolist(), pages.struck) == ([0, 6], 5)


def test_a_bad_row_is_counted_and_costs_no_neighbour() -> None:
    pages = Pages()
    good = rest_trade(trade())
    bad = [good | {"price": "x"}, good | {"size": 0}, {"price": 1}, 7, None]
    assert len(pages.trades(rows(good, *bad, good | {"exchange": None}), 1).events) == 2
    assert pages.rejected == {"trade": 5}


def test_no_rows_are_no_events() -> None:
    pages = Pages()
    assert (
        len(pages.trades(b"[]", 1).events)
        == len(pages.quotes(b"[]", 1))
        == len(pages.minute_bars(b"[]", 1))
        == 0
    )


def test_rows_that_are_no_list_are_the_providers_fault() -> None:
    with pytest.raises(ProviderError, match="trade answer cannot be read"):
        Pages().trades(b'{"a":1}', 1)


def test_a_quote_has_both_sides() -> None:
    [event] = Pages().quotes(rows(quote()), 2)
    assert (event["kind"], event["p1"], event["p2"], event["s1"], event["s2"]) == (
        QUOTE,
        15_000,
        16_000,
        12,
        7,
    )
    assert (event["exch"], event["cond"], event["ts"]) == (302, 308, NS)


def test_a_side_that_a_quote_lacks_is_missing() -> None:
    given = [quote(bid_price=0), quote(ask_price=0), quote(bid_price=0, ask_price=0)]
    events = Pages().quotes(rows(*given, {"sip_timestamp": NS}), 2)
    assert events["p1"].tolist() == [0, 15_000, MISSING, MISSING]
    assert events["p2"].tolist() == [16_000, MISSING, MISSING, MISSING]
    assert events["s1"].tolist() == [12, 12, 0, 0]
    assert events["s2"].tolist() == [7, 0, 0, 0]


def test_a_minute_counts_when_it_is_over() -> None:
    given = {"t": BEGIN_MS, "o": 1, "h": 2, "l": 1, "c": 1.5, "v": 20, "vw": 1.4, "n": 4}
    [event] = Pages().minute_bars(rows(given), 3)
    assert (event["kind"], event["ts"]) == (BAR, (BEGIN_MS + 60_000) * 1_000_000)
    assert (event["p1"], event["p2"], event["s1"], event["s2"]) == (15_000, 14_000, 20, MISSING)


def test_minutes_of_the_underlying_are_its_price() -> None:
    [event] = Pages().minute_bars(rows({"t": BEGIN_MS, "c": 650.25, "v": 1234.5}), UNDERLYING)
    assert (event["kind"], event["p1"], event["flags"]) == (SPOT, 6_502_500, FLAG_MINUTE)


def test_contracts_are_read_from_their_tickers() -> None:
    pages = Pages()
    found = pages.contracts(rows({"ticker": CALL, "strike_price": 650}, {"ticker": "O:nonsense"}, {}))
    assert [each.occ for each in found] == [CALL]
    assert pages.rejected == {"contract": 2}


def test_conditions_may_lack_their_rules() -> None:
    told = {"id": 201, "name": "Canceled", "update_rules": {"consolidated": {"updates_volume": False}}}
    found = Pages().conditions(rows(told, {"id": 209, "name": "Automatic"}))
    assert {code: each.updates_volume for code, each in found.items()} == {201: False, 209: None}


def test_the_providers_clock_is_read_with_its_offset() -> None:
    read = market_status(
        b'{"market":"open","serverTime":"2025-12-19T09:30:00-05:00","exchanges":{"nyse":"open"}}'
    )
    assert (read.market, read.server_ns) == ("open", NS)
    with pytest.raises(ProviderError):
        market_status(b'{"market":"open"}')


def test_holidays_have_their_early_closes() -> None:
    given = [
        {"date": "2025-12-24", "exchange": "NYSE", "name": "Eve", "status": "early-close",
         "open": "2025-12-24T14:30:00.000Z", "close": "2025-12-24T18:00:00.000Z"},
        {"date": "2025-12-25", "exchange": "NYSE", "name": "Christmas", "status": "closed"},
    ]  # fmt: skip
    early, closed = Pages().holidays(rows(*given))
    assert early.close is not None
    assert (early.close.hour, closed.close, str(closed.date)) == (18, None, "2025-12-25")
