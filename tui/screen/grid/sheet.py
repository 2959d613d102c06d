"""The ladder in integers: for every visible row exactly the numbers its text is made of.

Owns the rounding from a view to what is displayed, so that two frames which look alike compare equal.

Each displayed field is a pair (value, tone): the value in the field's own display step (cents, hundredths of
delta, …) or `MISSING`; the tone is the heat level of volume and open interest, the weight of a net premium
(0 light to 2 heavy), and 1 for a price that is stale.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.model.events import MISSING, PRICE_SCALE
from engine.views.view import Floats, Gamma, Ints, Leg, View

from ...settings.prefs import Prefs, ProfileView
from ..format import metric_factor
from ..theme import HEAT_LEVELS
from .columns import ColumnPlan, Field

ATM, CURSOR, CALL_ITM, PUT_ITM, AIM_CALL, AIM_PUT, NO_GAMMA = (1 << bit for bit in range(7))
"""Bits of a row's flags."""

MARK_CW, MARK_PW, MARK_FLIP, MARK_PAIN, MARK_BAND = (1 << bit for bit in range(5))
"""Bits of a row's marks."""

STRIKE, FLAGS, MARKS, LEFT, RIGHT, PAST, FIRST_FIELD = range(7)
"""Columns of a sheet; the fields of the plan follow, calls then puts, two columns each.

PAST is the cell of the bars where an earlier profile ended, -1 for none.
"""

_CENT = PRICE_SCALE // 100
_HEAVY, _LIGHT = 0.25, 0.02  # shares of the chain's largest net premium


@dataclass(frozen=True, slots=True)
class StrikeSpan:
    """Visible strikes: `first` is the index of the lowest, `count` how many there are."""

    first: int
    count: int

    @property
    def rows(self) -> slice:
        """Return the slice of an ascending column, from the highest strike down."""
        stop = self.first - 1 if self.first > 0 else None
        return slice(self.first + self.count - 1, stop, -1) if self.count else slice(0, 0)


def sheet(
    view: View,
    prefs: Prefs,
    plan: ColumnPlan,
    span: StrikeSpan,
    scale: float,
    aim: tuple[int, str],
    past: Floats | None = None,
) -> Ints:
    """Round the visible part of a view to what is displayed.

    scale : what a full half of the profile stands for, in the unit shown
    aim   : strike_milli of the cursor (or -1) and the side it aims at
    past  : by strike, the net of an earlier profile in the unit shown; nan where nothing is known
    Returns (rows, FIRST_FIELD + 2 * fields) int64, the highest strike first.
    """
    rows = span.rows
    strikes = view.strike_milli[rows]
    left, right, unknown = profile(view, prefs, plan.bars, scale, rows)
    ends = np.full(len(strikes), -1) if past is None else past_ends(past[rows], plan.bars, scale)
    flags = flags_of(view, span, aim) | unknown * NO_GAMMA
    columns = [strikes, flags, marks_of(view, rows), left, right, ends]
    for leg, fields in ((view.call, plan.calls), (view.put, plan.puts)):
        for field, _ in fields:
            columns.extend(_FIELDS[field](leg, rows, prefs))
    return np.stack(columns, axis=1) if span.count else np.zeros((0, len(columns)), np.int64)


def bar_columns(view: View, prefs: Prefs) -> tuple[Floats, Floats]:
    """Return what stands left and right of the axis by strike, in the unit shown; nan where nothing is known.

    'net' stands on its sign's side; 'calls_puts', 'oi' and 'volume' have puts left and calls right;
    'absolute' the gross right.
    """
    if prefs.profile_view == "oi":
        return _counted(view.put.oi), _counted(view.call.oi)
    if prefs.profile_view == "volume":
        return _counted(view.put.volume), _counted(view.call.volume)
    found = view.exposures[prefs.metric]
    spot = np.nan if view.spot == MISSING else view.spot / PRICE_SCALE
    factor = metric_factor(prefs.metric, spot, prefs.unit)
    if prefs.profile_view == "calls_puts":
        return np.abs(found.put) * factor, np.abs(found.call) * factor
    if prefs.profile_view == "absolute":
        return np.zeros(len(found.gross)), found.gross * factor
    net = found.net * factor
    return np.maximum(-net, 0.0), np.maximum(net, 0.0)


def _counted(contracts: Ints) -> Floats:
    return np.where(contracts == MISSING, np.nan, contracts)


def peak(view: View, prefs: Prefs) -> float:
    """Return the largest bar of the whole chain in the unit shown, 0 when none is known."""
    both = np.nan_to_num(np.concatenate(bar_columns(view, prefs)))
    return float(both.max(initial=0.0))


def profile(
    view: View, prefs: Prefs, cells: int, scale: float, rows: slice
) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Measure the visible bars in eighths of a cell: left of the axis, right of it, and which are unknown."""
    lower, upper = (column[rows] for column in bar_columns(view, prefs))
    unknown = np.isnan(lower) & np.isnan(upper) | np.isnan(upper) & (prefs.profile_view == "absolute")
    left_cells, right_cells = halves(cells, prefs.profile_view)
    return _eighths(lower, scale, left_cells), _eighths(upper, scale, right_cells), unknown


def past_ends(net: Floats, cells: int, scale: float) -> Ints:
    """Return the cell of the bars, from the left, in which that of a net exposure ends; -1 for none."""
    left_cells, right_cells = halves(cells, "net")
    lengths = [
        _eighths(side, scale, room)
        for side, room in ((np.maximum(-net, 0.0), left_cells), (np.maximum(net, 0.0), right_cells))
    ]
    below, above = (-(-length // 8) for length in lengths)
    return np.where(above > 0, left_cells + above, np.where(below > 0, left_cells - below, -1))


def halves(cells: int, profile_view: ProfileView) -> tuple[int, int]:
    """Split the profile's cells into those left and right of the one-cell axis."""
    if profile_view == "absolute" or cells < 3:
        return 0, max(0, cells - 1)
    return (cells - 1) // 2, cells - 1 - (cells - 1) // 2


def _eighths(values: Floats, scale: float, cells: int) -> Ints:
    if scale <= 0 or cells <= 0:
        return np.zeros(len(values), np.int64)
    length = np.floor(np.nan_to_num(values) / scale * (8 * cells) + 0.5)
    return np.clip(length, 0, 8 * cells).astype(np.int64)


def flags_of(view: View, span: StrikeSpan, aim: tuple[int, str]) -> Ints:
    """Return the bits of spot, cursor and moneyness of the rows."""
    strikes = view.strike_milli[span.rows]
    flags = np.zeros(len(strikes), np.int64)
    if 0 <= view.atm - span.first < span.count:
        flags[span.first + span.count - 1 - view.atm] |= ATM
    if view.spot != MISSING:
        spot_milli = view.spot * 1000 / PRICE_SCALE
        flags |= (strikes < spot_milli) * CALL_ITM | (strikes > spot_milli) * PUT_ITM
    side = AIM_CALL if aim[1] == "C" else AIM_PUT
    flags |= (strikes == aim[0]) * (CURSOR | side)
    return flags


def marks_of(view: View, rows: slice) -> Ints:
    """Return the bits of walls, flip and max pain of the rows."""
    marks = np.zeros(len(view.strike_milli), np.int64)
    for at, bit in _levels(view.gamma):
        index = _nearest(view.strike_milli, at)
        if index >= 0:
            marks[index] |= bit
    if view.gamma.band is not None:
        low, high = view.gamma.band
        marks[(view.strike_milli >= low * 1000) & (view.strike_milli <= high * 1000)] |= MARK_BAND
    return marks[rows]


def _levels(gamma: Gamma) -> tuple[tuple[float | None, int], ...]:
    return (
        (gamma.call_wall, MARK_CW),
        (gamma.put_wall, MARK_PW),
        (gamma.zero_gamma, MARK_FLIP),
        (gamma.max_pain, MARK_PAIN),
    )


def _nearest(strikes: Ints, dollars: float | None) -> int:
    """Return the index of the strike nearest to a level, -1 when the level is not on the ladder."""
    if dollars is None or not len(strikes) or not strikes[0] <= dollars * 1000 <= strikes[-1]:
        return -1
    return int(np.abs(strikes - dollars * 1000).argmin())


Pair = tuple[Ints, Ints]
_Column = Callable[[Leg, slice, Prefs], Pair]


def _price(name: str) -> _Column:
    def column(leg: Leg, rows: slice, prefs: Prefs) -> Pair:
        units: Ints = getattr(leg, name)[rows]
        cents = np.where(units == MISSING, MISSING, (units + _CENT // 2) // _CENT)
        return cents, _stale(leg, rows, prefs)

    return column


def _stale(leg: Leg, rows: slice, prefs: Prefs) -> Ints:
    with np.errstate(invalid="ignore"):
        return (leg.age_s[rows] > prefs.stale_s).astype(np.int64)


def _fmv(leg: Leg, rows: slice, prefs: Prefs) -> Pair:
    """Fair value less mid, in cents."""
    bid, ask, fmv = leg.bid[rows], leg.ask[rows], leg.fmv[rows]
    unknown = (bid == MISSING) | (ask == MISSING) | (fmv == MISSING)
    edge = np.floor((2 * fmv - bid - ask) / (2 * _CENT) + 0.5).astype(np.int64)
    return np.where(unknown, MISSING, edge), _stale(leg, rows, prefs)


def _counts(name: str) -> _Column:
    def column(leg: Leg, rows: slice, prefs: Prefs) -> Pair:
        whole = getattr(leg, name)
        shown = whole[rows]
        step = np.where(shown < 10_000, 1, np.where(shown < 100_000, 100, 1_000))
        rounded = np.where(shown == MISSING, MISSING, (shown + step // 2) // step * step)
        return rounded, heat(shown, int(whole.max(initial=0)))

    return column


def heat(values: Ints, most: int) -> Ints:
    """Grade counts in equal steps of the chain's largest; 0 is coldest, and what is not known is cold."""
    grades = -(-np.maximum(values, 0) * HEAT_LEVELS // max(1, most)) - 1
    clipped: Ints = np.clip(grades, 0, HEAT_LEVELS - 1)
    return clipped


def _volume_per_oi(leg: Leg, rows: slice, prefs: Prefs) -> Pair:
    volume, oi = leg.volume[rows], leg.oi[rows]
    tenths = np.floor(volume * 10 / np.maximum(oi, 1) + 0.5).astype(np.int64)
    return np.where(oi > 0, tenths, MISSING), np.zeros(len(oi), np.int64)


def _scaled(name: str, scale: int) -> _Column:
    def column(leg: Leg, rows: slice, prefs: Prefs) -> Pair:
        values = getattr(leg, name)[rows]
        known = np.isfinite(values)
        rounded = np.rint(np.where(known, values, 0.0) * scale).astype(np.int64)
        return np.where(known, rounded, MISSING), np.zeros(len(values), np.int64)

    return column


def _net(leg: Leg, rows: slice, prefs: Prefs) -> Pair:
    values = leg.net_premium_usd[rows]
    known = np.isfinite(values)
    usd = np.where(known, values, 0.0)
    size = np.abs(usd)
    step = np.where(size < 999.5, 1, np.where(size < 999_500, 1_000, 100_000))
    rounded = (np.rint(usd / step) * step).astype(np.int64)
    most = float(np.nan_to_num(np.abs(leg.net_premium_usd)).max(initial=0.0))
    tone = (size > most * _LIGHT).astype(np.int64) + (size > most * _HEAVY)
    return np.where(known, rounded, MISSING), tone


_FIELDS: dict[Field, _Column] = {
    "net": _net,
    "gamma": _scaled("gamma", 1_000),
    "iv": _scaled("iv", 1_000),
    "delta": _scaled("delta", 100),
    "voi": _volume_per_oi,
    "oi": _counts("oi"),
    "vol": _counts("volume"),
    "fmv": _fmv,
    "last": _price("last"),
    "bid": _price("bid"),
    "ask": _price("ask"),
}
