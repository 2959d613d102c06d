"""The whole screen as a picture, by terminal size and by what is going on; frames are called by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.model.calendar import parse_time
from engine.tape.link import Lag, Link
from engine.views.commands import Command, WhatIf
from engine.views.queries import Query
from engine.views.view import Detail, View
from tests.fakes.pilot import SteadyPilot
from tui.screen.app import SpymonApp
from tui.screen.sheets.detail_drawer import ASK_EVERY

CLOSE_NS = parse_time("16:00", date(2025, 12, 16))
SIZES = ((80, 24), (120, 36), (200, 60))
SCENES: dict[str, tuple[str, ...]] = {
    "replay": (),
    "paused": (),
    "detail": ("j", "enter"),
    "help": ("question_mark",),
    "filter": ("slash", *"spike"),
    "heat": ("h", *["left"] * 20, "j", "j"),
    "heat-flow": ("h", "m"),
    "smile": ("i", "k", "k"),
    "flow": ("l",),
    "flow-delta": ("l", "m"),
    "rankings": ("r", "j"),
    "heat-charm": ("h", "m", "m"),
    "calls-and-puts": ("v",),
    "gross": ("v", "v"),
    "open-interest": ("v", "v", "v"),
    "volume": ("v", "v", "v", "v"),
    "five-minutes-ago": ("d",),
    "delta": ("m",),
    "vanna": ("m", "m"),
    "charm": ("m", "m", "m"),
    "evidence": ("tab", "enter"),
    "outcomes": ("O",),
    "what-if": ("W", *"volume_spike.z", "equals_sign", "5", "enter"),
    "signs": ("question_mark", "G"),
}


@dataclass
class StillMonitor:
    """Shows one view for ever."""

    view: View
    answer: Detail
    answers: Callable[[Query[Any]], Any]
    sources: tuple[tuple[str, str], ...] = (("simulated", "the simulated day"),)
    failure: str | None = None
    refusal: None = None

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def send(self, command: Command) -> None:
        assert isinstance(command, WhatIf), f"{command} was sent"

    async def detail(self, cid: int) -> Detail:
        return self.answer

    async def ask(self, query: Query[Any]) -> Any:
        return self.answers(query)


Open = Callable[..., SpymonApp]


@pytest.fixture
def still_app(make_view: Callable[..., View], make_detail: Callable[..., Detail], make_answer: Any) -> Open:
    """Return the maker of an app that shows one view for ever; its arguments change the view."""
    return lambda **changes: SpymonApp(
        StillMonitor(make_view(**changes), make_detail(), make_answer), settle=lambda: None, cpu_s=lambda: 0.0
    )


@pytest.fixture
def live_app(live_view: Callable[..., View], make_detail: Callable[..., Detail], make_answer: Any) -> Open:
    """Return the maker of an app that shows one view of a live day for ever."""
    return lambda badge, **changes: SpymonApp(
        StillMonitor(live_view(badge, **changes), make_detail(), make_answer),
        settle=lambda: None,
        cpu_s=lambda: 0.0,
    )


async def one_frame(textuals: Pilot[None], keys: Iterable[str] = (), theme: str = "") -> None:
    pilot = SteadyPilot(textuals.app)
    await pilot.pause()
    assert isinstance(pilot.app, SpymonApp)
    for _ in range(ASK_EVERY):  # so that the docked contract has been asked for, and has come
        pilot.app.frame()
        await pilot.pause()
    await pilot.press(*keys)
    if theme:
        pilot.app.theme = theme
        await pilot.pause()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", SCENES)
def test_the_screen_looks_as_it_did(
    name: str,
    size: tuple[int, int],
    snap_compare: Callable[..., bool],
    still_app: Open,
) -> None:
    app = still_app(paused=name == "paused")
    assert snap_compare(app, terminal_size=size, run_before=partial(one_frame, keys=SCENES[name]))


@pytest.mark.parametrize("keys", ["", "h", "l"], ids=["grid", "heat", "flow"])
@pytest.mark.parametrize("theme", ["spymon-light", "ansi-dark"])
def test_other_themes_look_as_they_did(
    theme: str, keys: str, snap_compare: Callable[..., bool], still_app: Open
) -> None:
    run = partial(one_frame, keys=keys, theme=theme)
    assert snap_compare(still_app(), terminal_size=(120, 36), run_before=run)


CUT = Link(
    state="lost",
    dropped=1_234,
    note="The connection was cut at 12:39:55; trying again in 4 s.",
    spot_origin="stocks feed",
    silent_s=72,
    reconciled=0.983,
    refused=("FMV.O:SPY251216C00685000", "FMV.O:SPY251216C00686000"),
)
POLLED = Link(
    state="polling",
    note="The plan has no websocket; the chain is polled every 5 s.",
    spot_origin="put-call parity",
    next_poll_s=3,
    reconciled=0.641,
)
LIVE: dict[str, dict[str, Any]] = {
    "LIVE": {},
    "DELAYED": {"lag": Lag(900_120.0, 901_310.0)},
    "POLL": {"link": POLLED, "lag": None},
    "STALE": {"link": Link(state="connected", silent_s=12, spot_origin="stocks feed", reconciled=0.983)},
    "GAP": {"link": CUT},
    "CLOSED": {
        "link": Link(state="closed", silent_s=32_400, note="The market opens at 09:30 on 2025-12-17."),
        "tape_ns": CLOSE_NS,
        "live_ns": CLOSE_NS,
    },
    "REWIND": {"behind_s": 3_600},
}


@pytest.mark.parametrize(
    ("badge", "size"),
    [(badge, (120, 36)) for badge in LIVE] + [(badge, (80, 24)) for badge in ("LIVE", "GAP", "REWIND")],
    ids=lambda value: value if isinstance(value, str) else f"{value[0]}x{value[1]}",
)
def test_a_live_day_looks_as_it_did(
    badge: str, size: tuple[int, int], snap_compare: Callable[..., bool], live_app: Open
) -> None:
    assert snap_compare(live_app(badge, **LIVE[badge]), terminal_size=size, run_before=one_frame)


def test_a_live_day_on_a_light_ground_looks_as_it_did(
    snap_compare: Callable[..., bool], live_app: Open
) -> None:
    app, run = live_app("REWIND", behind_s=3_600, paused=True), partial(one_frame, theme="spymon-light")
    assert snap_compare(app, terminal_size=(120, 36), run_before=run)


def test_before_the_first_contract_a_live_day_looks_as_it_did(
    snap_compare: Callable[..., bool], make_detail: Callable[..., Detail], unbegun_view: Callable[..., View]
) -> None:
    app = SpymonApp(StillMonitor(unbegun_view(), make_detail(), str), settle=lambda: None, cpu_s=lambda: 0.0)
    assert snap_compare(app, terminal_size=(120, 36), run_before=one_frame)


@pytest.mark.parametrize("key", ["h", "i", "l", "r"])
def test_views_of_an_empty_day_look_as_they_did(
    key: str,
    snap_compare: Callable[..., bool],
    make_detail: Callable[..., Detail],
    empty_view: Callable[..., View],
    no_answer: Callable[[Query[Any]], Any],
) -> None:
    app = SpymonApp(
        StillMonitor(empty_view(), make_detail(), no_answer), settle=lambda: None, cpu_s=lambda: 0.0
    )
    assert snap_compare(app, terminal_size=(80, 24), run_before=lambda pilot: one_frame(pilot, key))


def test_before_the_first_view_the_loading_looks_as_it_did(
    snap_compare: Callable[..., bool], make_detail: Callable[..., Detail]
) -> None:
    app = SpymonApp(
        StillMonitor(None, make_detail(), lambda query: pytest.fail(f"{query} was asked")),  # type: ignore[arg-type]
        fps=1e-6,
        settle=lambda: None,
        cpu_s=lambda: 0.0,
        what="SPY 2025-12-16",
    )
    assert snap_compare(app, terminal_size=(80, 24), run_before=one_frame)


def test_the_pictures_are_here() -> None:
    folder = Path(__file__).parent / "__snapshots__" / "test_snapshots"
    assert len(list(folder.iterdir())) == len(SIZES) * len(SCENES) + 2 * 3 + 4 + 1 + len(LIVE) + 3 + 2
