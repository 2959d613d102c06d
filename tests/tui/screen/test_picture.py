"""The README's picture: the screen itself on a moment of the simulated day, and every view on that moment.

The engine is the real one, with a wall clock that is counted by hand. `make pictures` renews the picture.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import pytest
from pytest_textual_snapshot import normalize_svg
from textual.pilot import Pilot

from engine.feeds.simulated import SimulatedSource
from engine.model.calendar import parse_time
from engine.model.events import NS
from engine.session.player import Player
from engine.session.symbol_day import PlayerParams
from engine.views.commands import Command, Seek
from engine.views.queries import Query
from engine.views.view import Detail, View
from tests.paths import ROOT
from tui.screen.app import SpymonApp
from tui.screen.draw.cell_widget import text_of
from tui.screen.stages.table import STAGES

PICTURE = ROOT / "docs" / "pictures" / "screen.svg"
DAY = date(2025, 12, 16)
MOMENT_NS = parse_time("10:42", DAY)
SPEED = 10.0
FONTS = "ui-monospace, 'Cascadia Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"


class MomentMonitor:
    """A player that has come to a moment at its own speed, and stays there."""

    sources = (("simulated", "the simulated day"),)
    failure = None
    refusal = None

    def __init__(self) -> None:
        self._player = Player([SimulatedSource(DAY)], PlayerParams(), SPEED, 0, "SPY")
        self._player.obey(Seek(MOMENT_NS - int(SPEED) * NS), 0)
        while self._player.busy:
            self._player.tick(0)
        for frame in range(1, 11):
            self._player.tick(frame * NS // 10)
        self.view: View = self._player.view(NS)

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def send(self, command: Command) -> None:
        raise AssertionError(f"{command} was sent")

    async def detail(self, cid: int) -> Detail:
        return self._player.detail(cid)

    async def ask(self, query: Query[Any]) -> Any:
        return self._player.answer(query)


@pytest.fixture(scope="module")
def monitor() -> MomentMonitor:
    return MomentMonitor()


@asynccontextmanager
async def on_screen(monitor: MomentMonitor) -> AsyncIterator[Pilot[None]]:
    app = SpymonApp(monitor, fps=1e-6, settle=lambda: None, cpu_s=lambda: 0.0)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        await frames(pilot)
        yield pilot


async def frames(pilot: Pilot[None]) -> None:
    """Let what is in sight ask, be answered, and paint."""
    assert isinstance(pilot.app, SpymonApp)
    for _ in range(3):
        pilot.app.frame()
        await pilot.pause()
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


def picture_of(svg: str) -> str:
    """Take the run's own number out of an SVG, and every host: the picture fetches no fonts."""
    svg = re.sub(r"\s*(@font-face \{.*?\}|<!--.*?-->)", "", normalize_svg(svg), flags=re.DOTALL)
    return svg.replace("Fira Code, monospace", FONTS).replace("font-family: arial", "font-family: sans-serif")


async def test_the_readmes_picture_is_the_screen(
    monitor: MomentMonitor, request: pytest.FixtureRequest
) -> None:
    async with on_screen(monitor) as pilot:
        assert monitor.view.tape_ns == MOMENT_NS
        picture = picture_of(pilot.app.export_screenshot())
    if request.config.option.update_snapshots:
        PICTURE.parent.mkdir(exist_ok=True)
        PICTURE.write_text(picture, encoding="utf-8")
    assert PICTURE.read_text(encoding="utf-8") == picture, "the screen has changed: make pictures"
    assert set(re.findall(r"https?://[^/\"]*", picture)) == {"http://www.w3.org"}  # the name of the format


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
async def test_the_engine_answers_what_a_view_asks(stage: Any, monitor: MomentMonitor) -> None:
    async with on_screen(monitor) as pilot:
        await pilot.press(*([stage.key] if stage.key else []))
        await pilot.pause()
        await frames(pilot)
        shown = pilot.app.screen_stack[0].stages  # type: ignore[attr-defined]
        assert shown.stage is stage
        text = "".join(text_of(shown.widget.row(line)) for line in range(shown.widget.size.height))
        assert re.search(r"\d", text)
        assert "…" not in text
        assert "Nobody answers" not in text
