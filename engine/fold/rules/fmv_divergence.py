"""FMV divergence: a fair value that stays away from the mid, in units of the spread.

The fair value is a provider's while one is told, else our own, from the smile of the neighbours. The
evidence says which.
"""

from __future__ import annotations

from dataclasses import dataclass

from numba import njit

from ...jit.options import JIT
from ...model.events import MISSING, NS, PRICE_SCALE
from ..smile_value import fits, smile_value
from ..thresholds import threshold
from ..volatility import tick_of, two_sided
from .catalogue import number_of
from .firing import fire, is_muted, rearm
from .spec import Decision, EvidenceColumn, Numbers, RuleSpec, positions, reaches

FMV_DIVERGENCE = number_of("fmv_divergence")

VENDOR_VALUE, OWN_VALUE = 0, 1
"""Where a fair value comes from, as the evidence tells it."""

TOLD_NS = 10 * NS
"""While a provider told a fair value so recently, there is no need of our own."""

NEAR_STRIKES = 12
"""Only contracts so near the money are held against their smile: the others cost too much for their worth."""

CALM_LOOKS = 3
"""A contract whose prices beside it do not fit, but whose smile does, is left alone for so many looks."""


@dataclass(frozen=True, slots=True)
class FmvDivergenceParams:
    """The rule's thresholds."""

    edge: float = threshold(1.5, "half spreads", "least distance of a provider's value from the mid")
    hold_s: float = threshold(2.0, "s", "least time for which the value has stayed away", zero=True)
    age_s: float = threshold(1.0, "s", "age at which a provider's value no longer counts")
    own_edge: float = threshold(2.0, "half spreads", "least distance of our own value from the mid")
    look_s: float = threshold(10.0, "s", "time between two looks at a contract without a provider's value")
    half: float = threshold(1.5, "half spreads", "edge of strength 0.5; under the preset seed the percentage")
    percent: float = threshold(4.0, "%", "least distance from the mid, under the preset seed only")


EVIDENCE = (
    EvidenceColumn("edge", "half spreads", "distance from the mid"),
    EvidenceColumn("fmv_usd", "$", "fair value"),
    EvidenceColumn("mid_usd", "$", "mid of the quote"),
    EvidenceColumn("percent", "%", "distance, of the mid"),
    EvidenceColumn("held_s", "s", "since it came to stand on that side"),
    EvidenceColumn("fmv_age_s", "s", "age of the fair value"),
    EvidenceColumn("half_spread_usd", "$", "half the spread"),
    EvidenceColumn("tick_usd", "$", "price step of the contract"),
    EvidenceColumn("neighbours_usd", "$", "doubt about our own value; 0 for a provider's"),
    EvidenceColumn("source", "code", "0 a provider's value, 1 our own from the smile of the neighbours"),
)
AT = positions(EVIDENCE)


@njit(**JIT)
def unit_of(cell, static):
    """Return what a distance from the mid is measured in: half the spread, two ticks at least."""
    return max((cell.ask - cell.bid) / 2.0, 2.0 * tick_of(cell, static))


@njit(**JIT)
def judge_fmv(now, cid, cell, static, under, sig, p):
    """Judge the provider's fair value against the mid, while it is fresh."""
    if cell.fmv == MISSING or now - cell.fmv_ts >= p.fmv_age_s * NS or not two_sided(cell):
        return False
    distance = cell.fmv - (cell.bid + cell.ask) / 2.0
    sign = 1 if distance > 0 else -1
    percent = 200.0 * distance / (cell.bid + cell.ask)
    unit = unit_of(cell, static)
    if p.seed > 0:
        evidence, threshold, hold = abs(percent), p.fmv_percent, 0.0
    else:
        evidence, threshold, hold = abs(distance) / unit, p.fmv_edge, p.fmv_hold_s
    if evidence < threshold:
        cell.fmv_sign = 0
        if evidence < p.rearm * threshold:
            rearm(cell, FMV_DIVERGENCE)
        return False
    if cell.fmv_sign != sign:
        cell.fmv_sign = sign
        cell.fmv_since = now
    held = (now - cell.fmv_since) / NS
    if held < hold or is_muted(now, under, p):
        return False
    if not fire(now, cid, FMV_DIVERGENCE, sign, evidence, threshold, p.fmv_half, cell, static, under, sig, p):
        return False
    write_value(cell.fmv, distance, unit, held, cell, static, sig)
    row = sig.evidence
    row[AT.fmv_age_s], row[AT.neighbours_usd] = (now - cell.fmv_ts) / NS, 0.0
    row[AT.source] = VENDOR_VALUE
    return True


@njit(**JIT)
def belongs(now, cell, static):
    """Whether a contract is held against its smile at all."""
    if not two_sided(cell) or cell.priced_spot == MISSING:
        return False
    told = cell.fmv != MISSING and now - cell.fmv_ts < TOLD_NS
    away = abs(static.strike - cell.priced_spot / PRICE_SCALE)
    return not told and away <= NEAR_STRIKES * static.step


@njit(**JIT)
def judge_smile(now, cid, cell, static, cells, statics, under, sig, p):
    """Judge our own fair value against the mid, once in a while, and decide when to look again."""
    look = int(p.fmv_look_s * NS)
    cell.smile_due = now + look
    if p.seed > 0 or not belongs(now, cell, static):
        cell.smile_due = now + CALM_LOOKS * look
        cell.smile_sign = 0
        return False
    unit = unit_of(cell, static)
    if fits(now, cell, static, cells, unit, p.fmv_own_edge):
        cell.smile_sign = 0
        rearm(cell, FMV_DIVERGENCE)
        return False
    value, doubt = smile_value(now, cell, static, cells, statics, p)
    distance = value - (cell.bid + cell.ask) / 2.0
    unit = max(unit, doubt)
    edge = abs(distance) / unit
    if not edge >= p.fmv_own_edge:
        cell.smile_sign = 0
        cell.smile_due = now + CALM_LOOKS * look
        if edge < p.rearm * p.fmv_own_edge:
            rearm(cell, FMV_DIVERGENCE)
        return False
    cell.smile_due = now + int(p.fmv_hold_s * NS / 4)
    sign = 1 if distance > 0 else -1
    if cell.smile_sign != sign:
        cell.smile_sign = sign
        cell.smile_since = now
    held = (now - cell.smile_since) / NS
    if held < p.fmv_hold_s or is_muted(now, under, p):
        return False
    if not fire(
        now, cid, FMV_DIVERGENCE, sign, edge, p.fmv_own_edge, p.fmv_half, cell, static, under, sig, p
    ):
        return False
    write_value(value, distance, unit, held, cell, static, sig)
    row = sig.evidence
    row[AT.fmv_age_s], row[AT.neighbours_usd] = 0.0, doubt / PRICE_SCALE
    row[AT.source] = OWN_VALUE
    return True


@njit(**JIT)
def write_value(value, distance, unit, held, cell, static, sig):
    """Fill the evidence that both fair values share."""
    row = sig.evidence
    row[AT.edge], row[AT.fmv_usd] = abs(distance) / unit, value / PRICE_SCALE
    row[AT.mid_usd] = (cell.bid + cell.ask) / (2.0 * PRICE_SCALE)
    row[AT.percent] = 200.0 * distance / (cell.bid + cell.ask)
    row[AT.held_s] = held
    row[AT.half_spread_usd] = (cell.ask - cell.bid) / (2.0 * PRICE_SCALE)
    row[AT.tick_usd] = tick_of(cell, static) / PRICE_SCALE


def sentence(n: Numbers) -> str:
    """Say what was measured against what."""
    whose = "our smoothed smile says" if n["source"] else "fair value"
    return (
        f"{whose} {n['fmv_usd']:.3f} against a mid of {n['mid_usd']:.3f} ({n['percent']:+.1f} %), "
        f"{n['edge']:.1f} spreads away, held {n['held_s']:.1f} s"
    )


def line(n: Numbers) -> str:
    """Write the evidence into a wide line of the log."""
    return (
        f"mid {n['mid_usd']:.3f} vs fmv {n['fmv_usd']:.3f} ({n['percent']:+.1f}%)  "
        f"{n['edge']:.1f} half spreads  held {n['held_s']:.1f}s"
    )


def brief(n: Numbers) -> str:
    """Write the evidence into a narrow line of the log."""
    return f"mid {n['mid_usd']:.2f} fmv {n['fmv_usd']:.2f} {n['percent']:+.1f}%"


def decide(n: Numbers, p: FmvDivergenceParams, seed: bool) -> Decision | None:
    """Decide again from the evidence."""
    distance = abs(n["fmv_usd"] - n["mid_usd"])
    if seed:
        percent = 100 * distance / n["mid_usd"]
        return (percent, p.half) if reaches(percent, p.percent) else None
    edge = distance / max(n["half_spread_usd"], 2 * n["tick_usd"], n["neighbours_usd"])
    least = p.own_edge if n["source"] else p.edge
    found = reaches(edge, least) and n["held_s"] >= p.hold_s and n["fmv_age_s"] < p.age_s
    return (edge, p.half) if found else None


RULE = RuleSpec(
    name="fmv_divergence",
    number=FMV_DIVERGENCE,
    version=2,
    about="contract",
    prefix="fmv_",
    fires=(
        "A fair value stays away from the mid: their distance, over half the spread, two ticks or the doubt "
        "about the value, whichever is most, is at least edge; or own_edge for our own value, which counts "
        "while no provider tells one."
    ),
    evidence=EVIDENCE,
    default=FmvDivergenceParams(),
    seed=FmvDivergenceParams(half=1.0),
    label="fmv div",
    tag="FMV",
    sentence=sentence,
    line=line,
    brief=brief,
    decide=decide,
    deeds=("{} cheap", "{} rich", "{} off value"),
    leans=False,
    cell=(("fmv_since", "<i8"), ("smile_since", "<i8"), ("smile_sign", "<i4")),
)
