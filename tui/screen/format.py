"""Numbers as the screen writes them: fixed decimals, bounded width, and a dash for what nobody knows.

Owns the spelling of prices, counts and greeks. Every function is total: a missing number (`MISSING` or nan)
becomes `NONE` or `NO_GREEK`, never 0.
"""

from __future__ import annotations

from functools import lru_cache
from math import inf, isfinite

from engine.analytics.exposure_choice import Metric
from engine.model import figures
from engine.model.events import MISSING, PRICE_SCALE

from ..settings.prefs import Unit

NONE = figures.NONE
"""A price, size or volatility that is not known."""

age, dollars, exposure = figures.age, figures.dollars, figures.exposure
money, span = figures.money, figures.span
"""Spelled as in the engine's own sentences."""

NO_GREEK = "·"
"""A greek that cannot be had."""

UNIT_TEXT: dict[Unit, str] = {"usd_per_1pct": "$/1%", "usd_per_1": "$/$1", "shares": "sh/$1"}

METRIC_TEXT: dict[Metric, str] = {"gamma": "γ", "delta": "Δ", "vanna": "vanna", "charm": "charm"}

_METRIC_UNIT: dict[Metric, str] = {"delta": "$", "vanna": "$/vol pt", "charm": "$/min"}


@lru_cache(maxsize=65_536)
def price(units: int, decimals: int = 2) -> str:
    """Write a price given in 1/10000 $, half a unit rounded up."""
    if units == MISSING:
        return NONE
    step = PRICE_SCALE // 10**decimals
    return f"{(units + step // 2) // step / 10**decimals:.{decimals}f}"


@lru_cache(maxsize=16_384)
def strike(strike_milli: int) -> str:
    """Write a strike with no more decimals than it has."""
    return f"{strike_milli / 1000:.3f}".rstrip("0").rstrip(".")


def level(dollars: float | None, decimals: int = 1) -> str:
    """Write a level of the underlying in dollars; whole ones without decimals."""
    if dollars is None or not isfinite(dollars):
        return NONE
    text = f"{dollars:.{decimals}f}"
    return text.removesuffix("." + "0" * decimals)


@lru_cache(maxsize=65_536)
def count(n: int) -> str:
    """Write a number of contracts in at most five cells: `5 866 9,866 19.0k 123k 1.23M`."""
    if n == MISSING:
        return NONE
    if n < 10_000:
        return f"{n:,}"
    return figures.scaled(float(n))


def in_unit(shares_per_usd: float, spot_usd: float, unit: Unit) -> float:
    """Convert an exposure in shares per $1 to the unit shown; nan where the spot is not known."""
    if unit == "shares":
        return shares_per_usd
    return shares_per_usd * (spot_usd if unit == "usd_per_1" else spot_usd * spot_usd * 0.01)


def metric_unit(metric: Metric, unit: Unit) -> str:
    """Name the unit a metric is shown in; only gamma has a choice."""
    return UNIT_TEXT[unit] if metric == "gamma" else _METRIC_UNIT[metric]


def metric_factor(metric: Metric, spot_usd: float, unit: Unit) -> float:
    """Return what turns a metric's shares into the unit shown; nan where the spot is not known."""
    return in_unit(1.0, spot_usd, unit) if metric == "gamma" else spot_usd


@lru_cache(maxsize=8_192)
def greek(scaled: int, decimals: int = 2) -> str:
    """Write a greek given as an integer of 10**-decimals."""
    return NO_GREEK if scaled == MISSING else f"{scaled / 10**decimals:.{decimals}f}"


@lru_cache(maxsize=8_192)
def percent(tenths: int) -> str:
    """Write a volatility given in tenths of a percent: `14.8%`, `123%` from a hundred on."""
    if tenths == MISSING:
        return NONE
    return f"{tenths / 10:.1f}%" if tenths < 1_000 else f"{tenths / 10:.0f}%"


@lru_cache(maxsize=8_192)
def ratio(tenths: int) -> str:
    """Write a ratio given in tenths: `4.2`, `123` from a hundred on."""
    if tenths == MISSING:
        return NONE
    return f"{tenths / 10:.1f}" if tenths < 1_000 else count(round(tenths / 10))


def arrow(value: float) -> str:
    """Point where a number went."""
    return "▲" if value > 0 else "▼" if value < 0 else " "


def change(now: int, before: int) -> str:
    """Write a move of the underlying, `▲+1.87 (+0.28%)`; a dash when either price is not known."""
    if MISSING in (now, before) or before <= 0:
        return NONE
    move = now - before
    return f"{arrow(move)}{move / PRICE_SCALE:+.2f} ({move / before:+.2%})"


def four_cells(value: float) -> str:
    """Write a positive number with as many decimals as four cells hold: `2.29 12.3  123`."""
    decimals = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{decimals}f}".rjust(4)


def points(distance: float) -> str:
    """Write a distance in points of the underlying: `+1.97 -12.3  +123`."""
    if not isfinite(distance):
        return NONE.rjust(5)
    return f"{'-' if distance < 0 else '+'}{four_cells(abs(distance)).lstrip()}".rjust(5)


def sigmas(distance: float, sigma: float | None) -> str:
    """Write a distance in standard deviations, without its sign: `0.69σ`."""
    if not sigma or not isfinite(distance / sigma):
        return NONE.rjust(5)
    return f"{four_cells(abs(distance) / sigma)}σ"


def speed(factor: float) -> str:
    """Write a replay speed: `×0.25 ×10 ×max`."""
    return "×max" if factor == inf else f"×{factor:g}"


def rate(per_s: float) -> str:
    """Write events per second: `118k`."""
    return NONE if per_s != per_s else count(round(per_s))


def lag(ms: float) -> str:
    """Write a delay in five cells: ` 31ms`, `-99ms`, ` 1.2s`, `15.0m`."""
    if not isfinite(ms):
        return NONE.rjust(5)
    for size, unit, most in ((1, "ms", 999.5 if ms >= 0 else 99.5), (1e3, "s", 99.95), (6e4, "m", 99.95)):
        if abs(ms) / size < most:
            return f"{ms / size:.{0 if size == 1 else 1}f}{unit}".rjust(5)
    return f"{ms / 3.6e6:.0f}h".rjust(5)


def clip(text: str, width: int) -> str:
    """Fit text into `width` cells, with an ellipsis where it was cut."""
    if len(text) <= width:
        return text
    return text[: width - 1] + "…" if width > 1 else text[:width]
