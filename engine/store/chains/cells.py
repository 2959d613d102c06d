"""Cells of chain files as numbers, days, instants and contracts.

Owns the spellings that occur in the wild. Nothing here raises: what cannot be read is nan or None, and
whoever asked counts it.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from ...model.calendar import ET
from ...model.contracts import MAX_STRIKE_MILLI, Contract, parse_dxfeed, parse_occ, parse_tradestation
from ...model.errors import UsageError
from ...model.events import NS
from ...model.underlyings import parse_symbol, unmarked
from .expiries import days_of

_THOUSANDS = re.compile(r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")
_PLAIN = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_ROOT = re.compile(r"[A-Z0-9]{1,6}")
_CONTRACT = re.compile(r"(O:|\.)?([A-Z0-9]{1,6}(?:[./ -][A-Z]{1,2})?) *([0-9]{6}[CP][0-9.]+)")
_OCC_END = re.compile(r"[0-9]{6}[CP][0-9]{8}")
_RIGHTS = {"C": "C", "CALL": "C", "P": "P", "PUT": "P"}
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


def instant(text: str, zone: tzinfo | None = None) -> int | None:
    """Read a day and a time as ns UTC; without a zone in the text it is `zone`, or exchange time."""
    parts = re.split(r"(?=(?:\b(?:at|@)\s*)?\b\d{1,2}:\d{2})|(?<=\d)T(?=\d)", text.strip(), maxsplit=1)
    if len(parts) != 2:
        return None
    named, clock = parts[0].strip().rstrip(",@"), _CLOCK.fullmatch(parts[1].strip())
    (on,), _ = days_of([named])
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
    """Return the contract of an OCC, dxFeed or TradeStation name, in whose root a class may be set off."""
    found = _CONTRACT.fullmatch(value.strip().upper()) if isinstance(value, str) else None
    if found is None:
        return None
    root, rest = root_named(found[2]), found[3]
    try:
        if found[1] == ".":
            return parse_dxfeed(f".{root}{rest}")
        return parse_occ(root + rest) if _OCC_END.fullmatch(rest) else parse_tradestation(f"{root} {rest}")
    except UsageError:
        return None


def right_named(text: str) -> str:
    """Return 'C' or 'P', '' for neither."""
    return _RIGHTS.get(text.strip().upper(), "")


def root_named(text: str) -> str:
    """Return an option root, however a class of shares or an index is marked; '' for what cannot be one."""
    root = re.sub(r"(?<=[A-Z])[./ -](?=[A-Z]{1,2}$)", "", unmarked(text))
    return root if _ROOT.fullmatch(root) else ""


def contract_of(root: str, expiry: str, right: str, strike: object) -> Contract | None:
    """Return the contract whose parts stand in columns of their own."""
    name, ((on,), _), side = root_named(root), days_of([expiry]), right_named(right)
    milli = number(strike) * 1000.0
    if not name or on is None or not side or not 0.5 <= milli <= MAX_STRIKE_MILLI:
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
