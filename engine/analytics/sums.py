"""What values of contracts sum to: by strike, by right, and where the largest of them stands.

Unknown is nan or None, never 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..jit.options import compiled
from .greeks import Floats

Rows = NDArray[np.intp] | NDArray[np.int64]

_SAME = 1e-12  # relative difference below which two strikes tie


@dataclass(frozen=True, slots=True, eq=False)
class ExposureColumns:
    """One metric by row, (k,) each; nan where contracts stand and nothing is known of them.

    gross adds the contracts of a row without their signs.
    """

    call: Floats
    put: Floats
    net: Floats
    gross: Floats


@dataclass(frozen=True, slots=True)
class Sums:
    """One metric over a book; nan when no contract of it is known."""

    call: float
    put: float
    net: float
    gross: float


NOTHING = Sums(math.nan, math.nan, math.nan, math.nan)


def by_row(values: Floats, sign: Floats, row: Rows, size: int) -> ExposureColumns:
    """Return what (n,) contracts sum to by row; those on row -1 stand on none."""
    return ExposureColumns(*_rows(values, sign, row.astype(np.int64), size))


def sums(values: Floats, sign: Floats) -> Sums:
    """Return what (n,) contracts sum to, all nan when none is known."""
    known = ~np.isnan(values)
    if not known.any():
        return NOTHING
    call, put = (float(values[known & side].sum()) for side in (sign > 0.0, sign < 0.0))
    return Sums(call, put, call + put, float(np.abs(values[known]).sum()))


@compiled
def _rows(values: Floats, sign: Floats, row: NDArray[np.int64], size: int) -> Floats:
    """Return (4, size): call, put, net and gross by row."""
    out = np.zeros((4, size))
    listed = np.zeros((4, size), np.bool_)
    known = np.zeros((4, size), np.bool_)
    for i in range(values.size):
        if row[i] < 0:
            continue
        side = 0 if sign[i] > 0.0 else 1
        for column in (side, 2, 3):
            listed[column, row[i]] = True
            if values[i] == values[i]:
                known[column, row[i]] = True
                out[column, row[i]] += abs(values[i]) if column == 3 else values[i]
    for column in range(4):
        for j in range(size):
            if listed[column, j] and not known[column, j]:
                out[column, j] = math.nan
    return out


def peak(strikes: Floats, values: Floats, spot: float) -> float | None:
    """Return the strike of the largest positive value; ties go to the nearest to spot, then the lower."""
    known = np.nan_to_num(values)
    best = float(known.max(initial=0.0))
    if best <= 0.0:
        return None
    tied = strikes[known >= best * (1.0 - _SAME)]
    return float(tied[np.lexsort((tied, np.abs(tied - spot)))[0]])
