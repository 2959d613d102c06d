"""Volatilities as vendors write them, and those that cannot be one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import isnan

import numpy as np
from numpy.typing import NDArray

from .sheet import Row

Floats = NDArray[np.float64]

_LEAST = 0.01  # 1 % a year: below it stands a placeholder, like 0.00001
_LOWEST, _NOT_PERCENT = 0.05, 3.0
"""If all but this share of the volatilities are above 300 %, they are in percent. Far strikes of a chain
about to expire are higher than that, those near the money are not."""
_JUMP = 10.0  # between neighbouring strikes: no smile does that, a cell in percent does


@dataclass(frozen=True, slots=True, eq=False)
class VendorVolatilities:
    """Volatilities of some rows.

    iv         : (n,) per year, nan where unknown
    in_percent : whether all were written so
    impossible : how many cells held a number that cannot be one
    """

    iv: Floats
    in_percent: bool
    impossible: int


def volatilities(rows: Sequence[Row]) -> VendorVolatilities:
    """Return the volatilities of rows; 0 is how a vendor says unknown."""
    written = np.array([row.iv for row in rows], np.float64)
    positive = written[written > 0.0]
    low = np.quantile(positive, _LOWEST, method="lower") if positive.size else 0.0
    in_percent = bool(low > _NOT_PERCENT)
    iv = np.where(written > 0.0, written / 100.0 if in_percent else written, np.nan)
    iv[iv < _LEAST] = np.nan
    for smile in _smiles(rows):
        iv[[smile[i] for i in _torn(iv[smile])]] = np.nan
    impossible = int(np.sum(~np.isnan(written) & (written != 0.0) & np.isnan(iv)))
    return VendorVolatilities(iv, in_percent, impossible)


def _smiles(rows: Sequence[Row]) -> Iterator[list[int]]:
    """Yield the places of each expiration and right by strike."""
    found: defaultdict[tuple[str, date, str], list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        found[row.contract.root, row.contract.expiry, row.contract.right].append(i)
    for places in found.values():
        yield sorted(places, key=lambda i: rows[i].contract.strike_milli)


def _torn(iv: Floats) -> list[int]:
    """Return the places of the volatilities of a smile that are in percent where the others are not.

    They stand in runs that jump at both their ends, or at one at the end of the smile, and are the fewer.
    """
    known = [i for i in range(iv.size) if not isnan(iv[i])]
    runs: list[list[int]] = []
    for i, before in zip(known, [-1, *known], strict=False):
        together = before >= 0 and (iv[i] > _NOT_PERCENT) == (iv[before] > _NOT_PERCENT)
        if together:
            runs[-1].append(i)
        else:
            runs.append([i])
    torn = [at for at in range(len(runs)) if iv[runs[at][0]] > _NOT_PERCENT and _jumps(iv, runs, at)]
    cells = [i for at in torn for i in runs[at]]
    return cells if 2 * len(cells) < len(known) else []


def _jumps(iv: Floats, runs: Sequence[list[int]], at: int) -> bool:
    inside, ends = runs[at], []
    if at > 0:
        ends.append(iv[inside[0]] / iv[runs[at - 1][-1]])
    if at + 1 < len(runs):
        ends.append(iv[inside[-1]] / iv[runs[at + 1][0]])
    return bool(ends) and min(ends) > _JUMP
