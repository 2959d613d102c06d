"""Small books by hand, and what they come to contract by contract."""

from __future__ import annotations

import numpy as np

from engine.analytics.exposure import Book
from engine.analytics.greeks import price_greeks

MINUTE = 1.0 / 525_600
HOUR = 60 * MINUTE
DAY = 1.0 / 365

Row = tuple[float, str, float, float]  # strike $, right, weight in contracts, volatility


def book(*rows: Row, years: float | list[float] = DAY, multiplier: float = 100.0) -> Book:
    """A book of (strike, right, weight, volatility) rows."""
    return Book(
        strike=np.array([row[0] for row in rows], np.float64),
        sign=np.array([1.0 if row[1] == "C" else -1.0 for row in rows], np.float64),
        years=np.broadcast_to(np.asarray(years, np.float64), len(rows)).copy(),
        iv=np.array([row[3] for row in rows], np.float64),
        weight=np.array([row[2] for row in rows], np.float64),
        multiplier=multiplier,
    )


def gamma(K: float, sigma: float, T: float = DAY, spot: float = 600.0) -> float:
    return price_greeks(spot, K, T, 0.0, 0.0, sigma, 1.0)[2]


def net_at(b: Book, spot: float) -> float:
    """Net exposure at another spot, summed contract by contract from the price formula's gamma."""
    terms = zip(b.strike, b.sign, b.years, b.iv, b.weight, strict=True)
    return sum(s * w * b.multiplier * gamma(K, v, T, spot) for K, s, T, v, w in terms)
