"""`python -m bench.live_recorder DATA`: record the simulated day as if it were live, and say how far it is.

A process to be killed. Each line says how many of its rows the disk has, how many events of the day it has
folded, and what those fold to.
"""

from __future__ import annotations

import asyncio
import sys
import time
from functools import partial
from pathlib import Path

from engine.feeds.simulated import LiveSimulated, SimulatedSource
from engine.model.calendar import session
from engine.session.recorder import Recorder, RecorderListener
from engine.store.days.recording import open_recorded
from tui.cli.commands.folding import fold_hash

from .sizes import DAY

SYMBOL = "DIA"
HASTE = 10
"""The source's clock runs so much faster than the wall: ten orders to the disk a second, not one."""

SPEED = 12.0


def main(data: Path) -> None:
    """Record until the day is over."""
    source = SimulatedSource(DAY)
    recorder = Recorder(
        data,
        lambda begin: LiveSimulated(source, (SYMBOL,), begin, SPEED, _hasty),
        partial(open_recorded, data, now=lambda: session(DAY).open_ns),
        lambda tape: fold_hash(tape, lambda what, share: None),
        RecorderListener(turn=lambda: _say(recorder)),
        next_begin=lambda day: None,
    )
    asyncio.run(recorder.run(asyncio.Event()))


def _hasty() -> int:
    return time.monotonic_ns() * HASTE


def _say(recorder: Recorder) -> None:
    [status] = recorder.statuses()
    print(status.safe, status.events, recorder.digests()[SYMBOL], flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
