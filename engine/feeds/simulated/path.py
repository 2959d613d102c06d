"""Where the underlying goes: one value every quarter second of the session.

Owns the level of each date, the day's path (U-shaped volatility, volatility that wanders and reverts, a few
jumps, kinship with the market) and the variance still to come. It knows nothing of options.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from .draw import Word, bell, bell_at, exp, kernel, key_of, log, mix, unit
from .profiles import SymbolProfile

NODES_PER_SECOND = 4
ANCHOR = date(2025, 12, 16)
YEARLY_GROWTH = 0.105
_JUMPS, _JUMP_SD = 5, 0.14
_MONTH_SD, _DAY_SD = 0.035, 0.75


@dataclass(frozen=True, slots=True)
class Path:
    """One day of one underlying.

    spot, log_spot : (n,) float64, $ at each quarter second from the open, held until the next
    stress         : (n,) float64, how much wider than usual quotes are
    jumped         : (n,) bool, a jump happened here
    variance_left  : (seconds + 1,) float64, expected variance of the log return up to the regular close
    previous_close : $
    """

    spot: NDArray[np.float64]
    log_spot: NDArray[np.float64]
    stress: NDArray[np.float64]
    jumped: NDArray[np.bool_]
    variance_left: NDArray[np.float64]
    previous_close: float


@kernel
def _wander(key: Word, ordinal: int) -> float:
    """Return a slow walk around 0 at a day number: values drawn every 28 days, joined by lines."""
    knot, rest = ordinal // 28, (ordinal % 28) / 28.0
    return bell(mix(key, knot)) * (1.0 - rest) + bell(mix(key, knot + 1)) * rest


def _deviation(profile: SymbolProfile, day: date, seed: int) -> float:
    """Return the log deviation of a day's close from the growth line."""
    total = 0.0
    shares = (("market", profile.kinship), (profile.symbol, float(np.sqrt(1.0 - profile.kinship**2))))
    for name, share in shares:
        slow = _wander(np.uint64(key_of(seed, name, "slow")), day.toordinal())
        fast = bell_at(np.uint64(key_of(seed, name, "fast")), day.toordinal())
        total += share * (_MONTH_SD * slow + _DAY_SD * profile.daily_sd * fast)
    return total


def log_close(profile: SymbolProfile, day: date, seed: int) -> float:
    """Return the log of a date's closing level; the anchor date is exact."""
    years = (day - ANCHOR).days / 365.25
    away = _deviation(profile, day, seed) - _deviation(profile, ANCHOR, seed)
    return float(log(profile.level)) + YEARLY_GROWTH * years + away


@kernel
def _pace(second: float, length: float) -> float:
    """Return the U-shaped variance per second, up to a constant."""
    if second >= length:
        return 0.08
    return 0.55 + 1.8 * exp(-second / 1200.0) + 0.6 * exp(-(length - second) / 1500.0)


@kernel
def _variance_left(day_variance: float, length: int, mood: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the variance to come at each second; the last minute's worth is the floor."""
    left = np.empty(length + 1)
    total = 0.0
    for second in range(length - 1, -1, -1):
        left[second] = total
        total += _pace(second + 0.5, length)
    left[length] = 0.0
    floor = left[length - 60]
    for second in range(length + 1):
        left[second] = day_variance * max(left[second], floor) / total * mood[second]
    return left


@kernel
def _mood(market: Word, seconds: int) -> NDArray[np.float64]:
    """Return the mean-reverting factor of variance at each second, around 1."""
    mood = np.empty(seconds + 1)
    x = 0.5 * bell(mix(market, -1))
    for second in range(seconds + 1):
        x += -x / 3600.0 + 0.008 * bell(mix(market, 1 << 32 | second))
        mood[second] = exp(0.6 * x)
    return mood


@kernel
def _returns(
    market: Word, own: Word, kinship: float, day_sd: float, length: int, mood: NDArray[np.float64], n: int
) -> NDArray[np.float64]:
    """Return the log return of each quarter second, jumps left out."""
    steps = np.zeros(n)
    total = 0.0
    for second in range(length):
        total += _pace(second + 0.5, length)
    rest = np.sqrt(1.0 - kinship * kinship)
    for second in range(n // NODES_PER_SECOND):
        variance = day_sd * day_sd * _pace(second + 0.5, length) / total * mood[second]
        scale = np.sqrt(variance / NODES_PER_SECOND)
        for node in range(second * NODES_PER_SECOND, (second + 1) * NODES_PER_SECOND):
            steps[node] = scale * (kinship * bell(mix(market, node)) + rest * bell(mix(own, node)))
    steps[0] = 0.0
    return steps


@kernel
def _jump(market: Word, day_sd: float, length: int, steps: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Add the day's jumps to the returns and tell where they are."""
    jumped = np.zeros(len(steps), np.bool_)
    for k in range(_JUMPS):
        h = mix(market, (2 << 32) | k)
        node = int((0.06 + 0.9 * (k + unit(h)) / _JUMPS) * length * NODES_PER_SECOND)
        size = _JUMP_SD * day_sd * (0.7 + unit(mix(h, 1)))
        steps[node] += size if unit(mix(h, 2)) < 0.5 else -size
        jumped[node] = True
    return jumped


@kernel
def _tie(steps: NDArray[np.float64], length: int, wanted: float) -> None:
    """Shift the returns evenly, up to the regular close, so that they sum to `wanted`."""
    last = min(length * NODES_PER_SECOND, len(steps))
    shift = wanted
    for node in range(last):
        shift -= steps[node]
    for node in range(1, last):
        steps[node] += shift / (last - 1)


@kernel
def _levels(start: float, steps: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum returns to log levels and levels."""
    log_spot, spot = np.empty(len(steps)), np.empty(len(steps))
    x = start
    for node in range(len(steps)):
        x += steps[node]
        log_spot[node] = x
        spot[node] = exp(x)
    return log_spot, spot


@kernel
def _stress(jumped: NDArray[np.bool_], length: int) -> NDArray[np.float64]:
    """Return how much wider than usual quotes are: after the open, after jumps, before the close."""
    stress = np.empty(len(jumped))
    shock = 0.0
    for node in range(len(jumped)):
        second = node / NODES_PER_SECOND
        shock = 1.2 if jumped[node] else shock * 0.8
        stress[node] = 1.0 + shock + 0.9 * exp(-second / 420.0) + 0.8 * exp(-abs(length - second) / 300.0)
    return stress


def build(
    profile: SymbolProfile, day: date, previous: date, seed: int, regular_seconds: int, seconds: int
) -> Path:
    """Draw a day's path from the previous session's close to the day's own.

    regular_seconds : open to the regular close (16:00 or 13:00)
    seconds         : open to the end of option trading
    """
    market = np.uint64(key_of(seed, "market", day))
    own = np.uint64(key_of(seed, profile.symbol, day))
    start, end = log_close(profile, previous, seed), log_close(profile, day, seed)
    gap = 0.35 * (end - start) + 0.2 * profile.daily_sd * bell_at(own, 3 << 32)
    mood = _mood(market, seconds)
    steps = _returns(
        market, own, profile.kinship, profile.daily_sd, regular_seconds, mood, seconds * NODES_PER_SECOND
    )
    jumped = _jump(market, profile.daily_sd, regular_seconds, steps)
    _tie(steps, regular_seconds, end - start - gap)
    log_spot, spot = _levels(start + gap, steps)
    left = _variance_left(profile.daily_sd**2 * 1.2, regular_seconds, mood)
    stress = _stress(jumped, regular_seconds)
    return Path(spot, log_spot, stress, jumped, left, float(exp(start)))
