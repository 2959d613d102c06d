from __future__ import annotations

from math import nan

import pytest

from engine.model.events import MISSING
from tui.screen.draw.cell_widget import text_of
from tui.screen.sheets.detail import ContractDetail, detail_rows
from tui.settings.prefs import Prefs


def text(detail, width: int = 36, height: int = 30) -> str:
    return "\n".join(text_of(row) for row in detail_rows(detail, None, Prefs(), width, height))


@pytest.mark.parametrize("size", [(36, 12), (36, 60), (64, 22), (20, 5)])
def test_the_drawer_fills_its_width_and_never_exceeds_its_height(make_detail, size: tuple[int, int]) -> None:
    width, height = size
    rows = detail_rows(make_detail(), None, Prefs(), width, height)
    assert len(rows) <= height
    assert {len(text_of(row)) for row in rows} == {width}


def test_the_drawer_says_what_is_known(make_detail) -> None:
    said = text(make_detail())
    for part in (
        "SPY 2025-12-16 685 C",
        "O:SPY251216C00685000",
        "2.33",
        "2.340",
        "0.3s ▲",
        "2.322 -0.8%",
        "14,224",
        "4.2",
        "$3.3M",
        "+442k",
        "buy  64%",
        "22% sell",
        "0.412",
        "0.081",
        "-0.0037",
        "14.8%",
        "3 vol spike · 1 spread",
        "12:41:07.2  1,840 @2.35   ▲ sweep",
    ):
        assert part in said, part


def test_what_is_not_known_is_a_dash_a_dot_or_a_word(make_detail) -> None:
    bare = make_detail(
        bid=MISSING, ask=MISSING, last=MISSING, fmv=MISSING, oi=MISSING, volume=0, buy=0, sell=0, prints=(),
        iv=nan, iv_status="below intrinsic", delta=nan, gamma=nan, theta=nan, vega=nan, quote_age_s=nan,
        mid_by_s=(MISSING,) * 60, signals=(), premium_usd=0.0, net_premium_usd=0.0, net_delta_flow=0.0,
        bid_size=0, ask_size=0, volume_by_s=(0,) * 60,
    )  # fmt: skip
    said = text(bare)
    for part in ("— (below intri", "no trade yet", "none today", "— old"):
        assert part in said, part
    assert "0.00" not in said
    assert said.count("·") >= 4
    assert "last prints" not in said


def test_prints_fill_what_is_left(make_detail) -> None:
    assert text(make_detail(), height=23).count("@") < text(make_detail(), height=60).count("@") == 4


def test_a_stale_quote_is_dimmed(make_detail) -> None:
    fresh = detail_rows(make_detail(), None, Prefs(), 36, 30)
    stale = detail_rows(make_detail(quote_age_s=31.0), None, Prefs(), 36, 30)
    assert ("faint" in {ink for _, ink, _ in stale[2]}, "faint" in {ink for _, ink, _ in fresh[2]}) == (
        True,
        False,
    )


def test_the_tape_bar_leaves_room_for_what_nobody_classified(make_detail) -> None:
    row = next(r for r in detail_rows(make_detail(), None, Prefs(), 60, 30) if text_of(r).startswith(" buy"))
    glyphs = text_of(row)
    assert glyphs.count("·") == pytest.approx(0.142 * (glyphs.count("█") + glyphs.count("·")), abs=1)


async def test_without_a_contract_it_says_how_to_get_one(make_detail, make_view, stage) -> None:
    drawer = ContractDetail()
    async with stage(drawer, 36, 24) as pilot:
        drawer.show(None, make_view(), Prefs())
        assert "no contract chosen" in drawer.render_line(0).text
        drawer.show(make_detail(), make_view(), Prefs())
        assert "685 C" in drawer.render_line(0).text
        await pilot.resize_terminal(50, 24)
        assert drawer.render_line(3).cell_length == 50
