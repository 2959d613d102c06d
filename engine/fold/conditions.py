"""What a trade's condition code means for the fold.

The ids are Massive's for OPRA's codes (201-248, the provider's conditions endpoint); how each is treated
is ours. An unknown code is a regular trade.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

REGULAR, SWEEP, CANCEL, LATE, OPENING, AUCTION, CROSS, FLOOR, MULTILEG, EXCLUDED, EXTENDED = range(11)

FIRST_CODE, LAST_CODE = 201, 248

LABELS = {
    201: "cancel", 202: "late", 203: "cancel", 204: "late", 205: "cancel", 206: "open late", 207: "cancel",
    208: "open", 209: "", 210: "reopen", 219: "sweep", 227: "auction", 228: "auction iso", 229: "cross",
    230: "cross iso", 231: "floor", 232: "multi-leg", 233: "multi-leg auction", 234: "multi-leg cross",
    235: "multi-leg floor", 236: "multi-leg", 237: "stock-tied", 238: "multi-leg auction",
    239: "multi-leg floor", 240: "stock-tied", 241: "stock-tied", 242: "stock-tied", 243: "stock-tied",
    244: "stock-tied", 245: "stock-tied", 246: "multi-leg floor", 247: "compression", 248: "extended",
}  # fmt: skip

_TREAT = {
    CANCEL: (201, 203, 205, 207),
    LATE: (202, 204),
    OPENING: (206, 208, 210),
    SWEEP: (219,),
    AUCTION: (227, 228),
    CROSS: (229, 230),
    FLOOR: (231,),
    MULTILEG: (*range(232, 247),),
    EXCLUDED: (247,),
    EXTENDED: (248,),
}


def _table() -> np.ndarray:
    table = np.zeros(LAST_CODE - FIRST_CODE + 1, np.int8)
    for treatment, codes in _TREAT.items():
        for code in codes:
            table[code - FIRST_CODE] = treatment
    return table


TREATMENT = _table()
"""(48,) int8, indexed by code - FIRST_CODE."""

CANCELS = np.flatnonzero(TREATMENT == CANCEL) + FIRST_CODE
"""Codes of records that take a trade back."""


def label(code: int) -> str:
    """Return a short name for a condition code, '' for a regular trade, 'c123' for one nobody listed."""
    return LABELS.get(code, f"c{code}" if code else "")


def weight(code: int) -> int:
    """Return how strongly a code decides a trade that carries several; the largest wins."""
    order = (REGULAR, SWEEP, EXTENDED, FLOOR, AUCTION, CROSS, OPENING, LATE, MULTILEG, EXCLUDED, CANCEL)
    known = FIRST_CODE <= code <= LAST_CODE
    return order.index(int(TREATMENT[code - FIRST_CODE])) if known else 0


def deciding(codes: Sequence[int]) -> int:
    """Return the code that decides a trade with several, the first of the weightiest; 0 without any."""
    return max(codes, key=weight, default=0)


UNPRICED_STOCK = frozenset({2, 7, 10, 13, 20, 21, 22, 29, 32, 33, 52, 53})
"""Conditions of stock trades that do not set the last price: average price, cash and next-day settlement,
derivatively priced, prior reference price, seller's option, out of sequence, contingent and the like."""
