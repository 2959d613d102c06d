"""Chain files in every shape people have them in, whole, odd and broken."""

from __future__ import annotations

import gzip
import json
import math
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.calendar import ET
from engine.model.errors import NoDataError, SpymonError, StoreError, UsageError
from engine.model.underlyings import parse_custom
from engine.store.chains import ChainFile, read_chain
from engine.store.chains.cells import amount, contract_of, instant, number
from engine.store.chains.expiries import days_of

MAY_1 = date(2025, 5, 1)
HEADER = (
    "Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,"
    "Puts,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest"
)
EXCHANGE = f"""
SPDR S&P 500 ETF Trust,Last: 560.36,Change:  5.83
"Date: May 1, 2025 at 8:28 AM EDT",Bid: 560.36,Ask: 560.46,Size: 2*1,"Volume: 92,802,269"
{HEADER}
""" + "".join(
    ",".join(halves) + "\n"
    for halves in [
        ('Thu May 01 2025,SPY250501C00560000,1.6,0,1.55,1.62,"53,110",0.2589,0.5,0.05,"14,704",560.00',
         "SPY250501P00560000,5.1,0,5.04,5.26,2674,0.2627,-0.5,0.05,1532"),
        ("Fri May 02 2025,SPY250502C00562500,0,0,0,0.01,0,0,0,0,0,562.50",
         "SPY250502P00562500,0,0,2.1,2.2,1,0.21,0,0,7"),
    ]
)  # fmt: skip
PLAIN = """symbol,root,expiry,right,strike,bid,ask,volume,oi,iv
SPXW220712C03855000,SPXW,2022-07-12,C,3855,10.5,11.0,100,200,0.288
SPXW220712P03855000,SPXW,2022-07-12,P,3855,9.0,9.2,50,300,0.29
"""


def file(folder: Path, content: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(folder: Path, *contents: str | bytes, **kwargs: Any) -> ChainFile:
    return read_chain([file(folder, each, f"{i}.txt") for i, each in enumerate(contents)], **kwargs)


def et(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=ET).timestamp()) * 10**9  # type: ignore[arg-type,misc]


def row(found: ChainFile, short: str) -> dict[str, float]:
    at = [each.short for each in found.chain.contracts].index(short)
    return {name: float(getattr(found.chain, name)[at]) for name in ("bid", "ask", "volume", "oi", "iv")}


def cboe(**changes: Any) -> str:
    options = [
        {
            "option": "SPXW250501C05600000", "bid": 11.5, "ask": 12, "iv": 0.21, "open_interest": 900.0,
            "volume": 40,
        },
        {
            "option": "SPX250516P05500000", "bid": "9.10", "ask": "9.4", "iv": 0, "open_interest": "1,250",
            "volume": None,
        },
    ]  # fmt: skip
    data = {"symbol": "^SPX", "current_price": 5604.14, "options": options}
    return json.dumps({"timestamp": "2025-05-01 14:31:05", "symbol": "_SPX", "data": data | changes})


def contract(strike: int, **changes: Any) -> dict[str, Any]:
    """One row of Massive's chain snapshot."""
    return {
        "details": {
            "ticker": f"O:SPY250501C{strike:05d}000", "contract_type": "call", "strike_price": strike,
            "expiration_date": "2025-05-01", "shares_per_contract": 100, "exercise_style": "american",
        },
        "last_quote": {
            "bid": 1.5, "ask": 1.6, "last_updated": et(2025, 5, 1, 10, 30), "timeframe": "REAL-TIME",
        },
        "open_interest": 70, "implied_volatility": 0.25, "greeks": {}, "day": {"volume": 12},
        "underlying_asset": {
            "ticker": "SPY", "price": 561.5, "last_updated": et(2025, 5, 1, 10, 29), "timeframe": "REAL-TIME",
        },
    } | changes  # fmt: skip


def page(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"status": "OK", "request_id": "1", "results": list(rows)} | more


# --- the four shapes --------------------------------------------------------------------------------------


def test_the_exchanges_table_is_read_as_downloaded(tmp_path: Path) -> None:
    found = read(tmp_path, EXCHANGE)
    assert (found.spot, found.at_ns) == (560.36, et(2025, 5, 1, 8, 28))
    assert [each.short for each in found.chain.contracts] == ["560C", "560P", "562.5C", "562.5P"]
    assert row(found, "560C") == {"bid": 1.55, "ask": 1.62, "volume": 53110, "oi": 14704, "iv": 0.2589}
    assert math.isnan(row(found, "562.5C")["iv"])
    assert found.notes == ("The quotes are delayed by 15 minutes.",)


def test_a_thousands_separator_does_not_cut_the_spot_in_two(tmp_path: Path) -> None:
    assert read(tmp_path, EXCHANGE.replace("Last: 560.36", "Last: 5,604.14")).spot == 5604.14
    assert read(tmp_path, EXCHANGE.replace("Last: 560.36", '"Last: 5,604.14"')).spot == 5604.14


def test_the_exchanges_older_table_has_the_price_behind_the_name_and_shorter_headings(
    tmp_path: Path,
) -> None:
    old = EXCHANGE.replace("Volume,IV", "Vol,IV").replace("Open Interest", "Open Int").splitlines()[3:]
    above = ["SPY (SPDR S&P 500 ETF),560.36,+5.83,", "May 01 2025 @ 08:28 ET,Bid,560.36,Ask,560.46,Size,2x1,"]
    assert_same(read(tmp_path, "\n".join(above + old)), read(tmp_path, EXCHANGE))


def assert_same(one: ChainFile, other: ChainFile) -> None:
    assert (one.spot, one.at_ns, one.notes) == (other.spot, other.at_ns, other.notes)
    assert one.chain.contracts == other.chain.contracts
    for name in ("bid", "ask", "volume", "oi", "iv"):
        np.testing.assert_array_equal(getattr(one.chain, name), getattr(other.chain, name))


def test_the_exchanges_json_is_read_with_numbers_as_text(tmp_path: Path) -> None:
    found = read(tmp_path, cboe())
    assert (found.spot, found.at_ns) == (5604.14, et(2025, 5, 1, 10, 31, 5))
    assert found.chain.underlying.symbol == "SPX"
    assert row(found, "5500P") | {"volume": 0, "iv": 0} == {
        "bid": 9.1, "ask": 9.4, "volume": 0, "oi": 1250, "iv": 0,
    }  # fmt: skip
    assert math.isnan(row(found, "5500P")["iv"])
    assert math.isnan(row(found, "5500P")["volume"])
    settles = {each.root: each.settle_ns for each in found.chain.listed.groups}
    assert settles == {"SPXW": et(2025, 5, 1, 16, 0), "SPX": et(2025, 5, 16, 9, 30)}


def test_massive_pages_are_read_with_the_newest_spot(tmp_path: Path) -> None:
    later = contract(562)
    later["underlying_asset"] = {"ticker": "SPY", "price": 561.7, "last_updated": et(2025, 5, 1, 10, 31)}
    found = read(tmp_path, json.dumps(page(later, contract(561))))
    assert (found.spot, found.at_ns) == (561.7, et(2025, 5, 1, 10, 31))
    assert row(found, "561C") == {"bid": 1.5, "ask": 1.6, "volume": 12, "oi": 70, "iv": 0.25}
    assert found.notes == ()


@pytest.mark.parametrize(
    "join", [json.dumps, lambda p: "\n".join(map(json.dumps, p)), lambda p: "".join(map(json.dumps, p))]
)
def test_massive_pages_stand_in_an_array_one_a_line_or_behind_one_another(tmp_path: Path, join: Any) -> None:
    pages = [page(contract(561), next_url="…?cursor=x"), page(contract(562))]
    found = read(tmp_path, join(pages))
    assert [each.short for each in found.chain.contracts] == ["561C", "562C"]
    assert found.notes == ()


def test_massive_pages_stand_in_files_of_their_own(tmp_path: Path) -> None:
    found = read(tmp_path, json.dumps(page(contract(561), next_url="…")), json.dumps(page(contract(562))))
    assert len(found.chain.contracts) == 2


def test_massive_results_alone_are_read_too(tmp_path: Path) -> None:
    assert len(read(tmp_path, json.dumps([contract(561), contract(562)])).chain.contracts) == 2
    assert (
        len(read(tmp_path, json.dumps(contract(561)) + "\n" + json.dumps(contract(562))).chain.contracts) == 2
    )
    assert len(read(tmp_path, json.dumps({"results": contract(561)})).chain.contracts) == 1


def test_a_missing_page_and_a_delay_are_said(tmp_path: Path) -> None:
    found = read(tmp_path, json.dumps(page(contract(561), next_url="…", status="DELAYED")))
    assert found.notes == (
        "The quotes are delayed by 15 minutes.",
        "The last page names another one: the chain is not complete.",
    )


def test_a_massive_plan_without_quotes_and_prices_leaves_them_unknown(tmp_path: Path) -> None:
    bare = contract(561, last_quote=None, day={}, implied_volatility=None, underlying_asset={"ticker": "SPY"})
    bare["details"]["ticker"] = None
    found = read(tmp_path, json.dumps(page(bare)))
    assert (found.spot, found.at_ns) == (None, None)
    assert row(found, "561C") | {"bid": 0, "ask": 0, "iv": 0} == {
        "bid": 0, "ask": 0, "volume": 0, "oi": 70, "iv": 0,
    }  # fmt: skip
    assert np.isnan([row(found, "561C")[name] for name in ("bid", "ask", "iv")]).all()


def test_an_index_has_a_value_in_place_of_a_price(tmp_path: Path) -> None:
    index = {"ticker": "I:SPX", "value": 5604.1, "last_updated": et(2025, 5, 1, 10, 29)}
    one = contract(561, underlying_asset=index)
    one["details"]["ticker"] = "O:SPXW250501C05600000"
    found = read(tmp_path, json.dumps(page(one)))
    assert (found.spot, found.chain.underlying.symbol) == (5604.1, "SPX")


def test_the_plain_table_is_read_and_says_neither_spot_nor_time(tmp_path: Path) -> None:
    found = read(tmp_path, PLAIN)
    assert (found.spot, found.at_ns, found.notes) == (None, None, ())
    assert row(found, "3855P") == {"bid": 9.0, "ask": 9.2, "volume": 50, "oi": 300, "iv": 0.29}


def test_columns_stand_in_any_order_and_others_do_not_disturb(tmp_path: Path) -> None:
    found = read(tmp_path, "OI,delta,Right,Strike,Expiration,Root,IV\n5,0.5,call,12.5,7/15/2022,ABC,0.4\n")
    (only,) = found.chain.contracts
    assert (only.root, only.expiry, only.right, only.strike) == ("ABC", date(2022, 7, 15), "C", 12.5)
    assert row(found, "12.5C")["oi"] == 5


def test_the_symbol_column_may_name_the_underlying(tmp_path: Path) -> None:
    found = read(tmp_path, PLAIN.replace("SPXW220712C03855000", "SPX").replace("SPXW220712P03855000", "SPX"))
    assert [each.root for each in found.chain.contracts] == ["SPXW", "SPXW"]


@pytest.mark.parametrize("root", ["SPX", "^SPX", "_SPX", "$SPX", "I:SPX"])
def test_an_index_may_carry_its_mark_in_the_root(tmp_path: Path, root: str) -> None:
    found = read(tmp_path, f"root,expiry,right,strike,oi,iv\n{root},2025-05-16,C,5600,10,0.2\n")
    assert [each.occ for each in found.chain.contracts] == ["O:SPX250516C05600000"]


def test_headings_may_be_written_out(tmp_path: Path) -> None:
    head = "Root,Expiration Date,Option_Type,Strike Price,Bid,Ask,Vol,Open Interest,Implied Volatility"
    found = read(tmp_path, f"{head}\nABC,2025-05-16,put,12.5,1,1.2,7,5,0.4\n")
    assert row(found, "12.5P") == {"bid": 1.0, "ask": 1.2, "volume": 7.0, "oi": 5.0, "iv": 0.4}


@pytest.mark.parametrize("change", [
    lambda text: b"\xef\xbb\xbf" + text.encode(),
    lambda text: text.replace("\n", "\r\n").encode(),
    lambda text: (text + "\n\n,,,,\n  \n").encode(),
    lambda text: gzip.compress(text.encode()),
    lambda text: text.replace("SPDR", "SPDR’").encode("cp1252"),
])  # fmt: skip
@pytest.mark.parametrize("text", [EXCHANGE, PLAIN])
def test_how_a_file_was_saved_does_not_matter(tmp_path: Path, text: str, change: Any) -> None:
    whole, other = read(tmp_path, text), read(tmp_path, change(text))
    assert other.chain.contracts == whole.chain.contracts
    np.testing.assert_array_equal(other.chain.oi, whole.chain.oi)
    assert (other.spot, other.at_ns) == (whole.spot, whole.at_ns)


# --- whose contracts, and which of them -------------------------------------------------------------------


def plain(*names: str, more: str = ",1,1.2,5,10,0.3") -> str:
    return "symbol,bid,ask,volume,oi,iv\n" + "".join(f"{name}{more}\n" for name in names)


def test_any_stock_is_read_and_settles_in_the_evening(tmp_path: Path) -> None:
    found = read(tmp_path, plain("AAPL250516C00200000"))
    assert (found.chain.underlying.symbol, found.chain.underlying.multiplier) == ("AAPL", 100)
    assert found.chain.listed.groups[0].settle_ns == et(2025, 5, 16, 16, 0)


def test_an_index_without_preset_is_known_by_its_two_roots(tmp_path: Path) -> None:
    found = read(tmp_path, plain("RUTW250516C02000000", "RUT250516C02000000"))
    assert found.chain.underlying.symbol == "RUT"
    settles = {each.root: each.settle_ns for each in found.chain.listed.groups}
    assert settles == {"RUTW": et(2025, 5, 16, 16, 0), "RUT": et(2025, 5, 16, 9, 30)}


def test_a_custom_root_belongs_to_its_underlying(tmp_path: Path) -> None:
    found = read(tmp_path, plain("ABCX250516C00200000"), customs={"ABC": parse_custom("ABC:1:ABCX")})
    assert found.chain.underlying.symbol == "ABC"


def test_adjusted_contracts_are_left_out_and_counted(tmp_path: Path) -> None:
    found = read(tmp_path, plain("SPY250516C00500000", "SPY1250516C00500000", "2SPY250516C00500000"))
    assert [each.root for each in found.chain.contracts] == ["SPY"]
    assert found.notes == ("2 rows of adjusted contracts were left out.",)
    odd = contract(561)
    odd["details"]["shares_per_contract"] = 105
    found = read(tmp_path, json.dumps(page(odd, contract(562))))
    assert found.notes == ("1 row of adjusted contracts was left out.",)


def test_of_a_repeated_contract_the_last_row_counts(tmp_path: Path) -> None:
    text = plain("SPY250516C00500000") + "SPY250516C00500000,2,2.2,6,11,0.4\n"
    found = read(tmp_path, text)
    assert row(found, "500C") == {"bid": 2.0, "ask": 2.2, "volume": 6.0, "oi": 11.0, "iv": 0.4}
    assert found.notes == ("1 row repeated a contract; the last one of each counts.",)


def test_rows_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    found = read(tmp_path, plain("SPY250516C00500000") + "SPY250532C00500000,1,1,1,1,1\nnonsense\n")
    assert found.notes == (
        "2 rows could not be read and were left out: row 3: 'SPY250532C00500000' names no contract.",
    )


@pytest.mark.parametrize("cell", ["nan", "", "--", "N/A", "inf", "-3", "1e999", "0x10", "1_000"])
def test_a_number_that_is_none_is_unknown(tmp_path: Path, cell: str) -> None:
    found = read(tmp_path, f"symbol,bid,ask,volume,oi,iv\nSPY250516C00500000,{cell},1.2,{cell},10,{cell}\n")
    values = row(found, "500C")
    assert np.isnan([values["bid"], values["volume"], values["iv"]]).all()
    assert values["oi"] == 10.0


def test_volatilities_in_percent_are_known_by_their_size(tmp_path: Path) -> None:
    names = ["SPY250516C00500000", "SPY250516C00505000", "SPY250516C00510000"]
    rows = "".join(f"{name},1,1.2,5,10,{iv}\n" for name, iv in zip(names, (28.8, 25.0, 0), strict=True))
    found = read(tmp_path, "symbol,bid,ask,volume,oi,iv\n" + rows)
    np.testing.assert_allclose(found.chain.iv, [0.288, 0.25, np.nan])
    assert found.notes == ("The volatilities look like percentages and were divided by 100.",)


def test_far_strikes_of_a_chain_about_to_expire_do_not_make_its_volatilities_percentages(
    tmp_path: Path,
) -> None:
    money, far = (f"SPY250516C00{strike}000" for strike in (500, 550))
    many = [f"SPY250516C00{strike}000" for strike in range(551, 560)]
    text = plain(money, more=",1,1.2,5,10,0.21") + "".join(
        f"{name},0,0.01,5,10,8.4\n" for name in [far, *many]
    )
    found = read(tmp_path, text)
    assert (row(found, "500C")["iv"], row(found, "550C")["iv"]) == (0.21, 8.4)
    assert found.notes == ()


def test_one_of_several_underlyings_must_be_named(tmp_path: Path) -> None:
    both = plain("SPY250516C00500000", "QQQ250516C00400000")
    with pytest.raises(
        UsageError, match="has contracts of QQQ, SPY; name one of them: spymon levels QQQ --chain"
    ):
        read(tmp_path, both)
    assert read(tmp_path, both, symbol="SPY").chain.underlying.symbol == "SPY"
    with pytest.raises(NoDataError, match="has contracts of QQQ, SPY, none of DIA"):
        read(tmp_path, both, symbol="DIA")


def test_spot_and_time_are_those_of_the_named_underlying(tmp_path: Path) -> None:
    other = plain("QQQ250516C00400000")
    found = read(tmp_path, other, EXCHANGE, symbol="SPY")
    assert (found.spot, found.at_ns) == (560.36, et(2025, 5, 1, 8, 28))
    assert read(tmp_path, other, EXCHANGE, symbol="QQQ").spot is None


def test_files_of_two_moments_are_said(tmp_path: Path) -> None:
    found = read(tmp_path, EXCHANGE, EXCHANGE.replace("8:28", "9:28").replace("560.36,Ch", "561.00,Ch"))
    assert (found.spot, found.at_ns) == (561.0, et(2025, 5, 1, 9, 28))
    assert "The files were made between 08:28:00 and 09:28:00." in found.notes


# --- what cannot be used ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", r"a\.csv is empty; fetch it again\."),
        (" \r\n\n", r"a\.csv is empty; fetch it again\."),
        (b"PAR1....", r"a\.csv is not text; a chain file is"),
        (b"\x00\x01\x02", r"a\.csv is not text; a chain file is"),
        (b"%PDF-1.7\n1 0 obj", r"a\.csv is not text; a chain file is"),
        ("<!DOCTYPE html>\n<p>Try later</p>", r"a\.csv is a web page or XML; a chain file is"),
        (gzip.compress(PLAIN.encode(), mtime=0)[:-12], r"a\.csv breaks off in the middle; fetch it again\."),
        (b"\x1f\x8b\x08\x00nonsense and more", r"a\.csv is damaged \(.*\); fetch it again\."),
        (
            "what I did\n",
            r"a\.csv has the columns what I did; it lacks expiry, right, strike, bid, ask, oi; a chain",
        ),
        (
            "name,height\nann,170\n",
            r"a\.csv has the columns name, height; it lacks expiry, right",
        ),
        (
            "strike,right,oi\n1,C,3\n",
            r"a\.csv has the columns strike, right, oi; it lacks expiry; a",
        ),
        ("expiry,strike,right,bid,ask,oi\n2025-05-16,1,C,1,1,3\n", r"does not say whose options these are"),
        ("symbol,bid,ask\nSPY250516C00500000,1,2\n", r"a\.csv lacks the column oi; a chain file is"),
        ("symbol,bid,oi\nSPY250516C00500000,1,2\n", r"a\.csv lacks the column ask; a chain file is"),
        (EXCHANGE.replace("Open Interest", "Opened", 1), r"a\.csv lacks the column oi in its calls"),
        (EXCHANGE.split(HEADER)[0] + HEADER, r"a\.csv has the shape of a chain but no contract in it"),
        (plain("nonsense"), r"no contract in it \(row 2: 'nonsense' names no contract\); fetch it again"),
        ("{}", r"a\.csv is JSON, but holds no option chain; a chain file is"),
        ("[1, 2, [3]]", r"a\.csv is JSON, but holds no option chain"),
        ('{"data": {"options": []}}', r"a\.csv has the shape of a chain but no contract in it"),
        ('{"data": {"options": [', r"a\.csv is damaged JSON \(.* at character 22\)"),
        ("[" * 100_000, r"a\.csv is damaged JSON \(a value that is too large or too deep\)"),
        ('{"status": "ERROR", "message": "Unknown API Key"}', "the provider's answer 'Unknown API Key'"),
    ],
)
def test_a_file_that_is_no_chain_is_one_sentence(tmp_path: Path, content: str | bytes, sentence: str) -> None:
    with pytest.raises(StoreError, match=sentence) as caught:
        read_chain([file(tmp_path, content)])
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_a_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match=r"none\.csv does not exist; name a chain file"):
        read_chain([tmp_path / "none.csv"])
    with pytest.raises(UsageError, match="is a folder; name the chain files in it"):
        read_chain([tmp_path])


def test_adjusted_contracts_alone_are_no_chain(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="has adjusted contracts only"):
        read(tmp_path, plain("SPY1250516C00500000"))
    odd = contract(561)
    odd["details"]["shares_per_contract"] = 10
    with pytest.raises(NoDataError, match="has adjusted contracts of SPY only"):
        read(tmp_path, json.dumps(page(odd)))


@given(data=st.data(), which=st.sampled_from([EXCHANGE, PLAIN, cboe(), json.dumps(page(contract(561)))]))
@settings(max_examples=400, deadline=None)
def test_whatever_happened_to_a_file_it_is_a_chain_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, which: str
) -> None:
    content = bytearray(which.encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content)))
        cut = data.draw(st.integers(0, 30))
        content[at : at + cut] = data.draw(
            st.binary(max_size=6) | st.sampled_from([b",", b'"', b"null", b"9" * 400])
        )
    found = chain_or_sentence(file(tmp_path_factory.getbasetemp(), bytes(content), "mutated"))
    if isinstance(found, str):
        assert "\n" not in found
        return
    assert len(found.chain.contracts) == len(set(found.chain.contracts)) > 0
    assert found.spot is None or 0.0 < found.spot < math.inf
    for column in (found.chain.bid, found.chain.ask, found.chain.volume, found.chain.oi, found.chain.iv):
        assert np.all(np.isnan(column) | ((column >= 0.0) & (column < math.inf)))


def chain_or_sentence(path: Path) -> ChainFile | str:
    try:
        return read_chain([path])
    except SpymonError as error:
        return str(error)


# --- cells ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3.0), ("3", 3.0), (" 1,234.5 ", 1234.5), ("12,345,678", 12_345_678.0), ("21.5%", 0.215),
        ("$4.2", 4.2),
        (".5", 0.5), ("-1.5e-3", -0.0015),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_and_vendors_write_them(value: object, expected: float) -> None:
    assert number(value) == pytest.approx(expected)


@pytest.mark.parametrize(
    "value", [None, True, [], {}, "1,5", "1,23,456", "nan", "inf", "1_0", 10**400, math.inf]
)
def test_anything_else_is_no_number(value: object) -> None:
    assert math.isnan(number(value))
    assert math.isnan(amount(value))


@pytest.mark.parametrize(
    "text",
    [
        "2025-05-01",
        "20250501",
        "05/01/2025",
        "5/1/25",
        "Thu May 01 2025",
        "May 1, 2025",
        "1 May 2025",
        "01-May-2025",
    ],
)
def test_days_are_read_as_people_write_them(text: str) -> None:
    assert days_of([text])[0] == [MAY_1]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("May 1, 2025 at 8:28 AM EDT", et(2025, 5, 1, 8, 28)),
        ("May 1, 2025 at 8:28\u202fAM EDT", et(2025, 5, 1, 8, 28)),
        ("May 1, 2025, 12:05 PM ET", et(2025, 5, 1, 12, 5)),
        ("May 1, 2025 at 12:05 AM", et(2025, 5, 1, 0, 5)),
        ("December 1, 2025 at 2:28 PM GMT+1", et(2025, 12, 1, 8, 28)),
        ("Thu May 01 2025 08:28:24 GMT-0400 (Eastern Daylight Time)", et(2025, 5, 1, 8, 28, 24)),
        ("1 May 2025 at 14:28 CEST", et(2025, 5, 1, 8, 28)),
        ("Jul 12 2022 @ 11:55 ET", et(2022, 7, 12, 11, 55)),
        ("07/12/2022 11:55", et(2022, 7, 12, 11, 55)),
        ("2022-07-12T11:55:01", et(2022, 7, 12, 11, 55, 1)),
        ("2022-07-12 15:55:01Z", et(2022, 7, 12, 11, 55, 1)),
        ("May 1, 2025 at 7:28 AM CDT", et(2025, 5, 1, 8, 28)),
    ],
)
def test_moments_are_read_as_a_browser_writes_them(text: str, moment: int) -> None:
    assert instant(text) == moment


@pytest.mark.parametrize(
    "text",
    ["", "May 1, 2025", "8:28 AM", "May 32, 2025 at 8:28 AM", "May 1, 2025 at 25:00",
     "May 1, 2025 at 13:00 PM", "May 1, 2025 at 8:28 AM IST", "May 1, 2025 at 8:61 AM",
     "May 1, 1925 at 8:28 AM", "1.5 8:28"],
)  # fmt: skip
def test_a_moment_nobody_can_place_is_none(text: str) -> None:
    assert instant(text) is None


def test_parts_of_a_contract_that_do_not_fit_are_none() -> None:
    assert contract_of("SPY", "2025-05-01", "put", "560.5").short == "560.5P"  # type: ignore[union-attr]
    for parts in (
        ("SPYSPYSPY", "2025-05-01", "C", 1), ("SPY", "soon", "C", 1), ("SPY", "2025-05-01", "X", 1),
        ("SPY", "2025-05-01", "C", 0), ("SPY", "2025-05-01", "C", "nan"), ("SPY", "2025-05-01", "C", 100_000),
    ):  # fmt: skip
        assert contract_of(*parts) is None  # type: ignore[arg-type]
