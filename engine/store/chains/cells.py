"""Cells of chain files as numbers, days, instants and contracts.

Owns the spellings that occur in the wild. Nothing here raises: what cannot be read is nan or None, and
whoever asked counts it.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from ...model.calendar import ET
from ...model.contracts import MAX_STRIKE_MILLI, Contract, parse_occ
from ...model.errors import UsageError
from ...model.events import NS
from ...model.underlyings import parse_symbol, unmarked

_THOUSANDS = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")
_PLAIN = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_ROOT = re.compile(r"[A-Z0-9]{1,6}")
_RIGHTS = {"C": "C", "CALL": "C", "P": "P", "PUT": "P"}
_DAYS = ("%Y-%m-%d", "%Y%m%d", "%m/%d/%Y", "%m/%d/%y", "%a %b %d %Y", "%b %d %Y", "%d %b %Y", "%d-%b-%Y")
_CLOCK = re.compile(
    r"(?:at|@)?\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(?:([AaPp])\.?[Mm]\.?(?!\w))?\s*(.*)"
)
_OFFSET = re.compile(r"(?:GMT|UTC)?([+-])(\d{1,2}):?(\d{2})?(?:\s*\(.*\))?")
_FIRST_NS, _LAST_NS = 946_684_800 * NS, 4_102_444_800 * NS  # the years 2000 to 2099

_NEW_YORK = ("ET", "EST", "EDT", "")
_ZONES: dict[str, tzinfo] = {
    **dict.fromkeys(_NEW_YORK, ET),
    **dict.fromkeys(("UTC", "GMT", "Z"), UTC),
    **dict.fromkeys(("CT", "CST", "CDT"), ZoneInfo("America/Chicago")),
    **dict.fromkeys(("MT", "MST", "MDT"), ZoneInfo("America/Denver")),
    **dict.fromkeys(("PT", "PST", "PDT"), ZoneInfo("America/Los_Angeles")),
    **dict.fromkeys(("CET", "CEST"), ZoneInfo("Europe/Berlin")),
    "BST": ZoneInfo("Europe/London"),
}
"""The zones a browser writes into a table it downloads; others are left to whoever knows them."""


def number(value: object) -> float:
    """Return a number given as one, or as text with thousands separators or a percent sign; else nan."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return math.nan
    if isinstance(value, str):
        return _number_in(value.strip().removeprefix("$"))
    return _finite(value)


def amount(value: object) -> float:
    """Return a number that cannot be negative, nan for anything else."""
    found = number(value)
    return found if found >= 0.0 else math.nan


def day(text: str) -> date | None:
    """Read a day: ISO, American, or with the month's name."""
    cleaned = " ".join(text.replace(",", " ").split())
    for form in _DAYS:
        try:
            return datetime.strptime(cleaned, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def instant(text: str, zone: tzinfo | None = None) -> int | None:
    """Read a day and a time as ns UTC; without a zone in the text it is `zone`, or exchange time."""
    parts = re.split(r"(?=(?:\b(?:at|@)\s*)?\b\d{1,2}:\d{2})|(?<=\d)T(?=\d)", text.strip(), maxsplit=1)
    if len(parts) != 2:
        return None
    named, clock = _month_cut(parts[0]), _CLOCK.fullmatch(parts[1].strip())
    on = day(named)
    if on is None or clock is None:
        return None
    hour = _hour(int(clock[1]), clock[4])
    where = zone if zone is not None and not clock[5] else _zone(clock[5].strip())
    if hour is None or where is None:
        return None
    try:
        found = datetime(on.year, on.month, on.day, hour, int(clock[2]), int(clock[3] or 0), tzinfo=where)
        return in_range(int(found.timestamp()) * NS)
    except (ValueError, OverflowError):
        return None


def in_range(ts_ns: float) -> int | None:
    """Return an instant of this century, None for what is not ns UTC."""
    return int(ts_ns) if _FIRST_NS <= ts_ns <= _LAST_NS else None


def symbol_named(text: str) -> str:
    """Return an underlying's symbol in its one spelling, '' for what cannot be one."""
    try:
        return parse_symbol(text)
    except UsageError:
        return ""


def contract_named(value: object) -> Contract | None:
    """Return the contract of an OCC name."""
    if not isinstance(value, str):
        return None
    try:
        return parse_occ(value.strip().upper())
    except UsageError:
        return None


def root_named(text: str) -> str:
    """Return an option root, however a class of shares or an index is marked."""
    return re.sub(r"(?<=[A-Z])[./ -](?=[A-Z]{1,2}$)", "", unmarked(text))


def contract_of(root: str, expiry: str, right: str, strike: object) -> Contract | None:
    """Return the contract whose parts stand in columns of their own."""
    name, on, side = root_named(root), day(expiry), _RIGHTS.get(right.strip().upper())
    milli = number(strike) * 1000.0
    if not _ROOT.fullmatch(name) or on is None or side is None or not 0.5 <= milli <= MAX_STRIKE_MILLI:
        return None
    return Contract(name, on, side, round(milli))


def _number_in(text: str) -> float:
    if text.endswith("%"):
        return _number_in(text[:-1].rstrip()) / 100.0
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    return _finite(float(text)) if _PLAIN.fullmatch(text) else math.nan


def _finite(value: float) -> float:
    try:
        found = float(value)
    except OverflowError:
        return math.nan
    return found if math.isfinite(found) else math.nan


def _month_cut(text: str) -> str:
    """Write the month with three letters, which is how `strptime` knows it."""
    return re.sub(r"\b([A-Za-z]{3})[a-z]*\.?", r"\1", text.strip().rstrip(",@"))


def _hour(hour: int, half: str | None) -> int | None:
    if half is None:
        return hour if hour < 24 else None
    if not 1 <= hour <= 12:
        return None
    return hour % 12 + (12 if half in "Pp" else 0)


def _zone(text: str) -> tzinfo | None:
    known = _ZONES.get(text.upper())
    offset = _OFFSET.fullmatch(text)
    if known is not None or offset is None:
        return known
    minutes = int(offset[2]) * 60 + int(offset[3] or 0)
    if minutes >= 24 * 60:
        return None
    return timezone(timedelta(minutes=-minutes if offset[1] == "-" else minutes))
