"""Whether the terminal is still there, and takes what is written to it.

Textual writes to a terminal in any state: for one that nobody reads it waits without end, and where one is
gone it reads the end of the input again and again.
"""

from __future__ import annotations

import select
import sys
from enum import Enum, auto
from typing import TextIO


class TerminalState(Enum):
    """Ready for more, not read at the moment, or gone."""

    READY = auto()
    UNREAD = auto()
    GONE = auto()


def terminal_state(stream: TextIO | None) -> TerminalState:
    """Return the state of the terminal behind an open stream; READY where that cannot be asked."""
    if sys.platform == "win32" or stream is None:
        return TerminalState.READY
    poll = select.poll()
    poll.register(stream.fileno(), select.POLLOUT)
    events = poll.poll(0)
    if not events:
        return TerminalState.UNREAD
    return TerminalState.GONE if events[0][1] & select.POLLHUP else TerminalState.READY
