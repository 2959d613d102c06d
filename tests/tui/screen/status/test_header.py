from __future__ import annotations

from datetime import date, timedelta
from math import inf

import pytest

from tui.screen.draw.cell_widget import text_of
from tui.screen.status.badge import badge_text
from tui.screen.status.header import StatusHeader, header_row, header_rows, symbol_at
from tui.screen.status.headline import expiries_text
from tui.settings.prefs import Prefs

DEFAULTS = Prefs()


def both(view, width: int = 200, prefs: Prefs = DEFAULTS) -> tuple[str, str]:
    first, second = header_rows(view, prefs, width)
    return text_of(first), text_of(second)


@pytest.mark.parametrize("width", range(40, 221, 3))
@pytest.mark.parametrize("headline_rows", [1, 2])
def test_every_line_is_exactly_as_wide_as_the_screen_and_badge_and_spot_stay(
    make_view, width: int, headline_rows: int
) -> None:
    view = make_view()
    rows = header_rows(view, Prefs(), width, headline_rows=headline_rows)
    assert [len(text_of(row)) for row in rows] == [width] * (1 + headline_rows)
    assert text_of(rows[0]).startswith(badge_text(view))
    assert rows[0][0][2] == "replay"
    assert "681.42" in text_of(rows[1])


def test_a_wide_first_line_says_everything(make_view) -> None:
    first, _ = both(make_view())
    for part in (
        " ⏵ REPLAY ×10",
        "[1 SPY]",
        "2 QQQ",
        "12:41:07.2 ET 12-16",
        "0DTE 3h18m left",
        "⚠ 1 gap",
        "118k ev/s 10fps",
    ):
        assert part in first


def test_the_shown_expiration_is_named_at_80_columns_too(make_view) -> None:
    assert "│ 0DTE 3h18m" in both(make_view(gaps=()), 80)[0]


def test_speed_changes_nothings_place(make_view) -> None:
    slow, fast = (both(make_view(speed=speed))[0] for speed in (0.25, inf))
    assert slow.index("[1 SPY]") == fast.index("[1 SPY]")


@pytest.mark.parametrize(
    ("badge", "mode"),
    [
        ("LIVE", "live"),
        ("REPLAY", "replay"),
        ("SIMULATED", "simulated"),
        ("DELAYED", "delayed"),
        ("POLL", "delayed"),
        ("STALE", "stale"),
        ("GAP", "stale"),
        ("CLOSED", "closed"),
        ("REWIND", "replay"),
    ],
)
def test_the_first_line_is_tinted_by_how_the_screen_stands_to_the_market(
    make_view, badge: str, mode: str
) -> None:
    first, _ = header_rows(make_view(badge=badge), Prefs(), 120)
    assert {ground for _, _, ground in first[1:]} == {f"{mode}_bar"}


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_live_day_has_a_third_line_and_a_feed_that_comes_and_goes_moves_nothing(
    live_view, width: int
) -> None:
    rows = [header_rows(live_view(badge), Prefs(), width) for badge in ("LIVE", "STALE", "GAP", "POLL")]
    assert {len(lines) for lines in rows} == {3}
    assert {len(text_of(line)) for lines in rows for line in lines} == {width}
    assert len({text_of(first).index("SPY") for first, *_ in rows}) == 1
    assert len({text_of(first).index("12:41:07") for first, *_ in rows}) == 1


def test_a_day_that_is_over_has_two_lines(make_view) -> None:
    assert len(header_rows(make_view(), Prefs(), 120)) == 2


def test_before_a_live_days_first_contract_there_are_dashes_and_no_zeros(unbegun_view) -> None:
    first, second, _ = header_rows(unbegun_view(), Prefs(), 200)
    assert "--:--:--.- ET 12-16" in text_of(first)
    assert "no chain yet" in text_of(first)
    assert "Δ flow      — sh 5m      —" in text_of(second)
    assert "0" not in text_of(second)


def test_a_gap_without_a_chain_has_no_flow(live_view) -> None:
    _, second, _ = header_rows(live_view("GAP", expiries=()), Prefs(), 200)
    assert "Δ flow      — sh 5m      —" in text_of(second)


def test_a_single_line_tells_the_lag_of_a_live_day(live_view) -> None:
    assert "lag  31ms" in text_of(header_row(live_view(), Prefs(), 160))


def test_before_the_first_quote_the_first_line_tells_the_time(empty_view) -> None:
    assert "09:30:00.0" in both(empty_view())[0]


def test_the_unit_of_the_exposure_is_named(make_view) -> None:
    assert "sh/$1" in both(make_view(), prefs=Prefs(unit="shares"))[1]


def test_a_later_expiry_is_named_and_a_past_one_settled(make_view) -> None:
    view = make_view(expiry=date(2025, 12, 18))
    assert "2DTE 12-18 3h18m left" in both(view)[0]
    assert "0DTE settled" in both(make_view(tape_ns=view.settle_ns))[0]
    assert "no expiry" in both(make_view(expiry=None))[0]


def test_a_frozen_screen_says_so_at_every_width(make_view) -> None:
    assert all("FROZEN" in both(make_view(), width, Prefs(frozen=True))[0] for width in (60, 80, 200))


def test_tabs_know_their_symbol_in_every_form(make_view) -> None:
    view = make_view()
    for width, form in ((200, " 3 SPX "), (80, " 3SPX")):
        row = header_rows(view, Prefs(), width)[0]
        x = text_of(row).index(form) + 2
        assert symbol_at(row, x, view.symbols) == "SPX"
    assert symbol_at(row, 0, view.symbols) is None
    assert symbol_at(row, 79, view.symbols) is None


@pytest.mark.parametrize("width", range(40, 221, 3))
def test_a_single_line_is_as_wide_as_the_screen_and_names_mode_symbol_and_spot(make_view, width: int) -> None:
    line = header_row(make_view(badge="SIMULATED"), Prefs(), width)
    assert len(text_of(line)) == width
    assert text_of(line).startswith(" ⏵ SIMULATED ")
    assert "SPY 681.42" in text_of(line)
    assert line[0][2] == "simulated"
    assert {ground for _, _, ground in line[1:]} == {"simulated_bar"}


@pytest.mark.parametrize(
    ("width", "there", "gone"),
    [
        (40, ("flip 679.8",), ("×10", "12:41:07")),
        (60, ("×10", "flip 679.8", "12:41:07", "⚠1"), ("3h18m", "1SPY")),
        (79, ("×10", "flip 679.8", "12:41:07", "3h18m", "⚠1"), ("▲+1.87", "1SPY")),
        (120, ("▲+1.87 +0.28%", "GEX  +530M", "12:41:07.2 ET 12-16", "0DTE 3h18m"), ("1SPY",)),
        (214, ("flip 679.8 CW 685 PW 675", "[1 SPY] 2 QQQ "), ()),
    ],
)
def test_in_a_single_line_spot_and_flip_come_before_the_watch_list(
    make_view, width: int, there: tuple[str, ...], gone: tuple[str, ...]
) -> None:
    text = text_of(header_row(make_view(), Prefs(), width))
    assert [part for part in there if part not in text] == []
    assert [part for part in gone if part in text] == []


def test_a_single_line_says_frozen_and_dashes_for_what_is_not_known(make_view, empty_view) -> None:
    assert "FROZEN" in text_of(header_row(make_view(), Prefs(frozen=True), 40))
    assert "SPY — │ flip —" in text_of(header_row(empty_view(), Prefs(), 44))


async def test_a_header_of_one_line_shows_the_single_line(make_view, stage) -> None:
    header = StatusHeader()
    async with stage(header, 79, 1) as pilot:
        header.show(make_view(), Prefs())
        assert "SPY 681.42" in header.render_line(0).text
        await pilot.resize_terminal(79, 2)
        assert "›1SPY" in header.render_line(0).text
        assert "681.42" in header.render_line(1).text


async def test_a_click_on_a_tab_chooses_the_symbol(make_view, stage) -> None:
    header = StatusHeader()
    async with stage(header, 120, 2) as pilot:
        header.show(make_view(), Prefs())
        x = header.render_line(0).text.index("3 SPX")
        await pilot.click(StatusHeader, offset=(x, 1))
        assert pilot.app.said(StatusHeader.SymbolChosen) is None
        await pilot.click(StatusHeader, offset=(x, 0))
        assert pilot.app.said(StatusHeader.SymbolChosen).symbol == "SPX"


async def test_the_header_fits_a_new_size(make_view, stage) -> None:
    header = StatusHeader()
    async with stage(header, 120, 2) as pilot:
        header.show(make_view(), Prefs())
        await pilot.resize_terminal(60, 2)
        assert header.render_line(0).text.strip().startswith("⏵ REPLAY")
        assert header.render_line(1).cell_length == 60


@pytest.mark.parametrize(
    ("days", "text"),
    [((), ""), ((0,), "0DTE"), ((3,), "12-19"), ((0, 1, 3), "0DTE–12-19"), ((1, 3), "12-17–12-19")],
)
def test_a_total_names_its_expirations(days: tuple[int, ...], text: str) -> None:
    day = date(2025, 12, 16)
    assert expiries_text(tuple(day + timedelta(days=n) for n in days), day) == text
