"""The cut from state to `View`: what the fold knows, laid out by strike at one moment of tape.

Owns what may be shown and how it is derived: volatilities from the quotes as they stand, greeks at the
current spot, exposures of the shown expiration. It refuses to know how a view is painted, or who asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import isnan, nan

import numpy as np

from .events import MISSING, NS, PRICE_SCALE, QUOTE, TRADE
from .exposure import Book, Exposure, expected_move, exposure, implied_forward, max_pain
from .greeks import OK, STATUS_NAMES, GreekTable, greeks, implied_vols, years
from .kernel.conditions import label
from .kernel.evidence import DIRECTIONS, named, reason, version
from .kernel.params import FoldParams
from .kernel.side import RULE_NAMES as SIDE_RULES
from .kernel.signals import RULE_NAMES
from .symbols import Contract
from .timeline import Timeline
from .tracker import Tracker, TrackerParams
from .view import Counts, Detail, Floats, Flow, Gamma, Ints, Leg, Print, SignalLog, SignalRow, View

DETAIL_SECONDS = 60
DETAIL_PRINTS = 12
CONVENTION = "assumed"  # dealers long calls, short puts, from open interest


@dataclass(frozen=True, slots=True)
class Playing:
    """How a view is being watched; the parts of it that no tape knows."""

    generation: int
    version: int
    symbols: tuple[str, ...]
    badge: str
    paused: bool
    speed: float
    events_per_s: float
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Ladder:
    """The listed strikes of one expiration, and who stands on them."""

    strike_milli: Ints
    call: Ints
    put: Ints
    settle_ns: int


class Projector:
    """Projects one symbol's timeline; remembers only which strike is at the money (hysteresis)."""

    def __init__(
        self, timeline: Timeline, fold: FoldParams, strikes: int, expiries: tuple[date, ...]
    ) -> None:
        self._timeline = timeline
        self._fold = fold
        self._contracts = timeline.tape.contracts
        self.expiries = tuple(e for e in self._contracts.expiries() if e in expiries)
        self._strikes = strikes
        self._underlying = timeline.tape.info.underlying
        self._tracker = Tracker(self._underlying, self.expiries[:1], TrackerParams(strikes=strikes))
        self._ladders = {expiry: self._ladder(expiry) for expiry in self.expiries}
        self._rows: list[SignalRow] = []

    def project(self, playing: Playing, expiry: date | None = None) -> View:
        """Return the view at the timeline's playhead; `expiry` None shows the nearest that still trades."""
        timeline, info = self._timeline, self._timeline.tape.info
        under = timeline.state.under[0]
        now, spot = timeline.clock, int(under["spot"])
        shown = self._shown(expiry, now)
        full = self._ladders.get(shown) if shown else None
        ladder, atm = self._window(full, spot)
        sides = _quoted(timeline, ladder, spot, now, self._fold)
        whole = sides if full is None else _quoted(timeline, full, spot, now, self._fold)
        gamma = self._gamma(full, whole, spot)
        count = timeline.signal_count
        return View(
            generation=playing.generation,
            version=playing.version,
            symbol=info.symbol,
            symbols=playing.symbols,
            source=info.source,
            badge=playing.badge,
            day=info.day,
            tape_ns=now,
            start_ns=timeline.start_ns,
            end_ns=timeline.end_ns,
            paused=playing.paused,
            finished=timeline.finished,
            speed=playing.speed,
            spot=spot,
            spot_origin=info.spot_origin,
            prev_close=int(under["prev_close"]),
            expiry=shown,
            expiries=self.expiries,
            settle_ns=ladder.settle_ns,
            multiplier=self._underlying.multiplier,
            tick=info.tick,
            strike_milli=ladder.strike_milli,
            atm=atm,
            call=sides[0],
            put=sides[1],
            gamma=gamma,
            flow=self._flow(),
            signals=SignalLog(self._signal_rows(count), count),
            gaps=tuple(timeline.gaps[: timeline.gap_count]),
            counts=self.counts(),
            events_per_s=playing.events_per_s,
            loaded=timeline.loaded,
            notes=playing.notes,
        )

    def counts(self) -> Counts:
        """Return what has been folded up to the playhead."""
        under = self._timeline.state.under[0]
        return Counts(
            events=int(under["events"]),
            quotes=int(under["quotes"]),
            trades=int(under["trades"]),
            cancels=int(under["cancels"]),
            gaps=int(under["gaps"]),
            dropped=int(under["rejected"]),
            signals=int(under["signals"]),
        )

    def detail(self, cid: int) -> Detail:
        """Return one contract in full, with its last minute of tape."""
        timeline = self._timeline
        state, now = timeline.state, timeline.clock
        cell, static = state.cells[cid], state.static[cid]
        contract = self._contracts[cid]
        spot = int(state.under["spot"][0])
        pair = _pair(cid, int(static["twin"]), contract.right)
        ladder = _Ladder(
            np.array([contract.strike_milli]),
            np.array([pair[0]]),
            np.array([pair[1]]),
            int(static["settle_ns"]),
        )
        call, put = _quoted(timeline, ladder, spot, now, self._fold)
        leg = call if contract.right == "C" else put
        iv = float(leg.iv[0])
        table = _greeks_at(spot, contract.strike, ladder.settle_ns, now, iv, static["cp"], self._fold)
        prints, volume, mids = self._last_minute(cid)
        rows = self._signal_rows(timeline.signal_count)[: timeline.signal_count]
        fired = [row.rule for row in rows if row.cid == cid]
        last_ts = int(cell["last_ts"])
        return Detail(
            contract=contract,
            cid=cid,
            tape_ns=now,
            bid=int(cell["bid"]),
            ask=int(cell["ask"]),
            bid_size=int(cell["bid_size"]),
            ask_size=int(cell["ask_size"]),
            quote_age_s=float(leg.age_s[0]),
            last=int(cell["last"]),
            last_side=int(cell["last_side"]),
            last_age_s=(now - last_ts) / NS if last_ts else nan,
            fmv=int(cell["fmv"]),
            volume=int(leg.volume[0]),
            buy=int(cell["buy"]),
            sell=int(cell["sell"]),
            oi=int(cell["oi"]),
            premium_usd=float(leg.premium_usd[0]),
            net_premium_usd=float(leg.net_premium_usd[0]),
            net_delta_flow=float(leg.net_delta_flow[0]),
            iv=iv,
            iv_status=self._iv_status(leg, spot),
            delta=float(table.delta[0]),
            gamma=float(table.gamma[0]),
            theta=float(table.theta[0]) / 525_600,
            vega=float(table.vega[0]) / 100,
            volume_by_s=volume,
            mid_by_s=mids,
            prints=prints,
            signals=tuple((rule, fired.count(rule)) for rule in RULE_NAMES if rule in fired),
        )

    # --- parts --------------------------------------------------------------------------------------

    def _ladder(self, expiry: date) -> _Ladder:
        by_strike: dict[int, dict[str, int]] = {}
        settle = 0
        for cid, contract in enumerate(self._contracts, 1):
            if contract.expiry != expiry:
                continue
            rights = by_strike.setdefault(contract.strike_milli, {})
            # Where two roots list the same strike, the first root of the underlying is the one shown.
            if contract.right not in rights or contract.root == self._underlying.roots[0]:
                rights[contract.right] = cid
                settle = int(self._timeline.state.static[cid]["settle_ns"])
        strikes = sorted(by_strike)
        call, put = (np.array([by_strike[k].get(right, -1) for k in strikes], np.int64) for right in "CP")
        return _Ladder(np.array(strikes, np.int64), call, put, settle)

    def _shown(self, asked: date | None, now: int) -> date | None:
        if asked in self._ladders:
            return asked
        alive = [expiry for expiry in self.expiries if self._ladders[expiry].settle_ns > now]
        return next(iter(alive or self.expiries[-1:]), None)

    def _window(self, ladder: _Ladder | None, spot: int) -> tuple[_Ladder, int]:
        """Return the strikes around the money and which of them is at it, -1 without a spot."""
        nothing = np.zeros(0, np.int64)
        if ladder is None:
            return _Ladder(nothing, nothing, nothing, 0), -1
        self._tracker.on_spot(spot)
        atm = self._tracker.atm_milli
        if atm is None or spot == MISSING:
            middle, centre = len(ladder.strike_milli) // 2, -1
        else:
            middle = centre = int(np.argmin(np.abs(ladder.strike_milli - atm)))
        low = max(middle - self._strikes, 0)
        part = slice(low, middle + self._strikes + 1)
        shown = _Ladder(ladder.strike_milli[part], ladder.call[part], ladder.put[part], ladder.settle_ns)
        return shown, centre - low if centre >= 0 else -1

    def _gamma(self, ladder: _Ladder | None, legs: tuple[Leg, Leg], spot: int) -> Gamma:
        if ladder is None or spot == MISSING:
            return _no_gamma("no expiration is listed" if ladder is None else "no spot yet")
        call, put = legs
        strike = ladder.strike_milli / 1000
        listed = np.concatenate([call.cid >= 0, put.cid >= 0])
        both = np.concatenate([strike, strike])[listed]
        left = years(ladder.settle_ns, self._timeline.clock)
        book = Book(
            strike=both,
            sign=np.repeat([1.0, -1.0], len(strike))[listed],
            years=np.full(len(both), left),
            iv=np.concatenate([call.iv, put.iv])[listed],
            weight=np.concatenate([_known(call.oi), _known(put.oi)])[listed],
            multiplier=float(self._underlying.multiplier),
        )
        found = exposure(book, spot / PRICE_SCALE, self._fold.rate, self._fold.dividend)
        return _gamma_of(
            found, self._moves(strike, call, put, left), max_pain(strike, _known(call.oi), _known(put.oi))
        )

    def _moves(self, strike: Floats, call: Leg, put: Leg, left: float) -> float | None:
        call_mid, put_mid = _mid(call), _mid(put)
        forward = implied_forward(strike, call_mid, put_mid, left, self._fold.rate)
        return None if forward is None else expected_move(strike, call_mid, put_mid, forward)

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

    def _signal_rows(self, count: int) -> list[SignalRow]:
        """Return the rows of all signals seen so far, at least `count`; the list only ever grows."""
        for signal in self._timeline.signals[len(self._rows) : count]:
            self._rows.append(signal_row(signal, self._contracts[int(signal["cid"])]))
        return self._rows

    def _iv_status(self, leg: Leg, spot: int) -> str:
        if spot == MISSING:
            return "no spot yet"
        if not isnan(leg.iv[0]):
            return STATUS_NAMES[OK]
        return "no two-sided quote" if leg.bid[0] <= 0 or leg.ask[0] <= leg.bid[0] else "no time value"

    def _last_minute(self, cid: int) -> tuple[tuple[Print, ...], tuple[int, ...], tuple[int, ...]]:
        """Return (last prints newest first, volume by second, mid by second) of the last minute."""
        timeline = self._timeline
        since = timeline.clock - DETAIL_SECONDS * NS
        events = timeline.recent(cid, since)
        trades = events[events["kind"] == TRADE]
        quotes = events[(events["kind"] == QUOTE) & (events["p1"] > 0) & (events["p2"] > 0)]
        second = np.clip((trades["ts"] - since) // NS, 0, DETAIL_SECONDS - 1)
        volume = np.bincount(second, trades["s1"], DETAIL_SECONDS).astype(np.int64)
        mids = np.full(DETAIL_SECONDS, MISSING, np.int64)
        mids[np.clip((quotes["ts"] - since) // NS, 0, DETAIL_SECONDS - 1)] = (
            quotes["p1"].astype(np.int64) + quotes["p2"]
        ) // 2
        for i in range(1, DETAIL_SECONDS):
            if mids[i] == MISSING:
                mids[i] = mids[i - 1]
        return self._prints(cid), tuple(volume.tolist()), tuple(mids.tolist())

    def _prints(self, cid: int) -> tuple[Print, ...]:
        """Return the last prints of the contract, newest first, with the sides the fold gave them."""
        events, sides = self._timeline.recent_trades(cid)
        last = list(zip(events[-DETAIL_PRINTS:], sides[-DETAIL_PRINTS:], strict=True))
        return tuple(
            Print(
                ts_ns=int(event["ts"]),
                price=int(event["p1"]),
                size=int(event["s1"]),
                side=int(side["side"]),
                confidence=int(side["confidence"]) / 100,
                rule=SIDE_RULES[int(side["rule"])],
                condition=label(int(event["cond"])),
            )
            for event, side in reversed(last)
        )


def signal_row(signal: np.void, contract: Contract) -> SignalRow:
    """Return a fired signal as a person reads it."""
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


def _quoted(timeline: Timeline, ladder: _Ladder, spot: int, now: int, fold: FoldParams) -> tuple[Leg, Leg]:
    """Return both legs of a ladder; volatilities come from the out-of-the-money quotes as they stand."""
    cells = timeline.state.cells
    strike = ladder.strike_milli / 1000
    iv = np.full(len(strike), nan)
    left = years(ladder.settle_ns, now)
    if spot != MISSING and left > 0 and len(strike):
        dollars = spot / PRICE_SCALE
        above = strike >= dollars
        use_call = np.where(above, ladder.call >= 0, ladder.put < 0)
        cid = np.where(use_call, ladder.call, ladder.put)
        quote = cells[cid]
        mid = (quote["bid"].astype(np.float64) + quote["ask"]) / (2 * PRICE_SCALE)
        good = (cid >= 0) & (quote["bid"] > 0) & (quote["ask"] > quote["bid"])
        price = np.where(good, mid, nan)
        iv, _ = implied_vols(
            price, dollars, strike, left, fold.rate, fold.dividend, np.where(use_call, 1.0, -1.0)
        )
        # Without a two-sided quote the volatility the fold last measured still stands.
        iv = np.where(np.isnan(iv), np.where(cid >= 0, quote["iv"], nan), iv)
    legs = []
    for cids, cp in ((ladder.call, 1.0), (ladder.put, -1.0)):
        own = np.where(cids >= 0, iv, nan)
        table = _greeks_at(spot, strike, ladder.settle_ns, now, own, cp, fold)
        legs.append(_leg(cells, cids, cp, own, table, now, timeline.tape.info.underlying.multiplier))
    return legs[0], legs[1]


def _greeks_at(
    spot: int,
    strike: Floats | float,
    settle_ns: int,
    now: int,
    iv: Floats | float,
    cp: float,
    fold: FoldParams,
) -> GreekTable:
    dollars = nan if spot == MISSING else spot / PRICE_SCALE
    return greeks(dollars, strike, years(settle_ns, now), fold.rate, fold.dividend, iv, cp)


def _leg(
    cells: np.ndarray, cids: Ints, cp: float, iv: Floats, table: GreekTable, now: int, multiplier: int
) -> Leg:
    row = cells[cids]
    oi = row["oi"].astype(np.int64)
    gex = np.where(oi == MISSING, nan, cp * table.gamma * oi * multiplier)
    quoted = row["quote_ts"] > 0

    def whole(name: str) -> Ints:
        return row[name].astype(np.int64)

    return Leg(
        cid=cids,
        bid=whole("bid"),
        ask=whole("ask"),
        bid_size=whole("bid_size"),
        ask_size=whole("ask_size"),
        last=whole("last"),
        fmv=whole("fmv"),
        volume=row["volume"] - row["cancelled"],
        buy=row["buy"],
        sell=row["sell"],
        oi=oi,
        iv=iv,
        delta=table.delta,
        gamma=table.gamma,
        gex=gex,
        premium_usd=row["premium"] / PRICE_SCALE,
        net_premium_usd=(row["buy_premium"] - row["sell_premium"]) / PRICE_SCALE,
        net_delta_flow=row["delta_flow"],
        age_s=np.where(quoted, (now - row["quote_ts"]) / NS, nan),
    )


def _pair(cid: int, twin: int, right: str) -> tuple[int, int]:
    other = twin if twin > 0 else -1
    return (cid, other) if right == "C" else (other, cid)


def _known(oi: Ints) -> Floats:
    return np.where(oi == MISSING, nan, oi)


def _mid(leg: Leg) -> Floats:
    good = (leg.bid > 0) & (leg.ask > leg.bid)
    return np.where(good, (leg.bid + leg.ask) / (2 * PRICE_SCALE), nan)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _no_gamma(reason: str) -> Gamma:
    nothing = None
    return Gamma(
        nothing, nothing, nothing, nothing, nothing, nothing, nothing, nothing, reason, (), nothing, nothing,
        CONVENTION, reason,
    )  # fmt: skip


def _gamma_of(found: Exposure, move: float | None, pain: float | None) -> Gamma:
    zero = found.zero_gamma
    return Gamma(
        net=_finite(found.total_net),
        call=_finite(found.total_call),
        put=_finite(found.total_put),
        gross=_finite(found.total_gross),
        call_wall=found.call_wall,
        put_wall=found.put_wall,
        max_gex_strike=found.max_gex_strike,
        zero_gamma=zero.headline,
        zero_gamma_reason=zero.reason,
        zero_gamma_roots=zero.roots,
        max_pain=pain,
        expected_move=move,
        convention=CONVENTION,
        missing_reason="" if found.used else zero.reason,
    )
