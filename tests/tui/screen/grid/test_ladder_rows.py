from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import get_args

import pytest

from engine.model.events import MISSING
from tui.screen.draw.cell_widget import text_of
from tui.screen.grid import sheet as sh
from tui.screen.grid.columns import plan
from tui.screen.grid.ladder_rows import heading_row, marks_text, strike_row, title_row
from tui.settings.prefs import Prefs, ProfileView

PLAN = plan(120)
DAY = date(2025, 12, 16)


def numbers(
    strike: int = 681_000,
    flags: int = 0,
    marks: int = 0,
    left: int = 0,
    right: int = 0,
    past: int = -1,
    **fields: int,
):
    """Build one row of a sheet: a field is missing unless named (`bid=…`, `bid_tone=…`), both legs alike."""
    row = [strike, flags, marks, left, right, past]
    for field, _ in (*PLAN.calls, *PLAN.puts):
        row += [fields.get(field, MISSING), fields.get(f"{field}_tone", 0)]
    return row


def line(**row: int) -> str:
    return text_of(strike_row(numbers(**row), PLAN, "net"))


def inks(**row: int) -> dict[str, tuple[str, str]]:
    return {text.strip(): (ink, ground) for text, ink, ground in strike_row(numbers(**row), PLAN, "net")}


def test_a_row_reads_calls_strike_puts_profile() -> None:
    text = line(
        net=442_000,
        delta=37,
        oi=7_617,
        vol=29_800,
        last=87,
        bid=86,
        ask=88,
        flags=sh.ATM,
        right=20,
        marks=sh.MARK_CW,
    )
    calls = "  +442k  0.37 7,617 29.8k  0.87  0.86  0.88"
    puts = "  0.86  0.88  0.87 29.8k 7,617  0.37  +442k"
    assert text == f"{calls}│► 681 │{puts}│" + " " * 9 + "┊██▌       " + " CW  "


@pytest.mark.parametrize(
    ("past", "bars"),
    [(4, "    ┆    ┊██▌       "), (10, " " * 9 + "┊┆█▌       "), (15, " " * 9 + "┊██▌  ┆    ")],
)
def test_an_earlier_bar_ends_in_a_mark_that_moves_nothing(past: int, bars: str) -> None:
    assert bars in line(right=20, past=past)


def test_nothing_known_is_dashes_and_dots() -> None:
    leg = "—     ·     —     —     —     —     —"
    assert line().startswith(f"      {leg}│  681 │")


@pytest.mark.parametrize("width", range(20, 251))
def test_a_row_and_its_headings_have_one_width_at_every_width(make_view, width: int) -> None:
    gamma = make_view().gamma
    columns = plan(width)
    row = [681_000, 0, 0, 3, 5, width % 7] + [1, 0] * (len(columns.calls) + len(columns.puts))
    expected = sum(cells for _, cells in (*columns.calls, *columns.puts)) + columns.strike + columns.profile
    for view in get_args(ProfileView):
        prefs = Prefs(profile_view=view)
        assert len(text_of(strike_row(row, columns, view))) == expected
        assert len(text_of(heading_row(columns, prefs, 1e9, gamma))) == expected
        assert len(text_of(title_row(columns, prefs, gamma))) == expected


def test_numbers_that_are_too_long_lose_their_decimals_then_themselves_but_move_nothing() -> None:
    assert len(line(bid=123_456_78, ask=1_234_56)) == len(line())
    assert " 1234│" in line(ask=1_234_56)
    assert " #####" in line(bid=123_456_78)


def test_bought_and_sold_differ_by_sign_and_by_ink_and_weight() -> None:
    assert inks(net=442_000, net_tone=2)["+442k"] == ("buy_hi", "base")
    assert inks(net=-442_000, net_tone=0)["-442k"] == ("sell_lo", "base")


def test_stale_prices_are_dimmed() -> None:
    assert inks(bid=86, bid_tone=1)["0.86"] == ("faint", "base")
    assert inks(bid=86)["0.86"] == ("text", "base")


def test_hot_cells_carry_their_heat_and_cold_ones_the_rows_ground() -> None:
    assert inks(vol=29_800, vol_tone=7)["29.8k"] == ("heat7", "heat7")
    assert inks(vol=12, vol_tone=0, flags=sh.ATM)["12"] == ("heat0", "atm")


def test_the_cursor_points_to_the_side_it_aims_at() -> None:
    assert "│◂ 681 │" in line(flags=sh.CURSOR | sh.AIM_CALL)
    assert "│► 681▸│" in line(flags=sh.CURSOR | sh.AIM_PUT | sh.ATM)


def test_the_strike_at_spot_stands_out_by_marker_and_weight() -> None:
    assert inks(flags=sh.ATM)["681"] == ("strong", "atm")
    assert inks()["681"] == ("text", "base")


def test_in_the_money_is_shaded_on_its_own_side_only() -> None:
    cells = strike_row(numbers(flags=sh.CALL_ITM, bid=86), PLAN, "net")
    assert {ground for _, _, ground in cells[: len(PLAN.calls)]} == {"itm"}
    assert {ground for _, _, ground in cells[len(PLAN.calls) :]} == {"base"}


def test_an_unknown_exposure_has_a_dot_for_its_axis() -> None:
    assert "┊" in line()
    assert "┊" not in line(flags=sh.NO_GAMMA)


def test_the_gross_view_starts_at_the_left() -> None:
    text = text_of(strike_row(numbers(right=16), PLAN, "absolute"))
    assert text.endswith("│┊██" + " " * 17 + " " * 5)


@pytest.mark.parametrize(
    ("marks", "text"),
    [
        (0, "     "),
        (sh.MARK_CW, " CW  "),
        (sh.MARK_PW | sh.MARK_PAIN, " PWm "),
        (sh.MARK_CW | sh.MARK_PW, " CPW "),
        (sh.MARK_CW | sh.MARK_PW | sh.MARK_FLIP | sh.MARK_PAIN, "CPW⤬m"),
    ],
)
def test_marks_share_the_margin(marks: int, text: str) -> None:
    assert marks_text(marks, 5) == text


def test_a_short_margin_keeps_the_walls() -> None:
    assert marks_text(sh.MARK_CW | sh.MARK_FLIP | sh.MARK_PAIN, 3) == "CW⤬"


@pytest.mark.parametrize(
    ("view", "ends"), [("net", ("-1B", "+1B")), ("calls_puts", ("1B", "1B")), ("absolute", ("0", "1B"))]
)
def test_the_scale_is_printed_at_the_profiles_ends(view: str, ends: tuple[str, str]) -> None:
    text = text_of(heading_row(PLAN, Prefs(profile_view=view), 1e9, None))
    profile = text[-PLAN.profile :]
    assert profile.startswith(f"│{ends[0]} ")
    assert profile.rstrip().endswith(f" {ends[1]}")
    assert len(profile.rstrip()) == PLAN.bars + 1


def test_the_title_names_view_unit_and_whose_sign(make_view) -> None:
    title = text_of(title_row(plan(213), Prefs(unit="shares"), make_view().gamma))
    assert " CALLS " in title
    assert " PUTS " in title
    assert "γ PROFILE  net  sh/$1  assumed" in title


@pytest.mark.parametrize(
    ("prefs", "title"),
    [
        (Prefs(metric="charm"), "─ charm PROFILE  net  $/min  flow 3exp ─"),
        (Prefs(metric="vanna", profile_view="absolute"), "─ vanna PROFILE  gross  $/vol pt  flow 3exp ─"),
        (Prefs(profile_view="oi"), "─ OPEN INTEREST  puts│calls ─"),
        (Prefs(profile_view="volume"), "─ VOLUME  puts│calls ─"),
    ],
)
def test_the_title_says_what_the_bars_are_sums_of(make_view, prefs: Prefs, title: str) -> None:
    gamma = replace(make_view().gamma, convention="flow", basis="flow", scope="several", summed=(DAY,) * 3)
    assert title in text_of(title_row(plan(213), prefs, gamma))


def test_weights_other_than_open_interest_are_named_with_the_assumed_sign(make_view) -> None:
    gamma = replace(make_view().gamma, basis="volume")
    assert "assumed vol" in text_of(title_row(plan(200), Prefs(), gamma))


def test_without_a_title_line_the_heading_says_whose_sign_it_is_if_there_is_room(make_view) -> None:
    gamma = make_view().gamma
    assert "γ net assumed" in text_of(heading_row(plan(140), Prefs(), 1e9, gamma))
    assert "γ net" in text_of(heading_row(plan(120), Prefs(), 1e9, gamma))
    assert "assumed" not in text_of(heading_row(plan(140), Prefs(profile_view="oi"), 1e9, gamma))


def test_rows_between_the_flips_begin_their_margin_with_a_dashed_rule() -> None:
    assert marks_text(sh.MARK_BAND, 5) == "┆    "
    assert marks_text(sh.MARK_BAND | sh.MARK_CW, 5) == "┆CW  "


def test_without_a_scale_a_dash_is_printed() -> None:
    assert "—" in text_of(heading_row(PLAN, Prefs(), 0.0, None))
