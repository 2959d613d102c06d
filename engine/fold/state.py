"""What the fold knows: arrays by contract and one record for the underlying.

Copying a `State` is a checkpoint. It holds numbers only; names live in the contract table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..model.contracts import ContractTable
from ..model.events import MISSING
from .params import RECENT_MINUTES

N_RULES = 9
RECENT_PRINTS = 8
N_POOLS = 8
N_EVIDENCE = 10
N_CHANNELS = 11
N_NEAR = 16
"""How many of the last signals the next one may join as a neighbour."""
SIZE_BINS = 64
N_NEIGHBOURS = 6

STATIC = np.dtype(
    [
        ("strike", "<f8"),  # $
        ("step", "<f8"),  # $ to the next strike of the expiration, the farther of the two; 0 without one
        ("cp", "<f8"),  # +1 call, -1 put
        ("settle_ns", "<i8"),
        ("multiplier", "<i8"),
        # the three strikes on each side, of the same right and expiration, ascending; 0 where there is none
        ("beside", "<i4", (N_NEIGHBOURS,)),
        ("weight", "<f8", (N_NEIGHBOURS - 2,)),  # of the inner four in the cubic through them, at this strike
        ("tick", "<i4"),  # price units, below $3
        ("tick_3", "<i4"),  # from $3
        ("twin", "<i4"),  # the other right at the same strike and expiry, 0 if not listed
        ("rung", "<i4"),  # rank of the strike among all that are listed, from 0
    ],
    align=True,
)
"""What never changes about a contract; row 0 is the underlying and unused."""

PRINT = np.dtype(
    [
        ("ts", "<i8"),
        ("cancel_ts", "<i8"),  # of the cancel that took it back
        ("delta", "<f8"),  # what it added to the flow
        ("gamma", "<f8"),
        ("price", "<i4"),
        ("size", "<i4"),
        ("print_spot", "<i4"),  # MISSING when it was not weighed
        ("cond", "<i2"),
        ("exch", "<i2"),
        ("side", "i1"),
        ("confidence", "i1"),
        ("alive", "i1"),
    ],
    align=True,
)
"""A recent print: a cancel takes back exactly what it added, and a repeat of it is known."""

CELL = np.dtype(
    [
        # Read and written by every quote; together they fill the first cache lines.
        ("quote_ts", "<i8"),
        ("bid", "<i4"),
        ("ask", "<i4"),
        ("bid_size", "<i4"),
        ("ask_size", "<i4"),
        ("quote_spot", "<i4"),
        ("prev_spot", "<i4"),  # prev_*: the newest quote with an earlier ts
        ("prev_ts", "<i8"),
        ("prev_bid", "<i4"),
        ("prev_ask", "<i4"),
        ("prev_bid_size", "<i4"),
        ("prev_ask_size", "<i4"),
        # spread baseline: the running minute, then the median and mean of the last minutes
        ("minute_end", "<i8"),
        ("spread_time", "<i8"),  # 1024 ns
        ("spread_area", "<i8"),  # price units x 1024 ns
        ("mid_area", "<i8"),
        ("spread_median", "<i4"),
        ("spread_minutes", "<i4"),
        ("tight_quotes", "<i4"),
        ("armed", "<i4"),  # one bit per rule and direction; 0 is armed
        # price move: two anchors, at least one window apart
        ("anchor_ts", "<i8"),
        ("anchor_mid2", "<i8"),
        ("recent_ts", "<i8"),
        ("recent_mid2", "<i8"),
        ("anchor_spot", "<i4"),
        ("recent_spot", "<i4"),
        ("move_sign", "<i4"),
        ("fmv_sign", "<i4"),
        ("move_var", "<f8"),
        # our own greeks, and the spot they were taken at
        ("greeks_ts", "<i8"),
        ("iv_ts", "<i8"),  # when a quote last gave the volatility
        ("iv", "<f8"),
        ("delta", "<f8"),
        ("gamma", "<f8"),
        ("vega", "<f8"),
        ("theta", "<f8"),
        ("greeks_spot", "<i4"),
        ("fmv", "<i4"),
        ("fmv_ts", "<i8"),
        ("smile_due", "<i8"),  # when the contract is next held against the smile of its neighbours
        ("bucket_end", "<i8"),  # of the running volume bucket; 0 before the first quote or trade
        # the rest is for trades and for what happens rarely
        ("move_since", "<i8"),
        ("fmv_since", "<i8"),
        ("smile_since", "<i8"),
        ("smile_sign", "<i4"),
        ("tight_since", "<i8"),
        ("spread_percent", "<f8"),
        ("last_ts", "<i8"),
        ("last", "<i4"),
        ("last_different", "<i4"),
        ("prints", "<i4"),
        ("print_newest", "<i8"),  # greatest ts of a print
        ("last_side", "i1"),
        ("print_head", "i1"),
        ("volume", "<i8"),
        ("cancelled", "<i8"),
        ("buy", "<i8"),
        ("sell", "<i8"),
        ("unknown", "<i8"),
        ("sided_confidence", "<i8"),  # sum of confidence in percent x contracts, of buy and sell
        ("premium", "<i8"),  # price units x contracts x multiplier
        ("buy_premium", "<i8"),
        ("sell_premium", "<i8"),
        ("delta_flow", "<f8"),
        ("gamma_flow", "<f8"),
        ("bucket_premium", "<i8"),
        ("bucket_volume", "<i4"),
        ("bucket_side", "<i4"),  # sum of side x confidence x size
        ("bucket_largest", "<i4"),  # print
        ("bucket_prints", "<i4"),
        ("buckets", "<i8"),  # closed with a trade in them
        ("closed", "<i8"),  # closed at all
        ("log_mean", "<f8"),
        ("log_var", "<f8"),
        ("lin_mean", "<f8"),
        ("oi", "<i4"),
        ("vendor_iv", "<i4"),
        ("vendor_gamma", "<i4"),
        ("vendor_delta", "<i4"),
        ("day_volume", "<i4"),
        ("cancel_ts", "<i8"),  # of the last cancel
        ("auction_ts", "<i8"),  # of the last opening or reopening print
        # the running sweep, bought and sold
        ("sweep_ts", "<i8", (2,)),  # of its first print
        ("sweep_exchanges", "<i8", (2,)),  # a bit each
        ("sweep_premium", "<i8", (2,)),
        ("sweep_volume", "<i4", (2,)),
        ("sweep_confidence", "<i4", (2,)),  # sum of confidence x size
        ("sweep_prints", "<i4", (2,)),
        ("sweep_iso", "<i4", (2,)),  # contracts of intermarket sweep prints
        # recent minutes of the spread baseline: average spread and mid, price units
        ("spreads", "<i4", (RECENT_MINUTES,)),
        ("mids", "<i4", (RECENT_MINUTES,)),
        ("ring", PRINT, (RECENT_PRINTS,)),
        # the last signal of each rule and direction that began a cooldown, and the head it is or joined
        ("fired_ts", "<i8", (N_RULES * 2,)),
        ("fired_head", "<i8", (N_RULES * 2,)),
        ("fired_level", "i1", (N_RULES * 2,)),
    ],
    align=True,
)
"""What the fold knows of one contract; prices in price units, MISSING until told."""

UNDER = np.dtype(
    [
        ("clock", "<i8"),  # running maximum of ts
        ("begin_ts", "<i8"),  # of the first event
        ("first_ts", "<i8"),  # of the first quote or trade
        ("events", "<i8"),
        ("quotes", "<i8"),
        ("trades", "<i8"),
        ("gaps", "<i8"),
        ("rejected", "<i8"),  # records whose contract or kind is not known
        ("lag_event", "<i8"),  # number of the last event that was behind the clock, or told again
        ("redelivered", "<i8"),  # records that had been told before, or are older than what stands
        ("packages", "<i8"),  # multi-leg orders
        ("package_legs", "<i8"),
        ("package_ts", "<i8"),  # of the last leg
        ("package_exch", "<i4"),
        ("package_cond", "<i4"),
        ("cancels", "<i8"),
        ("unmatched_cancels", "<i8"),
        ("no_delta_volume", "<i8"),  # classified contracts that had no delta when they traded
        ("signals", "<i8"),  # heads
        ("joined", "<i8"),  # signals that joined one
        ("signal_hash", "<u8"),
        ("spot_ts", "<i8"),
        ("spot", "<i4"),
        ("prev_close", "<i4"),
        ("anchor_ts", "<i8"),
        ("recent_ts", "<i8"),
        ("anchor_spot", "<i4"),
        ("recent_spot", "<i4"),
        ("jump_ts", "<i8"),
        ("mark_ts", "<i8"),  # of the last session mark
        ("size_prints", "<i8"),
        ("size_bins", "<i8", (SIZE_BINS,)),  # prints by size, four bins to a doubling
        # by rule: the last head, and how crowded the rule is (see `signals.crowded`)
        ("head", "<i8", (N_RULES,)),
        ("head_ts", "<i8", (N_RULES,)),
        ("crowd_ts", "<i8", (N_RULES,)),
        # the last signals, whichever rule
        ("near_ts", "<i8", (N_NEAR,)),
        ("near_head", "<i8", (N_NEAR,)),
        ("near_settle", "<i8", (N_NEAR,)),
        ("near_strike", "<f8", (N_NEAR,)),
        ("near_cid", "<i4", (N_NEAR,)),
        ("near_slot", "<i4", (N_NEAR,)),
        ("near_next", "<i8"),
        ("pool_mean", "<f8", (N_POOLS,)),
        ("pool_var", "<f8", (N_POOLS,)),
        ("pool_count", "<i8", (N_POOLS,)),
        ("channels", "<f8", (N_CHANNELS,)),  # of classified flow, see `flow`
        # the book of gamma, as the rules about levels last saw it
        ("levels_next", "<i8"),  # when it is looked at again
        ("levels_after", "<i8"),  # it is not judged before
        ("levels_moved", "<i8"),  # when the spot was last seen to have moved
        ("levels_horizon", "<i8"),  # the last settlement that counts
        ("levels_spot", "<i4"),
        ("net_sign", "<i4"),  # net_*: when the sign was last clear; 0 before
        ("net_spot", "<i4"),
        ("net", "<f8"),  # shares per $1
        ("net_share", "<f8"),  # |net| over gross
        ("regime", "<i4"),  # the sign last taken for the regime, 0 before any
        ("regime_sign", "<i4"),  # the sign at the last look, and since when
        ("regime_since", "<i8"),
        ("regime_net", "<f8"),  # when the regime was last confirmed
        ("wall_since", "<i8", (2,)),  # wall_*: of calls and of puts, since it has stood there
        ("wall_strike", "<f8", (2,)),  # $, 0 without a wall
        ("wall_gex", "<f8", (2,)),
        ("wall_inside", "<i4", (2,)),  # whether the spot has come to stand on the near side of it
    ],
    align=True,
)

SIGNAL = np.dtype(
    [
        ("ts", "<i8"),
        ("parent", "<i8"),  # the head it joined, as a count of heads before that one; -1 for a head
        ("cid", "<i4"),  # UNDERLYING when it is about the underlying
        ("mid_before", "<i4"),
        ("mid_after", "<i4"),
        ("rule", "u1"),
        ("direction", "i1"),  # +1 buy, -1 sell, 0 neutral
        ("seed", "u1"),
        ("side_confidence", "<f8"),
        ("strength", "<f8"),
        ("evidence", "<f8", (N_EVIDENCE,)),
    ],
    align=True,
)

SIDE = np.dtype([("side", "i1"), ("confidence", "u1"), ("rule", "u1")])
"""What the fold decided about one trade; confidence in percent."""

_FLOATS_FROM_LIBM = {
    "delta_flow", "gamma_flow", "iv", "delta", "gamma", "vega", "theta", "log_mean", "log_var",
    "lin_mean", "spread_percent", "move_var", "pool_mean", "pool_var",
    "channels", "net", "net_share", "regime_net", "wall_strike", "wall_gex",
}  # fmt: skip
# Decided by comparing such floats; the signals they lead to are in the hash.
_DERIVED = {
    "armed",
    "move_sign",
    "move_since",
    "fmv_sign",
    "fmv_since",
    "smile_due",
    "smile_sign",
    "smile_since",
    "greeks_ts",
    "iv_ts",
    "greeks_spot",
    "no_delta_volume",
    "print_spot",
    "levels_horizon",
    "net_sign",
    "net_spot",
    "regime",
    "regime_sign",
    "regime_since",
    "wall_since",
    "wall_inside",
}
_HASHED_CELL = [name for name in CELL.names or () if name not in _FLOATS_FROM_LIBM | _DERIVED | {"ring"}]
_HASHED_PRINT = [name for name in PRINT.names or () if name not in _FLOATS_FROM_LIBM | _DERIVED]
_HASHED_UNDER = [name for name in UNDER.names or () if name not in _FLOATS_FROM_LIBM | _DERIVED]


@dataclass(slots=True)
class State:
    """One symbol's fold.

    static : (n + 1,) STATIC, shared between copies
    cells  : (n + 1,) CELL
    under  : (1,) UNDER
    """

    static: NDArray[np.void]
    cells: NDArray[np.void]
    under: NDArray[np.void]

    def copy(self) -> State:
        """Return an independent state with the same past."""
        return State(self.static, self.cells.copy(), self.under.copy())

    @property
    def nbytes(self) -> int:
        """Bytes a checkpoint of this state takes."""
        return int(self.cells.nbytes + self.under.nbytes)

    def digest(self) -> str:
        """Return the hash of everything exact: counts, sizes, prices, sides and signals.

        Contracts that no event has named do not count, so a table that was filled while the tape ran
        hashes like one that was complete from the start.
        """
        cells = self.cells
        told = [cells[name] != MISSING for name in ("oi", "fmv", "vendor_iv", "day_volume")]
        touched = np.flatnonzero(np.any([cells["bucket_end"] > 0, *told], axis=0))
        hasher = blake2b(digest_size=16)
        hasher.update(touched.astype("<i4").tobytes())
        for name in _HASHED_CELL:
            hasher.update(np.ascontiguousarray(self.cells[name][touched]).tobytes())
        for name in _HASHED_PRINT:
            hasher.update(np.ascontiguousarray(cells["ring"][name][touched]).tobytes())
        for name in _HASHED_UNDER:
            hasher.update(np.ascontiguousarray(self.under[name]).tobytes())
        return hasher.hexdigest()


def new_state(
    contracts: ContractTable,
    settle_ns: Callable[[str, date], int],
    multiplier: int,
    tick: int,
    tick_3: int = 0,
) -> State:
    """Return the state before the first event, for every contract of the table; see `static_of`."""
    n = len(contracts) + 1
    state = State(
        static_of(contracts, settle_ns, multiplier, tick, tick_3),
        np.zeros(n, CELL),
        np.zeros(1, UNDER),
    )
    for name in (
        "bid", "ask", "prev_bid", "prev_ask", "last", "last_different", "oi", "fmv",
        "quote_spot", "prev_spot", "vendor_iv", "vendor_gamma", "vendor_delta",
        "anchor_spot", "recent_spot", "greeks_spot", "day_volume",
    ):  # fmt: skip
        state.cells[name] = MISSING
    for name in ("iv", "delta", "gamma", "vega", "theta"):
        state.cells[name] = np.nan
    for name in ("spot", "prev_close", "anchor_spot", "recent_spot"):
        state.under[name] = MISSING
    return state


def static_of(
    contracts: ContractTable,
    settle_ns: Callable[[str, date], int],
    multiplier: int,
    tick: int,
    tick_3: int = 0,
) -> NDArray[np.void]:
    """Return the (n + 1,) STATIC rows of a contract table; `settle_ns(root, expiry)` in ns UTC.

    tick, tick_3 : price steps below and from $3, price units; the latter is never the smaller one
    """
    static = np.zeros(len(contracts) + 1, STATIC)
    static["multiplier"] = multiplier
    static["tick"] = tick
    static["tick_3"] = max(tick, tick_3)
    steps = _steps(contracts)
    where = {(c.root, c.expiry, c.strike_milli, c.right): cid for cid, c in enumerate(contracts, 1)}
    settled: dict[tuple[str, date], int] = {}
    for cid, contract in enumerate(contracts, 1):
        key = (contract.root, contract.expiry)
        if key not in settled:
            settled[key] = settle_ns(*key)
        other = "P" if contract.right == "C" else "C"
        row = static[cid]
        row["strike"] = contract.strike_milli / 1000
        row["cp"] = 1.0 if contract.right == "C" else -1.0
        row["settle_ns"] = settled[key]
        row["step"] = steps[key][contract.strike_milli]
        row["twin"] = where.get((*key, contract.strike_milli, other), 0)
    static["rung"][1:] = np.unique(static["strike"][1:], return_inverse=True)[1]
    _place(contracts, static)
    return static


def _place(contracts: ContractTable, static: NDArray[np.void]) -> None:
    """Fill in each contract's neighbours and their weights."""
    rows: dict[tuple[str, date, str], list[tuple[int, int]]] = {}
    for cid, contract in enumerate(contracts, 1):
        rows.setdefault((contract.root, contract.expiry, contract.right), []).append(
            (contract.strike_milli, cid)
        )
    each = N_NEIGHBOURS // 2
    for row in rows.values():
        cids = [0] * each + [cid for _, cid in sorted(row)] + [0] * each
        for at in range(each, len(cids) - each):
            beside = cids[at - each : at] + cids[at + 1 : at + 1 + each]
            static[cids[at]]["beside"] = beside
            if all(beside[1:-1]):
                static[cids[at]]["weight"] = _weights(
                    static["strike"][beside[1:-1]] - static[cids[at]]["strike"]
                )


def _weights(x: NDArray[np.float64]) -> list[float]:
    """Return the weight of each point's value in the polynomial through all of them, at 0 (Lagrange)."""
    return [float(np.prod([-other / (mine - other) for other in x if other != mine])) for mine in x]


def _steps(contracts: ContractTable) -> dict[tuple[str, date], dict[int, float]]:
    """Return, by root and expiration, each strike's distance in $ to the farther of its neighbours."""
    strikes: dict[tuple[str, date], set[int]] = {}
    for contract in contracts:
        strikes.setdefault((contract.root, contract.expiry), set()).add(contract.strike_milli)
    return {key: _farther(sorted(found)) for key, found in strikes.items()}


def _farther(strikes: list[int]) -> dict[int, float]:
    gaps = [0, *(high - low for low, high in pairwise(strikes)), 0]
    return {k: max(below, above) / 1000 for k, below, above in zip(strikes, gaps, gaps[1:], strict=False)}
