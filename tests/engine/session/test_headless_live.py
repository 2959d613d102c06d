"""A live day in a pipe: told as it happens, to its close, to its failure or until nobody listens."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Awaitable, Callable
from datetime import date

import pytest

from engine.fold.params import PRESETS, FoldParams, with_settings
from engine.model.calendar import session
from engine.model.contracts import Contract
from engine.model.errors import CredentialError
from engine.model.events import FMV, GAP, NS, QUOTE, TRADE, empty_events
from engine.model.underlyings import underlying
from engine.session.headless import HorizonOutcome, Notice, Status, Summary
from engine.session.headless_live import follow
from engine.session.symbol_day import PlayerParams
from engine.tape.link import Link
from engine.tape.live_tape import LiveTape
from engine.tape.tape import TapeInfo
from engine.tape.timeline import Timeline
from engine.views.view import FiredSignal, View

DAY = date(2025, 12, 16)
OPEN = session(DAY).open_ns
SEED = FoldParams(signals=with_settings(PRESETS["seed"], {"volume_spike.ratio": 1e9}))
STRIKES = (680, 681, 682, 683)

Script = Callable[[dict[str, LiveTape], Callable[[], None]], Awaitable[None]]


class Wire:
    """A live source that does what a test's script says."""

    name, label = "wire", "the wire"

    def __init__(self, script: Script, *symbols: str) -> None:
        self.symbols = symbols or ("SPY",)
        self.tapes = {symbol: self.made(symbol) for symbol in self.symbols}
        self.script, self.ended = script, threading.Event()

    def made(self, symbol: str) -> LiveTape:
        u = underlying(symbol)
        tape = LiveTape(TapeInfo(symbol, u, DAY, session(DAY), "wire", "LIVE", "tape", 100))
        for strike in STRIKES:
            tape.listed.add(Contract(u.roots[0], DAY, "C", strike * 1000))
        return tape

    def open(self, symbol: str) -> LiveTape:
        return self.tapes[symbol]

    async def run(self, notify: Callable[[], None]) -> None:
        try:
            await self.script(self.tapes, notify)
        finally:
            self.ended.set()


def tell(tape: LiveTape, kind: int, at_s: float, cid: int, news: bool = True, **columns: int) -> None:
    made = empty_events(1)
    made["kind"], made["cid"], made["ts"] = kind, cid, OPEN + round(at_s * NS)
    for name, value in columns.items():
        made[name] = value
    tape.append(made, OPEN if news else None)


def signal(tape: LiveTape, at_s: float, cid: int, news: bool = True) -> None:
    """A quote, and a fair value far beyond it."""
    tell(tape, QUOTE, at_s, cid, news, p1=10_000, p2=10_200)
    tell(tape, FMV, at_s, cid, news, p1=12_000)


def run(wire: Wire, seconds_per_look: float = 0.0, views: bool = False):
    """The items of a run whose wall clock goes on so far with each look at it."""
    wall = map(int, itertools.count(0, seconds_per_look * NS))
    return follow(wire, wire.symbols, PlayerParams(fold=SEED), lambda: next(wall), views, turn_s=0)


def test_signals_are_told_in_order_and_the_summary_is_that_of_a_replay() -> None:
    async def script(tapes: dict[str, LiveTape], notify: Callable[[], None]) -> None:
        for at_s, symbol, cid in ((1, "SPY", 1), (2, "QQQ", 1), (3, "SPY", 2)):
            signal(tapes[symbol], at_s, cid)
            tell(tapes[symbol], TRADE, at_s, cid, p1=10_200, s1=3)
            notify()
        for tape in tapes.values():
            tape.close()
        notify()

    wire = Wire(script, "SPY", "QQQ")
    items = list(run(wire))
    fired = [(each.symbol, (each.row.ts_ns - OPEN) / NS) for each in items if isinstance(each, FiredSignal)]
    assert sorted(fired) == [("QQQ", 2), ("SPY", 1), ("SPY", 3)]
    assert [at for symbol, at in fired if symbol == "SPY"] == [1, 3]
    spy, qqq = (item for item in items if isinstance(item, Summary))
    assert (spy.symbol, spy.events, spy.trades, qqq.events) == ("SPY", 6, 2, 3)
    again = Timeline(wire.tapes["SPY"], SEED)
    again.seek(again.end_ns)
    assert spy.state_hash == again.state.digest()


def test_the_status_says_what_the_link_says() -> None:
    said = threading.Event()

    async def script(tapes: dict[str, LiveTape], notify: Callable[[], None]) -> None:
        tape = tapes["SPY"]
        tape.link = Link("DELAYED", "connected", dropped=7)
        tell(tape, GAP, 4, 0, s1=1000)
        notify()
        await asyncio.to_thread(said.wait)
        tape.close()

    statuses = []
    for item in run(Wire(script), seconds_per_look=0.5):
        if isinstance(item, Status) and item.events:
            statuses.append(item)
            said.set()
    assert (statuses[0].badge, statuses[0].connection, statuses[0].source) == ("DELAYED", "connected", "wire")
    assert (statuses[0].dropped, statuses[0].gaps, statuses[0].ts_ns) == (7, 1, OPEN + 4 * NS)


def test_what_the_links_say_is_told_once_until_all_is_well_again() -> None:
    over, told = threading.Event(), []

    async def script(tapes: dict[str, LiveTape], notify: Callable[[], None]) -> None:
        await asyncio.to_thread(over.wait)
        for tape in tapes.values():
            tape.close()

    links = iter((
        Link("GAP", "waiting", note="Away for 3 s."),
        Link("GAP", "connecting"),
        Link("GAP", "waiting", note="Away for 14 s."),
        Link("GAP", "waiting", note="Refused."),
        Link("LIVE", "connected"),
        Link("GAP", "waiting", note="Away for 1 s."),
        Link("LIVE", "connected"),
    ))  # fmt: skip
    wire = Wire(script, "SPY", "QQQ")
    for item in run(wire, seconds_per_look=5):
        if isinstance(item, Notice):
            told.append(item.sentence)
        elif isinstance(item, Status) and item.symbol == "QQQ":  # the look is over
            link = next(links, None)
            if link is None:
                over.set()
                continue
            for tape in wire.tapes.values():
                tape.link = link
    assert told == ["Away for 3 s.", "Refused.", "Away for 1 s."]


def test_a_view_carries_the_link_and_the_lag() -> None:
    async def script(tapes: dict[str, LiveTape], notify: Callable[[], None]) -> None:
        tape = tapes["SPY"]
        tell(tape, QUOTE, -0.04, 1, p1=10_000, p2=10_200)
        tape.link = Link("LIVE", "connected", spot_origin="stocks feed")
        tape.close()

    (view,) = (item for item in run(Wire(script), views=True) if isinstance(item, View))
    assert (view.badge, view.spot_origin, view.counts.quotes, view.live_ns) == (
        "REPLAY",
        "stocks feed",
        1,
        None,
    )


def test_what_was_there_before_is_not_told_nor_what_came_of_it() -> None:
    async def script(tapes: dict[str, LiveTape], notify: Callable[[], None]) -> None:
        signal(tapes["SPY"], 20, 2)
        tell(tapes["SPY"], QUOTE, 400, 1, p1=10_000, p2=10_200)
        tapes["SPY"].close()

    wire = Wire(script)
    signal(wire.tapes["SPY"], 1, 1, news=False)
    items = list(run(wire))
    assert [(each.row.ts_ns - OPEN) / NS for each in items if isinstance(each, FiredSignal)] == [20]
    assert {(each.row.ts_ns - OPEN) / NS for each in items if isinstance(each, HorizonOutcome)} == {20}
    (summary,) = (item for item in items if isinstance(item, Summary))
    assert sum(summary.signals.values()) == 2


def test_what_a_source_fails_with_is_raised_after_what_it_told() -> None:
    async def script(tapes: dict[str, LiveTape], notify: Callable[[], None]) -> None:
        signal(tapes["SPY"], 1, 1)
        raise CredentialError("The key was refused; check MASSIVE_API_KEY.")

    items = []
    with pytest.raises(CredentialError, match="The key was refused"):
        items.extend(run(Wire(script)))
    assert [type(item) for item in items] == [FiredSignal, Summary]


def test_a_source_ends_with_the_iterator() -> None:
    async def script(tapes: dict[str, LiveTape], notify: Callable[[], None]) -> None:
        signal(tapes["SPY"], 1, 1)
        notify()
        await asyncio.Event().wait()

    wire = Wire(script)
    items = run(wire)
    assert isinstance(next(items), FiredSignal)
    assert not wire.ended.is_set()
    items.close()
    assert wire.ended.is_set()
    assert not any(thread.name == "feed wire" for thread in threading.enumerate())


def test_whoever_asks_for_the_end_gets_the_summary() -> None:
    async def script(tapes: dict[str, LiveTape], notify: Callable[[], None]) -> None:
        signal(tapes["SPY"], 1, 1)
        notify()
        await asyncio.Event().wait()

    wire, wall, told = Wire(script), itertools.count(0), threading.Event()
    kinds = []
    params = PlayerParams(fold=SEED)
    for item in follow(wire, wire.symbols, params, lambda: next(wall), False, 0, told.is_set):
        told.set()
        kinds.append(type(item))
    assert kinds == [FiredSignal, Summary]
    assert wire.ended.is_set()
