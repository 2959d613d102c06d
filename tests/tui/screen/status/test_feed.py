from __future__ import annotations

from dataclasses import replace
from math import nan

import pytest

from engine.tape.link import Lag, Link
from engine.views.view import View
from tui.screen.draw.cell_widget import text_of
from tui.screen.status.feed import feed_row

CUT = "The connection was cut at 12:39:55; trying again in 4 s."


def line(view: View, width: int = 200, **changes: object) -> str:
    assert view.link is not None
    link = replace(view.link, **changes)
    return text_of(feed_row(replace(view, link=link), link, width))


@pytest.mark.parametrize("width", range(40, 221, 3))
@pytest.mark.parametrize("note", ["", CUT])
def test_the_line_is_as_wide_as_the_screen_and_the_lag_stays(live_view, width: int, note: str) -> None:
    text = line(live_view(), width, note=note, refused=("Q.O:SPY251216C00685000",))
    assert len(text) == width
    assert text.startswith(" lag ")


def test_a_wide_line_says_everything(live_view) -> None:
    assert line(live_view(), 160).rstrip() == (
        " lag p50  31ms p99 118ms │ vol  98% heard │ side?  13% sure 64% │ dropped 0     "
        "│ spot from stocks feed"
    )


def test_at_80_columns_every_number_remains(live_view) -> None:
    text = line(live_view(), 80)
    for part in ("lag  31ms 118ms", "vol  98%", "side?  13%", "drop 0", "spot stocks feed"):
        assert part in text


def test_what_the_source_says_is_read_in_full_at_80_columns_beside_the_lag(live_view) -> None:
    assert line(live_view(), 80, note=CUT).rstrip() == f" lag  31ms 118ms │ ▸ {CUT}"


def test_without_a_stream_the_next_attempt_is_read_at_80_columns(live_view) -> None:
    said = "The host refused the connection with HTTP status 503. Next attempt in 12 s."
    assert line(live_view(), 80, note=said, badge="GAP").rstrip() == f" ▸ {said}"


def test_what_nobody_knows_is_a_dash_and_keeps_its_place(live_view) -> None:
    known = line(live_view())
    unknown = line(replace(live_view(), lag=None), reconciled=nan, spot_origin="")
    assert "lag p50     — p99     — │ vol    — heard" in unknown
    assert "spot from —" in unknown
    assert unknown.index("spot") == known.index("spot")


@pytest.mark.parametrize("badge", ["GAP", "POLL"])
def test_without_a_stream_there_is_no_lag(live_view, badge: str) -> None:
    assert line(live_view(), badge=badge).startswith(" lag p50     — p99     — ")


@pytest.mark.parametrize(("share", "text"), [(1.0, "100%"), (0.9999, " 99%"), (0.0, "  0%")])
def test_only_all_of_the_volume_is_all_of_it(live_view, share: float, text: str) -> None:
    assert f"vol {text} heard" in line(live_view(), reconciled=share)


def test_no_delay_moves_what_stands_beside_it(live_view) -> None:
    lags = (Lag(0.4, 3), Lag(31, 118), Lag(999.7, 61_000), Lag(900_120, 1e7), Lag(-4_900, -31))
    assert len({line(replace(live_view(), lag=lag)).index("vol") for lag in lags}) == 1


def test_refused_channels_are_named_and_then_counted(live_view) -> None:
    refused = ("Q.O:SPY251216C00685000", "FMV.O:SPY251216C00685000", "A.SPY")
    assert "refused Q.O:SPY251216C00685000 +2" in line(live_view(), refused=refused)
    assert "refused A.SPY " in line(live_view(), refused=refused[-1:])
    assert "refused 3" in line(live_view(), 90, refused=refused)


def test_quotes_that_were_dropped_stand_out(live_view) -> None:
    view = live_view()
    dropped = replace(view, counts=replace(view.counts, dropped=1_234))
    row = feed_row(dropped, Link(), 200)
    assert [ink for text, ink, _ in row if "1,234" in text] == ["warn"]


def test_a_rewound_screen_still_tells_how_the_feed_is(live_view) -> None:
    view = live_view("REWIND", behind_s=60)
    assert "● LIVE" in line(view, 120)
    assert "⚠ STALE 12s" in line(view, 120, badge="STALE", silent_s=12)
    assert "● LIVE" not in line(live_view(), 120)
