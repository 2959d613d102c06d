"""Price move: a mid that moves by more than the underlying explains, measured in its own noise.

The expected move is delta, gamma and theta over one to two windows; what is left is compared with half the
spread and the residual's usual size. A raw percentage is meaningless on an option of a few cents.
"""

from __future__ import annotations

import math

from numba import njit

from ...analytics.greeks import YEAR_NS
from ...jit.options import JIT
from ...model.events import MISSING, NS, PRICE_SCALE
from ..volatility import refresh, refresh_if_older, tick_of, two_sided
from .firing import PRICE_MOVE, fire, muted, rearm

DOLLARS_PER_UNIT = 1.0 / PRICE_SCALE
UNITS_PER_DOLLAR_YEAR = PRICE_SCALE / YEAR_NS
OLD_GREEKS_S = 300.0
VARIANCE_ALPHA = 0.05


@njit(**JIT)
def unexplained(now, cell, spot):
    """Return (move of the mid, what delta, gamma and theta leave of it) since the anchor, price units.

    Delta is carried by gamma from the spot it was taken at to the middle of the spot's move.
    """
    spot_move = float(spot - cell.anchor_spot)
    middle = 0.5 * (spot + cell.anchor_spot) - cell.greeks_spot
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
    cell.anchor_spot = cell.recent_spot
    cell.recent_ts = now
    cell.recent_mid2 = cell.bid + cell.ask
    cell.recent_spot = spot


@njit(**JIT)
def undecided(now, cell, p):
    """Whether a large residual has yet to hold: its baseline must not contain it before it is judged."""
    return cell.move_sign != 0 and now - cell.move_since < p.price_hold_s * NS


@njit(**JIT)
def judge_price(now, cid, cell, twin, static, under, sig, p):
    """Judge the mid's move over the last window against what the underlying explains."""
    spot = under.spot
    if not two_sided(cell) or spot == MISSING:
        return False
    fired = False
    due = now - cell.recent_ts >= p.price_window_s * NS
    if cell.anchor_ts > 0:
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
        refresh_if_older(now, OLD_GREEKS_S, cell, twin, static, spot, p)
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
    if now - cell.move_since < p.price_hold_s * NS or muted(now, under, p):
        return False
    # The greeks that explain the move may be old; judge once more with fresh ones.
    if not refresh(now, cell, twin, static, under.spot, p):
        return False
    move, residual = unexplained(now, cell, under.spot)
    z = abs(residual) / math.sqrt(variance)
    least = p.price_ticks * tick_of(cell, static)
    if z < p.price_z or residual * sign < least:
        return False
    if not fire(now, cid, PRICE_MOVE, sign, z, p.price_z, p.price_half, cell, static, under, sig, p):
        return False
    write_move(now, cell, static, under, sig, move)
    row = sig.evidence
    row[0], row[2] = z, (move - residual) / PRICE_SCALE
    row[3] = math.sqrt(variance) / PRICE_SCALE
    row[7] = (now - cell.move_since) / NS
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
    write_move(now, cell, static, under, sig, 0.5 * (cell.bid + cell.ask - cell.anchor_mid2))
    row = sig.evidence
    row[0] = row[2] = row[3] = row[7] = math.nan
    return True


@njit(**JIT)
def write_move(now, cell, static, under, sig, move):
    """Fill the evidence both presets share: move and spot move in $, window in s, percent."""
    sig.mid_before = cell.anchor_mid2 >> 1
    row = sig.evidence
    row[1] = move / PRICE_SCALE
    row[4] = (under.spot - cell.anchor_spot) / PRICE_SCALE
    row[5] = (now - cell.anchor_ts) / NS
    row[6] = 200.0 * move / cell.anchor_mid2
    row[8] = tick_of(cell, static) / PRICE_SCALE
