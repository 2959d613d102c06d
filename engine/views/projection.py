"""The cut from state to `View`: what the fold knows, laid out by strike at one moment of tape.

Owns what may be shown and how it is derived: which expiration and strikes, what they add up to.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import nan

import numpy as np

from ..analytics.dealers import DealerExposure, dealer_exposure
from ..analytics.exposure_choice import Convention, ExposureChoice, Scope
from ..analytics.option_chain import ContractSet, SettlementGroup
from ..analytics.terms import Terms
from ..analytics.valuation import Valuation, value
from ..fold.rules.catalogue import rules
from ..fold.rules.spec import DIRECTIONS
from ..model.contracts import Contract
from ..model.events import MISSING, PRICE_SCALE
from ..tape.link import Badge, Lag, Link
from ..tape.strike_window import StrikeTracker, StrikeTrackerParams
from ..tape.tape import TapeInfo
from ..tape.timeline import Timeline
from .detail import detail_of
from .event_log import EventsUntil, Joining, Joinings
from .expiration import NO_EXPIRATION, Expiration, expiration_of, legs
from .expiry_stats import smile_of, stats_of
from .flow_lines import delta_change
from .gamma import chain_stats, gamma_of, strike_exposures
from .heat import heat
from .outcome_log import TimelineOutcomes
from .past_profile import past_profile
from .queries import Heat, HeatQuery, PastMoment, PastProfile, Smile, Top, TopQuery
from .ranking import top
from .scope import ScopeChain, TapeContracts, chain_at
from .view import Counts, Detail, Flow, Outcome, SignalHistory, SignalRow, View

_FLOW_CELLS = (
    "premium", "buy_premium", "sell_premium", "delta_flow", "gamma_flow", "buy", "sell", "unknown",
)  # fmt: skip


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
    """Projects one symbol's timeline; remembers only which strike is at the money (hysteresis).

    Signals and totals of flow are those of the watched expirations; what is about the underlying is told
    in any case.

    terms : what chains are valued on, whatever the moment
    """

    def __init__(self, timeline: Timeline, terms: Terms, strikes: int, expiries: tuple[date, ...]) -> None:
        self._timeline = timeline
        self._terms = terms
        self._table = timeline.contracts
        self.expiries = tuple(e for e in self._table.expiries() if e in expiries)
        self._strikes = strikes
        underlying = timeline.tape.info.underlying
        self._tracker = StrikeTracker(underlying, self.expiries[:1], StrikeTrackerParams(strikes=strikes))
        settles, root = timeline.state.static["settle_ns"], underlying.roots[0]
        self._expirations = {
            expiry: expiration_of(self._table, settles, root, expiry) for expiry in self.expiries
        }
        self._contracts = TapeContracts.all_of(ContractSet.of(underlying, tuple(self._table)))
        self._parts: dict[tuple[tuple[date, str], ...], TapeContracts] = {}
        watched = [contract.expiry in self.expiries for contract in self._table]
        self._watched = np.array([True, *watched])  # by contract id, the underlying's first
        self._watched_rungs = np.unique(timeline.history.rungs.of[1:][watched])
        self._rows: list[SignalRow] = []
        self._firing_rows: list[SignalRow] = []
        self._placed: list[int] = []  # of each row, its index among the fold's heads
        self._firing_at: list[int] = []  # of each row, its index among all that fired
        self._looked = 0
        self._told: dict[tuple[int, int], Outcome] = {}
        self._joinings = Joinings()

    def project(
        self, playback: PlaybackState, expiry: date | None = None, choice: ExposureChoice | None = None
    ) -> View:
        """Return the view at the timeline's playhead; `expiry` None shows the nearest that still trades."""
        timeline, info, now_ns = self._timeline, self._timeline.tape.info, self._timeline.state_ns
        under = timeline.state.under[0]
        shown, expiration, rows, atm = self._looked_at(expiry)
        visible = expiration.part(rows)
        scope, dealers = self._dealers(choice or ExposureChoice(), shown)
        own, held = scope, dealers
        if shown and shown not in scope.chain.expiries():  # it has settled, and others are summed
            own, held = self._dealers(ExposureChoice(), shown)
        call, put = legs(timeline.state, visible, own.of, held)
        stats = stats_of(held.of, shown, info.tick)
        opening_move = timeline.history.opening_move(expiration.settle_ns, now_ns)
        return View(
            generation=playback.generation,
            version=playback.version,
            symbol=info.symbol,
            symbols=playback.symbols,
            source=playback.source,
            badge=playback.badge,
            day=info.day,
            tape_ns=now_ns,
            start_ns=timeline.start_ns,
            end_ns=timeline.close_ns,
            paused=playback.paused,
            finished=timeline.finished,
            speed=playback.speed,
            spot=int(under["spot"]),
            spot_origin=(playback.link and playback.link.spot_origin) or info.spot_origin,
            prev_close=int(under["prev_close"]),
            expiry=shown,
            expiries=self.expiries,
            settle_ns=expiration.settle_ns,
            multiplier=info.underlying.multiplier,
            tick=info.tick,
            strike_milli=visible.strike_milli,
            atm=atm,
            call=call,
            put=put,
            gamma=gamma_of(scope, dealers, stats),
            flow=self._flow(),
            signals=self.signals(),
            gaps=tuple(timeline.gaps[: timeline.gap_count]),
            counts=self.counts(playback.link),
            events_per_s=playback.events_per_s,
            loaded=timeline.loaded,
            notes=playback.notes,
            exposures=strike_exposures(dealers, visible.strike_milli),
            chain=chain_stats(scope, dealers.of, stats, opening_move),
            outcomes=self.outcomes(),
            live_ns=playback.live_ns,
            lag=playback.lag,
            link=playback.link,
            simulated=info.simulated,
        )

    def heat(self, query: HeatQuery, convention: Convention, expiry: date | None = None) -> Heat:
        """Return the map over time of the strikes that `project` shows of an expiration."""
        _, expiration, rows, _ = self._looked_at(expiry)
        return heat(self._timeline, expiration.part(rows), query, convention, self._terms)

    def smile(self, expiry: date | None = None) -> Smile:
        """Return the volatilities of an expiration by strike, for the strikes `project` shows of it."""
        shown, expiration, rows, _ = self._looked_at(expiry)
        own = self._chain("one", shown)
        stats = stats_of(self._valued(own), shown, self._timeline.tape.info.tick)
        return smile_of(stats, self._timeline.state, own.of, shown, expiration.strike_milli[rows])

    def top(self, query: TopQuery, choice: ExposureChoice, expiry: date | None = None) -> Top:
        """Return the first ten of a ranking over the expirations of the choice's scope."""
        return top(self._chain(choice.scope, self._shown(expiry)), query)

    def past_profile(self, of: PastMoment, choice: ExposureChoice, expiry: date | None = None) -> PastProfile:
        """Return what the contracts of a choice came to at an earlier minute, for the rows of `project`."""
        shown, expiration, rows, _ = self._looked_at(expiry)
        contracts = self._chain(choice.scope, shown).of
        strike_milli = expiration.strike_milli[rows]
        return past_profile(self._timeline, contracts.cid, strike_milli, of, choice, self._terms)

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
        timeline = self._timeline
        self._joinings.take(timeline.firings, timeline.signals)
        rows = self.signal_rows()
        return SignalHistory(
            self._rows, len(rows), EventsUntil(self._joinings, timeline.firing_count, self._placed)
        )

    def signal_rows(self, count: int | None = None) -> SignalHistory:
        """Return the rows of the fold's first `count` heads, or of those up to the cursor.

        Without what each stands for.
        """
        timeline = self._timeline
        count = timeline.signal_count if count is None else count
        for index in range(self._looked, count):
            at = timeline.log.head_at[index]
            if self._watched[int(timeline.firings[at]["cid"])]:
                self._rows.append(self.firing_rows(at + 1)[at])
                self._placed.append(index)
                self._firing_at.append(at)
        self._looked = max(self._looked, count)
        return SignalHistory(self._rows, bisect_left(self._placed, count))

    def rows_between(self, first: int, count: int) -> list[tuple[int, SignalRow]]:
        """Return (number, row) of the fold's heads from the `first` on, up to `count` of them all."""
        rows, since = self.signal_rows(count), bisect_left(self._placed, first)
        return list(zip(self._placed[since : len(rows)], rows[since:], strict=True))

    def watches(self, contract: Contract | None) -> bool:
        """Whether what is said of a contract is to be told; None is the underlying."""
        return contract is None or contract.expiry in self.expiries

    def firing_rows(self, count: int | None = None) -> Sequence[SignalRow]:
        """Return at least the first `count` signals that fired, joined ones too; those up to the cursor."""
        count = self._timeline.firing_count if count is None else count
        for signal in self._timeline.firings[len(self._firing_rows) : count]:
            cid = int(signal["cid"])
            self._firing_rows.append(signal_row(signal, self._table[cid] if cid else None))
        return self._firing_rows

    def joined_at_once(self, head: int) -> tuple[str, ...]:
        """Return the other rules of a row that fired at its very moment."""
        timeline = self._timeline
        self._joinings.take(timeline.firings, timeline.signals)
        own = timeline.signals[head]
        of_head = (self._joinings.all[k] for k in self._joinings.of_head.get(head, ()))
        fired = (timeline.firings[each.firing] for each in of_head)
        names = (rules()[each["rule"]].name for each in fired if each["ts"] == own["ts"])
        return tuple(dict.fromkeys(name for name in names if name != rules()[own["rule"]].name))

    def joinings(self, since: int) -> Sequence[Joining]:
        """Return the signals up to the cursor that joined a row, without the first `since` of them."""
        timeline = self._timeline
        self._joinings.take(timeline.firings, timeline.signals)
        return self._joinings.all[since : int(timeline.state.under["joined"][0])]

    def outcomes(self) -> TimelineOutcomes:
        """Return what has come of the signals up to the playhead, by row."""
        timeline = self._timeline
        return TimelineOutcomes(timeline.outcomes, timeline.at_ns, self._told, self._firing_at)

    def detail(self, cid: int) -> Detail:
        """Return one contract in full, with its last minute of tape."""
        fired = [row.rule for row in self.signals() if row.cid == cid]
        listed = self._contracts.listed
        own = self._chain_of([listed.groups[listed.pair_group[listed.pair[self._contracts.row[cid]]]]])
        return detail_of(self._timeline, cid, self._valued(own), own.of, fired)

    # --- which contracts, and what they are worth ---------------------------------------------------

    def _shown(self, asked: date | None) -> date | None:
        if asked in self._expirations:
            return asked
        now_ns = self._timeline.state_ns
        alive = [expiry for expiry in self.expiries if self._expirations[expiry].settle_ns > now_ns]
        return next(iter(alive or self.expiries[-1:]), None)

    def _looked_at(self, asked: date | None) -> tuple[date | None, Expiration, slice, int]:
        """Return an expiration's date, its strikes, the rows around the money, and which of them is at it.

        The last is -1 without a spot.
        """
        shown, spot = self._shown(asked), int(self._timeline.state.under["spot"][0])
        expiration = self._expirations[shown] if shown else NO_EXPIRATION
        n = len(expiration.strike_milli)
        self._tracker.on_spot(spot)
        atm = self._tracker.atm_milli
        if atm is None or spot == MISSING or not n:
            middle, centre = n // 2, -1
        else:
            middle = centre = int(np.argmin(np.abs(expiration.strike_milli - atm)))
        low = max(middle - self._strikes, 0)
        rows = slice(low, middle + self._strikes + 1)
        return shown, expiration, rows, centre - low if centre >= 0 else -1

    def _dealers(self, choice: ExposureChoice, shown: date | None) -> tuple[ScopeChain, DealerExposure]:
        """Return the chain a choice sums, and what dealers hold of it."""
        scope = self._chain(choice.scope, shown)
        return scope, dealer_exposure(self._valued(scope), choice)

    def _chain(self, scope: Scope, shown: date | None) -> ScopeChain:
        """Return the chain of the contracts that a scope sums.

        What has settled is left out, unless it is all of an expiration that was asked for.
        """
        among = (shown,) if scope == "one" else self.expiries
        groups = [each for each in self._contracts.listed.groups if scope == "all" or each.expiry in among]
        alive = [each for each in groups if each.settle_ns > self._timeline.state_ns]
        return self._chain_of(groups if scope == "one" and not alive else alive)

    def _chain_of(self, groups: Sequence[SettlementGroup]) -> ScopeChain:
        key = tuple((each.expiry, each.root) for each in groups)
        if key not in self._parts:
            self._parts[key] = self._contracts.part(groups)
        return chain_at(self._timeline.state, self._parts[key], self._timeline.state_ns)

    def _valued(self, scope: ScopeChain) -> Valuation:
        spot = int(self._timeline.state.under["spot"][0])
        at_spot = nan if spot == MISSING else spot / PRICE_SCALE
        return value(scope.chain, self._terms.at(self._timeline.state_ns, at_spot))

    def _flow(self) -> Flow:
        state, watched = self._timeline.state, self._watched
        calls = state.static["cp"][watched] > 0
        cells = {name: state.cells[name][watched] for name in _FLOW_CELLS}
        usd = 1.0 / PRICE_SCALE
        net = cells["buy_premium"] - cells["sell_premium"]
        net_delta, history = float(cells["delta_flow"].sum()), self._timeline.history
        return Flow(
            call_premium_usd=float(cells["premium"][calls].sum() * usd),
            put_premium_usd=float(cells["premium"][~calls].sum() * usd),
            net_call_premium_usd=float(net[calls].sum() * usd),
            net_put_premium_usd=float(net[~calls].sum() * usd),
            net_delta=net_delta,
            net_gamma=float(cells["gamma_flow"].sum()),
            buy_volume=int(cells["buy"].sum()),
            sell_volume=int(cells["sell"].sum()),
            unclassified_volume=int(cells["unknown"].sum()),
            expiries=self.expiries,
            net_delta_5m=delta_change(history, self._watched_rungs, net_delta, self._timeline.state_ns),
        )


def signal_row(signal: np.void, contract: Contract | None) -> SignalRow:
    """Return a fired signal as a person reads it; `contract` None is the underlying."""
    rule, values = rules()[int(signal["rule"])], [float(value) for value in signal["evidence"]]
    return SignalRow(
        ts_ns=int(signal["ts"]),
        rule=rule.name,
        contract=contract,
        cid=int(signal["cid"]),
        direction=DIRECTIONS[int(signal["direction"])],
        strength=float(signal["strength"]),
        side_confidence=float(signal["side_confidence"]),
        mid_before=int(signal["mid_before"]),
        mid_after=int(signal["mid_after"]),
        evidence=rule.named(values),
        reason=rule.reason(values),
        version=rule.version_name(bool(signal["seed"])),
    )
