"""What the contracts of a scope come to: totals, exposures by strike and expiration, every convention.

Owns the arithmetic of `Gamma`, `StrikeExposure` and the scope's part of `ChainStats`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date

import numpy as np

from ..analytics.chain_stats import known_sum
from ..analytics.dealers import DealerExposure
from ..analytics.exposure_choice import CONVENTIONS, METRICS, Convention, Metric
from ..analytics.sums import NOTHING, by_row, sums
from ..analytics.valuation import Valuation
from .expiry_stats import ExpiryStats
from .scope import ScopeChain
from .view import ChainStats, Dealer, ExpiryTotals, Gamma, Ints, StrikeExposure, Totals


def gamma_of(scope: ScopeChain, dealers: DealerExposure, shown: ExpiryStats) -> Gamma:
    """Return the headline numbers; `shown` is what the shown expiration says."""
    found, choice, totals = dealers.exposure, dealers.choice, _totals(dealers)
    gamma, zero, chain = totals["gamma"], found.zero_gamma, scope.chain
    volume = float(chain.volume.sum())
    unknown = volume - float((chain.buy + chain.sell).sum())
    by_expiry = _by_expiry(dealers)
    each = tuple(_dealer(dealers, convention) for convention in CONVENTIONS)
    flips = [dealer.zero_gamma for dealer in each if dealer.zero_gamma is not None]
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
        max_pain=shown.max_pain,
        expected_move=shown.move,
        convention=choice.convention,
        missing_reason="" if found.used else zero.reason,
        basis=choice.basis,
        scope=choice.scope,
        summed=tuple(each.expiry for each in by_expiry),
        totals=totals,
        by_expiry=by_expiry,
        dealers=each,
        band=(min(flips), max(flips)) if flips else None,
        confidence=float(scope.confidence.sum()) / volume if volume else None,
        unclassified=unknown / volume if volume else None,
    )


def strike_exposures(dealers: DealerExposure, strike_milli: Ints) -> Mapping[Metric, StrikeExposure]:
    """Return every metric by strike, for (k,) strikes ascending; contracts of other strikes are left out.

    A strike of which everything has settled is nan, as the total is None.
    """
    chain, shown = dealers.of.chain, strike_milli / 1000
    row = np.minimum(np.searchsorted(shown, chain.strike), len(shown) - 1)
    rows = np.where(np.isin(chain.strike, shown), row, -1)
    columns = {
        metric: by_row(dealers.exposure.by_contract[metric], chain.sign, rows, len(shown))
        for metric in METRICS
    }
    return {metric: StrikeExposure(c.call, c.put, c.net, c.gross) for metric, c in columns.items()}


def chain_stats(
    scope: ScopeChain, of: Valuation, shown: ExpiryStats, opening_move: float | None
) -> ChainStats:
    """Return what the chain of a scope says besides its gamma, with the shown expiration's volatility."""
    return ChainStats(
        max_pain_all=of.max_pain(),
        opening_move=opening_move,
        atm_iv=shown.atm_iv,
        atm_iv_error=shown.atm_error,
        pcr_volume=of.put_call(scope.chain.volume),
        pcr_oi=of.put_call(scope.chain.oi),
        pcr_premium=of.put_call(scope.premium_usd),
        sigma_move=None
        if shown.atm_iv is None
        else _finite(of.terms.spot * shown.atm_iv * math.sqrt(shown.years)),
    )


def _totals(dealers: DealerExposure) -> Mapping[Metric, Totals]:
    found, sign = dealers.exposure, dealers.of.chain.sign
    made = {metric: sums(found.by_contract[metric], sign) if found.used else NOTHING for metric in METRICS}
    return {
        metric: Totals(_finite(s.call), _finite(s.put), _finite(s.net), _finite(s.gross))
        for metric, s in made.items()
    }


def _by_expiry(dealers: DealerExposure) -> tuple[ExpiryTotals, ...]:
    """Return what each expiration adds of which something has not settled.

    Max pain is that of its first settlement: a morning's and an evening's are two prices.
    """
    of, nets = dealers.of, {metric: dealers.by_group(metric) for metric in METRICS}
    places: dict[date, list[int]] = {}
    for i, (group, forward) in enumerate(zip(of.chain.listed.groups, of.forwards, strict=True)):
        if forward.years > 0.0:
            places.setdefault(group.expiry, []).append(i)
    return tuple(
        ExpiryTotals(
            expiry,
            {metric: _finite(known_sum(nets[metric][at])) for metric in METRICS},
            of.max_pain(of.chain.listed.groups[at[0]]),
        )
        for expiry, at in places.items()
    )


def _dealer(dealers: DealerExposure, convention: Convention) -> Dealer:
    total = dealers.under[convention]
    return Dealer(convention, _finite(total.net), total.zero_gamma.headline, total.zero_gamma.reason)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
