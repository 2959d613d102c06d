from __future__ import annotations

import numpy as np
import pytest

from engine.model.events import MISSING
from engine.views.queries import SmileQuery
from tui.screen.grid.ladder import Ladder
from tui.screen.grid.scroll import Axis
from tui.screen.stages.answers import Answers
from tui.screen.stages.smile import SmileChart
from tui.screen.stages.smile_rows import Scale, axis_text, numbers_shown, widened
from tui.settings.prefs import Prefs


def lines(widget: SmileChart | Ladder) -> list[str]:
    return [widget.render_line(y).text for y in range(widget.size.height)]


def line_of(widget: SmileChart, strike: int) -> str:
    return next(line for line in lines(widget) if line.lstrip("► ").startswith(f"{strike} │"))


def fed(chart: SmileChart, view, smile) -> SmileChart:
    chart.show(view, Prefs(), Answers({SmileQuery(): smile}, view))
    return chart


async def test_a_strike_shows_its_numbers_and_its_marks_in_order(make_view, make_smile, stage) -> None:
    chart = SmileChart()
    async with stage(chart):
        fed(chart, make_view(), make_smile())
        line = line_of(chart, 672)
        assert line.split("│")[1].split()[:4] == ["20.2%", "0.54", "20.4%", "21.0%"]
        assert line.index("├") < line.index("●") < line.index("┤") < line.index("◇")


async def test_higher_volatility_stands_further_right_by_the_printed_scale(
    make_view, make_smile, stage
) -> None:
    chart = SmileChart()
    async with stage(chart):
        view = make_view()
        flat = np.full(len(view.strike_milli), np.nan)
        iv = flat.copy()
        iv[24], iv[25] = 0.20, 0.14
        fed(chart, view, make_smile(iv=iv, error=flat, fitted=flat, vendor=flat))
        axis = lines(chart)[-1]
        assert line_of(chart, 680).index("●") == axis.index("20%╵") + 3
        assert line_of(chart, 681).index("●") == axis.index("╵14%")


async def test_the_volatility_at_the_money_stands_in_the_title_with_its_error(
    make_view, make_smile, stage
) -> None:
    chart = SmileChart()
    async with stage(chart):
        fed(chart, make_view(), make_smile())
        assert "ATM 13.8% ±0.12" in lines(chart)[0]
        fed(chart, make_view(), make_smile(atm_iv=None, atm_error=None, forward=None))
        assert "ATM — ±—" in lines(chart)[0]


async def test_an_unknown_strike_is_a_dot_and_the_cursor_says_why(make_view, make_smile, stage) -> None:
    chart = SmileChart()
    async with stage(chart, 120, 60):
        view = make_view()
        fed(chart, view, make_smile())
        assert line_of(chart, 704).split("│")[1].split()[:2] == ["·", "·"]
        assert "· no usable quote" in lines(chart)[1]
        view.call.bid[-3] = MISSING
        chart.stand_on(704_000)
        assert "704 · the call has no two-sided quote" in lines(chart)[0]
        chart.stand_on(658_000)
        assert "658 · the put's mid has no volatility" in lines(chart)[0]
        chart.stand_on(672_000)
        assert "672 20.2% ±0.54" in lines(chart)[0]


async def test_a_strike_without_a_contract_says_so(make_view, make_smile, stage) -> None:
    chart = SmileChart()
    async with stage(chart, 120, 60):
        view = make_view()
        view.call.cid[-1] = -1
        fed(chart, view, make_smile())
        chart.stand_on(706_000)
        assert "706 · no call listed" in lines(chart)[0]


async def test_no_volatility_at_all_is_a_sentence_and_no_zero(empty_view, make_smile, stage) -> None:
    chart = SmileChart()
    async with stage(chart):
        view = empty_view()
        unknown = np.full(len(view.strike_milli), np.nan)
        nothing = make_smile(
            iv=unknown,
            error=unknown,
            fitted=unknown,
            vendor=unknown,
            atm_iv=None,
            atm_error=None,
            forward=None,
        )
        fed(chart, view, nothing)
        text = "".join(lines(chart))
        assert "no volatility yet" in text
        assert "0.0%" not in text


async def test_it_waits_for_an_answer_and_tells_why_there_is_none(make_view, stage) -> None:
    chart = SmileChart()
    async with stage(chart):
        chart.show(make_view(), Prefs())
        assert "…" in "".join(lines(chart))
        chart.show(make_view(), Prefs(), Answers({}, make_view(), "The monitor has been stopped."))
        assert "The monitor has been stopped." in "".join(lines(chart))


async def test_the_smile_of_another_expiration_is_not_shown(make_view, make_smile, stage) -> None:
    chart = SmileChart()
    async with stage(chart):
        view = make_view()
        told = Answers({SmileQuery(): make_smile()}, view)
        chart.show(view, Prefs(), told)
        assert "●" in "".join(lines(chart)[2:])
        chart.show(make_view(expiry=view.expiries[1]), Prefs(), told)
        assert "●" not in "".join(lines(chart)[2:])


async def test_its_strikes_stand_on_the_rows_of_the_ladder(make_view, make_smile, stage) -> None:
    axis = Axis()
    ladder, chart = Ladder(axis), SmileChart(axis)
    async with stage(ladder):
        ladder.show(make_view(), Prefs())
        ladder.move(20)
        place = lines(ladder)
    async with stage(chart):
        fed(chart, make_view(), make_smile())
        shown = lines(chart)
        for y in range(2, 29):
            assert shown[y].replace("►", " ").split()[0] in place[y], y


async def test_the_scale_stays_until_it_is_fitted(make_view, make_smile, stage) -> None:
    chart = SmileChart()
    async with stage(chart):
        fed(chart, make_view(), make_smile())
        axis = lines(chart)[-1]
        calm = make_smile()
        halved = make_smile(iv=calm.iv / 2, fitted=calm.fitted / 2, vendor=calm.vendor / 2)
        fed(chart, make_view(), halved)
        assert "╵12%" in axis
        wider = lines(chart)[-1]
        fed(chart, make_view(), calm)
        assert lines(chart)[-1] == wider
        chart.autoscale()
        assert lines(chart)[-1] == axis


def test_a_scale_has_round_ends_and_only_grows() -> None:
    scale = widened(None, np.array([0.128, 0.204, np.nan]))
    assert scale == Scale(pytest.approx(0.12), pytest.approx(0.22))
    assert widened(scale, np.array([0.15])) is scale
    assert widened(scale, np.array([0.5])).high >= 0.5
    assert widened(None, np.array([np.nan])) is None
    assert widened(None, np.array([0.2])).high > 0.2 - 1e-9


def test_the_scale_is_labelled_at_round_volatilities() -> None:
    assert axis_text(Scale(0.1, 0.3), 41).split() == ["╵10%", "╵15%", "╵20%", "╵25%", "30%╵"]


@pytest.mark.parametrize(("width", "count"), [(48, 0), (56, 1), (61, 2), (80, 4)])
def test_numbers_give_way_to_the_chart(width: int, count: int) -> None:
    assert len(numbers_shown(width, 7)) == count


async def test_where_no_number_fits_an_unknown_strike_is_still_a_dot(make_view, make_smile, stage) -> None:
    chart = SmileChart()
    async with stage(chart, 46, 60):
        fed(chart, make_view(), make_smile())
        assert "·" in line_of(chart, 706)


@pytest.mark.parametrize("size", [(40, 8), (60, 18), (80, 14), (200, 60)])
async def test_every_size_is_filled_and_not_exceeded(size, make_view, make_smile, stage) -> None:
    chart = SmileChart()
    async with stage(chart, *size):
        fed(chart, make_view(), make_smile())
        assert {len(line) for line in lines(chart)} == {size[0]}
