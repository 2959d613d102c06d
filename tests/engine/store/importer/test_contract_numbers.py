"""Tickers become numbers, rows become tapes of one symbol and one exchange day."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from engine.model.calendar import parse_time, session
from engine.model.contracts import Contract
from engine.model.underlyings import generic, parse_custom
from engine.store.importer.contract_numbers import (
    ADJUSTED,
    OTHER,
    UNREADABLE,
    ContractNumbers,
    day_at,
    day_index,
    days,
)

DAY = date(2025, 12, 16)
CALL = "O:SPY251216C00685000"


def roster(symbol: str | None = None, **customs: str) -> ContractNumbers:
    known = {name: parse_custom(spec) for name, spec in customs.items()}
    return ContractNumbers(symbol, None, known)


def symbols(found: ContractNumbers, *names: str) -> list[str]:
    return [found.symbol_name(int(number)) for number in found.tickers(list(names)).symbol]


def test_contracts_get_ids_and_underlyings_get_none() -> None:
    found = roster()
    tickers = found.tickers([CALL, "SPY", CALL, "O:SPY251216P00685000"])
    assert tickers.cid.tolist() == [1, 0, 1, 2]
    assert len(set(tickers.symbol)) == 1
    assert found.contracts[1] == Contract("SPY", DAY, "C", 685_000)
    assert tickers.expiry[0] == day_index(DAY)
    assert tickers.expiry[1] > day_index(date(2027, 12, 31))


def test_roots_go_to_their_underlying_and_indices_lose_their_prefix() -> None:
    found = roster()
    names = ("O:SPXW251216C06000000", "O:SPX251219C06000000", "I:SPX", "O:NDXP251216P25000000", "GOOG")
    assert symbols(found, *names) == ["SPX", "SPX", "SPX", "NDX", "GOOG"]


def test_a_custom_root_goes_to_its_symbol() -> None:
    assert symbols(roster(VIX="VIX:1:VIXW"), "O:VIXW251216C00020000", "I:VIX") == ["VIX", "VIX"]


@pytest.mark.parametrize("name", ["", "O:", "O:SPY", "O:SPY251316C00685000", "1X", "TOOLONGX", " "])
def test_what_is_no_ticker_is_unreadable(name: str) -> None:
    assert roster().tickers([name]).symbol.tolist() == [UNREADABLE]


@pytest.mark.parametrize(
    "names",
    [
        ("BRK.B", "O:BRKB251219C00480000"),
        ("O:BRKB251219C00480000", "BRK.B"),
        ("O:LENB251219C00120000", "LEN.B"),
        ("LEN.B", "O:LENB251219C00120000"),
    ],
)
def test_a_class_of_shares_and_its_contracts_are_one_symbol(names: tuple[str, str]) -> None:
    found = roster()
    tickers = found.tickers(list(names))
    tape = found.tapes_of(tickers.symbol, np.array([100, 100], np.int64), tickers.cid)
    assert tape[0] == tape[1]
    dotted = next(name for name in names if not name.startswith("O:"))
    assert found.tapes == [(dotted, 100)]
    assert found.find_tape(dotted, 100) == 0


def test_a_class_of_shares_is_found_when_asked_for() -> None:
    assert symbols(roster("LEN.B"), "O:LENB251219C00120000", "LEN.B") == ["LEN.B", "LEN.B"]


def test_an_adjusted_contract_is_told_apart_from_other_symbols() -> None:
    adjusted = ["O:SNAP1251219C00008000", "O:1SNAP251219C00008000"]
    assert roster().tickers(adjusted).symbol.tolist() == [ADJUSTED, ADJUSTED]
    assert roster("SNAP").tickers(adjusted).symbol.tolist() == [ADJUSTED, ADJUSTED]
    assert roster("SNA").tickers(adjusted).symbol.tolist() == [OTHER, OTHER]


def test_companies_whose_letters_begin_alike_are_two() -> None:
    names = (
        "O:SNA251219C00345000",
        "O:SNAP251219C00008000",
        "O:RUTW251219C02500000",
        "O:VIXW251217C00016000",
    )
    assert symbols(roster(), *names) == ["SNA", "SNAP", "RUT", "VIX"]


def test_other_symbols_are_told_apart_from_nonsense_and_remembered_by_name() -> None:
    found = roster("SPY")
    names = [CALL, "O:QQQ251216C00500000", "QQQ", "?"]
    assert found.tickers(names).symbol.tolist() == [0, OTHER, OTHER, UNREADABLE]
    assert found.met == {"SPY", "QQQ"}
    assert len(found.contracts) == 1


def test_rows_of_a_symbol_and_day_are_one_tape_with_its_contracts() -> None:
    found = roster()
    tickers = found.tickers([CALL, "O:QQQ251216C00500000", "SPY", CALL])
    day = np.array([100, 100, 100, 101], np.int64)
    tapes = found.tapes_of(tickers.symbol, day, tickers.cid)
    assert tapes[0] == tapes[2]
    assert len(set(tapes.tolist())) == 3
    assert found.tapes[tapes[1]] == ("QQQ", 100)
    assert found.tapes[tapes[3]] == ("SPY", 101)
    assert [found.cids[tape] for tape in tapes] == [{1}, {2}, {1}, {1}]
    assert found.find_tape("QQQ", 100) == tapes[1]
    assert found.find_tape("QQQ", 101) is None
    assert found.find_tape("IWM", 100) is None


def test_the_same_rows_again_meet_the_same_tape() -> None:
    found = roster()
    tickers = found.tickers([CALL])
    first = found.tapes_of(tickers.symbol, np.array([5], np.int64), tickers.cid)
    again = found.tapes_of(tickers.symbol, np.array([5], np.int64), tickers.cid)
    assert first.tolist() == again.tolist()
    assert len(found.tapes) == 1


def test_no_rows_meet_no_tape() -> None:
    none = np.empty(0, np.int64)
    assert len(roster().tapes_of(none, none, none)) == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-12-16T05:00:00", DAY),  # midnight in winter is 05:00 UTC
        ("2025-12-17T04:59:59", DAY),
        ("2025-07-15T04:00:00", date(2025, 7, 15)),  # and 04:00 in summer
        ("2025-07-15T03:59:59", date(2025, 7, 14)),
    ],
)
def test_days_begin_at_midnight_of_the_exchange(text: str, expected: date) -> None:
    ts = np.array([np.datetime64(text, "ns").astype(np.int64)])
    assert day_at(int(days().find(ts)[0])) == expected


def test_times_outside_the_calendar_are_outside_the_days() -> None:
    ts = np.array([0, -1, 2**62], np.int64)
    assert days().find(ts).tolist() == [-1, -1, len(days().from_ns)]


def test_a_session_reaches_an_hour_around_its_hours_and_a_closed_day_has_none() -> None:
    hours = days()
    i = day_index(DAY)
    assert hours.from_ns[i] == parse_time("08:30", DAY)
    assert hours.to_ns[i] == parse_time("17:00", DAY)
    half = date(2025, 12, 24)
    assert hours.to_ns[day_index(half)] == session(half).close_ns + 3600 * 10**9
    for closed in (date(2025, 12, 25), date(2025, 12, 20)):
        assert hours.from_ns[day_index(closed)] == hours.to_ns[day_index(closed)] == 0


def test_an_unknown_root_is_its_own_symbol() -> None:
    assert symbols(roster(), "O:GOOG151224C00750000") == [generic("GOOG", 1).symbol]
