"""What never changes about the contracts of a table: strikes, steps, settlements and neighbours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..model.contracts import ContractTable
from .records import STATIC
from .smile_value import N_NEIGHBOURS


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
    _fill_neighbours(contracts, static)
    return static


def _fill_neighbours(contracts: ContractTable, static: NDArray[np.void]) -> None:
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
    steps = {}
    for key, found in strikes.items():
        row = sorted(found)
        gaps = [0, *(high - low for low, high in pairwise(row)), 0]
        steps[key] = {k: max(sides) / 1000 for k, sides in zip(row, pairwise(gaps), strict=True)}
    return steps
