"""Wall break: the spot passes the strike with most of the dealers' gamma, which has stood for a while."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from ...jit.options import JIT
from ...model.events import NS, UNDERLYING
from ...model.figures import age
from ..gamma_book import CALLS, GAMMA, PUTS, RUNG
from ..thresholds import threshold
from .catalogue import number_of
from .firing import fire, rearm
from .spec import Decision, EvidenceColumn, Numbers, RuleSpec, positions, reaches

WALL_BREAK = number_of("wall_break")

ABOVE, BELOW = 0, 1
"""Positions of the call wall and the put wall."""

TIE = 1e-12


@dataclass(frozen=True, slots=True)
class WallBreakParams:
    """The rule's thresholds."""

    stood_s: float = threshold(300.0, "s", "least time for which the wall has stood there", zero=True)
    margin: float = threshold(0.5, "steps", "least distance beyond the wall, in steps between strikes")
    half: float = threshold(0.5, "steps", "distance beyond the wall of strength 0.5")


EVIDENCE = (
    EvidenceColumn("beyond", "steps", "how far the spot is past the wall, in steps between strikes"),
    EvidenceColumn("wall_usd", "$", "strike of the wall"),
    EvidenceColumn("spot_usd", "$", "spot now"),
    EvidenceColumn("step_usd", "$", "from the wall to the nearest other strike"),
    EvidenceColumn("wall_gex", "shares per $1", "dealers' gamma at the wall; positive above, negative below"),
    EvidenceColumn("stood_s", "s", "since the wall came to stand there"),
)
AT = positions(EVIDENCE)


@njit(**JIT)
def step_at(strike, strikes):
    """Return the distance from a strike to the nearest other one, $; nan without one."""
    nearest = math.inf
    for other in strikes:
        if other > 0.0 and other != strike:
            nearest = min(nearest, abs(other - strike))
    return nearest if nearest < math.inf else math.nan


@njit(**JIT)
def judge_wall(now, S, which, strikes, cell, static, under, sig, p):
    """Judge whether the spot has passed a wall that stood at the looks before."""
    strike = under.wall_strike[which]
    if strike == 0.0:
        return False
    way = 1 if which == ABOVE else -1
    step = step_at(strike, strikes)
    beyond = way * (S - strike) / step
    if beyond <= 0.0 and under.wall_inside[which] == 0:
        under.wall_inside[which] = 1
        under.wall_since[which] = now
        rearm(cell, WALL_BREAK)
    if not beyond >= p.wall_margin:
        return False
    passed = under.wall_inside[which] == 1
    under.wall_inside[which] = 0
    stood = (now - under.wall_since[which]) / NS
    if not passed or stood < p.wall_stood_s:
        return False
    if not fire(now, UNDERLYING, WALL_BREAK, way, beyond, p.wall_margin, p.wall_half, cell, static, under,
                sig, p):  # fmt: skip
        return False
    row = sig.evidence
    row[AT.beyond], row[AT.wall_usd], row[AT.spot_usd], row[AT.step_usd] = beyond, strike, S, step
    row[AT.wall_gex], row[AT.stood_s] = under.wall_gex[which], stood
    return True


@njit(**JIT)
def keep_wall(now, S, which, count, book, strikes, under):
    """Find the strike with most gamma of one right, and note since when it has been there."""
    way, row = (1.0, CALLS) if which == ABOVE else (-1.0, PUTS)
    by_rung = np.zeros(len(strikes))
    for i in range(count):
        by_rung[int(book[RUNG, i])] += way * book[GAMMA, i] * book[row, i]
    strike = 0.0
    most = 0.0
    for rung in range(len(strikes)):
        value = by_rung[rung]
        tied = most > 0.0 and value >= most * (1.0 - TIE)
        if value > most * (1.0 + TIE) or (tied and abs(strikes[rung] - S) < abs(strike - S)):
            strike, most = strikes[rung], value
    if strike != under.wall_strike[which]:
        under.wall_strike[which] = strike
        under.wall_since[which] = now
        under.wall_inside[which] = 1 if way * (S - strike) <= 0.0 else 0
    under.wall_gex[which] = way * most


def sentence(n: Numbers) -> str:
    """Say what was measured against what."""
    return f"spot {n['spot_usd']:,.2f} broke the wall at {n['wall_usd']:,.2f} after {n['stood_s']:.0f} s"


def line(n: Numbers) -> str:
    """Write the evidence into a wide line of the log."""
    return f"{n['spot_usd']:.2f} broke the wall at {n['wall_usd']:g} that stood {age(n['stood_s'])}"


def brief(n: Numbers) -> str:
    """Write the evidence into a narrow line of the log."""
    return f"{n['spot_usd']:.2f} past {n['wall_usd']:g}"


def decide(n: Numbers, p: WallBreakParams, seed: bool) -> Decision | None:
    """Decide again from the evidence."""
    way = 1 if n["wall_gex"] > 0 else -1
    beyond = way * (n["spot_usd"] - n["wall_usd"]) / n["step_usd"]
    found = reaches(beyond, p.margin) and n["stood_s"] >= p.stood_s
    return (beyond, p.half) if found else None


RULE = RuleSpec(
    name="wall_break",
    number=WALL_BREAK,
    version=1,
    about="underlying",
    prefix="wall_",
    fires=(
        "The spot passes the call wall or the put wall, the strike with most of the dealers' gamma of that "
        "right, by at least margin, after it has stood there for stood_s."
    ),
    evidence=EVIDENCE,
    default=WallBreakParams(),
    label="wall break",
    tag="WALL",
    sentence=sentence,
    line=line,
    brief=brief,
    decide=decide,
    deeds=("wall broken",) * 3,
    under=(  # of calls and of puts
        ("wall_since", "<i8", (2,)),  # it has stood there
        ("wall_strike", "<f8", (2,)),  # $, 0 without a wall
        ("wall_gex", "<f8", (2,)),
        ("wall_inside", "<i4", (2,)),  # whether the spot has come to stand on the near side of it
    ),
)
