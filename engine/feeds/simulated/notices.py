"""The tape's rows that are neither quotes nor prints: spot, fair values, the provider's greeks, marks.

Owns their contents only; when they come is `slots`'.
"""

from __future__ import annotations

import numpy as np

from ...model.events import (
    FMV,
    GAP,
    MARK,
    MARK_CLOSE,
    MARK_OPEN,
    OI,
    PREV_CLOSE,
    SPOT,
    UNDERLYING,
    VENDOR,
)
from .draw import Word, exp, kernel, normal_cdf
from .minute_events import INTEREST, OPENED, PREVIOUS, SILENCE, UNDERLYING_AT, VENDOR_ROW, WORTH
from .quotes import market_value
from .smile import YEAR_NS, moneyness, node_at
from .world import World

_UNITS = 10_000
_FLOOR_NS = 60e9
_ROOT_TWO_PI = 2.5066282746310002
_LARGEST = 2_000_000_000.0


@kernel
def notice(world: World, what: int, contract: int, number: int, h: Word, ts: int, row: np.void) -> None:
    """Write an event that is neither a quote nor a print."""
    if what == UNDERLYING_AT:
        row["kind"], row["cid"] = SPOT, UNDERLYING
        row["p1"] = int(world.node[number].spot * 100.0 + 0.5) * 100
    elif what == WORTH:
        row["kind"] = FMV
        row["p1"] = int(market_value(world, contract, ts, h) * _UNITS + 0.5)
    elif what == VENDOR_ROW:
        _vendor(world, contract, ts, row)
    elif what == INTEREST:
        row["kind"] = OI
        row["s1"] = world.open_interest[contract]
    else:
        _mark(world, what, row)


@kernel
def _mark(world: World, what: int, row: np.void) -> None:
    """Write a session mark, the previous close or the feed gap's end."""
    row["cid"] = UNDERLYING
    if what == SILENCE:
        row["kind"] = GAP
        row["s1"] = (world.rule[0].gap_end - world.rule[0].gap_start) // 1_000_000
    elif what == PREVIOUS:
        row["kind"] = PREV_CLOSE
        row["p1"] = world.rule[0].previous_close
    else:
        row["kind"] = MARK
        row["s1"] = MARK_OPEN if what == OPENED else MARK_CLOSE


@kernel
def _vendor(world: World, contract: int, ts: int, row: np.void) -> None:
    """Write the provider's volatility and greeks: the model's own, by calendar time to settlement."""
    node = node_at(world, ts)
    gap, sd, _ = moneyness(world, contract, node)
    years = max(world.smile[(contract >> 1) // len(world.strike)].settle - ts, _FLOOR_NS) / YEAR_NS
    d1 = 0.5 * sd - gap / sd
    gamma = exp(-0.5 * d1 * d1) / (_ROOT_TWO_PI * world.node[node].spot * sd)
    delta = normal_cdf(d1) - (1.0 if contract & 1 else 0.0)
    row["kind"] = VENDOR
    row["p1"] = int(min(sd / np.sqrt(years) * 1e6, _LARGEST))
    row["p2"] = int(min(gamma * 1e8, _LARGEST))
    row["s1"] = int(np.floor(delta * 1e6 + 0.5))
