from __future__ import annotations

import pytest

from tui.screen.grid.columns import NARROW, ColumnPlan, plan

WIDTHS = range(20, 251)


def total(columns: ColumnPlan) -> int:
    fields = (*columns.calls, *columns.puts)
    return sum(width for _, width in fields) + columns.strike + columns.profile


def names(columns: ColumnPlan) -> set[str]:
    return {field for field, _ in (*columns.calls, *columns.puts)}


@pytest.mark.parametrize("side", ["both", "calls", "puts"])
@pytest.mark.parametrize("width", WIDTHS)
def test_columns_never_exceed_the_width(width: int, side: str) -> None:
    columns = plan(width, side)
    assert total(columns) <= width
    assert columns.strike >= 8


@pytest.mark.parametrize("digits", [(5, 3), (6, 4), (7, 5)])
def test_a_wider_screen_never_shows_less(digits: tuple[int, int]) -> None:
    shown: set[str] = set()
    for width in range(NARROW, 251):
        now = names(plan(width, "both", *digits))
        assert now >= shown
        shown = now
    assert len(shown) == 11


@pytest.mark.parametrize(
    ("width", "calls"),
    [
        (80, ["net", "vol", "bid", "ask"]),
        (120, ["net", "delta", "oi", "vol", "last", "bid", "ask"]),
        (160, ["net", "iv", "delta", "voi", "oi", "vol", "fmv", "last", "bid", "ask"]),
    ],
)
def test_the_designed_sizes_show_the_designed_columns(width: int, calls: list[str]) -> None:
    columns = plan(width)
    assert [field for field, _ in columns.calls] == calls
    assert columns.profile >= 22


def test_puts_mirror_the_calls_but_bid_stays_left_of_ask() -> None:
    columns = plan(160)
    calls = [field for field, _ in columns.calls]
    puts = [field for field, _ in columns.puts]
    assert puts[:2] == ["bid", "ask"] == calls[-2:]
    assert puts[2:] == calls[:-2][::-1]


def test_a_narrow_screen_shows_one_side() -> None:
    assert plan(NARROW - 1).puts == ()
    assert plan(NARROW - 1).calls
    assert plan(NARROW - 1, "puts").calls == ()
    assert plan(NARROW).calls
    assert plan(NARROW).puts


def test_columns_give_way_in_the_order_of_their_priority() -> None:
    order = ["bid", "vol", "net", "last", "delta", "oi", "iv", "voi", "fmv", "gamma"]
    for width in range(NARROW, 251):
        shown = [field in names(plan(width)) for field in order]
        assert shown == sorted(shown, reverse=True)


def test_index_options_get_room_for_their_prices_and_strikes() -> None:
    columns = plan(120, "both", 7, 5)
    assert dict(columns.calls)["bid"] == 8
    assert columns.strike == 9


def test_the_profile_leaves_its_margin_and_rule_out_of_the_bars() -> None:
    columns = plan(120)
    assert columns.bars == columns.profile - columns.margin - 1
    assert plan(62).bars == 0
