"""Where on a tape a person wants to go, as they type it."""

from __future__ import annotations

import re

from .calendar import Session, parse_time
from .errors import UsageError
from .events import NS

_BARE_TIME = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})?")
_OFFSET = re.compile(r"(open|close|)(?:([+-])([0-9]{1,5})([hms]))?")
_UNIT_S = {"h": 3600, "m": 60, "s": 1}


def parse_goto(text: str, at_ns: int, session: Session) -> int:
    """Read a moment to go to, as ns UTC; UsageError for anything else, no bounds applied.

    `10:31`, `10:31:05`, `1031`, `103105` are exchange time of the session's day; `+5m`, `-30s`, `+1h` count
    from `at_ns`, the moment shown; `open`, `close`, `open+15m`, `close-1h` from the session's ends.
    """
    words = text.strip().lower().replace(" ", "")
    offset = _OFFSET.fullmatch(words)
    if words and offset:
        base_ns = {"open": session.open_ns, "close": session.close_ns, "": at_ns}[offset[1]]
        return base_ns + (_seconds(offset) * NS if offset[2] else 0)
    bare = _BARE_TIME.fullmatch(words)
    try:
        return parse_time(":".join(part for part in bare.groups() if part) if bare else words, session.day)
    except UsageError:
        raise UsageError(
            f"{text!r} is not a place on the tape; write 10:31, 1031, +5m, -30s or open+15m."
        ) from None


def _seconds(offset: re.Match[str]) -> int:
    return int(offset[3]) * _UNIT_S[offset[4]] * (-1 if offset[2] == "-" else 1)
