"""Recording: what it costs, and how fast it is read again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np

from engine.model.events import Events
from engine.store.days.store import DayStore
from engine.store.journal.compaction import compact
from engine.store.journal.encoding import Recording
from engine.store.journal.folders import RecordingFolder
from engine.store.journal.tape import open_journal
from engine.store.journal.writer import Journal
from engine.tape.tape import Tape
from tui.cli.commands.folding import fold_hash

from .days import simulated
from .sizes import Sizes
from .table import Row, at_most, told
from .timing import cpu_s

BATCHES = (100, 1_000, 10_000)
RATE = 100_000
"""Events per second for which the share of a processor is given."""


def rows(sizes: Sizes) -> Iterator[Row]:
    """Yield the journal's rows."""
    tape = simulated(sizes.symbol)
    events = np.concatenate([tape.read(chunk) for chunk in range(len(tape.starts))])[: sizes.events]
    with tempfile.TemporaryDirectory() as name:
        for batch in BATCHES:
            folder = Path(name) / str(batch)
            share = 100 * RATE * cpu_s(lambda b=batch, f=folder: _record(tape, events, b, f)) / len(events)
            what = f"recording {RATE:,} events a second, {batch:,} a batch"
            yield at_most(what, share, 10, "% of a processor") if batch == 1_000 else told(what, share, "%")
            yield told("  bytes on disk", _bytes(folder) / len(events), "per event", 1)
        yield from _read_again(sizes, tape, len(events), Path(name) / "1000")


def _record(tape: Tape, events: Events, batch: int, folder: Path) -> None:
    info = tape.info
    journal = Journal(folder, Recording(info.day, info.underlying, info.spot_origin, info.tick))
    journal.add_contracts(tape.contracts)
    for start in range(0, len(events), batch):
        journal.append(events[start : start + batch], int(events["ts"][start]), "bench")
    journal.close()


def _read_again(sizes: Sizes, tape: Tape, count: int, folder: Path) -> Iterator[Row]:
    place = RecordingFolder(folder, tape.info.day, tape.info.symbol)
    opened_s = median(cpu_s(lambda: open_journal(place)) for _ in range(sizes.rounds))
    yield at_most(f"recovering a journal of {count / 1e6:.2f}M events", opened_s, 3, "s")
    compacted_s = cpu_s(lambda: compact(DayStore(folder), place, _fold))
    yield told("compacting it, with both folds", compacted_s, "s")


def _fold(tape: Tape) -> str:
    return fold_hash(tape, lambda what, share: None)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
