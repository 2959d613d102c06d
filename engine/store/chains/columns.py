"""What each provider calls the columns of a chain.

Owns the table of names. It refuses to know who writes which: a name means the same wherever it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

NAMES: Mapping[str, Sequence[str]] = {
    "contract": (
        "contractsymbol", "optionsymbol", "occsymbol", "optionticker", "eventsymbol", "legs.symbol", "option",
        "symbol", "contract", "contractid", "ticker",
    ),
    "root": ("root", "rootsymbol", "optionroot"),
    "underlying": ("underlyingsymbol", "underlying", "underlier", "undsymbol"),
    "expiry": (
        "expiry", "expiration", "expirationdate", "expdate", "expiredate", "expires", "maturity",
        "legs.expiration",
    ),
    "right": (
        "right", "optiontype", "contracttype", "putcall", "callput", "cp", "side", "legs.optiontype", "type",
    ),
    "strike": ("strike", "strikeprice", "legs.strikeprice"),
    "bid": ("bid", "bidprice", "bestbid"),
    "ask": ("ask", "askprice", "bestask", "offer"),
    "volume": ("volume", "vol", "totalvolume", "dayvolume", "tradevolume"),
    "oi": ("oi", "openinterest", "openint", "dailyopeninterest"),
    "iv": ("iv", "impliedvolatility", "impliedvol", "greeks.midiv", "midiv", "volatility"),
    "shares": ("sharespercontract", "contractsize", "multiplier"),
    "quoted": ("quotetimeinlong", "biddate", "quotetime", "quoteunixtime", "timestamp"),
    "quoted_day": ("date", "quotedate", "eoddate"),
    "quoted_ms": ("msofday",),
    "spot": ("underlyingprice", "underlyinglast", "stockprice", "spot"),
}  # fmt: skip
"""Our name of a column, and theirs, the surest first, without capitals, spaces and marks.

yfinance      contractSymbol strike bid ask volume openInterest impliedVolatility
OpenBB        underlying_symbol underlying_price contract_symbol eod_date expiration open_interest …
dxFeed        eventSymbol bidPrice askPrice dayVolume openInterest volatility
TradeStation  Symbol Bid Ask Volume DailyOpenInterest ImpliedVolatility; Legs (Symbol StrikePrice Expiration)
Schwab        symbol putCall strikePrice bid ask totalVolume openInterest volatility quoteTimeInLong
Tradier       symbol root_symbol strike option_type expiration_date bid ask open_interest bid_date greeks
ThetaData     symbol (v2 root) expiration strike right timestamp (v2 date ms_of_day) bid ask; open_interest
OptionsDX     QUOTE_UNIXTIME UNDERLYING_LAST EXPIRE_DATE STRIKE, then C_ and P_ before BID ASK VOLUME IV
exchange EOD  Date ExpDate Strike, then Call and Put before Bid Ask Volume OI
"""

HALVES: Mapping[str, Sequence[str]] = {"C": ("call", "c"), "P": ("put", "p")}
"""What stands before the names of either right where both stand in one row."""

IDENTITY = ("expiry", "right", "strike")
"""What names a contract together with its root, where no column has its name."""

_OURS = {theirs: (name, i) for name, all_theirs in NAMES.items() for i, theirs in enumerate(all_theirs)}
_SIDED = ("bid", "ask", "volume", "oi", "iv")

Columns = Mapping[str, int]


def plain(name: str) -> str:
    """Return a column's name without capitals, spaces and marks; dots lead into parts."""
    return re.sub(r"[^a-z0-9.]", "", name.lower())


def place(names: Iterable[str]) -> Columns:
    """Return where each of our columns stands; of several the surest name, then the first."""
    best: dict[str, tuple[int, int]] = {}
    for i, name in enumerate(names):
        ours, rank = _OURS.get(plain(name), ("", 0))
        if ours and (ours not in best or rank < best[ours][0]):
            best[ours] = (rank, i)
    return {ours: i for ours, (_, i) in best.items()}


def place_halves(names: Sequence[str]) -> Mapping[str, Columns]:
    """Return where the columns of calls and of puts stand if one row has both, else nothing."""
    shared = place(names)
    found = {right: _half(names, marks) for right, marks in HALVES.items()}
    if "strike" not in shared or not all({"bid", "ask"} <= half.keys() for half in found.values()):
        return {}
    whole = {name: i for name, i in shared.items() if name not in _SIDED}
    return {right: {**whole, **half} for right, half in found.items()}


def _half(names: Sequence[str], marks: Sequence[str]) -> Columns:
    for mark in marks:
        stripped = [each.removeprefix(mark) if each.startswith(mark) else "" for each in map(plain, names)]
        found = {name: i for name, i in place(stripped).items() if name in _SIDED}
        if found:
            return found
    return {}
