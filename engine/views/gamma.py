"""What the contracts of a scope come to: totals, exposures by strike and expiration, every convention.

Owns the arithmetic of `Gamma`, `StrikeExposure` and the scope's part of `Chain`. It refuses to know which
contracts belong to the scope and what they hold: `engine.views.scope` does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..analytics.chain_stats import max_pain, put_call
from ..analytics.exposure import Bools, Exposure, by_row, exposure, sums
from ..analytics.exposure_choice import CONVENTIONS, METRICS, ExposureChoice, Metric
from ..fold.params import FoldParams
from .expiration import Moment
from .scope import ScopeChain
from .view import Dealer, ExpiryTotals, Gamma, Ints, StrikeExposure, Totals


@dataclass(frozen=True, slots=True, eq=False)
class ScopeExposure:
    """A pool and what it comes to under a stance."""

    pool: ScopeChain
    stance: ExposureChoice
    found: Exposure
    dealers: tuple[Dealer, ...]


def expose(
    pool: ScopeChain, stance: ExposureChoice, moment: Moment, fold: FoldParams, multiplier: float
) -> ScopeExposure:
    """Return what dealers hold of a pool, under every convention, at the moment's spot."""
    books = pool.books(stance, multiplier)
    shown = CONVENTIONS.index(stance.convention)
    others = [i for i in range(len(books)) if i != shown]
    found = exposure(
        books[shown], moment.spot_usd, fold.rate, fold.dividend, others=[books[i] for i in others]
    )
    nets = {shown: (found.total_net, found.zero_gamma)}
    nets |= {i: (each.net, each.zero_gamma) for i, each in zip(others, found.others, strict=True)}
    dealers = tuple(
        Dealer(convention, _finite(net), zero.headline, zero.reason)
        for convention, (net, zero) in zip(CONVENTIONS, (nets[i] for i in sorted(nets)), strict=True)
    )
    return ScopeExposure(pool, stance, found, dealers)


def gamma_of(summed: ScopeExposure, pain: float | None, move: float | None) -> Gamma:
    """Return the headline numbers; `pain` and `move` are the shown expiration's, $."""
    found, stance, totals = summed.found, summed.stance, _totals(summed)
    gamma, zero = totals["gamma"], found.zero_gamma
    volume = float(summed.pool.volume.sum())
    return Gamma(
        net=gamma.net,
        call=gamma.call,
        put=gamma.put,
        gross=gamma.gross,
        call_wall=found.call_wall,
        put_wall=found.put_wall,
        max_gex_strike=found.max_gex_strike,
        zero_gamma=zero.headline,
        zero_gamma_reason=zero.reason,
        zero_gamma_roots=zero.roots,
        max_pain=pain,
        expected_move=move,
        convention=stance.convention,
        missing_reason="" if found.used else zero.reason,
        basis=stance.basis,
        scope=stance.scope,
        summed=tuple(summed.pool.roster.expiries[i] for i in _living(summed)),
        totals=totals,
        by_expiry=_by_expiry(summed),
        dealers=summed.dealers,
        band=_band(summed.dealers),
        confidence=float(summed.pool.confidence.sum()) / volume if volume else None,
        unclassified=float(summed.pool.unknown.sum()) / volume if volume else None,
    )


def strike_exposures(summed: ScopeExposure, strike_milli: Ints) -> Mapping[Metric, StrikeExposure]:
    """Return every metric by strike, for (k,) strikes ascending; contracts of other strikes are left out.

    A strike of which everything has settled is nan, as the total is None.
    """
    listed = summed.pool.roster.strike_milli
    row = np.searchsorted(strike_milli, listed)
    ours = row < len(strike_milli)
    ours[ours] = strike_milli[row[ours]] == listed[ours]
    rows = np.where(ours, row, -1)
    by_contract, cp = summed.found.by_contract, summed.pool.roster.cp
    columns = {metric: by_row(by_contract[metric], cp, rows, len(strike_milli)) for metric in METRICS}
    return {metric: StrikeExposure(c.call, c.put, c.net, c.gross) for metric, c in columns.items()}


def ratios(pool: ScopeChain) -> tuple[float | None, float | None, float | None]:
    """Return puts over calls of a pool by contracts traded, open interest, premium; None when undefined."""
    cp = pool.roster.cp
    return put_call(pool.volume, cp), put_call(pool.oi, cp), put_call(pool.premium_usd, cp)


def pain_of(pool: ScopeChain) -> float | None:
    """Return the price at which the holders of all contracts of a pool receive least, $."""
    return _pain(pool, np.ones(pool.oi.size, np.bool_))


def _pain(pool: ScopeChain, chosen: Bools) -> float | None:
    strike, oi, cp = pool.strike[chosen], pool.oi[chosen], pool.roster.cp[chosen]
    if not strike.size:
        return None
    return max_pain(strike, np.where(cp > 0, oi, np.nan), np.where(cp < 0, oi, np.nan))


def _totals(summed: ScopeExposure) -> Mapping[Metric, Totals]:
    cp = summed.pool.roster.cp
    found = {metric: sums(summed.found.by_contract[metric], cp) for metric in METRICS}
    return {
        metric: Totals(_finite(s.call), _finite(s.put), _finite(s.net), _finite(s.gross))
        for metric, s in found.items()
    }


def _living(summed: ScopeExposure) -> list[int]:
    """Return the expirations, by index, of which something has not settled."""
    return [int(i) for i in np.unique(summed.pool.roster.expiry[summed.found.live])]


def _by_expiry(summed: ScopeExposure) -> tuple[ExpiryTotals, ...]:
    """Return what each expiration adds; max pain is that of its shown settlement."""
    roster, found = summed.pool.roster, summed.found
    made = []
    for i in _living(summed):
        ours = roster.expiry == i
        net = {
            metric: _finite(sums(found.by_contract[metric][ours], roster.cp[ours]).net) for metric in METRICS
        }
        shown = ours & (roster.ladder == roster.ladder[ours].min())
        made.append(ExpiryTotals(roster.expiries[i], net, _pain(summed.pool, shown)))
    return tuple(made)


def _band(dealers: tuple[Dealer, ...]) -> tuple[float, float] | None:
    flips = [each.zero_gamma for each in dealers if each.zero_gamma is not None]
    return (min(flips), max(flips)) if flips else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
