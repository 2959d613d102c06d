"""Whatever there is of a day on disk: the day file, else the recording that is no day file yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from ...tape.tape import Tape
from ..journal.folders import RecordingFolder, recordings
from ..journal.tape import open_journal
from .store import DayStore


def open_stored(
    store: DayStore, day: date, symbol: str, tell: Callable[[str], object] = lambda sentence: None
) -> Tape:
    """Return a tape; NoDataError when there is neither, StoreError when what is there is damaged.

    A recording is there as far as it has come.

    tell : called with a sentence for each part of it that cannot be read; the tape's notes have them as well
    """
    folder = RecordingFolder(store.root, day, symbol)
    if store.has(day, symbol) or not folder.files():
        return store.open(day, symbol)
    tape = open_journal(folder)
    for problem in tape.problems:
        tell(problem)
    tape.info = replace(tape.info, notes=(*tape.info.notes, *tape.problems))
    return tape


def stored_symbols(store: DayStore, day: date) -> tuple[str, ...]:
    """Return the symbols that have a readable day file or a recording, ascending."""
    recorded = (folder.symbol for folder in recordings(store.root) if folder.day == day)
    return tuple(sorted({*store.symbols(day), *recorded}))
