"""Firing: what all detectors share, whatever they measure.

Arming with hysteresis, a cooldown by rule, contract and direction, strength, and the row that is written.
Baselines never contain the event that is judged. The rules live beside this file, one each.

Every signal is written, but one event is told once: a signal stands alone as a head, or joins an earlier head
when its rule fires again within the cooldown, when any rule has just fired on the same contract, when a fair
value diverges after a price move of the contract, when a neighbouring strike fired just before, or when the
rule is firing everywhere at once.
"""

from __future__ import annotations

import math

from numba import njit

from ...jit.options import JIT
from ...model.events import MISSING, NS, UNDERLYING
from ..volatility import two_sided
from .catalogue import number_of

PRICE_MOVE, FMV_DIVERGENCE = number_of("price_move"), number_of("fmv_divergence")

A_CENT = 0.01
"""$ per share at which a far wing is given away: prints there say nothing."""

N_NEAR = 16
"""How many of the last signals the next one may join as a neighbour."""


@njit(**JIT)
def neighbour(now, cid, lane, static, under, p):
    """Return the head that a strike nearby joined or was moments ago, -1 without one."""
    reach = p.group_strikes * static.step
    for k in range(N_NEAR):
        if (
            under.near_lane[k] == lane
            and now - under.near_ts[k] < p.group_s * NS
            and under.near_settle[k] == static.settle_ns
            and abs(under.near_strike[k] - static.strike) <= reach
            and under.near_cid[k] != cid
            and under.near_ts[k] > 0
        ):
            return under.near_head[k]
    return -1


@njit(**JIT)
def join_crowd(now, rule, under, p):
    """Count a would-be head and return whether the rule fires more often than `storm_heads` per window.

    A bucket that leaks: it holds `storm_heads` and loses them evenly over the window. What overflows keeps
    it full, so that a storm lasts until its rate falls.
    """
    window = int(p.storm_window_s * NS)
    each = int(window / p.storm_heads)
    due = max(under.crowd_ts[rule], now) + each
    under.crowd_ts[rule] = min(due, now + window + each)
    return due > now + window


@njit(**JIT)
def event_of(now, cid, rule, cell, p):
    """Return the head of the event on the same contract that a signal belongs to, -1 without one."""
    if cid == UNDERLYING:
        return -1
    if cell.event_ts > 0 and now - cell.event_ts <= p.event_s * NS:
        return cell.event_head
    if rule == FMV_DIVERGENCE:
        up, down = 2 * PRICE_MOVE, 2 * PRICE_MOVE + 1
        moved = up if cell.fired_ts[up] >= cell.fired_ts[down] else down
        if cell.fired_ts[moved] > 0 and now - cell.fired_ts[moved] <= p.event_move_s * NS:
            return cell.fired_head[moved]
    return -1


@njit(**JIT)
def head_to_join(now, cid, rule, lane, static, under, p):
    """Return the head that a signal which begins something on its contract joins, -1 when it is one."""
    found = neighbour(now, cid, lane, static, under, p)
    if found >= 0 or not join_crowd(now, rule, under, p):
        return found
    told = under.head_ts[rule] > 0 and now - under.head_ts[rule] < p.cooldown_s * NS
    return under.head[rule] if told else -1


@njit(**JIT)
def keep_near(now, cid, lane, head, static, under):
    """Remember a signal for the strikes beside it."""
    k = under.near_next % N_NEAR
    under.near_next += 1
    under.near_ts[k] = now
    under.near_cid[k] = cid
    under.near_lane[k] = lane
    under.near_head[k] = head
    under.near_settle[k] = static.settle_ns
    under.near_strike[k] = static.strike


@njit(**JIT)
def strength_of(evidence, half):
    """Return a strength in (0, 1), strictly growing with the evidence, 0.5 where evidence = half."""
    return evidence / (evidence + half)


@njit(**JIT)
def fire(now, cid, rule, direction, evidence, threshold, half, cell, static, under, sig, p):
    """Write a signal row into `sig` unless the rule is disarmed; return whether it did.

    A rule that fired is silent until it is armed again, unless its evidence has doubled since. Within the
    cooldown it joins what it fired before. A signal about the underlying is kept in the underlying's own row.
    """
    lane = rule * 2 + (1 if direction < 0 else 0)
    level = int(math.log2(max(evidence / threshold, 1.0)))
    fired = cell.fired_ts[lane]
    louder = level > cell.fired_level[lane]
    if cell.armed & (1 << lane) != 0 and not louder:
        return False
    cell.armed |= 1 << lane
    cooling = fired > 0 and now - fired < p.cooldown_s * NS
    parent = cell.fired_head[lane] if cooling else event_of(now, cid, rule, cell, p)
    if parent < 0:
        parent = head_to_join(now, cid, rule, lane, static, under, p)
    head = parent if parent >= 0 else under.signals
    if louder or not cooling:
        cell.fired_level[lane] = level
    if not cooling:
        cell.fired_ts[lane] = now
        cell.fired_head[lane] = head
        keep_near(now, cid, lane, head, static, under)
    if cell.event_head != head or now - cell.event_ts > p.event_s * NS:
        cell.event_ts = now
        cell.event_head = head
    count(now, cid, rule, direction, parent, under)
    write(now, cid, rule, direction, evidence, half, parent, cell, under, sig, p)
    return True


@njit(**JIT)
def count(now, cid, rule, direction, parent, under):
    """Count a signal as a head or as joined, and mix it into the hash of all signals."""
    if parent < 0:
        under.head[rule] = under.signals
        under.head_ts[rule] = now
        under.signals += 1
    else:
        under.joined += 1
    mixed = under.signal_hash * 1099511628211 + now
    mixed = mixed * 1099511628211 + (cid * 64 + rule * 4 + direction + 1)
    under.signal_hash = mixed * 1099511628211 + (parent + 1)


@njit(**JIT)
def write(now, cid, rule, direction, evidence, half, parent, cell, under, sig, p):
    """Fill the row but for its evidence and its confidence."""
    sig.ts = now
    sig.parent = parent
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


@njit(**JIT)
def rearm(cell, rule):
    """Arm the rule again, in both directions."""
    cell.armed &= ~(3 << (rule * 2))


@njit(**JIT)
def rearm_direction(cell, rule, down):
    """Arm the rule again, upwards (down = 0) or downwards (down = 1)."""
    cell.armed &= ~(1 << (rule * 2 + down))


@njit(**JIT)
def is_worth_telling(premium, size, floor, static, p):
    """Whether prints of `size` contracts cost enough to be looked at: $ in all, and over a cent a share."""
    if p.seed > 0:
        return True
    return premium >= floor and premium > A_CENT * size * static.multiplier


@njit(**JIT)
def is_muted(now, under, p):
    """Whether the tape is still too young for alerts."""
    return under.first_ts == 0 or now - under.first_ts < p.mute_s * NS


@njit(**JIT)
def quiet(now, cell, static, under, p):
    """Whether prints mean nothing now: too young a tape, an auction just held, a bell just rung or due."""
    pause = p.auction_s * NS
    return (
        is_muted(now, under, p)
        or (under.mark_ts > 0 and now - under.mark_ts < pause)
        or (cell.auction_ts > 0 and now - cell.auction_ts < pause)
        or abs(static.settle_ns - now) < pause
    )
