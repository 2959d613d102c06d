"""What never changes about a contract: steps, neighbours and their weights."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from engine.fold.contract_rows import static_of
from engine.model.calendar import settle_ns
from engine.model.contracts import Contract, ContractTable
from engine.model.underlyings import underlying

DAY, LATER = date(2025, 12, 16), date(2025, 12, 17)
SPY = underlying("SPY")


def settles(root: str, expiry: date) -> int:
    return settle_ns(SPY, root, expiry)


def test_static_rows_say_what_never_changes() -> None:
    table = ContractTable(
        [
            Contract("SPY", DAY, "C", 685_500),
            Contract("SPY", LATER, "P", 685_500),
            Contract("SPY", DAY, "P", 685_500),
            Contract("SPY", DAY, "P", 690_000),
        ]
    )
    static = static_of(table, settles, 100, 5)
    assert static["strike"][1:].tolist() == [685.5, 685.5, 685.5, 690.0]
    assert static["cp"][1:].tolist() == [1.0, -1.0, -1.0, -1.0]
    assert static["twin"][1:].tolist() == [3, 0, 1, 0]
    assert static["rung"][1:].tolist() == [0, 0, 0, 1]
    assert static["settle_ns"][1:].tolist() == [settles("SPY", day) for day in (DAY, LATER, DAY, DAY)]
    assert (static["multiplier"] == 100).all()
    assert (static["tick"] == 5).all()


def row_of_calls(*strikes: int) -> np.ndarray:
    """Return the static rows of calls at these strikes, in $, told in any order."""
    return static_of(ContractTable(Contract("SPY", DAY, "C", 1000 * k) for k in strikes), settles, 100, 100)


def test_neighbours_are_the_three_strikes_on_either_side() -> None:
    static = row_of_calls(103, 100, 101, 102, 104, 106, 105)
    assert static["beside"][1].tolist() == [2, 3, 4, 5, 7, 6]
    assert static["beside"][2].tolist() == [0, 0, 0, 3, 4, 1]
    assert static["step"][[1, 2]].tolist() == [1.0, 1.0]


def test_a_strikes_step_is_the_wider_of_its_gaps() -> None:
    assert row_of_calls(100, 101, 105, 110)["step"][1:].tolist() == [1.0, 4.0, 5.0, 5.0]
    assert row_of_calls(100)["step"][1] == 0


@pytest.mark.parametrize("strikes", [(100, 101, 102, 103, 104, 105, 106), (90, 95, 100, 101, 102, 105, 110)])
def test_weights_of_the_inner_four_are_exact_for_a_cubic(strikes) -> None:
    static = row_of_calls(*strikes)
    middle = static[4]

    def cubic(k):
        return 3.0 - 2.0 * k + 0.5 * k**2 - 0.01 * k**3

    around = cubic(static["strike"][middle["beside"][1:-1]])
    assert (middle["weight"] * around).sum() == pytest.approx(cubic(middle["strike"]), rel=1e-9)


def test_the_price_step_from_three_dollars_is_never_the_smaller_one() -> None:
    table = ContractTable([Contract("SPY", DAY, "C", 100_000)])
    for given, expected in ((0, 100), (500, 500), (50, 100)):
        assert static_of(table, settles, 100, 100, given)["tick_3"][1] == expected
