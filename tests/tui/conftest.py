"""Views to paint: a realistic SPY chain around 681, made from arithmetic alone, the same on every run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from math import erf, exp, sqrt
from typing import Any

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget

from engine.events import MISSING, PRICE_SCALE
from engine.stance import CONVENTIONS, METRICS, Metric
from engine.symbols import Contract
from engine.view import (
    Chain,
    Counts,
    Dealer,
    Detail,
    ExpiryTotals,
    Flow,
    Gamma,
    Leg,
    Print,
    SignalLog,
    SignalRow,
    StrikeExposure,
    Totals,
    View,
)
from tui.theme import DEFAULT_THEME, register

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
        flow=Flow(4.2e6, 6.1e6, 2.2e6, -4.1e6, -1.2e5, 3.0e3, 410_000, 380_000, 120_000),
        signals=SignalLog(signals, len(signals)),
        gaps=((OPEN_NS + 44 * MINUTE_NS, OPEN_NS + 47 * MINUTE_NS),),
        counts=Counts(2_300_000, 2_050_000, 240_000, 310, 1, 0, len(signals)),
        events_per_s=118_000.0,
        loaded=1.0,
        notes=("This day is simulated; to go live put MASSIVE_API_KEY into .env.",),
        exposures=exposures_of(call, put),
        chain=Chain(680.0, 4.8, 0.148, 0.002, 0.97, 1.9, 1.4),
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
        chain=Chain(),
        flow=Flow(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0),
        spot=MISSING,
        prev_close=MISSING,
        atm=-1,
        signals=SignalLog([], 0),
        gaps=(),
        tape_ns=OPEN_NS,
        notes=(),
    )
    return replace(view, **changes)


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


@pytest.fixture
def make_view() -> ViewMaker:
    """Return the builder of the ordinary view; keyword arguments replace its fields."""
    return build_view


@pytest.fixture
def empty_view() -> ViewMaker:
    """Return the builder of a view in which nothing is known yet."""
    return build_empty


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
) -> AsyncIterator[Pilot[None]]:
    """Run the widget alone on a screen of `width` x `height` cells."""
    app = Stage(widget, theme)
    async with app.run_test(size=(width, height), message_hook=app.posted.append) as pilot:
        await pilot.pause()
        yield pilot


@pytest.fixture
def stage() -> Callable[..., Any]:
    """Return the context manager that runs one widget alone."""
    return on_stage
