from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.model.events import MISSING
from engine.views.queries import CHANNELS, FlowQuery
from tui.screen.stages.answers import Answers
from tui.screen.stages.flow_lines import FlowChart
from tui.screen.stages.flow_lines_rows import GROUPS, ValueRange, spot_span, widened
from tui.settings.prefs import Prefs


def lines(widget: FlowChart) -> list[str]:
    return [widget.render_line(y).text for y in range(widget.size.height)]


def text(widget: FlowChart) -> str:
    return "\n".join(lines(widget))


def fed(chart: FlowChart, view, answer) -> FlowChart:
    chart.show(view, Prefs(), Answers({FlowQuery(): answer}, view))
    return chart


async def test_the_title_tells_the_newest_values_and_the_table_all_of_them(
    make_view, make_flow, stage
) -> None:
    chart = FlowChart()
    async with stage(chart):
        flow = make_flow()
        fed(chart, make_view(), flow)
        assert f"calls +{flow.lines[0, -1] / 1e6:.2f}M" in lines(chart)[0]
        assert "spot 681.42" in lines(chart)[0]
        for name in ("call premium $", "net gamma sh/$1", "hedging $", "above spot", "same day", "retail"):
            assert name in text(chart), name


async def test_velocities_are_per_second_and_a_young_tape_has_none(make_view, make_flow, stage) -> None:
    chart = FlowChart()
    async with stage(chart):
        young = make_flow(samples=4)
        fed(chart, make_view(), young)
        row = next(line for line in lines(chart) if "call premium $" in line)
        assert row.split()[-1] == "—"
        assert row.split()[-2] == "—"
        assert row.split()[-3].lstrip("+-") != "0"


async def test_each_group_of_channels_has_its_turn(make_view, make_flow, stage) -> None:
    chart = FlowChart()
    async with stage(chart):
        fed(chart, make_view(), make_flow())
        seen = []
        for _ in GROUPS:
            seen.append(lines(chart)[0])
            chart.next_metric(Prefs())
        assert len(set(seen)) == len(GROUPS)
        assert lines(chart)[0] == seen[0]


def test_every_channel_is_drawn_in_some_group() -> None:
    assert {channel for group in GROUPS for channel, _ in group.channels} == set(CHANNELS)


async def test_a_rising_line_rises_from_the_printed_zero_to_the_printed_top(
    make_view, make_flow, stage
) -> None:
    chart = FlowChart()
    async with stage(chart, 80, 24):
        flow = make_flow(samples=400)
        chart.next_metric(Prefs())
        values = flow.lines.copy()
        values[CHANNELS.index("net_delta")] = np.linspace(0, 100_000, 400)
        fed(chart, make_view(), replace(flow, lines=values, spot=np.full(400, MISSING)))
        drawn = lines(chart)
        top = next(n for n, line in enumerate(drawn) if "+100k" in line and n)
        bottom = next(n for n, line in enumerate(drawn) if line[:8].strip() == "0")
        assert top == 1
        braille = [[x for x, char in enumerate(line) if "⠁" <= char <= "⣿"] for line in drawn]
        assert min(braille[bottom]) == 8
        assert max(braille[top]) == max(x for row in braille[1:bottom] for x in row)


async def test_the_spot_has_a_scale_of_its_own_and_a_tape_without_spot_has_none(
    make_view, make_flow, stage
) -> None:
    chart = FlowChart()
    async with stage(chart):
        flow = make_flow()
        fed(chart, make_view(), flow)
        assert "684.00" in text(chart)
        assert "╮" in text(chart)
        fed(chart, make_view(), replace(flow, spot=np.full(len(flow.spot), MISSING)))
        assert "684.00" not in text(chart)
        assert "spot —" in lines(chart)[0]


async def test_going_back_shows_nothing_of_what_lies_ahead(make_view, make_flow, stage) -> None:
    chart, fresh = FlowChart(), FlowChart()
    flow = make_flow()
    past = make_view(generation=2, tape_ns=int(flow.times_ns[800]))
    async with stage(chart, 80, 24):
        fed(chart, make_view(), flow)
        chart.show(past, Prefs(), Answers({FlowQuery(): flow}, make_view()))
        chart.autoscale()
        shown = lines(chart)
    async with stage(fresh, 80, 24):
        short = replace(flow, times_ns=flow.times_ns[:801], spot=flow.spot[:801], lines=flow.lines[:, :801])
        fed(fresh, past, short)
        assert lines(fresh) == shown


@pytest.mark.parametrize("samples", [0, 30])
async def test_a_tape_on_which_nothing_has_traded_says_so(samples, make_view, make_flow, stage) -> None:
    chart = FlowChart()
    async with stage(chart):
        flow = make_flow(samples=samples)
        fed(chart, make_view(), replace(flow, lines=flow.lines * 0))
        assert "nothing has traded yet" in text(chart)
        assert "⠤" not in "".join(lines(chart)[1:])


async def test_it_waits_for_an_answer_and_tells_why_there_is_none(make_view, make_flow, stage) -> None:
    chart = FlowChart()
    async with stage(chart):
        chart.show(make_view(), Prefs())
        assert "…" in text(chart)
        chart.show(make_view(), Prefs(), Answers({}, make_view(), "The monitor has been stopped."))
        assert "The monitor has been stopped." in text(chart)
        told = Answers({FlowQuery(): make_flow()}, make_view())
        chart.show(make_view(expiry=make_view().expiries[1]), Prefs(), told)
        assert "…" not in text(chart)
        chart.show(make_view(symbol="QQQ"), Prefs(), told)
        assert "…" in text(chart)


async def test_an_unchanged_answer_is_painted_once(make_view, make_flow, stage) -> None:
    class Watched(FlowChart):
        painted = 0

        def paint(self, rows) -> int:
            self.painted += 1
            return super().paint(rows)

    chart = Watched()
    async with stage(chart):
        told = Answers({FlowQuery(): make_flow()}, make_view())
        chart.show(make_view(), Prefs(), told)
        before = chart.painted
        chart.show(make_view(version=9), Prefs(), told)
        assert chart.painted == before


def test_spans_are_round_include_zero_and_only_grow() -> None:
    span = widened(ValueRange(0.0, 0.0), np.array([3.1, 44.0, np.nan]))
    assert span == ValueRange(0.0, 50.0)
    assert widened(span, np.array([-7.0, 20.0])) == ValueRange(-10.0, 50.0)
    assert ValueRange(-10.0, 50.0).heights(np.array([50.0, -10.0, np.nan]), 61) == [0, 60, None]


def test_the_spots_span_is_round_and_holds_its_path() -> None:
    assert spot_span(np.array([6_786_300, MISSING, 6_838_900])) == ValueRange(678.0, 684.0)
    assert spot_span(np.array([MISSING])) is None
    flat = spot_span(np.array([6_800_000]))
    assert flat is not None
    assert flat.low <= 680 < flat.high


@pytest.mark.parametrize("size", [(40, 8), (60, 18), (80, 14), (109, 30), (200, 60)])
async def test_every_size_is_filled_and_not_exceeded(size, make_view, make_flow, stage) -> None:
    chart = FlowChart()
    async with stage(chart, *size):
        fed(chart, make_view(), make_flow())
        assert {len(line) for line in lines(chart)} == {size[0]}
        assert lines(chart)[-1].strip()
