from __future__ import annotations

from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.views.view import SignalHistory
from tui.screen.draw.cell_widget import text_of
from tui.screen.status.transport import TransportBar, cell_of, moment, track, track_place, transport_row
from tui.settings.prefs import Prefs

MINUTE = 60_000_000_000


def row(view, width: int = 120) -> str:
    return text_of(transport_row(view, width))


@pytest.mark.parametrize("width", range(30, 201, 7))
def test_the_bar_is_exactly_as_wide_as_the_screen(make_view, width: int) -> None:
    assert len(row(make_view(), width)) == width


def test_the_bar_reads_state_speed_day_track_clock(make_view) -> None:
    text = row(make_view())
    assert text.startswith(" ⏵ ×10   2025-12-16 │ 09:30 ├")
    assert text.endswith("┤ 16:00 │ 12:41:07.2 ")


@pytest.mark.parametrize(
    ("changes", "start"),
    [
        ({"paused": True}, " ⏸ ×10"),
        ({"finished": True}, " ⏹ ×10"),
        ({"speed": inf}, " ⏵ ×max"),
        ({"badge": "LIVE", "live_ns": 1}, " ● now  "),
        ({"badge": "REWIND", "live_ns": 1, "speed": 1.0}, " ⏵ ×1   "),
    ],
)
def test_play_state(make_view, changes: dict[str, object], start: str) -> None:
    assert row(make_view(**changes)).startswith(start)


def test_the_playhead_stands_at_the_share_of_the_day(make_view) -> None:
    view = make_view()
    for share in (0.0, 0.25, 0.5, 1.0):
        at = view.start_ns + round((view.end_ns - view.start_ns) * share)
        glyphs = "".join(glyph for glyph, _, _ in track(make_view(tape_ns=at, gaps=()), 80))
        assert glyphs.index("●") == min(79, round(80 * share))


def test_gaps_and_signals_stand_at_their_time_and_only_up_to_the_playhead(make_view, make_signal) -> None:
    rows = [make_signal(100), make_signal(150, direction="sell"), make_signal(180, direction="neutral")]
    later = make_signal(300)
    view = make_view(signals=SignalHistory([*rows, later], 3))
    glyphs = "".join(glyph for glyph, _, _ in track(view, 390))
    assert [glyphs[minute] for minute in (100, 150, 180, 45)] == ["▲", "▼", "◆", "░"]
    assert set(glyphs[192:]) == {"┄"}


def test_the_last_signal_of_a_cell_decides_its_mark(make_view, make_signal) -> None:
    rows = [make_signal(100), make_signal(100.4, direction="sell")]
    glyphs = "".join(glyph for glyph, _, _ in track(make_view(signals=SignalHistory(rows, 2)), 390))
    assert glyphs[100] == "▼"
    assert "▲" not in glyphs


def test_what_is_not_folded_yet_looks_different(make_view) -> None:
    glyphs = "".join(glyph for glyph, _, _ in track(make_view(loaded=0.75), 100))
    assert glyphs[50:75] == "┄" * 25
    assert set(glyphs[76:]) == {"·"}


def glyphs_of(view, cells: int) -> str:
    return "".join(glyph for glyph, _, _ in track(view, cells))


def test_a_live_day_ends_at_its_front_and_what_comes_after_is_blank(live_view) -> None:
    glyphs = glyphs_of(live_view(), 390)
    assert glyphs[191] == "●"
    assert set(glyphs[192:]) == {" "}
    assert "┃" not in glyphs


def test_a_rewound_screen_shows_where_it_is_and_where_now_is(live_view) -> None:
    glyphs = glyphs_of(live_view("REWIND", behind_s=3600), 390)
    assert [glyphs[191], glyphs[251]] == ["●", "┃"]
    assert set(glyphs[192:251]) == {"┄"}
    assert set(glyphs[252:]) == {" "}


@pytest.mark.parametrize("cells", [8, 40, 390])
def test_however_short_the_rewind_playhead_and_front_are_both_seen(live_view, cells: int) -> None:
    glyphs = glyphs_of(live_view("REWIND", behind_s=0.2), cells)
    assert "●┃" in glyphs


def test_going_back_moves_neither_end_of_the_track(live_view) -> None:
    assert track_place(live_view(), 120) == track_place(live_view("REWIND", behind_s=60), 120)


def test_before_its_first_event_a_live_day_has_no_clock(unbegun_view) -> None:
    assert row(unbegun_view()).endswith(" --:--:--.- ")


async def test_the_front_moves_on_while_the_screen_is_paused(live_view, stage) -> None:
    bar = TransportBar()
    async with stage(bar, 120, 1):
        bar.show(live_view("REWIND", behind_s=60, paused=True), Prefs())
        before = bar.render_line(0).text
        bar.show(live_view("REWIND", behind_s=3600, paused=True), Prefs())
        assert bar.render_line(0).text.index("┃") > before.index("┃")


@settings(max_examples=50)
@given(cells=st.integers(8, 200), share=st.floats(0, 1))
def test_pointing_at_a_cell_lands_in_it(cells: int, share: float) -> None:
    class Day:
        start_ns, end_ns = 1_765_895_400_000_000_000, 1_765_918_800_000_000_000

    cell = min(cells - 1, int(share * cells))
    at = moment(Day, cell, cells)
    assert Day.start_ns <= at <= Day.end_ns
    assert abs(cell_of(Day, at, cells) - cell) <= 1


def test_the_first_cell_is_the_open_and_the_last_the_close(make_view) -> None:
    view = make_view()
    assert moment(view, 0, 50) == view.start_ns
    assert moment(view, 49, 50) == view.end_ns


def test_a_screen_too_narrow_for_a_track_has_none(make_view) -> None:
    assert track_place(make_view(), 30)[1] == 0
    assert row(make_view(), 30).startswith(" ⏵ ×10")


async def test_a_press_on_the_track_seeks_there(make_view, stage) -> None:
    bar = TransportBar()
    view = make_view()
    async with stage(bar, 120, 1) as pilot:
        bar.show(view, Prefs())
        start, cells = track_place(view, 120)
        await pilot.click(TransportBar, offset=(start + cells // 2, 0))
        assert pilot.app.said(TransportBar.Sought).ts_ns == moment(view, cells // 2, cells)


async def test_dragging_seeks_along_and_letting_go_ends_it(make_view, stage) -> None:
    bar = TransportBar()
    view = make_view()
    async with stage(bar, 120, 1) as pilot:
        bar.show(view, Prefs())
        start, cells = track_place(view, 120)
        await pilot.mouse_down(TransportBar, offset=(start, 0))
        await pilot.hover(TransportBar, offset=(start + 10, 0))
        assert pilot.app.said(TransportBar.Sought).ts_ns == moment(view, 10, cells)
        await pilot.mouse_up(TransportBar, offset=(start + 10, 0))
        await pilot.hover(TransportBar, offset=(start + 20, 0))
        assert pilot.app.said(TransportBar.Sought).ts_ns == moment(view, 10, cells)


async def test_beside_the_track_nothing_is_sought(make_view, stage) -> None:
    bar = TransportBar()
    async with stage(bar, 120, 1) as pilot:
        await pilot.click(TransportBar, offset=(50, 0))
        bar.show(make_view(), Prefs())
        await pilot.click(TransportBar, offset=(3, 0))
        await pilot.click(TransportBar, offset=(117, 0))
        assert pilot.app.said(TransportBar.Sought) is None


async def test_the_bar_fits_a_new_size(make_view, stage) -> None:
    bar = TransportBar()
    async with stage(bar, 120, 1) as pilot:
        bar.show(make_view(), Prefs())
        await pilot.resize_terminal(60, 1)
        assert bar.render_line(0).text.endswith("┤ 12:41:07.2 ")
