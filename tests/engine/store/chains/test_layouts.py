"""One small chain as each provider lays it out, by the columns that it publishes: all read to the same."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from engine.model.calendar import ET
from engine.model.errors import StoreError
from engine.store.chains import ChainFile, read_chain
from tests.paths import SHARED

SPOT = 601.25
AT = "2025-12-16T10:42:00"


class One(NamedTuple):
    right: str
    strike: int
    bid: float
    ask: float
    volume: int
    oi: int
    iv: float

    @property
    def occ(self) -> str:
        return f"XYZ251219{self.right}{self.strike * 1000:08d}"


CHAIN = [
    One("C", 600, 5.1, 5.2, 120, 900, 0.21), One("P", 600, 3.8, 3.9, 80, 1500, 0.21),
    One("C", 605, 2.6, 2.7, 300, 2500, 0.2), One("P", 605, 6.2, 6.4, 40, 700, 0.2),
]  # fmt: skip
WORDS = {"C": "call", "P": "put"}


def et(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ET).timestamp()) * 10**9


def table(header: str, row: Callable[[One], tuple[object, ...]], chain: list[One] | None = None) -> str:
    lines = [",".join(map(str, row(each))) for each in chain or CHAIN]
    return "\n".join([header, *lines]) + "\n"


def sides(header: str, row: Callable[[One, One], tuple[object, ...]], mark: str = ",") -> str:
    lines = [mark.join(map(str, row(*CHAIN[i : i + 2]))) for i in (0, 2)]
    return "\n".join([header, *lines]) + "\n"


YFINANCE = (
    "contractSymbol,lastTradeDate,strike,lastPrice,bid,ask,change,percentChange,volume,openInterest,"
    "impliedVolatility,inTheMoney,contractSize,currency"
)
OPENBB = (
    "underlying_symbol,underlying_price,contract_symbol,eod_date,expiration,dte,strike,option_type,"
    "open_interest,volume,bid,ask,implied_volatility,delta"
)
EOD = "Date,ExpDate,Strike,CallBid,CallAsk,CallPrice,CallVolume,CallOI,PutBid,PutAsk,PutPrice,PutVolume,PutOI"
THETA_2 = "root,expiration,strike,right,ms_of_day,bid_size,bid_exchange,bid,ask_size,ask,date"
THETA_3 = "symbol,expiration,strike,right,timestamp,bid_size,bid_exchange,bid,bid_condition,ask_size,ask"
OPTIONSDX = (
    "[QUOTE_UNIXTIME], [QUOTE_READTIME], [QUOTE_DATE], [UNDERLYING_LAST], [EXPIRE_DATE], [DTE], [C_DELTA], "
    "[C_IV], [C_VOLUME], [C_LAST], [C_SIZE], [C_BID], [C_ASK], [STRIKE], [P_BID], [P_ASK], [P_SIZE], "
    "[P_LAST], [P_DELTA], [P_IV], [P_VOLUME]"
)


def yfinance() -> str:
    return table(YFINANCE, lambda x: (
        x.occ, "2025-12-16 15:40:01+00:00", x.strike, x.bid, x.bid, x.ask, 0, 0, x.volume, x.oi, x.iv,
        "False", "REGULAR", "USD",
    ))  # fmt: skip


def openbb() -> str:
    return table(OPENBB, lambda x: (
        "XYZ", SPOT, x.occ, "2025-12-16", "2025-12-19", 3, x.strike, WORDS[x.right], x.oi, x.volume, x.bid,
        x.ask, x.iv, 0.5,
    ))  # fmt: skip


def records(text: str) -> list[dict[str, Any]]:
    names, *rows = (line.split(",") for line in text.splitlines())
    return [dict(zip(names, row, strict=True)) for row in rows]


def columns(text: str) -> dict[str, list[str]]:
    rows = records(text)
    return {name: [row[name] for row in rows] for name in rows[0]}


def tradestation(x: One) -> dict[str, Any]:
    leg = {"Symbol": f"XYZ 251219{x.right}{x.strike}", "Ratio": 1, "StrikePrice": str(x.strike),
           "Expiration": "2025-12-19T00:00:00Z", "OptionType": WORDS[x.right].title()}  # fmt: skip
    return {"Delta": "0.5", "ImpliedVolatility": str(x.iv), "DailyOpenInterest": x.oi, "Ask": str(x.ask),
            "Bid": str(x.bid), "Volume": x.volume, "Side": leg["OptionType"], "Strikes": [str(x.strike)],
            "Legs": [leg]}  # fmt: skip


def schwab() -> str:
    def rows(right: str) -> dict[str, Any]:
        return {"2025-12-19:3": {f"{x.strike}.0": [{
            "putCall": WORDS[right].upper(), "symbol": f"XYZ   251219{right}{x.strike * 1000:08d}",
            "bid": x.bid, "ask": x.ask, "totalVolume": x.volume, "openInterest": x.oi,
            "strikePrice": x.strike,
            "volatility": x.iv * 100, "quoteTimeInLong": et(AT) // 10**6, "multiplier": 100.0, "delta": 0.5,
            "expirationDate": "2025-12-19T21:00:00.000+00:00",
        }] for x in CHAIN if x.right == right}}  # fmt: skip

    return json.dumps({
        "symbol": "XYZ", "status": "SUCCESS", "underlying": None, "isDelayed": False, "underlyingPrice": SPOT,
        "volatility": 29.0, "numberOfContracts": 4, "callExpDateMap": rows("C"), "putExpDateMap": rows("P"),
    })  # fmt: skip


def tradier() -> list[dict[str, Any]]:
    return [{
        "symbol": x.occ, "type": "option", "bid": x.bid, "ask": x.ask, "volume": x.volume, "strike": x.strike,
        "underlying": "XYZ", "root_symbol": "XYZ", "open_interest": x.oi, "contract_size": 100,
        "expiration_date": "2025-12-19", "option_type": WORDS[x.right], "bid_date": et(AT) // 10**6,
        "greeks": {"delta": 0.5, "mid_iv": x.iv, "smv_vol": 0.3},
    } for x in CHAIN]  # fmt: skip


LAYOUTS: dict[str, str] = {
    "yfinance": yfinance(),
    "yfinance with its index": "\n".join(
        f"{i - 1 if i else ''},{line}" for i, line in enumerate(yfinance().splitlines())
    ),
    "yfinance JSON": json.dumps(records(yfinance())),
    "OpenBB": openbb(),
    "OpenBB records": json.dumps(records(openbb())),
    "OpenBB results": json.dumps({"results": records(openbb()), "provider": "cboe", "warnings": None}),
    "OpenBB columns": json.dumps(columns(openbb())),
    "OpenBB columns by row": json.dumps(
        {name: dict(enumerate(cells)) for name, cells in columns(openbb()).items()}
    ),
    "dxFeed": table(
        "eventSymbol,bidPrice,askPrice,dayVolume,openInterest,volatility",
        lambda x: (f".XYZ251219{x.right}{x.strike}", x.bid, x.ask, x.volume, x.oi, x.iv),
    ),
    "TradeStation": table(
        "Symbol,Bid,Ask,Volume,DailyOpenInterest,ImpliedVolatility",
        lambda x: (f"XYZ 251219{x.right}{x.strike}", x.bid, x.ask, x.volume, x.oi, x.iv),
    ),
    "TradeStation JSON": json.dumps([tradestation(x) for x in CHAIN]),
    "TradeStation stream": "\n".join(
        [
            *(json.dumps(tradestation(x)) for x in CHAIN),
            '{"Heartbeat": 1, "Timestamp": "2025-12-16T15:42:00Z"}',
        ]
    ),
    "symbol is the underlying": table(
        "symbol,expiration,option_type,strike,bid,ask,volume,open_interest,implied_volatility",
        lambda x: ("xyz", "2025-12-19", WORDS[x.right], x.strike, x.bid, x.ask, x.volume, x.oi, x.iv),
    ),
    "semicolons and money": table(
        "SYMBOL,EXPIRATION,CALL/PUT,STRIKE,BID,ASK,VOLUME,OPEN INTEREST,IV",
        lambda x: (
            "XYZ",
            "12/19/2025",
            WORDS[x.right],
            f"${x.strike}.00",
            x.bid,
            x.ask,
            x.volume,
            x.oi,
            x.iv,
        ),
    ).replace(",", ";"),
    "Schwab": schwab(),
    "Tradier": json.dumps({"options": {"option": tradier()}}),
    "Tradier list": json.dumps(tradier()),
}


def read(folder: Path, *texts: str, symbol: str | None = None) -> ChainFile:
    paths = [folder / f"{i}.txt" for i in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    return read_chain(paths, symbol=symbol)


def column(found: ChainFile, name: str) -> list[float]:
    at = {(each.right, each.strike): i for i, each in enumerate(found.chain.contracts)}
    values = getattr(found.chain, name)
    return [float(values[at[x.right, float(x.strike)]]) for x in CHAIN]


def assert_whole(found: ChainFile, but: tuple[str, ...] = ()) -> None:
    assert found.chain.underlying.symbol == "XYZ"
    assert {str(each.expiry) for each in found.chain.contracts} == {"2025-12-19"}
    for name in {"bid", "ask", "volume", "oi", "iv"}.difference(but):
        assert column(found, name) == pytest.approx([getattr(x, name) for x in CHAIN]), name


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_chain_is_read_as_its_provider_lays_it_out(tmp_path: Path, name: str) -> None:
    assert_whole(read(tmp_path, LAYOUTS[name]))


def test_spot_and_moment_are_read_where_a_layout_has_them(tmp_path: Path) -> None:
    moments = {name: (found.spot, found.at_ns) for name, found in
               ((name, read(tmp_path, text)) for name, text in LAYOUTS.items())}  # fmt: skip
    assert moments["yfinance"] == (None, None)
    assert moments["OpenBB"] == moments["OpenBB columns"] == (SPOT, et("2025-12-16T16:00:00"))
    assert moments["Schwab"] == (SPOT, et(AT))
    assert moments["Tradier"] == (None, et(AT))


def test_the_exchanges_end_of_day_sheet_is_of_the_symbol_that_is_named(tmp_path: Path) -> None:
    text = "\ufeff" + sides(EOD, lambda c, p: (
        "2025-12-16", "2025-12-19", c.strike, c.bid, c.ask, c.bid, c.volume, c.oi, p.bid, p.ask, p.bid,
        p.volume, p.oi,
    ))  # fmt: skip
    found = read(tmp_path, text, symbol="XYZ")
    assert_whole(found, but=("iv",))
    assert found.at_ns == et("2025-12-16T16:00:00")
    with pytest.raises(StoreError, match="does not say whose options these are"):
        read(tmp_path, text)


def test_optionsdx_has_volume_and_no_open_interest(tmp_path: Path) -> None:
    seconds = et(AT) // 10**9
    text = sides(OPTIONSDX, lambda c, p: (
        seconds, "2025-12-16 10:42", "2025-12-16", SPOT, "2025-12-19", 3.2, 0.5, c.iv, f"{c.volume}.000000",
        1, "10 x 12", c.bid, c.ask, f"{c.strike}.000000", p.bid, p.ask, "7 x 8", 1, -0.5, p.iv, p.volume,
    ), ", ")  # fmt: skip
    found = read(tmp_path, text, symbol="XYZ")
    assert_whole(found, but=("oi",))
    assert np.isnan(found.chain.oi).all()
    assert (found.spot, found.at_ns) == (SPOT, et(AT))


THETA_FILES = {
    "second version": (
        table(THETA_2, lambda x: (
            "XYZ", 20251219, x.strike * 1000, x.right, 38_520_000, 1, 5, x.bid, 1, x.ask, 20251216,
        )),
        table("root,expiration,strike,right,ms_of_day,open_interest,date", lambda x: (
            "XYZ", 20251219, x.strike * 1000, x.right, 23_400_000, x.oi, 20251216,
        )),
    ),
    "third version": (
        table(THETA_3, lambda x: (
            "XYZ", "2025-12-19", f"{x.strike}.000", WORDS[x.right].upper(), f"{AT}.000", 1, 5, x.bid, 50, 1,
            x.ask,
        )),
        table("symbol,expiration,strike,right,timestamp,open_interest", lambda x: (
            "XYZ", "2025-12-19", f"{x.strike}.000", WORDS[x.right].upper(), "2025-12-16T06:30:00.000", x.oi,
        )),
    ),
}  # fmt: skip


@pytest.mark.parametrize("version", THETA_FILES)
@pytest.mark.parametrize("order", [1, -1])
def test_thetadatas_quotes_and_open_interest_stand_in_two_files(
    tmp_path: Path, version: str, order: int
) -> None:
    found = read(tmp_path, *THETA_FILES[version][::order])
    assert_whole(found, but=("volume", "iv"))
    assert found.at_ns == et(AT)
    assert not any("repeated" in note for note in found.notes)


def test_thetadatas_quotes_alone_lack_open_interest(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="lacks the column oi"):
        read(tmp_path, THETA_FILES["third version"][0])


def test_a_table_that_is_no_chain_has_its_columns_named_and_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="has the columns name, height; it lacks expiry, right, strike, bid"):
        read(tmp_path, "name,height\nann,170\n")
    with pytest.raises(StoreError, match="it lacks strike; a chain file is"):
        read(tmp_path, "symbol,expiration,right,bid,ask,oi\nXYZ,2025-12-19,C,1,2,3\n")


# --- what is said -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("expiration", "2025-13-19", "row 3: its expiration '2025-13-19' is no date"),
        ("expiration", "soon", "row 3: its expiration 'soon' is no date"),
        ("option_type", "X", "row 3: its right 'X' is neither call nor put"),
        ("strike", "60O", "row 3: its strike '60O' is no price"),
        ("symbol", "?!", "row 3: '?!' is no root"),
    ],
)
def test_the_bad_cell_is_named(tmp_path: Path, column: str, cell: str, words: str) -> None:
    rows = [line.split(",") for line in LAYOUTS["symbol is the underlying"].splitlines()]
    rows[2][rows[0].index(column)] = cell
    found = read(tmp_path, "\n".join(map(",".join, rows)))
    assert len(found.chain.contracts) == 3
    assert found.notes == (f"1 row could not be read and was left out: {words}.",)


def volatile(tmp_path: Path, *cells: object) -> ChainFile:
    rows = [f"XYZ,2025-12-19,C,{600 + 5 * i},1,2,3,4,{cell}" for i, cell in enumerate(cells)]
    return read(tmp_path, "\n".join(["root,expiry,right,strike,bid,ask,volume,oi,iv", *rows]))


@pytest.mark.parametrize("cell", ["0.00001", "-999", "-1", "18.5"])
def test_a_volatility_that_cannot_be_one_is_unknown_and_said(tmp_path: Path, cell: str) -> None:
    found = volatile(tmp_path, 0.2, 0.19, cell, 0.18, 0.19)
    assert np.isnan(found.chain.iv).tolist() == [False, False, True, False, False]
    assert found.notes == (
        "1 volatility of the file cannot be one (a placeholder, or in percent) and is taken as unknown.",
    )


@pytest.mark.parametrize("cell", ["", "nan", "0"])
def test_a_volatility_that_is_not_told_is_unknown_without_a_word(tmp_path: Path, cell: str) -> None:
    found = volatile(tmp_path, 0.2, cell, 0.19)
    assert math.isnan(found.chain.iv[1])
    assert found.notes == ()


def test_volatilities_that_rise_step_by_step_to_the_far_strikes_are_believed(tmp_path: Path) -> None:
    found = volatile(tmp_path, 0.2, 0.3, 0.6, 1.4, 3.1, 6.5, 8.0)
    assert not np.isnan(found.chain.iv).any()


def test_a_spot_outside_its_own_bid_and_ask_is_said(tmp_path: Path) -> None:
    head = (
        "XYZ INC,Last: 603.50,Change: 1\n"
        "Date: December 16 2025 at 10:42 AM EST,Bid: 601.20,Ask: 601.30,Size: 1*1\n"
    )
    names = (
        "Expiration Date,Calls,Bid,Ask,Volume,IV,Open Interest,Strike,Puts,Bid,Ask,Volume,IV,Open Interest"
    )
    row = "Fri Dec 19 2025,XYZ251219C00600000,5.1,5.2,1,0.2,9,600,XYZ251219P00600000,3.8,3.9,1,0.2,9"
    found = read(tmp_path, f"{head}{names}\n{row}\n")
    assert "The file's spot 603.50 is outside its own bid and ask, 601.20 and 601.30." in found.notes
    inside = read(tmp_path, f"{head}{names}\n{row}\n".replace("603.50", "601.25"))
    assert not any("bid and ask" in note for note in inside.notes)


# --- small files that were wrong once ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["expiry_yymmdd", "expiry_iso_time", "yfinance", "symbol_is_underlying", "dxfeed_names"]
)
def test_the_shared_cases_are_the_clean_chain(name: str) -> None:
    path, clean = SHARED / "cases" / f"{name}.csv", SHARED / "cases" / "forward_stub_clean.csv"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    found, want = read_chain([path]).chain, read_chain([clean]).chain
    assert found.contracts == want.contracts
    for column in ("bid", "ask", "volume", "oi", "iv"):
        np.testing.assert_array_equal(getattr(found, column), getattr(want, column))


def test_two_companies_whose_letters_begin_alike_are_two_chains() -> None:
    path = SHARED / "cases" / "sna_and_snap.csv"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    roots = [
        {each.root for each in read_chain([path], symbol=name).chain.contracts} for name in ("SNA", "SNAP")
    ]
    assert roots == [{"SNA"}, {"SNAP"}]
