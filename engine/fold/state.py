"""The state: what the fold knows at a moment, as arrays by contract and one record for the underlying.

Copying a `State` is a checkpoint. It holds numbers only; names live in the contract table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from ..model.contracts import ContractTable
from ..model.events import MISSING
from .contract_rows import static_of
from .forwards import forwards_of
from .records import CELL, PRINT, UNDER
from .rules.catalogue import rules

FOLD_VERSION = 2
"""Which fold this is: it grows when the same tape comes to another state, and with it to another hash."""

_FLOATS_FROM_LIBM = {
    "delta_flow", "gamma_flow", "iv", "delta", "gamma", "vega", "theta", "log_mean", "log_var",
    "lin_mean", "spread_percent", "move_var", "pool_mean", "pool_var", "channels",
}  # fmt: skip
# Decided by comparing such floats; the signals they lead to are in the hash.
_DERIVED = {
    "armed", "move_sign", "fmv_sign", "smile_due", "greeks_ts", "iv_ts", "iv_until", "greeks_spot",
    "no_delta_volume", "print_spot", "levels_horizon", "priced_spot", "anchor_priced_spot",
    "recent_priced_spot",
}  # fmt: skip
_OF_RULES = {name for rule in rules() for name, *_ in (*rule.cell, *rule.under)}
_UNHASHED = _FLOATS_FROM_LIBM | _DERIVED | _OF_RULES | {"ring"}
_HASHED_CELL = [name for name in CELL.names or () if name not in _UNHASHED]
_HASHED_PRINT = [name for name in PRINT.names or () if name not in _UNHASHED]
_HASHED_UNDER = [name for name in UNDER.names or () if name not in _UNHASHED]


@dataclass(slots=True)
class State:
    """One symbol's fold.

    static   : (n + 1,) STATIC, shared between copies
    pairs    : (k,) PAIR, shared likewise
    cells    : (n + 1,) CELL
    under    : (1,) UNDER
    forwards : (m,) FORWARD, by settlement
    """

    static: NDArray[np.void]
    pairs: NDArray[np.void]
    cells: NDArray[np.void]
    under: NDArray[np.void]
    forwards: NDArray[np.void]

    def copy(self) -> State:
        """Return an independent state with the same past."""
        return replace(self, cells=self.cells.copy(), under=self.under.copy(), forwards=self.forwards.copy())

    @property
    def nbytes(self) -> int:
        """Bytes a checkpoint of this state takes."""
        return int(self.cells.nbytes + self.under.nbytes + self.forwards.nbytes)

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
    static = static_of(contracts, settle_ns, multiplier, tick, tick_3)
    pairs, forwards = forwards_of(static)
    state = State(static, pairs, np.zeros(n, CELL), np.zeros(1, UNDER), forwards)
    for name in (
        "bid", "ask", "prev_bid", "prev_ask", "last", "last_different", "oi", "fmv",
        "quote_spot", "prev_spot", "priced_spot", "vendor_iv", "vendor_gamma", "vendor_delta",
        "anchor_priced_spot", "recent_priced_spot", "greeks_spot", "day_volume",
    ):  # fmt: skip
        state.cells[name] = MISSING
    for name in ("iv", "delta", "gamma", "vega", "theta"):
        state.cells[name] = np.nan
    for name in ("spot", "prev_close", "anchor_spot", "recent_spot"):
        state.under[name] = MISSING
    return state
