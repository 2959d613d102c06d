"""Where a book has no net gamma: the chain re-priced at other spots, and the zeros of what it comes to.

Owns the window, the grid and the refinement of every root, for several holdings of the same contracts at
once. Volatilities stay with their strikes (sticky strike), and so does the time to expiry.
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

WINDOW: Window = (0.9, 1.1)
"""Where zeros are looked for, as fractions of spot."""

_STEP = 1e-4  # between two prices of the grid, of ln(price)
_LEAST_STEPS = 400  # of a grid between strikes that lie close together
_NEGLIGIBLE = 1e-9  # of the largest |net| of the profile: a sign there is underflow, not a regime
_BRIDGED = 2  # steps: a single price without a sign is a zero that was hit
_BRIDGED_SD = 6.0  # of ln(price) at settlement: over a wider stretch without a sign nothing is hedged
_CANCELLED = 1e-12  # of calls plus puts at the same price: a sign there is rounding
_TAIL_SD = 38.0  # beyond it exp(-d1 * d1 / 2) is 0 in double precision
_NEAR_SD = 15.0  # beyond it, 1e-49 of the peak, it matters only where nothing is nearer
_LEAST_SHARE = 1e-25  # of the largest contract's peak: with less the tails are looked at too
_FADED = -80.0  # of ln(density) below the largest: 1e-35 of it, whatever is held
_RUN = 16  # steps a density is carried on by multiplication
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


def curves(reach: Floats, years: Floats, iv: Floats, spot: float, stock: Floats) -> Curves:
    """Return (n,) contracts with a volatility and time left as functions of spot.

    reach : (n,) the spot at which the forward is at the strike, $
    stock : (n,) what a share now is of one at settlement: the discounted forward over spot
    """
    sd = iv * np.sqrt(years)
    unit = stock / (math.sqrt(2.0 * math.pi) * sd)
    return Curves(spot, 1.0 / sd, np.log(spot / reach) / sd + 0.5 * sd, unit)


def repriced(
    of: Curves, reach: Floats, held: Floats, window: Window, steps: int | None = None
) -> tuple[tuple[GammaProfile, ZeroGamma], ...]:
    """Re-price the contracts over the window, within their strikes; return what each holding comes to there.

    reach  : (n,) $, as for `curves`
    held   : (n, c) signed shares of each contract, by holding; 0 where a holding has none
    window : fractions of spot
    steps  : of the grid; None takes as many as are 0.01 % apart
    """
    low, high = window[0] * of.spot, window[1] * of.spot
    lo, hi = max(low, float(reach.min())), min(high, float(reach.max()))
    if lo > hi:
        reason = f"no quoted strike between {_dollars(low)} and {_dollars(high)}"
        return tuple((NO_PROFILE, ZeroGamma(None, (), reason)) for _ in range(held.shape[1]))
    width = math.log(hi / lo)
    steps = 0 if hi == lo else steps or max(math.ceil(width / _STEP), _LEAST_STEPS)
    away = np.linspace(math.log(lo / of.spot), math.log(hi / of.spot), steps + 1)
    spots = of.spot * np.exp(away)
    spots[0], spots[-1] = lo, hi
    filled = np.any(held != 0.0, axis=1)
    some = Curves(of.spot, of.inverse[filled], of.shift[filled], of.unit[filled])
    scale = np.ascontiguousarray((held[filled] * some.unit[:, None]).T)
    net, gross = _profiles(away, spots, some, scale)
    return tuple(
        (GammaProfile(spots, net[c]), _zeros(spots, net[c], gross[c], some, scale[c]))
        for c in range(held.shape[1])
    )


def _profiles(away: Floats, spots: Floats, of: Curves, scale: Floats) -> tuple[Floats, Floats]:
    """Return (net, gross) exposure of each holding at each of `spots`, (c, m), shares per $1.

    away  : (m,) ln(spots / spot), evenly spaced
    scale : (c, n) signed shares times the contract's `Curves.unit`
    """
    long, short = _sides(away, of.inverse, of.shift, scale, _NEAR_SD)
    largest = np.abs(scale).max(axis=1, initial=0.0)
    if np.any(np.abs(long - short).max(axis=1) < _LEAST_SHARE * largest):
        long, short = _sides(away, of.inverse, of.shift, scale, _TAIL_SD)
    return (long - short) / spots, (long + short) / spots


def _zeros(spots: Floats, net: Floats, gross: Floats, of: Curves, scale: Floats) -> ZeroGamma:
    """Return every sign change of net between neighbours that have a sign, refined."""
    size = np.abs(net)
    kept = np.flatnonzero((size > _NEGLIGIBLE * size.max()) & (size > _CANCELLED * gross))
    ends = [_dollars(spots[0]), _dollars(spots[-1])]
    where = f"between {' and '.join(ends)}" if spots.size > 1 else f"at {ends[0]}"
    if not kept.size:
        cause = "calls and puts cancel" if gross.any() else "no gamma"
        return ZeroGamma(None, (), f"{cause} {where}")
    ours = scale != 0.0
    parts = of.spot, of.inverse[ours], of.shift[ours], scale[ours]
    apart = np.log(spots[kept[1:]] / spots[kept[:-1]]) > _BRIDGED_SD * np.median(1.0 / of.inverse[ours])
    # No root is bridged over a stretch without a sign: there is no gamma to speak of.
    runs = np.split(kept, np.flatnonzero(apart & (np.diff(kept) > _BRIDGED)) + 1)
    roots = tuple(root for run in runs for root in _roots(spots[run], net[run] / gross[run], *parts))
    if not roots:
        return ZeroGamma(None, (), f"{_sign_of(net[kept])} {where}")
    return ZeroGamma(min(roots, key=lambda root: (abs(root - of.spot), root)), roots, "")


def _sign_of(net: Floats) -> str:
    if np.all(net > 0.0):
        return "all positive"
    return "all negative" if np.all(net < 0.0) else "no gamma where the sign changes,"


def _roots(
    prices: Floats, share: Floats, spot: float, inverse: Floats, shift: Floats, scale: Floats
) -> list[float]:
    """Return the roots within a run of prices that have a sign, ascending.

    share : net over gross exposure at each price
    """
    prices, positive = _with_dips(prices, share, spot, inverse, shift, scale)
    changes = np.flatnonzero(positive[1:] != positive[:-1]).tolist()
    return [_root(prices[i], prices[i + 1], spot, inverse, shift, scale) for i in changes]


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
def _sides(away: Floats, inverse: Floats, shift: Floats, scale: Floats, tail: float) -> tuple[Floats, Floats]:
    """Return what holdings are long and short of, (c, m) each, at every price; times the price.

    away : (m,) evenly spaced
    tail : of d1, beyond which a contract counts as 0
    """
    holdings, n = scale.shape
    m = away.size
    long = np.zeros((holdings, m))
    short = np.zeros((holdings, m))
    density = np.empty(m)
    start = stop = 0
    for i in range(n):
        # A call and its put are one curve, and mostly stand beside each other.
        if i == 0 or inverse[i] != inverse[i - 1] or shift[i] != shift[i - 1]:
            start, stop = _curve(density, away, inverse[i], shift[i], tail)
        for c in range(holdings):
            side = long[c] if scale[c, i] > 0.0 else short[c]
            held = abs(scale[c, i])
            for j in range(start, stop):
                side[j] += held * density[j]
    return long, short


@compiled
def _curve(density: Floats, away: Floats, inverse: float, shift: float, tail: float) -> tuple[int, int]:
    """Write a contract's exp(-d1 * d1 / 2) at every price; return from and to where it is within `tail`."""
    m = away.size
    first = inverse * away[0] + shift
    last = inverse * away[m - 1] + shift
    if not abs(first) + abs(last) < math.inf:
        return 0, 0
    step = (last - first) / max(m - 1, 1)
    peak = 0 if first >= 0.0 else (m if last <= 0.0 else min(int(-first / step) + 1, m))
    stop = peak + _bell(density[peak:], first + peak * step, step, tail)
    return peak - _bell(density[:peak][::-1], -(first + (peak - 1) * step), step, tail), stop


@compiled
def _bell(out: Floats, d1: float, step: float, tail: float) -> int:
    """Write exp(-d1 * d1 / 2) for d1 growing by `step`, from its peak on; return how many are within `tail`.

    Each is the last one times a factor, which itself shrinks by one factor: an exponential is taken anew
    only every few prices, so that rounding does not add up.
    """
    shrink = math.exp(-step * step)
    j = 0
    while j < out.size:
        here = d1 + j * step
        if here > tail:
            return j
        value = math.exp(-0.5 * here * here)
        factor = math.exp(-step * (here + 0.5 * step))
        for k in range(j, min(j + _RUN, out.size)):
            out[k] = value
            value *= factor
            factor *= shrink
        j += _RUN
    return out.size


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
        below = -0.5 * d1 * d1 - top[side]
        if below > _FADED:
            total[side] += abs(scale[i]) * math.exp(below)
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
