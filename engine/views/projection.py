"""The cut from state to `View`: what the fold knows, laid out by strike at one moment of tape.

Owns what may be shown and how it is derived: which expiration and strikes, what they add up to. It refuses to
know how a view is painted, who asked, and how a leg is priced.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import nan

import numpy as np

from ..analytics.exposure_choice import Convention, ExposureChoice
from ..fold.params import FoldParams
from ..fold.rules.evidence import DIRECTIONS, named, reason, version
from ..fold.rules.firing import RULE_NAMES
from ..model.contracts import Contract
from ..model.events import MISSING, PRICE_SCALE
from ..tape.link import Badge, Lag, Link
from ..tape.strike_window import StrikeTracker, StrikeTrackerParams
from ..tape.tape import TapeInfo
from ..tape.timeline import Timeline
from .detail import detail_of
from .expiration import (
    NO_LADDER,
    Expiration,
    Moment,
    ladders_of,
    legs,
    part_of,
)
from .expiry_stats import ExpiryStats, read, smile_of
from .gamma import expose, gamma_of, pain_of, ratios, strike_exposures
from .heat import heat
from .outcome_log import TimelineOutcomes
from .queries import Heat, HeatQuery, Ranking, Smile, Top
from .ranking import top
from .scope import ContractSet, ScopeChain, pool_at, roster_of
from .view import ChainStats, Counts, Detail, Flow, Outcome, SignalHistory, SignalRow, View


@dataclass(frozen=True, slots=True)
class PlaybackState:
    """How a view is being watched; the parts of it that no tape knows."""

    generation: int
    version: int
    source: str
    symbols: tuple[str, ...]
    badge: Badge
    paused: bool
    speed: float
    events_per_s: float
    notes: tuple[str, ...]
    live_ns: int | None = None
    lag: Lag | None = None
    link: Link | None = None

    @classmethod
    def of(cls, info: TapeInfo) -> PlaybackState:
        """Return what a tape says by itself: nothing depends on a person, or on the machine."""
        symbols = (info.symbol,)
        return cls(0, 0, info.source, symbols, info.badge, False, 1.0, nan, info.notes)


class Projector:
    """Projects one symbol's timeline; remembers only which strike is at the money (hysteresis)."""

    def __init__(
        self, timeline: Timeline, fold: FoldParams, strikes: int, expiries: tuple[date, ...]
    ) -> None:
        self._timeline = timeline
        self._fold = fold
        self._contracts = timeline.contracts
        self.expiries = tuple(e for e in self._contracts.expiries() if e in expiries)
        self._strikes = strikes
        self._underlying = timeline.tape.info.underlying
        self._tracker = StrikeTracker(
            self._underlying, self.expiries[:1], StrikeTrackerParams(strikes=strikes)
        )
        settles, root = timeline.state.static["settle_ns"], self._underlying.roots[0]
        self._standing = {
            expiry: ladders_of(self._contracts, settles, root, expiry)
            for expiry in self._contracts.expiries()
        }
        self._ladders = {expiry: self._standing[expiry][0] for expiry in self.expiries}
        self._rosters: dict[tuple[date, ...], ContractSet] = {}
        self._rows: list[SignalRow] = []
        self._told: dict[tuple[int, int], Outcome] = {}
        self._joined: tuple[int, Counter[int]] = 0, Counter()

    def project(
        self, playing: PlaybackState, expiry: date | None = None, stance: ExposureChoice | None = None
    ) -> View:
        """Return the view at the timeline's playhead; `expiry` None shows the nearest that still trades."""
        timeline, info = self._timeline, self._timeline.tape.info
        under = timeline.state.under[0]
        moment = self._moment()
        shown = self._shown(expiry, moment.now_ns)
        ladder = self._ladders[shown] if shown else NO_LADDER
        rows, atm = self._window(ladder, moment.spot)
        stance = stance or ExposureChoice()
        call, put = legs(timeline.state, ladder, moment, self._fold, stance)
        summed = expose(
            self._pool(stance, shown, moment), stance, moment, self._fold, float(self._underlying.multiplier)
        )
        reading = read(ladder, call, put, moment, self._fold, info.tick)
        return View(
            generation=playing.generation,
            version=playing.version,
            symbol=info.symbol,
            symbols=playing.symbols,
            source=playing.source,
            badge=playing.badge,
            day=info.day,
            tape_ns=moment.now_ns,
            start_ns=timeline.start_ns,
            end_ns=timeline.close_ns,
            paused=playing.paused,
            finished=timeline.finished,
            speed=playing.speed,
            spot=moment.spot,
            spot_origin=(playing.link and playing.link.spot_origin) or info.spot_origin,
            prev_close=int(under["prev_close"]),
            expiry=shown,
            expiries=self.expiries,
            settle_ns=ladder.settle_ns,
            multiplier=self._underlying.multiplier,
            tick=info.tick,
            strike_milli=ladder.strike_milli[rows],
            atm=atm,
            call=part_of(call, rows),
            put=part_of(put, rows),
            gamma=gamma_of(summed, reading.max_pain, reading.move),
            flow=self._flow(),
            signals=self.signals(),
            gaps=tuple(timeline.gaps[: timeline.gap_count]),
            counts=self.counts(playing.link),
            events_per_s=playing.events_per_s,
            loaded=timeline.loaded,
            notes=playing.notes,
            exposures=strike_exposures(summed, ladder.strike_milli[rows]),
            chain=_chain(
                summed.pool, reading, timeline.history.opening_move(ladder.settle_ns, moment.now_ns)
            ),
            outcomes=self.outcomes(),
            live_ns=playing.live_ns,
            lag=playing.lag,
            link=playing.link,
            simulated=info.simulated,
        )

    def heat(self, query: HeatQuery, convention: Convention, expiry: date | None = None) -> Heat:
        """Return the map over time of the strikes that `project` shows of an expiration."""
        ladder, rows, _, _ = self._looked_at(expiry)
        return heat(self._timeline, ladder.part(rows), query, convention, self._fold)

    def smile(self, expiry: date | None = None) -> Smile:
        """Return the volatilities of an expiration by strike, for the strikes `project` shows of it."""
        ladder, rows, shown, moment = self._looked_at(expiry)
        call, put = legs(self._timeline.state, ladder, moment, self._fold)
        reading = read(ladder, call, put, moment, self._fold, self._timeline.tape.info.tick)
        return smile_of(reading, self._timeline.state, ladder, moment, shown, rows)

    def _looked_at(self, expiry: date | None) -> tuple[Expiration, slice, date | None, Moment]:
        """Return the ladder of an expiration, which of its rows are shown, its date, and the moment."""
        moment = self._moment()
        shown = self._shown(expiry, moment.now_ns)
        ladder = self._ladders[shown] if shown else NO_LADDER
        rows, _ = self._window(ladder, moment.spot)
        return ladder, rows, shown, moment

    def top(self, by: Ranking, stance: ExposureChoice, expiry: date | None = None) -> Top:
        """Return the first ten of a ranking over the expirations of the stance's scope."""
        moment = self._moment()
        pool = self._pool(stance, self._shown(expiry, moment.now_ns), moment)
        return top(pool, self._contracts, by)

    def counts(self, link: Link | None = None) -> Counts:
        """Return what has been folded up to the playhead, and dropped by whoever feeds a live tape."""
        under = self._timeline.state.under[0]
        return Counts(
            events=int(under["events"]),
            quotes=int(under["quotes"]),
            trades=int(under["trades"]),
            cancels=int(under["cancels"]),
            gaps=int(under["gaps"]),
            dropped=int(under["rejected"]) + (link.dropped if link else 0),
            signals=int(under["signals"]),
        )

    def signals(self) -> SignalHistory:
        """Return all signals up to the playhead; rows are made once and shared by every log."""
        rows = self.signal_rows()
        return SignalHistory(self._rows, len(rows), self._repeats())

    def signal_rows(self, count: int | None = None) -> SignalHistory:
        """Return the log's first `count` rows, or those up to the cursor, without what each stands for."""
        count = self._timeline.signal_count if count is None else count
        for signal in self._timeline.signals[len(self._rows) : count]:
            cid = int(signal["cid"])
            self._rows.append(signal_row(signal, self._contracts[cid] if cid else None))
        return SignalHistory(self._rows, count)

    def _repeats(self) -> Mapping[int, int]:
        """Return how many signals each head stands for besides itself, up to the playhead."""
        count = self._timeline.joined_count
        counted, repeats = self._joined
        if count != counted:
            more = count > counted
            since = counted if more else 0
            repeats = Counter(repeats if more else {})
            repeats.update(parent for _, parent in self._timeline.joined[since:count])
            self._joined = count, repeats
        return repeats

    def outcomes(self) -> TimelineOutcomes:
        """Return what has come of the signals up to the playhead."""
        return TimelineOutcomes(self._timeline.outcomes, self._timeline.at_ns, self._told)

    def detail(self, cid: int) -> Detail:
        """Return one contract in full, with its last minute of tape."""
        fired = [row.rule for row in self.signals() if row.cid == cid]
        return detail_of(self._timeline, cid, self._moment(), self._fold, fired)

    # --- parts --------------------------------------------------------------------------------------

    def _moment(self) -> Moment:
        return Moment(self._timeline.state_ns, int(self._timeline.state.under["spot"][0]))

    def _shown(self, asked: date | None, now: int) -> date | None:
        if asked in self._ladders:
            return asked
        alive = [expiry for expiry in self.expiries if self._ladders[expiry].settle_ns > now]
        return next(iter(alive or self.expiries[-1:]), None)

    def _window(self, ladder: Expiration, spot: int) -> tuple[slice, int]:
        """Return the rows around the money and which of them is at it, -1 without a spot."""
        n = len(ladder.strike_milli)
        self._tracker.on_spot(spot)
        atm = self._tracker.atm_milli
        if atm is None or spot == MISSING or not n:
            middle, centre = n // 2, -1
        else:
            middle = centre = int(np.argmin(np.abs(ladder.strike_milli - atm)))
        low = max(middle - self._strikes, 0)
        return slice(low, middle + self._strikes + 1), centre - low if centre >= 0 else -1

    def _pool(self, stance: ExposureChoice, shown: date | None, moment: Moment) -> ScopeChain:
        """Return what is known of the contracts a scope sums.

        Of several expirations those that have settled are left out; one that was asked for stays.
        """
        expiries: tuple[date, ...] = (shown,) if shown else ()
        if stance.scope != "one":
            among = self.expiries if stance.scope == "several" else tuple(self._standing)
            expiries = tuple(each for each in among if self._alive(each, moment.now_ns))
        if expiries not in self._rosters:
            self._rosters[expiries] = roster_of({each: self._standing[each] for each in expiries})
        return pool_at(self._timeline.state, self._rosters[expiries], moment, self._fold)

    def _alive(self, expiry: date, now: int) -> bool:
        return any(ladder.settle_ns > now for ladder in self._standing[expiry])

    def _flow(self) -> Flow:
        state = self._timeline.state
        calls = state.static["cp"] > 0
        cells = state.cells
        usd = 1.0 / PRICE_SCALE
        net = cells["buy_premium"] - cells["sell_premium"]
        return Flow(
            call_premium_usd=float(cells["premium"][calls].sum() * usd),
            put_premium_usd=float(cells["premium"][~calls].sum() * usd),
            net_call_premium_usd=float(net[calls].sum() * usd),
            net_put_premium_usd=float(net[~calls].sum() * usd),
            net_delta=float(cells["delta_flow"].sum()),
            net_gamma=float(cells["gamma_flow"].sum()),
            buy_volume=int(cells["buy"].sum()),
            sell_volume=int(cells["sell"].sum()),
            unclassified_volume=int(cells["unknown"].sum()),
        )


def signal_row(signal: np.void, contract: Contract | None) -> SignalRow:
    """Return a fired signal as a person reads it; `contract` None is the underlying."""
    rule, values = int(signal["rule"]), [float(value) for value in signal["evidence"]]
    return SignalRow(
        ts_ns=int(signal["ts"]),
        rule=RULE_NAMES[rule],
        contract=contract,
        cid=int(signal["cid"]),
        direction=DIRECTIONS[int(signal["direction"])],
        strength=float(signal["strength"]),
        side_confidence=float(signal["side_confidence"]),
        mid_before=int(signal["mid_before"]),
        mid_after=int(signal["mid_after"]),
        evidence=named(rule, values),
        reason=reason(rule, values),
        version=version(rule, bool(signal["seed"])),
    )


def _chain(pool: ScopeChain, reading: ExpiryStats, opening_move: float | None) -> ChainStats:
    volume, oi, premium = ratios(pool)
    return ChainStats(
        max_pain_all=pain_of(pool),
        opening_move=opening_move,
        atm_iv=reading.atm_iv,
        atm_iv_error=reading.atm_error,
        pcr_volume=volume,
        pcr_oi=oi,
        pcr_premium=premium,
    )
