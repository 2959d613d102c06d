"""Zero-gamma cross: the spot crosses the price at which the dealers' net gamma changes its sign."""

from __future__ import annotations

import math
from dataclasses import dataclass

from numba import njit

from ...jit.options import JIT
from ...model.events import PRICE_SCALE, UNDERLYING
from ...model.figures import exposure
from ..gamma_book import CALLS, PUTS, gamma_at
from ..thresholds import threshold
from .catalogue import number_of
from .firing import fire, rearm
from .spec import Decision, EvidenceColumn, Numbers, RuleSpec, positions

ZERO_GAMMA_CROSS = number_of("zero_gamma_cross")

BISECTIONS = 40


@dataclass(frozen=True, slots=True)
class ZeroGammaCrossParams:
    """The rule's thresholds."""

    share: float = threshold(0.02, "share", "least |net| of the gross gamma, before and after")
    half: float = threshold(0.02, "of gross", "|net| over gross gamma of strength 0.5")


EVIDENCE = (
    EvidenceColumn("share", "share", "|net| of the gross gamma now"),
    EvidenceColumn("net", "shares per $1", "net gamma of the dealers now"),
    EvidenceColumn("gross", "shares per $1", "gross gamma now"),
    EvidenceColumn("zero_gamma_usd", "$", "where net gamma changes its sign, in the book as it is now"),
    EvidenceColumn("spot_usd", "$", "spot now"),
    EvidenceColumn("net_before", "shares per $1", "net gamma when its sign was last clear"),
    EvidenceColumn("share_before", "share", "|net| of the gross gamma then"),
    EvidenceColumn("spot_before_usd", "$", "spot then"),
)
AT = positions(EVIDENCE)


@njit(**JIT)
def positive_at(price, count, book, p):
    """Whether the book re-priced at another spot, $, has a positive net gamma."""
    net = 0.0
    for i in range(count):
        net += gamma_at(price, i, book, p) * (book[CALLS, i] + book[PUTS, i])
    return net > 0.0


@njit(**JIT)
def flip_between(before, S, positive, count, book, p):
    """Return where between two spots, $, net gamma takes its sign at S; nan if it has it at both."""
    if positive_at(before, count, book, p) == positive:
        return math.nan
    a, b = before, S
    for _ in range(BISECTIONS):
        middle = 0.5 * (a + b)
        if positive_at(middle, count, book, p) == positive:
            b = middle
        else:
            a = middle
    return b


@njit(**JIT)
def judge_cross(now, S, net, gross, count, book, cell, static, under, sig, p):
    """Judge whether the spot has clearly crossed a zero of net gamma since the sign last was clear.

    The zero is that of the book as it is now, re-priced: when it was the book that changed its sign, and not
    the spot that moved across, nothing was crossed.
    """
    share = abs(net) / gross
    if share < p.cross_share:
        return False
    sign = 1 if net > 0.0 else -1
    before, net_before, share_before = under.net_sign, under.net, under.net_share
    spot_before = under.net_spot / PRICE_SCALE
    under.net_sign, under.net, under.net_share, under.net_spot = sign, net, share, under.spot
    if before == sign:
        rearm(cell, ZERO_GAMMA_CROSS)
    if before == sign or before == 0:
        return False
    flip = flip_between(spot_before, S, sign > 0, count, book, p)
    if flip != flip:
        return False
    way = 1 if S > spot_before else -1
    if not fire(now, UNDERLYING, ZERO_GAMMA_CROSS, way, share, p.cross_share, p.cross_half, cell, static,
                under, sig, p):  # fmt: skip
        return False
    row = sig.evidence
    row[AT.share], row[AT.net], row[AT.gross] = share, net, gross
    row[AT.zero_gamma_usd], row[AT.spot_usd] = flip, S
    row[AT.net_before], row[AT.share_before] = net_before, share_before
    row[AT.spot_before_usd] = spot_before
    return True


def sentence(n: Numbers) -> str:
    """Say what was measured against what."""
    return f"spot {n['spot_usd']:,.2f} crossed zero gamma at {n['zero_gamma_usd']:,.2f}"


def line(n: Numbers) -> str:
    """Write the evidence into a wide line of the log."""
    return (
        f"{n['spot_usd']:.2f} crossed zero gamma {n['zero_gamma_usd']:.2f}  "
        f"net {exposure(n['net_before'])} → {exposure(n['net'])} sh/$1"
    )


def brief(n: Numbers) -> str:
    """Write the evidence into a narrow line of the log."""
    return f"{n['spot_usd']:.2f} {'over' if n['net'] > 0 else 'under'} {n['zero_gamma_usd']:.2f}"


def decide(n: Numbers, p: ZeroGammaCrossParams, seed: bool) -> Decision | None:
    """Decide again from the evidence."""
    share = abs(n["net"]) / n["gross"]
    clear = min(share, n["share_before"]) >= p.share and n["net"] * n["net_before"] < 0
    low, high = sorted((n["spot_before_usd"], n["spot_usd"]))
    return (share, p.half) if clear and low <= n["zero_gamma_usd"] <= high else None


RULE = RuleSpec(
    name="zero_gamma_cross",
    number=ZERO_GAMMA_CROSS,
    version=1,
    about="underlying",
    prefix="cross_",
    fires=(
        "The spot crosses the price at which the dealers' net gamma changes its sign: |net| / gross is at "
        "least share on both sides of it."
    ),
    evidence=EVIDENCE,
    default=ZeroGammaCrossParams(),
    label="γ flip",
    tag="FLIP",
    sentence=sentence,
    line=line,
    brief=brief,
    decide=decide,
    deeds=("above flip", "below flip", "at flip"),
    under=(  # when the sign was last clear: its sign, 0 before any; the spot; net gamma, and its share
        ("net_sign", "<i4"),
        ("net_spot", "<i4"),
        ("net", "<f8"),
        ("net_share", "<f8"),
    ),
)
