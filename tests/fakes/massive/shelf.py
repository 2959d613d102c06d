"""What the REST interface has to give, and its scripted failures."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from .messages import CALL, PUT, Message

Row = dict[str, Any]

NS = 1_766_154_600_000_000_000
"""2025-12-19 09:30 in New York, ns."""

_LIVE = "REAL-TIME"
_EXCHANGES = {"bid_exchange": 302, "ask_exchange": 308}


def _updated(timeframe: str | None = None) -> Row:
    return {"last_updated": NS} | ({} if timeframe is None else {"timeframe": timeframe})


def chain_row(ticker: str, **fields: Any) -> Row:
    """Write a contract of a chain snapshot as a full plan sees it."""
    made: Row = {
        "break_even_price": 651.5,
        "day": {
            "open": 1.2,
            "high": 1.9,
            "low": 1.1,
            "close": 1.55,
            "volume": 340,
            "vwap": 1.4,
            **_updated(),
        },
        "details": {
            "ticker": ticker,
            "contract_type": "call" if ticker[-9] == "C" else "put",
            "exercise_style": "american",
            "expiration_date": f"20{ticker[-15:-13]}-{ticker[-13:-11]}-{ticker[-11:-9]}",
            "shares_per_contract": 100,
            "strike_price": int(ticker[-8:]) / 1000,
        },
        "greeks": {"delta": 0.42, "gamma": 0.0512, "theta": -0.9, "vega": 0.11},
        "implied_volatility": 0.1834,
        "open_interest": 1204,
        "last_quote": {
            "bid": 1.5,
            "ask": 1.6,
            "bid_size": 12,
            "ask_size": 7,
            **_EXCHANGES,
            **_updated(_LIVE),
        },
        "last_trade": {"price": 1.55, "size": 3, "exchange": 302, "sip_timestamp": NS, "timeframe": _LIVE},
        "underlying_asset": {"ticker": "SPY", "price": 649.87} | _updated(_LIVE),
    }
    return {**made, **fields}


@dataclass
class Shelf:
    """Rows by what they answer.

    trades, quotes, bars : by ticker
    days     : the last complete day's bar, by ticker
    failures : HTTP statuses with which the next requests are answered, first come first; 0 breaks off,
               200 lets one through
    retry_after : what the header Retry-After of those answers says, '' for none
    delayed  : whether answers say DELAYED instead of OK
    """

    chains: dict[str, list[Row]] = field(default_factory=lambda: {"SPY": [chain_row(CALL), chain_row(PUT)]})
    contracts: list[Row] = field(default_factory=list)
    trades: defaultdict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    quotes: defaultdict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    bars: defaultdict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    days: dict[str, Row] = field(default_factory=dict)
    conditions: list[Row] = field(default_factory=list)
    market: Row = field(
        default_factory=lambda: {"market": "open", "serverTime": "2025-12-19T09:30:00-05:00", "exchanges": {}}
    )
    upcoming: list[Row] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    retry_after: str = ""
    delayed: bool = False


@dataclass(frozen=True)
class Asked:
    """One REST request as it arrived."""

    path: str
    query: dict[str, str]
    key: str | None


def shelve(shelf: Shelf, messages: list[Message], row: Any) -> None:
    """Put trades that went over the websocket where the REST interface finds them."""
    for message in messages:
        if message.get("ev") == "T" and message.get("q") is not None:
            shelf.trades[message["sym"]].append(row(message))
