"""Columns of expirations: what form they are in is decided by all of them together."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.calendar import sessions
from engine.store.chains.expiries import days_of

FRIDAY = date(2025, 12, 19)
TRADED = sessions(date(2025, 1, 2), date(2026, 12, 31))


@pytest.mark.parametrize(
    "text",
    [
        "2025-12-19", "2025/12/19", "20251219", "20251219.0", "251219", "19-Dec-25", "19-DEC-2025", "19DEC25",
        "19 December 2025", "Dec 19, 2025", "Fri Dec 19 2025", "Dec-19-2025", "12/19/2025", "12/19/25",
        "19/12/2025",
        "19.12.2025", "2025-12-19T00:00:00", "2025-12-19 00:00:00", "2025-12-19T00:00:00Z",
        "2025-12-19T00:00:00.000Z", "2025-12-19T21:00:00+00:00", "2025-12-19T16:00:00-05:00", '="251219"',
        "'2025-12-19", " 2025-12-19 ", "1766102400", "1766102400000", "46010",
    ],
)  # fmt: skip
def test_a_day_is_read_in_every_form_people_have(text: str) -> None:
    assert days_of([text]) == ([FRIDAY], "")


@pytest.mark.parametrize(
    "text", ["", "soon", "2025-13-19", "2026-02-30", "31/31/2025", "25121", "19-Foo-25", "9" * 40]
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert days_of([text])[0] == [None]


def test_one_cell_that_can_only_be_day_first_decides_for_all() -> None:
    found, _ = days_of(["05/01/2026", "06/01/2026", "19/12/2025"])
    assert found == [date(2026, 1, 5), date(2026, 1, 6), FRIDAY]


def test_of_two_forms_the_one_that_makes_trading_days_is_meant() -> None:
    found, _ = days_of(["09/01/2026", "02/01/2026"])
    # The first of February is a Sunday.
    assert found == [date(2026, 1, 9), date(2026, 1, 2)]


def test_a_cell_in_another_form_is_bad_and_not_guessed_at() -> None:
    assert days_of(["19/12/2025", "26/12/2025", "12/31/2025"])[0] == [FRIDAY, date(2025, 12, 26), None]


def test_a_column_that_fits_both_ways_is_read_month_first_and_that_is_said() -> None:
    found, sentence = days_of(["05/12/2025"])
    assert found == [date(2025, 5, 12)]
    assert sentence == "Expirations were read month first: 05/12/2025 as 2025-05-12."


@given(st.lists(st.sampled_from(TRADED), min_size=1, max_size=30), st.sampled_from(
    ["%Y-%m-%d", "%Y%m%d", "%y%m%d", "%d-%b-%y", "%d%b%y", "%Y-%m-%dT00:00:00Z", "%d.%m.%Y"]
))  # fmt: skip
def test_a_column_reads_as_it_was_written(days: list[date], form: str) -> None:
    assert days_of([day.strftime(form) for day in days])[0] == days
