"""What comes first, what ties, and what is too thin to be ranked."""

from __future__ import annotations

from datetime import date
from itertools import product

import numpy as np
import pytest

from engine.analytics.option_chain import ContractSet, quoted
from engine.model.contracts import Contract, ContractTable
from engine.model.underlyings import underlying
from engine.views.queries import RANKINGS, TopQuery
from engine.views.ranking import LEAST_CALLS, LEAST_VOLUME, ROWS, top
from engine.views.scope import ScopeChain, TapeContracts

NEAR, FAR = date(2025, 12, 16), date(2025, 12, 17)
STRIKES = tuple(range(680, 692))
CONTRACTS = ContractTable(
    Contract("SPY", day, right, strike * 1000) for day in (NEAR, FAR) for strike in STRIKES for right in "CP"
)

CONTRACTS_BY_OI, CONTRACTS_BY_VOLUME = TopQuery("oi", contracts=True), TopQuery("volume", contracts=True)

OF = TapeContracts.all_of(ContractSet.of(underlying("SPY"), tuple(CONTRACTS)))


def scope(
    volume: dict[tuple[date, str], float] | None = None, oi: dict[tuple[date, str], float] | None = None
) -> ScopeChain:
    """Build a chain from (expiration, '685C') to contracts; premium is $100 a contract, half of it net."""
    names = [(each.expiry, each.short) for each in CONTRACTS]
    traded = np.array([(volume or {}).get(name, 0.0) for name in names])
    held = np.array([(oi or {}).get(name, np.nan) for name in names])
    chain = quoted(OF.listed, {"volume": traded, "oi": held})
    return ScopeChain(OF, chain, np.zeros(len(names)), 100 * traded, 50 * traded)


def names(found) -> list[str]:
    return [
        f"{row.contract.short if row.contract else row.strike_milli // 1000} {row.expiry:%d}"
        for row in found.rows
    ]


def test_the_most_traded_come_first_of_all_expirations() -> None:
    found = top(
        scope({(NEAR, "685C"): 50, (FAR, "680P"): 900, (NEAR, "681P"): 70}),
        CONTRACTS_BY_VOLUME,
    )
    assert names(found) == ["680P 17", "681P 16", "685C 16"]
    assert found.by == "volume"
    first = found.rows[0]
    assert (first.contract, first.volume, first.oi) == (Contract("SPY", FAR, "P", 680_000), 900, None)
    assert (first.premium_usd, first.net_premium_usd) == (90_000, 45_000)


def test_the_most_held_come_first_and_what_is_unknown_or_nothing_has_no_rank() -> None:
    found = top(scope(oi={(NEAR, "685C"): 50, (NEAR, "685P"): 0, (FAR, "686C"): 51}), CONTRACTS_BY_OI)
    assert names(found) == ["686C 17", "685C 16"]
    assert [row.oi for row in found.rows] == [51, 50]


def test_a_tie_goes_to_the_nearer_expiration_the_lower_strike_and_the_call() -> None:
    alike = {(FAR, "680C"): 9, (NEAR, "686P"): 9, (NEAR, "685P"): 9, (NEAR, "685C"): 9}
    assert names(top(scope(alike), CONTRACTS_BY_VOLUME)) == [
        "685C 16",
        "685P 16",
        "686P 16",
        "680C 17",
    ]


def test_calls_and_puts_of_a_strike_rank_together() -> None:
    traded = {
        (NEAR, "685C"): 60,
        (NEAR, "685P"): 50,
        (NEAR, "680C"): 100,
        (FAR, "685C"): 55,
        (FAR, "685P"): 56,
    }
    found = top(scope(traded), TopQuery("volume"))
    assert names(found) == ["685 17", "685 16", "680 16"]
    assert [(row.contract, row.volume) for row in found.rows] == [(None, 111), (None, 110), (None, 100)]
    assert found.rows[1].premium_usd == 11_000
    held = {(NEAR, "685C"): 60, (NEAR, "685P"): 50, (NEAR, "680C"): 109}
    by_oi = top(scope(oi=held), TopQuery("oi"))
    assert [(name, row.oi) for name, row in zip(names(by_oi), by_oi.rows, strict=True)] == [
        ("685 16", 110),
        ("680 16", 109),
    ]


def test_strikes_that_tie_stand_by_expiration_and_strike() -> None:
    alike = {(FAR, "680C"): 9, (NEAR, "686P"): 9, (NEAR, "685C"): 9}
    assert names(top(scope(alike), TopQuery("volume"))) == ["685 16", "686 16", "680 17"]


def test_there_are_ten_rows_at_most() -> None:
    many = {(NEAR, f"{strike}C"): 1000 - strike for strike in STRIKES}
    assert names(top(scope(many), CONTRACTS_BY_VOLUME)) == [f"{strike}C 16" for strike in STRIKES[:ROWS]]


def test_nothing_traded_ranks_nothing() -> None:
    for by, contracts in product(RANKINGS, (False, True)):
        assert top(scope(), TopQuery(by, contracts)).rows == ()


def test_a_contract_s_ratio_is_its_strike_s() -> None:
    found = top(
        scope({(NEAR, "685C"): 50, (NEAR, "685P"): 100, (NEAR, "686P"): 3}),
        CONTRACTS_BY_VOLUME,
    )
    assert [row.put_call for row in found.rows] == [2.0, 2.0, None]


def test_strikes_rank_by_puts_over_calls() -> None:
    traded = {
        (NEAR, "685C"): 100, (NEAR, "685P"): 300, (FAR, "685C"): 100, (FAR, "685P"): 500,
        (NEAR, "690C"): 400, (NEAR, "690P"): 100,
    }  # fmt: skip
    held = {(NEAR, "685C"): 7, (NEAR, "685P"): 8, (NEAR, "690C"): 1}
    found = top(scope(traded, held), TopQuery("put_call"))
    assert names(found) == ["685 17", "685 16", "690 16"]
    assert [row.put_call for row in found.rows] == [5.0, 3.0, 0.25]
    assert [(row.contract, row.volume, row.oi) for row in found.rows] == [
        (None, 600, None),
        (None, 400, 15),
        (None, 500, 1),
    ]
    assert found.rows[1].premium_usd == 40_000


@pytest.mark.parametrize(
    ("calls", "puts", "ranked"),
    [
        (0, 1, False),
        (0, 5000, False),
        (LEAST_CALLS - 1, 5000, False),
        (LEAST_CALLS, LEAST_VOLUME - LEAST_CALLS, True),
        (LEAST_CALLS, LEAST_VOLUME - LEAST_CALLS - 1, False),
        (5000, 0, False),
    ],
)
def test_a_ratio_of_a_few_contracts_has_no_rank(calls: int, puts: int, ranked: bool) -> None:
    found = top(scope({(NEAR, "685C"): calls, (NEAR, "685P"): puts}), TopQuery("put_call"))
    assert bool(found.rows) == ranked
