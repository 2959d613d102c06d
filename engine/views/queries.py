"""What a screen asks for, rather than is shown with every frame: queries, and the shapes of their answers.

Owns shapes only, as `engine.views.view` does: missing numbers are nan in float columns and None elsewhere.
A query is answered at the playhead of the shown symbol, and never tells what lies after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Generic, Literal, TypeVar, get_args

from ..analytics.exposure_choice import Convention, ExposureChoice
from ..model.contracts import Contract
from .view import Floats, Ints, Print

T_co = TypeVar("T_co", covariant=True)

HeatMetric = Literal["gex", "flow", "charm"]
HEAT_METRICS: tuple[HeatMetric, ...] = get_args(HeatMetric)
Ranking = Literal["oi", "volume", "put_call"]
RANKINGS: tuple[Ranking, ...] = get_args(Ranking)


class Query(Generic[T_co]):
    """Something to ask of a deck; the parameter is the type of the answer."""

    __slots__ = ()


# --- strike x time ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HeatQuery(Query["Heat"]):
    """The exposure or flow of every strike at every minute so far.

    since_ns : None for the raw values; else what has changed since then
    """

    metric: HeatMetric = "gex"
    since_ns: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Heat:
    """One number by strike and time, under the view's convention and for its shown expiration.

    times_ns     : (t,) tape time of the columns, ascending, one a minute, the last at most a minute old
    strike_milli : (n,) the view's strikes, ascending
    values       : (n, t) in `unit`, nan where unknown
    spot         : (t,) price units, MISSING where unknown
    unit         : 'shares per $1' (gex), 'shares' (flow: delta customers bought),
                   'shares per minute' (charm)
    """

    metric: HeatMetric
    since_ns: int | None
    convention: Convention
    unit: str
    times_ns: Ints
    strike_milli: Ints
    values: Floats
    spot: Ints


# --- the profile of an earlier moment -----------------------------------------------------------------------

PastMoment = Literal["five_minutes", "open"]


@dataclass(frozen=True, slots=True)
class PastProfileQuery(Query["PastProfile"]):
    """The net gamma exposure by strike of five minutes ago, or of the first minute that had one."""

    of: PastMoment


@dataclass(frozen=True, slots=True, eq=False)
class PastProfile:
    """Net gamma exposure by strike at an earlier minute, of the contracts that are summed now.

    choice       : whose sign, weighed by what, over which expirations
    at_ns        : the minute, ns UTC; None when there is none, `reason` says why
    strike_milli : (n,) the view's strikes, ascending
    net          : (n,) shares per $1, nan where nothing is known
    """

    choice: ExposureChoice
    at_ns: int | None
    strike_milli: Ints
    net: Floats
    reason: str = ""


# --- flow lines --------------------------------------------------------------------------------------------

CHANNELS = (
    "call_premium", "put_premium", "net_delta", "net_gamma", "hedge", "hedge_call", "hedge_put",
    "hedge_above", "hedge_below", "hedge_same_day", "hedge_retail",
)  # fmt: skip
"""Cumulated since the open. Premium: $ bought minus sold. net_delta: shares, net_gamma: shares per $1, of
what customers bought. hedge: $ of the underlying dealers must buy for it, of all trades, calls, puts, strikes
above and below the money, contracts that expire today, and trades of 10 contracts or fewer."""

VELOCITY_S = (5, 30, 60)


@dataclass(frozen=True, slots=True)
class FlowQuery(Query["FlowLines"]):
    """The day's classified flow as lines."""


@dataclass(frozen=True, slots=True, eq=False)
class FlowLines:
    """Flow of the whole symbol over time.

    times_ns : (t,) every 5 s of tape so far, ascending
    spot     : (t,) price units, MISSING where unknown
    lines    : (len(CHANNELS), t)
    velocity : (len(CHANNELS), len(VELOCITY_S)) change over the last so many seconds, per second; nan when
               the tape is younger
    """

    times_ns: Ints
    spot: Ints
    lines: Floats
    velocity: Floats


# --- smile and rankings -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SmileQuery(Query["Smile"]):
    """The volatility of the shown expiration by strike."""


@dataclass(frozen=True, slots=True, eq=False)
class Smile:
    """Volatilities per year, (n,) by the view's strikes; nan where unknown.

    iv, error : inverted from the out-of-the-money mid, and half its spread over vega
    fitted    : our smoothed smile
    vendor    : the provider's own, of the same contract
    """

    expiry: date | None
    strike_milli: Ints
    iv: Floats
    error: Floats
    fitted: Floats
    vendor: Floats
    forward: float | None
    atm_iv: float | None
    atm_error: float | None


@dataclass(frozen=True, slots=True)
class TopQuery(Query["Top"]):
    """The ten strikes with most open interest or volume, or the highest put/call ratio.

    A strike is that of one expiration, its call and its put together.

    contracts : rank calls and puts each by itself; a ratio is a strike's whatever is asked
    """

    by: Ranking
    contracts: bool = False


@dataclass(frozen=True, slots=True)
class TopRow:
    """One row of a ranking; a strike's row has no contract. ratios are of volume, puts over calls."""

    contract: Contract | None
    strike_milli: int
    expiry: date
    volume: int
    oi: int | None
    put_call: float | None
    premium_usd: float
    net_premium_usd: float


@dataclass(frozen=True, slots=True)
class Top:
    """At most ten rows over the expirations of the view's scope, the first first."""

    by: Ranking
    rows: tuple[TopRow, ...]


# --- signals ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignalTapeQuery(Query["SignalTape"]):
    """The tape of a signal's contract (without one, of the underlying) around row `index` of the log."""

    index: int


@dataclass(frozen=True, slots=True)
class SignalTapeTick:
    """One second of a price: its last value in price units, MISSING if unknown, and the contracts traded."""

    ts_ns: int
    price: int
    volume: int


@dataclass(frozen=True, slots=True)
class SignalTape:
    """A minute before a signal, and up to a minute after, as far as it has been played."""

    index: int
    ticks: tuple[SignalTapeTick, ...]
    prints: tuple[Print, ...]


@dataclass(frozen=True, slots=True)
class ScoreQuery(Query["Scoreboard"]):
    """How today's signals did so far."""


@dataclass(frozen=True, slots=True)
class Score:
    """How one rule did at one horizon.

    n, n_effective : signals whose outcome is known; the time their horizons cover together, in horizons
    directed       : those of n that claim a direction
    hit_rate       : share of the directed that stood in their direction at the end, None without any
    control_rate   : the same of random moments of the same half hour, right and moneyness, None without any
    touch_rate, control_touch_rate : share of n that moved beyond the spread on the way (`view.Outcome`)
    low, high      : 90 % interval of hit_rate - control_rate by bootstrap over days; None with one day
    mean_move      : of the contract (the underlying, without one) in the signal's direction, $
    """

    rule: str
    horizon_s: int
    n: int
    n_effective: float
    hit_rate: float | None
    control_rate: float | None
    touch_rate: float | None
    control_touch_rate: float | None
    mean_move: float | None
    low: float | None = None
    high: float | None = None
    directed: int = 0


@dataclass(frozen=True, slots=True)
class Scoreboard:
    """Scores of the rules that fired, by rule and horizon; `alerts_per_h` of every rule."""

    scores: tuple[Score, ...]
    alerts_per_h: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class WhatIfQuery(Query["WhatIfComparison"]):
    """The last finished re-run of the loaded day with other thresholds (`commands.WhatIf` starts one)."""


@dataclass(frozen=True, slots=True)
class WhatIfComparison:
    """What other thresholds change, over what had been played when they were asked for.

    A signal is the same when rule and contract agree, and less than a second lies between. Without settings,
    nothing differs.

    settings : 'volume_spike.z=5', as given
    added, removed : rows of signals, oldest first
    moved    : rows of signals that fire a few seconds sooner or later, each with its new moment
    progress : share of the day re-run, 0-1; the rest is complete only at 1
    """

    settings: tuple[str, ...]
    progress: float
    then: Scoreboard
    now: Scoreboard
    kept: int
    added: tuple[tuple[int, str, Contract | None], ...]
    removed: tuple[tuple[int, str, Contract | None], ...]
    moved: tuple[tuple[int, str, Contract | None, int], ...] = ()
