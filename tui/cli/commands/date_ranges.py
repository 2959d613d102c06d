"""The days that a person names: single ones and ranges."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from engine.model.calendar import sessions
from engine.model.errors import NoDataError, UsageError

from ...run.plan import parse_day


def asked_days(words: Sequence[str]) -> list[date]:
    """Return the days that are named, in order and once each; of a FIRST..LAST only those with a session.

    Raises UsageError for what is no date or a range that runs backwards, NoDataError for an empty range.
    """
    found: set[date] = set()
    for word in words:
        first, dots, last = word.partition("..")
        found.update(_range(first, last) if dots else [parse_day(word, "The day")])
    return sorted(found)


def _range(first_text: str, last_text: str) -> list[date]:
    if not (first_text and last_text):
        raise UsageError(f"{first_text}..{last_text} lacks a day; write it as FIRST..LAST.")
    first, last = parse_day(first_text, "The first day"), parse_day(last_text, "The last day")
    if first > last:
        raise UsageError(f"{first}..{last} runs backwards; write the earlier day first.")
    days = sessions(first, last)
    if not days:
        raise NoDataError(f"There is no trading day from {first} to {last}.")
    return days
