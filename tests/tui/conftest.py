"""Views to paint: a realistic SPY chain around 681, made from arithmetic alone, the same on every run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import fields, replace
from datetime import date
from math import erf, exp, sqrt
from typing import Any

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.message import Message
from textual.widget import Widget

from engine.analytics.exposure_choice import CONVENTIONS, METRICS, ExposureChoice, Metric
from engine.model.contracts import Contract
from engine.model.events import MISSING, NS, PRICE_SCALE
from engine.tape.link import Lag, Link
from engine.views.queries import (
    CHANNELS,
    VELOCITY_S,
    FlowLines,
    FlowQuery,
    Heat,
    HeatQuery,
    PastMoment,
    PastProfile,
    PastProfileQuery,
    Query,
    Score,
    Scoreboard,
    ScoreQuery,
    SignalTape,
    SignalTapeQuery,
    SignalTapeTick,
    Smile,
    SmileQuery,
    Top,
    TopQuery,
    TopRow,
    WhatIfComparison,
    WhatIfQuery,
)
from engine.views.view import (
    ChainStats,
    Counts,
    Dealer,
    Detail,
    ExpiryTotals,
    Flow,
    Gamma,
    Leg,
    Print,
    SignalHistory,
    SignalRow,
    StrikeExposure,
    Totals,
    View,
)
from tests.fakes.pilot import SteadyPilot, driving
from tui.screen.theme import DEFAULT_THEME, register

DAY = date(2025, 12, 16)
MINUTE_NS = 60_000_000_000
OPEN_NS = 1_765_895_400 * 1_000_000_000  # 09:30 exchange time
CLOSE_NS = OPEN_NS + 390 * MINUTE_NS
NOW_NS = OPEN_NS + 191 * MINUTE_NS + 7_200_000_000  # 12:41:07.2
SPOT = 681.42

ViewMaker = Callable[..., View]


def contract(strike: int, right: str) -> Contract:
    """Build one of the day's contracts."""
    return Contract("SPY", DAY, right, strike * 1000)


def leg(right: str, strikes: np.ndarray, *, step: int = 0, spot: float = SPOT) -> Leg:
    """Build one side: prices of a plain normal model, volume heaped near spot, open interest on fives."""
    n = len(strikes)
    sign = 1.0 if right == "C" else -1.0
    z = (spot - strikes) / 2.2
    cdf = np.array([0.5 * (1 + erf(value / sqrt(2))) for value in z])
    pdf = np.array([exp(-value * value / 2) / sqrt(2 * np.pi) for value in z])
    worth = sign * (spot - strikes) * (cdf if right == "C" else 1 - cdf) + 2.2 * pdf
    mid = np.maximum(1, np.rint(worth * 100)).astype(np.int64) * 100
    round_five = 1 + (strikes % 5 == 0)
    volume = np.floor(30_000 * pdf * round_five + (strikes * 37 + step * 13) % 97).astype(np.int64) + step
    oi = (2_000 + (strikes * (7919 if right == "C" else 6101)) % 11_000) * round_five
    lean = np.sin(strikes * (1.3 if right == "C" else 2.1)) * 0.3
    premium = volume * mid / PRICE_SCALE * 100
    gamma = pdf / 2.2
    return Leg(
        cid=np.arange(n) * 2 + (1 if right == "C" else 2),
        bid=mid - 100,
        ask=mid + 100,
        bid_size=np.full(n, 410),
        ask_size=np.full(n, 388),
        last=mid + (step % 3 - 1) * 100,
        fmv=mid + 30,
        volume=volume,
        buy=(volume * 0.45).astype(np.int64),
        sell=(volume * 0.35).astype(np.int64),
        oi=oi,
        iv=0.148 + ((strikes - spot) / 100) ** 2,
        delta=cdf if right == "C" else cdf - 1,
        gamma=gamma,
        gex=sign * gamma * oi * 100,
        premium_usd=premium,
        net_premium_usd=premium * lean,
        net_delta_flow=volume * lean * 50,
        age_s=np.where(np.abs(strikes - spot) > 14, 47.0, 0.4),
    )


def rows_of_signals() -> list[SignalRow]:
    """Build one signal of each rule and a few more, oldest first."""
    return [
        signal(
            170, "volume_spike", contract(682, "C"), "buy", 10_200, 10_700, "960 in 10 s, 11 times the usual"
        ),
        signal(
            171,
            "price_move",
            contract(679, "P"),
            "sell",
            4_100,
            3_600,
            "-12.2 % in 5 s beyond what delta says",
        ),
        signal(
            190.5,
            "volume_spike",
            contract(682, "C"),
            "buy",
            10_200,
            10_700,
            "960 in 10 s, 11 times the usual",
        ),
        signal(
            190.67,
            "fmv_divergence",
            contract(690, "C"),
            "neutral",
            1_450,
            1_450,
            "mid 0.145 against fmv 0.121",
        ),
        signal(
            191.05,
            "price_move",
            contract(676, "P"),
            "sell",
            2_700,
            3_200,
            "+18.2 % in 5 s on 3,112 contracts",
        ),
        signal(
            191.08,
            "spread_tightening",
            contract(680, "P"),
            "neutral",
            8_700,
            8_700,
            "spread 0.04 to 0.01 for 3 s",
        ),
        signal(
            191.1,
            "volume_spike",
            contract(685, "C"),
            "buy",
            22_100,
            23_400,
            "1,840 in 1 s, 20 times the usual",
        ),
    ]


def signal(
    minute: float,
    rule: str = "volume_spike",
    of: Contract | None = None,
    direction: str = "buy",
    before: int = 22_100,
    after: int = 23_400,
    reason: str = "1,840 in 1 s, 20 times the usual",
    **changes: Any,
) -> SignalRow:
    """Build a signal at so many minutes after the open."""
    target = of or contract(685, "C")
    row = SignalRow(
        ts_ns=OPEN_NS + int(minute * MINUTE_NS),
        rule=rule,
        contract=target,
        cid=target.strike_milli // 1000,
        direction=direction,
        strength=0.8,
        side_confidence=0.7,
        mid_before=before,
        mid_after=after,
        evidence=(("z", 6.2), ("volume", 1840.0), ("ratio", 20.0), ("premium_usd", 412_000.0)),
        reason=reason,
        version="default",
    )
    return replace(row, **changes)


def gamma_of(call: Leg, put: Leg) -> Gamma:
    """Sum the legs, and put walls and flip where the chain's picture wants them."""
    total_call, total_put = float(call.gex.sum()), float(put.gex.sum())
    return Gamma(
        net=total_call + total_put,
        call=total_call,
        put=total_put,
        gross=total_call - total_put,
        call_wall=685.0,
        put_wall=675.0,
        max_gex_strike=680.0,
        zero_gamma=679.8,
        zero_gamma_reason="",
        zero_gamma_roots=(679.8,),
        max_pain=681.0,
        expected_move=3.1,
        convention="assumed",
        missing_reason="",
        basis="oi",
        scope="one",
        summed=(DAY,),
        totals=totals_of(call, put),
        by_expiry=(ExpiryTotals(DAY, dict.fromkeys(METRICS, total_call + total_put), 681.0),),
        dealers=tuple(
            Dealer(convention, net, flip, "")
            for convention, net, flip in zip(
                CONVENTIONS, (1.2e6, -4.0e5, 8.0e5), (679.8, 683.1, 681.2), strict=True
            )
        ),
        band=(679.8, 683.1),
        confidence=0.64,
        unclassified=0.13,
    )


def totals_of(call: Leg, put: Leg) -> dict[Metric, Totals]:
    """Sum what `exposures_of` gives every strike."""
    return {
        metric: Totals(*(float(getattr(each, name).sum()) for name in ("call", "put", "net", "gross")))
        for metric, each in exposures_of(call, put).items()
    }


def exposures_of(call: Leg, put: Leg) -> dict[Metric, StrikeExposure]:
    """Give every metric the legs' gamma exposure, each in a size of its own."""
    return {
        metric: StrikeExposure(
            call.gex * size,
            put.gex * size,
            (call.gex + put.gex) * size,
            (np.abs(call.gex) + np.abs(put.gex)) * size,
        )
        for metric, size in zip(METRICS, (1.0, -4.0, 0.05, 0.002), strict=True)
    }


def build_view(*, step: int = 0, span: int = 25, **changes: Any) -> View:
    """Build the day at 12:41; `step` moves prints and clock, `span` is strikes each side."""
    strikes = np.arange(681 - span, 682 + span)
    spot = SPOT + (step % 7) * 0.01
    call, put = leg("C", strikes, step=step, spot=spot), leg("P", strikes, step=step, spot=spot)
    signals = rows_of_signals()
    view = View(
        generation=1,
        version=step + 1,
        symbol="SPY",
        symbols=("SPY", "QQQ", "SPX", "NDX", "IWM", "DIA"),
        source="simulated",
        badge="REPLAY",
        day=DAY,
        tape_ns=NOW_NS + step * 100_000_000,
        start_ns=OPEN_NS,
        end_ns=CLOSE_NS,
        paused=False,
        finished=False,
        speed=10.0,
        spot=round(spot * PRICE_SCALE),
        spot_origin="tape",
        prev_close=round(679.55 * PRICE_SCALE),
        expiry=DAY,
        expiries=(DAY, date(2025, 12, 17), date(2025, 12, 18)),
        settle_ns=CLOSE_NS,
        multiplier=100,
        tick=100,
        strike_milli=strikes * 1000,
        atm=span,
        call=call,
        put=put,
        gamma=gamma_of(call, put),
        flow=Flow(4.2e6, 6.1e6, 2.2e6, -4.1e6, -1.2e5, 3.0e3, 410_000, 380_000, 120_000, net_delta_5m=9.1e3),
        signals=SignalHistory(signals, len(signals)),
        gaps=((OPEN_NS + 44 * MINUTE_NS, OPEN_NS + 47 * MINUTE_NS),),
        counts=Counts(2_300_000, 2_050_000, 240_000, 310, 1, 0, len(signals)),
        events_per_s=118_000.0,
        loaded=1.0,
        notes=("This day is simulated; to go live put MASSIVE_API_KEY into .env.",),
        exposures=exposures_of(call, put),
        chain=ChainStats(680.0, 4.8, 0.148, 0.002, 0.97, 1.9, 1.4, 2.9),
    )
    return replace(view, **changes)


def build_empty(**changes: Any) -> View:
    """Build the moment before the first quote: strikes are listed, every number is missing."""
    full = build_view()
    n = len(full.strike_milli)
    prices = {name: np.full(n, MISSING) for name in ("bid", "ask", "last", "fmv", "oi")}
    floats = {name: np.full(n, np.nan) for name in ("iv", "delta", "gamma", "gex", "age_s")}
    zeros = {name: np.zeros(n, np.int64) for name in ("volume", "buy", "sell", "bid_size", "ask_size")}
    money = {name: np.zeros(n) for name in ("premium_usd", "net_premium_usd", "net_delta_flow")}
    bare = prices | floats | zeros | money
    nothing = Gamma(
        *[None] * 7, None, "no quotes yet", (), None, None, "assumed", "no open interest yet",
        "oi", "one", (), dict.fromkeys(METRICS, Totals(*[None] * 4)), (),
        tuple(Dealer(convention, None, None, "no quotes yet") for convention in CONVENTIONS), *[None] * 3,
    )  # fmt: skip
    unknown = np.full(n, np.nan)
    view = replace(
        full,
        call=replace(full.call, **bare),
        put=replace(full.put, **bare),
        gamma=nothing,
        exposures=dict.fromkeys(METRICS, StrikeExposure(unknown, unknown, unknown, unknown)),
        chain=ChainStats(),
        flow=Flow(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0),
        spot=MISSING,
        prev_close=MISSING,
        atm=-1,
        signals=SignalHistory([], 0),
        gaps=(),
        tape_ns=OPEN_NS,
        notes=(),
    )
    return replace(view, **changes)


def build_live(badge: str = "LIVE", *, behind_s: float = 0, link: Link | None = None, **changes: Any) -> View:
    """Build the same moment of a day that goes on, the screen so many seconds behind its front."""
    told = link or Link(state="connected", spot_origin="stocks feed", reconciled=0.983)
    front_ns = NOW_NS + int(behind_s * NS)
    feed = told if badge == "REWIND" else replace(told, badge=badge)
    view = build_view(badge=badge, source="massive", speed=1.0, live_ns=front_ns, link=feed, notes=())
    counts = replace(view.counts, dropped=feed.dropped)
    return replace(view, **{"lag": Lag(31.4, 118.2), "counts": counts} | changes)


def build_unbegun(note: str = "Waiting for the chain …", **changes: Any) -> View:
    """Build a live day before its first contract."""
    view = build_empty(badge="GAP", live_ns=OPEN_NS, link=Link("GAP", "waiting", note=note))
    nothing = np.zeros(0)
    none = {each.name: np.zeros(0, getattr(view.call, each.name).dtype) for each in fields(Leg)}
    return replace(
        view,
        source="massive",
        strike_milli=view.strike_milli[:0],
        call=Leg(**none),
        put=Leg(**none),
        expiry=None,
        expiries=(),
        exposures=dict.fromkeys(METRICS, StrikeExposure(nothing, nothing, nothing, nothing)),
        counts=Counts(0, 0, 0, 0, 0, 0, 0),
        events_per_s=0.0,
        **changes,
    )


def build_detail(**changes: Any) -> Detail:
    """Build the 685 call at 12:41."""
    prints = tuple(
        Print(NOW_NS - second * 700_000_000, 23_500 - 100 * (second % 2), size, side, 0.8, "quote", condition)
        for second, (size, side, condition) in enumerate(
            ((1840, 1, "sweep"), (50, 0, ""), (12, -1, ""), (3, 1, ""))
        )
    )
    detail = Detail(
        contract=contract(685, "C"),
        cid=685,
        tape_ns=NOW_NS,
        bid=23_300,
        ask=23_500,
        bid_size=410,
        ask_size=388,
        quote_age_s=0.3,
        last=23_400,
        last_side=1,
        last_age_s=0.3,
        fmv=23_220,
        volume=14_224,
        buy=9_100,
        sell=3_100,
        oi=3_400,
        premium_usd=3_312_000.0,
        net_premium_usd=442_000.0,
        net_delta_flow=21_000.0,
        iv=0.148,
        iv_status="ok",
        delta=0.412,
        gamma=0.081,
        theta=-0.0037,
        vega=0.044,
        volume_by_s=tuple((second * second * 7) % 61 for second in range(60)),
        mid_by_s=tuple([MISSING] * 5 + [22_800 + (second * 37) % 700 for second in range(55)]),
        prints=prints,
        signals=(("volume_spike", 3), ("spread_tightening", 1)),
    )
    return replace(detail, **changes)


def spot_path(t: np.ndarray) -> np.ndarray:
    """Return a morning's spot in price units: down to 678, up to 684, then to the view's."""
    wave = 2.4 * np.sin(t / 29) + 1.1 * np.sin(t / 7.3) + 0.4 * np.sin(t / 2.1)
    return np.rint((SPOT + wave - wave[-1:].sum()) * PRICE_SCALE).astype(np.int64)


def build_heat(query: HeatQuery, *, minutes: int = 192, view: View | None = None) -> Heat:
    """Build a day so far: walls of gamma at 675 and 685, exposure that gathers at the spot."""
    strikes = (view or build_view()).strike_milli
    t = np.arange(minutes)
    times = OPEN_NS + (t + 1) * MINUTE_NS
    times[-1:] = min(NOW_NS, OPEN_NS + minutes * MINUTE_NS)
    spot = spot_path(t)
    away = (strikes[:, None] / 1000 - spot[None, :] / PRICE_SCALE) / (3.4 - 1.2 * t / 390)
    near = np.exp(-away * away / 2)
    wall = 1 + 3 * (strikes == 685_000) - 4.2 * (strikes == 675_000)
    sign = np.where(strikes >= 679_800, 1.0, -1.0) * np.abs(wall)
    values = {
        "gex": 21_000 * near * sign[:, None] * (1 + t / 300),
        "flow": 60_000 * near * np.sin(strikes[:, None] / 1700 + t / 23),
        "charm": 900 * near * away * sign[:, None],
    }[query.metric]
    values = np.where((t >= 44) & (t < 47), np.nan, values)
    if query.since_ns is not None:
        values = values - values[:, int(np.searchsorted(times, query.since_ns)), None]
    unit = {"gex": "shares per $1", "flow": "shares", "charm": "shares per minute"}[query.metric]
    return Heat(query.metric, query.since_ns, "assumed", unit, times, strikes, values, spot)


def build_flow(*, samples: int = 2_292) -> FlowLines:
    """Build a day so far in steps of five seconds."""
    t = np.arange(samples) / 12
    size = {
        "call_premium": 4.2e6, "put_premium": -6.1e6, "net_delta": 1.2e5, "net_gamma": 3.0e3, "hedge": 8.2e7,
        "hedge_call": 5.0e7, "hedge_put": -3.1e7, "hedge_above": 4.4e7, "hedge_below": 1.9e7,
        "hedge_same_day": 7.7e7, "hedge_retail": 1.4e7,
    }  # fmt: skip
    lines = np.array(
        [
            size[name] * (t / 190) ** 0.8 * (0.8 + 0.3 * np.sin(t / (9 + 2 * n)) + 0.05 * np.sin(t * 3 + n))
            for n, name in enumerate(CHANNELS)
        ]
    )
    velocity = np.full((len(CHANNELS), len(VELOCITY_S)), np.nan)
    for n, seconds in enumerate(VELOCITY_S):
        steps = seconds // 5
        if samples > steps:
            velocity[:, n] = (lines[:, -1] - lines[:, -1 - steps]) / seconds
    return FlowLines(OPEN_NS + np.arange(1, samples + 1) * 5_000_000_000, spot_path(t), lines, velocity)


def build_smile(view: View | None = None, **changes: Any) -> Smile:
    """Build a skewed smile; the wings have wide errors, and the farthest strikes no quote."""
    strikes = (view or build_view()).strike_milli
    x = strikes / 1000 - SPOT
    fitted = 0.138 + 0.0011 * x * x / 3 - 0.0035 * x * (np.abs(x) < 30)
    iv = fitted + 0.002 * np.sin(strikes / 700)
    far = np.abs(x) > 21
    smile = Smile(
        expiry=DAY,
        strike_milli=strikes,
        iv=np.where(far, np.nan, iv),
        error=np.where(far, np.nan, 0.001 + 0.00005 * x * x),
        fitted=np.where(np.abs(x) > 23, np.nan, fitted),
        vendor=np.where(np.abs(x) > 17, np.nan, fitted + 0.006),
        forward=681.53,
        atm_iv=0.1379,
        atm_error=0.0012,
    )
    return replace(smile, **changes)


def build_top(query: TopQuery) -> Top:
    """Build ten rows of a ranking."""
    rows = []
    for rank in range(10):
        strike, right = 681 + (rank * 7) % 11 - 5, "CP"[rank % 2]
        by_strike = not query.contracts
        row = TopRow(
            contract=None if by_strike else contract(strike, right),
            strike_milli=strike * 1000,
            expiry=DAY,
            volume=38_200 - 2_900 * rank,
            oi=None if rank == 7 and query.by != "oi" else 14_300 - 911 * rank,
            put_call=9.4 / (rank + 1),
            premium_usd=3.1e6 / (rank + 1),
            net_premium_usd=(-1) ** rank * 8.4e5 / (rank + 1),
        )
        rows.append(row)
    return Top(query.by, tuple(rows))


def build_around(index: int) -> SignalTape:
    """Build a minute and a half of tape around a signal: a quiet minute, then a jump and prints."""
    row = rows_of_signals()[index]
    start = row.ts_ns // NS * NS
    ticks = tuple(
        SignalTapeTick(
            start + s * NS, round(22_000 + 300 * np.sin(s / 9)) + 1_200 * (s > 0), (s * s * 7) % 61
        )
        for s in range(-60, 31)
    )
    prints = tuple(
        Print(row.ts_ns + n * NS // 10, 23_000 + 10 * n, 100 + n * n, n % 3 - 1, 0.8, "at ask", "")
        for n in range(-6, 6)
    )
    return SignalTape(index, ticks, prints)


def build_board() -> Scoreboard:
    """Build a scoreboard of three horizons in which one rule has no direction and one few signals."""
    rates = {"volume_spike": 0.61, "spread_tightening": None, "wall_break": 0.38}
    scores = tuple(
        Score(name, horizon, n, n * 0.8, rate, 0.48, 0.7, 0.55, None if rate is None else rate - 0.5)
        for (name, rate), n in zip(rates.items(), (41, 30, 9), strict=True)
        for horizon in (60, 300, 900)
    )
    return Scoreboard(scores, (("volume_spike", 6.1), ("spread_tightening", 4.4), ("wall_break", 1.3)))


def build_comparison() -> WhatIfComparison:
    """Build what another threshold of the volume spike changes."""
    then = build_board()
    now = replace(then, alerts_per_h=(("volume_spike", 3.4), *then.alerts_per_h[1:]))
    gone = tuple((row.ts_ns, row.rule, row.contract) for row in rows_of_signals())
    return WhatIfComparison(("volume_spike.z=5",), 1.0, then, now, 20, ((OPEN_NS, "wall_break", None),), gone)


def build_past_profile(of: PastMoment = "five_minutes", **changes: Any) -> PastProfile:
    """Build an earlier profile: half of what stands in the view, or at the open the opposite."""
    view = build_view()
    net = view.exposures["gamma"].net * (0.5 if of == "five_minutes" else -1.0)
    at_ns = NOW_NS - NOW_NS % MINUTE_NS - 5 * MINUTE_NS if of == "five_minutes" else OPEN_NS + MINUTE_NS
    return replace(PastProfile(ExposureChoice(), at_ns, view.strike_milli, net), **changes)


def build_answer(query: Query[Any]) -> Any:
    """Answer any query of the views that take the ladder's place."""
    match query:
        case HeatQuery():
            return build_heat(query)
        case PastProfileQuery(of):
            return build_past_profile(of)
        case FlowQuery():
            return build_flow()
        case SmileQuery():
            return build_smile()
        case TopQuery():
            return build_top(query)
        case SignalTapeQuery(index):
            return build_around(index)
        case ScoreQuery():
            return build_board()
        case WhatIfQuery():
            return build_comparison()
    raise AssertionError(query)


def build_no_answer(query: Query[Any]) -> Any:
    """Answer any of these queries at the open, when nothing is known."""
    match query:
        case HeatQuery():
            heat = build_heat(query, minutes=1)
            return replace(heat, values=heat.values * np.nan, spot=np.full(1, MISSING))
        case FlowQuery():
            return build_flow(samples=0)
        case SmileQuery():
            unknown = np.full(len(build_view().strike_milli), np.nan)
            return build_smile(
                iv=unknown, error=unknown, fitted=unknown, vendor=unknown,
                forward=None, atm_iv=None, atm_error=None,
            )  # fmt: skip
        case TopQuery():
            return Top(query.by, ())
    raise AssertionError(query)


@pytest.fixture
def no_answer() -> Callable[[Query[Any]], Any]:
    """Return what answers queries when nothing is known."""
    return build_no_answer


@pytest.fixture
def make_answer() -> Callable[[Query[Any]], Any]:
    """Return what answers the queries of the ordinary view."""
    return build_answer


@pytest.fixture
def make_heat() -> Callable[..., Heat]:
    """Return the builder of a heat map."""
    return build_heat


@pytest.fixture
def make_past_profile() -> Callable[..., PastProfile]:
    """Return the builder of an earlier profile; keyword arguments replace its fields."""
    return build_past_profile


@pytest.fixture
def make_flow() -> Callable[..., FlowLines]:
    """Return the builder of flow lines."""
    return build_flow


@pytest.fixture
def make_smile() -> Callable[..., Smile]:
    """Return the builder of a smile; keyword arguments replace its fields."""
    return build_smile


@pytest.fixture
def make_top() -> Callable[[TopQuery], Top]:
    """Return the builder of a ranking."""
    return build_top


@pytest.fixture
def make_view() -> ViewMaker:
    """Return the builder of the ordinary view; keyword arguments replace its fields."""
    return build_view


@pytest.fixture
def empty_view() -> ViewMaker:
    """Return the builder of a view in which nothing is known yet."""
    return build_empty


@pytest.fixture
def live_view() -> ViewMaker:
    """Return the builder of a view of a day that goes on."""
    return build_live


@pytest.fixture
def unbegun_view() -> ViewMaker:
    """Return the builder of a live day before its first contract."""
    return build_unbegun


@pytest.fixture
def busy_view() -> Callable[[int], View]:
    """Return frame n of a busy day: every row differs from the frame before."""
    return lambda step: build_view(step=step)


@pytest.fixture
def make_detail() -> Callable[..., Detail]:
    """Return the builder of a contract in full; keyword arguments replace its fields."""
    return build_detail


@pytest.fixture
def make_signal() -> Callable[..., SignalRow]:
    """Return the builder of one signal, at so many minutes after the open."""
    return signal


class Stage(App[None]):
    """An app that shows one widget and nothing else, over the whole screen."""

    CSS = "Screen > * { width: 1fr; height: 1fr; }"

    def __init__(self, widget: Widget, theme: str) -> None:
        super().__init__()
        self.widget = widget
        self.posted: list[Message] = []
        register(self)
        self.theme = theme

    def compose(self) -> ComposeResult:
        """Show the widget."""
        yield self.widget

    def said(self, kind: type[Message]) -> Message | None:
        """Return the last message of a kind that anyone posted."""
        return next((message for message in reversed(self.posted) if isinstance(message, kind)), None)


@asynccontextmanager
async def on_stage(
    widget: Widget, width: int = 120, height: int = 30, theme: str = DEFAULT_THEME
) -> AsyncIterator[SteadyPilot]:
    """Run the widget alone on a screen of `width` x `height` cells."""
    app = Stage(widget, theme)
    async with driving(app, (width, height), message_hook=app.posted.append) as pilot:
        yield pilot


@pytest.fixture
def stage() -> Callable[..., Any]:
    """Return the context manager that runs one widget alone."""
    return on_stage
