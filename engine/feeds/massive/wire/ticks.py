"""Rows of Massive's REST pages as columns, nothing left out: what a file of past trades or quotes keeps.

Owns the columns' names, which are those of the provider's flat files. It refuses to judge: a trade that was
taken back is kept with its correction. A row that cannot be is counted by the `Pages` it is read with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .fields import Number
from .pages import Pages, QuoteRow, TradeRow

Columns: TypeAlias = Mapping[str, NDArray[Any]]
"""Columns by name, (n,) each; a missing number is nan, texts are objects."""

TIME = "sip_timestamp"


class QuoteTick(QuoteRow, gc=False):
    """A best bid and ask with its number."""

    sequence_number: Number = nan


def trade_columns(pages: Pages, rows: bytes) -> Columns:
    """Return trades in the page's order; conditions as text, '209,219', '' for none."""
    found = pages.rows(rows, TradeRow, "trade")
    codes = [row.conditions for row in found]
    texts = {each: ",".join(str(int(code)) for code in each) for each in set(codes)}
    return {
        TIME: np.array([int(row.sip_timestamp) for row in found], np.int64),
        "price": _floats([row.price for row in found]),
        "size": _floats([row.size for row in found]),
        "exchange": _floats([row.exchange for row in found]),
        "correction": _floats([row.correction for row in found]),
        "sequence_number": _floats([row.sequence_number for row in found]),
        "conditions": np.array([texts[each] for each in codes], object),
    }


def quote_columns(pages: Pages, rows: bytes) -> Columns:
    """Return quotes in the page's order."""
    found = pages.rows(rows, QuoteTick, "quote")
    return {
        TIME: np.array([int(row.sip_timestamp) for row in found], np.int64),
        "bid_price": _floats([row.bid_price for row in found]),
        "ask_price": _floats([row.ask_price for row in found]),
        "bid_size": _floats([row.bid_size for row in found]),
        "ask_size": _floats([row.ask_size for row in found]),
        "bid_exchange": _floats([row.bid_exchange for row in found]),
        "ask_exchange": _floats([row.ask_exchange for row in found]),
        "sequence_number": _floats([row.sequence_number for row in found]),
    }


def _floats(values: Sequence[float]) -> NDArray[np.float64]:
    return np.array(values, np.float64)
