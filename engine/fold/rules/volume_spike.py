"""Volume spike: one contract trades far more in ten seconds than it usually does.

Volumes are compared as log1p, because a ratio to a mean fires thousands of times an hour on a market with
nothing in it (quant 4.2). The baseline is exponentially weighted over closed buckets; a contract that has
rarely traded is judged by what its moneyness usually trades when it trades at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from numba import njit

from ...jit.options import JIT
from ...model.events import FLAG_POLLED, MISSING, NS, PRICE_SCALE
from ...model.figures import dollars
from ..thresholds import threshold
from .catalogue import number_of
from .firing import fire, is_worth_telling, quiet, rearm
from .spec import Decision, EvidenceColumn, Numbers, RuleSpec, positions, reaches

VOLUME_SPIKE = number_of("volume_spike")

N_POOLS = 8
"""How many pools of moneyness stand in for contracts that have rarely traded."""


@dataclass(frozen=True, slots=True)
class VolumeSpikeParams:
    """The rule's thresholds."""

    bucket_s: float = threshold(10.0, "s", "length of a volume bucket")
    half_life_s: float = threshold(600.0, "s", "time after which a bucket weighs half in the baseline")
    warm_buckets: int = threshold(
        30,
        "buckets",
        "buckets with a trade in them that a baseline needs, a contract's own or its pool's",
        zero=True,
    )
    variance_floor: float = threshold(0.05, "log²", "least variance of log volume in a baseline")
    z: float = threshold(3.0, "σ", "least log volume of the bucket above its baseline")
    ratio: float = threshold(3.0, "times", "least volume of the bucket over the usual one")
    size: int = threshold(
        100, "contracts", "least volume of the bucket, where its premium is below premium_usd", zero=True
    )
    premium_usd: float = threshold(
        250_000.0, "$", "least premium of the bucket, where its volume is below size"
    )
    floor_usd: float = threshold(5_000.0, "$", "least premium of the bucket, whatever its size", zero=True)
    one_print: float = threshold(
        0.5, "share", "a bucket with a larger share in one print is not told: it is a block"
    )
    half: float = threshold(4.0, "σ", "z of strength 0.5; under the preset seed the ratio")

    @property
    def alpha(self) -> float:
        """Weight of one bucket in the baseline: it halves the past in a half-life."""
        kept: float = 0.5 ** (self.bucket_s / self.half_life_s)
        return 1 - kept


EVIDENCE = (
    EvidenceColumn("z", "σ", "log volume of the bucket above its baseline"),
    EvidenceColumn("ratio", "times", "volume over the usual one"),
    EvidenceColumn("volume", "contracts", "traded in the bucket so far"),
    EvidenceColumn("usual_volume", "contracts", "what the baseline says of a bucket"),
    EvidenceColumn("deviation", "log", "one σ: deviation of log volume"),
    EvidenceColumn("premium_usd", "$", "paid in the bucket so far"),
    EvidenceColumn("lean", "share", "bought less sold, each by its confidence, of the volume"),
    EvidenceColumn("window_s", "s", "length of the bucket"),
    EvidenceColumn("largest", "contracts", "in its largest print"),
    EvidenceColumn("prints", "prints", "in the bucket so far"),
)
AT = positions(EVIDENCE)


@njit(**JIT)
def pool_of(strike, spot):
    """Return the moneyness pool of a strike: steps of 0.25 % from the money, the last one open."""
    if spot == MISSING:
        return N_POOLS - 1
    distance = abs(strike * PRICE_SCALE - spot) / spot
    return min(int(distance * 400), N_POOLS - 1)


@njit(**JIT)
def absorb(value, mean, var, alpha):
    """Return mean and variance after one more exponentially weighted value."""
    diff = value - mean
    return mean + alpha * diff, (1 - alpha) * (var + alpha * diff * diff)


@njit(**JIT)
def roll_bucket(now, cell, strike, under, p):
    """Close the running bucket, and the empty ones since, into the contract's baseline."""
    width = int(p.volume_bucket_s * NS)
    if cell.bucket_end == 0:
        cell.bucket_end = (now // width + 1) * width
        return
    alpha = p.volume_alpha
    value = math.log1p(cell.bucket_volume)
    z = (value - cell.log_mean) / math.sqrt(max(cell.log_var, p.volume_variance_floor))
    cell.closed += 1
    weight = max(alpha, 1.0 / cell.closed)  # plain means until there is a past to fade
    cell.log_mean, cell.log_var = absorb(value, cell.log_mean, cell.log_var, weight)
    cell.lin_mean += weight * (cell.bucket_volume - cell.lin_mean)
    if cell.bucket_volume > 0:
        pool = pool_of(strike, under.spot)
        under.pool_count[pool] += 1
        under.pool_mean[pool], under.pool_var[pool] = absorb(
            value,
            under.pool_mean[pool],
            under.pool_var[pool],
            max(alpha / 10, 1.0 / under.pool_count[pool]),
        )
        cell.buckets += 1
    empty = (now - cell.bucket_end) // width
    absorb_empty(empty, cell, alpha)
    if empty > 0 or z < p.rearm * p.volume_z:
        rearm(cell, VOLUME_SPIKE)
    cell.bucket_end += (empty + 1) * width
    cell.bucket_volume = 0
    cell.bucket_premium = 0
    cell.bucket_side = 0
    cell.bucket_largest = 0
    cell.bucket_prints = 0


@njit(**JIT)
def absorb_empty(count, cell, alpha):
    """Take `count` empty buckets into the baseline at once.

    A value of 0 with weight w maps (mean, var) to (d mean, d (var + w mean^2)) where d = 1 - w; several give
    D mean and D (var + mean^2 (1 - D)) where D is the product of their d. The weight of the nth bucket is
    1 / n while that is more than alpha.
    """
    if count <= 0:
        return
    young = max(min(cell.closed + count, int(1 / alpha)) - cell.closed, 0)
    decay = cell.closed / (cell.closed + young) * (1 - alpha) ** (count - young)
    cell.closed += count
    cell.log_var = decay * (cell.log_var + cell.log_mean * cell.log_mean * (1 - decay))
    cell.log_mean *= decay
    cell.lin_mean *= decay


@njit(**JIT)
def volume_baseline(cell, strike, under, p):
    """Return the (mean, variance) of log1p(volume) to judge by: the contract's own, or its pool's."""
    if cell.buckets >= p.volume_warm_buckets:
        return cell.log_mean, cell.log_var
    pool = pool_of(strike, under.spot)
    if under.pool_count[pool] < p.volume_warm_buckets:
        return math.nan, math.nan
    return under.pool_mean[pool], under.pool_var[pool]


@njit(**JIT)
def judge_volume(now, cid, side, confidence, event, cell, static, under, sig, p):
    """Add a print to the running bucket and judge the bucket against the ones before it."""
    cell.bucket_volume += event.s1
    cell.bucket_premium += event.p1 * event.s1 * static.multiplier
    cell.bucket_side += side * confidence * event.s1
    if event.flags & FLAG_POLLED == 0:
        cell.bucket_largest = max(cell.bucket_largest, event.s1)
        cell.bucket_prints += 1
    size = cell.bucket_volume
    premium = cell.bucket_premium / PRICE_SCALE
    if p.seed == 0 and size < p.volume_size and premium < p.volume_premium_usd:
        return False
    if not is_worth_telling(premium, size, p.volume_floor_usd, static, p):
        return False
    if cell.bucket_largest > p.volume_one_print * size or quiet(now, cell, static, under, p):
        return False
    mean, var = volume_baseline(cell, static.strike, under, p)
    if mean != mean:
        return False
    z = (math.log1p(size) - mean) / math.sqrt(max(var, p.volume_variance_floor))
    usual = cell.lin_mean if p.seed > 0 else math.expm1(mean)
    ratio = size / max(usual, 1.0)
    if ratio < p.volume_ratio or (p.seed > 0 and cell.lin_mean <= 0.0):
        return False
    evidence, threshold = (ratio, p.volume_ratio) if p.seed > 0 else (z, p.volume_z)
    if evidence < threshold:
        return False
    lean = cell.bucket_side / (100.0 * size)
    direction = 0
    if abs(lean) >= p.neutral_below:
        direction = 1 if lean > 0 else -1
    if not fire(
        now, cid, VOLUME_SPIKE, direction, evidence, threshold, p.volume_half, cell, static, under, sig, p
    ):
        return False
    sig.side_confidence = abs(lean)
    row = sig.evidence
    row[AT.z], row[AT.ratio], row[AT.volume], row[AT.usual_volume] = z, ratio, size, usual
    row[AT.deviation] = math.sqrt(max(var, p.volume_variance_floor))
    row[AT.premium_usd], row[AT.lean], row[AT.window_s] = premium, lean, p.volume_bucket_s
    row[AT.largest], row[AT.prints] = cell.bucket_largest, cell.bucket_prints
    return True


def sentence(n: Numbers) -> str:
    """Say what was measured against what."""
    return (
        f"{n['volume']:,.0f} contracts in {n['window_s']:.0f} s, {n['ratio']:.0f} times the usual "
        f"{n['usual_volume']:.1f} (z {n['z']:.1f}), for ${n['premium_usd']:,.0f}"
    )


def line(n: Numbers) -> str:
    """Write the evidence into a wide line of the log."""
    lean = f"  lean {n['lean']:+.0%}" if n["lean"] else ""
    return (
        f"z {n['z']:.1f}  {n['volume']:,.0f} in {n['window_s']:.0f}s ({n['ratio']:.0f}×)  "
        f"premium {dollars(n['premium_usd'])}{lean}"
    )


def brief(n: Numbers) -> str:
    """Write the evidence into a narrow line of the log."""
    return f"{n['volume']:,.0f}/{n['window_s']:.0f}s {n['ratio']:.0f}× {dollars(n['premium_usd'])}"


def decide(n: Numbers, p: VolumeSpikeParams, seed: bool) -> Decision | None:
    """Decide again from the evidence."""
    large = n["volume"] >= p.size or reaches(n["premium_usd"], p.premium_usd)
    large = large and reaches(n["premium_usd"], p.floor_usd)
    ratio = n["volume"] / max(n["usual_volume"], 1.0)
    if not reaches(ratio, p.ratio) or n["largest"] > p.one_print * n["volume"]:
        return None
    if seed:
        return ratio, p.half
    z = (math.log1p(n["volume"]) - math.log1p(n["usual_volume"])) / n["deviation"]
    return (z, p.half) if large and reaches(z, p.z) else None


RULE = RuleSpec(
    name="volume_spike",
    number=VOLUME_SPIKE,
    version=3,
    about="contract",
    prefix="volume_",
    fires=(
        "One contract trades far more in a bucket than it usually does: (ln(1 + volume) - mean) / deviation "
        "of its own closed buckets, or of its moneyness's, is at least z, and the volume is large and at "
        "least ratio times the usual one."
    ),
    evidence=EVIDENCE,
    size="volume",
    default=VolumeSpikeParams(),
    seed=VolumeSpikeParams(half=0.75, one_print=1.0, floor_usd=0.0),
    label="vol spike",
    tag="SPIKE",
    sentence=sentence,
    line=line,
    brief=brief,
    decide=decide,
    derived=("alpha",),
)
