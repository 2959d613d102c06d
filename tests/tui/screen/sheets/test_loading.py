"""What is shown before there is anything to watch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.screen.sheets.loading import WIDTH, loading_text


def bar(tick: int) -> str:
    return loading_text(tick, "SPY 2025-12-16").plain.splitlines()[-1]


def test_it_names_what_is_loading() -> None:
    assert "loading SPY 2025-12-16 …" in loading_text(0, "SPY 2025-12-16").plain


@given(st.integers(0, 10_000))
def test_the_bar_keeps_its_width_whatever_the_tick(tick: int) -> None:
    assert len(bar(tick)) == WIDTH
    assert bar(tick).strip("─") == "━" * bar(tick).count("━") != ""


@pytest.mark.parametrize(("tick", "at"), [(0, 0), (1, 1), (36, 36), (37, 35), (72, 0)])
def test_the_block_wanders_to_the_end_and_back(tick: int, at: int) -> None:
    assert bar(tick).index("━") == at
