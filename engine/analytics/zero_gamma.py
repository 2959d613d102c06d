"""Where a book has no net gamma: the chain re-priced at other spots, and the zeros of what it comes to.

Owns the window, the grid and the refinement of every root, for several holdings of the same contracts at
once. It refuses to know what a holding means. Volatilities stay with their strikes (sticky strike), and so
does the time to expiry.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..jit.options import compiled
from .greeks import log_ratio

Floats = NDArray[np.float64]
Window = tuple[float, float]

STRADDLE_PER_SIGMA = math.sqrt(2.0 / math.pi)
"""An at-the-money straddle costs this share of one standard deviation."""

WIDE: Window = (0.9, 1.1)
"""Where zeros are looked for, as fractions of spot, unless everything expires within a day."""

_DAY_YEARS = 1.0 / 365.0
_NARROWEST = 0.03  # least half-width of a same-day window, fraction of spot
_MOVES = 6.0  # half-width of a same-day window in expected moves
_LEAST_FACTOR = 0.01  # a window never reaches a price of 0

_NEGLIGIBLE = 1e-9  # of the largest |net| of the profile: a sign there is underflow, not a regime
_CANCELLED = 1e-12  # of calls plus puts at the same price: a sign there is rounding
_TAIL_SD = 38.0  # beyond it exp(-d1 * d1 / 2) is 0 in double precision
_ROOT_WIDTH = 1e-13  # of ln(price): 6e-11 $ at 600 $
_ROOT_STEPS = 100


@dataclass(frozen=True, slots=True)
class ZeroGamma:
    """The spots at which the re-priced chain has no net gamma.

    headline : the one nearest to spot, $; None when there is none
    roots    : all of them, ascending
    reason   : why there is none, empty when there is one
    """

    headline: float | None
    roots: tuple[float, ...]
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class GammaProfile:
    """Net exposure with the chain re-priced at other spots: spot (m,) $, net (m,) shares per $1."""

    spot: Floats
    net: Floats


NO_PROFILE = GammaProfile(np.empty(0), np.empty(0))


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """Contracts as functions of spot: d1 of contract i at a price P is inverse[i] * ln(P / spot) + shift[i].

    Its gamma is unit[i] * exp(-d1 * d1 / 2) / P. Every column is (n,).
    """

    spot: float
    inverse: Floats
    shift: Floats
    unit: Floats


def window_for(years: float, expected_move: float | None, spot: float) -> Window:
    """Return where to look for zeros, as fractions of spot.

    years         : to the last settlement of the book
    expected_move : $, None when unknown
    """
    if years > _DAY_YEARS or expected_move is None or not math.isfinite(expected_move):
        return WIDE
    half = max(_NARROWEST, _MOVES * expected_move / spot)
    return max(1.0 - half, _LEAST_FACTOR), 1.0 + half


def usual_window(strike: Floats, years: Floats, iv: Floats, spot: float) -> Window:
    """Return `window_for` with the expected move taken from the volatility nearest to spot."""
    nearest = int(np.argmin(np.abs(strike - spot)))
    move = STRADDLE_PER_SIGMA * spot * float(iv[nearest] * math.sqrt(years[nearest]))
    return window_for(float(years.max()), move, spot)


def curves(strike: Floats, years: Floats, iv: Floats, spot: float, r: float, q: float) -> Curves:
    """Return (n,) contracts with a volatility and time left as functions of spot."""
    sd = iv * np.sqrt(years)
    unit = np.exp(-q * years) / (math.sqrt(2.0 * math.pi) * sd)
    shift = (np.log(spot / strike) + (r - q) * years) / sd + 0.5 * sd
    return Curves(spot, 1.0 / sd, shift, unit)


def repriced(
    of: Curves, strike: Floats, held: Floats, points: int, window: Window
) -> tuple[tuple[GammaProfile, ZeroGamma], ...]:
    """Re-price the contracts over the window, within their strikes; return what each holding comes to there.

    strike : (n,) $
    held   : (n, c) signed shares of each contract, by holding; 0 where a holding has none
    points : of the grid
    window : fractions of spot
    """
    low, high = window[0] * of.spot, window[1] * of.spot
    lo, hi = max(low, float(strike.min())), min(high, float(strike.max()))
    if lo > hi:
        reason = f"no quoted strike between {_dollars(low)} and {_dollars(high)}"
        return tuple((NO_PROFILE, ZeroGamma(None, (), reason)) for _ in range(held.shape[1]))
    spots = np.linspace(lo, hi, points) if hi > lo else np.array([lo])
    filled = np.any(held != 0.0, axis=1)
    some = Curves(of.spot, of.inverse[filled], of.shift[filled], of.unit[filled])
    scale = np.ascontiguousarray(held[filled] * some.unit[:, None])
    net, gross = _profiles(spots, some.spot, some.inverse, some.shift, scale)
    return tuple(
        (GammaProfile(spots, net[c]), _zeros(spots, net[c], gross[c], some, scale[:, c]))
        for c in range(held.shape[1])
    )


def _zeros(spots: Floats, net: Floats, gross: Floats, of: Curves, scale: Floats) -> ZeroGamma:
    """Return every sign change of net between cells that have a sign, refined."""
    size = np.abs(net)
    kept = np.flatnonzero((size > _NEGLIGIBLE * size.max()) & (size > _CANCELLED * gross))
    ends = [_dollars(spots[0]), _dollars(spots[-1])]
    where = f"between {' and '.join(ends)}" if spots.size > 1 else f"at {ends[0]}"
    if not kept.size:
        cause = "calls and puts cancel" if gross.any() else "no gamma"
        return ZeroGamma(None, (), f"{cause} {where}")
    ours = scale != 0.0
    parts = of.spot, of.inverse[ours], of.shift[ours], scale[ours]
    prices, positive = _with_dips(spots[kept], net[kept] / gross[kept], *parts)
    changes = np.flatnonzero(positive[1:] != positive[:-1]).tolist()
    roots = tuple(_root(prices[i], prices[i + 1], *parts) for i in changes)
    if not roots:
        return ZeroGamma(None, (), f"all {'positive' if positive[0] else 'negative'} {where}")
    return ZeroGamma(min(roots, key=lambda root: (abs(root - of.spot), root)), roots, "")


def _with_dips(
    prices: Floats, share: Floats, spot: float, inverse: Floats, shift: Floats, scale: Floats
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return (prices, positive) with the prices at which a sign is likely to change and back within a step.

    share : net over gross exposure at each price
    """
    low, middle, high = (np.abs(share[i : len(share) - 2 + i]) for i in range(3))
    bend = low - 2.0 * middle + high
    alike = (share[:-2] > 0.0) == (share[1:-1] > 0.0)
    alike &= (share[1:-1] > 0.0) == (share[2:] > 0.0)
    # The parabola through three neighbours reaches beyond zero between them.
    dips = np.flatnonzero(
        alike & (middle <= np.minimum(low, high)) & (8.0 * middle * bend < (low - high) ** 2)
    )
    steps = (low[dips] - high[dips]) / (2.0 * bend[dips])
    between = prices[dips + 1] + steps * (prices[dips + 2] - prices[dips + 1])
    signs = [_log_odds(log_ratio(price, spot), inverse, shift, scale) > 0.0 for price in between.tolist()]
    order = np.argsort(np.concatenate([prices, between]), kind="stable")
    positive = np.concatenate([share > 0.0, np.array(signs, np.bool_)])
    return np.concatenate([prices, between])[order], positive[order]


def _dollars(price: float) -> str:
    """Write a price without needless zeros: `600`, `3470.65`."""
    return f"{price:.2f}".rstrip("0").rstrip(".")


@compiled
def _profiles(
    spots: Floats, spot: float, inverse: Floats, shift: Floats, scale: Floats
) -> tuple[Floats, Floats]:
    """Return (net, gross) exposure, (c, m) each, of c holdings at each of `spots`, shares per $1.

    scale : (n, c) signed shares times the contract's `Curves.unit`. The exponential, which is what costs, is
    taken once for all holdings.
    """
    n, holdings = scale.shape
    net = np.zeros((holdings, spots.size))
    gross = np.zeros((holdings, spots.size))
    for j in range(spots.size):
        away = log_ratio(spots[j], spot)
        for i in range(n):
            d1 = away * inverse[i] + shift[i]
            if abs(d1) < _TAIL_SD:
                density = math.exp(-0.5 * d1 * d1)
                for c in range(holdings):
                    value = scale[i, c] * density
                    net[c, j] += value
                    gross[c, j] += abs(value)
        for c in range(holdings):
            net[c, j] /= spots[j]
            gross[c, j] /= spots[j]
    return net, gross


@compiled
def _log_odds(away: float, inverse: Floats, shift: Floats, scale: Floats) -> float:
    """Return ln(positive / negative) exposure at spot * exp(away).

    It has the zeros of the net exposure, yet keeps its sign and slope where both parts underflow to 0:
    between the strikes of a chain that is about to expire.
    """
    top = np.full(2, -math.inf)
    for i in range(scale.size):
        d1 = away * inverse[i] + shift[i]
        side = 0 if scale[i] > 0.0 else 1
        top[side] = max(top[side], -0.5 * d1 * d1)
    total = np.zeros(2)
    for i in range(scale.size):
        d1 = away * inverse[i] + shift[i]
        side = 0 if scale[i] > 0.0 else 1
        total[side] += abs(scale[i]) * math.exp(-0.5 * d1 * d1 - top[side])
    return float(top[0] - top[1] + math.log(total[0] / total[1]))


@compiled
def _root(a: float, b: float, spot: float, inverse: Floats, shift: Floats, scale: Floats) -> float:
    """Return the zero of the net exposure between prices a < b of unlike sign, by Ridders' method."""
    lo, hi = log_ratio(a, spot), log_ratio(b, spot)
    at_lo, at_hi = _log_odds(lo, inverse, shift, scale), _log_odds(hi, inverse, shift, scale)
    best = math.inf
    for _ in range(_ROOT_STEPS):
        middle = 0.5 * (lo + hi)
        at_middle = _log_odds(middle, inverse, shift, scale)
        bend = math.sqrt(at_middle * at_middle - at_lo * at_hi)
        before, best = best, middle
        if bend > 0.0:
            best += (middle - lo) * math.copysign(at_middle / bend, (at_lo - at_hi) * at_middle)
        at_best = _log_odds(best, inverse, shift, scale)
        if abs(best - before) <= _ROOT_WIDTH or at_best == 0.0:
            break
        if (at_middle > 0.0) != (at_best > 0.0):
            lo, at_lo, hi, at_hi = middle, at_middle, best, at_best
        elif (at_lo > 0.0) != (at_best > 0.0):
            hi, at_hi = best, at_best
        else:
            lo, at_lo = best, at_best
    return spot * math.exp(best)
