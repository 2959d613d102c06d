"""Numbers as the screen writes them: fixed decimals, bounded width, and a dash for what nobody knows.

Owns the spelling of prices, counts, dollars, greeks, exposures and spans of time. Every function is total: a
missing number (`MISSING` or nan) becomes `NONE` or `NO_GREEK`, never 0.
"""

from __future__ import annotations

from functools import lru_cache
from math import inf, isfinite

from engine.analytics.exposure_choice import Metric
from engine.model.events import MISSING, NS, PRICE_SCALE

from ..settings.prefs import Unit

NONE = "—"
"""A price, size or volatility that is not known."""

NO_GREEK = "·"
"""A greek that cannot be had."""

UNIT_TEXT: dict[Unit, str] = {"usd_per_1pct": "$/1%", "usd_per_1": "$/$1", "shares": "sh/$1"}

METRIC_TEXT: dict[Metric, str] = {"gamma": "γ", "delta": "Δ", "vanna": "vanna", "charm": "charm"}

_METRIC_UNIT: dict[Metric, str] = {"delta": "$", "vanna": "$/vol pt", "charm": "$/min"}

_STEPS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


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
    return _scaled(float(n))


@lru_cache(maxsize=65_536)
def money(usd: float) -> str:
    """Write signed dollars in at most six cells: `+640 -101k +1.1M -12.3M`."""
    if usd != usd:
        return NONE
    if abs(usd) < 999.5:
        return f"{usd:+.0f}" if abs(usd) >= 0.5 else "0"
    return _sign(usd) + _scaled(abs(usd), most=0 if abs(usd) < 999_500 else 1)


def dollars(usd: float) -> str:
    """Write unsigned dollars with their sign in front: `$412k`."""
    return NONE if usd != usd else "$" + money(abs(usd)).lstrip("+")


def exposure(value: float | None) -> str:
    """Write a signed exposure with three digits, in the unit it already has: `+1.24B -638M`."""
    if value is None or not isfinite(value):
        return NONE
    if abs(value) < 999.5:
        return f"{value:+.0f}" if abs(value) >= 0.5 else "0"
    return _sign(value) + _scaled(abs(value))


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


def span(ns: int) -> str:
    """Write a span of time in six cells or fewer: `3h18m 18m07s 42s`."""
    seconds = max(0, ns // NS)
    if seconds >= 86_400:
        return f"{seconds // 86_400}d{seconds % 86_400 // 3600:02d}h"
    if seconds >= 3600:
        return f"{seconds // 3600}h{seconds % 3600 // 60:02d}m"
    return f"{seconds // 60}m{seconds % 60:02d}s" if seconds >= 60 else f"{seconds}s"


def speed(factor: float) -> str:
    """Write a replay speed: `×0.25 ×10 ×max`."""
    return "×max" if factor == inf else f"×{factor:g}"


def rate(per_s: float) -> str:
    """Write events per second: `118k`."""
    return NONE if per_s != per_s else count(round(per_s))


def age(seconds: float) -> str:
    """Write how old a number is: `0.3s`, `42s`, `3m05s`."""
    if not isfinite(seconds):
        return NONE
    return f"{seconds:.1f}s" if seconds < 10 else span(int(seconds) * NS)


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


def _sign(value: float) -> str:
    return "-" if value < 0 else "+"


def _scaled(value: float, most: int = 2) -> str:
    """Write a number from 999.5 on with three digits, at most `most` of them decimals, and a letter."""
    for size, letter in _STEPS:
        whole = value / size
        decimals = min(most, 0 if whole >= 99.95 else 1 if whole >= 9.995 else 2)
        if whole >= 0.9995:
            return f"{whole:.{decimals}f}{letter}"
    return f"{value:.0f}"
