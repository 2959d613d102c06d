"""What the columns of flat files mean: missing and zero, corrections, conditions, sessions."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from engine.model.calendar import parse_time, session
from engine.model.events import FLAG_MINUTE, MISSING, OI, QUOTE, SPOT, TRADE
from engine.store.importer.contract_numbers import ContractNumbers, day_index
from engine.store.importer.flat_files import RowBuilder
from engine.store.importer.rows import BadRows, ParsedRows
from engine.store.importer.spill import Rows as TapeRows

DAY = date(2025, 12, 16)
NOON_NS = parse_time("12:00", DAY)
CALL = "O:SPY251216C00685000"
PATH = Path("file.csv")


class Desk:
    """A judge with its roster and its list of bad rows."""

    def __init__(self, symbol: str | None = None, day: date | None = None) -> None:
        self.bad = BadRows()
        self.roster = ContractNumbers(symbol, day, {})
        self.judge = RowBuilder(self.roster, self.bad)

    def reasons(self) -> list[str]:
        return [row.reason for row in self.bad.first]


def as_rows(fields: list[dict[str, Any]]) -> ParsedRows:
    texts = {"ticker", "conditions"}
    wholes = {"sip_timestamp", "sequence_number", "window_start"}
    columns = {}
    for name in fields[0]:
        kind = pa.string() if name in texts else pa.int64() if name in wholes else pa.float64()
        column = pa.array([each[name] for each in fields], kind)
        columns[name] = column.dictionary_encode() if name in texts else column
    return ParsedRows(pa.table(columns), np.arange(2, 2 + len(fields), dtype=np.int64))


def trade(**fields: Any) -> dict[str, Any]:
    return {
        "ticker": CALL, "conditions": "209", "correction": 0.0, "exchange": 302.0, "price": 1.25,
        "sip_timestamp": NOON_NS, "size": 3.0,
    } | fields  # fmt: skip


def quote(**fields: Any) -> dict[str, Any]:
    return {
        "ticker": CALL, "ask_exchange": 302.0, "ask_price": 1.3, "ask_size": 11.0, "bid_exchange": 303.0,
        "bid_price": 1.2, "bid_size": 7.0, "sequence_number": 5, "sip_timestamp": NOON_NS,
    } | fields  # fmt: skip


def trades(desk: Desk, *fields: dict[str, Any]) -> TapeRows:
    return desk.judge.trades(PATH, 4, as_rows(list(fields)))


def quotes(desk: Desk, *fields: dict[str, Any]) -> TapeRows:
    return desk.judge.quotes(PATH, 4, as_rows(list(fields)))


def test_a_quote_keeps_prices_sizes_exchanges_sequence_and_time() -> None:
    desk = Desk()
    (row,) = quotes(desk, quote())
    assert (row["kind"], row["cid"], row["ts"], row["file"]) == (QUOTE, 1, NOON_NS, 4)
    assert (row["p1"], row["p2"], row["s1"], row["s2"]) == (12_000, 13_000, 7, 11)
    assert (row["exch"], row["cond"], row["seq"]) == (303, 302, 5)
    assert desk.roster.tapes == [("SPY", day_index(DAY))]


@pytest.mark.parametrize(
    ("bid", "ask", "expected"),
    [
        (1.2, 1.3, (12_000, 13_000)),
        (0.0, 0.05, (0, 500)),
        (0.0, 0.0, (MISSING, MISSING)),
        (0.0, None, (MISSING, MISSING)),
        (None, 0.05, (MISSING, 500)),
        (1.2, 0.0, (12_000, MISSING)),
        (1.2, None, (12_000, MISSING)),
        (None, None, (MISSING, MISSING)),
        (1.3, 1.2, (13_000, 12_000)),
    ],
)
def test_a_missing_side_is_missing_and_a_bid_of_zero_beside_an_ask_is_zero(
    bid: float | None, ask: float | None, expected: tuple[int, int]
) -> None:
    (row,) = quotes(Desk(), quote(bid_price=bid, ask_price=ask))
    assert (row["p1"], row["p2"]) == expected
    assert (row["s1"], row["s2"]) == (
        0 if row["p1"] == MISSING else 7,
        0 if row["p2"] == MISSING else 11,
    )


def test_prices_are_rounded_half_up_to_a_hundredth_of_a_cent() -> None:
    made = trades(Desk(), *(trade(price=price) for price in (0.29, 1.005, 41.71, 161.5, 0.00005)))
    assert made["p1"].tolist() == [2_900, 10_050, 417_100, 1_615_000, 1]


def test_quotes_without_optional_columns_are_quotes() -> None:
    fields = {k: quote()[k] for k in ("ticker", "ask_price", "bid_price", "sip_timestamp")}
    (row,) = quotes(Desk(), fields)
    assert (row["p1"], row["p2"], row["s1"], row["exch"], row["seq"]) == (12_000, 13_000, 0, 0, 0)


def test_a_trade_keeps_price_size_exchange_condition_and_time() -> None:
    (row,) = trades(Desk(), trade(price=1.27, size=12.0))
    assert (row["kind"], row["cid"], row["ts"]) == (TRADE, 1, NOON_NS)
    assert (row["p1"], row["p2"], row["s1"], row["exch"], row["cond"]) == (12_700, MISSING, 12, 302, 209)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 0),
        ("209", 209),
        ("209,219", 219),
        ("219, 232", 232),
        ("[204, 219]", 204),
        ("232,247", 247),
        ("247,201,232", 201),
        ("210 232", 232),
        ("999", 999),
        ("233,232", 233),
    ],
)
def test_of_several_conditions_the_weightiest_counts(text: str, code: int) -> None:
    (row,) = trades(Desk(), trade(conditions=text))
    assert row["cond"] == code


@pytest.mark.parametrize("correction", [1.0, 7.0, 8.0, 10.0, 11.0])
def test_struck_trades_are_left_out_and_counted(correction: float) -> None:
    desk = Desk()
    assert len(trades(desk, trade(correction=correction), trade())) == 1
    assert desk.judge.left_out["struck"] == 1
    assert desk.bad.count == 0


@pytest.mark.parametrize("correction", [0.0, 12.0, None])
def test_corrected_versions_and_ordinary_trades_stand(correction: float | None) -> None:
    assert len(trades(Desk(), trade(correction=correction))) == 1


def test_cancels_by_condition_stay_on_the_tape() -> None:
    (row,) = trades(Desk(), trade(conditions="201"))
    assert (row["kind"], row["cond"]) == (TRADE, 201)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"price": None}, "price is missing"),
        ({"price": 0.0}, "price 0 cannot be a price"),
        ({"price": -1.5}, "price -1.5 cannot be a price"),
        ({"price": 1e6}, "price 1e+06 cannot be a price"),
        ({"price": float("inf")}, "price inf cannot be a price"),
        ({"size": None}, "size nan is not a whole number of contracts"),
        ({"size": 0.0}, "size 0 is not a whole number of contracts"),
        ({"size": 1.5}, "size 1.5 is not a whole number of contracts"),
        ({"size": 3e9}, "size 3e+09 is not a whole number of contracts"),
        ({"correction": 5.0}, "correction 5 is no known code"),
        ({"exchange": 70_000.0}, "exchange 70000 is not a whole number from 0 to 32767"),
        ({"conditions": "late"}, "conditions 'late' are no list of codes"),
        ({"conditions": "99999"}, "conditions '99999' are no list of codes"),
        ({"ticker": "O:SPY251216X00685000"}, "is no contract and no symbol"),
        ({"ticker": ""}, "ticker '' is no contract and no symbol"),
        ({"ticker": "O:SPY251215C00685000"}, "had expired by 2025-12-16"),
        ({"sip_timestamp": None}, "sip_timestamp 0 is no time in ns from 2015 to 2027"),
        ({"sip_timestamp": NOON_NS // 10**6}, "is no time in ns from 2015 to 2027"),
        ({"sip_timestamp": parse_time("12:00", date(2025, 12, 20))}, "2025-12-20 is not a trading day"),
        ({"sip_timestamp": parse_time("12:00", date(2025, 12, 25))}, "2025-12-25 is not a trading day"),
    ],
)
def test_a_bad_trade_is_reported_with_its_line_and_the_others_are_taken(
    fields: dict[str, Any], reason: str
) -> None:
    desk = Desk()
    later = {"ticker": "O:SPY260116C00685000"}
    made = trades(desk, trade(**later), trade(**(later | fields)), trade(**later))
    assert len(made) == 2
    assert desk.bad.count == 1
    assert desk.bad.first[0].line == 3
    assert reason in desk.bad.first[0].reason


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"ask_price": -0.05}, "ask_price -0.05 cannot be a price"),
        ({"bid_price": float("inf")}, "bid_price inf cannot be a price"),
        ({"bid_size": -1.0}, "bid_size -1 is not a whole number"),
        ({"ask_exchange": 1e5}, "ask_exchange 100000 is not a whole number"),
        ({"ticker": "SPY"}, "is a quote of a stock"),
    ],
)
def test_a_bad_quote_is_reported(fields: dict[str, Any], reason: str) -> None:
    desk = Desk()
    assert len(quotes(desk, quote(), quote(**fields))) == 1
    assert reason in desk.reasons()[0]


def test_a_row_with_two_faults_is_one_bad_row() -> None:
    desk = Desk()
    trades(desk, trade(price=-1.0, size=0.5, correction=3.0))
    assert desk.bad.count == 1


def test_trades_of_the_stock_are_the_spot() -> None:
    desk = Desk()
    (row,) = trades(desk, trade(ticker="SPY", price=685.12, size=0.5, conditions="12,37"))
    assert (row["kind"], row["cid"], row["p1"], row["s1"]) == (SPOT, 0, 6_851_200, 0)
    assert (row["cond"], row["flags"]) == (0, 0)


@pytest.mark.parametrize("conditions", ["2", "52,37", "37,10", "13"])
def test_stock_trades_that_set_no_last_price_are_left_out(conditions: str) -> None:
    desk = Desk()
    assert len(trades(desk, trade(ticker="SPY", conditions=conditions))) == 0
    assert desk.judge.left_out["unpriced"] == 1
    assert desk.bad.count == 0


def test_those_conditions_mean_nothing_for_options() -> None:
    assert len(trades(Desk(), trade(conditions="2"))) == 1


def bar(**fields: Any) -> dict[str, Any]:
    return {"ticker": "SPY", "close": 685.5, "window_start": NOON_NS} | fields


def test_a_minute_bar_is_known_at_the_end_of_its_minute() -> None:
    (row,) = Desk().judge.bars(PATH, 4, as_rows([bar()]))
    assert (row["kind"], row["cid"], row["p1"], row["flags"]) == (SPOT, 0, 6_855_000, FLAG_MINUTE)
    assert row["ts"] == parse_time("12:01", DAY)


def test_index_bars_are_the_spot_of_the_index() -> None:
    desk = Desk()
    (row,) = desk.judge.bars(PATH, 4, as_rows([bar(ticker="I:SPX", close=6_850.25)]))
    assert row["p1"] == 68_502_500
    assert desk.roster.tapes[0][0] == "SPX"


def test_minute_bars_of_options_are_no_trades() -> None:
    desk = Desk()
    assert len(desk.judge.bars(PATH, 4, as_rows([bar(ticker=CALL), bar(close=None)]))) == 0
    assert desk.reasons() == ["is a minute bar of an option, which is no trade", "close is missing"]


def test_other_symbols_and_other_days_are_left_out_without_complaint() -> None:
    desk = Desk("SPY", DAY)
    next_day = parse_time("12:00", date(2025, 12, 17))
    later = "O:SPY251219C00685000"
    made = trades(
        desk,
        trade(),
        trade(ticker="O:QQQ251216C00500000"),
        trade(ticker=later, sip_timestamp=next_day),
    )
    assert len(made) == 1
    assert (desk.judge.left_out["other symbols"], desk.judge.left_out["other days"]) == (1, 1)
    assert desk.bad.count == 0


@pytest.mark.parametrize(("at", "kept"), [("08:29:59", 0), ("08:30", 1), ("17:00", 1), ("17:00:01", 0)])
def test_rows_far_from_the_session_are_left_out(at: str, kept: int) -> None:
    desk = Desk()
    assert len(trades(desk, trade(sip_timestamp=parse_time(at, DAY)))) == kept
    assert desk.judge.left_out["outside the session"] == 1 - kept


def test_a_file_of_two_days_makes_two_tapes() -> None:
    desk = Desk()
    later = "O:SPY251219C00685000"
    next_day = parse_time("12:00", date(2025, 12, 17))
    made = trades(desk, trade(ticker=later), trade(ticker=later, sip_timestamp=next_day))
    assert made["tape"].tolist() == [0, 1]
    assert desk.roster.tapes == [("SPY", day_index(DAY)), ("SPY", day_index(DAY) + 1)]


def open_interest(desk: Desk, *fields: tuple[str, float | None]) -> TapeRows:
    rows = as_rows([{"ticker": ticker, "open_interest": value} for ticker, value in fields])
    return desk.judge.open_interest(PATH, 5, rows, day_index(DAY), session(DAY).open_ns)


def test_open_interest_stands_at_the_open_of_tapes_that_are_there() -> None:
    desk = Desk()
    trades(desk, trade())
    made = open_interest(desk, (CALL, 4_500.0), ("O:SPY251219P00600000", 0.0), ("O:QQQ251216C00500000", 7.0))
    assert made["kind"].tolist() == [OI, OI]
    assert made["s1"].tolist() == [4_500, 0]
    assert set(made["ts"]) == {session(DAY).open_ns}
    assert desk.judge.left_out["open interest without a tape"] == 1
    assert desk.roster.tapes == [("SPY", day_index(DAY))]


def test_unknown_open_interest_is_not_zero() -> None:
    desk = Desk()
    trades(desk, trade())
    assert len(open_interest(desk, (CALL, None))) == 0
    assert desk.judge.left_out["unknown open interest"] == 1


def test_impossible_open_interest_is_a_bad_row() -> None:
    desk = Desk()
    trades(desk, trade())
    assert len(open_interest(desk, (CALL, -1.0), (CALL, 1.5), ("SPY", 3.0))) == 0
    assert desk.bad.count == 3
