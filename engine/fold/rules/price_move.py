"""Price move: a mid that moves by more than the underlying explains, measured in its own noise.

The underlying here is the spot that the quotes of the settlement imply (`forwards`): how often its own price
is told, and how far it is away from the options' own, changes nothing.

The expected move is delta, gamma and theta over one to two windows; what is left is compared with half the
spread and the residual's usual size. A raw percentage is meaningless on an option of a few cents.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from numba import njit

from ...analytics.greeks import YEAR_NS
from ...jit.options import JIT
from ...model.events import MISSING, NS, PRICE_SCALE
from ..thresholds import threshold
from ..volatility import is_due, refresh, tick_of, two_sided
from .catalogue import number_of
from .firing import fire, is_muted, rearm
from .spec import Decision, EvidenceColumn, Numbers, RuleSpec, positions, reaches

PRICE_MOVE = number_of("price_move")

DOLLARS_PER_UNIT = 1.0 / PRICE_SCALE
UNITS_PER_DOLLAR_YEAR = PRICE_SCALE / YEAR_NS
VARIANCE_ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class PriceMoveParams:
    """The rule's thresholds."""

    window_s: float = threshold(5.0, "s", "a move is measured over one to two of these windows")
    z: float = threshold(4.0, "σ", "least move that the underlying does not explain, in its own noise")
    ticks: float = threshold(3.0, "ticks", "least move that the underlying does not explain")
    hold_s: float = threshold(1.0, "s", "least time for which it has stayed", zero=True)
    half: float = threshold(6.0, "σ", "z of strength 0.5; under the preset seed the percentage")
    percent: float = threshold(5.0, "%", "least move of the mid, under the preset seed only")


EVIDENCE = (
    EvidenceColumn("z", "σ", "unexplained move over its noise"),
    EvidenceColumn("move_usd", "$", "move of the mid over the window"),
    EvidenceColumn("expected_usd", "$", "what delta, gamma and theta explain of it"),
    EvidenceColumn("noise_usd", "$", "one σ: half the spread and the residual's usual size together"),
    EvidenceColumn("spot_move_usd", "$", "move of the spot that the quotes imply over the window"),
    EvidenceColumn("window_s", "s", "length of the window"),
    EvidenceColumn("percent", "%", "move of the mid, of the mid before"),
    EvidenceColumn("held_s", "s", "since it became large"),
    EvidenceColumn("tick_usd", "$", "price step of the contract"),
)
AT = positions(EVIDENCE)


@njit(**JIT)
def unexplained(now, cell, spot):
    """Return (move of the mid, what delta, gamma and theta leave of it) since the anchor, price units.

    Delta is carried by gamma from the spot it was taken at to the middle of the spot's move.
    """
    spot_move = float(spot - cell.anchor_priced_spot)
    middle = 0.5 * (spot + cell.anchor_priced_spot) - cell.greeks_spot
    delta = cell.delta + cell.gamma * middle * DOLLARS_PER_UNIT
    decay = cell.theta * (now - cell.anchor_ts) * UNITS_PER_DOLLAR_YEAR
    move = 0.5 * (cell.bid + cell.ask - cell.anchor_mid2)
    return move, move - delta * spot_move - decay


@njit(**JIT)
def noise(cell):
    """Return the variance a residual is measured in, price units^2: half the spread, its usual size."""
    half = 0.5 * (cell.ask - cell.bid)
    return half * half + cell.move_var


@njit(**JIT)
def keep_anchors(now, cell, spot):
    """Move the two anchors on; the older one is always between one and two windows back."""
    cell.anchor_ts = cell.recent_ts
    cell.anchor_mid2 = cell.recent_mid2
    cell.anchor_priced_spot = cell.recent_priced_spot
    cell.recent_ts = now
    cell.recent_mid2 = cell.bid + cell.ask
    cell.recent_priced_spot = spot


@njit(**JIT)
def undecided(now, cell, p):
    """Whether a large residual has yet to hold: its baseline must not contain it before it is judged."""
    return cell.move_sign != 0 and now - cell.move_since < p.price_hold_s * NS


@njit(**JIT)
def judge_price(now, cid, cell, twin, static, forward, under, sig, p):
    """Judge the mid's move over the last window against what the underlying explains."""
    spot = cell.priced_spot
    if not two_sided(cell) or spot == MISSING:
        return False
    fired = False
    due = now - cell.recent_ts >= p.price_window_s * NS
    if cell.anchor_ts > 0 and (cell.anchor_ts >= forward.since or p.seed > 0):
        if p.seed > 0:
            fired = judge_percent(now, cid, cell, static, under, sig, p)
        elif cell.delta == cell.delta:
            _, residual = unexplained(now, cell, spot)
            if residual * residual >= (p.rearm * p.price_z) ** 2 * noise(cell):
                fired = judge_residual(now, cid, residual, cell, twin, static, under, sig, p)
            else:
                cell.move_sign = 0
                rearm(cell, PRICE_MOVE)
            if due and not undecided(now, cell, p):
                cell.move_var += VARIANCE_ALPHA * (residual * residual - cell.move_var)
    if due:
        keep_anchors(now, cell, spot)
        if is_due(now, cell):
            refresh(now, cell, twin, static, spot, p)
    return fired


@njit(**JIT)
def judge_residual(now, cid, residual, cell, twin, static, under, sig, p):
    """Judge a residual that is large in its own noise: it must also be large in ticks, and hold."""
    variance = noise(cell)
    if residual * residual < p.price_z**2 * variance or abs(residual) < p.price_ticks * tick_of(cell, static):
        cell.move_sign = 0
        return False
    sign = 1 if residual > 0 else -1
    if cell.move_sign != sign:
        cell.move_sign = sign
        cell.move_since = now
    if now - cell.move_since < p.price_hold_s * NS or is_muted(now, under, p):
        return False
    # The greeks that explain the move may be old; judge once more with fresh ones.
    if not refresh(now, cell, twin, static, cell.priced_spot, p):
        return False
    move, residual = unexplained(now, cell, cell.priced_spot)
    z = abs(residual) / math.sqrt(variance)
    tick = tick_of(cell, static)
    if z < p.price_z or residual * sign < p.price_ticks * tick or abs(move) < tick:
        return False
    if not fire(now, cid, PRICE_MOVE, sign, z, p.price_z, p.price_half, cell, static, under, sig, p):
        return False
    write_move(now, cell, static, sig, move)
    row = sig.evidence
    row[AT.z], row[AT.expected_usd] = z, (move - residual) / PRICE_SCALE
    row[AT.noise_usd] = math.sqrt(variance) / PRICE_SCALE
    row[AT.held_s] = (now - cell.move_since) / NS
    return True


@njit(**JIT)
def judge_percent(now, cid, cell, static, under, sig, p):
    """Judge the plain percentage, as the first monitor did."""
    percent = 100.0 * (cell.bid + cell.ask - cell.anchor_mid2) / cell.anchor_mid2
    if abs(percent) < p.price_percent:
        rearm(cell, PRICE_MOVE)
        return False
    sign = 1 if percent > 0 else -1
    if not fire(
        now, cid, PRICE_MOVE, sign, abs(percent), p.price_percent, p.price_half, cell, static, under, sig, p
    ):
        return False
    write_move(now, cell, static, sig, 0.5 * (cell.bid + cell.ask - cell.anchor_mid2))
    row = sig.evidence
    row[AT.z] = row[AT.expected_usd] = row[AT.noise_usd] = row[AT.held_s] = math.nan
    return True


@njit(**JIT)
def write_move(now, cell, static, sig, move):
    """Fill the evidence both presets share: move and spot move in $, window in s, percent."""
    sig.mid_before = cell.anchor_mid2 >> 1
    row = sig.evidence
    row[AT.move_usd] = move / PRICE_SCALE
    row[AT.spot_move_usd] = (cell.priced_spot - cell.anchor_priced_spot) / PRICE_SCALE
    row[AT.window_s] = (now - cell.anchor_ts) / NS
    row[AT.percent] = 200.0 * move / cell.anchor_mid2
    row[AT.tick_usd] = tick_of(cell, static) / PRICE_SCALE


def sentence(n: Numbers) -> str:
    """Say what was measured against what."""
    moved = f"mid {n['move_usd']:+.2f} ({n['percent']:+.1f} %) in {n['window_s']:.0f} s"
    if math.isnan(n["z"]):
        return moved
    return f"{moved} where the underlying explains {n['expected_usd']:+.2f} (z {n['z']:.1f})"


def line(n: Numbers) -> str:
    """Write the evidence into a wide line of the log."""
    expected = n["expected_usd"]
    known = "" if math.isnan(expected) else f"  underlying explains {expected:+.2f}  z {n['z']:.1f}"
    return f"mid {n['move_usd']:+.2f} ({n['percent']:+.1f}%) in {n['window_s']:.0f}s{known}"


def brief(n: Numbers) -> str:
    """Write the evidence into a narrow line of the log."""
    return f"{n['move_usd']:+.2f} {n['percent']:+.1f}%/{n['window_s']:.0f}s"


def decide(n: Numbers, p: PriceMoveParams, seed: bool) -> Decision | None:
    """Decide again from the evidence."""
    if seed:
        percent = abs(n["percent"])
        return (percent, p.half) if reaches(percent, p.percent) else None
    left = abs(n["move_usd"] - n["expected_usd"])
    z = left / n["noise_usd"]
    moved = reaches(abs(n["move_usd"]), n["tick_usd"])
    large = moved and reaches(z, p.z) and reaches(left, p.ticks * n["tick_usd"])
    return (z, p.half) if large and n["held_s"] >= p.hold_s else None


RULE = RuleSpec(
    name="price_move",
    number=PRICE_MOVE,
    version=3,
    about="contract",
    prefix="price_",
    fires=(
        "A mid moves by more than delta, gamma and theta explain, and stays there: the rest, over half the "
        "spread and its own usual size, is at least z, and at least ticks wide."
    ),
    evidence=EVIDENCE,
    default=PriceMoveParams(),
    seed=PriceMoveParams(half=75.0 / 28.0),
    label="price move",
    tag="MOVE",
    sentence=sentence,
    line=line,
    brief=brief,
    decide=decide,
    deeds=("{} bid up", "{} lower", "{} moved"),
    cell=(("move_since", "<i8"),),
)
