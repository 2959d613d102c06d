from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from engine.model.contracts import Contract
from engine.views.queries import Score, Scoreboard, WhatIfComparison
from tui.screen.draw.cell_widget import text_of
from tui.screen.sheets.score import comparison_rows, score_rows

OPEN_NS = 1_765_895_400 * 1_000_000_000
SCORE = Score("volume_spike", 60, 41, 33.2, 0.61, 0.48, 0.7, 0.55, 0.034)
BOARD = Scoreboard(
    (
        SCORE,
        replace(SCORE, horizon_s=300, hit_rate=0.4),
        replace(SCORE, rule="spread_tightening", hit_rate=None),
    ),
    (("volume_spike", 6.1), ("spread_tightening", 1.2)),
)
CALL = Contract("SPY", date(2025, 12, 16), "C", 685_000)
DONE = WhatIfComparison(
    ("volume_spike.z=5",), 1.0, BOARD, replace(BOARD, alerts_per_h=(("volume_spike", 3.0),)), 20, (),
    ((OPEN_NS, "volume_spike", CALL), (OPEN_NS, "wall_break", None)),
)  # fmt: skip


def scores(board: Scoreboard = BOARD, width: int = 126) -> list[str]:
    return [text_of(line) for line in score_rows(board, width)]


def compared(found: WhatIfComparison | None, width: int = 74) -> list[str]:
    return [text_of(line) for line in comparison_rows(found, ("volume_spike.z=5",), width)]


@pytest.mark.parametrize("width", [40, 76, 93, 126, 128])
def test_every_line_is_exactly_as_wide_as_the_sheet(width: int) -> None:
    assert {len(line) for line in (*scores(width=width), *compared(DONE, width))} == {width}


def test_a_rule_has_a_line_with_each_horizon_in_its_own_columns() -> None:
    over, heads, spike, spread = scores()[:4]
    assert over.index("1 min") < over.index("5 min")
    assert spike.startswith(" vol spike    6.1 │  41  33  61%  48%   70%  55%  +0.03 │")
    assert heads.index("hit") + 2 == spike.index("61%") + 2
    assert "40%" in spike[over.index("5 min") :]
    assert spread[over.index("1 min") :].startswith(" 41  33    —")


def test_a_rate_better_than_chance_is_inked_so_and_an_unknown_one_is_a_dash() -> None:
    inks = {text.strip(): ink for text, ink, _ in score_rows(BOARD, 76)[2]}
    assert (inks["61%"], inks["40%"], inks["48%"]) == ("buy", "sell", "muted")


def test_a_rate_of_few_signals_is_left_grey() -> None:
    few = Scoreboard((replace(SCORE, n_effective=9.0),), ())
    assert [ink for text, ink, _ in score_rows(few, 76)[2] if "61%" in text] == ["muted"]


def test_all_three_horizons_are_told_at_80_columns_with_less_of_each() -> None:
    three = Scoreboard(tuple(replace(SCORE, horizon_s=horizon) for horizon in (60, 300, 900)), ())
    for width, left_out in ((132, ()), (118, ("touch",)), (78, ("touch", "move"))):
        over, heads, line = scores(three, width)[:3]
        assert [over.count(f"│ {minutes} min") for minutes in (1, 5, 15)] == [1, 1, 1]
        assert heads.count("hit") == line.count("61%") == 3
        assert [name for name in ("touch", "move", "eff") if name not in heads] == list(left_out)
        assert not any(f"{name}:" in text for name in left_out for text in scores(three, width))


def test_an_empty_board_says_why() -> None:
    assert "No signal has been followed" in scores(Scoreboard((), ()))[0]


def test_a_re_run_shows_how_far_it_is_until_it_is_done_with_what_was_asked() -> None:
    assert any(line.rstrip().endswith("0%") for line in compared(None))
    assert any(line.rstrip().endswith("40%") for line in compared(replace(DONE, progress=0.4)))
    assert any(line.rstrip().endswith("0%") for line in compared(replace(DONE, settings=("block.size=1",))))


def test_a_comparison_leaves_out_rules_that_fire_under_neither() -> None:
    silent = replace(BOARD, alerts_per_h=(*BOARD.alerts_per_h, ("block", 0.0)))
    assert not any("block " in line for line in compared(replace(DONE, then=silent, now=silent)))


def test_a_comparison_tells_what_stays_comes_and_goes() -> None:
    lines = compared(DONE)
    assert "20 signals stay, 0 added, 2 removed, 0 moved" in lines[1]
    assert any("vol spike" in line and "6.1 →  3.0" in line and "40% → 40%" in line for line in lines)
    assert any("spread" in line and "1.2 →    —" in line for line in lines)
    assert any(line.startswith(" - 09:30:00  vol spike   685C") for line in lines)
    assert any("wall break  spot" in line for line in lines)
    later = compared(replace(DONE, moved=((OPEN_NS, "volume_spike", CALL, OPEN_NS + 10**9),)))
    assert "1 moved" in later[1]
    assert any(line.startswith(" ~ 09:30:00  vol spike   685C to 09:30:01") for line in later)
