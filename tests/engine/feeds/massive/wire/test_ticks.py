"""Pages of trades and quotes as columns that keep everything."""

from __future__ import annotations

import json
from math import nan

import numpy as np

from engine.feeds.massive.wire.pages import Pages
from engine.feeds.massive.wire.ticks import quote_columns, trade_columns

TS = 1_765_895_400_123_456_789


def test_a_trade_keeps_its_conditions_its_correction_and_its_number() -> None:
    rows = [
        {"price": 1.25, "size": 3.0, "sip_timestamp": TS, "exchange": 302, "conditions": [209, 219],
         "correction": 1, "sequence_number": 77},
        {"price": 1.3, "size": 1, "sip_timestamp": TS + 1},
    ]  # fmt: skip
    found = trade_columns(Pages(), json.dumps(rows).encode())
    assert found["sip_timestamp"].tolist() == [TS, TS + 1]
    assert found["price"].tolist() == [1.25, 1.3]
    assert found["size"].tolist() == [3, 1]
    assert found["conditions"].tolist() == ["209,219", ""]
    for name, first in (("exchange", 302), ("correction", 1), ("sequence_number", 77)):
        np.testing.assert_array_equal(found[name], [first, nan])


def test_a_quote_keeps_a_missing_side_missing() -> None:
    rows = [{"sip_timestamp": TS, "ask_price": 1.3, "ask_size": 7, "sequence_number": 5}]
    found = quote_columns(Pages(), json.dumps(rows).encode())
    assert found["ask_price"].tolist() == [1.3]
    assert found["sequence_number"].tolist() == [5]
    assert np.isnan(found["bid_price"][0])


def test_a_row_that_cannot_be_is_counted_and_costs_no_other() -> None:
    pages = Pages()
    rows = [{"price": -1, "size": 3, "sip_timestamp": TS}, {"price": 1, "size": 3, "sip_timestamp": TS}]
    assert len(trade_columns(pages, json.dumps(rows).encode())["price"]) == 1
    assert pages.rejected == {"trade": 1}


def test_an_empty_page_has_empty_columns() -> None:
    for columns in (trade_columns(Pages(), b"[]"), quote_columns(Pages(), b"[]")):
        assert {len(values) for values in columns.values()} == {0}
