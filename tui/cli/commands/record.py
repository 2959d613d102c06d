"""`spymon record`: a live day to disk without a screen, until somebody ends it."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

from engine.feeds.recorder.server import RecorderServer
from engine.model.calendar import session
from engine.model.errors import CredentialError
from engine.model.next_session import next_ready_ns
from engine.session.recorder import Copy, Recorder, RecorderListener, copy_nowhere
from engine.store.days.recording import open_recorded
from engine.tape.live_tape import Begin
from engine.tape.source import LiveSource
from engine.tape.tape import Tape
from tui.settings.config import Settings

from ...run.interrupts import InterruptHandler
from ...run.plan import SIMULATED_DAY, simulated_symbols
from ...run.providers import AUTO, SIMULATED, chosen_source, live_keys, make_source, source_request
from ...run.sources import terms_of
from ..output import say
from .archive import copy_finished, object_place
from .folding import fold_hash
from .record_lines import StatusBoard

LOOK_S = 0.5


@dataclass(frozen=True, slots=True)
class RecordTarget:
    """What is recorded, and where to.

    root  : the data folder
    make  : gives the source of the next day
    now   : ns UTC of what is recorded
    again : when the next day begins; None for never
    copy  : what is done with a day that is finished
    last_words : what to say when all of it is recorded
    """

    root: Path
    make: Callable[[Begin], LiveSource]
    now: Callable[[], int]
    again: Callable[[date], int | None]
    copy: Copy = copy_nowhere
    last_words: str = ""


def run(args: argparse.Namespace, settings: Settings, interrupts: InterruptHandler) -> int:
    """Record until there is no day to come, or until a signal ends it: 128 and the signal's number then."""
    return asyncio.run(_record(_feed(settings), settings))


def _feed(settings: Settings) -> RecordTarget:
    name = chosen_source(settings)
    if settings.source == AUTO and name == SIMULATED:
        raise CredentialError(
            f"Recording needs a feed: put {live_keys()} in .env or the environment, or try it out with "
            "--source simulated."
        )
    if name == SIMULATED:
        return _simulated(settings)
    place, root = object_place(settings), settings.data_dir
    copy = copy_nowhere if place is None else partial(copy_finished, place, root)

    def make(begin: Begin) -> LiveSource:
        return make_source(source_request(settings, name, begin))

    return RecordTarget(root, make, time.time_ns, next_ready_ns, copy)


def _simulated(settings: Settings) -> RecordTarget:
    """Return the simulated day as a feed, into a folder of its own: it must never pass for a real day."""
    simulated_symbols(settings)  # says which of them is not simulated
    root = settings.data_dir / SIMULATED
    open_ns = session(SIMULATED_DAY).open_ns

    def make(begin: Begin) -> LiveSource:
        request = source_request(settings, SIMULATED, begin)
        return make_source(replace(request, day=SIMULATED_DAY, speed=settings.speed or 1.0))

    return RecordTarget(
        root,
        make,
        now=lambda: open_ns,
        again=lambda day: None,
        last_words=f"The simulated day is in {root}; look at it with spymon --data-dir {root} "
        f"--replay {SIMULATED_DAY}.",
    )


async def _record(feed: RecordTarget, settings: Settings) -> int:
    stop = asyncio.Event()
    board = StatusBoard(sys.stdout, sys.stdout.isatty(), time.monotonic_ns)

    def tell(sentence: str) -> None:
        board.leave()
        say(sentence)

    async with RecorderServer(feed.root, {}) as hub:
        if hub.unreachable:
            tell(f"{hub.unreachable} No screen can attach, and everything is recorded all the same.")
        recorder = Recorder(
            feed.root,
            feed.make,
            partial(open_recorded, feed.root, now=feed.now),
            _quiet_fold,
            RecorderListener(hub.show, hub.notify, tell),
            terms_of(settings),
            feed.again,
            copy=feed.copy,
        )
        with _ended_by_signal(stop) as number:
            recording = asyncio.create_task(recorder.run(stop))
            while not (await asyncio.wait({recording}, timeout=LOOK_S))[0]:
                board.look(recorder.statuses())
            await recording
    board.write(recorder.statuses())
    if not number and feed.last_words:
        say(feed.last_words)
    return 128 + number[0] if number else 0


def _quiet_fold(tape: Tape) -> str:
    return fold_hash(tape, lambda what, share: None)


@contextmanager
def _ended_by_signal(stop: asyncio.Event) -> Iterator[list[int]]:
    """Let Ctrl-C and SIGTERM set `stop`; yield the list that the number goes to. A second one ends it now."""
    loop, numbers = asyncio.get_running_loop(), list[int]()

    def ask(number: int) -> None:
        if numbers:
            os._exit(128 + number)
        numbers.append(number)
        stop.set()

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    heeded = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in heeded:
        loop.add_signal_handler(number, ask, number)
    try:
        yield numbers
    finally:
        for number in heeded:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number])
