"""Days as chain files write them: what form a column is in is decided by all its cells, never one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache

from ...model.calendar import ET
from ...model.holidays import CLOSED

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIRST, _LAST = date(2000, 1, 1), date(2099, 12, 31)
_EXCEL = date(1899, 12, 30)
_Y, _M, _D = r"(?P<y>\d{4}|\d\d)", r"(?P<m>\d{1,2})", r"(?P<d>\d{1,2})"
_NAME = r"(?P<m>[a-z]{3})[a-z]*\.?"
_MOMENT = re.compile(r"\d{4}-?\d\d-?\d\d[t ]")
_SATURDAY = 5


def _read(pattern: str) -> Callable[[str], date | None]:
    form = re.compile(pattern)

    def read(text: str) -> date | None:
        found = form.fullmatch(text)
        return None if found is None else _date(found["y"], found["m"], found["d"])

    return read


def _zoned(text: str) -> date | None:
    """Read ISO with a time: midnight is a label of the day as written, another time is a moment."""
    if not _MOMENT.match(text):
        return None
    try:
        at = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    midnight = (at.hour, at.minute, at.second) == (0, 0, 0)
    return _within(at.date() if midnight or at.tzinfo is None else at.astimezone(ET).date())


def _counted(text: str) -> date | None:
    """Read seconds or milliseconds since 1970, or a spreadsheet's days."""
    if not text.isdecimal() or len(text) not in (5, 10, 13):
        return None
    if len(text) == 5:
        return _within(_EXCEL + timedelta(days=int(text)))
    at = datetime.fromtimestamp(int(text[:10]), UTC)
    return _within(at.date() if (at.hour, at.minute) == (0, 0) else at.astimezone(ET).date())


MONTH_FIRST, DAY_FIRST = "month first", "day first"

FORMS: Mapping[str, Callable[[str], date | None]] = {
    "year first": _read(rf"(?P<y>\d{{4}})[-/.]{_M}[-/.]{_D}"),
    "a moment": _zoned,
    "YYYYMMDD": _read(r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)"),
    "YYMMDD": _read(r"(?P<y>\d\d)(?P<m>\d\d)(?P<d>\d\d)"),
    "named month": _read(rf"{_D}[- ]?{_NAME}[- ]?{_Y}"),
    "named month first": _read(rf"(?:[a-z]{{3}} )?{_NAME}[- ]{_D}[- ]{_Y}"),
    MONTH_FIRST: _read(rf"{_M}(?P<s>[-/]){_D}(?P=s){_Y}"),
    DAY_FIRST: _read(rf"{_D}(?P<s>[-/.]){_M}(?P=s){_Y}"),
    "a count": _counted,
}
"""The forms a column can be in; of two that fit alike the first is meant."""


def days_of(cells: Sequence[str]) -> tuple[list[date | None], str]:
    """Return the day of each cell, None where it is none, and a sentence if two forms fit alike.

    The form is the one that most cells fit, and of those the one that makes most of them trading days.
    """
    texts = [_cleaned(each) for each in cells]
    different = sorted(set(texts))
    best = max(FORMS, key=lambda name: _fit(name, different))
    read = {text: FORMS[best](text) for text in different}
    return [read[text] for text in texts], _doubt(best, different)


def _fit(name: str, texts: Sequence[str]) -> tuple[int, int]:
    found = [on for text in texts if (on := FORMS[name](text)) is not None]
    return len(found), sum(map(_traded, found))


def _doubt(best: str, texts: Sequence[str]) -> str:
    if best != MONTH_FIRST or _fit(MONTH_FIRST, texts) != _fit(DAY_FIRST, texts):
        return ""
    apart = (text for text in texts if FORMS[best](text) != FORMS[DAY_FIRST](text))
    example = next(apart, None)
    return f"Expirations were read month first: {example} as {FORMS[best](example)}." if example else ""


@cache
def _traded(day: date) -> bool:
    return day.weekday() < _SATURDAY and day not in CLOSED


def _cleaned(text: str) -> str:
    """Return a cell without what spreadsheets put around it."""
    bare = text.strip().removeprefix("=").strip("\"' ").lower().replace(",", " ")
    return " ".join(re.sub(r"^(\d+)\.0+$", r"\1", bare).split())


def _date(year: str, month: str, day: str) -> date | None:
    if month.isalpha():
        if month not in _MONTHS:
            return None
        month = str(_MONTHS.index(month) + 1)
    try:
        found = date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    except ValueError:
        return None
    return _within(found)


def _within(day: date) -> date | None:
    return day if _FIRST <= day <= _LAST else None
