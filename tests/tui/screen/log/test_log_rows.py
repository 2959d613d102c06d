from __future__ import annotations

from datetime import date
from math import nan

import pytest

from engine.fold.rules.catalogue import rule_named
from engine.views.view import Outcome
from tui.screen.draw.cell_widget import text_of
from tui.screen.log.log_rows import measured, signal_line, title_row
from tui.settings.prefs import Prefs

DEFAULTS = Prefs()
DAY = date(2025, 12, 16)
EVIDENCE = {
    "volume_spike": {"z": 6.2, "ratio": 20.4, "volume": 1840.0, "usual_volume": 90.0,
                     "premium_usd": 412_000.0, "lean": 0.56, "window_s": 10.0},
    "spread_tightening": {"spread_usd": 0.01, "median_spread_usd": 0.04, "narrower": 3.0, "bid_size": 410.0,
                          "ask_size": 388.0, "held_s": 3.1, "quotes": 6.0},
    "price_move": {"z": 5.5, "move_usd": 0.05, "expected_usd": 0.01, "window_s": 5.0, "percent": 18.2},
    "fmv_divergence": {"edge": 2.4, "fmv_usd": 0.121, "mid_usd": 0.145, "percent": -16.6, "held_s": 3.0},
    "sweep": {"volume": 340.0, "prints": 5.0, "exchanges": 3.0, "span_s": 0.212, "premium_usd": 78_200.0},
    "block": {"size": 800.0, "price_usd": 2.31, "premium_usd": 184_800.0},
    "zero_gamma_cross": {"spot_usd": 680.12, "zero_gamma_usd": 679.83, "net": 4.1e5, "net_before": -2.2e5},
    "wall_break": {"spot_usd": 685.31, "wall_usd": 685.0, "stood_s": 840.0},
    "regime_change": {"net": -1.2e6, "stood_s": 60.0, "share": 0.31, "spot_usd": 676.9},
}  # fmt: skip
WIDE = {
    "volume_spike": "z 6.2  1,840 in 10s (20×)  premium $412k  lean +56%",
    "spread_tightening": "0.04→0.01 (25%) of the usual spread  size 410x388  held 3.1s",
    "price_move": "mid +0.05 (+18.2%) in 5s  underlying explains +0.01  z 5.5",
    "fmv_divergence": "mid 0.145 vs fmv 0.121 (-16.6%)  2.4 half spreads  held 3.0s",
    "sweep": "340 in 5 prints on 3 exchanges within 212 ms  premium $78k",
    "block": "800 at 2.31 in one print  premium $185k",
    "zero_gamma_cross": "680.12 crossed zero gamma 679.83  net -220k → +410k sh/$1",
    "wall_break": "685.31 broke the wall at 685 that stood 14m00s",
    "regime_change": "γ negative for 1m00s, 31% of the gross  at 676.90",
}
BRIEF = {
    "volume_spike": "1,840/10s 20× $412k",
    "spread_tightening": "0.04→0.01 (25%)",
    "price_move": "+0.05 +18.2%/5s",
    "fmv_divergence": "mid 0.14 fmv 0.12 -16.6%",
    "sweep": "340 on 3 exch $78k",
    "block": "800@2.31 $185k",
    "zero_gamma_cross": "680.12 over 679.83",
    "wall_break": "685.31 past 685",
    "regime_change": "net negative 31%",
}


def whole(rule: str, **changes: float) -> tuple[tuple[str, float], ...]:
    """Return a rule's whole evidence: what is not told above does not show."""
    names = [column.name for column in rule_named(rule).evidence]
    return tuple((dict.fromkeys(names, 0.0) | EVIDENCE[rule] | changes).items())


def line(row, width: int = 120, **changes) -> str:
    told = {
        "first_ns": row.ts_ns,
        "before": row.mid_before,
        "count": 1,
        "day": DAY,
        "cursor": False,
    } | changes
    return text_of(signal_line(row, width, **told))


def title(width: int = 120, prefs: Prefs = DEFAULTS, **changes) -> str:
    told = {"shown": 7, "total": 7, "new": 0, "at_newest": True, "focus": False} | changes
    return text_of(title_row(prefs, width, **told))


@pytest.mark.parametrize("rule", EVIDENCE)
def test_a_line_tells_measured_against_usual(make_signal, rule: str) -> None:
    row = make_signal(1, rule=rule, evidence=whole(rule))
    assert measured(row, brief=False) == WIDE[rule]
    assert measured(row, brief=True) == BRIEF[rule]


def test_numbers_a_rule_did_not_use_are_left_out(make_signal) -> None:
    row = make_signal(1, rule="price_move", evidence=whole("price_move", expected_usd=nan, z=nan))
    assert measured(row, brief=False) == "mid +0.05 (+18.2%) in 5s"


def test_evidence_nobody_can_word_falls_back_to_the_reason(make_signal) -> None:
    assert measured(make_signal(1, rule="gex_flip"), brief=False) == make_signal(1).reason
    assert measured(make_signal(1, evidence=()), brief=True) == make_signal(1).reason


def test_a_wide_line_spells_the_signal_out(make_signal) -> None:
    text = line(make_signal(191, evidence=whole("volume_spike")))
    assert text.startswith(
        " 12:41:00 ▲ calls bought    685C 0d     2.21→2.34         ……… spike: z 6.2  1,840"
    )


def test_a_narrow_line_is_brief(make_signal) -> None:
    text = line(make_signal(191, evidence=whole("volume_spike")), 80)
    assert text.startswith(" 12:41:00 ▲ calls bought    685C 0d →2.34         ……… spike: 1,840/10s")


@pytest.mark.parametrize("width", [80, 120, 160, 200, 220])
@pytest.mark.parametrize("rule", EVIDENCE)
def test_the_reason_stands_at_every_width(make_signal, rule: str, width: int) -> None:
    """Whole from 200 columns on; before that what there is room for."""
    row = make_signal(191, rule=rule, evidence=whole(rule), before=68_000_000, after=251_006_900)
    told = (came(60, True), came(300, None), came(900, False))
    text = line(row, width, count=12, outcomes=told)
    why = (BRIEF if width == 80 else WIDE)[rule]
    said = text[text.index("✓") + 3 :] if width < 160 else text
    assert (why if width >= 200 else why[:12]) in said
    assert "→25100.69" in text
    assert "×12" in text


@pytest.mark.parametrize("width", range(30, 201, 7))
def test_lines_and_title_are_exactly_as_wide_as_the_screen(make_signal, width: int) -> None:
    assert len(line(make_signal(1, reason="x" * 300, evidence=()), width)) == width
    assert len(title(width, Prefs(log_filter="spike 685c >100k"))) == width


def test_the_title_says_which_words_of_the_filter_mean_nothing() -> None:
    for width in (80, 120):
        told = title(width, Prefs(log_filter="spke 685c"), unknown=("spke",))
        assert "/ spke 685c unknown: spke" in told
        assert len(told) == width


def test_direction_shows_in_glyph_and_ink(make_signal) -> None:
    for direction, glyph, ink in (
        ("buy", "▲", "buy_hi"),
        ("sell", "▼", "sell_hi"),
        ("neutral", "◆", "strong"),
    ):
        row = make_signal(1, direction=direction)
        cells = signal_line(row, 120, first_ns=row.ts_ns, before=1, count=1, day=DAY, cursor=False)
        assert cells[1][0].startswith(glyph)
        assert cells[1][1] == ink


def test_a_stronger_signal_is_brighter_and_taller(make_signal) -> None:
    seen = []
    for strength in (0.5, 0.6, 0.95):
        row = make_signal(1, strength=strength)
        cells = signal_line(row, 160, first_ns=row.ts_ns, before=1, count=1, day=DAY, cursor=False)
        seen.append((cells[1][1], cells[1][0].strip()[-1]))
    assert seen == [("buy_lo", "▅"), ("buy", "▅"), ("buy_hi", "█")]


def test_a_collapsed_line_counts_and_spans_its_signals(make_signal) -> None:
    row = make_signal(191, after=25_000)
    text = line(row, first_ns=make_signal(190).ts_ns, before=20_000, count=12)
    assert text.startswith(" 12:40:00 ")
    assert "    2.00→2.50     ×12 ………" in text


def test_the_cursor_shows_without_colour(make_signal) -> None:
    assert line(make_signal(191), cursor=True).startswith("▸12:41:00 ")


def test_another_expiry_is_named_by_its_days(make_signal, make_detail) -> None:
    row = make_signal(1)
    assert " 685C 1d " in line(row, day=date(2025, 12, 15))


def test_the_title_names_rule_filter_and_following() -> None:
    assert "[all]" in title()
    assert title().rstrip().endswith("7 follow ▼")
    assert "[spike]" in title(prefs=Prefs(log_rule="volume_spike"))
    assert "/ 685c" in title(prefs=Prefs(log_filter="685c"))
    assert title(shown=3).rstrip().endswith("3 of 7 follow ▼")
    assert title(at_newest=False, new=3).rstrip().endswith("7 · 3 new ▼")
    assert title(at_newest=False, new=0).rstrip().endswith("7 · looking back ▼")


def came(horizon_s: int, hit: bool | None, touched: bool = True, contract: int | None = 1_200) -> Outcome:
    return Outcome(horizon_s, -500, contract, 2_000, -800, touched, hit)


def test_outcomes_stand_as_marks_and_the_horizons_that_are_not_over_as_dots(make_signal) -> None:
    row = make_signal(191)
    told = (came(60, True), came(300, False))
    assert " ✓~… " in line(row, outcomes=told)
    assert " ✗○… " in line(row, outcomes=(came(60, False, touched=False), came(300, None)))
    unknown = Outcome(60, None, None, None, None, None, None)
    assert " —…… " in line(row, outcomes=(unknown,))


def test_a_very_wide_line_has_the_moves_too(make_signal) -> None:
    row = make_signal(191)
    told = (came(60, True), came(300, False, contract=None))
    assert "1m+0.12 ✓  5m-0.05 ~          … " in line(row, 160, outcomes=told)
    assert line(row, 160).startswith(" 12:41:00.0 ▲ calls bought ▇    685C 0d ")


@pytest.mark.parametrize("width", range(40, 210, 9))
def test_outcomes_move_nothing(make_signal, width: int) -> None:
    row = make_signal(191, reason="x" * 300, evidence=())
    bare = line(row, width)
    told = line(row, width, outcomes=(came(60, True), came(300, None), came(900, False)))
    assert len(told) == len(bare) == width
    assert told[: told.index("→")] == bare[: bare.index("→")]


def test_a_signal_about_the_underlying_says_spot_in_the_contracts_place(make_signal) -> None:
    row = make_signal(191, rule="wall_break", contract=None, cid=0, evidence=())
    for width in (80, 120):
        text, beside = line(row, width), line(make_signal(191, evidence=()), width)
        assert text.index("spot ") + len("spot ") == beside.index("685C ") + len("685C ")


def test_a_rule_of_the_users_own_goes_by_its_name(make_signal) -> None:
    row = make_signal(191, rule="user:round_strikes", evidence=())
    assert "round strikes: " in line(row)
    assert "▲ calls bought" in line(row, 80)


def test_the_title_names_every_rule_where_there_is_room_and_the_chosen_one_where_there_is_not() -> None:
    assert "flip  wall  regime" in title(120)
    assert "[flip]" in title(80, Prefs(log_rule="zero_gamma_cross"))
    assert "spread" not in title(80)


def test_the_title_names_muted_rules_and_a_users_own_by_its_name() -> None:
    assert "muted round, spike" in title(prefs=Prefs(muted=frozenset({"user:round", "volume_spike"})))
    assert "muted" not in title()
