"""A chain at one moment: what is alive, what is meant, and what settles together."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pytest

from engine.analytics.option_chain import ABSENT, ContractSet, OptionChain, alive, quoted
from engine.model.calendar import ET
from engine.model.contracts import Contract
from engine.model.errors import NoDataError
from engine.model.underlyings import PRESETS

FRIDAY = date(2022, 7, 15)  # the third one of its month
TUESDAY = date(2022, 7, 12)


def at(day: date, hour: int, minute: int = 0) -> int:
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=ET).timestamp()) * 10**9


def spx(*contracts: Contract, **columns: list[float]) -> OptionChain:
    arrays = {name: np.array(values) for name, values in columns.items()}
    return quoted(ContractSet.of(PRESETS["SPX"], contracts), arrays)


CHAIN = spx(
    Contract("SPX", FRIDAY, "C", 3_900_000),
    Contract("SPXW", FRIDAY, "C", 3_900_000),
    Contract("SPXW", TUESDAY, "C", 3_900_000),
    Contract("SPXW", TUESDAY, "P", 3_900_000),
)


def roots(chain: OptionChain) -> list[tuple[str, date]]:
    return [(each.root, each.expiry) for each in chain.contracts]


def test_columns_nobody_gave_are_unknown() -> None:
    assert np.isnan(CHAIN.oi).all()
    assert np.isnan(CHAIN.buy).all()


def test_a_mid_needs_two_sides_that_are_not_crossed() -> None:
    four = [Contract("SPXW", TUESDAY, "C", k) for k in (1000, 2000, 3000, 4000)]
    chain = spx(*four, bid=[1.0, 0.0, 2.0, np.nan], ask=[1.2, 0.1, 1.9, 1.0])
    np.testing.assert_allclose(chain.mid, [1.1, np.nan, np.nan, np.nan])
    assert spx(four[0], bid=[1.0], ask=[1.0]).mid[0] == 1.0


def test_settlements_come_nearest_first_and_the_evening_before_the_morning() -> None:
    found = [(each.expiry, each.root, each.rows.tolist()) for each in CHAIN.listed.groups]
    assert found == [(TUESDAY, "SPXW", [2, 3]), (FRIDAY, "SPXW", [1]), (FRIDAY, "SPX", [0])]
    assert [each.settle_ns for each in CHAIN.listed.groups] == [
        at(TUESDAY, 16),
        at(FRIDAY, 16),
        at(FRIDAY, 9, 30),
    ]


def test_several_dates_are_read_as_one_and_of_one_date_the_settlement_of_the_evening() -> None:
    assert CHAIN.listed.read_as_one.tolist() == [0, 1, 2, 3]
    friday = CHAIN.part(np.array([True, True, False, False]))
    assert [friday.contracts[i].root for i in friday.listed.read_as_one] == ["SPXW"]


@pytest.mark.parametrize(
    ("choice", "when", "left"),
    [
        ("all", at(TUESDAY, 11), 4),
        ("all", at(TUESDAY, 16), 2),
        ("all", at(FRIDAY, 10), 1),
        ("0dte", at(TUESDAY, 11), 2),
        ("0dte", at(FRIDAY, 10), 1),
        (FRIDAY, at(TUESDAY, 11), 2),
        (1, at(TUESDAY, 11), 2),
        (1, at(TUESDAY, 17), 2),
        (2, at(TUESDAY, 11), 4),
        (9, at(TUESDAY, 11), 4),
    ],
)
def test_what_has_settled_or_was_not_chosen_is_left_out(choice: Any, when: int, left: int) -> None:
    assert len(alive(CHAIN, choice, when).contracts) == left


@pytest.mark.parametrize(
    ("choice", "when", "sentence"),
    [
        ("all", at(FRIDAY, 16), "Every contract had expired by 2022-07-15 16:00; the last"),
        ("0dte", at(TUESDAY, 17), "What expires on 2022-07-12 had expired by 2022-07-12 17:00"),
        (TUESDAY, at(FRIDAY, 9), "What expires on 2022-07-12 had expired by 2022-07-15 09:00"),
        (date(2022, 8, 1), at(TUESDAY, 9), "Nothing expires on 2022-08-01; --expiry can be all, or one"),
        ("0dte", at(date(2022, 7, 13), 9), "Nothing expires on 2022-07-13"),
    ],
)  # fmt: skip
def test_nothing_left_is_said(choice: Any, when: int, sentence: str) -> None:
    with pytest.raises(NoDataError, match=sentence):
        alive(CHAIN, choice, when)


def test_a_part_keeps_the_columns_of_its_rows() -> None:
    chain = spx(*CHAIN.contracts, oi=[1.0, 2.0, 3.0, 4.0])
    part = chain.part(chain.sign > 0.0)
    assert part.oi.tolist() == [1.0, 2.0, 3.0]
    assert roots(part) == [("SPX", FRIDAY), ("SPXW", FRIDAY), ("SPXW", TUESDAY)]


def test_calls_and_puts_of_a_strike_stand_beside_each_other() -> None:
    names = [
        ("SPXW", TUESDAY, "C", 20),
        ("SPXW", TUESDAY, "P", 10),
        ("SPX", FRIDAY, "C", 10),
        ("SPXW", TUESDAY, "C", 10),
    ]
    chain = spx(*(Contract(root, day, right, k * 1000) for root, day, right, k in names))
    listed = chain.listed
    assert listed.pair_strike.tolist() == [10.0, 20.0, 10.0]
    assert (listed.call.tolist(), listed.put.tolist()) == ([3, 0, 2], [1, ABSENT, ABSENT])
    assert (listed.pair.tolist(), listed.pair_group.tolist()) == ([1, 0, 2, 0], [0, 0, 1])
    call, put = listed.beside(np.array([5.0, 6.0, 7.0, 8.0]))
    np.testing.assert_array_equal(call, [8.0, 5.0, 7.0])
    np.testing.assert_array_equal(put, [6.0, np.nan, np.nan])


def test_no_contract_is_a_chain_too() -> None:
    chain = spx()
    assert (chain.expiries(), chain.listed.groups, chain.listed.read_as_one.tolist()) == ((), (), [])
