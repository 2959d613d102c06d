from __future__ import annotations

import pytest

from engine.views.queries import HEAT_METRICS, HeatQuery
from tui.screen.draw.cell_widget import text_of
from tui.screen.stages import heat_map_rows as rows
from tui.screen.stages.heat_map_sheet import CURSOR, LINE, UNKNOWN, grid
from tui.screen.theme import HEAT_LEVELS

HOT = HEAT_LEVELS - 1


def glyphs(codes: list[int], metric="gex") -> str:
    return text_of(rows.heat_row(codes, metric))


def test_the_sign_and_the_size_can_be_read_without_colour() -> None:
    assert glyphs([0, 1, 3, 5, HOT]) == " ░▒▓█"
    assert glyphs([0, -1, -3, -5, -HOT]) == " -=≡#"
    assert glyphs([UNKNOWN]) == "·"


@pytest.mark.parametrize("level", [*range(-HOT, HOT + 1), UNKNOWN])
@pytest.mark.parametrize("cursors", [0, 1, 2])
@pytest.mark.parametrize("line", [0, 1, 6])
def test_whatever_lies_over_a_cell_its_ground_tells_its_level(level: int, cursors: int, line: int) -> None:
    plain = rows.heat_row([level], "gex")[0]
    covered = rows.heat_row([level + LINE * line + CURSOR * cursors], "gex")[0]
    assert covered[2] == plain[2]
    expected = "╋" if cursors == 2 else "─╰"[line == 6] if line else "┊" if cursors else plain[0]
    assert covered[0] == expected


def test_flow_has_the_colours_of_buying_and_selling() -> None:
    assert [ground for _, _, ground in rows.heat_row([2, -2], "flow")] == ["bought2", "sold2"]
    assert [ground for _, _, ground in rows.heat_row([2, -2], "charm")] == ["pos2", "neg2"]


@pytest.mark.parametrize("metric", HEAT_METRICS)
def test_the_title_names_metric_unit_step_and_the_value_under_the_cursor(metric, make_heat) -> None:
    heat = make_heat(HeatQuery(metric))
    shown = grid(heat, 192, 80, "usd_per_1pct")
    at = rows.Pointer(685_000, int(heat.times_ns[30]), -1.24e6)
    title = text_of(rows.title_row(heat, shown, "usd_per_1pct", at, 110))
    unit = {"gex": "$/1%", "flow": "sh bought", "charm": "sh/min"}[metric]
    for part in (metric.upper(), unit, "3 min", "685 at 10:01", "-1.24M"):
        assert part in title, part
    assert ("assumed" in title) == (metric != "flow")


def test_a_marked_time_stands_in_the_title(make_heat) -> None:
    query = HeatQuery("gex", int(make_heat(HeatQuery()).times_ns[59]))
    heat = make_heat(query)
    title = text_of(rows.title_row(heat, grid(heat, 192, 80, "shares"), "shares", None, 80))
    assert "since 10:30" in title


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_title_and_scale_fill_their_line_and_no_more(width: int, make_heat) -> None:
    heat = make_heat(HeatQuery())
    shown = grid(heat, 192, 80, "shares")
    at = rows.Pointer(685_000, int(heat.times_ns[30]), -1.24e6)
    assert len(text_of(rows.title_row(heat, shown, "shares", at, width, scale=1e6))) == width
    assert len(text_of(rows.scale_row("gex", 1e6, 8, width))) == width


def test_the_scale_prints_where_each_glyph_begins() -> None:
    text = text_of(rows.scale_row("gex", 1e6, 8, 130))
    for part in ("# -862k", "≡ -413k", "= -128k", "- -5.10k", "░ 5.10k", "▒ 128k", "▓ 413k", "█ 862k"):
        assert part in text, part
    assert "-1.00M #≡=- ░▒▓█ +1.00M" in text_of(rows.scale_row("gex", 1e6, 8, 80))


def test_without_a_value_there_is_no_scale() -> None:
    assert text_of(rows.scale_row("gex", 0.0, 8, 60)).strip() == "STRIKE│"


def test_the_time_under_the_cursor_stands_on_the_axis_even_at_its_end() -> None:
    cells = rows.axis_cells(" " * 40, 1_765_895_400 * 10**9, 39)
    text = text_of(cells)
    assert len(text) == 40
    assert text.endswith("▲09:30")


@pytest.mark.parametrize("x", range(30))
def test_the_time_under_the_cursor_cuts_no_other_label_and_touches_none(x: int) -> None:
    axis = "╵09:30    ╵09:40    ╵09:50    "
    text = text_of(rows.axis_cells(axis, 1_765_895_400 * 10**9, x))
    assert len(text) == len(axis)
    assert set(text.split()) <= {"╵09:30", "╵09:40", "╵09:50", "▲09:30"}
    assert "▲09:30" in text
