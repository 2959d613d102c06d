"""What a screen or a JSON line may show: the frozen `View`.

Owns the shape of everything shown, no arithmetic: `engine.views.projection` fills it, and a screen can be
painted before the engine is loaded. Missing numbers are nan in float columns and `MISSING` in price columns;
nothing here is ever 0 because it is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, overload

import numpy as np
from numpy.typing import NDArray

from ..analytics.exposure_choice import Basis, Convention, Metric, Scope
from ..fold.rules.catalogue import rule_named
from ..fold.rules.spec import TRADED, Bias
from ..model.contracts import Contract
from ..tape.link import Badge, Lag, Link

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Leg:
    """One side of the strike grid, calls or puts; every column is (n,) in strike order, ascending.

    cid         : contract id, -1 where the strike has no such contract
    bid, ask, last, fmv : price units (1/10000 $), MISSING when unknown
    bid_size, ask_size  : contracts
    volume      : contracts today; 0 means none traded
    buy, sell   : contracts by classified side; the rest of volume is unclassified
    oi          : open interest, MISSING when unknown
    iv          : implied volatility per year (0.2 = 20 %), nan when it cannot be had
    delta, gamma: per share, at the view's spot and time; nan likewise
    gex         : the contract's signed gamma exposure in shares per $1 under the view's convention
    premium_usd : dollars traded today
    net_premium_usd : bought minus sold, dollars
    net_delta_flow  : signed deltas traded today, shares
    age_s       : seconds of tape since the last quote, nan when never quoted
    """

    cid: Ints
    bid: Ints
    ask: Ints
    bid_size: Ints
    ask_size: Ints
    last: Ints
    fmv: Ints
    volume: Ints
    buy: Ints
    sell: Ints
    oi: Ints
    iv: Floats
    delta: Floats
    gamma: Floats
    gex: Floats
    premium_usd: Floats
    net_premium_usd: Floats
    net_delta_flow: Floats
    age_s: Floats


@dataclass(frozen=True, slots=True, eq=False)
class StrikeExposure:
    """One metric by strike, under the view's convention, basis and scope; every column is (n,) float64.

    Rows are the view's strikes. Units as in `METRICS`; nan where contracts are listed and nothing is known.
    `gross` adds what calls and puts of every expiration come to without their signs.
    """

    call: Floats
    put: Floats
    net: Floats
    gross: Floats


@dataclass(frozen=True, slots=True)
class Totals:
    """One metric over all strikes; None when nothing is known."""

    call: float | None
    put: float | None
    net: float | None
    gross: float | None


@dataclass(frozen=True, slots=True)
class Dealer:
    """What the scope's book comes to under one convention, whichever is shown; gamma in shares per $1."""

    convention: Convention
    net: float | None
    zero_gamma: float | None
    zero_gamma_reason: str


@dataclass(frozen=True, slots=True)
class ExpiryTotals:
    """What one expiration of the scope adds: net of each metric (units as in `METRICS`), max pain in $."""

    expiry: date
    net: Mapping[Metric, float | None]
    max_pain: float | None


@dataclass(frozen=True, slots=True)
class ChainStats:
    """What the chain says besides its gamma; None when it cannot be had. Prices in $.

    max_pain_all : over all expirations of the scope
    opening_move : the straddle of the shown expiration when it first could be had today; beside today's
                   `Gamma.expected_move` it says what is left
    atm_iv, atm_iv_error : volatility at the money, and half the spread over vega, per year
    sigma_move   : one standard deviation of the move until the shown expiration settles, $
    pcr_*        : puts over calls of the scope, by contracts traded, open interest, premium traded
    """

    max_pain_all: float | None = None
    opening_move: float | None = None
    atm_iv: float | None = None
    atm_iv_error: float | None = None
    pcr_volume: float | None = None
    pcr_oi: float | None = None
    pcr_premium: float | None = None
    sigma_move: float | None = None


@dataclass(frozen=True, slots=True)
class Gamma:
    """Exposure of the summed expirations, in shares per $1 (`engine.analytics.exposure` has the other units).

    Numbers are None when they do not exist; `missing_reason` says why there is no exposure at all, and
    `zero_gamma_reason` why there is no flip. Strikes and flips are dollars.

    dealers    : the same book under each of `CONVENTIONS`, in that order
    band       : lowest and highest flip of the conventions that have one
    confidence : share of the volume whose side is known, weighed by how often its rule is right, 0-1; None
                 while nothing has traded
    unclassified : share of the volume whose side is not known
    """

    net: float | None
    call: float | None
    put: float | None
    gross: float | None
    call_wall: float | None
    put_wall: float | None
    max_gex_strike: float | None
    zero_gamma: float | None
    zero_gamma_reason: str
    zero_gamma_roots: tuple[float, ...]
    max_pain: float | None
    expected_move: float | None
    convention: Convention
    missing_reason: str
    basis: Basis
    scope: Scope
    summed: tuple[date, ...]
    totals: Mapping[Metric, Totals]
    by_expiry: tuple[ExpiryTotals, ...]
    dealers: tuple[Dealer, ...]
    band: tuple[float, float] | None
    confidence: float | None
    unclassified: float | None


@dataclass(frozen=True, slots=True)
class Flow:
    """Classified flow of the watched expirations, dollars and shares, cumulated since the open.

    expiries     : which they are
    net_delta_5m : by how much `net_delta` changed in five minutes; None until the tape is so old
    """

    call_premium_usd: float
    put_premium_usd: float
    net_call_premium_usd: float
    net_put_premium_usd: float
    net_delta: float
    net_gamma: float
    buy_volume: int
    sell_volume: int
    unclassified_volume: int
    expiries: tuple[date, ...] = ()
    net_delta_5m: float | None = None


@dataclass(frozen=True, slots=True)
class SignalRow:
    """One fired signal with the numbers it used; `strength` and `side_confidence` lie in [0, 1].

    rule     : `user:<name>` for a user's own; its `side_confidence` is nan and its `mid_before` MISSING
    contract : None when the signal is about the underlying; `cid` is 0 then
    """

    ts_ns: int
    rule: str
    contract: Contract | None
    cid: int
    direction: str
    strength: float
    side_confidence: float
    mid_before: int
    mid_after: int
    evidence: tuple[tuple[str, float], ...]
    reason: str
    version: str

    @property
    def action(self) -> str:
        """What was done, in words: `puts bought`, `calls rich`, `below flip`."""
        rule = rule_named(self.rule)
        buy, sell, neutral = TRADED if rule is None else rule.deeds
        rights = "spot" if self.contract is None else "calls" if self.contract.right == "C" else "puts"
        return {"buy": buy, "sell": sell}.get(self.direction, neutral).format(rights)

    @property
    def bias(self) -> Bias:
        """What that means for the underlying; the direction is the contract's own."""
        rule = rule_named(self.rule)
        if self.direction == "neutral" or not (rule is None or rule.leans):
            return "none"
        rises = (self.direction == "buy") == (self.contract is None or self.contract.right == "C")
        return "up" if rises else "down"


@dataclass(frozen=True, slots=True)
class FiredSignal:
    """A signal, and whose.

    badge    : what a view of its tape shows first
    replayed : whether its tape is not happening now, or no market's
    event    : number of the event it opened, from 0 by symbol; None for a user's rule
    also     : rules that joined it at the same moment
    """

    symbol: str
    row: SignalRow
    badge: Badge = Badge.REPLAY
    replayed: bool = True
    event: int | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a signal, so many seconds of tape after it.

    Moves are signed, in price units, from the end of the signal's moment: of the underlying, and of the
    contract's mid. None when there was no price at either end, when the feed was silent within the horizon,
    and for the contract of a signal about the underlying.

    best, worst : extremes of the contract's mid (of the underlying for a signal about it) on the way,
                  in the signal's direction: best >= 0 >= worst; a neutral signal counts up as best
    touched     : `best` exceeded the spread at the signal's moment (0.02 % for the underlying), whatever came
                  later; of a neutral signal either extreme counts
    hit         : the move at the end is in the signal's direction and not zero; None for a neutral signal
    """

    horizon_s: int
    underlying: int | None
    contract: int | None
    best: int | None
    worst: int | None
    touched: bool | None
    hit: bool | None


class OutcomeLog(Protocol):
    """Outcomes of the signals of a log, as far as the tape has told them."""

    def of(self, index: int) -> tuple[Outcome, ...]:
        """Return what is known of signal `index` by the view's moment, shortest horizon first."""
        ...


class NoOutcomes:
    """Outcomes of a log nobody follows."""

    def of(self, index: int) -> tuple[Outcome, ...]:
        """Return nothing: nobody knows."""
        return ()


@dataclass(frozen=True, slots=True)
class SignalEvent:
    """What a row of the log stands for: its own signal and those that joined it.

    rules : their names, each once, in the order in which they fired
    count : how many signals
    size, premium_usd : contracts and $ traded in those of one rule, the rule with most of them, since rules
                        see the same prints; None where none is about prints
    """

    rules: tuple[str, ...]
    count: int
    size: int | None
    premium_usd: float | None


class EventLog(Protocol):
    """The events of a log's rows, as far as they have come."""

    def of(self, index: int) -> SignalEvent | None:
        """Return what row `index` stands for; None while nothing has joined it."""
        ...


class SignalHistory(Sequence[SignalRow]):
    """The first `n` rows of an append-only list: taking a longer or shorter prefix copies nothing.

    events : what has joined each of them
    """

    __slots__ = ("_events", "_n", "_rows")

    def __init__(self, rows: list[SignalRow], n: int, events: EventLog | None = None) -> None:
        self._rows = rows
        self._n = n
        self._events = events

    def event(self, index: int) -> SignalEvent | None:
        """Return what row `index` stands for; None while it stands for itself."""
        return self._events.of(index) if self._events else None

    def repeats(self, index: int) -> int:
        """Return how many signals row `index` stands for besides itself."""
        event = self.event(index)
        return event.count - 1 if event else 0

    def __len__(self) -> int:
        return self._n

    @overload
    def __getitem__(self, index: int) -> SignalRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[SignalRow]: ...
    def __getitem__(self, index: int | slice) -> SignalRow | list[SignalRow]:
        if isinstance(index, slice):
            return [self._rows[i] for i in range(*index.indices(self._n))]
        if not -self._n <= index < self._n:
            raise IndexError(index)
        return self._rows[index % self._n]


@dataclass(frozen=True, slots=True)
class Print:
    """One trade as the tape shows it; `side` is -1, 0 or 1, `rule` the name of the rule that chose it."""

    ts_ns: int
    price: int
    size: int
    side: int
    confidence: float
    rule: str
    condition: str


@dataclass(frozen=True, slots=True)
class Detail:
    """One contract in full, at one moment of tape. Units as in `Leg`; theta is $ per minute per share,
    vega $ per volatility point. `volume_by_s` and `mid_by_s` are the last 60 seconds, oldest first;
    a second without a quote before it is MISSING in `mid_by_s`.
    """

    contract: Contract
    cid: int
    tape_ns: int
    bid: int
    ask: int
    bid_size: int
    ask_size: int
    quote_age_s: float
    last: int
    last_side: int
    last_age_s: float
    fmv: int
    volume: int
    buy: int
    sell: int
    oi: int
    premium_usd: float
    net_premium_usd: float
    net_delta_flow: float
    iv: float
    iv_status: str
    delta: float
    gamma: float
    theta: float
    vega: float
    volume_by_s: tuple[int, ...]
    mid_by_s: tuple[int, ...]
    prints: tuple[Print, ...]
    signals: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """What has been folded so far."""

    events: int
    quotes: int
    trades: int
    cancels: int
    gaps: int
    dropped: int
    signals: int


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Everything the screen may show of one symbol at one moment of tape.

    generation : grows whenever symbol, source or position jumps; a view of an older one must be dropped
    version    : grows with every change; equal means there is nothing to repaint
    source     : the name `UseSource` knows it by
    badge      : how it stands to the market
    simulated  : whether it is a day that no market had
    tape_ns    : the tape's clock, ns UTC
    start_ns, end_ns : the bounds of the replay; of a day that goes on the open and the close
    spot, prev_close : price units, MISSING when unknown
    spot_origin: 'tape', 'minute bars' or 'put-call parity'; of a live day what its link says
    expiry     : the expiration whose strikes are shown; `expiries` are those that can be chosen
    strike_milli : (n,) strikes in 1/1000 $, ascending; `atm` is the row nearest to spot, -1 if unknown
    tick       : smallest price step of the options, price units
    signals    : all signals up to tape_ns, oldest first
    gaps       : (start_ns, end_ns) of every silence of the feed up to tape_ns
    exposures  : by metric, the rows' exposures under the convention, basis and scope of `gamma`
    loaded     : share of the day that is already folded ahead, 0-1; 1 when the whole day can be sought
    notes      : sentences a person should know (spot from parity, skipped files, no open interest)
    live_ns    : the front of a day that goes on, ns UTC; None for one that is over
    lag        : how late the last events of a day that goes on came
    link       : what the source of a live day says, or said last; None for any other
    """

    generation: int
    version: int
    symbol: str
    symbols: tuple[str, ...]
    source: str
    badge: Badge
    day: date
    tape_ns: int
    start_ns: int
    end_ns: int
    paused: bool
    finished: bool
    speed: float
    spot: int
    spot_origin: str
    prev_close: int
    expiry: date | None
    expiries: tuple[date, ...]
    settle_ns: int
    multiplier: int
    tick: int
    strike_milli: Ints
    atm: int
    call: Leg
    put: Leg
    gamma: Gamma
    flow: Flow
    signals: SignalHistory
    gaps: tuple[tuple[int, int], ...]
    counts: Counts
    events_per_s: float
    loaded: float
    notes: tuple[str, ...]
    exposures: Mapping[Metric, StrikeExposure]
    chain: ChainStats
    outcomes: OutcomeLog = NoOutcomes()
    live_ns: int | None = None
    lag: Lag | None = None
    link: Link | None = None
    simulated: bool = False

    @property
    def rewound(self) -> bool:
        """Whether it is an earlier moment of a day that goes on."""
        return self.badge == Badge.REWIND
