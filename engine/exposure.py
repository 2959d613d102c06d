"""Gamma exposure of a chain: by strike, walls, the re-priced profile and its zeros.

Owns the conventions of exposure: what is summed, which sign a right has, what a wall and a flip are. It
knows nothing of quotes, time or screens; whoever fills the `Book` decides what the weights mean.

Exposures are held in shares the dealers must trade per $1 of spot (gamma x weight x multiplier, calls +,
puts -, an assumed sign); `convert` gives the two dollar units. Unknown is nan or None, never 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args, overload

import numpy as np
from numpy.typing import NDArray

from .errors import UsageError
from .events import MISSING
from .greeks import T_FLOOR_YEARS, compiled, greeks, log_ratio

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Rows = NDArray[np.intp]
Window = tuple[float, float]
Unit = Literal["shares", "usd_per_1", "usd_per_1pct"]

UNITS: tuple[Unit, ...] = get_args(Unit)
"""Shares per $1 of spot; $ of delta per $1; $ of delta per 1 %."""

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
_SAME = 1e-12  # relative difference below which two strikes tie
_TAIL_SD = 38.0  # beyond it exp(-d1 * d1 / 2) is 0 in double precision
_ROOT_WIDTH = 1e-13  # of ln(price): 6e-11 $ at 600 $
_ROOT_STEPS = 100


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """Contracts and how much of each is held; every column is (n,) float64.

    strike     : $
    sign       : +1 call, -1 put
    years      : calendar years to settlement, 0 for a settled contract
    iv         : volatility per year, nan when unknown
    weight     : contracts, open interest or volume; nan or MISSING when unknown
    multiplier : shares per contract
    """

    strike: Floats
    sign: Floats
    years: Floats
    iv: Floats
    weight: Floats
    multiplier: float = 100.0


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
class Profile:
    """Net exposure with the chain re-priced at other spots: spot (m,) $, net (m,) shares per $1."""

    spot: Floats
    net: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """Gamma exposure of a book at one spot, in shares per $1.

    strikes         : (k,) $, ascending, of all contracts that have not settled
    call, put, net  : (k,) by strike; nan where there are contracts but nothing is known of them
    gross           : (k,) the same without signs
    total_*         : sums over the used contracts, nan when there are none
    call_wall       : strike of the largest call exposure; put_wall of the most negative put exposure
    max_gex_strike  : strike of the largest |net|
    gamma           : (n,) per share, in the book's order; nan where unknown, 0 once settled
    used, dropped, settled : contracts summed, left out for want of a volatility or weight, and expired
    """

    spot: float
    strikes: Floats
    call: Floats
    put: Floats
    net: Floats
    gross: Floats
    total_call: float
    total_put: float
    total_net: float
    total_gross: float
    call_wall: float | None
    put_wall: float | None
    max_gex_strike: float | None
    zero_gamma: ZeroGamma
    profile: Profile
    gamma: Floats
    used: int
    dropped: int
    settled: int


@overload
def convert(shares: float, spot: float | Floats, unit: Unit) -> float: ...
@overload
def convert(shares: Floats, spot: float | Floats, unit: Unit) -> Floats: ...
def convert(shares: float | Floats, spot: float | Floats, unit: Unit) -> float | Floats:
    """Return an exposure in shares per $1 in another of `UNITS`."""
    if unit == "shares":
        return shares
    if unit == "usd_per_1":
        return shares * spot
    if unit == "usd_per_1pct":
        return shares * spot * spot * 0.01
    raise UsageError(f"'{unit}' is not a unit of gamma exposure; choose one of {', '.join(UNITS)}.")


def exposure(
    book: Book,
    spot: float,
    r: float = 0.0,
    q: float = 0.0,
    profile_points: int = 401,
    window: Window | None = None,
) -> Exposure:
    """Return the gamma exposure of a book.

    spot           : $
    r, q           : rate and dividend yield, continuous, per year
    profile_points : prices at which the chain is re-priced, volatilities staying with their strikes
    window         : where to look for zeros, fractions of spot; None chooses by `window_for`
    """
    live = book.years > 0.0
    weighed = live & np.isfinite(book.weight) & (book.weight != MISSING)
    used = weighed & np.isfinite(book.iv) & (book.iv > 0.0) & (0.0 < spot < math.inf)
    iv = np.where(book.iv > 0.0, book.iv, np.nan)
    years = np.where(live, np.maximum(book.years, T_FLOOR_YEARS), 0.0)
    gamma = greeks(spot, book.strike, years, r, q, iv, book.sign).gamma
    shares = np.where(used, book.sign * gamma * book.weight * book.multiplier, np.nan)
    strikes, call, put, net, gross = _by_strike(book, live, shares)
    total_call, total_put = _total(shares, used, book.sign > 0), _total(shares, used, book.sign < 0)
    profile, zeros = _repriced(book, years, used, spot, r, q, profile_points, window)
    if not zeros.roots and not np.any(used & (book.weight != 0.0)):
        zeros = ZeroGamma(None, (), _why_nothing(book, live, weighed, spot))
    return Exposure(
        spot=spot,
        strikes=strikes,
        call=call,
        put=put,
        net=net,
        gross=gross,
        total_call=total_call,
        total_put=total_put,
        total_net=total_call + total_put,
        total_gross=float(np.abs(shares[used]).sum()) if used.any() else math.nan,
        call_wall=_peak(strikes, call, spot),
        put_wall=_peak(strikes, -put, spot),
        max_gex_strike=_peak(strikes, np.abs(net), spot),
        zero_gamma=zeros,
        profile=profile,
        gamma=gamma,
        used=int(used.sum()),
        dropped=int((live & ~used).sum()),
        settled=int((~live).sum()),
    )


def _by_strike(book: Book, live: Bools, shares: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return (strikes, call, put, net, gross), (k,) each, of the live contracts."""
    strikes, row = np.unique(book.strike[live], return_inverse=True)
    sign, values = book.sign[live], shares[live]
    everything = np.ones(sign.size, np.bool_)
    columns = (
        _summed(strikes.size, row, chosen, part)
        for chosen, part in (
            (sign > 0.0, values),
            (sign < 0.0, values),
            (everything, values),
            (everything, np.abs(values)),
        )
    )
    call, put, net, gross = columns
    return strikes, call, put, net, gross


def _summed(size: int, row: Rows, chosen: Bools, values: Floats) -> Floats:
    """Sum the chosen known values by row; nan where some were chosen and none is known."""
    known = chosen & ~np.isnan(values)
    blank = np.bincount(row[chosen], minlength=size) > 0
    blank &= np.bincount(row[known], minlength=size) == 0
    return np.where(blank, np.nan, np.bincount(row[known], values[known], size))


def _total(shares: Floats, used: Bools, side: Bools) -> float:
    """Return the sum of one side's used contracts, nan when the book has none of either side."""
    return float(shares[used & side].sum()) if used.any() else math.nan


def _peak(strikes: Floats, values: Floats, spot: float) -> float | None:
    """Return the strike of the largest positive value; ties go to the nearest to spot, then the lower."""
    known = np.nan_to_num(values)
    best = float(known.max(initial=0.0))
    if best <= 0.0:
        return None
    tied = strikes[known >= best * (1.0 - _SAME)]
    return float(tied[np.lexsort((tied, np.abs(tied - spot)))[0]])


def _why_nothing(book: Book, live: Bools, weighed: Bools, spot: float) -> str:
    """Say why a book without used weights has no flip."""
    if not book.strike.size:
        return "no contracts"
    if not live.any():
        return "expired"
    if not 0.0 < spot < math.inf:
        return "no spot yet"
    if not np.any(weighed & (book.weight != 0.0)):
        return "no open interest"
    return "no volatility yet"


def window_for(years: float, expected_move: float | None, spot: float) -> Window:
    """Return where to look for zeros, as fractions of spot.

    years         : to the last settlement of the book
    expected_move : $, None when unknown
    """
    if years > _DAY_YEARS or expected_move is None or not math.isfinite(expected_move):
        return WIDE
    half = max(_NARROWEST, _MOVES * expected_move / spot)
    return max(1.0 - half, _LEAST_FACTOR), 1.0 + half


def _usual_window(strike: Floats, years: Floats, iv: Floats, spot: float) -> Window:
    """Return `window_for` with the expected move taken from the volatility nearest to spot."""
    nearest = int(np.argmin(np.abs(strike - spot)))
    move = STRADDLE_PER_SIGMA * spot * float(iv[nearest] * math.sqrt(years[nearest]))
    return window_for(float(years.max()), move, spot)


def _repriced(
    book: Book,
    years: Floats,
    used: Bools,
    spot: float,
    r: float,
    q: float,
    points: int,
    window: Window | None,
) -> tuple[Profile, ZeroGamma]:
    """Re-price the used contracts over the window, within the quoted strikes, and find all zeros."""
    nothing = Profile(np.empty(0), np.empty(0))
    if not used.any():
        return nothing, ZeroGamma(None, (), "")
    strike, T, iv = book.strike[used], years[used], book.iv[used]
    low, high = window or _usual_window(strike, T, iv, spot)
    lo, hi = max(low * spot, float(strike.min())), min(high * spot, float(strike.max()))
    if lo > hi:
        reason = f"no quoted strike between {_dollars(low * spot)} and {_dollars(high * spot)}"
        return nothing, ZeroGamma(None, (), reason)
    spots = np.linspace(lo, hi, points) if hi > lo else np.array([lo])
    held = book.sign[used] * book.weight[used] * book.multiplier
    filled = held != 0.0
    sd = (iv * np.sqrt(T))[filled]
    scale = held[filled] * np.exp(-q * T[filled]) / (math.sqrt(2.0 * math.pi) * sd)
    shift = (np.log(spot / strike) + (r - q) * T)[filled] / sd + 0.5 * sd
    plus, minus = _profile(spots, spot, 1.0 / sd, shift, scale)
    zeros = _zeros(spots, plus, minus, spot, 1.0 / sd, shift, scale)
    return Profile(spots, plus - minus), zeros


def _zeros(
    spots: Floats, plus: Floats, minus: Floats, spot: float, inverse: Floats, shift: Floats, scale: Floats
) -> ZeroGamma:
    """Return every sign change of plus - minus between cells that have a sign, refined."""
    net = plus - minus
    size = np.abs(net)
    kept = np.flatnonzero((size > _NEGLIGIBLE * size.max()) & (size > _CANCELLED * (plus + minus)))
    where = f"between {_dollars(spots[0])} and {_dollars(spots[-1])}"
    if not kept.size:
        cause = "calls and puts cancel" if plus.any() else "no gamma"
        return ZeroGamma(None, (), f"{cause} {where}")
    positive = net[kept] > 0.0
    changes = np.flatnonzero(positive[1:] != positive[:-1])
    roots = tuple(
        _root(spots[kept[i]], spots[kept[i + 1]], spot, inverse, shift, scale) for i in changes.tolist()
    )
    if not roots:
        return ZeroGamma(None, (), f"all {'positive' if positive[0] else 'negative'} {where}")
    return ZeroGamma(min(roots, key=lambda root: (abs(root - spot), root)), roots, "")


def _dollars(price: float) -> str:
    """Write a price without needless zeros: `600`, `3470.65`."""
    return f"{price:.2f}".rstrip("0").rstrip(".")


@compiled
def _profile(
    spots: Floats, spot: float, inverse: Floats, shift: Floats, scale: Floats
) -> tuple[Floats, Floats]:
    """Return the (positive, negative) parts of the exposure at each of `spots`, shares per $1.

    Of contract i, d1 at a price P is inverse[i] * ln(P / spot) + shift[i] and gamma exposure is
    scale[i] * exp(-d1 * d1 / 2) / P.
    """
    plus = np.zeros(spots.size)
    minus = np.zeros(spots.size)
    for j in range(spots.size):
        away = log_ratio(spots[j], spot)
        for i in range(scale.size):
            d1 = away * inverse[i] + shift[i]
            if abs(d1) < _TAIL_SD:
                value = scale[i] * math.exp(-0.5 * d1 * d1) / spots[j]
                if value > 0.0:
                    plus[j] += value
                else:
                    minus[j] -= value
    return plus, minus


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
