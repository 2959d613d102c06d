from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from textual.geometry import Region

from engine.views.queries import Heat, HeatQuery
from tui.screen.grid.ladder import Ladder
from tui.screen.grid.scroll import Axis
from tui.screen.stages.answers import Answers
from tui.screen.stages.heat_map import HeatMap
from tui.screen.stages.widget import MomentTarget
from tui.settings.prefs import Prefs

MINUTE_NS = 60_000_000_000


class Watched(HeatMap):
    """Remembers which regions it asked to be painted again; None stands for all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Region | None] = []

    def refresh(self, *regions: Region, **options: bool) -> Watched:
        self.asked += regions or [None]
        super().refresh(*regions, **options)
        return self


def lines(widget: HeatMap | Ladder) -> list[str]:
    return [widget.render_line(y).text for y in range(widget.size.height)]


def fed(heat_map: HeatMap, view, answer: Heat) -> HeatMap:
    heat_map.show(view, Prefs(), Answers({heat_map.queries(view)[0]: answer}, view))
    return heat_map


async def test_before_an_answer_it_waits_and_then_shows_it(make_view, make_heat, stage) -> None:
    heat_map = HeatMap()
    async with stage(heat_map):
        heat_map.show(make_view(), Prefs())
        assert "…" in "".join(lines(heat_map))
        fed(heat_map, make_view(), make_heat(HeatQuery()))
        text = lines(heat_map)
        assert "…" not in "".join(text)
        assert "GEX × TIME" in text[0]
        assert "10:30" in text[-1]


async def test_its_strikes_stand_on_the_rows_of_the_ladder(make_view, make_heat, stage) -> None:
    axis = Axis()
    ladder, heat_map = Ladder(axis), HeatMap(axis)
    async with stage(ladder):
        ladder.show(make_view(), Prefs())
        ladder.move(5)
        ladder.move(9)
        place = lines(ladder)
    async with stage(heat_map):
        fed(heat_map, make_view(), make_heat(HeatQuery()))
        shown = lines(heat_map)
        for y in range(2, 29):  # the last line is the axis of time
            assert shown[y].split()[0].rstrip("│") in place[y], y


async def test_an_unchanged_view_asks_for_nothing(make_view, make_heat, stage) -> None:
    heat_map = Watched()
    async with stage(heat_map):
        view = make_view()
        told = Answers({HeatQuery(): make_heat(HeatQuery())}, view)
        heat_map.show(view, Prefs(), told)
        heat_map.asked.clear()
        heat_map.show(replace(view, version=view.version + 1), Prefs(), told)
        assert heat_map.asked == []


async def test_one_new_value_repaints_one_cell(make_view, make_heat, stage) -> None:
    heat_map = Watched()
    async with stage(heat_map):
        heat = make_heat(HeatQuery(), minutes=90)
        fed(heat_map, make_view(), heat)
        heat_map.asked.clear()
        values = heat.values.copy()
        values[25, 40] = -values[25, 40] - 3_000
        fed(heat_map, make_view(), replace(heat, values=values))
        (region,) = [region for region in heat_map.asked if region is None or region.y >= 2]
        assert region is not None
        assert (region.width, region.height) == (1, 1)


async def test_what_is_painted_is_what_a_fresh_map_would_paint(make_view, make_heat, stage) -> None:
    kept, fresh = HeatMap(), HeatMap()
    async with stage(kept):
        for minutes in (100, 101, 140):
            fed(kept, make_view(), make_heat(HeatQuery(), minutes=minutes))
        kept.autoscale()
        painted = lines(kept)
    async with stage(fresh):
        fed(fresh, make_view(), make_heat(HeatQuery(), minutes=140))
        assert lines(fresh) == painted


async def test_the_cursor_of_time_starts_at_the_newest_and_stops_at_the_ends(
    make_view, make_heat, stage
) -> None:
    heat_map = HeatMap()
    async with stage(heat_map):
        heat = make_heat(HeatQuery(), minutes=60)
        fed(heat_map, make_view(), heat)
        assert heat_map.pointed_ns == heat.times_ns[-1]
        heat_map.move_time(-3)
        assert heat_map.pointed_ns == heat.times_ns[-4]
        assert "▲" in lines(heat_map)[-1]
        heat_map.move_time(-1000)
        assert heat_map.pointed_ns == heat.times_ns[0]
        heat_map.move_time(1000)
        assert heat_map.pointed_ns == heat.times_ns[-1]
        assert "▲" not in lines(heat_map)[-1]


async def test_the_title_tells_the_value_under_both_cursors(make_view, make_heat, stage) -> None:
    heat_map = HeatMap()
    async with stage(heat_map):
        heat = make_heat(HeatQuery("flow"), minutes=60)
        heat_map.next_metric(Prefs())
        fed(heat_map, make_view(), heat)
        heat_map.move(-3)
        heat_map.move_time(-10)
        index = int(np.searchsorted(heat.strike_milli, 684_000))
        assert f"684 at 10:20 {heat.values[index, 49] / 1000:+.1f}k" in lines(heat_map)[0]


async def test_a_mark_asks_for_what_changed_since_and_again_for_all(make_view, make_heat, stage) -> None:
    heat_map = HeatMap()
    async with stage(heat_map):
        heat = make_heat(HeatQuery(), minutes=60)
        fed(heat_map, make_view(), heat)
        heat_map.move_time(-10)
        heat_map.mark()
        query = HeatQuery("gex", int(heat.times_ns[49]))
        assert heat_map.queries(make_view()) == (query,)
        fed(heat_map, make_view(), make_heat(query, minutes=60))
        assert "since 10:20" in lines(heat_map)[0]
        assert heat_map.queries(make_view(symbol="QQQ")) == (HeatQuery(),)
        heat_map.mark()
        assert heat_map.queries(make_view()) == (HeatQuery(),)
        assert heat_map.pointed_ns == heat.times_ns[49]  # before the answer is there


async def test_an_answer_to_another_question_is_not_shown(make_view, make_heat, stage) -> None:
    heat_map = HeatMap()
    async with stage(heat_map):
        fed(heat_map, make_view(), make_heat(HeatQuery()))
        heat_map.next_metric(Prefs())
        assert "…" in "".join(lines(heat_map))


async def test_going_back_shows_nothing_of_what_lies_ahead(make_view, make_heat, stage) -> None:
    heat_map = HeatMap()
    async with stage(heat_map):
        heat = make_heat(HeatQuery())
        fed(heat_map, make_view(), heat)
        past = make_view(generation=2, tape_ns=int(heat.times_ns[20]))
        heat_map.show(past, Prefs(), Answers({HeatQuery(): heat}, make_view()))
        assert heat_map.pointed_ns == heat.times_ns[20]


async def test_a_map_of_another_chain_is_not_shown(make_view, make_heat, stage) -> None:
    heat_map = HeatMap()
    async with stage(heat_map):
        told = Answers({HeatQuery(): make_heat(HeatQuery())}, make_view())
        heat_map.show(make_view(), Prefs(), told)
        heat_map.show(make_view(symbol="QQQ"), Prefs(), told)
        assert "…" in "".join(lines(heat_map))


async def test_the_scale_stays_while_going_back_and_is_fitted_on_demand(make_view, make_heat, stage) -> None:
    heat_map = HeatMap()
    async with stage(heat_map):
        heat = make_heat(HeatQuery())
        fed(heat_map, make_view(), heat)
        scale = lines(heat_map)[1]
        small = replace(heat, values=heat.values / 1000)
        fed(heat_map, make_view(), small)
        assert lines(heat_map)[1] == scale
        heat_map.autoscale()
        assert lines(heat_map)[1] != scale


@pytest.mark.parametrize(
    ("metric", "sentence"), [("gex", "no open interest yet"), ("flow", "nothing has traded yet")]
)
async def test_nothing_is_said_in_a_sentence(metric, sentence, empty_view, make_heat, stage) -> None:
    heat_map = HeatMap()
    async with stage(heat_map):
        view = empty_view()
        if metric == "flow":
            heat_map.next_metric(Prefs())
        heat = make_heat(HeatQuery(metric), minutes=3)
        unknown = np.full(heat.values.shape, np.nan if metric == "gex" else 0.0)
        fed(heat_map, view, replace(heat, values=unknown))
        text = "".join(lines(heat_map))
        assert sentence in text
        assert "+0" not in text


async def test_before_the_first_minute_and_without_strikes_there_is_a_sentence_too(
    empty_view, make_view, make_heat, stage
) -> None:
    heat_map = HeatMap()
    async with stage(heat_map):
        fed(heat_map, make_view(), make_heat(HeatQuery(), minutes=0))
        assert "no minute of the day has passed yet" in "".join(lines(heat_map))
        assert heat_map.pointed_ns is None
        heat_map.move_time(-1)
        bare = make_view(strike_milli=np.zeros(0, np.int64), atm=-1, symbol="QQQ")
        heat_map.show(bare, Prefs(), Answers({}, bare, "QQQ has no strikes today."))
        assert "QQQ has no strikes today." in "".join(lines(heat_map))


async def test_a_click_sets_both_cursors_and_a_second_chooses_the_time(make_view, make_heat, stage) -> None:
    heat_map = HeatMap()
    async with stage(heat_map) as pilot:
        heat = make_heat(HeatQuery(), minutes=90)
        fed(heat_map, make_view(), heat)
        left = lines(heat_map)[5].index("│") + 1
        strike = int(lines(heat_map)[5].split("│")[0])
        await pilot.click(HeatMap, offset=(left + 33, 5))
        assert (heat_map.cursor, heat_map.pointed_ns) == (strike * 1000, heat.times_ns[33])
        await pilot.click(HeatMap, offset=(left + 33, 5), times=2)
        assert pilot.app.said(HeatMap.Chosen).target == MomentTarget(heat.times_ns[33])


@pytest.mark.parametrize("size", [(40, 8), (60, 18), (80, 14), (200, 60)])
async def test_every_size_is_filled_and_not_exceeded(size, make_view, make_heat, stage) -> None:
    heat_map = HeatMap()
    async with stage(heat_map, *size):
        fed(heat_map, make_view(), make_heat(HeatQuery()))
        assert {len(line) for line in lines(heat_map)} == {size[0]}
