"""The index finds in compiled code what a dictionary finds in Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from engine.feeds.massive.wire.ticker_index import NOWHERE, TickerIndex, find
from engine.feeds.transport.pointers import pointer

TICKERS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=24)


@njit
def look_up(text, words, places):  # type: ignore[no-untyped-def]
    return find(pointer(text), 0, len(text) - 1, pointer(words), pointer(places), len(places) - 1)


def found(index: TickerIndex, ticker: str) -> int:
    text = np.frombuffer(ticker.encode() + b"\0", np.uint8)
    return int(look_up(text, index.words, index.places))


@given(st.dictionaries(TICKERS, st.integers(0, 2**40), max_size=40), TICKERS)
@settings(deadline=None)
def test_what_was_put_in_is_found_and_nothing_else(tickers: dict[str, int], other: str) -> None:
    index = TickerIndex()
    for ticker, place in tickers.items():
        index.put(ticker, place)
    assert {ticker: found(index, ticker) for ticker in tickers} == tickers
    assert found(index, other) == tickers.get(other, NOWHERE) == index.get(other)


def test_it_grows_without_losing_anybody() -> None:
    index = TickerIndex()
    tickers = [f"O:SPXW251219{right}{strike:08d}" for strike in range(0, 6_000_000, 1_000) for right in "CP"]
    for place, ticker in enumerate(tickers):
        index.put(ticker, place)
    assert [found(index, ticker) for ticker in tickers] == list(range(len(tickers)))
    assert 2 * len(index) <= len(index.places)


def test_a_ticker_can_move() -> None:
    index = TickerIndex()
    index.put("SPY", 1)
    index.put("SPY", 2)
    assert found(index, "SPY") == 2
    assert len(index) == 1


@pytest.mark.parametrize("ticker", ["", "X" * 25])
def test_what_does_not_fit_is_only_found_by_name(ticker: str) -> None:
    index = TickerIndex()
    index.put(ticker, 7)
    assert (found(index, ticker), index.get(ticker)) == (NOWHERE, 7)
