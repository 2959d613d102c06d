"""Levels of chains: against a loop over contracts, against a reference, and of what is missing."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.analytics.exposure_choice import CONVENTIONS, ExposureChoice
from engine.analytics.greeks import price_greeks
from engine.analytics.key_levels import Levels, measure
from engine.analytics.option_chain import ContractSet, OptionChain, quoted
from engine.analytics.terms import Terms
from engine.model.calendar import ET
from engine.model.contracts import Contract
from engine.model.errors import NoDataError
from engine.model.underlyings import PRESETS

AT_NS = int(datetime(2022, 7, 12, 11, 55, tzinfo=ET).timestamp()) * 10**9
NEAR, FAR = date(2022, 7, 12), date(2022, 7, 15)
VENDOR = Terms(AT_NS, 3860.0, 0.03, 0.01, "vendor")

Row = tuple[str, date, str, float, float, float]  # root, expiry, right, strike $, open interest, volatility

ROWS: list[Row] = [
    ("SPXW", NEAR, "C", 3900.0, 500.0, 0.25),
    ("SPXW", NEAR, "C", 3850.0, 200.0, 0.27),
    ("SPXW", NEAR, "P", 3850.0, 700.0, 0.27),
    ("SPXW", FAR, "C", 3900.0, 300.0, 0.22),
    ("SPXW", FAR, "P", 3800.0, 900.0, 0.26),
    ("SPX", FAR, "C", 3950.0, 1000.0, 0.21),
    ("SPX", FAR, "P", 3800.0, 1200.0, 0.26),
]


def chain(rows: list[Row], **columns: list[float]) -> OptionChain:
    contracts = tuple(Contract(root, day, right, round(k * 1000)) for root, day, right, k, _, _ in rows)
    given_ = {"oi": [row[4] for row in rows], "iv": [row[5] for row in rows]} | columns
    columns_ = {name: np.array(each) for name, each in given_.items()}
    return quoted(ContractSet.of(PRESETS["SPX"], contracts), columns_)


def under(convention: Any) -> ExposureChoice:
    return ExposureChoice().with_convention(convention)


def exposure_of(found: Levels, i: int, spot: float | None = None) -> float:
    """One contract's exposure by the price formula, in shares per $1."""
    terms = found.terms
    T = found.of.years[i]
    S = terms.spot if spot is None else spot
    gamma = price_greeks(S, found.chain.strike[i], T, terms.rate, terms.dividend or 0.0, found.of.iv[i], 1.0)[
        2
    ]
    return float(found.dealers.position[i] * gamma * 100.0)


def everything(found: Levels, spot: float | None = None) -> list[float]:
    return [exposure_of(found, i, spot) for i in range(len(found.chain.contracts))]


def test_every_sum_is_the_sum_of_its_contracts() -> None:
    found = measure(chain(ROWS), VENDOR)
    alone = everything(found)
    np.testing.assert_allclose(found.dealers.shares, alone, rtol=1e-12)
    assert found.exposure.total_net == pytest.approx(math.fsum(alone), rel=1e-12)
    assert found.exposure.total_call == pytest.approx(sum(alone[i] for i in (0, 1, 3, 5)), rel=1e-12)
    assert found.exposure.total_put == pytest.approx(sum(alone[i] for i in (2, 4, 6)), rel=1e-12)
    assert found.exposure.total_gross == pytest.approx(sum(map(abs, alone)), rel=1e-12)
    assert found.exposure.strikes.tolist() == [3800.0, 3850.0, 3900.0, 3950.0]
    np.testing.assert_allclose(found.exposure.net[1], alone[1] + alone[2], rtol=1e-12)
    np.testing.assert_allclose(found.exposure.call[2], alone[0] + alone[3], rtol=1e-12)
    assert sum(each.net or 0.0 for each in found.settlements) == pytest.approx(
        found.exposure.total_net, rel=1e-12
    )
    assert [each.contracts for each in found.settlements] == [3, 2, 2]


def test_at_zero_gamma_the_repriced_chain_has_none() -> None:
    found = measure(chain(ROWS), VENDOR)
    assert found.exposure.zero_gamma.headline is not None
    at_root = everything(found, found.exposure.zero_gamma.headline)
    assert abs(sum(at_root)) < 1e-9 * sum(map(abs, at_root))
    assert found.exposure.zero_gamma.headline in found.exposure.zero_gamma.roots
    assert found.exposure.zero_gamma.reason == ""


def test_walls_are_strikes_of_one_right_and_the_largest_net_of_both() -> None:
    found = measure(chain(ROWS), VENDOR)
    calls = dict(zip(found.exposure.strikes.tolist(), found.exposure.call.tolist(), strict=True))
    puts = dict(zip(found.exposure.strikes.tolist(), found.exposure.put.tolist(), strict=True))
    nets = dict(zip(found.exposure.strikes.tolist(), np.abs(found.exposure.net).tolist(), strict=True))
    assert found.exposure.call_wall == max(calls, key=lambda k: calls[k])
    assert found.exposure.put_wall == min(puts, key=lambda k: puts[k])
    assert found.exposure.max_gex_strike == max(nets, key=lambda k: nets[k])


def test_a_chain_of_calls_alone_has_no_put_wall_and_no_flip() -> None:
    found = measure(chain(ROWS[:2]), VENDOR)
    assert (found.exposure.put_wall, found.exposure.zero_gamma.headline) == (None, None)
    assert found.exposure.zero_gamma.reason.startswith("all positive between ")
    assert found.pcr_oi == 0.0


def test_a_date_that_settles_twice_is_summed_whole_and_read_by_its_evening() -> None:
    found = measure(chain(ROWS[3:]), VENDOR)
    assert [each.root for each in found.settlements] == ["SPXW", "SPX"]
    assert found.contracts == 4
    assert found.pcr_oi == 900.0 / 300.0
    assert measure(chain(ROWS), VENDOR).pcr_oi == (700.0 + 900.0 + 1200.0) / (500.0 + 200.0 + 300.0 + 1000.0)


def test_max_pain_of_several_expirations_is_over_all_of_them() -> None:
    rows: list[Row] = [
        ("SPXW", NEAR, "C", 3850.0, 10.0, 0.2),
        ("SPXW", NEAR, "P", 3900.0, 10.0, 0.2),
        ("SPXW", FAR, "P", 4000.0, 1000.0, 0.2),
        ("SPXW", FAR, "C", 3950.0, 10.0, 0.2),
    ]
    found = measure(chain(rows), VENDOR)
    assert found.settlements[0].max_pain == 3850.0
    assert found.max_pain == 4000.0


def test_contracts_without_volatility_or_open_interest_are_left_out_and_said() -> None:
    rows = [*ROWS[:4], ("SPXW", FAR, "P", 3800.0, 900.0, 0.0), ("SPXW", FAR, "C", 3700.0, math.nan, 0.2)]
    found = measure(chain(rows), VENDOR)
    assert (found.contracts, found.dropped) == (4, 1)
    assert np.isnan(found.exposure.put[found.exposure.strikes == 3800.0]).all()
    assert np.isnan(found.exposure.net[found.exposure.strikes == 3700.0]).all()
    assert found.notes == (
        "1 contract has unknown open interest and is left out.",
        "1 contract with exposure has no volatility in the file and is left out.",
    )


def test_a_contract_nobody_holds_has_no_exposure_whatever_its_volatility() -> None:
    found = measure(chain([*ROWS, ("SPXW", NEAR, "C", 3700.0, 0.0, math.nan)]), VENDOR)
    assert found.exposure.call[found.exposure.strikes == 3700.0] == 0.0
    assert (found.contracts, found.dropped) == (7, 0)


@pytest.mark.parametrize(
    ("rows", "terms", "sentence"),
    [
        ([("SPXW", NEAR, "C", 3900.0, 0.0, 0.2)], VENDOR, "No contract of SPX has open interest"),
        ([("SPXW", NEAR, "C", 3900.0, math.nan, 0.2)], VENDOR, "No contract of SPX has open interest"),
        ([("SPXW", NEAR, "C", 3900.0, 5.0, 0.0)], VENDOR, "came with a volatility; --iv own takes them"),
        (
            [("SPXW", NEAR, "C", 3900.0, 5.0, 0.2)],
            Terms(AT_NS, 3860.0),
            "has a two-sided quote .* --iv vendor",
        ),
    ],
)
def test_nothing_to_sum_is_one_sentence(rows: list[Row], terms: Terms, sentence: str) -> None:
    with pytest.raises(NoDataError, match=sentence):
        measure(chain(rows), terms)


def test_conventions_differ_in_what_dealers_hold() -> None:
    one = chain(ROWS[:3], buy=[10.0, 0.0, 4.0], sell=[3.0, 6.0, 4.0])
    assert measure(one, VENDOR, under("assumed")).dealers.position.tolist() == [500.0, 200.0, -700.0]
    assert measure(one, VENDOR, under("flow")).dealers.position.tolist() == [-7.0, 6.0, 0.0]
    assert measure(one, VENDOR, under("blended")).dealers.position.tolist() == [493.0, 206.0, -700.0]


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_under_every_convention_sums_are_of_what_dealers_hold(convention: Any) -> None:
    one = chain(ROWS[:3], buy=[10.0, 0.0, 4.0], sell=[3.0, 6.0, 4.0], volume=[20.0, 10.0, 10.0])
    found = measure(one, VENDOR, under(convention))
    assert found.exposure.total_net == pytest.approx(sum(everything(found)), rel=1e-12)
    unclassified = "32% of the contracts traded have no known side and are in nobody's position."
    assert found.notes == (() if convention == "assumed" else (unclassified,))


def test_flow_without_any_is_said() -> None:
    with pytest.raises(NoDataError, match="has classified flow"):
        measure(chain(ROWS), VENDOR, under("flow"))


def quoted_at(spot: float, strikes: tuple[float, ...] = (3850.0, 3870.0, 3890.0, 3910.0)) -> OptionChain:
    """Same-day pairs quoted a cent around what they were worth at a spot, at 20 %, without carry."""
    rows: list[Row] = [("SPXW", NEAR, right, k, 100.0, 0.2) for k in strikes for right in "CP"]
    worth = [
        price_greeks(spot, row[3], 245 / 525_600, 0.0, 0.0, 0.2, 1.0 if row[2] == "C" else -1.0)[0]
        for row in rows
    ]
    return chain(rows, bid=[each - 0.01 for each in worth], ask=[each + 0.01 for each in worth])


def test_quotes_of_another_moment_are_said() -> None:
    found = measure(quoted_at(3880.0), Terms(AT_NS, 3870.0))
    assert found.notes[-1].startswith("The quotes imply a spot of 3,880.00, and spot is 3,870.00")
    assert measure(quoted_at(3880.0), Terms(AT_NS, 3879.0)).notes == ()


@given(asked=st.floats(3840.0, 3920.0))
@settings(max_examples=40, deadline=None)
def test_zeros_stay_where_the_quotes_put_them_whatever_spot_is_asked_for(asked: float) -> None:
    of_quotes = measure(quoted_at(3880.0), Terms(AT_NS, 3880.0)).exposure.zero_gamma.roots
    moved = measure(quoted_at(3880.0), Terms(AT_NS, asked)).exposure.zero_gamma.roots
    assert moved == pytest.approx(of_quotes, rel=1e-4)


@given(asked=st.floats(3850.0, 3910.0))
@settings(max_examples=40, deadline=None)
def test_net_exposure_does_not_leap_as_spot_moves(asked: float) -> None:
    at, beside = (measure(quoted_at(3880.0), Terms(AT_NS, asked + step)).exposure for step in (0.0, 1e-4))
    assert abs(at.total_net - beside.total_net) <= 1e-4 * at.total_gross


@given(
    oi=st.lists(st.floats(0.0, 1e6), min_size=7, max_size=7),
    iv=st.lists(st.floats(0.05, 3.0), min_size=7, max_size=7),
    spot=st.floats(3600.0, 4100.0),
)
@settings(max_examples=60, deadline=None)
def test_every_root_of_any_book_is_one(oi: list[float], iv: list[float], spot: float) -> None:
    rows = [(*row[:4], held_, sigma) for row, held_, sigma in zip(ROWS, oi, iv, strict=True)]
    if not any(oi):
        return
    found = measure(chain(rows), Terms(AT_NS, spot, 0.03, 0.01, "vendor"))
    for root in found.exposure.zero_gamma.roots:
        low, high = (sum(everything(found, root * (1.0 + side))) for side in (-1e-7, 1e-7))
        size = sum(map(abs, everything(found, root)))
        assert low * high <= 0.0 or min(abs(low), abs(high)) <= 1e-9 * size
    assert (found.exposure.zero_gamma.headline is None) == (found.exposure.zero_gamma.reason != "")
