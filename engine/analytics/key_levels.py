"""The levels of a chain at one moment: exposure by strike, walls, zero gamma, max pain, expected move.

Owns what is read off a valued chain as a whole, and the sentences about what could not be used of it.
Exposures are in shares per $1 (`exposure.convert` has the other units); unknown is nan or None, never 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from ..model.errors import NoDataError
from ..model.events import NS
from ..model.figures import age
from .chain_stats import known_sum
from .dealers import DealerExposure, dealer_exposure
from .exposure import Exposure
from .exposure_choice import ExposureChoice
from .option_chain import Bools, Floats, OptionChain
from .smile import WORST_ERROR
from .terms import Terms
from .valuation import Valuation, value

_ONE_MOMENT = 0.0005
"""Beyond this share apart, it is said that quotes and spot are of two moments."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What settles together: one expiration of one root.

    contracts : how many carry exposure
    net       : shares per $1, None when nothing is known
    forward   : $, as the exposure used it
    forward_error, pairs : $, what its pairs leave open, None when they do not tell; and how many had a say
    max_pain, expected_move : $, None when they cannot be had
    """

    expiry: date
    root: str
    contracts: int
    net: float | None
    forward: float
    forward_error: float | None
    pairs: int
    max_pain: float | None
    expected_move: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """A chain, measured. Levels in $, None when there is none.

    dealers : what they hold of the valued chain, and what that comes to
    settlements : the nearest first
    notes : one sentence each
    """

    dealers: DealerExposure
    settlements: tuple[Settlement, ...]
    notes: tuple[str, ...]

    @property
    def of(self) -> Valuation:
        """The chain, valued."""
        return self.dealers.of

    @property
    def chain(self) -> OptionChain:
        """What was measured."""
        return self.of.chain

    @property
    def terms(self) -> Terms:
        """At which moment, and on what terms."""
        return self.of.terms

    @property
    def exposure(self) -> Exposure:
        """What dealers hold comes to."""
        return self.dealers.exposure

    @property
    def contracts(self) -> int:
        """How many contracts carry exposure."""
        return int(np.sum(_carried(self.dealers.position) & np.isfinite(self.dealers.shares)))

    @property
    def dropped(self) -> int:
        """How many would, if their volatility were known."""
        return int(np.sum(_carried(self.dealers.position) & np.isnan(self.of.iv)))

    @property
    def doubtful(self) -> int:
        """How many would, if their volatility were known well enough."""
        return int(np.sum(_carried(self.dealers.position) & self.of.doubtful))

    @property
    def stale(self) -> int:
        """How many would, if the quote of their volatility were not too old."""
        return int(np.sum(_carried(self.dealers.position) & self.of.stale))

    @property
    def expected_move(self) -> float | None:
        """The straddle of the nearest settlement."""
        return self.settlements[0].expected_move

    @property
    def max_pain(self) -> float | None:
        """The strike at which all holders receive least."""
        return self.of.max_pain()

    @property
    def pcr_volume(self) -> float | None:
        """Puts over calls by contracts traded."""
        return self.of.put_call(self.chain.volume)

    @property
    def pcr_oi(self) -> float | None:
        """Puts over calls by open interest."""
        return self.of.put_call(self.chain.oi)


def measure(chain: OptionChain, terms: Terms, choice: ExposureChoice | None = None) -> Levels:
    """Return the levels of contracts that have not settled; NoDataError when nothing can be summed."""
    of = value(chain, terms)
    dealers = dealer_exposure(of, choice or ExposureChoice())
    if not _carried(dealers.position).any():
        what = {"oi": "open interest", "volume": "volume", "flow": "classified flow"}[dealers.choice.basis]
        other = "; --basis volume weighs what was traded" if dealers.choice.basis == "oi" else ""
        raise NoDataError(f"No contract of {_name(chain)} has {what}, so there is no exposure to sum{other}.")
    if not np.any(_carried(dealers.position) & np.isfinite(dealers.shares)):
        raise NoDataError(_no_volatility(of))
    nets = dealers.by_group("gamma").tolist()
    settled = tuple(_settlement(dealers, i, net) for i, net in enumerate(nets))
    return Levels(dealers, settled, tuple(_notes(dealers)))


def _settlement(dealers: DealerExposure, i: int, net: float) -> Settlement:
    of, group = dealers.of, dealers.of.chain.listed.groups[i]
    shares, position = dealers.shares[group.rows], dealers.position[group.rows]
    told = of.forwards[i].parity
    return Settlement(
        expiry=group.expiry,
        root=group.root,
        contracts=int(np.sum(_carried(position) & np.isfinite(shares))),
        net=net if math.isfinite(net) else None,
        forward=of.forwards[i].at_spot,
        forward_error=None if told.value is None else told.error,
        pairs=told.pairs,
        max_pain=of.max_pain(group),
        expected_move=of.expected_move(i),
    )


def _carried(position: Floats) -> Bools:
    carried: Bools = np.isfinite(position) & (position != 0.0)
    return carried


# --- sentences ---------------------------------------------------------------------------------------


def _notes(dealers: DealerExposure) -> Iterator[str]:
    chain, terms, forwards = dealers.of.chain, dealers.of.terms, dealers.of.forwards
    without = int(np.isnan(dealers.position).sum())
    if without:
        yield f"{_counted(without)} unknown open interest and {_is(without)} left out."
    carried = _carried(dealers.position)
    dropped = int(np.sum(carried & np.isnan(dealers.of.iv)))
    if dropped:
        why = "no two-sided quote" if terms.iv == "own" else "no volatility in the file"
        yield f"{_counted(dropped, ' with exposure')} {why} and {_is(dropped)} left out."
    doubtful = int(np.sum(carried & dealers.of.doubtful))
    if doubtful:
        yield (
            f"{_counted(doubtful, ' with exposure')} a volatility that is known no better than "
            f"{WORST_ERROR * 100:.0f} points and {_is(doubtful)} left out."
        )
    stale = int(np.sum(carried & dealers.of.stale))
    if stale:
        oldest = (terms.at_ns - int(chain.quote_ns[dealers.of.stale].min())) / NS
        yield (
            f"{_counted(stale, ' with exposure')} a volatility too old to stand, the oldest of a quote "
            f"{age(oldest)} ago, and {_is(stale)} left out."
        )
    unknown = _unclassified(chain)
    if dealers.choice.convention != "assumed" and unknown:
        yield f"{unknown:.0%} of the contracts traded have no known side and are in nobody's position."
    first = forwards[0]
    implied = first.spot_of_quotes
    if abs(implied / terms.spot - 1.0) > _ONE_MOMENT:
        yield (
            f"The quotes{_age(chain, terms)} imply a spot of {implied:,.2f}, and spot is "
            f"{terms.spot:,.2f}: they are of two moments. Volatilities are taken at the former, exposure at "
            "the latter."
        )
    stubs = sum(each.parity.left_out for each in forwards)
    if stubs:
        pairs = "pair of quotes is" if stubs == 1 else "pairs of quotes are"
        yield f"{stubs:,} {pairs} far wider than the others and had no say in the forward."
    for group, each in zip(chain.listed.groups, forwards, strict=True):
        told = each.parity.value
        if terms.dividend is None and told not in (None, each.quoted):
            yield (
                f"The quotes of {group.expiry} imply an impossible forward of {told:,.2f}; "
                "it is taken from spot and the rate."
            )
            return


def _age(chain: OptionChain, terms: Terms) -> str:
    """Say how old the newest quote is, where that is known."""
    newest_ns = int(chain.quote_ns.max(initial=0))
    seconds = (terms.at_ns - newest_ns) / NS
    return f", the newest {seconds:,.0f} s old," if newest_ns and seconds >= 1.0 else ""


def _unclassified(chain: OptionChain) -> float:
    """Return the share of the volume without a known side, 0 when nothing has traded."""
    traded = known_sum(chain.volume)
    return 1.0 - known_sum(chain.buy + chain.sell) / traded if traded > 0.0 else 0.0


def _no_volatility(of: Valuation) -> str:
    chain = of.chain
    if np.any(of.stale):
        newest = (of.terms.at_ns - int(chain.quote_ns[of.stale].max())) / NS
        return (
            f"Every volatility of {_name(chain)} with exposure is too old to stand, the newest of a quote "
            f"{age(newest)} ago; name an earlier moment with --at."
        )
    if np.any(of.doubtful):
        return (
            f"Every volatility of {_name(chain)} with exposure is known no better than "
            f"{WORST_ERROR * 100:.0f} points; --iv vendor takes those a chain file came with."
        )
    if of.terms.iv == "own":
        return (
            f"No contract of {_name(chain)} with exposure has a two-sided quote to take its volatility from; "
            "--iv vendor takes the volatilities a chain file came with."
        )
    return (
        f"No contract of {_name(chain)} with exposure came with a volatility; "
        "--iv own takes them from the quotes."
    )


def _counted(n: int, what: str = "") -> str:
    return f"{n:,} contract{what} has" if n == 1 else f"{n:,} contracts{what} have"


def _is(n: int) -> str:
    return "is" if n == 1 else "are"


def _name(chain: OptionChain) -> str:
    return chain.underlying.symbol
