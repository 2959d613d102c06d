"""What one simulated day is made of, as the compiled kernels see it.

Owns the layout of the arrays only. Contracts lie expiry by expiry, strike by strike, call before put:
index = (expiry * strikes + strike) * 2 + (0 call, 1 put), and the tape's contract id is index + 1.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CHUNK_NS = 60_000_000_000
CHUNK_SECONDS = 60

VOLUME_SPIKE, SPREAD_TIGHTENING, PRICE_MOVE, FMV_DIVERGENCE, SWEEP, BLOCK = range(6)
KINDS = ("volume_spike", "spread_tightening", "price_move", "fmv_divergence", "sweep", "block")

Rows = NDArray[np.void]
"""A structured array of one of the layouts below."""

NODE = np.dtype([("spot", "f8"), ("log_spot", "f8"), ("stress", "f8"), ("jumped", "?")], align=True)
"""A quarter second of the underlying: $, how much wider than usual quotes are, whether it jumped here."""

SMILE = np.dtype([("skew", "f8"), ("curve", "f8"), ("breadth", "f8"), ("settle", "i8")], align=True)
"""An expiration: the smile's slope and bend, the width of quotes against the first's, settlement in ns."""

STRIKE = np.dtype([("price", "f8"), ("log", "f8")], align=True)
"""A strike in $ and its logarithm."""

PLANT = np.dtype(
    [
        ("start", "i8"),
        ("contract", "i8"),
        ("kind", "i8"),
        ("hold", "i8"),
        ("end", "i8"),
        ("amount", "f8"),
        ("strength", "f8"),
        ("direction", "i8"),
        ("prints", "i8"),
        ("next", "i8"),
    ],
    align=True,
)
"""A planted anomaly: in full force from start to hold, faded at end (ns); amount in lots, quoted width in
price units, or $; strength from 0, the weakest of its kind, to 1; prints of what is planted as prints; the
same contract's following plant, -1 for none."""

RULE = np.dtype(
    [
        *((name, "i8") for name in ("tick", "tick_3", "spot_stride", "fmv_strikes", "previous_close")),
        *((name, "i8") for name in ("gap_start", "gap_end")),
        *((name, "f8") for name in ("scale", "width", "depth", "inside_share", "stale_share", "multi_share")),
        *((name, "f8") for name in ("sweep_share", "block_share", "late_share", "cancel_share")),
        *((name, "f8") for name in ("auction_share", "locked_share", "informed", "rate", "lots")),
        *((name, "f8") for name in ("lone_share", "resting_share", "lone_resting_share", "depth_lean")),
    ],
    align=True,
)
"""The day's single numbers: those of `Profile` and `DayParams` the kernels need, the previous close in
price units, the feed gap in ns, and `scale`, the $ of one point of an index at 6800."""


class World(NamedTuple):
    """One symbol's day.

    node   : (quarter seconds,) NODE
    sd     : (expiries, seconds + 1) standard deviation of the log return to expiration
    smile, strike : (expiries,) SMILE, (strikes,) STRIKE
    quotes : (chunks, contracts) int32 number of quotes
    orders : (chunks, contracts) float32 expected number of orders
    plants : (plants,) PLANT in time order; first: (contracts,) a contract's first plant, -1 for none
    rule   : (1,) RULE
    """

    key: np.uint64
    open_ns: int
    node: Rows
    sd: NDArray[np.float64]
    smile: Rows
    strike: Rows
    quotes: NDArray[np.int32]
    orders: NDArray[np.float32]
    open_interest: NDArray[np.int64]
    exchanges: NDArray[np.int64]
    plants: Rows
    first: NDArray[np.int64]
    rule: Rows
