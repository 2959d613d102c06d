"""Firing: what all detectors share, whatever they measure.

Arming with hysteresis, a cooldown by rule, contract and direction, strength, and the row that is written.
Baselines never contain the event that is judged. The four rules live beside this file, one each.
"""

from __future__ import annotations

import math

from numba import njit

from ..events import MISSING, NS, UNDERLYING
from . import JIT
from .state import N_RULES
from .volatility import two_sided

RULE_NAMES = (
    "volume_spike", "spread_tightening", "price_move", "fmv_divergence", "sweep", "block",
    "zero_gamma_cross", "wall_break", "regime_change",
)  # fmt: skip
(
    VOLUME_SPIKE,
    SPREAD_TIGHTENING,
    PRICE_MOVE,
    FMV_DIVERGENCE,
    SWEEP,
    BLOCK,
    ZERO_GAMMA_CROSS,
    WALL_BREAK,
    REGIME_CHANGE,
) = range(N_RULES)


@njit(**JIT)
def strength_of(evidence, half):
    """Return a strength in (0, 1), strictly growing with the evidence, 0.5 where evidence = half."""
    return evidence / (evidence + half)


@njit(**JIT)
def fire(now, cid, rule, direction, evidence, threshold, half, cell, static, under, sig, p):
    """Write a signal row into `sig` unless the rule is disarmed or cooling down; return whether it did.

    A rule that fired stays silent for the cooldown and until it is armed again, unless its evidence
    has doubled since. A signal about the underlying is kept in the underlying's own row.
    """
    slot = rule * 2 + (1 if direction < 0 else 0)
    level = int(math.log2(max(evidence / threshold, 1.0)))
    fired = cell.fired_ts[slot]
    louder = level > cell.fired_level[slot]
    quiet = now - fired < p.cooldown_s * NS or cell.armed & (1 << slot) != 0
    if fired > 0 and quiet and not louder:
        return False
    cell.fired_ts[slot] = now
    cell.fired_level[slot] = level
    cell.armed |= 1 << slot
    sig.ts = now
    sig.parent = -1
    sig.cid = cid
    sig.rule = rule
    sig.direction = direction
    sig.seed = 1 if p.seed > 0 else 0
    sig.strength = strength_of(evidence, half)
    sig.side_confidence = 0.0
    if cid == UNDERLYING:
        sig.mid_before = under.anchor_spot
        sig.mid_after = under.spot
    else:
        sig.mid_before = cell.recent_mid2 >> 1 if cell.recent_ts > 0 else MISSING
        sig.mid_after = (cell.bid + cell.ask) // 2 if two_sided(cell) else cell.last
    under.signals += 1
    mixed = under.signal_hash * 1099511628211 + now
    under.signal_hash = mixed * 1099511628211 + (cid * 64 + rule * 4 + direction + 1)
    return True


@njit(**JIT)
def rearm(cell, rule):
    """Arm the rule again, in both directions."""
    cell.armed &= ~(3 << (rule * 2))


@njit(**JIT)
def muted(now, under, p):
    """Whether the tape is still too young for alerts."""
    return under.first_ts == 0 or now - under.first_ts < p.mute_s * NS
