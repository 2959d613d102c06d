"""Every tunable number of the fold, with its default and unit, the two signal presets, and their settings.

A rule's own thresholds stand in the rule's file; here are those that all rules share, and how either is set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.errors import UsageError
from ..model.hints import did_you_mean
from .rules.catalogue import number_of, rules
from .rules.spec import P, RuleSpec
from .thresholds import ThresholdSpec, declared, threshold


@dataclass(frozen=True, slots=True)
class SideParams:
    """Trade side: ages in seconds, confidences in percent (see `engine.fold.trade_side`)."""

    stale_s: float = 60.0
    stale_moved_s: float = 5.0  # when the underlying has moved since the quote
    mid_band: float = 0.2  # share of the spread either side of mid that the quote rule does not decide
    at_quote: int = 80
    outside: int = 50
    inside: int = 60  # at the edge of the spread; falls linearly to half of it at the mid band
    depth: int = 30
    tick: int = 25
    auction_share: float = 0.5
    tie_share: float = 0.8  # a quote of the trade's own nanosecond was set aside


@dataclass(frozen=True, slots=True)
class SignalParams:
    """When the rules fire: what all of them share, and each rule's own thresholds.

    Thresholds are fired at or above; a rule's `half` is the evidence of strength 0.5.

    seed     : the arithmetic of the first monitor: plain ratios and percentages
    by_rule  : the thresholds of each rule, by number; see `of`
    """

    seed: bool = False
    mute_s: float = threshold(
        300.0,
        "s",
        "silence after the first quote or trade, while opening prices and baselines settle",
        zero=True,
    )
    auction_s: float = threshold(
        10.0,
        "s",
        "silence of rules about prints around the bells and after an opening or reopening print",
        zero=True,
    )
    cooldown_s: float = threshold(
        60.0, "s", "time in which further signals of a rule, contract and direction join the first", zero=True
    )
    event_s: float = threshold(
        5.0, "s", "a signal of whatever rule joins one of the same contract within this time", zero=True
    )
    event_move_s: float = threshold(
        30.0,
        "s",
        "a fair value divergence joins a price move of the same contract within this time",
        zero=True,
    )
    rearm: float = threshold(0.6, "share", "a rule is armed again below this share of its threshold")
    neutral_below: float = threshold(
        0.2, "share", "no direction is claimed below this confidence in the side", zero=True
    )
    group_s: float = threshold(
        2.0, "s", "a signal joins one of a strike nearby that fired within this time", zero=True
    )
    group_strikes: float = threshold(2.0, "strikes", "how far apart such strikes may be", zero=True)
    storm_heads: int = threshold(
        5, "signals", "a rule that fires more often than this within storm_window_s is in a storm"
    )
    storm_window_s: float = threshold(
        10.0, "s", "window of storm_heads; in a storm a rule's signals join its last one"
    )
    levels_every_s: float = threshold(5.0, "s", "time between two looks at the book of gamma")
    levels_convention: int = threshold(
        0, "choice", "whose sign dealers have: 0 assumed from open interest, 1 flow, 2 blended",
        zero=True, choices=("assumed", "flow", "blended"),
    )  # fmt: skip
    levels_expiries: int = threshold(
        1,
        "settlements",
        "how many of the nearest settlements are in the book; 0 is all that still trade",
        zero=True,
    )
    levels_settle_s: float = threshold(
        60.0, "s", "silence of rules about levels after a gap in the feed", zero=True
    )
    levels_frozen_s: float = threshold(
        90.0, "s", "rules about levels are silent once the spot has stood still for longer"
    )
    jump_bp: float = threshold(4.0, "bp", "move of the spot over 2 s that counts as a jump")
    by_rule: tuple[Any, ...] = tuple(rule.default for rule in rules())

    def of(self, rule: RuleSpec[P]) -> P:
        """Return a rule's own thresholds."""
        found: P = self.by_rule[rule.number]
        return found

    def value(self, spec: ThresholdSpec) -> float:
        """Return the value of one threshold."""
        group = self.by_rule[number_of(spec.rule)] if spec.rule else self
        value: float = getattr(group, spec.field)
        return value

    def changed(self, spec: ThresholdSpec, value: float) -> SignalParams:
        """Return the parameters with another value of one threshold."""
        change: dict[str, Any] = {spec.field: value}
        if not spec.rule:
            return replace(self, **change)
        groups, number = list(self.by_rule), number_of(spec.rule)
        groups[number] = replace(groups[number], **change)
        return replace(self, by_rule=tuple(groups))


PRESETS: dict[str, SignalParams] = {
    "default": SignalParams(),
    # The halves give the strengths the first monitor printed for its own examples: 0.8, 0.6, 0.7, 0.8.
    "seed": SignalParams(
        seed=True,
        mute_s=0.0,
        auction_s=0.0,
        by_rule=tuple(rule.default if rule.seed is None else rule.seed for rule in rules()),
    ),
}

THRESHOLDS: Mapping[str, ThresholdSpec] = MappingProxyType(
    {
        spec.name: spec
        for group, rule in ((SignalParams, ""), *((rule.default, rule.name) for rule in rules()))
        for spec in declared(group, rule)
    }
)
"""Every threshold that can be set, by its name: `cooldown_s`, `volume_spike.z`."""


def with_settings(params: SignalParams, settings: Mapping[str, float | str]) -> SignalParams:
    """Return the parameters with some changed, named as in `THRESHOLDS`: `{"volume_spike.z": 5}`.

    Raises UsageError for a name that is none, and for a value that cannot be.
    """
    for name, value in settings.items():
        spec = threshold_named(name)
        params = params.changed(spec, spec.checked(value))
    return params


def threshold_named(name: str) -> ThresholdSpec:
    """Return the threshold of a name; UsageError for a name that is none."""
    if name not in THRESHOLDS:
        raise UsageError(f"{name} is not a threshold of any signal{did_you_mean(name, THRESHOLDS)}")
    return THRESHOLDS[name]


@dataclass(frozen=True, slots=True)
class FoldParams:
    """Everything `step` needs besides the tape.

    rate, dividend   : continuously compounded, per year
    greeks_max_age_s : a trade refreshes older greeks, seconds of tape
    """

    side: SideParams = SideParams()
    signals: SignalParams = SignalParams()
    rate: float = 0.04
    dividend: float = 0.0
    greeks_max_age_s: float = 1.0

    def pack(self) -> NDArray[np.void]:
        """Return the numbers as a (1,) record the compiled loop reads; every field is float64."""
        values: dict[str, float] = {
            "rate": self.rate,
            "dividend": self.dividend,
            "greeks_max_age_s": self.greeks_max_age_s,
        }
        values |= {
            "side_" + field.name: float(getattr(self.side, field.name)) for field in fields(SideParams)
        }
        values |= {name: float(getattr(self.signals, name)) for name in _SHARED}
        for rule in rules():
            values |= rule.packed(self.signals.of(rule))
        record = np.zeros(1, PARAMS)
        for name, value in values.items():
            record[name] = value
        return record


_SHARED = [field.name for field in fields(SignalParams) if field.name != "by_rule"]
PARAMS = np.dtype(
    [
        (name, "<f8")
        for name in (
            "rate", "dividend", "greeks_max_age_s",
            *("side_" + field.name for field in fields(SideParams)),
            *_SHARED,
            *(name for rule in rules() for name in rule.packed(rule.default)),
        )
    ],
    align=True,
)  # fmt: skip
"""What `FoldParams.pack` fills and compiled code reads."""
