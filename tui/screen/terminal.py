"""Whether the terminal is still there, and takes what is written to it.

Owns that question. Textual writes to a terminal however it stands: for one that nobody reads it waits without
end, and where one is gone it reads the end of the input again and again.
"""

from __future__ import annotations

import select
import sys
from enum import Enum, auto
from typing import TextIO


class TerminalState(Enum):
    """How a terminal stands: ready for more, not read at the moment, or gone."""

    READY = auto()
    UNREAD = auto()
    GONE = auto()


def standing(stream: TextIO | None) -> TerminalState:
    """Return how the terminal behind an open stream stands; READY where that cannot be asked."""
    if sys.platform == "win32" or stream is None:
        return TerminalState.READY
    poll = select.poll()
    poll.register(stream.fileno(), select.POLLOUT)
    heard = poll.poll(0)
    if not heard:
        return TerminalState.UNREAD
    return TerminalState.GONE if heard[0][1] & select.POLLHUP else TerminalState.READY
