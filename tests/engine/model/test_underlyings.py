"""Whose options are whose, in every spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.errors import UsageError
from engine.model.underlyings import (
    PRESETS,
    Underlying,
    adjusted_from,
    generic,
    parse_custom,
    parse_symbol,
    symbol_of_root,
    to_milli,
    underlying,
    underlying_of_root,
)


@pytest.mark.parametrize(
    ("symbol", "roots", "increment_milli", "index"),
    [
        ("SPY", ("SPY",), 1_000, False),
        ("QQQ", ("QQQ",), 1_000, False),
        ("IWM", ("IWM",), 1_000, False),
        ("DIA", ("DIA",), 1_000, False),
        ("SPX", ("SPXW", "SPX"), 5_000, True),
        ("NDX", ("NDXP", "NDX"), 25_000, True),
    ],
)
def test_presets(symbol: str, roots: tuple[str, ...], increment_milli: int, index: bool) -> None:
    preset = underlying(symbol)
    assert (preset.symbol, preset.roots, preset.increment_milli) == (symbol, roots, increment_milli)
    assert (preset.index, preset.multiplier, preset.late_close) == (index, 100, True)
    assert preset.am_settled_roots == ((symbol,) if index else ())


def test_there_are_six_presets() -> None:
    assert set(PRESETS) == {"SPY", "QQQ", "IWM", "DIA", "SPX", "NDX"}


def test_symbols_may_be_typed_in_any_case() -> None:
    assert underlying(" spy ") is PRESETS["SPY"]


def test_a_custom_is_found_before_the_preset() -> None:
    half = parse_custom("SPY:0.5")
    assert underlying("SPY", {"SPY": half}) is half


@pytest.mark.parametrize(
    "symbol", ["", "SPY!", "TOOLONGX", "1ABC", "SP Y Z", "$$$", "BRK.", "BRK.BBB", "ΑΒΓ", "-1", "../x"]
)
def test_what_cannot_be_a_symbol_is_refused_by_name(symbol: str) -> None:
    with pytest.raises(UsageError, match="cannot be a symbol") as caught:
        underlying(symbol)
    assert repr(symbol) in str(caught.value)


def test_an_unknown_symbol_names_custom() -> None:
    with pytest.raises(UsageError, match=r"AAPL has no preset.*--custom AAPL:INCREMENT"):
        underlying("AAPL")


def test_an_option_root_leads_to_its_symbol() -> None:
    with pytest.raises(UsageError, match="SPXW is an option root of SPX"):
        underlying("SPXW")


def test_roots_find_their_underlying() -> None:
    assert underlying_of_root("SPX") is underlying_of_root("SPXW") is PRESETS["SPX"]
    assert underlying_of_root("GOOG") is None
    goog = parse_custom("GOOG:1")
    assert underlying_of_root("GOOG", {"GOOG": goog}) is goog


@pytest.mark.parametrize(
    ("root", "symbol"),
    [
        ("SPXW", "SPX"), ("NDXP", "NDX"), ("RUTW", "RUT"), ("RUT", "RUT"), ("VIXW", "VIX"), ("XSP", "XSP"),
        ("SNA", "SNA"), ("SNAP", "SNAP"), ("SHO", "SHO"), ("SHOP", "SHOP"), ("TRU", "TRU"), ("AM", "AM"),
        ("BRKB", "BRK.B"), ("SNAP1", None), ("1SNAP", None),
    ],
)  # fmt: skip
def test_a_root_belongs_by_the_table_of_indices_or_to_the_symbol_it_equals(
    root: str, symbol: str | None
) -> None:
    assert symbol_of_root(root) == symbol


@pytest.mark.parametrize(("root", "before"), [("SNAP1", "SNAP"), ("2SPY", "SPY"), ("SNAP", ""), ("A1B", "")])
def test_a_digit_tells_an_adjusted_contract(root: str, before: str) -> None:
    assert adjusted_from(root) == before


@pytest.mark.parametrize("text", ["BRK.B", "BRK/B", "BRK-B", "BRK B", "brk.b", "BRKB", " brkb "])
def test_a_class_of_shares_has_one_spelling(text: str) -> None:
    assert parse_symbol(text) == "BRK.B"
    assert generic(text, 1).roots == ("BRKB",)


@pytest.mark.parametrize("text", ["SPX", "$SPX", "^SPX", "_SPX", "I:SPX", ".SPX", "$SPX.X", "spx"])
def test_an_index_has_one_spelling(text: str) -> None:
    assert parse_symbol(text) == "SPX"


@pytest.mark.parametrize("symbol", ["RUT", "VIX", "XSP"])
def test_the_indices_need_no_custom_and_keep_their_roots_under_one(symbol: str) -> None:
    index = underlying(symbol)
    assert index.index
    custom = parse_custom(f"{symbol}:2.5")
    assert (custom.roots, custom.am_settled_roots) == (index.roots, index.am_settled_roots)


def test_options_of_large_indices_have_larger_steps() -> None:
    steps = {name: underlying(name).tick for name in ("SPY", "DIA", "SPX", "RUT", "VIX", "XSP")}
    assert steps == {"SPY": 100, "DIA": 100, "SPX": 500, "RUT": 500, "VIX": 100, "XSP": 100}


def test_custom_reads_an_exact_increment() -> None:
    expected = Underlying("AAPL", ("AAPL",), 2_500, 100, False, False, ())
    assert parse_custom("AAPL:2.5") == parse_custom("aapl:2.500") == expected


@pytest.mark.parametrize("spec", ["VIX:0.5:VIXW", "VIX:0.5:O:VIXW", "vix:0.5:vixw"])
def test_custom_prefix_is_the_first_option_root(spec: str) -> None:
    assert parse_custom(spec).roots == ("VIXW", "VIX")


@pytest.mark.parametrize("spec", ["AAPL:2.5:O:", "AAPL:2.5:", "AAPL:2.5:AAPL"])
def test_a_prefix_that_adds_nothing_leaves_one_root(spec: str) -> None:
    assert parse_custom(spec) == parse_custom("AAPL:2.5")


def test_a_custom_increment_keeps_the_rest_of_a_preset() -> None:
    custom = parse_custom("SPX:10")
    assert custom.increment_milli == 10_000
    assert (custom.roots, custom.am_settled_roots, custom.late_close) == (("SPXW", "SPX"), ("SPX",), True)


@pytest.mark.parametrize(
    "spec", ["", "AAPL", "AAPL:", "AAPL:0", "AAPL:-1", "AAPL:x", "AAPL:0.0005", "AAPL:1e3", "A B C:1", ":1"]
)
def test_a_custom_that_makes_no_sense_is_refused(spec: str) -> None:
    with pytest.raises(UsageError):
        parse_custom(spec)


def test_a_prefix_that_cannot_be_a_root_is_refused() -> None:
    with pytest.raises(UsageError, match="option root"):
        parse_custom("AAPL:2.5:A/B")


def test_a_generic_underlying_closes_with_the_stock_and_expires_weekly() -> None:
    goog = generic("goog", 2_500)
    assert (goog.symbol, goog.roots, goog.late_close, goog.daily) == ("GOOG", ("GOOG",), False, False)


@given(st.integers(0, 99_999_999))
def test_decimals_are_read_exactly(milli: int) -> None:
    assert to_milli(f"{milli // 1000}.{milli % 1000:03d}") == milli


@pytest.mark.parametrize("text", ["", ".5", "5.", "1.2345", "123456", "-1", "1e2", " 1", "٣", "1.5\n", "nan"])
def test_what_is_not_a_plain_decimal_has_no_value(text: str) -> None:
    assert to_milli(text) is None
