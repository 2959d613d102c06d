from __future__ import annotations

import math
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.calendar import session
from engine.model.errors import UsageError
from engine.model.events import NS
from engine.model.goto import parse_goto

TUESDAY = date(2025, 12, 16)
HALF_DAY = date(2025, 12, 24)


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * NS


AT_NS = utc("2025-12-16T17:00")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10:31", "2025-12-16T15:31"),
        ("1031", "2025-12-16T15:31"),
        ("103105", "2025-12-16T15:31:05"),
        ("10:31:05", "2025-12-16T15:31:05"),
        ("+5m", "2025-12-16T17:05"),
        ("-30s", "2025-12-16T16:59:30"),
        ("+1h", "2025-12-16T18:00"),
        ("open", "2025-12-16T14:30"),
        ("open+15m", "2025-12-16T14:45"),
        (" Open + 15M ", "2025-12-16T14:45"),
        ("close-1h", "2025-12-16T20:00"),
    ],
)
def test_what_a_person_may_type(text: str, expected: str) -> None:
    assert parse_goto(text, AT_NS, session(TUESDAY)) == utc(expected)


def test_close_is_early_on_a_half_day() -> None:
    assert parse_goto("close", AT_NS, session(HALF_DAY)) == utc("2025-12-24T18:00")


@pytest.mark.parametrize("text", ["", "  ", "5m", "+5", "+m", "2561", "931", "open15m", "+5d", "lunch"])
def test_anything_else_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_goto(text, AT_NS, session(TUESDAY))
    message = f"{text!r} is not a place on the tape; write 10:31, 1031, +5m, -30s or open+15m."
    assert str(caught.value) == message


@given(st.text(max_size=12))
def test_no_text_does_worse_than_a_usage_error(text: str) -> None:
    try:
        at_ns = parse_goto(text, AT_NS, session(TUESDAY))
    except UsageError:
        return
    assert math.isfinite(at_ns)
