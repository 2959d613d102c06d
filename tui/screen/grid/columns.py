"""Which columns of the ladder fit a width: one pure plan per resize.

Owns priorities and widths.

Columns join in the order of `_PRIORITY` (its empty group is the profile) until the next one does not fit,
so a wider screen never shows less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...settings.prefs import Side

Field = Literal["net", "gamma", "iv", "delta", "voi", "oi", "vol", "fmv", "last", "bid", "ask"]

CALL_ORDER: tuple[Field, ...] = (
    "net", "gamma", "iv", "delta", "voi", "oi", "vol", "fmv", "last", "bid", "ask",
)  # fmt: skip
"""Columns of the calls from the left; the puts mirror them, except that the bid stays left of the ask."""

PUT_ORDER: tuple[Field, ...] = (
    "bid", "ask", "last", "fmv", "vol", "oi", "voi", "delta", "iv", "gamma", "net",
)  # fmt: skip

HEADS: dict[Field, str] = {
    "net": "NET $",
    "gamma": "Γ",
    "iv": "IV",
    "delta": "Δ",
    "voi": "V/OI",
    "oi": "OI",
    "vol": "VOL",
    "fmv": "FMV±",
    "last": "LAST",
    "bid": "BID",
    "ask": "ASK",
}

_STRIKE_EXTRA = 4  # two rules, the marker and the cursor's pointer
_STRIKE_DIGITS = 4

NARROW = 60
"""Below so many columns one side is shown at a time."""

_PROFILE_LEAST, _PROFILE_FAIR, _PROFILE_GOOD = 12, 18, 24
_PRIORITY: tuple[tuple[Field, ...], ...] = (
    ("bid", "ask"), ("vol",), ("net",), (), ("last",), ("delta",),
    ("oi",), ("iv",), ("voi",), ("fmv",), ("gamma",),
)  # fmt: skip
_GENEROUS = 7  # from this group on a column must leave the profile a good width
_PRICES = frozenset({"bid", "ask", "last"})


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """The columns of one width.

    calls, puts : (field, width) from the left; widths include one leading blank; empty when a side is hidden
    strike      : width of the strike column, its two rules included
    profile     : cells of the gamma profile with its margin, 0 when there is no room
    margin      : cells at the profile's right that hold the marks of walls, flip and max pain
    """

    width: int
    calls: tuple[tuple[Field, int], ...]
    puts: tuple[tuple[Field, int], ...]
    strike: int
    profile: int
    margin: int

    @property
    def bars(self) -> int:
        """Count the cells between the profile's rule and its margin, the axis included."""
        return max(0, self.profile - self.margin - 1)


def plan(width: int, side: Side = "both", price_digits: int = 5, strike_digits: int = 4) -> ColumnPlan:
    """Choose the columns for `width` cells.

    price_digits  : cells of the longest option price, its point included
    strike_digits : cells of the longest strike
    """
    if side == "both" and width < NARROW:
        side = "calls"
    sides = 2 if side == "both" else 1
    strike = _STRIKE_EXTRA + max(_STRIKE_DIGITS, strike_digits)
    used, reserved = strike, 0
    fields: set[Field] = set()
    for index, group in enumerate(_PRIORITY):
        cost = sides * sum(_width(field, price_digits) for field in group)
        floor = _profile_floor(index)
        if used + cost + floor > width:
            break
        used, reserved = used + cost, floor
        fields.update(group)
    profile = width - used if reserved else 0
    calls = _side(CALL_ORDER, fields, price_digits) if side != "puts" else ()
    puts = _side(PUT_ORDER, fields, price_digits) if side != "calls" else ()
    return ColumnPlan(width, calls, puts, strike, profile, _margin(profile))


def _profile_floor(index: int) -> int:
    """Return how much the group at `index` must leave to the profile."""
    own = _PRIORITY.index(())
    if index < own:
        return 0
    return _PROFILE_LEAST if index == own else _PROFILE_FAIR if index < _GENEROUS else _PROFILE_GOOD


def _width(field: Field, price_digits: int) -> int:
    if field == "net":
        return 7
    return price_digits + 1 if field in _PRICES else 6


def _side(order: tuple[Field, ...], fields: set[Field], price_digits: int) -> tuple[tuple[Field, int], ...]:
    return tuple((field, _width(field, price_digits)) for field in order if field in fields)


def _margin(profile: int) -> int:
    if not profile:
        return 0
    return 5 if profile >= 26 else 3
