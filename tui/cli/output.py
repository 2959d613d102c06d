"""Where words go: sentences and progress to stderr, lines to stdout in few large writes.

It refuses to know what is said.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from ..run.interrupts import InterruptHandler

Progress = Callable[[str, float], None]
"""Told what is being done and which share of it, 0-1, is done."""

Surroundings = AbstractContextManager[None]

BUFFER_CHARS = 1 << 16
_BAR = 12
NS = 1_000_000_000


def say(sentence: str) -> None:
    """Write one line for the person to stderr."""
    sys.stderr.write(f"spymon: {sentence}\n")
    sys.stderr.flush()


def terminal() -> Callable[[str], None] | None:
    """Return what writes to the person's terminal, past a pipe; None when there is none."""
    for stream in (sys.stderr, sys.stdout):
        if stream.isatty():
            return partial(_write, stream)
    return None


def _write(stream: TextIO, text: str) -> None:
    stream.write(text)
    stream.flush()


def said_first(simulated: bool) -> str:
    """Return what a table begins with: nothing simulated may pass for a market."""
    return "SIMULATED  " if simulated else ""


def rfc3339(ts_ns: int) -> str:
    """Return '2025-12-16T14:30:00.123456789Z'."""
    seconds, rest = divmod(int(ts_ns), NS)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


class LineWriter:
    """Collects lines and writes them together.

    eager : flush after every line, for a reader who watches them arrive
    whole : what surrounds a write, so that an interruption waits for its end
    """

    def __init__(self, out: TextIO, eager: bool, whole: Callable[[], Surroundings] = nullcontext) -> None:
        self._out = out
        self._eager = eager
        self._whole = whole
        self._held: list[str] = []
        self._size = 0

    def write(self, line: str) -> None:
        """Take one line without its newline."""
        self._held.append(line)
        self._size += len(line) + 1
        if self._eager or self._size >= BUFFER_CHARS:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the operating system."""
        with self._whole():
            lines, self._held, self._size = self._held, [], 0
            if lines:
                self._out.write("\n".join(lines) + "\n")
            self._out.flush()


@contextmanager
def progress_bar(title: str, interrupts: InterruptHandler) -> Iterator[Progress]:
    """Show a bar on stderr while the block runs; nothing when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda what, share: None
        return
    from rich import progress as bar
    from rich.console import Console
    from rich.table import Column

    # In a narrow terminal the words are cut; how far it is and the time left stay.
    columns = (
        bar.TaskProgressColumn(table_column=Column(no_wrap=True, min_width=4)),
        bar.TimeRemainingColumn(table_column=Column(no_wrap=True, min_width=7)),
        bar.BarColumn(bar_width=_BAR, table_column=Column(min_width=_BAR)),
        bar.TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)),
    )
    bars = bar.Progress(*columns, console=Console(stderr=True), transient=True, expand=True)
    with interrupts.saying(bars.stop), bars:
        task = bars.add_task(title, total=1.0)
        yield lambda what, share: bars.update(task, description=what, completed=share)
