"""When a feed runs: which session's day it is for, whether that session is on, and how to say that it is not.

Owns the moments around a session, by the exchange's calendar alone; the present moment is an argument.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ...model.calendar import ET, Session, close_ns, next_session, session
from ...model.calendar import is_session as trades_on
from ...model.errors import NoDataError
from ...model.events import NS
from ...model.next_session import next_ready_ns
from ...model.underlyings import Underlying

LEAD_NS = 60 * NS
"""How long before the open a feed connects: contracts and open interest of the day are known by then."""

TAIL_NS = 60 * NS
"""How long after the close it still listens: late prints and the last snapshot."""


@dataclass(frozen=True, slots=True)
class Hours:
    """One session as a feed sees it, ns UTC.

    close_ns : when the last of the watched options stops trading
    """

    session: Session
    close_ns: int

    @property
    def open_ns(self) -> int:
        """Return when trading begins."""
        return self.session.open_ns

    @property
    def begin_ns(self) -> int:
        """Return when to connect."""
        return self.open_ns - LEAD_NS

    @property
    def end_ns(self) -> int:
        """Return when to stop listening."""
        return self.close_ns + TAIL_NS

    def is_open(self, now_ns: int) -> bool:
        """Say whether the market is open."""
        return self.open_ns <= now_ns < self.close_ns


def hours(underlyings: Sequence[Underlying], now_ns: int) -> Hours:
    """Return the session that is on or comes next; NoDataError past the calendar's end."""
    day = datetime.fromtimestamp(now_ns // NS, ET).date()
    day = day if trades_on(day) else next_session(day)
    found = _hours(underlyings, session(day))
    return found if now_ns < found.end_ns else _hours(underlyings, session(next_session(day)))


def closed_sentence(hours: Hours, now_ns: int, chain_ns: int | None) -> str:
    """Say that the market is closed, when it opens or what comes next, and how old what is shown is.

    chain_ns : ns UTC of the newest price in the chain that is shown, None without one
    """
    if now_ns >= hours.close_ns:
        return f"The market has closed.{_next_day(hours.session)}"
    opens = datetime.fromtimestamp(hours.open_ns // NS, ET)
    shown = "" if chain_ns is None else f"; the chain is {age_text(now_ns - chain_ns)} old"
    wait = age_text(hours.open_ns - now_ns)
    return f"The market opens on {opens:%a %d %B at %H:%M} in New York, in {wait}{shown}."


def age_text(span_ns: int) -> str:
    """Write a span in its two largest units, `2 d 14 h`, `3 min 12 s`; a negative one as 0 s."""
    seconds = max(span_ns, 0) // NS
    units = [(seconds // 86_400, "d"), (seconds // 3_600 % 24, "h"), (seconds // 60 % 60, "min")]
    named = [*units, (seconds % 60, "s")]
    first = next((i for i, (count, _) in enumerate(named) if count), len(named) - 1)
    return " ".join(f"{count} {unit}" for count, unit in named[first : first + 2] if count or unit == "s")


def _next_day(over: Session) -> str:
    """Say from when a screen shows the next day; nothing past the calendar's end."""
    try:
        begins = datetime.fromtimestamp(next_ready_ns(over.day) // NS, ET)
    except NoDataError:
        return ""
    return f" A screen left open goes on by itself on {begins:%a %d %B at %H:%M} in New York."


def _hours(underlyings: Sequence[Underlying], day: Session) -> Hours:
    return Hours(day, max(close_ns(each, day.day) for each in underlyings))
