"""The app on a fake monitor: every key, every layout, and what happens when things change, stall or fail."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from math import inf
from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandPalette
from textual.widgets import Input, OptionList, Static

from engine.model.calendar import parse_time
from engine.model.errors import CredentialError, NoDataError
from engine.model.events import NS
from engine.tape.link import Link
from engine.views.commands import (
    Command,
    GoLive,
    JumpSignal,
    Pause,
    Seek,
    SelectBasis,
    SelectConvention,
    SelectExpiry,
    SelectScope,
    SelectSymbol,
    SetSpeed,
    Skip,
    Step,
    UseSource,
    WhatIf,
)
from engine.views.queries import (
    Query,
    Score,
    Scoreboard,
    ScoreQuery,
    SignalTape,
    SignalTapeQuery,
    SignalTapeTick,
    WhatIfComparison,
    WhatIfQuery,
)
from engine.views.view import Detail, FiredSignal, View
from tests.fakes.pilot import SteadyPilot, driving
from tests.paths import ROOT
from tui.alerts.alerter import Alerter
from tui.alerts.channels import Bell, Toast
from tui.alerts.gate import AlertParams
from tui.screen.app import SpymonApp
from tui.screen.draw.cell_widget import CellWidget, text_of
from tui.screen.grid.ladder import Ladder
from tui.screen.key import Key
from tui.screen.keys import TABLE
from tui.screen.log.log import SignalLog
from tui.screen.main_screen import MainScreen
from tui.screen.sheets.ask import AskScreen
from tui.screen.sheets.detail import ContractDetail
from tui.screen.sheets.detail_screen import DetailScreen
from tui.screen.sheets.help import HelpScreen
from tui.screen.sheets.loading import LoadingPanel
from tui.screen.sheets.panel import ASK_EVERY, PanelSheet
from tui.screen.sheets.pick import PickScreen
from tui.screen.stages.flow_lines import FlowChart
from tui.screen.stages.heat_map import HeatMap
from tui.screen.stages.ranking import Rankings
from tui.screen.stages.smile import SmileChart
from tui.screen.status.footer import HintFooter
from tui.screen.status.header import StatusHeader
from tui.screen.status.note import NoteLine
from tui.screen.status.transport import TransportBar

NEVER = 1e-6
"""Frames per second at which the clock never ticks in a test: frames are called by hand."""

MakeView = Callable[..., View]
MakeDetail = Callable[..., Detail]


@dataclass
class FakeMonitor:
    """Shows the view it is given and remembers what it was sent."""

    make_detail: MakeDetail
    view: View | None = None
    answer: Callable[[Query[Any]], Any] | None = None
    sources: tuple[tuple[str, str], ...] = (
        ("simulated", "the simulated day"),
        ("import", "2025-12-16, imported"),
    )
    failure: str | None = None
    refusal: CredentialError | None = None
    wrong: Exception | None = None
    sent: list[Command] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    questions: list[object] = field(default_factory=list)
    panels: dict[type, object] = field(default_factory=lambda: {ScoreQuery: Scoreboard((), ())})
    life: list[str] = field(default_factory=list)
    answers: asyncio.Event | None = None

    async def start(self) -> None:
        self.life.append("started")
        if self.wrong is not None:
            raise self.wrong

    async def stop(self) -> None:
        self.life.append("stopped")

    def send(self, command: Command) -> None:
        self.sent.append(command)

    async def detail(self, cid: int) -> Detail:
        self.asked.append(cid)
        if self.answers is not None:
            await self.answers.wait()
        if cid < 0:
            raise NoDataError("No contract has the id -1.")
        return self.make_detail(cid=cid)

    async def ask(self, query: Query[Any]) -> Any:
        self.questions.append(query)
        if type(query) in self.panels:
            return self.panels[type(query)]
        if self.answer is None:
            raise NoDataError("Nobody knows.")
        return self.answer(query)


@dataclass
class Scene:
    """A running app with its monitor."""

    app: SpymonApp
    monitor: FakeMonitor
    pilot: SteadyPilot
    folder: Path

    @property
    def main(self) -> MainScreen:
        screen = self.app.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    @property
    def ladder(self) -> Ladder:
        return self.main.query_one(Ladder)

    async def frame(self, view: View | None = None) -> None:
        """Let the frame clock tick once, on a new view if one is given."""
        self.monitor.view = view or self.monitor.view
        self.app.frame()
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    def text(self, part: type[CellWidget], line: int = 0) -> str:
        """Return what a line of a part of the main screen says."""
        return text_of(self.main.query_one(part).row(line))

    def notices(self) -> list[str]:
        return [notice.message for notice in self.app._notifications]


Open = Callable[..., object]


@asynccontextmanager
async def scene(
    monitor: FakeMonitor, folder: Path, size: tuple[int, int] = (120, 36), **arguments: object
) -> AsyncIterator[Scene]:
    app = SpymonApp(monitor, **({"fps": NEVER, "screenshots": folder, "settle": lambda: None} | arguments))  # type: ignore[arg-type]
    async with driving(app, size, notifications=True) as pilot:
        found = Scene(app, monitor, pilot, folder)
        await found.frame()
        yield found


@pytest.fixture
def monitor(make_view: MakeView, make_detail: MakeDetail, make_answer: Callable[..., Any]) -> FakeMonitor:
    return FakeMonitor(make_detail, make_view(), make_answer)


# every key ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """What a key does: the commands it sends, and what holds after it; `before` is pressed first."""

    holds: Callable[[Scene], object] = lambda _: True
    sent: tuple[Command, ...] = ()
    before: tuple[str, ...] = ()


def top(kind: type) -> Callable[[Scene], bool]:
    return lambda scene: isinstance(scene.app.screen, kind)


def cursor(test: Callable[[int | None], bool]) -> Callable[[Scene], bool]:
    return lambda scene: test(scene.ladder.cursor)


DAYS = (date(2025, 12, 16), date(2025, 12, 17), date(2025, 12, 18))
OPEN_NS, CLOSE_NS = parse_time("09:30", DAYS[0]), parse_time("16:00", DAYS[0])

CASES = {
    "row.down": Case(cursor(lambda at: at == 680_000)),
    "row.up": Case(cursor(lambda at: at == 682_000)),
    "page.down": Case(cursor(lambda at: at is not None and at < 676_000)),
    "page.up": Case(cursor(lambda at: at is not None and at > 686_000)),
    "row.first": Case(cursor(lambda at: at == 706_000)),
    "row.last": Case(cursor(lambda at: at == 656_000)),
    "row.centre": Case(cursor(lambda at: at is None), before=("j", "j")),
    "pane.next": Case(lambda scene: isinstance(scene.app.focused, SignalLog)),
    "pane.previous": Case(lambda scene: isinstance(scene.app.focused, Ladder), before=("tab",)),
    "row.choose": Case(top(DetailScreen)),
    "symbol.next": Case(sent=(SelectSymbol("QQQ"),)),
    "symbol.previous": Case(sent=(SelectSymbol("DIA"),)),
    "expiry.next": Case(sent=(SelectExpiry(DAYS[1]),)),
    "expiry.previous": Case(sent=(SelectExpiry(DAYS[2]),)),
    "view.profile": Case(lambda scene: scene.main.prefs.profile_view == "calls_puts"),
    "view.metric": Case(lambda scene: scene.main.prefs.metric == "delta"),
    "view.convention": Case(sent=(SelectConvention("flow"),)),
    "view.basis": Case(sent=(SelectBasis("volume"),)),
    "view.scope": Case(sent=(SelectScope("several"),)),
    "view.heat": Case(lambda scene: "GEX × TIME  681 at 12:41" in scene.text(HeatMap)),
    "view.smile": Case(lambda scene: "ATM 13.8%" in scene.text(SmileChart)),
    "view.flow": Case(lambda scene: "FLOW  premium" in scene.text(FlowChart)),
    "view.rankings": Case(lambda scene: "676 " in scene.text(Rankings, 2)),
    "view.mark": Case(lambda scene: "since 12:3" in scene.text(HeatMap), before=("h", *["left"] * 5)),
    "view.past": Case(lambda scene: scene.main.prefs.past_profile == "five_minutes"),
    "view.unit": Case(lambda scene: scene.main.prefs.unit == "usd_per_1"),
    "view.calls": Case(lambda scene: not scene.ladder.plan.puts and scene.ladder.plan.calls),
    "view.puts": Case(lambda scene: not scene.ladder.plan.calls and scene.ladder.plan.puts),
    "view.freeze": Case(lambda scene: "FROZEN" in scene.text(StatusHeader)),
    "view.theme": Case(lambda scene: scene.app.theme == "spymon-light"),
    "log.filter": Case(top(AskScreen)),
    "log.outcomes": Case(top(PanelSheet)),
    "log.what_if": Case(top(AskScreen)),
    "log.kind": Case(lambda scene: scene.main.prefs.log_rule == "volume_spike"),
    "alert.bell": Case(lambda scene: scene.notices() == ["The bell is on."]),
    "alert.mute": Case(lambda scene: "muted spike" in scene.text(SignalLog)),
    "play.pause": Case(sent=(Pause(),)),
    "play.slower": Case(sent=(SetSpeed(5),)),
    "play.faster": Case(sent=(SetSpeed(25),)),
    "play.normal": Case(sent=(SetSpeed(1.0),)),
    "play.step_back": Case(sent=(Step(-1),)),
    "play.step": Case(sent=(Step(1),)),
    "seek.back": Case(sent=(Skip(-50 * NS),)),
    "seek.on": Case(sent=(Skip(50 * NS),)),
    "seek.minute_back": Case(sent=(Skip(-600 * NS),)),
    "seek.minute_on": Case(sent=(Skip(600 * NS),)),
    "seek.signal_back": Case(sent=(JumpSignal(-1),)),
    "seek.signal_on": Case(sent=(JumpSignal(1),)),
    "seek.start": Case(sent=(Seek(OPEN_NS),)),
    "seek.end": Case(sent=(Seek(CLOSE_NS),)),
    "seek.time": Case(top(AskScreen)),
    "play.live": Case(sent=(GoLive(),)),
    "source.switch": Case(sent=(UseSource("import"),)),
    "app.palette": Case(top(CommandPalette)),
    "app.screenshot": Case(lambda scene: (scene.folder / "spymon-SPY-2025-12-16-124107.svg").exists()),
    "app.back": Case(lambda scene: not scene.main.query_one(NoteLine).display),
    "app.help": Case(top(HelpScreen)),
    "app.quit": Case(lambda scene: scene.app.return_code == 0),
    "app.interrupt": Case(lambda scene: scene.app.return_code == 130),
}
ELSEWHERE = {
    "symbol.{}": "test_a_digit_shows_that_symbol_of_the_watch_list",
    "view.scale": "test_the_scale_key_fits_the_gamma_profile_again",
}


def test_every_row_of_the_table_has_a_test() -> None:
    assert {key.id for key in TABLE} == set(CASES) | set(ELSEWHERE)
    assert all(name in globals() for name in ELSEWHERE.values())


def every_key() -> Iterator[tuple[Key, str]]:
    return ((row, name) for row in TABLE if row.id in CASES for name in row.names)


@pytest.mark.parametrize(
    ("row", "name"), [pytest.param(row, name, id=f"{row.id}-{name}") for row, name in every_key()]
)
async def test_a_key_does_what_its_row_says(
    row: Key, name: str, monitor: FakeMonitor, tmp_path: Path
) -> None:
    case = CASES[row.id]
    async with scene(monitor, tmp_path) as shown:
        await shown.press(*case.before)
        await shown.press(name)
        assert tuple(monitor.sent) == case.sent
        assert case.holds(shown)


@pytest.mark.parametrize("digit", range(1, 10))
async def test_a_digit_shows_that_symbol_of_the_watch_list(
    digit: int, monitor: FakeMonitor, tmp_path: Path
) -> None:
    async with scene(monitor, tmp_path) as shown:
        await shown.press(str(digit))
        assert monitor.view is not None
        if digit <= 6:
            assert monitor.sent == [SelectSymbol(monitor.view.symbols[digit - 1])]
        else:
            assert monitor.sent == []
            assert shown.notices() == ["The watch list has 6 symbols; --symbol makes another list."]


async def test_the_scale_key_fits_the_gamma_profile_again(
    monitor: FakeMonitor, tmp_path: Path, make_view: MakeView
) -> None:
    small = make_view()
    gamma = small.exposures["gamma"]
    smaller = replace(gamma, net=gamma.net / 1000)
    async with scene(monitor, tmp_path) as shown:
        large = shown.text(Ladder, 1)
        await shown.frame(replace(small, exposures={"gamma": smaller}, version=2))
        assert shown.text(Ladder, 1) == large
        await shown.press("equals_sign")
        assert shown.text(Ladder, 1) != large


async def test_a_muted_rule_sends_no_alert_and_stays_in_the_log(monitor: FakeMonitor, tmp_path: Path) -> None:
    rung: list[str] = []

    def alerts(_: object) -> Alerter:
        return Alerter(AlertParams(), [Bell(rung.append)], Bell(rung.append), in_replay=True)

    async with scene(monitor, tmp_path, alerts=alerts) as shown:
        assert monitor.view is not None
        row = replace(monitor.view.signals[-1], strength=0.9)
        lines = [shown.text(SignalLog, line) for line in (1, 2)]
        await shown.press("M")
        shown.app.alerter.hear(FiredSignal("SPY", row))
        assert rung == []
        assert [shown.text(SignalLog, line) for line in (1, 2)] == lines
        await shown.press("M")
        assert "muted" not in shown.text(SignalLog)
        shown.app.alerter.hear(FiredSignal("SPY", row))
        assert rung == ["\a"]
        assert shown.notices() == [
            f"{row.rule} is muted: it sends no alerts.",
            f"{row.rule} alerts again.",
        ]


async def test_without_a_signal_there_is_nothing_to_mute(
    monitor: FakeMonitor, tmp_path: Path, empty_view: MakeView
) -> None:
    monitor.view = empty_view()
    async with scene(monitor, tmp_path) as shown:
        await shown.press("M")
        assert shown.notices() == ["There is no signal yet whose rule could be muted."]


async def test_a_channel_that_fails_is_told_on_the_screen(monitor: FakeMonitor, tmp_path: Path) -> None:
    def alerts(_: object) -> Alerter:
        return Alerter(AlertParams(), [Toast(None, {})], Bell(None), in_replay=True)

    async with scene(monitor, tmp_path, alerts=alerts) as shown:
        assert monitor.view is not None
        shown.app.alerter.hear(FiredSignal("SPY", replace(monitor.view.signals[-1], strength=0.9)))
        await shown.frame()
        assert shown.notices() == ["The alert channel toast failed: there is no terminal."]


async def test_a_user_keymap_moves_a_key_and_its_hint(monitor: FakeMonitor, tmp_path: Path) -> None:
    async with scene(monitor, tmp_path, keymap={"play.pause": "x"}) as shown:
        await shown.press("space")
        assert monitor.sent == []
        await shown.press("x")
        assert monitor.sent == [Pause()]
        assert " x pause" in shown.text(HintFooter)


async def test_two_quick_presses_move_two_places(monitor: FakeMonitor, tmp_path: Path) -> None:
    async with scene(monitor, tmp_path) as shown:
        await shown.press("n", "n", "right_square_bracket", "right_square_bracket", "e", "e")
        assert monitor.sent == [
            SelectSymbol("QQQ"),
            SelectSymbol("SPX"),
            SetSpeed(25),
            SetSpeed(60),
            SelectExpiry(DAYS[1]),
            SelectExpiry(DAYS[2]),
        ]


# live, and before the first view ------------------------------------------------------------------------


async def test_a_live_day_is_moved_in_by_the_same_keys_at_the_markets_own_pace(
    monitor: FakeMonitor, tmp_path: Path, live_view: MakeView
) -> None:
    monitor.view = live_view(speed=10.0)
    async with scene(monitor, tmp_path) as shown:
        await shown.press("space", "left", "left_curly_bracket", "home", "comma")
        assert monitor.sent == [Pause(), Skip(-5 * NS), JumpSignal(-1), Seek(OPEN_NS), Step(-1)]
        await shown.press("t")
        assert isinstance(shown.app.screen, AskScreen)


async def test_a_speed_that_a_live_day_refuses_is_not_remembered(
    monitor: FakeMonitor, tmp_path: Path, live_view: MakeView
) -> None:
    monitor.view = live_view(speed=10.0)
    async with scene(monitor, tmp_path) as shown:
        await shown.press("right_square_bracket", "right_square_bracket")
        await shown.frame(live_view("REWIND", behind_s=60, speed=10.0, version=9))
        await shown.press("right_square_bracket")
        assert monitor.sent == [SetSpeed(2.0), SetSpeed(2.0), SetSpeed(25)]


async def test_the_live_key_comes_back_to_now_and_says_when_it_is_now(
    monitor: FakeMonitor, tmp_path: Path, live_view: MakeView
) -> None:
    monitor.view = live_view()
    async with scene(monitor, tmp_path) as shown:
        await shown.press("L")
        assert monitor.sent == []
        assert shown.notices() == ["This is now."]
        assert "now" not in shown.text(HintFooter)
        await shown.frame(live_view("REWIND", behind_s=60, version=9))
        assert " L now" in shown.text(HintFooter)
        await shown.press("L")
        assert monitor.sent == [GoLive()]


async def test_a_signal_of_a_live_day_can_be_seen_happening(
    monitor: FakeMonitor, tmp_path: Path, live_view: MakeView
) -> None:
    monitor.view = live_view()
    async with scene(monitor, tmp_path) as shown:
        await shown.press("tab", "enter", "enter")
        assert monitor.sent == [Seek(monitor.view.signals[-1].ts_ns - 2 * NS)]


async def test_a_live_day_has_a_line_about_its_feed_and_a_note_of_it_moves_no_row(
    monitor: FakeMonitor, tmp_path: Path, live_view: MakeView, make_view: MakeView
) -> None:
    monitor.view = live_view()
    cut = "The connection was cut; trying again in 4 s."
    async with scene(monitor, tmp_path) as shown:
        assert "lag p50  31ms" in shown.text(StatusHeader, 3)
        height, hints = shown.ladder.size.height, shown.text(HintFooter)
        await shown.frame(live_view("GAP", link=Link(note=cut), notes=(cut,), version=9))
        assert cut in shown.text(StatusHeader, 3)
        assert (shown.ladder.size.height, shown.text(HintFooter)) == (height, hints)
        await shown.frame(make_view(generation=2, version=10, notes=()))
        assert shown.ladder.size.height == height + 1


async def test_below_80x20_a_live_day_has_one_line_and_its_source_speaks_over_the_grid(
    monitor: FakeMonitor, tmp_path: Path, live_view: MakeView
) -> None:
    monitor.view = live_view()
    async with scene(monitor, tmp_path, (60, 18)) as shown:
        assert shown.main.query_one(StatusHeader).size.height == 1
        for version, note in enumerate(
            ("Cut off; again in 4 s.", "Cut off; again in 3 s.", "", "Connecting …")
        ):
            await shown.frame(live_view("GAP", link=Link(note=note), version=version + 9))
        assert shown.notices() == ["Cut off; again in 4 s."]


async def test_nothing_covers_the_sentence_that_the_terminal_is_too_small(
    monitor: FakeMonitor, tmp_path: Path, live_view: MakeView
) -> None:
    monitor.view = live_view()
    async with scene(monitor, tmp_path, (60, 18)) as shown:
        await shown.frame(live_view("GAP", link=Link(note="Cut off."), version=9))
        assert shown.notices() == ["Cut off."]
        await shown.pilot.resize_terminal(20, 5)
        await shown.frame(live_view("GAP", link=Link(note="Tried in vain."), version=10))
        assert shown.notices() == []


async def test_before_the_first_contract_of_a_live_day_the_monitor_says_what_it_waits_for(
    monitor: FakeMonitor, tmp_path: Path, unbegun_view: MakeView
) -> None:
    monitor.view = unbegun_view()
    async with scene(monitor, tmp_path, (60, 18)) as shown:
        assert "○ WAITING" in shown.text(StatusHeader)
        middle = [shown.text(Ladder, line).strip() for line in range(shown.ladder.size.height)]
        assert "Waiting for the chain …" in middle
        await shown.press("e", "j", "G", "enter", "escape")
        assert monitor.sent == []
        assert shown.notices() == ["No expiration is listed yet."]


async def test_before_the_first_view_the_loading_is_shown_and_keys_that_need_a_view_are_closed(
    make_detail: MakeDetail, tmp_path: Path
) -> None:
    monitor = FakeMonitor(make_detail)
    async with scene(monitor, tmp_path, what="SPY 2025-12-16") as shown:
        waiting = shown.main.query_one(LoadingPanel)
        assert parts_in_sight(shown) == {HintFooter}
        assert "loading SPY 2025-12-16" in str(waiting.content)
        before = str(waiting.content)
        await shown.frame()
        assert str(waiting.content) != before
        await shown.press("n", "j", "e", "space", "v", "enter", "tab", "F")
        assert monitor.sent == []
        assert shown.main.prefs.profile_view == "net"
        await shown.press("question_mark")
        assert isinstance(shown.app.screen, HelpScreen)


async def test_the_first_view_replaces_the_loading(
    make_detail: MakeDetail, make_view: MakeView, tmp_path: Path
) -> None:
    async with scene(FakeMonitor(make_detail), tmp_path) as shown:
        await shown.frame(make_view())
        assert not shown.main.query_one(LoadingPanel).display
        assert "12:41:07.2" in shown.text(StatusHeader)
        assert "to go live" in shown.text(NoteLine)


async def test_the_process_settles_after_the_first_paint_and_after_the_first_view(
    make_detail: MakeDetail, make_view: MakeView, tmp_path: Path
) -> None:
    monitor = FakeMonitor(make_detail)
    settled: list[list[str]] = []
    async with scene(monitor, tmp_path, settle=lambda: settled.append(list(monitor.life))) as shown:
        assert settled == [[]]
        await shown.frame(make_view())
        await shown.frame(make_view(version=2))
        assert settled == [[], ["started"]]


async def test_the_monitor_is_started_once_and_stopped_at_the_end(
    monitor: FakeMonitor, tmp_path: Path
) -> None:
    async with scene(monitor, tmp_path) as shown:
        assert monitor.life == ["started"]
        await shown.press("q")
    assert monitor.life == ["started", "stopped"]


async def test_a_monitor_that_cannot_start_ends_the_app_with_its_error(
    monitor: FakeMonitor, tmp_path: Path
) -> None:
    monitor.wrong = NoDataError("2025-12-25 is a market holiday.")
    async with scene(monitor, tmp_path) as shown:
        app = shown.app
    assert app.error is monitor.wrong
    assert app.return_code == 1
    assert monitor.life == ["started", "stopped"]


async def test_a_failure_before_any_view_stands_where_the_loading_was(
    make_detail: MakeDetail, tmp_path: Path
) -> None:
    monitor = FakeMonitor(make_detail, failure="The disk is full.")
    async with scene(monitor, tmp_path) as shown:
        assert "The disk is full." in str(shown.main.query_one(LoadingPanel).content)


async def test_a_later_failure_takes_the_place_of_the_hints_until_it_is_over(
    monitor: FakeMonitor, tmp_path: Path
) -> None:
    async with scene(monitor, tmp_path) as shown:
        monitor.failure = "The tape ends in the middle of a row."
        await shown.frame()
        assert "The tape ends in the middle of a row." in shown.text(HintFooter)
        monitor.failure = None
        await shown.frame()
        assert "quit" in shown.text(HintFooter)


async def test_what_a_command_came_to_takes_the_place_of_the_hints_and_moves_no_row(
    monitor: FakeMonitor, tmp_path: Path, make_view: MakeView
) -> None:
    async with scene(monitor, tmp_path) as shown:
        hints, height = shown.text(HintFooter), shown.ladder.size.height
        await shown.frame(make_view(version=2, notes=("There is no later signal.", *make_view().notes)))
        assert "There is no later signal." in shown.text(HintFooter)
        assert "to go live" in shown.text(NoteLine)
        assert shown.ladder.size.height == height
        await shown.press("escape")
        assert shown.text(HintFooter) == hints


async def test_where_there_is_no_room_for_hints_an_answer_is_said_over_the_grid(
    monitor: FakeMonitor, tmp_path: Path, make_view: MakeView
) -> None:
    async with scene(monitor, tmp_path, (60, 18)) as shown:
        await shown.frame(make_view(version=2, notes=("Going to 12:30:00 …", *make_view().notes)))
        assert shown.notices() == []
        await shown.frame(make_view(version=3, notes=("There is no later signal.", *make_view().notes)))
        await shown.frame(make_view(version=4, notes=("There is no later signal.", *make_view().notes)))
        assert shown.notices() == ["There is no later signal."]
        monitor.failure = "The tape ends in the middle of a row."
        await shown.frame()
        assert shown.notices()[1:] == ["The tape ends in the middle of a row."]


async def test_a_key_that_is_refused_while_running_ends_the_screen_with_its_code(
    monitor: FakeMonitor, tmp_path: Path
) -> None:
    async with scene(monitor, tmp_path) as shown:
        monitor.refusal = CredentialError("Massive does not know this key; check MASSIVE_API_KEY.")
        await shown.frame()
        assert shown.app.return_code == 3
        assert shown.app.error is monitor.refusal


async def test_the_same_answer_to_another_key_is_said_again(
    monitor: FakeMonitor, tmp_path: Path, make_view: MakeView
) -> None:
    answered = ("There is no later signal.", *make_view().notes)
    async with scene(monitor, tmp_path) as shown:
        await shown.frame(make_view(version=2, notes=answered))
        await shown.press("escape")
        await shown.frame(make_view(version=3, notes=answered))
        assert "quit" in shown.text(HintFooter)
        await shown.press("right_curly_bracket")
        await shown.frame(make_view(version=4, notes=answered))
        assert "There is no later signal." in shown.text(HintFooter)


# frames -------------------------------------------------------------------------------------------------


async def test_a_view_of_an_older_generation_is_never_painted(
    monitor: FakeMonitor, tmp_path: Path, make_view: MakeView
) -> None:
    monitor.view = make_view(generation=5, symbol="QQQ")
    async with scene(monitor, tmp_path) as shown:
        await shown.frame(make_view(generation=4, version=99, symbol="SPY", spot=999_0000))
        assert shown.main.view is not None
        assert shown.main.view.symbol == "QQQ"
        assert "999" not in shown.text(StatusHeader, 1)
        await shown.frame(make_view(generation=6, version=1, symbol="SPX"))
        assert shown.main.view.symbol == "SPX"


async def test_an_unchanged_version_is_not_painted_again(
    monitor: FakeMonitor, tmp_path: Path, make_view: MakeView
) -> None:
    async with scene(monitor, tmp_path) as shown:
        first = shown.main.view
        await shown.frame(make_view())
        assert shown.main.view is first


async def test_a_frozen_picture_stays_while_data_continue_and_the_newest_comes_after(
    monitor: FakeMonitor, tmp_path: Path, make_view: MakeView
) -> None:
    async with scene(monitor, tmp_path) as shown:
        await shown.press("F")
        await shown.frame(make_view(step=50))
        assert "12:41:07.2" in shown.text(StatusHeader)
        await shown.press("v")
        assert shown.main.prefs.profile_view == "calls_puts"
        await shown.press("F")
        assert "12:41:12.2" in shown.text(StatusHeader)


async def test_the_header_says_the_rate_that_was_asked_for(monitor: FakeMonitor, tmp_path: Path) -> None:
    async with scene(monitor, tmp_path, (160, 45), fps=4.0) as shown:
        assert "4fps" in shown.text(StatusHeader)


async def test_dear_frames_halve_the_rate_and_say_so(monitor: FakeMonitor, tmp_path: Path) -> None:
    spent = [0.0]
    async with scene(monitor, tmp_path, fps=4.0, cpu_s=lambda: spent[0]) as shown:
        for _ in range(3):
            spent[0] += 0.2
            shown.app.frame()
        await shown.pilot.pause()
        assert shown.main.prefs.fps == 2
        assert shown.notices() == ["2 frames per second now, because painting took too long."]


# layouts ------------------------------------------------------------------------------------------------

LAYOUTS = {
    (80, 24): {StatusHeader, NoteLine, Ladder, SignalLog, TransportBar, HintFooter},
    (120, 36): {StatusHeader, NoteLine, Ladder, SignalLog, TransportBar, HintFooter},
    (160, 45): {StatusHeader, NoteLine, Ladder, SignalLog, TransportBar, HintFooter},
    (200, 60): {StatusHeader, NoteLine, Ladder, SignalLog, TransportBar, HintFooter, ContractDetail},
    (240, 60): {StatusHeader, NoteLine, Ladder, SignalLog, TransportBar, HintFooter, ContractDetail},
    (200, 28): {StatusHeader, NoteLine, Ladder, SignalLog, TransportBar, HintFooter},
    (200, 30): {StatusHeader, NoteLine, Ladder, SignalLog, TransportBar, HintFooter, ContractDetail},
    (214, 18): {StatusHeader, Ladder},
    (79, 24): {StatusHeader, Ladder},
    (120, 19): {StatusHeader, Ladder},
    (50, 18): {StatusHeader, Ladder},
    (20, 5): set(),
}


def parts_in_sight(shown: Scene) -> set[type]:
    kinds = (StatusHeader, NoteLine, Ladder, SignalLog, TransportBar, HintFooter, ContractDetail)
    return {
        kind for kind in kinds if shown.main.query_one(kind).size.area and shown.main.query_one(kind).display
    }


@pytest.mark.parametrize("size", LAYOUTS, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_terminal_shows_what_fits_it(
    size: tuple[int, int], monitor: FakeMonitor, tmp_path: Path
) -> None:
    async with scene(monitor, tmp_path, size) as shown:
        assert parts_in_sight(shown) == LAYOUTS[size]
        regions = [shown.main.query_one(kind).region for kind in LAYOUTS[size]]
        assert all(shown.main.region.contains_region(region) for region in regions)
        assert not any(a.overlaps(b) for a in regions for b in regions if a is not b)


async def test_a_terminal_may_shrink_to_nothing_and_grow_back(monitor: FakeMonitor, tmp_path: Path) -> None:
    async with scene(monitor, tmp_path) as shown:
        before = [shown.text(Ladder, line) for line in range(12)]
        await shown.pilot.resize_terminal(20, 5)
        small = shown.main.query_one("#too-small", Static)
        assert small.display
        assert str(small.content) == "20×5 is too small; spymon needs 40×8."
        await shown.frame()
        await shown.pilot.resize_terminal(120, 36)
        assert not small.display
        assert [shown.text(Ladder, line) for line in range(12)] == before


async def test_below_sixty_columns_the_puts_take_turns_with_the_calls(
    monitor: FakeMonitor, tmp_path: Path
) -> None:
    async with scene(monitor, tmp_path, (50, 18)) as shown:
        assert shown.ladder.plan.calls
        assert not shown.ladder.plan.puts
        await shown.press("p")
        assert shown.ladder.plan.puts


# prompts ------------------------------------------------------------------------------------------------


async def test_a_typed_time_is_judged_while_typed_and_sought_on_enter(
    monitor: FakeMonitor, tmp_path: Path
) -> None:
    async with scene(monitor, tmp_path) as shown:
        await shown.press("t", "n", "o", "o", "n", "enter")
        verdict = shown.app.screen.query_one(Static)
        assert isinstance(shown.app.screen, AskScreen)
        assert verdict.has_class("-refused")
        assert monitor.sent == []
        shown.app.screen.query_one(Input).value = "10:31"
        await shown.pilot.pause()
        assert str(verdict.content) == "to 10:31:00 exchange time"
        await shown.press("enter")
        assert monitor.sent == [Seek(parse_time("10:31", DAYS[0]))]
        assert isinstance(shown.app.screen, MainScreen)


async def test_a_word_of_the_filter_that_means_nothing_is_said_while_it_is_typed(
    monitor: FakeMonitor, tmp_path: Path
) -> None:
    async with scene(monitor, tmp_path) as shown:
        await shown.press("slash", *"spke")
        prompt = shown.app.screen.query_one(Static)
        assert "nothing is called spke; spike 685c" in str(prompt.content)
        assert "unknown: spke" in shown.text(SignalLog)
        await shown.press("backspace", "backspace", "backspace", *"pike")
        assert "empty shows all" in str(prompt.content)
        assert "unknown" not in shown.text(SignalLog)


async def test_the_log_follows_the_filter_while_it_is_typed_and_escape_takes_it_back(
    monitor: FakeMonitor, tmp_path: Path
) -> None:
    async with scene(monitor, tmp_path) as shown:
        await shown.press("slash", *"fmv")
        assert shown.main.prefs.log_filter == "fmv"
        assert "690C" in shown.text(SignalLog, 1)
        await shown.press("escape")
        assert shown.main.prefs.log_filter == ""
        await shown.press("slash", *"fmv", "enter")
        assert shown.main.prefs.log_filter == "fmv"
        await shown.press("escape")
        assert shown.main.prefs.log_filter == ""
        assert shown.main.query_one(NoteLine).display


async def test_with_several_sources_one_is_picked_from_a_list(monitor: FakeMonitor, tmp_path: Path) -> None:
    monitor.sources = (*monitor.sources, ("other", "2015-12-24, imported"))
    async with scene(monitor, tmp_path) as shown:
        await shown.press("S")
        assert isinstance(shown.app.screen, PickScreen)
        assert shown.app.screen.query_one(OptionList).highlighted == 0
        await shown.press("j", "down", "k", "enter")
        assert monitor.sent == [UseSource("import")]
        await shown.press("S", "escape")
        assert len(monitor.sent) == 1


async def test_the_only_source_says_how_to_get_another(monitor: FakeMonitor, tmp_path: Path) -> None:
    monitor.sources = monitor.sources[:1]
    async with scene(monitor, tmp_path) as shown:
        await shown.press("S")
        assert monitor.sent == []
        assert shown.notices() == ["This is the only source; `spymon import` adds a day of your own."]


async def test_one_symbol_and_one_expiration_have_no_neighbours(
    monitor: FakeMonitor, tmp_path: Path, make_view: MakeView
) -> None:
    monitor.view = make_view(symbols=("SPY",), expiries=DAYS[:1])
    async with scene(monitor, tmp_path) as shown:
        await shown.press("n", "e")
        assert monitor.sent == []
        assert len(shown.notices()) == 2


async def test_the_palette_goes_to_a_typed_time(monitor: FakeMonitor, tmp_path: Path) -> None:
    async with scene(monitor, tmp_path) as shown:
        await shown.press("colon", *"13:05")
        await shown.app.workers.wait_for_complete()
        await shown.pilot.pause()
        await shown.press("enter")
        assert monitor.sent == [Seek(parse_time("13:05", DAYS[0]))]


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("symbol ndx", SelectSymbol("NDX")),
        ("speed max", SetSpeed(inf)),
        ("expiration 2025-12-17", SelectExpiry(DAYS[1])),
        ("2025-12-16, imported", UseSource("import")),
        ("pause or play", Pause()),
    ],
)
async def test_the_palette_finds_commands_by_name(
    words: str, command: Command, monitor: FakeMonitor, tmp_path: Path
) -> None:
    async with scene(monitor, tmp_path) as shown:
        await shown.press("ctrl+p")
        shown.app.screen.query_one(Input).value = words
        await shown.pilot.pause()
        await shown.app.workers.wait_for_complete()
        await shown.pilot.pause()
        await shown.press("enter")
        assert monitor.sent == [command]


async def test_the_palette_tells_the_users_own_keys(monitor: FakeMonitor, tmp_path: Path) -> None:
    async with scene(monitor, tmp_path, keymap={"play.pause": "x"}) as shown:
        await shown.press("ctrl+p", *"pause or")
        await shown.app.workers.wait_for_complete()
        await shown.pilot.pause()
        offered = str(shown.app.screen.query_one(OptionList).options[0].prompt)
        assert "pause or play on" in offered
        assert "key x" in offered


async def test_the_palette_offers_every_key(monitor: FakeMonitor, tmp_path: Path) -> None:
    async with scene(monitor, tmp_path) as shown:
        await shown.press("ctrl+p")
        await shown.app.workers.wait_for_complete()
        await shown.pilot.pause()
        offered = "\n".join(str(option.prompt) for option in shown.app.screen.query_one(OptionList).options)
        by_name = {"symbol.{}": "symbol NDX", "app.palette": ""}  # a place is named; the palette is open
        for key in TABLE:
            assert by_name.get(key.id, key.help) in offered, key.id


# the contract in detail ---------------------------------------------------------------------------------


async def test_the_sheet_asks_for_the_contract_at_spot_and_flips_to_its_other_side(
    monitor: FakeMonitor, tmp_path: Path
) -> None:
    async with scene(monitor, tmp_path) as shown:
        assert monitor.view is not None
        atm = monitor.view.atm
        await shown.press("enter")
        put, call = int(monitor.view.put.cid[atm]), int(monitor.view.call.cid[atm])
        assert monitor.asked == [put]
        await shown.press("enter")
        assert monitor.asked == [put, call]
        await shown.press("k")
        assert monitor.asked[-1] == int(monitor.view.call.cid[atm + 1])
        await shown.press("escape")
        assert isinstance(shown.app.screen, MainScreen)


async def test_a_wide_screen_docks_the_detail_and_escape_closes_it(
    monitor: FakeMonitor, tmp_path: Path
) -> None:
    async with scene(monitor, tmp_path, (165, 45)) as shown:
        await shown.press("enter")
        assert ContractDetail in parts_in_sight(shown)
        assert "685 C" in shown.text(ContractDetail)
        await shown.press("escape")
        assert ContractDetail not in parts_in_sight(shown)
        assert shown.main.query_one(NoteLine).display


async def test_an_answer_to_a_question_of_an_older_generation_is_not_shown(
    monitor: FakeMonitor, tmp_path: Path, make_view: MakeView
) -> None:
    monitor.answers = asyncio.Event()
    async with scene(monitor, tmp_path, (200, 60)) as shown:
        before = shown.text(ContractDetail)
        await shown.press("j")
        assert len(monitor.asked) == 1
        await shown.frame(make_view(generation=2, symbol="QQQ"))
        monitor.answers.set()
        await shown.pilot.pause()
        assert shown.text(ContractDetail) == before
        await shown.press("j")
        assert "685 C" in shown.text(ContractDetail)


async def test_no_second_question_is_asked_while_one_is_open(monitor: FakeMonitor, tmp_path: Path) -> None:
    monitor.answers = asyncio.Event()
    async with scene(monitor, tmp_path, (200, 60)) as shown:
        await shown.press("j", "j", "k")
        assert len(monitor.asked) == 1


async def test_a_contract_nobody_knows_any_more_is_not_an_error(monitor: FakeMonitor, tmp_path: Path) -> None:
    async with scene(monitor, tmp_path, (200, 60)) as shown:
        await shown.main.detail._fetch(-1, shown.main.newest)
        assert shown.app.return_code is None


# signals and mouse --------------------------------------------------------------------------------------


def sheet(scene: Scene) -> PanelSheet:
    assert isinstance(scene.app.screen, PanelSheet)
    return scene.app.screen


def sheet_text(scene: Scene) -> str:
    body = sheet(scene).body
    return "\n".join(text_of(body.row(y)) for y in range(body.size.height))


BOARD = Scoreboard((Score("sweep", 60, 41, 33.2, 0.61, 0.48, 0.7, 0.55, 0.034),), (("sweep", 6.1),))


async def test_enter_on_a_signal_shows_its_evidence_and_the_tape_around_it(
    monitor: FakeMonitor, tmp_path: Path
) -> None:
    async with scene(monitor, tmp_path) as shown:
        assert monitor.view is not None
        index = len(monitor.view.signals) - 2
        row = monitor.view.signals[index]
        ticks = tuple(SignalTapeTick(row.ts_ns + second * NS, 22_000 + second, 1) for second in range(-10, 5))
        monitor.panels[SignalTapeQuery] = SignalTape(index, ticks, ())
        await shown.press("tab", "k", "enter")
        assert monitor.questions == [SignalTapeQuery(index)]
        assert row.reason in sheet_text(shown)
        assert "▲" in sheet_text(shown)
        await shown.press("escape")
        assert isinstance(shown.app.screen, MainScreen)
        assert monitor.sent == []


async def test_enter_on_the_evidence_goes_to_the_signals_strike_two_seconds_before_it(
    monitor: FakeMonitor, tmp_path: Path
) -> None:
    async with scene(monitor, tmp_path) as shown:
        assert monitor.view is not None
        row = monitor.view.signals[-2]
        monitor.panels[SignalTapeQuery] = SignalTape(0, (), ())
        await shown.press("tab", "k", "enter", "enter")
        assert shown.ladder.cursor == row.contract.strike_milli
        assert monitor.sent == [Seek(row.ts_ns - 2 * NS)]


async def test_a_signal_of_another_expiration_shows_that_expiration_first(
    monitor: FakeMonitor, tmp_path: Path, make_view: MakeView
) -> None:
    monitor.view = make_view(expiry=DAYS[1])
    monitor.panels[SignalTapeQuery] = SignalTape(0, (), ())
    async with scene(monitor, tmp_path) as shown:
        await shown.press("tab", "enter", "enter")
        assert monitor.sent[0] == SelectExpiry(DAYS[0])


async def test_an_open_sheet_asks_again_and_a_refused_question_closes_it_with_a_sentence(
    monitor: FakeMonitor, tmp_path: Path
) -> None:
    async with scene(monitor, tmp_path) as shown:
        monitor.panels[ScoreQuery] = BOARD
        await shown.press("O")
        assert "sweep" in sheet_text(shown)
        for _ in range(ASK_EVERY):
            await shown.frame()
        assert monitor.questions == [ScoreQuery(), ScoreQuery()]
        await shown.press("enter")
        assert isinstance(shown.app.screen, PanelSheet)  # there is nowhere to go
        del monitor.panels[ScoreQuery]
        monitor.answer = None
        for _ in range(ASK_EVERY):
            await shown.frame()
        assert isinstance(shown.app.screen, MainScreen)
        assert shown.notices() == ["Nobody knows."]


async def test_other_thresholds_are_judged_while_typed_run_and_called_off_on_close(
    monitor: FakeMonitor, tmp_path: Path
) -> None:
    settings = ("volume_spike.z=5",)
    async with scene(monitor, tmp_path) as shown:
        monitor.panels[WhatIfQuery] = WhatIfComparison(settings, 0.4, BOARD, BOARD, 0, (), ())
        await shown.press("W", *"volume_spik")
        line = shown.app.screen.query_one(Static)
        assert str(line.content) == "volume_spik needs NAME=VALUE, for example volume_spike.z=5."
        shown.app.screen.query_one(Input).value = "volume_spik.z=5"
        await shown.pilot.pause()
        assert "did you mean volume_spike.z?" in str(line.content)
        shown.app.screen.query_one(Input).value = settings[0]
        await shown.press("enter")
        assert monitor.sent == [WhatIf(settings)]
        assert "40%" in sheet_text(shown)
        monitor.panels[WhatIfQuery] = WhatIfComparison(settings, 1.0, BOARD, BOARD, 7, (), ())
        for _ in range(ASK_EVERY):
            await shown.frame()
        assert "7 signals stay" in sheet_text(shown)
        await shown.press("escape")
        assert monitor.sent == [WhatIf(settings), WhatIf(())]


async def test_a_long_answer_scrolls_and_stops_at_its_ends(monitor: FakeMonitor, tmp_path: Path) -> None:
    rules = tuple(replace(BOARD.scores[0], rule=f"user:rule {n}") for n in range(30))
    monitor.panels[ScoreQuery] = Scoreboard(rules, ())
    async with scene(monitor, tmp_path, (80, 24)) as shown:
        await shown.press("O")
        assert "rule 0" in sheet_text(shown)
        await shown.press("pagedown", "pagedown", "pagedown", "j")
        assert "rule 29" in sheet_text(shown)
        assert "rule 0 " not in sheet_text(shown)
        await shown.press("pageup", "pageup", "pageup", "pageup", "k")
        assert "rule 0" in sheet_text(shown)


async def test_two_quick_presses_make_two_steps_of_the_sign(monitor: FakeMonitor, tmp_path: Path) -> None:
    async with scene(monitor, tmp_path) as shown:
        await shown.press("D", "D", "V", "a", "a")
        assert monitor.sent == [
            SelectConvention("flow"),
            SelectConvention("blended"),
            SelectBasis("volume"),
            SelectScope("several"),
            SelectScope("all"),
        ]


async def test_moving_in_the_log_does_not_move_the_ladder(monitor: FakeMonitor, tmp_path: Path) -> None:
    async with scene(monitor, tmp_path) as shown:
        log = shown.main.query_one(SignalLog)
        await shown.press("tab", "k", "k")
        assert not log.at_newest
        assert shown.ladder.cursor is None
        await shown.press("z")
        assert log.at_newest


async def test_a_click_on_a_tab_shows_its_symbol(monitor: FakeMonitor, tmp_path: Path) -> None:
    async with scene(monitor, tmp_path) as shown:
        x = shown.text(StatusHeader).index("QQQ")
        await shown.pilot.click(StatusHeader, offset=(x, 0))
        assert monitor.sent == [SelectSymbol("QQQ")]


async def test_a_press_on_the_track_seeks(monitor: FakeMonitor, tmp_path: Path) -> None:
    async with scene(monitor, tmp_path) as shown:
        await shown.pilot.mouse_down(TransportBar, offset=(60, 0))
        await shown.pilot.mouse_up(TransportBar, offset=(60, 0))
        assert len(set(monitor.sent)) == 1
        assert isinstance(monitor.sent[0], Seek)
        assert OPEN_NS < monitor.sent[0].ts_ns < CLOSE_NS


async def test_a_folder_that_cannot_be_written_is_named(monitor: FakeMonitor, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    async with scene(monitor, blocked) as shown:
        await shown.press("ctrl+s")
        assert shown.notices()[0].startswith(f"The screenshot could not be written to {blocked}")


async def test_themes_go_round(monitor: FakeMonitor, tmp_path: Path) -> None:
    async with scene(monitor, tmp_path) as shown:
        seen = []
        for _ in range(4):
            await shown.press("T")
            seen.append(shown.app.theme)
        assert seen == ["spymon-light", "ansi-dark", "ansi-light", "spymon-dark"]


def test_importing_the_app_loads_no_compiler_and_no_file_format() -> None:
    heavy = (
        "numba",
        "pyarrow",
        "pandas",
        "engine.fold.params",
        "engine.fold.rules.firing",
        "engine.fold.state",
        "engine.fold.step",
        "engine.analytics.greeks",
        "engine.store",
        "engine.session.monitor",
    )
    code = f"import sys, tui.screen.app; print([name for name in {heavy!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert found.stdout.strip() == "[]"
