"""A file's kind is seen in its bytes, and what cannot be imported is named in one sentence."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from engine.model.errors import StoreError
from engine.store.importer.layouts import BARS, OPEN_INTEREST, QUOTES, TRADES, Layout, recognise

HEADERS = {
    "ticker,ask_exchange,ask_price,ask_size,bid_exchange,bid_price,bid_size,"
    "sequence_number,sip_timestamp": QUOTES,
    "ticker,conditions,correction,exchange,price,sip_timestamp,size": TRADES,
    "ticker,volume,open,close,high,low,window_start,transactions": BARS,
    "ticker,open_interest": OPEN_INTEREST,
}


def file(folder: Path, content: bytes, name: str = "file") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def sentence(path: Path) -> str:
    with pytest.raises(StoreError) as caught:
        recognise(path)
    text = str(caught.value)
    assert text.startswith(str(path))
    assert text.endswith(".")
    assert "\n" not in text
    return text


@pytest.mark.parametrize(("header", "layout"), HEADERS.items())
def test_the_header_decides_and_not_the_name(tmp_path: Path, header: str, layout: Layout) -> None:
    found = recognise(file(tmp_path, f"{header}\n".encode(), "quotes_v1.trades.json"))
    assert found.layout is layout
    assert found.header == tuple(header.split(","))


@pytest.mark.parametrize(("header", "layout"), HEADERS.items())
def test_order_case_quotes_byte_order_mark_and_extra_columns_do_not_matter(
    tmp_path: Path, header: str, layout: Layout
) -> None:
    names = [f'"{name.upper()}"' for name in reversed(header.split(","))]
    data = b"\xef\xbb\xbf" + ",".join(["extra", *names, ""]).encode() + b"\r\n"
    assert recognise(file(tmp_path, data)).layout is layout
    assert recognise(file(tmp_path, gzip.compress(data))).layout is layout


def test_only_columns_that_are_there_get_types() -> None:
    types = TRADES.types(("ticker", "price", "sip_timestamp", "size", "extra"))
    assert set(types) == {"ticker", "price", "sip_timestamp", "size"}


def test_parquet_is_recognised_by_its_first_bytes(tmp_path: Path) -> None:
    assert recognise(file(tmp_path, b"PAR1....\n")).layout is None


def test_an_empty_file_is_empty_gzipped_or_not(tmp_path: Path) -> None:
    assert "is empty" in sentence(file(tmp_path, b""))
    assert "is empty" in sentence(file(tmp_path, gzip.compress(b"")))


def test_a_gzip_cut_before_its_first_line_says_so(tmp_path: Path) -> None:
    assert "breaks off in the middle before its first line ends" in sentence(
        file(tmp_path, gzip.compress(b"ticker,open_interest\n")[:12])
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is not text"),
        (b"<!DOCTYPE html>\n<html></html>\n", "is a web page"),
        (b'{\n "openapi": "3.0.3"\n}\n', "is a JSON document"),
        (b"[1]\n", "is a JSON document"),
        (b"hello world\n", "has no columns"),
        (b"a,b,c\n1,2,3\n", "has the columns a, b, c, which no known file has"),
        (b"a,b,c,d,e,f,g\n", "a, b, c, d, e, f …"),
        (b"\xef\xbb\xbfDate,ExpDate,Strike,CallBid,CallAsk,PutBid,PutAsk\n", "is an option chain"),
        (
            b'\r\nSPDR S&P 500 ETF Trust,Last: 560.36,Change:  5.83\r\n"Date: May 1"\r\n',
            "spymon levels --chain",
        ),
        (b"symbol,root,expiry,right,strike,bid,ask,volume,oi,iv\n", "spymon levels --chain"),
        (b'{"timestamp": "2025-05-01 14:31:05", "data": {"options": [', "spymon levels --chain"),
        (b'{"status": "OK", "results": [{"details": {"ticker": "O:SPY', "spymon levels --chain"),
    ],
)
def test_strangers_are_named_for_what_they_are(tmp_path: Path, content: bytes, words: str) -> None:
    assert words in sentence(file(tmp_path, content))


def test_a_chain_is_sent_to_the_command_that_reads_it(tmp_path: Path) -> None:
    assert "option chain" in sentence(file(tmp_path, b"Strike,CallBid,PutBid\n"))
