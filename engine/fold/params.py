"""Every tunable number of the fold, with its default and unit, the two signal presets, and their settings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.errors import UsageError
from ..model.hints import did_you_mean

RECENT_MINUTES = 15
"""Length of the spread baseline, minutes."""


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
    """The detectors. Thresholds are fired at or above; `*_half` is the evidence of strength 0.5.

    A rule's numbers begin as `SECTIONS` says; what all rules share has no prefix. `seed` switches to the
    arithmetic of the first monitor: plain ratios and percentages.
    """

    seed: bool = False
    mute_s: float = 300.0  # after the first quote or trade: opening prices and baselines settle
    auction_s: float = 10.0  # around the bells and after an opening or reopening print, for prints
    cooldown_s: float = 60.0  # per rule, contract and direction; further signals join the first
    rearm: float = 0.6  # share of the threshold below which a rule is armed again
    neutral_below: float = 0.2  # side confidence under which a direction is not claimed
    group_s: float = 2.0  # a strike joins one that fired so shortly before
    group_strikes: float = 2.0  # and is no farther away, strikes
    storm_heads: int = 5  # a rule that fires more often than this
    storm_window_s: float = 10.0  # in so long is in a storm, and joins its last head

    volume_bucket_s: float = 10.0
    volume_half_life_s: float = 600.0
    volume_warm_buckets: int = 30
    volume_variance_floor: float = 0.05
    volume_z: float = 3.0
    volume_ratio: float = 3.0
    volume_size: int = 100  # contracts in the bucket, or
    volume_premium_usd: float = 250_000.0
    volume_one_print: float = 0.5  # more than this share in one print is a block and told as that
    volume_half: float = 4.0

    spread_ticks: float = 4.0  # the median spread must be at least this wide
    spread_ratio: float = 0.5
    spread_hold_s: float = 3.0
    spread_hold_quotes: int = 5
    spread_size: int = 20  # contracts on both sides
    spread_minutes: int = 5  # whole minutes of baseline needed
    spread_jump_s: float = 2.0
    spread_half: float = 2.0  # median over current

    price_window_s: float = 5.0
    price_z: float = 4.0
    price_ticks: float = 3.0
    price_hold_s: float = 1.0
    price_half: float = 6.0
    price_percent: float = 5.0  # seed only

    fmv_edge: float = 1.5  # distance from mid over the larger of half the spread and two ticks
    fmv_hold_s: float = 2.0
    fmv_age_s: float = 1.0
    fmv_own_edge: float = 2.0  # the same for our own value, which may be off itself
    fmv_look_s: float = 10.0  # without a provider's value a contract is held against its smile so often
    fmv_half: float = 1.5
    fmv_percent: float = 4.0  # seed only

    sweep_window_s: float = 0.5  # between the first and the last print
    sweep_prints: int = 3
    sweep_exchanges: int = 2
    sweep_size: int = 100  # contracts together
    sweep_premium_usd: float = 0.0
    sweep_half: float = 200.0  # contracts

    block_size: int = 500  # contracts in one print, or
    block_premium_usd: float = 250_000.0
    block_share: float = 0.001  # of the session's prints may be as large, once there are
    block_warm_prints: int = 5000
    block_half: float = 1.5  # the print over the smallest one that is a block

    levels_every_s: float = 5.0  # between two looks at the book of gamma
    levels_convention: int = 0  # whose sign: 0 assumed from open interest, 1 flow, 2 blended
    levels_expiries: int = 1  # how many of the nearest settlements count; 0 is all that still trade
    levels_settle_s: float = 60.0  # nothing is judged so soon after a gap in the feed
    levels_frozen_s: float = 90.0  # nor while the spot has stood still for longer

    cross_share: float = 0.02  # |net| over gross, on both sides of the flip
    cross_half: float = 0.02

    wall_stood_s: float = 300.0
    wall_margin: float = 0.5  # beyond the wall, in steps between strikes
    wall_half: float = 0.5

    regime_share: float = 0.05  # |net| over gross
    regime_stood_s: float = 60.0
    regime_half: float = 0.05

    jump_bp: float = 4.0  # a spot move over 2 s that counts as a jump, basis points


SECTIONS: Mapping[str, str] = {
    "volume_spike": "volume_",
    "spread_tightening": "spread_",
    "price_move": "price_",
    "fmv_divergence": "fmv_",
    "sweep": "sweep_",
    "block": "block_",
    "zero_gamma_cross": "cross_",
    "wall_break": "wall_",
    "regime_change": "regime_",
}
"""By rule: how the names of its fields begin. As a setting, `volume_z` is called `volume_spike.z`."""

PRESETS: dict[str, SignalParams] = {
    "default": SignalParams(),
    # The halves give the strengths the first monitor printed for its own examples: 0.8, 0.6, 0.7, 0.8.
    "seed": replace(
        SignalParams(),
        seed=True,
        mute_s=0.0,
        auction_s=0.0,
        volume_half=0.75,
        volume_one_print=1.0,
        spread_half=4.0 / 3.0,
        price_half=75.0 / 28.0,
        fmv_half=1.0,
    ),
}


def setting_names() -> dict[str, str]:
    """Return, by the name of each setting, the field of `SignalParams` that it sets."""
    names = {}
    for field in fields(SignalParams):
        rule = next((r for r, prefix in SECTIONS.items() if field.name.startswith(prefix)), None)
        name = field.name if rule is None else f"{rule}.{field.name.removeprefix(SECTIONS[rule])}"
        names[name] = field.name
    del names["seed"]  # it is the preset's choice
    return names


def with_settings(params: SignalParams, settings: Mapping[str, float | str]) -> SignalParams:
    """Return the parameters with some changed, named as in `setting_names`: `{"volume_spike.z": 5}`.

    Raises UsageError for a name that is none, and for a value that cannot be.
    """
    known = setting_names()
    changes: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in known:
            raise UsageError(f"{name} is not a threshold of any signal{did_you_mean(name, known)}")
        changes[known[name]] = _threshold(name, value, getattr(params, known[name]))
    return replace(params, **changes)


_SHARES = (
    "rearm", "neutral_below", "spread_tightening.ratio", "volume_spike.one_print", "block.share",
    "zero_gamma_cross.share", "regime_change.share",
)  # fmt: skip
_MAY_BE_ZERO = (
    "mute_s", "auction_s", "cooldown_s", "neutral_below", "group_s", "group_strikes", "hold_s", "jump_s",
    "minutes", "warm_buckets", "warm_prints", "volume_spike.size", "spread_tightening.size", "sweep.size",
    "sweep.premium_usd", "stood_s", "settle_s", "convention", "expiries",
)  # fmt: skip


def _threshold(name: str, value: float | str, now: float) -> float:
    """Return a setting's value as its field holds it: whole where that is, above zero where it divides."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except ValueError:
        number = math.nan
    least = "a number of at least 0" if name.endswith(_MAY_BE_ZERO) else "a number above 0"
    if not 0.0 <= number < math.inf or (number == 0.0 and not name.endswith(_MAY_BE_ZERO)):
        raise UsageError(f"{name} = {value} is not {least}.")
    if name in _SHARES and number > 1.0:
        raise UsageError(f"{name} = {value} is not a share from 0 to 1.")
    if name == "levels_convention" and number > 2:
        raise UsageError(f"{name} = {value} is not 0 (assumed), 1 (flow) or 2 (blended).")
    if isinstance(now, int) and number != int(number):
        raise UsageError(f"{name} = {value} is not a whole number.")
    return int(number) if isinstance(now, int) else number


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
        for prefix, group in (("side_", self.side), ("", self.signals)):
            for field in fields(group):
                values[prefix + field.name] = float(getattr(group, field.name))
        width, half_life = self.signals.volume_bucket_s, self.signals.volume_half_life_s
        values["volume_alpha"] = 1 - 0.5 ** (width / half_life)
        record = np.zeros(1, PARAMS)
        for name, value in values.items():
            record[name] = value
        return record


def _names() -> list[str]:
    sides = ["side_" + field.name for field in fields(SideParams)]
    signals = [field.name for field in fields(SignalParams)]
    return ["rate", "dividend", "greeks_max_age_s", "volume_alpha", *sides, *signals]


PARAMS = np.dtype([(name, "<f8") for name in _names()], align=True)


def changes(words: Iterable[str], cited: str = "") -> dict[str, str]:
    """Read `NAME=VALUE` words, by name; the last of one name wins.

    cited : what stood before each word, for the UsageError about one that is written otherwise
    """
    found = {}
    for word in words:
        name, _, value = (part.strip() for part in word.partition("="))
        if not name or not value:
            raise UsageError(f"{cited}{word} needs NAME=VALUE, for example {cited}volume_spike.z=5.")
        found[name] = value
    return found
