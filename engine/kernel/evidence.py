"""What a signal row means: the names of its numbers, its version, and one sentence for a person."""

from __future__ import annotations

from math import isnan

from .signals import FMV_DIVERGENCE, PRICE_MOVE, RULE_NAMES, SPREAD_TIGHTENING, VOLUME_SPIKE

DIRECTIONS = {1: "buy", -1: "sell", 0: "neutral"}

EVIDENCE = {
    VOLUME_SPIKE: ("z", "ratio", "volume", "usual_volume", "premium_usd", "lean", "window_s"),
    SPREAD_TIGHTENING: (
        "spread_usd", "median_spread_usd", "narrower", "bid_size", "ask_size", "held_s", "quotes",
        "usual_spread_percent",
    ),
    PRICE_MOVE: (
        "z", "move_usd", "expected_usd", "noise_usd", "spot_move_usd", "window_s", "percent",
    ),
    FMV_DIVERGENCE: ("edge", "fmv_usd", "mid_usd", "percent", "held_s", "fmv_age_s"),
}  # fmt: skip
"""By rule: the names of the evidence columns, in order. nan means the rule did not use the number."""

VERSION = 1


def version(rule: int, seed: bool) -> str:
    """Return the rule's name, preset and version, e.g. `volume_spike/default/1`."""
    return f"{RULE_NAMES[rule]}/{'seed' if seed else 'default'}/{VERSION}"


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
    return (
        f"fair value {n['fmv_usd']:.3f} against a mid of {n['mid_usd']:.3f} ({n['percent']:+.1f} %), "
        f"{n['edge']:.1f} spreads away, held {n['held_s']:.1f} s"
    )


_SENTENCES = {VOLUME_SPIKE: _volume, SPREAD_TIGHTENING: _spread, PRICE_MOVE: _price, FMV_DIVERGENCE: _fmv}
