"""Days as a person names them."""

from __future__ import annotations

from datetime import date

import pytest

from engine.model.errors import UsageError
from tui.cli.commands.date_ranges import asked_days


def test_days_are_folded_once_each_in_order() -> None:
    assert asked_days(["2025-12-17", "2025-12-15", "2025-12-17"]) == [date(2025, 12, 15), date(2025, 12, 17)]


def test_a_range_leaves_out_closed_days() -> None:
    assert asked_days(["2025-12-24..2025-12-29"]) == [date(2025, 12, d) for d in (24, 26, 29)]


@pytest.mark.parametrize("word", ["..2025-12-17", "2025-12-17.."])
def test_a_range_without_an_end_is_a_sentence(word: str) -> None:
    with pytest.raises(UsageError, match="lacks a day"):
        asked_days([word])
