"""Figures as text, as sentences and the screen write them: dollars, exposures and spans of time.

Every function is total: a number nobody knows (nan) becomes `NONE`, never 0.
"""

from __future__ import annotations

from functools import lru_cache
from math import isfinite

from .events import NS

NONE = "—"
"""A number that is not known."""

_STEPS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


@lru_cache(maxsize=65_536)
def money(usd: float) -> str:
    """Write signed dollars in at most six cells: `+640 -101k +1.1M -12.3M`."""
    if usd != usd:
        return NONE
    if abs(usd) < 999.5:
        return f"{usd:+.0f}" if abs(usd) >= 0.5 else "0"
    return _sign(usd) + scaled(abs(usd), most=0 if abs(usd) < 999_500 else 1)


def dollars(usd: float) -> str:
    """Write unsigned dollars with their sign in front: `$412k`."""
    return NONE if usd != usd else "$" + money(abs(usd)).lstrip("+")


def exposure(value: float | None) -> str:
    """Write a signed exposure with three digits, in the unit it already has: `+1.24B -638M`."""
    if value is None or not isfinite(value):
        return NONE
    if abs(value) < 999.5:
        return f"{value:+.0f}" if abs(value) >= 0.5 else "0"
    return _sign(value) + scaled(abs(value))


def span(ns: int) -> str:
    """Write a span of time in six cells or fewer: `3h18m 18m07s 42s`."""
    seconds = max(0, ns // NS)
    if seconds >= 86_400:
        return f"{seconds // 86_400}d{seconds % 86_400 // 3600:02d}h"
    if seconds >= 3600:
        return f"{seconds // 3600}h{seconds % 3600 // 60:02d}m"
    return f"{seconds // 60}m{seconds % 60:02d}s" if seconds >= 60 else f"{seconds}s"


def age(seconds: float) -> str:
    """Write how old a number is: `0.3s`, `42s`, `3m05s`."""
    if not isfinite(seconds):
        return NONE
    return f"{seconds:.1f}s" if seconds < 10 else span(int(seconds) * NS)


def scaled(value: float, most: int = 2) -> str:
    """Write a number from 999.5 on with three digits, at most `most` of them decimals, and a letter."""
    for size, letter in _STEPS:
        whole = value / size
        decimals = min(most, 0 if whole >= 99.95 else 1 if whole >= 9.995 else 2)
        if whole >= 0.9995:
            return f"{whole:.{decimals}f}{letter}"
    return f"{value:.0f}"


def _sign(value: float) -> str:
    return "-" if value < 0 else "+"
