"""When the exchange trades: sessions, closures, expirations and settlements.

Owns sessions (from the shipped table of closures, checked against an independent library in its test), and
exchange time and how it is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Literal
from zoneinfo import ZoneInfo

from .errors import NoDataError, UsageError
from .holidays import CLOSED, FIRST_DAY, HALF_DAYS, LAST_DAY
from .underlyings import Underlying

ET = ZoneInfo("America/New_York")
"""Exchange time; offsets are never computed by hand."""

Expiry = int | date | Literal["0dte"]
"""A choice of expirations: how many of the nearest, one date, or that of the day itself."""

_NS = 1_000_000_000
_DAY = timedelta(days=1)
_WEDNESDAY, _FRIDAY, _SATURDAY = 2, 4, 5
_EARLIER_NS = 3600 * _NS
_OPEN, _EARLY, _CLOSE, _LATE = time(9, 30), time(13, 0), time(16, 0), timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Session:
    """One trading day, ns UTC.

    close_ns      : 16:00 exchange time, 13:00 on a half day
    late_close_ns : 15 minutes later, for broad ETF and index classes
    """

    day: date
    open_ns: int
    close_ns: int
    late_close_ns: int
    half_day: bool


def session(day: date) -> Session:
    """Return the day's session; NoDataError for a weekend, a holiday or a day outside the table."""
    if not is_session(day):
        raise NoDataError(_why_closed(day))
    half_day = day in HALF_DAYS
    close_ns = _instant(day, _EARLY if half_day else _CLOSE)
    return Session(day, _instant(day, _OPEN), close_ns, close_ns + _LATE.seconds * _NS, half_day)


def is_session(day: date) -> bool:
    """Say whether the exchange trades that day; NoDataError outside the table."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise NoDataError(
            f"{day} is outside the trading calendar; choose a day from {FIRST_DAY} to {LAST_DAY}."
        )
    return day.weekday() < _SATURDAY and day not in CLOSED


def next_session(day: date) -> date:
    """Return the first trading day after `day`; NoDataError past the table's end."""
    return _nearest(day + _DAY, _DAY)


def ready_ns(day: date) -> int:
    """Return when a session is made ready for, an hour before its open, ns UTC; NoDataError without one."""
    return session(day).open_ns - _EARLIER_NS


def previous_session(day: date) -> date:
    """Return the last trading day before `day`; NoDataError before the table's start."""
    return _nearest(day - _DAY, -_DAY)


def sessions(first: date, last: date) -> list[date]:
    """Return the trading days from first to last, both included; NoDataError outside the table."""
    return [day for i in range((last - first).days + 1) if is_session(day := first + _DAY * i)]


def _nearest(day: date, step: timedelta) -> date:
    while not is_session(day):
        day += step
    return day


def clock_ns(start_ns: int, end_ns: int) -> int:
    """Return how far the exchange's clock runs from one moment to another.

    It is the time that passes, unless clocks are put forward or back in between.
    """
    return end_ns - start_ns + (_offset_s(end_ns) - _offset_s(start_ns)) * _NS


def _offset_s(ts_ns: int) -> int:
    offset = datetime.fromtimestamp(ts_ns // _NS, ET).utcoffset()
    assert offset is not None, "the exchange has a time zone"
    return int(offset.total_seconds())


def _instant(day: date, at: time) -> int:
    return int(datetime.combine(day, at, ET).timestamp()) * _NS


def _why_closed(day: date) -> str:
    what = f"a market holiday ({CLOSED[day]})" if day in CLOSED else f"a {day:%A}"
    around = [str(near) for near in (_or_none(previous_session, day), _or_none(next_session, day)) if near]
    days = f"days are {' and '.join(around)}" if len(around) > 1 else f"day is {around[0]}"
    return f"{day} is {what}; the nearest trading {days}."


def _or_none(find: Callable[[date], date], day: date) -> date | None:
    try:
        return find(day)
    except NoDataError:
        return None


def close_ns(u: Underlying, day: date) -> int:
    """Return when the underlying's options stop trading on `day`, ns UTC; NoDataError without a session."""
    hours = session(day)
    return hours.late_close_ns if u.late_close else hours.close_ns


def settle_ns(u: Underlying, root: str, expiry: date) -> int:
    """Return the settlement instant of an expiration, ns UTC; never raises for a date a contract can carry.

    PM-settled: the stock close of that day, 13:00 on a half day. AM-settled roots: the open of the monthly
    expiration, or of every one. A date without a session (a Saturday of old listings) settles on the session
    before it; outside the table every weekday counts as a full session.
    """
    day = _session_on_or_before(expiry)
    if root in u.am_settled_roots and (u.every_am or day == _monthly(expiry)):
        return _instant(day, _OPEN)
    return _instant(day, _EARLY if day in HALF_DAYS else _CLOSE)


def _monthly(day: date) -> date:
    """Return the session of the third Friday of a day's month."""
    first = day.replace(day=1)
    return _session_on_or_before(first + _DAY * ((_FRIDAY - first.weekday()) % 7 + 14))


def _session_on_or_before(day: date) -> date:
    while day.weekday() >= _SATURDAY or day in CLOSED:
        day -= _DAY
    return day


def expirations(u: Underlying, day: date, count: int) -> list[date]:
    """Return the nearest `count` expirations from `day` on, itself included; fewer at the table's end.

    Daily underlyings expire on every session, volatility on Wednesdays, others on Fridays, or on the session
    before a closed one: today's listing rule, which is denser than what was listed before 2022.
    """
    weekday = _WEDNESDAY if u.every_am else _FRIDAY
    return list(islice(_daily(day) if u.daily else _weekly(day, weekday), count))


def _daily(day: date) -> Iterator[date]:
    while day <= LAST_DAY:
        if is_session(day):
            yield day
        day += _DAY


def _weekly(day: date, weekday: int) -> Iterator[date]:
    listed = day + _DAY * ((weekday - day.weekday()) % 7)
    while listed <= LAST_DAY:
        expiry = _session_on_or_before(listed)
        if expiry >= day:
            yield expiry
        listed += 7 * _DAY


_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9}))?)?")


def parse_time(text: str, day: date) -> int:
    """Read `HH:MM[:SS[.fff]]` exchange time on `day` as ns UTC; UsageError for anything else."""
    match = _TIME.fullmatch(text.strip())
    hour, minute, second = (int(part or 0) for part in match.groups()[:3]) if match else (24, 0, 0)
    if match is None or hour > 23 or minute > 59 or second > 59:
        raise UsageError(f"{text!r} is not a time of day; write HH:MM or HH:MM:SS in exchange time.")
    fraction_ns = int((match[4] or "").ljust(9, "0"))
    return _instant(day, time(hour, minute, second)) + fraction_ns


def clock_text(ts_ns: int, tenths: bool = False) -> str:
    """Write an instant as exchange time, `12:41:07` or `12:41:07.2`; digits are cut, never rounded up."""
    second, rest_ns = divmod(ts_ns, _NS)
    text = f"{datetime.fromtimestamp(second, ET):%H:%M:%S}"
    return f"{text}.{rest_ns // (_NS // 10)}" if tenths else text
