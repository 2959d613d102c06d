"""The recordings that are no day yet, listed as days are."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...model.errors import NoDataError, StoreError
from ...model.events import GAP, QUOTE, TRADE
from ..days.meta import whole_session
from ..days.store import DayEntry, DayListing
from .folders import RecordingFolder, is_recording, recordings
from .tape import open_journal


def list_journals(root: Path) -> DayListing:
    """Read every recording below `root`; name in a sentence what cannot be read of those nobody writes."""
    entries: list[DayEntry] = []
    problems: list[str] = []
    for folder in recordings(root):
        under_way = is_recording(folder)
        try:
            entry, lost = _entry(folder, under_way)
        except (StoreError, NoDataError) as error:
            problems.append(str(error))
            continue
        entries.append(entry)
        # A batch that is being written right now looks like one that broke off.
        problems += () if under_way else lost
    return DayListing(tuple(entries), tuple(problems))


def _entry(folder: RecordingFolder, under_way: bool) -> tuple[DayEntry, tuple[str, ...]]:
    tape = open_journal(folder)
    filled = [file for file in tape.files if file.events]
    if not filled:
        raise NoDataError(f"The recording of {folder.symbol} on {folder.day} has not one event yet.")
    counts = np.sum([file.counts for file in filled], axis=0)
    first_ns, silent_ns = filled[0].first_ns, sum(file.silent_ns for file in filled)
    entry = DayEntry(
        day=folder.day,
        symbol=folder.symbol,
        first_ns=first_ns,
        last_ns=tape.end_ns,
        events=int(counts.sum()),
        trades=int(counts[TRADE]),
        quotes=int(counts[QUOTE]),
        complete=whole_session(folder.day, first_ns, tape.end_ns, silent_ns) and not tape.problems,
        gaps=int(counts[GAP]),
        source=tape.recording.source,
        spot_origin=tape.recording.spot_origin,
        inputs=tuple(file.path.name for file in tape.files),
        bytes=sum(file.bytes for file in tape.files),
        state_hash=None,
        fold_version=None,
        stored="recording" if under_way else "journal",
    )
    return entry, tape.problems
