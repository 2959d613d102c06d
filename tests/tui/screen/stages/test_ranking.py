from __future__ import annotations

from dataclasses import replace

import pytest

from engine.views.queries import RANKINGS, Top, TopQuery
from tui.screen.stages.answers import Answers
from tui.screen.stages.ranking import Rankings
from tui.screen.stages.widget import StrikeTarget
from tui.settings.prefs import Prefs

HEAD = 2


def lines(widget: Rankings) -> list[str]:
    return [widget.render_line(y).text for y in range(widget.size.height)]


def fed(tables: Rankings, view, make_top) -> Rankings:
    tables.show(view, Prefs(), Answers({query: make_top(query) for query in tables.queries(view)}, view))
    return tables


async def test_three_tables_stand_side_by_side_where_there_is_room(make_view, make_top, stage) -> None:
    tables = Rankings()
    async with stage(tables, 120, 20):
        fed(tables, make_view(), make_top)
        assert tables.queries(make_view()) == tuple(TopQuery(by) for by in RANKINGS)
        title = lines(tables)[0]
        assert title.index("OPEN INTEREST") < title.index("VOLUME") < title.index("PUT/CALL VOLUME")
        assert lines(tables)[HEAD].split()[:5] == ["▸", "1", "676", "12-16", "14.3k"]
        assert sum(bool(line.strip()) for line in lines(tables)) == HEAD + 10


async def test_one_table_at_a_time_where_there_is_not(make_view, make_top, stage) -> None:
    tables = Rankings()
    async with stage(tables, 80, 20):
        fed(tables, make_view(), make_top)
        assert "OPEN INTEREST" in lines(tables)[0]
        assert tables.next_metric(Prefs()) == Prefs()
        assert "VOLUME" in lines(tables)[0]
        assert "OPEN INTEREST" not in lines(tables)[0]
        assert "…" not in "".join(lines(tables))


async def test_the_cursor_stops_at_the_ends_and_goes_to_the_next_table(make_view, make_top, stage) -> None:
    tables = Rankings()
    async with stage(tables, 120, 20):
        fed(tables, make_view(), make_top)
        tables.move(-1)
        assert tables.chosen() == make_top(TopQuery("oi")).rows[0]
        tables.move(3)
        assert lines(tables)[HEAD + 3].startswith("▸ 4")
        tables.page(1)
        assert tables.chosen() == make_top(TopQuery("oi")).rows[9]
        tables.next_metric(Prefs())
        assert tables.chosen() == make_top(TopQuery("volume")).rows[9]
        tables.jump("top")
        assert tables.chosen() == make_top(TopQuery("volume")).rows[0]
        tables.jump("bottom")
        assert tables.chosen() == make_top(TopQuery("volume")).rows[9]


async def test_a_strike_has_a_ratio_and_no_contract(make_view, make_top, stage) -> None:
    tables = Rankings()
    async with stage(tables, 120, 20):
        fed(tables, make_view(), make_top)
        ratios = lines(tables)[HEAD][80:].split()
        assert ratios[:4] == ["1", "676", "12-16", "9.40"]


async def test_a_key_ranks_contracts_but_for_the_ratio(make_view, make_top, stage) -> None:
    tables = Rankings()
    async with stage(tables, 120, 20):
        fed(tables, make_view(), make_top)
        assert lines(tables)[0].count("by strike") == 3
        tables.move(3)
        assert tables.next_profile(Prefs()) == Prefs()
        assert tables.queries(make_view()) == (
            TopQuery("oi", contracts=True),
            TopQuery("volume", contracts=True),
            TopQuery("put_call"),
        )
        assert "…" in lines(tables)[HEAD]
        fed(tables, make_view(), make_top)
        assert lines(tables)[0].count("by contract") == 2
        assert lines(tables)[HEAD].split()[:3] == ["▸", "1", "676C"]
        assert tables.target() == StrikeTarget(676_000, make_view().day, "C")
        tables.next_profile(Prefs())
        assert tables.queries(make_view()) == tuple(TopQuery(by) for by in RANKINGS)


async def test_an_unknown_open_interest_is_a_dash(make_view, make_top, stage) -> None:
    tables = Rankings()
    async with stage(tables, 120, 20):
        fed(tables, make_view(), make_top)
        assert "—" in lines(tables)[HEAD + 7][40:80]


async def test_bars_are_measured_against_the_first_row(make_view, make_top, stage) -> None:
    tables = Rankings()
    async with stage(tables, 80, 20):
        fed(tables, make_view(), make_top)
        bars = [line.count("█") for line in lines(tables)[HEAD : HEAD + 10]]
        assert bars[0] == 24
        assert bars == sorted(bars, reverse=True)
        assert bars[9] == int(24 * 6_101 / 14_300)


@pytest.mark.parametrize(
    ("by", "sentence"),
    [
        ("oi", "no open interest yet"),
        ("volume", "nothing has traded yet"),
        ("put_call", "no strike has traded on both sides yet"),
    ],
)
async def test_an_empty_table_says_why(by, sentence, make_view, stage) -> None:
    tables = Rankings()
    async with stage(tables, 120, 20):
        fed(tables, make_view(), lambda query: Top(query.by, ()))
        assert sentence in "".join(lines(tables))
        assert tables.chosen() is None
        tables.move(4)
        assert "0" not in "".join(lines(tables))


async def test_fewer_than_ten_rows_bound_the_cursor(make_view, make_top, stage) -> None:
    tables = Rankings()
    async with stage(tables, 80, 20):
        fed(tables, make_view(), lambda query: replace(make_top(query), rows=make_top(query).rows[:3]))
        tables.jump("bottom")
        assert tables.chosen() == make_top(TopQuery("oi")).rows[2]


async def test_it_waits_for_an_answer_and_tells_why_there_is_none(make_view, make_top, stage) -> None:
    tables = Rankings()
    async with stage(tables, 80, 20):
        tables.show(make_view(), Prefs())
        assert "…" in "".join(lines(tables))
        tables.show(make_view(), Prefs(), Answers({}, make_view(), "The monitor has been stopped."))
        assert "The monitor has been stopped." in "".join(lines(tables))
        fed(tables, make_view(), make_top)
        told = Answers({query: make_top(query) for query in tables.queries(make_view())}, make_view())
        tables.show(make_view(expiry=make_view().expiries[1]), Prefs(), told)
        assert "676 " in lines(tables)[HEAD]
        tables.show(make_view(symbol="QQQ"), Prefs(), told)
        assert "…" in "".join(lines(tables))


async def test_a_click_moves_the_cursor_and_a_second_chooses(make_view, make_top, stage) -> None:
    tables = Rankings()
    async with stage(tables, 120, 20) as pilot:
        fed(tables, make_view(), make_top)
        await pilot.click(Rankings, offset=(50, HEAD + 4))
        row = make_top(TopQuery("volume")).rows[4]
        assert tables.chosen() == row
        await pilot.click(Rankings, offset=(50, HEAD + 4), times=2)
        target = pilot.app.said(Rankings.Chosen).target
        assert target == tables.target() == StrikeTarget(row.strike_milli, row.expiry, None)


@pytest.mark.parametrize("size", [(40, 8), (60, 18), (114, 14), (200, 60)])
async def test_every_size_is_filled_and_not_exceeded(size, make_view, make_top, stage) -> None:
    tables = Rankings()
    async with stage(tables, *size):
        fed(tables, make_view(), make_top)
        assert {len(line) for line in lines(tables)} == {size[0]}
