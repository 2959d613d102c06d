"""The whole screen as a picture, by terminal size and by what is going on; frames are called by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.commands import Command
from engine.view import Detail, View
from tui.app import SpymonApp
from tui.screens.desk import DETAIL_EVERY

SIZES = ((80, 24), (120, 36), (200, 60))
SCENES: dict[str, tuple[str, ...]] = {
    "replay": (),
    "paused": (),
    "detail": ("j", "enter"),
    "help": ("question_mark",),
    "filter": ("slash", *"spike"),
}


@dataclass
class StillDesk:
    """Shows one view for ever."""

    view: View
    answer: Detail
    sources: tuple[tuple[str, str], ...] = (("simulated", "the simulated day"),)
    failure: str | None = None

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def send(self, command: Command) -> None:
        pytest.fail(f"{command} was sent")

    async def detail(self, cid: int) -> Detail:
        return self.answer


def still_app(view: View, answer: Detail) -> SpymonApp:
    return SpymonApp(StillDesk(view, answer), settle=lambda: None)


async def one_frame(pilot: Pilot[None], *keys: str) -> None:
    await pilot.pause()
    assert isinstance(pilot.app, SpymonApp)
    for _ in range(DETAIL_EVERY):  # so that the docked contract has been asked for, and has come
        pilot.app.frame()
        await pilot.pause()
    await pilot.press(*keys)
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SCENES)
def test_the_screen_looks_as_it_did(
    name: str,
    size: tuple[int, int],
    snap_compare: Callable[..., bool],
    make_view: Callable[..., View],
    make_detail: Callable[..., Detail],
) -> None:
    app = still_app(make_view(paused=name == "paused"), make_detail())
    assert snap_compare(app, terminal_size=size, run_before=lambda pilot: one_frame(pilot, *SCENES[name]))


@pytest.mark.parametrize("theme", ["spymon-light", "ansi-dark"])
def test_other_themes_look_as_they_did(
    theme: str,
    snap_compare: Callable[..., bool],
    make_view: Callable[..., View],
    make_detail: Callable[..., Detail],
) -> None:
    async def themed(pilot: Pilot[None]) -> None:
        await one_frame(pilot)
        pilot.app.theme = theme
        await pilot.pause()

    assert snap_compare(still_app(make_view(), make_detail()), terminal_size=(120, 36), run_before=themed)


def test_before_the_first_view_the_loading_looks_as_it_did(
    snap_compare: Callable[..., bool], make_detail: Callable[..., Detail]
) -> None:
    app = SpymonApp(
        StillDesk(None, make_detail()),  # type: ignore[arg-type]
        fps=1e-6,
        settle=lambda: None,
        what="SPY 2025-12-16",
    )
    assert snap_compare(app, terminal_size=(80, 24), run_before=one_frame)


def test_the_pictures_are_here() -> None:
    folder = Path(__file__).parent / "__snapshots__" / "test_snapshots"
    assert len(list(folder.iterdir())) == len(SIZES) * len(SCENES) + 3
