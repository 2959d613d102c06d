"""When and what the exchange trades: sessions, closures, expirations and the presets of six underlyings.

Owns sessions (from the shipped table of closures, checked against an independent library in its test),
exchange time and how it is written, and what distinguishes one underlying's options from another's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import islice
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

from .errors import NoDataError, UsageError
from .holidays import CLOSED, FIRST_DAY, HALF_DAYS, LAST_DAY

ET = ZoneInfo("America/New_York")
"""Exchange time; offsets are never computed by hand."""

Expiry = int | date | Literal["0dte"]
"""A choice of expirations: how many of the nearest, one date, or that of the day itself."""

_NS = 1_000_000_000
_DAY = timedelta(days=1)
_FRIDAY, _SATURDAY = 4, 5
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


@dataclass(frozen=True, slots=True)
class Underlying:
    """What distinguishes one underlying's options.

    roots            : option roots; the first one is PM-settled and is the one that is tracked
    increment_milli  : distance of neighbouring strikes, 1/1000 $
    multiplier       : shares per contract
    late_close       : options trade until 15 minutes after the stock close
    am_settled_roots : roots whose monthly expiration settles on the opening prints
    daily            : an expiration on every trading day; otherwise weekly
    tick_3           : price step of options from $3, 1/10000 $; 0 when it is the step of cheaper ones
    """

    symbol: str
    roots: tuple[str, ...]
    increment_milli: int
    multiplier: int
    late_close: bool
    index: bool
    am_settled_roots: tuple[str, ...]
    daily: bool = False
    tick_3: int = 0


def _fund(symbol: str, daily: bool = True, tick_3: int = 0) -> Underlying:
    return Underlying(symbol, (symbol,), 1_000, 100, True, False, (), daily, tick_3)


def _index(symbol: str, pm_root: str, increment_milli: int) -> Underlying:
    return Underlying(symbol, (pm_root, symbol), increment_milli, 100, True, True, (symbol,), True, 1_000)


PRESETS: Mapping[str, Underlying] = MappingProxyType(
    {
        "SPY": _fund("SPY"),
        "QQQ": _fund("QQQ"),
        "IWM": _fund("IWM"),
        "DIA": _fund("DIA", daily=False, tick_3=500),
        "SPX": _index("SPX", "SPXW", 5_000),
        "NDX": _index("NDX", "NDXP", 25_000),
    }
)
"""The underlyings that need no `--custom`, by symbol."""

_NO_CUSTOMS: Mapping[str, Underlying] = MappingProxyType({})
_SYMBOL = re.compile(r"[A-Z][A-Z0-9]{0,5}")
_ROOT = re.compile(r"[A-Z0-9]{1,6}")
_DECIMAL = re.compile(r"([0-9]{1,5})(?:\.([0-9]{1,3}))?")


def underlying(symbol: str, customs: Mapping[str, Underlying] = _NO_CUSTOMS) -> Underlying:
    """Return what is known of a symbol, in any case; UsageError for one that is unknown or cannot be one."""
    name = _symbol(symbol)
    known = customs.get(name) or PRESETS.get(name)
    if known is not None:
        return known
    owner = underlying_of_root(name, customs)
    if owner is not None:
        raise UsageError(f"{name} is an option root of {owner.symbol}; ask for {owner.symbol} instead.")
    raise UsageError(
        f"{name} has no preset; give its strike increment with --custom {name}:INCREMENT, "
        f"for example --custom {name}:2.5."
    )


def underlying_of_root(root: str, customs: Mapping[str, Underlying] = _NO_CUSTOMS) -> Underlying | None:
    """Return the underlying whose options have this root, None when no preset or custom has it."""
    known = (*customs.values(), *PRESETS.values())
    return next((each for each in known if root in each.roots), None)


def parse_custom(spec: str) -> Underlying:
    """Read `ROOT:INCREMENT[:PREFIX]`; PREFIX is the option root where it differs, with or without `O:`."""
    root, _, rest = spec.partition(":")
    increment, _, prefix = rest.partition(":")
    increment_milli = to_milli(increment)
    if not increment_milli:
        raise UsageError(
            f"--custom {spec!r} needs ROOT:INCREMENT[:PREFIX] with an increment in steps of 0.001 "
            "above zero, for example AAPL:2.5."
        )
    name = _symbol(root)
    base = replace(PRESETS.get(name) or generic(name, increment_milli), increment_milli=increment_milli)
    option_root = prefix.strip().upper().removeprefix("O:")
    if not option_root:
        return base
    if not _ROOT.fullmatch(option_root):
        raise UsageError(
            f"--custom {spec!r} names an option root that cannot be one; use 1 to 6 letters or digits."
        )
    return replace(base, roots=tuple(dict.fromkeys((option_root, *base.roots))))


def generic(symbol: str, increment_milli: int) -> Underlying:
    """Return a weekly, PM-settled stock underlying; UsageError for what cannot be a symbol."""
    name = _symbol(symbol)
    return Underlying(name, (name,), increment_milli, 100, False, False, ())


def to_milli(text: str) -> int | None:
    """Read a plain decimal of at most 5+3 digits as thousandths, exactly; None for anything else."""
    match = _DECIMAL.fullmatch(text)
    return None if match is None else int(match[1]) * 1000 + int((match[2] or "").ljust(3, "0"))


def _symbol(text: str) -> str:
    name = text.strip().upper()
    if not _SYMBOL.fullmatch(name):
        raise UsageError(
            f"{text!r} cannot be a symbol; use 1 to 6 letters or digits beginning with a letter, like SPY."
        )
    return name


def close_ns(u: Underlying, day: date) -> int:
    """Return when the underlying's options stop trading on `day`, ns UTC; NoDataError without a session."""
    hours = session(day)
    return hours.late_close_ns if u.late_close else hours.close_ns


def settle_ns(u: Underlying, root: str, expiry: date) -> int:
    """Return the settlement instant of an expiration, ns UTC; never raises for a date a contract can carry.

    PM-settled: the stock close of that day, 13:00 on a half day. AM-settled roots: the open of the monthly
    expiration. A date without a session (a Saturday of old listings) settles on the session before it;
    outside the table every weekday counts as a full session.
    """
    day, first = _session_on_or_before(expiry), expiry.replace(day=1)
    third_friday = first + _DAY * ((_FRIDAY - first.weekday()) % 7 + 14)
    if root in u.am_settled_roots and day == _session_on_or_before(third_friday):
        return _instant(day, _OPEN)
    return _instant(day, _EARLY if day in HALF_DAYS else _CLOSE)


def _session_on_or_before(day: date) -> date:
    while day.weekday() >= _SATURDAY or day in CLOSED:
        day -= _DAY
    return day


def expirations(u: Underlying, day: date, count: int) -> list[date]:
    """Return the nearest `count` expirations from `day` on, itself included; fewer at the table's end.

    Daily underlyings expire on every session, others on Fridays or on the session before a closed Friday:
    today's listing rule, which is denser than what was listed before 2022.
    """
    return list(islice(_daily(day) if u.daily else _weekly(day), count))


def _daily(day: date) -> Iterator[date]:
    while day <= LAST_DAY:
        if is_session(day):
            yield day
        day += _DAY


def _weekly(day: date) -> Iterator[date]:
    friday = day + _DAY * ((_FRIDAY - day.weekday()) % 7)
    while friday <= LAST_DAY:
        expiry = _session_on_or_before(friday)
        if expiry >= day:
            yield expiry
        friday += 7 * _DAY


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
