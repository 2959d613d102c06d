"""What dealers hold of a chain under every convention, against books made by hand."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest

from engine.analytics.dealers import DealerExposure, dealer_exposure
from engine.analytics.exposure import Book, exposure
from engine.analytics.exposure_choice import CONVENTIONS, METRICS, Convention, ExposureChoice
from engine.analytics.option_chain import ContractSet, quoted
from engine.analytics.terms import Terms
from engine.analytics.valuation import value
from engine.model.calendar import ET
from engine.model.contracts import Contract
from engine.model.underlyings import PRESETS

AT_NS = int(datetime(2022, 7, 12, 11, 55, tzinfo=ET).timestamp()) * 10**9
DAYS = date(2022, 7, 12), date(2022, 7, 15)
COLUMNS = {
    "oi": [300.0, 200.0, np.nan, 500.0, 0.0, 40.0],
    "volume": [50.0, 70.0, 9.0, 0.0, 4.0, 0.0],
    "buy": [30.0, 10.0, 5.0, 0.0, 4.0, 0.0],
    "sell": [10.0, 40.0, 4.0, 0.0, 0.0, 0.0],
    "iv": [0.2, 0.21, 0.22, 0.2, 0.25, np.nan],
}
CHOICES = [
    *(ExposureChoice().with_convention(each) for each in CONVENTIONS),
    ExposureChoice("assumed", "volume"),
]


def dealers(choice: ExposureChoice) -> DealerExposure:
    names = [(0, "C", 3900), (0, "P", 3800), (0, "C", 3850), (1, "P", 3850), (1, "C", 3900), (1, "P", 3950)]
    contracts = [Contract("SPXW", DAYS[i], right, strike * 1000) for i, right, strike in names]
    columns = {name: np.array(each) for name, each in COLUMNS.items()}
    chain = quoted(ContractSet.of(PRESETS["SPX"], contracts), columns)
    return dealer_exposure(value(chain, Terms(AT_NS, 3860.0, 0.03, 0.01, "vendor")), choice)


@pytest.mark.parametrize(
    ("choice", "position"),
    [
        (CHOICES[0], [300, -200, np.nan, -500, 0, -40]),
        (CHOICES[1], [-20, 30, -1, 0, -4, 0]),
        (CHOICES[2], [280, -170, np.nan, -500, -4, -40]),
        (CHOICES[3], [50, -70, 9, 0, 4, 0]),
    ],
)
def test_positions_are_those_of_the_choice(choice: ExposureChoice, position: list[float]) -> None:
    np.testing.assert_array_equal(dealers(choice).position, position)


@pytest.mark.parametrize("choice", CHOICES)
def test_the_exposure_is_that_of_a_book_of_the_positions(choice: ExposureChoice) -> None:
    found = dealers(choice)
    chain = found.of.chain
    weight = chain.sign * found.position
    book = Book(chain.strike, chain.sign, found.of.years, found.of.iv, weight, 100.0, choice.basis)
    alone = exposure(book, 3860.0, 0.03, 0.01)
    assert found.exposure.total_net == pytest.approx(alone.total_net, rel=1e-12)
    np.testing.assert_allclose(found.shares, alone.by_contract["gamma"], rtol=1e-12)


@pytest.mark.parametrize("shown", CHOICES)
def test_every_convention_says_what_it_would_if_it_were_shown(shown: ExposureChoice) -> None:
    under = dealers(shown).under
    assert set(under) == set(CONVENTIONS)
    for convention in CONVENTIONS:
        choice = shown if convention == shown.convention else shown.with_convention(convention)
        alone = dealers(choice)
        assert under[convention].net == alone.exposure.total_net
        assert under[convention].zero_gamma == alone.exposure.zero_gamma


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_settlements_add_up_to_the_total(convention: Convention) -> None:
    found = dealers(ExposureChoice().with_convention(convention))
    for metric in METRICS:
        values = found.exposure.by_contract[metric]
        near = 1e-12 * np.nansum(np.abs(values))
        assert found.by_group(metric).shape == (2,)
        assert found.by_group(metric).sum() == pytest.approx(np.nansum(values), abs=near)
