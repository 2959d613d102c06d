from __future__ import annotations

from math import nan

import pytest

from engine.fold.rules.catalogue import RULE_NAMES, rule_named
from engine.model.events import MISSING, NS
from engine.views.queries import SignalTape, SignalTapeTick
from engine.views.view import Outcome, Print
from tui.screen.draw.cell_widget import text_of
from tui.screen.sheets.evidence import evidence_rows, in_unit, number


def around(ts_ns: int) -> SignalTape:
    """Build ten seconds before and five after; the first was not quoted."""
    start = ts_ns // NS * NS - 10 * NS
    ticks = tuple(
        SignalTapeTick(start + i * NS, MISSING if i == 0 else 22_000 + 100 * i, 40 if i == 10 else 0)
        for i in range(16)
    )
    prints = (Print(ts_ns - NS // 2, 23_000, 1_840, 1, 0.8, "at ask", "sweep"),)
    return SignalTape(3, ticks, prints)


def told(
    row, width: int = 74, outcomes: tuple[Outcome, ...] = (), found: SignalTape | None = None
) -> list[str]:
    return [text_of(line) for line in evidence_rows(row, "SPY", outcomes, found, width)]


@pytest.mark.parametrize("width", [36, 60, 74, 126])
def test_every_line_is_exactly_as_wide_as_the_sheet(make_signal, width: int) -> None:
    row = make_signal(191.1)
    outcomes = (Outcome(60, 500, 1_200, 2_000, -800, True, True),)
    assert {len(line) for line in told(row, width, outcomes, around(row.ts_ns))} == {width}


def test_every_number_the_rule_used_stands_there_with_its_name(make_signal) -> None:
    row = make_signal(
        191.1, evidence=(("z", 6.2), ("volume", 1_840.0), ("premium_usd", 412_000.0), ("lean", nan))
    )
    text = "\n".join(told(row))
    for name, value in (
        ("beyond its usual", "6.2σ"),
        ("volume", "1,840 contracts"),
        ("premium", "$412,000"),
        ("bought less sold", "—"),
    ):
        line = next(line for line in text.splitlines() if name in line and value in line)
        assert line.index(name) < line.index(value)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (-0.05, "$", "-$0.05"),
        (412_000.0, "$", "$412,000"),
        (0.562, "share", "56.2%"),
        (18.2, "%", "18.2%"),
        (20.4, "times", "20.4×"),
        (10.0, "s", "10 s"),
        (-2.2e5, "shares per $1", "-220,000 sh/$1"),
        (1.0, "code", "1"),
        (nan, "$", "—"),
    ],
)
def test_a_number_stands_beside_its_unit(value: float, unit: str, text: str) -> None:
    assert in_unit(value, unit) == text


@pytest.mark.parametrize("rule", RULE_NAMES)
def test_every_label_is_made_of_words_and_no_two_of_a_rule_are_alike(rule: str) -> None:
    labels = [column.label for column in rule_named(rule).evidence]
    assert len(set(labels)) == len(labels)
    for label in labels:
        assert "_" not in label
        assert len(label) > 2


def test_numbers_of_a_rule_of_the_users_own_have_its_names(make_signal) -> None:
    text = "\n".join(told(make_signal(191.1, rule="user:wave", evidence=(("put_premium", 3.5),))))
    assert "put premium" in text
    assert " 3.5 " in text


def test_the_headline_says_what_fired_on_what_how_strongly_and_by_which_version(make_signal) -> None:
    row = make_signal(191.1, version="volume_spike/default/2")
    text = " ".join(told(row)[:4])
    for part in (
        "12:41:06.0",
        "vol spike",
        "O:SPY251216C00685000",
        row.reason,
        "0.80",
        "70%",
        "volume_spike/default/2",
    ):
        assert part in text


def test_a_signal_about_the_underlying_names_the_symbol(make_signal) -> None:
    assert "SPY" in told(make_signal(191.1, contract=None, cid=0, rule="wall_break"))[0]


def test_what_came_of_it_is_told_in_moves_and_in_words(make_signal) -> None:
    hit = Outcome(60, 500, 1_200, 2_000, -800, True, True)
    lost = Outcome(300, -300, -900, 100, -2_000, False, False)
    lines = told(make_signal(191.1), outcomes=(hit, lost))
    assert any("1 min" in line and "+0.12" in line and "✓ stood in its direction" in line for line in lines)
    assert any("5 min" in line and "-0.20" in line and "✗ went the other way" in line for line in lines)


def test_before_the_first_minute_is_over_it_says_so_and_unknown_ones_are_dashes(make_signal) -> None:
    assert any("not over" in line for line in told(make_signal(191.1)))
    unknown = Outcome(60, None, None, None, None, None, None)
    (line,) = [line for line in told(make_signal(191.1), outcomes=(unknown,)) if "1 min" in line]
    assert line.count("—") == 5
    assert "0.00" not in line


def test_the_pointer_stands_under_the_signals_second_and_prints_count_from_it(make_signal) -> None:
    row = make_signal(191.1)
    lines = told(row, found=around(row.ts_ns))
    price = next(line for line in lines if line.startswith(" price"))
    pointer = lines[lines.index(price) + 1]
    assert (
        pointer.index("▲") - price.index("▁") == 9
    )  # the first second is blank, the signal's is the eleventh
    assert any("-0.5s" in line and "1,840 @2.30" in line and "sweep" in line for line in lines)


def test_two_minutes_of_tape_fit_a_narrow_sheet_whole(make_signal) -> None:
    row = make_signal(191.1)
    start = row.ts_ns // NS * NS - 60 * NS
    ticks = tuple(SignalTapeTick(start + i * NS, 20_000 if i < 60 else 30_000, 1) for i in range(120))
    lines = told(row, 50, found=SignalTape(0, ticks, ()))
    price = next(line for line in lines if line.startswith(" price")).rstrip()
    pointer = lines[lines.index(f"{price:<50}") + 1]
    assert (price.count("▁"), price.count("█")) == (19, 19)
    assert pointer.index("▲") == price.index("█")


def test_without_an_answer_it_reads_and_without_a_tape_it_says_so(make_signal) -> None:
    row = make_signal(191.1)
    assert "reading …" in told(row)[-1]
    assert "nothing was quoted" in told(row, found=SignalTape(0, (), ()))[-1]


@pytest.mark.parametrize(
    ("value", "text"), [(nan, "—"), (3.0, "3"), (412_000.0, "412,000"), (0.0123, "0.0123"), (20.44, "20.44")]
)
def test_numbers_have_as_many_decimals_as_their_size_deserves(value: float, text: str) -> None:
    assert number(value) == text
