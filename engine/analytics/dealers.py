"""What dealers hold of a valued chain under each convention, and what that comes to.

Screen and `levels` both read it, so that the same contracts are re-priced on the same grid, whoever asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .exposure import Book, BookTotals, Exposure, exposure
from .exposure_choice import CONVENTIONS, Convention, ExposureChoice, Metric
from .option_chain import Floats
from .positioning import positions
from .sums import by_row, sums
from .valuation import Valuation


@dataclass(frozen=True, slots=True, eq=False)
class DealerExposure:
    """A valued chain under a convention and a basis.

    position : (n,) contracts dealers hold, short below 0; nan where what it rests on is unknown
    exposure : what that comes to
    under    : what the chain comes to under each of `CONVENTIONS`
    """

    of: Valuation
    choice: ExposureChoice
    position: Floats
    exposure: Exposure
    under: Mapping[Convention, BookTotals]

    @property
    def shares(self) -> Floats:
        """The gamma exposure of each contract, (n,) shares per $1."""
        return self.exposure.by_contract["gamma"]

    def total(self, metric: Metric) -> float:
        """Return what a metric nets to over all contracts, nan when nothing is known."""
        return sums(self.exposure.by_contract[metric], self.of.chain.sign).net

    def by_group(self, metric: Metric) -> Floats:
        """Return (groups,) what a metric nets to by settlement, nan where nothing is known."""
        listed = self.of.chain.listed
        groups = listed.pair_group[listed.pair]
        return by_row(self.exposure.by_contract[metric], listed.sign, groups, len(listed.groups)).net


def dealer_exposure(of: Valuation, choice: ExposureChoice) -> DealerExposure:
    """Return what dealers hold of a chain under a choice, and what it comes to at the terms' spot."""
    shown = choice.convention
    books = {each: _book(of, choice.with_convention(each)) for each in CONVENTIONS} | {
        shown: _book(of, choice)
    }
    others = [each for each in CONVENTIONS if each != shown]
    found = exposure(
        books[shown],
        of.terms.spot,
        of.terms.rate,
        of.terms.carry_yield,
        others=[books[each] for each in others],
    )
    under = {shown: BookTotals(found.total_net, found.zero_gamma)} | dict(
        zip(others, found.others, strict=True)
    )
    return DealerExposure(of, choice, books[shown].sign * books[shown].weight, found, under)


def _book(of: Valuation, choice: ExposureChoice) -> Book:
    chain = of.chain
    position = positions(
        choice.convention, choice.basis, oi=chain.oi, volume=chain.volume, buy=chain.buy, sell=chain.sell,
        cp=chain.sign,
    )  # fmt: skip
    return Book(
        strike=chain.strike,
        sign=chain.sign,
        years=of.years,
        iv=of.summed_iv,
        weight=chain.sign * position,
        multiplier=float(chain.underlying.multiplier),
        basis=choice.basis,
        forward=of.forward,
    )
