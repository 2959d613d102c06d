"""Decide again from a signal's own numbers: whether they reach the thresholds, and how strongly.

In plain Python and apart from the detectors, so that the two can be held against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import log1p

from ..params import SignalParams
from .evidence import named
from .firing import (
    BLOCK,
    FMV_DIVERGENCE,
    PRICE_MOVE,
    REGIME_CHANGE,
    SPREAD_TIGHTENING,
    SWEEP,
    VOLUME_SPIKE,
    WALL_BREAK,
    ZERO_GAMMA_CROSS,
)

Numbers = Mapping[str, float]
Decision = tuple[float, float]
"""What was measured, and the measure of strength 0.5."""

_ROUNDING = 1e-12  # dollars were price units when the threshold was compared


def rederive(rule: int, values: Sequence[float], p: SignalParams) -> float | None:
    """Return the strength that an evidence row gives by itself, None where it does not reach the rule."""
    found = _RULES[rule](dict(named(rule, list(values))), p)
    if found is None:
        return None
    measure, half = found
    return measure / (measure + half)


def _reaches(value: float, least: float) -> bool:
    return value >= least * (1 - _ROUNDING)


def _volume(n: Numbers, p: SignalParams) -> Decision | None:
    large = n["volume"] >= p.volume_size or _reaches(n["premium_usd"], p.volume_premium_usd)
    ratio = n["volume"] / max(n["usual_volume"], 1.0)
    if not _reaches(ratio, p.volume_ratio) or n["largest"] > p.volume_one_print * n["volume"]:
        return None
    if p.seed:
        return ratio, p.volume_half
    z = (log1p(n["volume"]) - log1p(n["usual_volume"])) / n["deviation"]
    return (z, p.volume_half) if large and _reaches(z, p.volume_z) else None


def _spread(n: Numbers, p: SignalParams) -> Decision | None:
    if p.seed:
        narrower = n["usual_spread_percent"] / n["spread_percent"]
        return (narrower, p.spread_half) if _reaches(narrower, 1 / p.spread_ratio) else None
    narrower = n["median_spread_usd"] / n["spread_usd"]
    wide = _reaches(n["median_spread_usd"], p.spread_ticks * n["tick_usd"])
    held = n["held_s"] >= p.spread_hold_s and n["quotes"] >= p.spread_hold_quotes
    deep = min(n["bid_size"], n["ask_size"]) >= p.spread_size
    found = wide and held and deep and _reaches(narrower, 1 / p.spread_ratio)
    return (narrower, p.spread_half) if found else None


def _price(n: Numbers, p: SignalParams) -> Decision | None:
    if p.seed:
        percent = abs(n["percent"])
        return (percent, p.price_half) if _reaches(percent, p.price_percent) else None
    left = abs(n["move_usd"] - n["expected_usd"])
    z = left / n["noise_usd"]
    large = _reaches(z, p.price_z) and _reaches(left, p.price_ticks * n["tick_usd"])
    return (z, p.price_half) if large and n["held_s"] >= p.price_hold_s else None


def _fmv(n: Numbers, p: SignalParams) -> Decision | None:
    distance = abs(n["fmv_usd"] - n["mid_usd"])
    if p.seed:
        percent = 100 * distance / n["mid_usd"]
        return (percent, p.fmv_half) if _reaches(percent, p.fmv_percent) else None
    edge = distance / max(n["half_spread_usd"], 2 * n["tick_usd"], n["neighbours_usd"])
    least = p.fmv_own_edge if n["source"] else p.fmv_edge
    found = _reaches(edge, least) and n["held_s"] >= p.fmv_hold_s and n["fmv_age_s"] < p.fmv_age_s
    return (edge, p.fmv_half) if found else None


def _sweep(n: Numbers, p: SignalParams) -> Decision | None:
    wide = n["prints"] >= p.sweep_prints and n["exchanges"] >= p.sweep_exchanges
    large = n["volume"] >= p.sweep_size and _reaches(n["premium_usd"], p.sweep_premium_usd)
    return (n["volume"], p.sweep_half) if wide and large and n["span_s"] <= p.sweep_window_s else None


def _block(n: Numbers, p: SignalParams) -> Decision | None:
    over = max(n["size"] / p.block_size, n["premium_usd"] / p.block_premium_usd)
    rare = n["prints_before"] < p.block_warm_prints or n["rarity"] <= p.block_share
    return (over, p.block_half) if rare and _reaches(over, 1.0) else None


def _cross(n: Numbers, p: SignalParams) -> Decision | None:
    share = abs(n["net"]) / n["gross"]
    clear = min(share, n["share_before"]) >= p.cross_share and n["net"] * n["net_before"] < 0
    low, high = sorted((n["spot_before_usd"], n["spot_usd"]))
    return (share, p.cross_half) if clear and low <= n["zero_gamma_usd"] <= high else None


def _wall(n: Numbers, p: SignalParams) -> Decision | None:
    way = 1 if n["wall_gex"] > 0 else -1
    beyond = way * (n["spot_usd"] - n["wall_usd"]) / n["step_usd"]
    found = _reaches(beyond, p.wall_margin) and n["stood_s"] >= p.wall_stood_s
    return (beyond, p.wall_half) if found else None


def _regime(n: Numbers, p: SignalParams) -> Decision | None:
    share = abs(n["net"]) / n["gross"]
    found = (
        _reaches(share, p.regime_share)
        and n["stood_s"] >= p.regime_stood_s
        and n["net"] * n["net_before"] < 0
    )
    return (share, p.regime_half) if found else None


_RULES: dict[int, Callable[[Numbers, SignalParams], Decision | None]] = {
    VOLUME_SPIKE: _volume,
    SPREAD_TIGHTENING: _spread,
    PRICE_MOVE: _price,
    FMV_DIVERGENCE: _fmv,
    SWEEP: _sweep,
    BLOCK: _block,
    ZERO_GAMMA_CROSS: _cross,
    WALL_BREAK: _wall,
    REGIME_CHANGE: _regime,
}
