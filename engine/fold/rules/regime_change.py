"""Regime change: the dealers' net gamma has for some time had another sign than the last regime."""

from __future__ import annotations

from dataclasses import dataclass

from numba import njit

from ...jit.options import JIT
from ...model.events import NS, UNDERLYING
from ...model.figures import age
from ..thresholds import threshold
from .catalogue import number_of
from .firing import fire, rearm
from .spec import Decision, EvidenceColumn, Numbers, RuleSpec, positions, reaches

REGIME_CHANGE = number_of("regime_change")


@dataclass(frozen=True, slots=True)
class RegimeChangeParams:
    """The rule's thresholds."""

    share: float = threshold(0.05, "share", "least |net| of the gross gamma")
    stood_s: float = threshold(60.0, "s", "least time for which net gamma has had its sign", zero=True)
    half: float = threshold(0.05, "of gross", "|net| over gross gamma of strength 0.5")


EVIDENCE = (
    EvidenceColumn("share", "share", "|net| of the gross gamma now"),
    EvidenceColumn("net", "shares per $1", "net gamma of the dealers now"),
    EvidenceColumn("gross", "shares per $1", "gross gamma now"),
    EvidenceColumn("spot_usd", "$", "spot now"),
    EvidenceColumn("stood_s", "s", "since net gamma has its sign"),
    EvidenceColumn("net_before", "shares per $1", "net gamma when the regime before was last confirmed"),
)
AT = positions(EVIDENCE)


@njit(**JIT)
def judge_regime(now, S, net, gross, cell, static, under, sig, p):
    """Judge whether net gamma has for some time had another sign than the last regime."""
    sign = 1 if net > 0.0 else -1
    if sign != under.regime_sign:
        under.regime_sign = sign
        under.regime_since = now
    share = abs(net) / gross
    stood = (now - under.regime_since) / NS
    if stood < p.regime_stood_s or share < p.regime_share:
        return False
    before, net_before = under.regime, under.regime_net
    under.regime, under.regime_net = sign, net
    if before == sign:
        rearm(cell, REGIME_CHANGE)
    if before == sign or before == 0:
        return False
    # Gamma says how far the market will swing, not which way.
    if not fire(now, UNDERLYING, REGIME_CHANGE, 0, share, p.regime_share, p.regime_half, cell, static, under,
                sig, p):  # fmt: skip
        return False
    row = sig.evidence
    row[AT.share], row[AT.net], row[AT.gross], row[AT.spot_usd] = share, net, gross, S
    row[AT.stood_s], row[AT.net_before] = stood, net_before
    return True


def sentence(n: Numbers) -> str:
    """Say what was measured against what."""
    return f"dealer gamma has been {sign_word(n)} for {n['stood_s']:.0f} s, {n['share']:.0%} of the gross"


def line(n: Numbers) -> str:
    """Write the evidence into a wide line of the log."""
    stood = age(n["stood_s"])
    return f"γ {sign_word(n)} for {stood}, {n['share']:.0%} of the gross  at {n['spot_usd']:.2f}"


def brief(n: Numbers) -> str:
    """Write the evidence into a narrow line of the log."""
    return f"net {sign_word(n)} {n['share']:.0%}"


def sign_word(n: Numbers) -> str:
    """Name the sign of net gamma."""
    return "positive" if n["net"] > 0 else "negative"


def decide(n: Numbers, p: RegimeChangeParams, seed: bool) -> Decision | None:
    """Decide again from the evidence."""
    share = abs(n["net"]) / n["gross"]
    found = reaches(share, p.share) and n["stood_s"] >= p.stood_s and n["net"] * n["net_before"] < 0
    return (share, p.half) if found else None


RULE = RuleSpec(
    name="regime_change",
    number=REGIME_CHANGE,
    version=1,
    about="underlying",
    prefix="regime_",
    fires=(
        "The dealers' net gamma has had another sign than in the last regime for stood_s, and |net| / gross "
        "is at least share. Gamma says how far the market will swing, not which way: no direction is claimed."
    ),
    evidence=EVIDENCE,
    default=RegimeChangeParams(),
    label="γ regime",
    tag="REGIME",
    sentence=sentence,
    line=line,
    brief=brief,
    decide=decide,
    deeds=("γ turned",) * 3,
    leans=False,
    under=(
        ("regime", "<i4"),  # the sign last taken for the regime, 0 before any
        ("regime_sign", "<i4"),  # the sign at the last look, and since when
        ("regime_since", "<i8"),
        ("regime_net", "<f8"),  # when the regime was last confirmed
    ),
)
