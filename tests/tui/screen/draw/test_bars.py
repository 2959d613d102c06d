from __future__ import annotations

from math import log10, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.screen.draw.bars import EIGHTHS, SPARKS, eighths, grown, left_bar, right_bar, spark
from tui.screen.draw.cell_widget import Cell


def inked(cells: list[Cell]) -> int:
    """Count the eighths a bar covers as a terminal would show it."""
    total = 0
    for text, ink, _ in cells:
        for glyph in text:
            filled = EIGHTHS.index(glyph)
            total += 8 - filled if ink.startswith("~") else filled
    return total


@pytest.mark.parametrize("draw", [left_bar, right_bar])
@given(length=st.integers(0, 200), cells=st.integers(1, 20))
def test_a_bar_covers_its_length_to_the_eighth_and_fills_its_cells(draw, length: int, cells: int) -> None:
    bar = draw(length, cells, "ink", "base")
    assert sum(len(text) for text, _, _ in bar) == cells
    assert inked(bar) == min(length, 8 * cells)


def test_a_left_bar_ends_at_the_axis() -> None:
    assert left_bar(19, 5, "ink", "base") == [
        ("  ", "ink", "base"),
        ("▋", "~ink", "base"),
        ("██", "ink", "base"),
    ]


def test_eighths_round_to_the_nearest_keep_the_sign_and_stay_in_their_cells() -> None:
    assert [eighths(value, 10.0, 5) for value in (5.0, -5.0, 0.1, 0.2, 99.0, -99.0)] == [
        20,
        -20,
        0,
        1,
        40,
        -40,
    ]


def test_what_is_not_known_has_no_length() -> None:
    assert eighths(nan, 10.0, 5) == eighths(1.0, 0.0, 5) == 0


@given(st.lists(st.floats(min_value=1e-3, max_value=1e12), min_size=1))
def test_the_scale_only_grows_and_shows_every_peak_in_steps_of_one_two_five(peaks: list[float]) -> None:
    scale = 0.0
    for peak in peaks:
        before, scale = scale, grown(scale, peak)
        assert scale >= before
        assert scale >= peak * (1 - 1e-9)
        assert any(abs(scale / 10.0 ** round(log10(scale / step)) - step) < 1e-6 for step in (1, 2, 5))
    assert scale <= 5.0 * max(peaks)


def test_a_scale_that_still_fits_does_not_move() -> None:
    assert grown(2e9, 1.3e9) == 2e9
    assert grown(2e9, nan) == 2e9


def test_a_spark_spans_its_least_and_greatest_and_leaves_unknown_seconds_blank() -> None:
    text = spark([1.0, nan, 8.0], 5)
    assert text == "  " + SPARKS[0] + " " + SPARKS[-1]


def test_a_flat_spark_is_drawn_and_an_unknown_one_is_blank() -> None:
    assert spark([3.0, 3.0], 2) == SPARKS[0] * 2
    assert spark([nan, nan], 4) == "    "
