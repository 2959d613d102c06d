from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from textual.events import MouseScrollDown

from engine.model.figures import exposure
from engine.views.queries import PastProfileQuery
from engine.views.view import View
from tui.screen.grid.ladder import Ladder
from tui.screen.stages.answers import Answers
from tui.screen.stages.widget import ContractTarget
from tui.settings.prefs import Prefs

HEAD, FOOT = 2, 1  # title and headings at 120x30, and totals


class Watched(Ladder):
    """Remembers which lines it asked to be painted again."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []

    def repaint(self, lines: Sequence[int]) -> None:
        self.asked += lines
        super().repaint(lines)


def lines(ladder: Ladder) -> list[str]:
    return [ladder.render_line(y).text for y in range(ladder.size.height)]


def line_of(ladder: Ladder, strike: int) -> int:
    return next(y for y, text in enumerate(lines(ladder)) if f" {strike}" in text and "│" in text)


def with_bid(view: View, index: int, units: int) -> View:
    bid = view.call.bid.copy()
    bid[index] += units
    return replace(view, version=view.version + units, call=replace(view.call, bid=bid))


async def test_spot_is_in_the_middle_and_marked(make_view, stage) -> None:
    ladder = Ladder()
    async with stage(ladder):
        ladder.show(make_view(), Prefs())
        text = lines(ladder)
        assert "│► 681 │" in text[HEAD + (30 - HEAD - FOOT) // 2]
        assert sum("►" in line for line in text) == 1


async def test_an_unchanged_view_asks_for_nothing(make_view, stage) -> None:
    ladder = Watched()
    async with stage(ladder):
        view = make_view()
        ladder.show(view, Prefs())
        ladder.asked.clear()
        ladder.show(view, Prefs())
        ladder.show(replace(view, version=view.version + 1), Prefs())
        assert ladder.asked == []


async def test_one_cent_repaints_one_line_and_less_than_a_cent_none(make_view, stage) -> None:
    ladder = Watched()
    async with stage(ladder):
        view = make_view()
        ladder.show(view, Prefs())
        ladder.asked.clear()
        ladder.show(with_bid(view, 25, 40), Prefs())
        assert ladder.asked == []
        ladder.show(with_bid(view, 25, 100), Prefs())
        assert ladder.asked == [line_of(ladder, 681)]


async def test_what_is_painted_is_what_a_fresh_ladder_would_paint(busy_view, stage) -> None:
    ladder = Ladder()
    async with stage(ladder):
        for step in range(5):
            ladder.show(busy_view(step), Prefs())
        painted = lines(ladder)
    fresh = Ladder()
    async with stage(fresh):
        fresh.show(busy_view(4), Prefs())
        assert lines(fresh) == painted


async def test_the_cursor_starts_at_spot_moves_and_tells(make_view, stage) -> None:
    ladder = Ladder()
    async with stage(ladder) as pilot:
        ladder.show(make_view(), Prefs())
        assert ladder.cursor is None
        ladder.move(2)
        await pilot.pause()
        assert ladder.cursor == 679_000
        assert pilot.app.said(Ladder.CursorMoved).strike_milli == 679_000
        assert "679▸" in lines(ladder)[line_of(ladder, 679)]


async def test_top_bottom_and_back_to_spot(make_view, stage) -> None:
    ladder = Ladder()
    async with stage(ladder):
        ladder.show(make_view(), Prefs())
        ladder.jump("top")
        assert ladder.cursor == 706_000
        assert " 706" in lines(ladder)[HEAD]
        ladder.jump("bottom")
        assert " 656" in lines(ladder)[-1 - FOOT]
        ladder.jump("spot")
        assert ladder.cursor is None
        assert "│► 681 │" in lines(ladder)[HEAD + (30 - HEAD - FOOT) // 2]


async def test_a_page_is_half_a_screen(make_view, stage) -> None:
    ladder = Ladder()
    async with stage(ladder):
        ladder.show(make_view(), Prefs())
        ladder.page(1)
        assert ladder.cursor == (681 - 13) * 1000
        ladder.page(-1)
        assert ladder.cursor == 681_000


async def test_the_contract_chosen_is_out_of_the_money_unless_aimed(make_view, stage) -> None:
    view = make_view()
    ladder = Ladder()
    async with stage(ladder):
        ladder.show(view, Prefs())
        ladder.select(684_000)
        assert ladder.chosen() == view.call.cid[28]
        ladder.select(679_000)
        assert ladder.chosen() == view.put.cid[23]
        ladder.aim("C")
        assert ladder.chosen() == view.call.cid[23]
        ladder.select(684_000, "P")
        assert ladder.chosen() == view.put.cid[28]


async def test_without_a_cursor_the_contract_at_spot_is_chosen(make_view, empty_view, stage) -> None:
    view = make_view()
    ladder = Ladder()
    async with stage(ladder):
        assert ladder.chosen() is None
        ladder.show(view, Prefs())
        assert ladder.chosen() == view.put.cid[25]
        ladder.show(empty_view(version=9), Prefs())
        assert ladder.chosen() is None


async def test_a_strike_without_the_contract_chooses_nothing(make_view, stage) -> None:
    view = make_view()
    ladder = Ladder()
    async with stage(ladder):
        cid = np.full_like(view.call.cid, -1)
        ladder.show(replace(view, call=replace(view.call, cid=cid)), Prefs())
        ladder.select(684_000)
        assert ladder.chosen() is None


async def test_a_click_puts_the_cursor_on_its_side(make_view, stage) -> None:
    view = make_view()
    ladder = Ladder()
    async with stage(ladder) as pilot:
        ladder.show(view, Prefs())
        row = line_of(ladder, 686)
        await pilot.click(Ladder, offset=(70, row))
        assert (ladder.cursor, ladder.chosen()) == (686_000, view.put.cid[30])
        await pilot.click(Ladder, offset=(5, row), times=2)
        assert pilot.app.said(Ladder.Chosen).target == ContractTarget()
        assert ladder.chosen() == view.call.cid[30]


async def test_the_wheel_scrolls_and_spot_is_left(make_view, stage) -> None:
    ladder = Ladder()
    async with stage(ladder) as pilot:
        ladder.show(make_view(), Prefs())
        before = line_of(ladder, 681)
        ladder.post_message(MouseScrollDown(ladder, 5, 9, 0, 1, 0, False, False, False))
        await pilot.pause()
        assert line_of(ladder, 681) == before - 3


def times(view: View, factor: float) -> View:
    gamma = view.exposures["gamma"]
    return replace(view, version=2, exposures={"gamma": replace(gamma, net=gamma.net * factor)})


async def test_the_scale_grows_and_does_not_shrink_until_asked(make_view, stage) -> None:
    ladder = Ladder()
    async with stage(ladder):
        view = make_view()
        tall = times(view, 10.0)
        ladder.show(view, Prefs())
        low = lines(ladder)[1][-26:]
        ladder.show(tall, Prefs())
        high = lines(ladder)[1][-26:]
        assert high != low
        ladder.show(replace(view, version=3), Prefs())
        assert lines(ladder)[1][-26:] == high
        ladder.autoscale()
        assert lines(ladder)[1][-26:] == low


@pytest.mark.parametrize("changed", [{"unit": "shares"}, {"profile_view": "absolute"}, {"metric": "charm"}])
async def test_another_view_or_unit_starts_its_own_scale(make_view, stage, changed: dict[str, str]) -> None:
    ladder = Ladder()
    async with stage(ladder):
        ladder.show(make_view(), Prefs())
        before = lines(ladder)
        ladder.show(make_view(), Prefs(**changed))
        assert lines(ladder)[1] != before[1]
        ladder.show(make_view(), Prefs())
        assert lines(ladder) == before


async def test_one_side_can_stand_alone(make_view, stage) -> None:
    ladder = Ladder()
    async with stage(ladder):
        ladder.show(make_view(), Prefs(side="puts"))
        heading = lines(ladder)[1]
        assert heading.index("STRIKE") < heading.index("BID")
        assert heading.count("BID") == 1


async def test_a_smaller_screen_shows_fewer_columns_and_no_title(make_view, stage) -> None:
    ladder = Ladder()
    async with stage(ladder) as pilot:
        ladder.show(make_view(), Prefs())
        await pilot.resize_terminal(80, 12)
        text = lines(ladder)
        assert "STRIKE" in text[0]
        assert "LAST" not in text[0]
        assert all(len(line) == 80 for line in text)
        assert any("│► 681 │" in line for line in text)


async def test_another_symbol_starts_at_its_own_spot(make_view, stage) -> None:
    ladder = Ladder()
    async with stage(ladder):
        ladder.show(make_view(), Prefs())
        ladder.jump("top")
        ladder.show(make_view(symbol="QQQ", generation=2), Prefs())
        assert ladder.cursor is None
        assert "│► 681 │" in lines(ladder)[HEAD + (30 - HEAD - FOOT) // 2]


async def test_before_the_first_quote_every_number_is_a_dash_or_a_dot(empty_view, stage) -> None:
    ladder = Ladder()
    async with stage(ladder):
        ladder.show(empty_view(), Prefs())
        body = lines(ladder)[HEAD:-FOOT]
        assert all("0.00" not in line and "·" in line and "—" in line for line in body)


async def test_a_chain_without_strikes_is_a_sentence_in_an_empty_ladder(make_view, stage) -> None:
    view = make_view()
    none = np.zeros(0, np.int64)
    leg = replace(view.call, **dict.fromkeys(view.call.__slots__, none))
    ladder = Ladder()
    async with stage(ladder):
        ladder.show(replace(view, strike_milli=none, atm=-1, call=leg, put=leg), Prefs())
        for act in (
            lambda: ladder.move(1),
            lambda: ladder.jump("top"),
            lambda: ladder.jump("bottom"),
            lambda: ladder.select(1),
            ladder.autoscale,
        ):
            act()
        assert ladder.chosen() is None
        said = [line.strip() for line in lines(ladder)[HEAD:] if line.strip()]
        assert said == ["No strikes are listed yet."]


async def test_a_sentence_longer_than_the_grid_is_cut_with_a_sign(unbegun_view, stage) -> None:
    ladder = Ladder()
    async with stage(ladder):
        view = unbegun_view()
        ladder.show(replace(view, link=replace(view.link, note="word " * 60)), Prefs())
        assert any(line.rstrip().endswith("…") for line in lines(ladder))


async def test_strikes_of_the_symbol_before_are_cleared_when_the_next_has_none(
    live_view, unbegun_view, stage
) -> None:
    ladder = Watched()
    async with stage(ladder):
        ladder.show(live_view(), Prefs())
        shown = {y for y, text in enumerate(lines(ladder)) if "│" in text and y >= HEAD}
        ladder.asked.clear()
        ladder.show(replace(unbegun_view(), symbol="NDX"), Prefs())
        assert shown <= set(ladder.asked)


async def test_before_the_first_contract_the_ladder_says_what_the_source_waits_for(
    unbegun_view, live_view, stage
) -> None:
    ladder = Ladder()
    async with stage(ladder):
        for note in ("Connecting …", "Waiting for the chain …"):
            ladder.show(unbegun_view(note, generation=len(note)), Prefs())
            assert [line.strip() for line in lines(ladder)[HEAD:] if line.strip()] == [note]
        ladder.show(live_view(), Prefs())
        assert "Waiting" not in "".join(lines(ladder))


async def test_nothing_is_asked_before_the_first_view(stage) -> None:
    ladder = Ladder()
    async with stage(ladder):
        ladder.move(1)
        ladder.page(-1)
        ladder.aim("C")
        assert ladder.cursor is None
        assert not "".join(lines(ladder)).strip()


async def test_call_put_and_net_totals_and_the_largest_strike_stand_below_the_bars(make_view, stage) -> None:
    ladder, view = Ladder(), make_view()
    for width, height in ((80, 14), (120, 20), (200, 40)):
        async with stage(ladder := Ladder(), width, height):
            ladder.show(view, Prefs(unit="shares"))
            foot = lines(ladder)[-1]
            assert len(foot) == width
            total = view.gamma.totals["gamma"]
            for name, value in (("C", total.call), ("P", total.put), ("net", total.net)):
                assert f" {name} {exposure(value).rjust(6)}" in foot
            assert "max γ 680" in foot
    assert "γ sh/$1 assumed" in foot


async def test_totals_are_those_of_the_metric_shown_and_a_missing_one_is_a_dash(
    make_view, empty_view, stage
) -> None:
    ladder = Ladder()
    async with stage(ladder, 120, 20):
        view = make_view()
        ladder.show(view, Prefs(metric="delta"))
        calls = exposure(view.gamma.totals["delta"].call * 681.42)
        assert f"Δ $ assumed  C {calls.rjust(6)}" in lines(ladder)[-1]
        ladder.show(empty_view(version=99), Prefs())
        assert "C      —  P      —  net      —  max γ —" in lines(ladder)[-1]


async def test_a_low_grid_gives_the_totals_row_to_a_strike(make_view, stage) -> None:
    ladder = Ladder()
    async with stage(ladder, 80, 11):
        ladder.show(make_view(), Prefs())
        assert "max γ" not in "".join(lines(ladder))


@pytest.mark.parametrize(("of", "clock"), [("five_minutes", "12:36"), ("open", "09:31")])
async def test_an_earlier_profile_ends_in_a_mark_on_each_row(
    make_view, make_past_profile, stage, of: str, clock: str
) -> None:
    ladder, view = Ladder(), make_view()
    prefs = Prefs(past_profile=of, unit="shares")
    async with stage(ladder, 120, 30):
        ladder.show(view, prefs)
        assert "┆ …" in lines(ladder)[-1]
        (query,) = ladder.queries(view)
        ladder.show(view, prefs, Answers({query: make_past_profile(of)}, view))
        assert f"┆ {clock}" in lines(ladder)[-1]
        row = lines(ladder)[line_of(ladder, 685)]
        bars = row[-ladder.plan.profile :]
        axis, mark = bars.index("┊"), bars.index("┆")
        end = bars.index("█") if bars.index("█") < axis else bars.rindex("█")
        assert ((mark > axis) == (end > axis)) == (of == "five_minutes")  # at the open it was the opposite
        if of == "five_minutes":
            assert mark - axis == pytest.approx((end - axis) / 2, abs=1)
        assert len(row) == 120


async def test_an_earlier_profile_of_another_choice_or_of_bars_that_are_no_net_is_not_drawn(
    make_view, make_past_profile, stage
) -> None:
    ladder, view = Ladder(), make_view(gamma=replace(make_view().gamma, band=None))
    flow = replace(view, version=9, gamma=replace(view.gamma, convention="flow", basis="flow"))
    query = PastProfileQuery("five_minutes")
    answers = Answers({query: make_past_profile()}, view)
    async with stage(ladder, 120, 30):
        ladder.show(view, Prefs(past_profile="five_minutes"))
        ladder.show(flow, Prefs(past_profile="five_minutes"), answers)
        assert not any("┆" in line for line in lines(ladder)[HEAD:-1])
        ladder.show(view, Prefs(past_profile="five_minutes", profile_view="absolute"), answers)
        assert "┆ only of net γ" in lines(ladder)[-1]
        assert ladder.queries(view) == ()


async def test_an_earlier_profile_that_is_not_there_says_why(make_view, make_past_profile, stage) -> None:
    ladder, view, prefs = Ladder(), make_view(), Prefs(past_profile="five_minutes")
    none = make_past_profile(at_ns=None, reason="less than five minutes of tape")
    async with stage(ladder, 120, 30):
        ladder.show(view, prefs)
        ladder.show(view, prefs, Answers({PastProfileQuery("five_minutes"): none}, view))
        assert "┆ less than five minutes of tape" in lines(ladder)[-1]
