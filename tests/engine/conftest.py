"""Builders for folds: a tape written event by event, a random mixed one, and a tape held in memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Self

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.fold.outcomes import HORIZONS_S
from engine.fold.params import PRESETS, FoldParams, SideParams, SignalParams, with_settings
from engine.fold.records import SIDE
from engine.fold.rules.catalogue import RULE_NAMES
from engine.fold.state import State, new_state
from engine.fold.step import step
from engine.fold.trade_side import METHOD_NAMES
from engine.model.calendar import session, settle_ns
from engine.model.contracts import Contract, ContractTable
from engine.model.events import (
    BAR,
    EVENT,
    FLAG_FILLED,
    FLAG_POLLED,
    FMV,
    GAP,
    MISSING,
    NS,
    OI,
    PREV_CLOSE,
    QUOTE,
    SPOT,
    TRADE,
    UNDERLYING,
    VENDOR,
    Events,
    empty_events,
    to_price,
)
from engine.model.underlyings import underlying
from engine.tape.tape import TapeInfo
from engine.views.study import Tally

SPY = underlying("SPY")
DAY = date(2025, 12, 16)
BASE_NS = session(DAY).open_ns + 30 * 60 * NS
CANCEL_CODE = 201
TICK = 100
CALL, PUT = 1, 2
NO_CHANGES: Mapping[str, float] = MappingProxyType({})


def listed() -> ContractTable:
    """List 685C as 1 and 685P as 2, then the pairs of 680 and 690 as 3 to 6."""
    return ContractTable(Contract("SPY", DAY, right, strike) for strike in STRIKES for right in "CP")


STRIKES = (685_000, 680_000, 690_000)


def fresh() -> State:
    """Build the state before the first event."""
    return new_state(listed(), lambda root, expiry: settle_ns(SPY, root, expiry), SPY.multiplier, TICK)


@dataclass
class Folded:
    """What a fold came to."""

    events: Events
    state: State
    signals: NDArray[np.void]
    sides: NDArray[np.void]

    def cell(self, cid: int = CALL) -> np.void:
        return self.state.cells[cid]

    @property
    def under(self) -> np.void:
        return self.state.under[0]

    @property
    def forward(self) -> np.void:
        """The spot of the only settlement."""
        return self.state.forwards[0]

    @property
    def heads(self) -> NDArray[np.void]:
        """The signals that stand alone, oldest first."""
        return self.signals[self.signals["parent"] < 0]

    def fired(self, rule: str) -> list[np.void]:
        """List the signals of one rule, oldest first."""
        return [row for row in self.signals if RULE_NAMES[row["rule"]] == rule]

    @property
    def decisions(self) -> list[tuple[int, int, str]]:
        """List (side, confidence in percent, rule name) of every trade."""
        trades = self.sides[self.events["kind"] == TRADE]
        return [(int(row["side"]), int(row["confidence"]), METHOD_NAMES[row["method"]]) for row in trades]

    @property
    def last_side(self) -> tuple[int, int, str]:
        return self.decisions[-1]


def run(events: Events, params: FoldParams | None = None, cuts: Iterable[int] = ()) -> Folded:
    """Fold events in batches that end at `cuts`."""
    state, packed = fresh(), (params or FoldParams()).pack()
    sides = np.zeros(len(events), SIDE)
    edges = [0, *cuts, len(events)]
    fired = [
        step(state, events[start:stop], packed, sides[start:stop])
        for start, stop in itertools.pairwise(edges)
    ]
    return Folded(events, state, np.concatenate(fired), sides)


@dataclass
class TapeBuilder:
    """Writes a tape in call order; `at` is seconds after 10:00 exchange time, prices are dollars.

    Left out, `at` is that of the event before.
    """

    rows: list[tuple[int, ...]] = field(default_factory=list)
    at: float = 0.0

    def put(
        self, kind: int, cid: int, at: float | None, p1: int = MISSING, p2: int = MISSING, s1: int = 0,
        s2: int = 0, cond: int = 0, exch: int = 1, flags: int = 0,
    ) -> Self:  # fmt: skip
        self.at = self.at if at is None else at
        ts = BASE_NS + round(self.at * NS)
        self.rows.append((ts, cid, p1, p2, s1, s2, cond, exch, kind, flags))
        return self

    def quote(
        self, bid: float = 2.45, ask: float = 2.50, at: float | None = None, cid: int = CALL,
        sizes: tuple[int, int] = (30, 40),
    ) -> Self:  # fmt: skip
        """Put a quote; nan is a missing side."""
        return self.put(QUOTE, cid, at, to_price(bid), to_price(ask), *sizes)

    def trade(
        self, price: float = 2.50, size: int = 10, at: float | None = None, cid: int = CALL, cond: int = 0,
        exch: int = 1, flags: int = 0,
    ) -> Self:  # fmt: skip
        return self.put(TRADE, cid, at, to_price(price), s1=size, cond=cond, exch=exch, flags=flags)

    def cancel(self, price: float = 2.50, size: int = 10, at: float | None = None, cid: int = CALL) -> Self:
        return self.trade(price, size, at, cid, CANCEL_CODE)

    def spot(self, price: float = 685.0, at: float | None = None) -> Self:
        return self.put(SPOT, UNDERLYING, at, to_price(price))

    def fmv(self, price: float, at: float | None = None, cid: int = CALL) -> Self:
        return self.put(FMV, cid, at, to_price(price))

    def oi(self, count: int, at: float | None = None, cid: int = CALL) -> Self:
        return self.put(OI, cid, at, s1=count)

    def gap(self, seconds: float, at: float | None = None) -> Self:
        return self.put(GAP, UNDERLYING, at, s1=round(seconds * 1000))

    def prev_close(self, price: float, at: float | None = None) -> Self:
        return self.put(PREV_CLOSE, UNDERLYING, at, to_price(price))

    @property
    def events(self) -> Events:
        return np.array(self.rows, EVENT)

    def fold(self, params: FoldParams | None = None) -> Folded:
        return run(self.events, params)


def bits(records: NDArray[np.void]) -> bytes:
    """Return every bit of every field, without the padding between fields, which means nothing."""
    if records.dtype.names is None:
        return np.ascontiguousarray(records).tobytes()
    return b"".join(bits(records[name]) for name in records.dtype.names)


def eager(base: SignalParams = PRESETS["default"], changes: Mapping[str, float] = NO_CHANGES) -> FoldParams:
    """Build parameters whose rules need no warm-up; the other thresholds stay those of `base`."""
    return FoldParams(signals=with_settings(base, {"mute_s": 0.0, **changes}))


def touchy(preset: str) -> FoldParams:
    """Build parameters under which a random tape fires every rule many times."""
    low = {
        "mute_s": 5, "cooldown_s": 5, "auction_s": 0.5, "levels_settle_s": 3,
        "volume_spike.warm_buckets": 3, "volume_spike.z": 1, "volume_spike.ratio": 1.2,
        "volume_spike.size": 1, "volume_spike.one_print": 1, "volume_spike.floor_usd": 0,
        "sweep.premium_usd": 0, "block.floor_usd": 0,
        "sweep.prints": 2, "sweep.window_s": 5, "sweep.exchanges": 1, "sweep.size": 20,
        "block.size": 20, "block.warm_prints": 50, "block.share": 0.5,
        "spread_tightening.ticks": 1, "spread_tightening.ratio": 0.8, "spread_tightening.hold_s": 0,
        "spread_tightening.hold_quotes": 1, "spread_tightening.size": 1, "spread_tightening.minutes": 1,
        "price_move.z": 2, "price_move.hold_s": 0, "price_move.percent": 2,
        "fmv_divergence.edge": 0.6, "fmv_divergence.hold_s": 0.1, "fmv_divergence.percent": 1,
        "zero_gamma_cross.share": 0.001, "wall_break.stood_s": 5, "wall_break.margin": 0.02,
        "regime_change.share": 0.001, "regime_change.stood_s": 5,
    }  # fmt: skip
    sides = SideParams(stale_s=20.0, stale_moved_s=2.0)
    return FoldParams(side=sides, signals=with_settings(PRESETS[preset], low))


# --- the random mixed tape ------------------------------------------------------------------------------


@dataclass
class _Market:
    """A crude market around 685 for the six listed contracts; prices in ticks."""

    rng: np.random.Generator
    spot: float = 685.0
    printed: list[tuple[int, int, int]] = field(default_factory=list)

    def mid(self, cid: int) -> int:
        strike, sign = STRIKES[(cid - 1) // 2] / 1000, 1 if cid % 2 else -1
        return int(100 * (max(sign * (self.spot - strike), 0.0) + 2.0))

    def quote(self, cid: int) -> dict[str, int]:
        mid, half = self.mid(cid) + int(self.rng.integers(-3, 4)), int(self.rng.choice([1, 2, 4, 5, 6]))
        bid, ask = (mid - half) * TICK, (mid + half) * TICK
        odd = self.rng.random()
        if odd < 0.02:
            bid, ask = ask, bid
        elif odd < 0.04:
            ask = bid
        elif odd < 0.06:
            bid = int(self.rng.choice([0, MISSING]))
        elif odd < 0.07:
            ask = MISSING
        s1, s2 = (int(size) for size in self.rng.integers(0, 60, 2))
        return {"p1": bid, "p2": ask, "s1": s1, "s2": s2}

    def trade(self, cid: int) -> dict[str, int]:
        if self.printed and self.rng.random() < 0.08:
            price, size, _ = self.printed[int(self.rng.integers(len(self.printed)))]
            return {"p1": price, "s1": size + int(self.rng.random() < 0.2), "cond": CANCEL_CODE}
        price = (self.mid(cid) + int(self.rng.integers(-6, 7))) * TICK
        size = int(self.rng.choice([0, 1, 5, 20, 400], p=[0.01, 0.4, 0.4, 0.17, 0.02]))
        cond = int(self.rng.choice([0, 209, 219, 227, self.rng.integers(195, 252)]))
        self.printed = [*self.printed[-20:], (price, size, cid)]
        return {"p1": price, "s1": size, "cond": cond}

    def event(self, kind: int) -> dict[str, int]:
        cid = int(self.rng.integers(1, 7))
        self.spot += float(self.rng.normal(0, 0.02)) + (0.8 if self.rng.random() < 0.003 else 0.0)
        made: dict[int, Callable[[], dict[str, int]]] = {
            QUOTE: lambda: self.quote(cid),
            TRADE: lambda: self.trade(cid),
            SPOT: lambda: {"p1": round(self.spot * 100) * 100, "cid": UNDERLYING},
            FMV: lambda: {"p1": (self.mid(cid) + int(self.rng.integers(-9, 10))) * TICK},
            OI: lambda: {"s1": int(self.rng.integers(0, 5000))},
            VENDOR: lambda: {"p1": 200_000, "p2": 5_000_000, "s1": 500_000},
            BAR: lambda: {"p1": self.mid(cid) * TICK, "s1": 10, "s2": int(self.rng.integers(0, 10_000))},
            GAP: lambda: {"s1": 1500, "cid": UNDERLYING},
            PREV_CLOSE: lambda: {"p1": 6_840_000, "cid": UNDERLYING},
        }
        row = {"cid": cid, "kind": kind, **made.get(kind, dict)()}
        if self.rng.random() < 0.003:
            row["cid"] = int(self.rng.choice([-1, 99]))
        return row


def mixed(seed: int, n: int) -> Events:
    """Build a tape of everything, good and bad, at about one event in half a second of jittering clock."""
    rng = np.random.default_rng(seed)
    market = _Market(rng)
    kinds = rng.choice(
        [QUOTE, TRADE, SPOT, FMV, OI, BAR, VENDOR, GAP, PREV_CLOSE, 77],
        n,
        p=[0.55, 0.2, 0.12, 0.08, 0.01, 0.01, 0.01, 0.005, 0.005, 0.01],
    )
    kinds[0] = SPOT
    steps = rng.exponential(0.5, n) * rng.choice([0.0, 1.0, 30.0], n, p=[0.15, 0.845, 0.005])
    late = rng.exponential(0.3, n) * (rng.random(n) < 0.1)
    events = empty_events(n)
    for i, kind in enumerate(kinds):
        for name, value in market.event(int(kind)).items():
            events[name][i] = value
    second_hand = np.random.default_rng([seed, 1]).choice(
        [0, FLAG_FILLED, FLAG_POLLED], n, p=[0.9, 0.05, 0.05]
    )
    events["flags"] = np.where(events["kind"] == TRADE, second_hand, 0)
    events["ts"] = BASE_NS + np.rint((np.cumsum(steps) - late) * NS).astype(np.int64)
    return events


# --- a tape held in memory ------------------------------------------------------------------------------


@dataclass
class MemoryTape:
    """A tape whose chunks are at hand; counts how often each was read."""

    chunks: list[Events]
    info: TapeInfo
    contracts: ContractTable
    starts: NDArray[np.int64]
    end_ns: int
    reads: list[int] = field(default_factory=list)

    def read(self, chunk: int) -> Events:
        self.reads.append(chunk)
        return self.chunks[chunk]


def memory_tape(events: Events, cuts: Sequence[int] = ()) -> MemoryTape:
    """Cut events into chunks that end at `cuts`; each chunk starts where the running clock says."""
    edges = [0, *cuts, len(events)]
    chunks = [events[a:b] for a, b in itertools.pairwise(edges) if b > a]
    clock = np.maximum.accumulate(events["ts"])
    starts = np.array([clock[a] for a, b in itertools.pairwise(edges) if b > a], np.int64)
    info = TapeInfo(
        symbol="SPY", underlying=SPY, day=DAY, session=session(DAY), source="memory", badge="REPLAY",
        spot_origin="tape", tick=TICK,
    )  # fmt: skip
    end_ns = int(clock[-1]) if len(clock) else session(DAY).close_ns
    return MemoryTape(chunks, info, listed(), starts, end_ns)


def by_hand(rows: list[tuple[float, int, float, float]], day: date = DAY, hours: float = 2.0) -> Tally:
    """Build a tally of (second, rule, hit, chance to hit), alike at every horizon; a touch is a hit."""
    at, rule, hit, control = (np.array(column) for column in zip(*rows, strict=True))
    wide = np.repeat(hit.astype(float)[:, None], len(HORIZONS_S), 1)
    return Tally(
        day=day,
        symbol="SPY",
        contracts=ContractTable([Contract("SPY", DAY, "C", 685_000)]),
        hours=hours,
        ts_ns=(at * NS).astype(np.int64),
        rule=rule.astype(np.int64),
        cid=np.ones(len(rows), np.int64),
        hit=wide,
        touched=np.nan_to_num(wide, nan=1.0),
        move=wide - 0.5,
        control_hit=np.repeat(control.astype(float)[:, None], len(HORIZONS_S), 1),
        control_touch=np.full((len(rows), len(HORIZONS_S)), 0.25),
    )


@pytest.fixture
def tape() -> TapeBuilder:
    """An empty tape to write on."""
    return TapeBuilder()


@pytest.fixture(scope="session")
def new_tape() -> type[TapeBuilder]:
    """The builder itself, for tests that compare several tapes."""
    return TapeBuilder


@pytest.fixture(scope="session")
def fold_events() -> Callable[..., Folded]:
    """`run(events, params, cuts)`."""
    return run


@pytest.fixture(scope="session")
def fresh_state() -> Callable[[], State]:
    """`fresh()`: the state before the first event."""
    return fresh


@pytest.fixture(scope="session")
def eager_params() -> Callable[..., FoldParams]:
    """`eager(base, changes)`: no warm-up; changes by the names of settings."""
    return eager


@pytest.fixture(scope="session")
def touchy_params() -> Callable[[str], FoldParams]:
    """`touchy(preset)`: thresholds that a random tape crosses."""
    return touchy


@pytest.fixture(scope="session")
def mixed_events() -> Callable[[int, int], Events]:
    """`mixed(seed, n)`: a random tape of everything."""
    return mixed


@pytest.fixture(scope="session")
def bits_of() -> Callable[[NDArray[np.void]], bytes]:
    """`bits(records)`: all that two equal record arrays must agree in."""
    return bits


@pytest.fixture(scope="session")
def same_state() -> Callable[[State, State], bool]:
    """Whether two states agree in every bit, floats too."""
    return lambda one, other: bits(one.cells) == bits(other.cells) and bits(one.under) == bits(other.under)


@pytest.fixture(scope="session")
def in_memory() -> Callable[..., MemoryTape]:
    """`memory_tape(events, cuts)`."""
    return memory_tape


@pytest.fixture(scope="session")
def hand() -> Callable[..., Tally]:
    """`by_hand(rows, day, hours)`: a tally nobody had to fold for."""
    return by_hand
