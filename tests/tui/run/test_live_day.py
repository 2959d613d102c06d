"""The screen on a player of a live day: what it shows while the day goes on, and when one goes back."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from engine.model.calendar import session
from engine.model.contracts import Contract
from engine.model.events import NS, QUOTE, SPOT, TRADE, Events, empty_events, to_price
from engine.model.underlyings import underlying
from engine.session.player import Player
from engine.session.symbol_day import PlayerParams
from engine.tape.link import Link
from engine.tape.live_tape import LiveTape
from engine.tape.tape import TapeInfo
from engine.views.commands import Command
from engine.views.queries import Query
from engine.views.view import Detail, View
from tests.fakes.pilot import SteadyPilot, driving
from tui.screen.app import SpymonApp
from tui.screen.draw.cell_widget import CellWidget, text_of
from tui.screen.grid.ladder import Ladder
from tui.screen.status.footer import HintFooter
from tui.screen.status.header import StatusHeader
from tui.screen.status.transport import TransportBar

DAY = date(2025, 12, 16)
HOURS = session(DAY)
CALM = Link(state="connected", spot_origin="stocks feed", reconciled=1.0)


class Feed:
    """A live source in the hands of a test."""

    name, label, symbols = "feed", "the feed", ("SPY",)

    def __init__(self) -> None:
        self.tape = LiveTape(TapeInfo("SPY", underlying("SPY"), DAY, HOURS, "feed", "LIVE", "tape", 100))
        self.tape.link = replace(Link(), note="Waiting for the chain …", state="waiting")
        self._second = 0

    def open(self, symbol: str) -> LiveTape:
        return self.tape

    async def run(self, notify: Any) -> None:
        raise AssertionError("a player runs nothing")

    def list_chain(self) -> None:
        for strike in range(676, 687):
            for right in "CP":
                self.tape.listed.add(Contract("SPY", DAY, right, strike * 1000))
        self.tape.append(empty_events(0))

    def tell(self, seconds: int) -> None:
        """Let so many seconds of the day happen: a spot, a quote and a trade in each, 40 ms late."""
        for _ in range(seconds):
            self._second += 1
            ts_ns = HOURS.open_ns + self._second * NS
            rows = [
                event(SPOT, ts_ns, 0, p1=to_price(681.2)),
                event(QUOTE, ts_ns, 11, p1=10_000, p2=10_200, s1=10, s2=10),
                event(TRADE, ts_ns, 11, p1=10_200, s1=1),
            ]
            self.tape.append(np.concatenate(rows), ts_ns + 40_000_000)
        self.tape.link = CALM


def event(kind: int, ts_ns: int, cid: int, **columns: int) -> Events:
    made = empty_events(1)
    made["kind"], made["ts"], made["cid"] = kind, ts_ns, cid
    for name, value in columns.items():
        made[name] = value
    return made


class DeckDesk:
    """A player whose clock goes a tenth of a second with every look, on the test's own thread."""

    sources = (("feed", "the feed"),)
    failure = None
    refusal = None

    def __init__(self, feed: Feed) -> None:
        self._player = Player((feed,), PlayerParams(), 1.0, 0)
        self._wall_ns = 0

    @property
    def view(self) -> View:
        self._wall_ns += NS // 10
        self._player.tick(self._wall_ns)
        while self._player.busy:
            self._player.tick(self._wall_ns)
        return self._player.view(self._wall_ns)

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def send(self, command: Command) -> None:
        self._player.obey(command, self._wall_ns)

    async def detail(self, cid: int) -> Detail:
        return self._player.detail(cid)

    async def ask(self, query: Query[Any]) -> Any:
        return self._player.answer(query)


@dataclass
class Shown:
    app: SpymonApp
    pilot: SteadyPilot

    async def frame(self) -> None:
        self.app.frame()
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.frame()

    def text(self, part: type[CellWidget], line: int = 0) -> str:
        return text_of(self.app.screen_stack[0].query_one(part).row(line))


@pytest.fixture
def feed() -> Feed:
    return Feed()


@asynccontextmanager
async def watched(feed: Feed, size: tuple[int, int] = (120, 36)) -> AsyncIterator[Shown]:
    app = SpymonApp(DeckDesk(feed), fps=1e-6, settle=lambda: None)
    async with driving(app, size, notifications=True) as pilot:
        shown = Shown(app, pilot)
        await shown.frame()
        yield shown


@pytest.mark.parametrize("size", [(60, 18), (80, 24), (120, 36), (200, 60)])
async def test_before_the_chain_there_is_a_sentence_and_then_the_day(
    feed: Feed, size: tuple[int, int]
) -> None:
    async with watched(feed, size) as shown:
        ladder = shown.app.screen_stack[0].query_one(Ladder)
        lines = [shown.text(Ladder, line) for line in range(ladder.size.height)]
        assert "○ WAITING" in shown.text(StatusHeader)
        assert [line.strip() for line in lines if "…" in line] == ["Waiting for the chain …"]
        assert not re.search(r"[0-9]", "".join(lines[2:]))
        await shown.press("j", "G", "g", "enter", "escape", "h", "i", "l", "r", "escape", "z")
        feed.list_chain()
        feed.tell(5)
        await shown.frame()
        await shown.frame()
        assert "● LIVE" in shown.text(StatusHeader)
        assert any("► 681" in shown.text(Ladder, line) for line in range(ladder.size.height))


async def test_going_back_shows_how_far_behind_the_screen_is_while_the_day_goes_on(feed: Feed) -> None:
    feed.list_chain()
    feed.tell(3_600)
    async with watched(feed) as shown:
        assert "● LIVE" in shown.text(StatusHeader)
        assert "lag p50  40ms p99  40ms │ vol 100% heard" in shown.text(StatusHeader, 3)
        await shown.press("shift+left")
        assert "⏸ REWIND -1m00s" in shown.text(StatusHeader)
        assert "10:29:00.0" in shown.text(StatusHeader)
        front = shown.text(TransportBar).index("┃")
        feed.tell(1_800)
        await shown.frame()
        assert "⏸ REWIND -31m00s" in shown.text(StatusHeader)
        assert "10:29:00.0" in shown.text(StatusHeader)
        assert shown.text(TransportBar).index("┃") > front
        await shown.press("L")
        assert "● LIVE" in shown.text(StatusHeader)
        assert "11:00:00.0" in shown.text(StatusHeader)
        assert "Back to now after" in shown.text(HintFooter)


async def test_a_pause_is_a_rewind_that_begins_now_and_space_plays_on_behind(feed: Feed) -> None:
    feed.list_chain()
    feed.tell(60)
    async with watched(feed) as shown:
        await shown.press("space")
        feed.tell(60)
        await shown.frame()
        assert "⏸ REWIND -1m00s" in shown.text(StatusHeader)
        await shown.press("space")
        assert "⏵ REWIND" in shown.text(StatusHeader)
        assert shown.text(TransportBar).startswith(" ⏵ ×1 ")


async def test_a_speed_is_refused_at_the_front_with_the_reason(feed: Feed) -> None:
    feed.list_chain()
    feed.tell(60)
    async with watched(feed) as shown:
        await shown.press("right_square_bracket")
        assert "own speed" in shown.text(HintFooter)


async def test_what_the_source_says_is_shown_once_and_goes_when_it_is_over(feed: Feed) -> None:
    feed.list_chain()
    feed.tell(60)
    async with watched(feed) as shown:
        feed.tape.link = replace(CALM, badge="GAP", silent_s=4, note="The connection was cut.")
        await shown.frame()
        assert "⚠ GAP 4s" in shown.text(StatusHeader)
        assert "▸ The connection was cut." in shown.text(StatusHeader, 3)
        assert "cut" not in shown.text(HintFooter)
        feed.tape.link = CALM
        await shown.frame()
        assert "cut" not in shown.text(StatusHeader, 3)


async def test_the_end_of_the_track_is_now(feed: Feed) -> None:
    feed.list_chain()
    feed.tell(3_600)
    async with watched(feed) as shown:
        await shown.press("home")
        assert "REWIND -1h00m" in shown.text(StatusHeader)
        await shown.press("end")
        assert "● LIVE" in shown.text(StatusHeader)
