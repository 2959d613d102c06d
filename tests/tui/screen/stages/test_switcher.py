"""What stands where the ladder stands: switching, asking, and what keys do there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from engine.model.errors import UsageError
from engine.model.events import MISSING, NS
from engine.views.commands import Command, Seek, SelectExpiry, Skip
from engine.views.queries import FlowQuery, HeatQuery, Query, SmileQuery, TopQuery
from engine.views.view import Detail, View
from tests.fakes.pilot import SteadyPilot, driving
from tui.screen.app import SpymonApp
from tui.screen.draw.cell_widget import CellWidget, text_of
from tui.screen.grid.ladder import Ladder
from tui.screen.log.log import SignalLog
from tui.screen.main_screen import MainScreen
from tui.screen.sheets.detail_screen import DetailScreen
from tui.screen.stages.flow_lines import FlowChart
from tui.screen.stages.heat_map import HeatMap
from tui.screen.stages.smile import SmileChart
from tui.screen.stages.switcher import ASK_EVERY
from tui.screen.status.footer import HintFooter

Answer = Callable[[Query[Any]], Any]


@dataclass
class AnsweringMonitor:
    """Answers queries as it is told, and remembers them."""

    view: View
    answer: Answer
    contract: Detail
    sources: tuple[tuple[str, str], ...] = (("simulated", "the simulated day"),)
    failure: str | None = None
    refusal: None = None
    sent: list[Command] = field(default_factory=list)
    asked: list[Query[Any]] = field(default_factory=list)
    detailed: list[int] = field(default_factory=list)
    gate: asyncio.Event | None = None

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def send(self, command: Command) -> None:
        self.sent.append(command)

    async def detail(self, cid: int) -> Detail:
        self.detailed.append(cid)
        return self.contract

    async def ask(self, query: Query[Any]) -> Any:
        self.asked.append(query)
        if self.gate is not None:
            await self.gate.wait()
        return self.answer(query)


@dataclass
class Scene:
    app: SpymonApp
    monitor: AnsweringMonitor
    pilot: SteadyPilot

    @property
    def main(self) -> MainScreen:
        screen = self.app.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    async def frames(self, count: int = 1, **changes: Any) -> None:
        """Let the frame clock tick so many times, on a changed view if a change is given."""
        if changes:
            self.monitor.view = replace(
                self.monitor.view, **{"version": self.monitor.view.version + 1} | changes
            )
        for _ in range(count):
            self.app.frame()
            await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    def text(self, part: type[CellWidget], line: int = 0) -> str:
        return text_of(self.main.query_one(part).row(line))


@pytest.fixture
def monitor(
    make_view: Callable[..., View], make_detail: Callable[..., Detail], make_answer: Answer
) -> AnsweringMonitor:
    return AnsweringMonitor(make_view(), make_answer, make_detail())


@asynccontextmanager
async def scene(monitor: AnsweringMonitor, size: tuple[int, int] = (120, 36)) -> AsyncIterator[Scene]:
    app = SpymonApp(monitor, fps=1e-6, settle=lambda: None)
    async with driving(app, size, notifications=True) as pilot:
        shown = Scene(app, monitor, pilot)
        await shown.frames()
        yield shown


# switching ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["h", "i", "l", "r"])
@pytest.mark.parametrize("back", ["same", "escape"])
async def test_a_view_takes_the_ladders_place_and_gives_it_back(
    key: str, back: str, monitor: AnsweringMonitor
) -> None:
    async with scene(monitor) as shown:
        ladder = shown.main.query_one(Ladder)
        region = ladder.region
        await shown.press(key)
        assert not ladder.display
        assert shown.main.stages.widget.region == region
        assert shown.app.focused is shown.main.stages.widget
        await shown.press(key if back == "same" else back)
        assert ladder.display
        assert shown.app.focused is ladder


async def test_one_view_follows_another(monitor: AnsweringMonitor) -> None:
    async with scene(monitor) as shown:
        await shown.press("h", "i")
        assert shown.main.stages.stage.name == "smile"
        await shown.press("escape")
        assert shown.main.stages.stage.name == "grid"


async def test_the_cursor_stays_on_its_strike_from_view_to_view(monitor: AnsweringMonitor) -> None:
    async with scene(monitor) as shown:
        await shown.press("j", "j", "h", "j")
        assert shown.main.query_one(Ladder).cursor == 678_000
        assert shown.text(HeatMap).startswith(" GEX × TIME  678 at")
        await shown.press("i", "j", "escape")
        assert shown.main.query_one(Ladder).cursor == 677_000


async def test_the_focus_stays_in_the_log(monitor: AnsweringMonitor) -> None:
    async with scene(monitor) as shown:
        await shown.press("tab", "h")
        assert isinstance(shown.app.focused, SignalLog)
        await shown.press("shift+tab")
        assert isinstance(shown.app.focused, HeatMap)


async def test_the_hints_say_what_keys_are_for_on_each_view(monitor: AnsweringMonitor) -> None:
    async with scene(monitor) as shown:
        assert " h heat" in shown.text(HintFooter)
        await shown.press("h")
        assert "←→ time" in shown.text(HintFooter)
        assert "enter go there" in shown.text(HintFooter)
        await shown.press("h")
        assert " h heat" in shown.text(HintFooter)


async def test_the_hints_promise_nothing_a_view_does_not_do(monitor: AnsweringMonitor) -> None:
    async with scene(monitor, (200, 40)) as shown:
        assert "enter detail" in shown.text(HintFooter)
        await shown.press("l")
        for hint in ("enter", "jk row", "v γ-view", "D sign"):
            assert hint not in shown.text(HintFooter)


async def test_the_hints_follow_the_focus_into_the_signals(monitor: AnsweringMonitor) -> None:
    async with scene(monitor) as shown:
        await shown.press("tab")
        assert "enter evidence" in shown.text(HintFooter)
        await shown.press("tab")
        assert "enter detail" in shown.text(HintFooter)


async def test_the_docked_contract_is_that_of_the_shared_cursor(monitor: AnsweringMonitor) -> None:
    async with scene(monitor, (200, 60)) as shown:
        await shown.press("h", "j")
        calls, strikes = monitor.view.put.cid.tolist(), monitor.view.strike_milli.tolist()
        assert monitor.detailed[-1] == calls[strikes.index(680_000)]


# asking -------------------------------------------------------------------------------------------------


async def test_only_the_view_on_the_stage_is_asked_for_and_the_grid_for_nothing(
    monitor: AnsweringMonitor,
) -> None:
    async with scene(monitor) as shown:
        await shown.frames(ASK_EVERY, speed=1.0)
        assert monitor.asked == []
        await shown.press("i")
        assert set(monitor.asked) == {SmileQuery()}
        await shown.press("l")
        assert monitor.asked[-1] == FlowQuery()
        await shown.press("r")
        assert monitor.asked[-3:] == [TopQuery("oi"), TopQuery("volume"), TopQuery("put_call")]


async def test_it_asks_now_and_then_while_the_tape_moves_and_not_while_it_stands(
    monitor: AnsweringMonitor,
) -> None:
    async with scene(monitor) as shown:
        await shown.press("h")
        asked = len(monitor.asked)
        for _ in range(2 * ASK_EVERY):
            await shown.frames(tape_ns=monitor.view.tape_ns + NS)
        assert len(monitor.asked) == asked + 2
        await shown.frames(ASK_EVERY)
        assert len(monitor.asked) <= asked + 3
        asked = len(monitor.asked)
        await shown.frames(3 * ASK_EVERY)
        assert len(monitor.asked) == asked


async def test_another_metric_or_a_jump_asks_at_once(monitor: AnsweringMonitor) -> None:
    async with scene(monitor) as shown:
        await shown.press("h")
        asked = len(monitor.asked)
        await shown.press("m")
        assert monitor.asked[asked:] == [HeatQuery("flow")]
        await shown.frames(1, generation=9)
        assert monitor.asked[asked:] == [HeatQuery("flow")] * 2


async def test_one_question_at_a_time_and_the_keys_work_meanwhile(monitor: AnsweringMonitor) -> None:
    async with scene(monitor) as shown:
        monitor.gate = asyncio.Event()
        await shown.press("h")
        for _ in range(3 * ASK_EVERY):
            await shown.frames(tape_ns=monitor.view.tape_ns + NS)
        assert len(monitor.asked) == 1
        await shown.press("j")
        assert shown.main.query_one(Ladder).cursor == 680_000
        monitor.gate.set()
        await shown.frames()
        assert "681 at" in shown.text(HeatMap) or "680 at" in shown.text(HeatMap)


async def test_an_answer_of_an_older_generation_is_dropped(monitor: AnsweringMonitor) -> None:
    async with scene(monitor) as shown:
        monitor.gate = asyncio.Event()
        await shown.press("l")
        await shown.frames(1, generation=2)
        monitor.gate.set()
        monitor.gate = None
        await shown.pilot.pause()
        assert "calls      —" in shown.text(FlowChart)
        await shown.frames(1)
        assert "calls +4.44M" in shown.text(FlowChart)


async def test_a_refusal_is_a_sentence_on_the_stage(monitor: AnsweringMonitor) -> None:
    def refuse(query: Query[Any]) -> Any:
        raise UsageError("Nobody answers a SmileQuery.")

    monitor.answer = refuse
    async with scene(monitor) as shown:
        await shown.press("i")
        painted = "".join(shown.text(SmileChart, y) for y in range(20))
        assert "Nobody answers a SmileQuery." in painted


async def test_a_frozen_picture_asks_for_nothing_new_but_can_be_turned(monitor: AnsweringMonitor) -> None:
    async with scene(monitor) as shown:
        await shown.press("h", "F")
        asked = len(monitor.asked)
        for _ in range(2 * ASK_EVERY):
            await shown.frames(tape_ns=monitor.view.tape_ns + NS)
        assert len(monitor.asked) == asked
        await shown.press("m")
        assert monitor.asked[asked:] == [HeatQuery("flow")]


# keys ---------------------------------------------------------------------------------------------------


async def test_arrows_move_the_cursor_of_time_and_enter_goes_there(monitor: AnsweringMonitor) -> None:
    async with scene(monitor) as shown:
        await shown.press("h", "left", "left", "shift+left", "right")
        assert monitor.sent == []
        pointed = shown.main.query_one(HeatMap).pointed_ns
        await shown.press("enter")
        assert monitor.sent == [Seek(pointed)]
        await shown.press("escape", "left")
        assert monitor.sent[1:] == [Skip(-50 * NS)]


async def test_on_a_live_day_the_map_leads_back_in_time(monitor: AnsweringMonitor, live_view: Any) -> None:
    monitor.view = live_view()
    async with scene(monitor) as shown:
        await shown.press("h", "left")
        pointed = shown.main.query_one(HeatMap).pointed_ns
        await shown.press("enter")
        assert monitor.sent == [Seek(pointed)]


@pytest.mark.parametrize("key", ["h", "i", "l", "r"])
async def test_below_its_title_no_view_shows_a_number_before_a_live_days_first_contract(
    monitor: AnsweringMonitor, unbegun_view: Any, no_answer: Any, make_heat: Any, make_smile: Any, key: str
) -> None:
    view = unbegun_view()
    none = np.zeros(0)

    def answer(query: Query[Any]) -> Any:
        match query:
            case HeatQuery():
                return replace(make_heat(query, minutes=1, view=view), spot=np.full(1, MISSING))
            case SmileQuery():
                smile = make_smile(view, forward=None, atm_iv=None, atm_error=None)
                return replace(smile, iv=none, error=none, fitted=none, vendor=none)
        return no_answer(query)

    monitor.view, monitor.answer = view, answer
    async with scene(monitor) as shown:
        await shown.press(key)
        await shown.frames(2)
        await shown.press("j", "k", "G", "g", "z", "m", "equals_sign", "enter")
        await shown.frames(2)
        part = shown.main.stages.widget
        assert not re.search(
            r"[0-9]", "".join(text_of(part.row(line)) for line in range(1, part.size.height))
        )


async def test_enter_on_the_smile_shows_the_contract(monitor: AnsweringMonitor) -> None:
    async with scene(monitor) as shown:
        await shown.press("i", "enter")
        assert isinstance(shown.app.screen, DetailScreen)


async def test_enter_on_the_lines_does_nothing(monitor: AnsweringMonitor) -> None:
    async with scene(monitor) as shown:
        await shown.press("l", "enter", "j", "ctrl+d", "G", "z")
        assert isinstance(shown.app.screen, MainScreen)
        assert shown.main.stages.stage.name == "flow"


async def test_enter_on_a_ranking_goes_to_its_strike_in_the_grid(monitor: AnsweringMonitor) -> None:
    async with scene(monitor) as shown:
        await shown.press("r", "v", "j", "enter")
        ladder = shown.main.query_one(Ladder)
        assert (shown.main.stages.stage.name, ladder.cursor) == ("grid", 683_000)
        index = monitor.view.strike_milli.tolist().index(683_000)
        assert ladder.chosen() == monitor.view.put.cid[index]
        assert monitor.sent == []


async def test_a_row_of_another_expiration_shows_that_one(
    monitor: AnsweringMonitor, make_answer: Answer
) -> None:
    tomorrow = date(2025, 12, 17)

    def later(query: Query[Any]) -> Any:
        top = make_answer(query)
        return replace(top, rows=tuple(replace(row, expiry=tomorrow) for row in top.rows))

    monitor.answer = later
    async with scene(monitor) as shown:
        await shown.press("r", "enter")
        assert monitor.sent == [SelectExpiry(tomorrow)]


async def test_a_mark_outside_the_heat_map_says_where_it_belongs(monitor: AnsweringMonitor) -> None:
    async with scene(monitor) as shown:
        await shown.press("b", "m")
        assert [notice.message for notice in shown.app._notifications] == [
            "The mark belongs to the heat map; h shows it."
        ]
        assert monitor.asked == []


async def test_that_sentence_names_the_users_own_key(monitor: AnsweringMonitor) -> None:
    app = SpymonApp(monitor, fps=1e-6, settle=lambda: None, keymap={"view.heat": "x"})
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await pilot.pause()
        app.frame()
        await pilot.pause()
        await pilot.press("b")
        await pilot.pause()
        messages = [notice.message for notice in app._notifications]
        assert messages == ["The mark belongs to the heat map; x shows it."]


async def test_two_quick_presses_of_enter_open_one_sheet_and_flip_it(monitor: AnsweringMonitor) -> None:
    async with scene(monitor) as shown:
        await shown.press("enter", "enter")
        assert len(shown.app.screen_stack) == 2
        view = monitor.view
        assert monitor.detailed == [view.put.cid[view.atm], view.call.cid[view.atm]]


async def test_a_signal_is_gone_to_on_the_strikes_of_the_view(monitor: AnsweringMonitor) -> None:
    async with scene(monitor) as shown:
        await shown.press("h", "tab", "enter", "enter")
        assert shown.main.query_one(HeatMap).cursor == 685_000
        assert shown.text(HeatMap).startswith(" GEX × TIME  685 at")


async def test_a_signal_chosen_beside_a_view_without_strikes_brings_the_grid_back(
    monitor: AnsweringMonitor,
) -> None:
    async with scene(monitor) as shown:
        await shown.press("l", "tab", "enter", "enter")
        assert (shown.main.stages.stage.name, shown.main.query_one(Ladder).cursor) == ("grid", 685_000)


async def test_a_resized_screen_shows_the_view_whole(monitor: AnsweringMonitor) -> None:
    async with scene(monitor) as shown:
        await shown.press("h")
        await shown.pilot.resize_terminal(80, 24)
        await shown.frames(2)
        heat_map = shown.main.query_one(HeatMap)
        assert {len(heat_map.render_line(y).text) for y in range(heat_map.size.height)} == {80}
        await shown.press("h")
        ladder = shown.main.query_one(Ladder)
        assert {len(ladder.render_line(y).text) for y in range(ladder.size.height)} == {80}
