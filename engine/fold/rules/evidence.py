"""What a signal row means: the names of its numbers, its version, and one sentence for a person."""

from __future__ import annotations

from math import isnan

from .firing import (
    BLOCK,
    FMV_DIVERGENCE,
    PRICE_MOVE,
    REGIME_CHANGE,
    RULE_NAMES,
    SPREAD_TIGHTENING,
    SWEEP,
    VOLUME_SPIKE,
    WALL_BREAK,
    ZERO_GAMMA_CROSS,
)

DIRECTIONS = {1: "buy", -1: "sell", 0: "neutral"}

EVIDENCE = {
    VOLUME_SPIKE: (
        "z", "ratio", "volume", "usual_volume", "deviation", "premium_usd", "lean", "window_s", "largest",
        "prints",
    ),
    SPREAD_TIGHTENING: (
        "narrower", "spread_usd", "median_spread_usd", "bid_size", "ask_size", "held_s", "quotes",
        "spread_percent", "usual_spread_percent", "tick_usd",
    ),
    PRICE_MOVE: (
        "z", "move_usd", "expected_usd", "noise_usd", "spot_move_usd", "window_s", "percent", "held_s",
        "tick_usd",
    ),
    FMV_DIVERGENCE: (
        "edge", "fmv_usd", "mid_usd", "percent", "held_s", "fmv_age_s", "half_spread_usd", "tick_usd",
        "neighbours_usd", "source",
    ),
    SWEEP: ("volume", "prints", "exchanges", "span_s", "premium_usd", "price_usd", "iso_share"),
    BLOCK: ("over", "size", "premium_usd", "price_usd", "rarity", "prints_before"),
    ZERO_GAMMA_CROSS: (
        "share", "net", "gross", "zero_gamma_usd", "spot_usd", "net_before", "share_before",
        "spot_before_usd",
    ),
    WALL_BREAK: ("beyond", "wall_usd", "spot_usd", "step_usd", "wall_gex", "stood_s"),
    REGIME_CHANGE: ("share", "net", "gross", "spot_usd", "stood_s", "net_before"),
}  # fmt: skip
"""By rule: the names of the evidence columns, in order. nan means the rule did not use the number.

Dealer gamma (net, gross, wall_gex) is in shares per $1, `share` is |net| over gross, and `beyond` counts
steps between strikes.
"""

VERSIONS = {
    VOLUME_SPIKE: 2,
    SPREAD_TIGHTENING: 2,
    PRICE_MOVE: 2,
    FMV_DIVERGENCE: 2,
    SWEEP: 1,
    BLOCK: 1,
    ZERO_GAMMA_CROSS: 1,
    WALL_BREAK: 1,
    REGIME_CHANGE: 1,
}
"""By rule: grows when the same numbers would lead to another decision."""


def version(rule: int, seed: bool) -> str:
    """Return the rule's name, preset and version, e.g. `volume_spike/default/1`."""
    return f"{RULE_NAMES[rule]}/{'seed' if seed else 'default'}/{VERSIONS[rule]}"


def named(rule: int, values: list[float]) -> tuple[tuple[str, float], ...]:
    """Return the (name, value) pairs of an evidence row."""
    return tuple(zip(EVIDENCE[rule], values, strict=False))


def reason(rule: int, values: list[float]) -> str:
    """Return one sentence that says what was measured against what."""
    numbers = dict(named(rule, values))
    return _SENTENCES[rule](numbers)


def _volume(n: dict[str, float]) -> str:
    return (
        f"{n['volume']:,.0f} contracts in {n['window_s']:.0f} s, {n['ratio']:.0f} times the usual "
        f"{n['usual_volume']:.1f} (z {n['z']:.1f}), for ${n['premium_usd']:,.0f}"
    )


def _spread(n: dict[str, float]) -> str:
    return (
        f"spread {n['spread_usd']:.2f} against a median of {n['median_spread_usd']:.2f}, "
        f"{n['bid_size']:.0f} x {n['ask_size']:.0f} on it, held {n['held_s']:.1f} s"
    )


def _price(n: dict[str, float]) -> str:
    moved = f"mid {n['move_usd']:+.2f} ({n['percent']:+.1f} %) in {n['window_s']:.0f} s"
    if isnan(n["z"]):
        return moved
    return f"{moved} where the underlying explains {n['expected_usd']:+.2f} (z {n['z']:.1f})"


def _fmv(n: dict[str, float]) -> str:
    whose = "our smoothed smile says" if n["source"] else "fair value"
    return (
        f"{whose} {n['fmv_usd']:.3f} against a mid of {n['mid_usd']:.3f} ({n['percent']:+.1f} %), "
        f"{n['edge']:.1f} spreads away, held {n['held_s']:.1f} s"
    )


def _sweep(n: dict[str, float]) -> str:
    return (
        f"{n['volume']:,.0f} contracts in {n['prints']:.0f} prints on {n['exchanges']:.0f} exchanges within "
        f"{1000 * n['span_s']:.0f} ms, for ${n['premium_usd']:,.0f}"
    )


def _block(n: dict[str, float]) -> str:
    return f"one print of {n['size']:,.0f} contracts at {n['price_usd']:.2f}, for ${n['premium_usd']:,.0f}"


def _cross(n: dict[str, float]) -> str:
    return f"spot {n['spot_usd']:,.2f} crossed zero gamma at {n['zero_gamma_usd']:,.2f}"


def _wall(n: dict[str, float]) -> str:
    return f"spot {n['spot_usd']:,.2f} broke the wall at {n['wall_usd']:,.2f} after {n['stood_s']:.0f} s"


def _regime(n: dict[str, float]) -> str:
    sign = "positive" if n["net"] > 0 else "negative"
    return f"dealer gamma has been {sign} for {n['stood_s']:.0f} s, {n['share']:.0%} of the gross"


_SENTENCES = {
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
