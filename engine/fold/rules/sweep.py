"""Sweep: one order that takes what several exchanges offer at once.

Prints of one contract and side within half a second count together. An intermarket sweep condition says that
they are one order, so it adds to the confidence in their side.
"""

from __future__ import annotations

from dataclasses import dataclass

from numba import njit

from ...jit.options import JIT
from ...model.events import NS, PRICE_SCALE
from ...model.figures import dollars
from ..conditions import SWEEP as ISO
from ..thresholds import threshold
from ..trade_side import treatment
from .catalogue import number_of
from .firing import fire, is_worth_telling, quiet, rearm_direction
from .spec import Decision, EvidenceColumn, Numbers, RuleSpec, positions, reaches

SWEEP = number_of("sweep")

EXCHANGE_BITS = 62
"""How many exchanges can be told apart: those of one tape are numbered closely."""

ISO_SHARE = 0.5
"""How much of the doubt about the side goes when all of a sweep carries the condition."""


@dataclass(frozen=True, slots=True)
class SweepParams:
    """The rule's thresholds."""

    window_s: float = threshold(0.5, "s", "most time between the first and the last print")
    prints: int = threshold(3, "prints", "least number of prints of one side")
    exchanges: int = threshold(2, "exchanges", "least number of exchanges they were made on")
    size: int = threshold(100, "contracts", "least volume of the prints together", zero=True)
    premium_usd: float = threshold(5_000.0, "$", "least premium of the prints together", zero=True)
    half: float = threshold(200.0, "contracts", "volume of strength 0.5")


EVIDENCE = (
    EvidenceColumn("volume", "contracts", "of all prints together"),
    EvidenceColumn("prints", "prints", "how many"),
    EvidenceColumn("exchanges", "exchanges", "they were made on"),
    EvidenceColumn("span_s", "s", "between the first and the last"),
    EvidenceColumn("premium_usd", "$", "of all prints together"),
    EvidenceColumn("price_usd", "$", "of the last print, per share"),
    EvidenceColumn("iso_share", "share", "of the volume that carries an intermarket sweep condition"),
)
AT = positions(EVIDENCE)


@njit(**JIT)
def add_to_sweep(now, run, confidence, event, cell, static, p):
    """Add a print to the running sweep of its side, or begin another with it."""
    if now - cell.sweep_ts[run] > p.sweep_window_s * NS:
        cell.sweep_ts[run] = now
        cell.sweep_exchanges[run] = 0
        cell.sweep_premium[run] = 0
        cell.sweep_volume[run] = 0
        cell.sweep_confidence[run] = 0
        cell.sweep_prints[run] = 0
        cell.sweep_iso[run] = 0
        rearm_direction(cell, SWEEP, run)
    cell.sweep_exchanges[run] |= 1 << (event.exch % EXCHANGE_BITS)
    cell.sweep_premium[run] += event.p1 * event.s1 * static.multiplier
    cell.sweep_volume[run] += event.s1
    cell.sweep_confidence[run] += confidence * event.s1
    cell.sweep_prints[run] += 1
    if treatment(event.cond) == ISO:
        cell.sweep_iso[run] += event.s1


@njit(**JIT)
def bits_set(mask):
    """Return how many bits of a mask are set."""
    count = 0
    while mask != 0:
        mask &= mask - 1
        count += 1
    return count


@njit(**JIT)
def judge_sweep(now, cid, side, confidence, event, cell, static, under, sig, p):
    """Add a print to its side's running sweep and judge it."""
    if side == 0:
        return False
    run = 0 if side > 0 else 1
    add_to_sweep(now, run, confidence, event, cell, static, p)
    volume = cell.sweep_volume[run]
    if volume < p.sweep_size or cell.sweep_prints[run] < p.sweep_prints:
        return False
    exchanges = bits_set(cell.sweep_exchanges[run])
    premium = cell.sweep_premium[run] / PRICE_SCALE
    known = cell.sweep_confidence[run] / (100.0 * volume)
    if not is_worth_telling(premium, volume, p.sweep_premium_usd, static, p):
        return False
    if exchanges < p.sweep_exchanges or known < p.neutral_below:
        return False
    if quiet(now, cell, static, under, p):
        return False
    # Its own evidence as threshold: a sweep that grows is still the same one, not a louder one.
    if not fire(now, cid, SWEEP, side, volume, volume, p.sweep_half, cell, static, under, sig, p):
        return False
    iso = cell.sweep_iso[run] / volume
    sig.side_confidence = known + (1.0 - known) * ISO_SHARE * iso
    row = sig.evidence
    row[AT.volume], row[AT.prints], row[AT.exchanges] = volume, cell.sweep_prints[run], exchanges
    row[AT.span_s] = (now - cell.sweep_ts[run]) / NS
    row[AT.premium_usd], row[AT.price_usd], row[AT.iso_share] = premium, event.p1 / PRICE_SCALE, iso
    return True


def sentence(n: Numbers) -> str:
    """Say what was measured against what."""
    return (
        f"{n['volume']:,.0f} contracts in {n['prints']:.0f} prints on {n['exchanges']:.0f} exchanges within "
        f"{1000 * n['span_s']:.0f} ms, for ${n['premium_usd']:,.0f}"
    )


def line(n: Numbers) -> str:
    """Write the evidence into a wide line of the log."""
    return (
        f"{n['volume']:,.0f} in {n['prints']:.0f} prints on {n['exchanges']:.0f} exchanges within "
        f"{1000 * n['span_s']:.0f} ms  premium {dollars(n['premium_usd'])}"
    )


def brief(n: Numbers) -> str:
    """Write the evidence into a narrow line of the log."""
    return f"{n['volume']:,.0f} on {n['exchanges']:.0f} exch {dollars(n['premium_usd'])}"


def decide(n: Numbers, p: SweepParams, seed: bool) -> Decision | None:
    """Decide again from the evidence."""
    wide = n["prints"] >= p.prints and n["exchanges"] >= p.exchanges
    large = n["volume"] >= p.size and reaches(n["premium_usd"], p.premium_usd)
    return (n["volume"], p.half) if wide and large and n["span_s"] <= p.window_s else None


RULE = RuleSpec(
    name="sweep",
    number=SWEEP,
    version=2,
    about="contract",
    prefix="sweep_",
    fires=(
        "One side of a contract takes what several exchanges offer at once: at least prints on at least "
        "exchanges, each within window_s of the first, with size contracts and premium_usd together."
    ),
    evidence=EVIDENCE,
    size="volume",
    default=SweepParams(),
    seed=SweepParams(premium_usd=0.0),
    label="sweep",
    tag="SWEEP",
    sentence=sentence,
    line=line,
    brief=brief,
    decide=decide,
)
