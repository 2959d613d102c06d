"""Tickers: every underlying its tape, every contract its id, nonsense nowhere."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from engine.feeds.massive.wire.ticker_index import NOWHERE
from engine.feeds.massive.wire.tickers import TickerTable, is_underlying, spot_ticker, tape_of
from engine.model.contracts import Contract, ContractTable
from engine.model.underlyings import underlying

LISTED = Contract("SPXW", date(2025, 12, 19), "C", 6_800_000)


def test_listed_contracts_keep_their_ids_and_are_not_new() -> None:
    tickers = TickerTable()
    tickers.add(underlying("SPY"), ContractTable())
    tickers.add(underlying("SPX"), ContractTable([LISTED]))
    place = np.array([tickers.place(LISTED.occ)])
    assert (tape_of(place)[0], place[0] & 0xFFFF_FFFF) == (1, 1)
    assert tickers.take_new() == []


def test_a_contract_met_later_is_added_to_its_table() -> None:
    tickers, table = TickerTable(), ContractTable([LISTED])
    tickers.add(underlying("SPX"), table)
    assert tickers.place("O:SPX251219P06800000") == tickers.place("O:SPX251219P06800000")
    [new] = tickers.take_new()
    assert (new.symbol, new.cid, table[2]) == ("SPX", 2, new.contract)


def test_a_contract_its_owner_added_meanwhile_is_found_and_not_told() -> None:
    tickers, table = TickerTable(), ContractTable()
    tickers.add(underlying("SPX"), table)
    table.add(LISTED)
    assert tickers.place(LISTED.occ) & 0xFFFF_FFFF == 1
    assert tickers.take_new() == []


@pytest.mark.parametrize(
    "ticker", ["", "SPX", "I:NDX", "O:SPXW251319C06800000", "O:SPXW251219X06800000", "O:SPX W251219C06800000"]
)
def test_nonsense_and_strangers_are_nowhere(ticker: str) -> None:
    tickers = TickerTable()
    tickers.add(underlying("SPX"), ContractTable())
    assert tickers.place(ticker) == NOWHERE


def test_underlyings_are_told_from_contracts() -> None:
    tickers = TickerTable()
    for symbol in ("SPY", "SPX"):
        tickers.add(underlying(symbol), ContractTable([LISTED] if symbol == "SPX" else []))
    names = ["SPY", "I:SPX", LISTED.occ]
    assert [spot_ticker(underlying(symbol)) for symbol in ("SPY", "SPX")] == names[:2]
    assert is_underlying(np.array([tickers.place(name) for name in names])).tolist() == [True, True, False]
