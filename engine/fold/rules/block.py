"""Block: one print far larger than what the session prints, in contracts or in money."""

from __future__ import annotations

from dataclasses import dataclass

from numba import njit

from ...jit.options import JIT
from ...model.events import PRICE_SCALE
from ...model.figures import dollars
from ..thresholds import threshold
from .catalogue import number_of
from .firing import fire, is_worth_telling, quiet, rearm
from .spec import Decision, EvidenceColumn, Numbers, RuleSpec, positions, reaches

BLOCK = number_of("block")

SIZE_BINS = 64
"""Bins in which the session's prints are counted by size."""


@dataclass(frozen=True, slots=True)
class BlockParams:
    """The rule's thresholds."""

    size: int = threshold(500, "contracts", "least size of the print, where its premium is below premium_usd")
    premium_usd: float = threshold(250_000.0, "$", "least premium of the print, where its size is below size")
    floor_usd: float = threshold(5_000.0, "$", "least premium of the print, whatever its size", zero=True)
    share: float = threshold(0.001, "share", "largest share of the session's prints that were as large")
    warm_prints: int = threshold(5000, "prints", "prints of the session before share counts", zero=True)
    half: float = threshold(1.5, "times", "the print over the smallest one that is a block, of strength 0.5")


EVIDENCE = (
    EvidenceColumn("over", "times", "the print over the smallest one that is a block"),
    EvidenceColumn("size", "contracts", "of the print"),
    EvidenceColumn("premium_usd", "$", "of the print"),
    EvidenceColumn("price_usd", "$", "of the print, per share"),
    EvidenceColumn("rarity", "share", "of the session's prints that were about as large or larger"),
    EvidenceColumn("prints_before", "prints", "of the session so far"),
)
AT = positions(EVIDENCE)


@njit(**JIT)
def size_bin(size):
    """Return the bin of a print's size: four to a doubling, the last one open."""
    power = 0
    while size >> (power + 1) > 0:
        power += 1
    quarter = (size << 2 >> power) & 3
    return min(4 * power + quarter, SIZE_BINS - 1)


@njit(**JIT)
def rarity(bin, before, under):
    """Return the share of the session's `before` prints that are about as large as this one or larger."""
    found = -1  # this one itself has been counted
    for k in range(bin, SIZE_BINS):
        found += under.size_bins[k]
    return found / max(before, 1)


@njit(**JIT)
def judge_block(now, cid, side, confidence, event, cell, static, under, sig, p):
    """Judge one print by itself, against those before it."""
    size = event.s1
    premium = event.p1 * size * static.multiplier / PRICE_SCALE
    bin = size_bin(size)
    under.size_bins[bin] += 1
    under.size_prints += 1
    if size < p.block_size and premium < p.block_premium_usd:
        rearm(cell, BLOCK)
        return False
    if not is_worth_telling(premium, size, p.block_floor_usd, static, p):
        return False
    over = max(size / p.block_size, premium / p.block_premium_usd)
    before = under.size_prints - 1
    share = rarity(bin, before, under)
    if (before >= p.block_warm_prints and share > p.block_share) or quiet(now, cell, static, under, p):
        return False
    direction = side if confidence >= 100.0 * p.neutral_below else 0
    if not fire(now, cid, BLOCK, direction, over, 1.0, p.block_half, cell, static, under, sig, p):
        return False
    sig.side_confidence = confidence / 100.0
    row = sig.evidence
    row[AT.over], row[AT.size], row[AT.premium_usd] = over, size, premium
    row[AT.price_usd], row[AT.rarity], row[AT.prints_before] = event.p1 / PRICE_SCALE, share, before
    return True


def sentence(n: Numbers) -> str:
    """Say what was measured against what."""
    return f"one print of {n['size']:,.0f} contracts at {n['price_usd']:.2f}, for ${n['premium_usd']:,.0f}"


def line(n: Numbers) -> str:
    """Write the evidence into a wide line of the log."""
    return f"{n['size']:,.0f} at {n['price_usd']:.2f} in one print  premium {dollars(n['premium_usd'])}"


def brief(n: Numbers) -> str:
    """Write the evidence into a narrow line of the log."""
    return f"{n['size']:,.0f}@{n['price_usd']:.2f} {dollars(n['premium_usd'])}"


def decide(n: Numbers, p: BlockParams, seed: bool) -> Decision | None:
    """Decide again from the evidence."""
    over = max(n["size"] / p.size, n["premium_usd"] / p.premium_usd)
    rare = n["prints_before"] < p.warm_prints or n["rarity"] <= p.share
    dear = seed or reaches(n["premium_usd"], p.floor_usd)
    return (over, p.half) if rare and dear and reaches(over, 1.0) else None


RULE = RuleSpec(
    name="block",
    number=BLOCK,
    version=2,
    about="contract",
    prefix="block_",
    fires=(
        "One print has at least size contracts or costs at least premium_usd, floor_usd in any case, and is "
        "rare: at most share of the session's prints were as large."
    ),
    evidence=EVIDENCE,
    size="size",
    default=BlockParams(),
    seed=BlockParams(floor_usd=0.0),
    label="block",
    tag="BLOCK",
    sentence=sentence,
    line=line,
    brief=brief,
    decide=decide,
)
