"""How busy each contract is in each minute, and how much of it is open.

Owns the day's intensity, where trades fall by moneyness, the weight of round strikes, and open interest. It
draws no event.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .draw import Word, bell, exp, kernel, mix, unit
from .path import NODES_PER_SECOND
from .profiles import DayParams, SymbolProfile
from .smile import POINTS, interpolate
from .world import CHUNK_SECONDS

MEAN_LOTS = 2.3
"""Average size of a print against the median; open interest is set against the volume this expects."""

PRINTS_PER_ORDER = 1.14

# SPXW 0DTE contracts per minute (thousands) by quarter hour; 10:30-13:00 was not measured and is filled in.
_PACE = np.array([10.2, 11.0, 9.6, 5.5, 5.5, 5.3, 5.1, 4.9, 4.8, 4.7, 4.7, 4.8, 5.0, 5.3])
_PACE_LATE = np.array([5.7, 5.3, 4.4, 3.4, 4.6, 7.1, 6.0, 3.2, 4.2, 6.7, 5.3, 7.6])
_LAST_MINUTE = 15.0
_AFTER_CLOSE = 0.9

# Volume per point by points out of the money (market-facts, "where it trades"), mornings and afternoons.
_OUT = np.array([-200.0, -100, -30, -10, -5, 0, 2.5, 7.5, 15, 25, 40, 75, 100, 150, 300, 600])
_MORNING = np.array(
    [
        1e-5,
        8e-5,
        5e-4,
        0.0022,
        0.0045,
        0.007,
        0.009,
        0.009,
        0.0095,
        0.0105,
        0.0095,
        0.0050,
        0.0020,
        4e-4,
        5e-5,
        1e-6,
    ]
)
_AFTERNOON = np.array(
    [
        3e-6,
        3e-5,
        4e-4,
        0.004,
        0.013,
        0.020,
        0.025,
        0.028,
        0.0225,
        0.013,
        0.005,
        0.0012,
        6e-4,
        1.2e-4,
        2e-5,
        4e-7,
    ]
)
_CALM_SD = 0.0054
_LATER_REACH = 1.5
_LATER_INTEREST = np.array([1.0, 2.5, 3.0])
_FULL_DAY_MINUTES = 390
_NEAR, _FEWEST_NEAR, _MOST_NEAR = 1.6, 30, 75


@dataclass(frozen=True, slots=True)
class Listing:
    """What is listed.

    strike, steps  : (strikes,) in $ and in increments
    last_chunk     : (expiries,) the first chunk in which an expiration no longer trades
    previous_close : $
    """

    strike: NDArray[np.float64]
    steps: NDArray[np.int64]
    last_chunk: NDArray[np.int64]
    previous_close: float


def draw(
    profile: SymbolProfile,
    params: DayParams,
    spot: NDArray[np.float64],
    listing: Listing,
    minutes: tuple[int, int],
    key: np.uint64,
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int64]]:
    """Return number of quotes and expected orders, (chunks, contracts), and open interest, (contracts,).

    spot    : $ by quarter second
    minutes : up to the regular close, and until options stop trading
    """
    regular, chunks = minutes
    by_expiry = np.array(params.expiry_share[: len(listing.last_chunk)])
    share = shares(
        spot, listing.strike, listing.steps, by_expiry, listing.last_chunk, profile.daily_sd, chunks
    )
    pace, length = intensity(chunks, regular), profile.activity * regular / _FULL_DAY_MINUTES
    prints = params.trades * length
    totals = (
        prints
        * MEAN_LOTS
        * profile.lots
        / params.volume_per_oi
        * by_expiry
        * _LATER_INTEREST[: len(by_expiry)]
    )
    quoted = quotes(share, pace, params.quotes * length, key)
    fewest = int(min(max(500.0 * profile.activity, _FEWEST_NEAR), _MOST_NEAR))
    quote_near(spot, listing.strike, fewest, quoted)
    return (
        quoted,
        orders(share, pace, prints),
        open_interest(listing.previous_close, listing.strike, listing.steps, totals, profile.daily_sd, key),
    )


def intensity(minutes: int, regular: int) -> NDArray[np.float64]:
    """Return trading per minute of the session, to any scale; a short day keeps its open and its close."""
    quarters = np.concatenate((_PACE, _PACE_LATE))
    wanted = -(-regular // 15)
    early = wanted - wanted // 2
    bins = np.concatenate((quarters[:early], quarters[len(quarters) - wanted // 2 :]))
    pace = np.full(minutes, _AFTER_CLOSE)
    pace[:regular] = np.repeat(bins, 15)[:regular]
    pace[regular - 1] = _LAST_MINUTE
    return pace


@kernel
def roundness(strike_steps: int, ten: float, five: float) -> float:
    """Return how much heavier a strike is for being a multiple of ten or five increments."""
    if strike_steps % 10 == 0:
        return ten
    return five if strike_steps % 5 == 0 else 1.0


@kernel
def _density(points: float, afternoon: float) -> float:
    early = interpolate(points, _OUT, _MORNING)
    return early + afternoon * (interpolate(points, _OUT, _AFTERNOON) - early)


@kernel
def shares(
    spot: NDArray[np.float64],
    strike: NDArray[np.float64],
    steps: NDArray[np.int64],
    expiry_share: NDArray[np.float64],
    last_chunk: NDArray[np.int64],
    daily_sd: float,
    chunks: int,
) -> NDArray[np.float64]:
    """Return each contract's share of its chunk's trades, (chunks, contracts).

    spot       : by quarter second
    steps      : strikes in increments
    last_chunk : (expiries,) first chunk in which the expiration no longer trades
    """
    out = np.zeros((chunks, len(expiry_share) * len(strike) * 2))
    for chunk in range(chunks):
        now = spot[min((chunk * CHUNK_SECONDS + 30) * NODES_PER_SECOND, len(spot) - 1)]
        afternoon = min(max((chunk - 45) / 165.0, 0.0), 1.0)
        total = 0.0
        for contract in range(out.shape[1]):
            pair = contract >> 1
            expiry, k = pair // len(strike), pair % len(strike)
            if chunk >= last_chunk[expiry]:
                continue
            points = (strike[k] - now) / now * POINTS * _CALM_SD / daily_sd
            points = -points if contract & 1 else points
            if expiry > 0:
                points /= _LATER_REACH
            weight = _density(points, afternoon) * roundness(steps[k], 1.5, 1.25) * expiry_share[expiry]
            weight = weight if contract & 1 else 1.08 * weight
            out[chunk, contract] = weight
            total += weight
        for contract in range(out.shape[1]):
            out[chunk, contract] /= total
    return out


@kernel
def orders(share: NDArray[np.float64], pace: NDArray[np.float64], prints: float) -> NDArray[np.float32]:
    """Return the expected number of orders, (chunks, contracts), for a day of so many prints."""
    out = np.empty(share.shape, np.float32)
    total = 0.0
    for chunk in range(len(pace)):
        total += pace[chunk]
    for chunk in range(len(pace)):
        per_chunk = prints / PRINTS_PER_ORDER * pace[chunk] / total
        for contract in range(share.shape[1]):
            out[chunk, contract] = share[chunk, contract] * per_chunk
    return out


@kernel
def quotes(
    share: NDArray[np.float64], pace: NDArray[np.float64], wanted: float, key: Word
) -> NDArray[np.int32]:
    """Return the number of quotes, (chunks, contracts), at least one while a contract trades.

    Quoting is flatter than trading, over the day and over strikes: the square root of both.
    """
    out = np.zeros(share.shape, np.int32)
    total = 0.0
    for chunk in range(len(pace)):
        total += np.sqrt(pace[chunk])
    for chunk in range(len(pace)):
        norm = 0.0
        for contract in range(share.shape[1]):
            norm += np.sqrt(share[chunk, contract])
        per_chunk = wanted * np.sqrt(pace[chunk]) / total / norm
        for contract in range(share.shape[1]):
            if share[chunk, contract] > 0.0:
                mean = np.sqrt(share[chunk, contract]) * per_chunk
                out[chunk, contract] = max(1, int(mean + unit(mix(key, (chunk << 20) | contract))))
    return out


@kernel
def quote_near(
    spot: NDArray[np.float64], strike: NDArray[np.float64], fewest: int, out: NDArray[np.int32]
) -> None:
    """Raise the number of quotes of the first expiration's strikes next to the spot to `fewest` a minute.

    They have fair market values every second, which must find a fresh quote even where little is traded.
    """
    for chunk in range(len(out)):
        now = spot[chunk * CHUNK_SECONDS * NODES_PER_SECOND]
        for slot in range(2 * len(strike)):
            near = abs(strike[slot >> 1] - now) < _NEAR * (strike[1] - strike[0])
            if near and out[chunk, slot] > 0:
                out[chunk, slot] = max(out[chunk, slot], fewest)


@kernel
def open_interest(
    centre: float,
    strike: NDArray[np.float64],
    steps: NDArray[np.int64],
    totals: NDArray[np.float64],
    daily_sd: float,
    key: Word,
) -> NDArray[np.int64]:
    """Return each contract's open interest: puts below, calls above, round strikes twice as heavy."""
    out = np.zeros(len(totals) * len(strike) * 2, np.int64)
    weight = np.empty(len(strike) * 2)
    for expiry in range(len(totals)):
        total = 0.0
        for slot in range(len(weight)):
            points = (strike[slot >> 1] - centre) / centre * POINTS * _CALM_SD / daily_sd
            points = -points if slot & 1 else points
            reach = 140.0 if points > 0.0 else 70.0
            w = exp(-abs(points - 15.0) / reach) * roundness(steps[slot >> 1], 3.6, 2.1)
            weight[slot] = w * exp(0.45 * bell(mix(key, (7 << 40) | (expiry << 20) | slot)))
            total += weight[slot]
        for slot in range(len(weight)):
            out[expiry * len(weight) + slot] = int(totals[expiry] * weight[slot] / total + 0.5)
    return out
