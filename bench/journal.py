"""Recording: what it costs, how fast it is read again, and that a kill loses nothing acknowledged."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np

from engine.events import Events
from engine.store.day import DayStore
from engine.store.journal.compaction import compact
from engine.store.journal.encoding import Recording
from engine.store.journal.places import Place
from engine.store.journal.tape import open_journal
from engine.store.journal.writer import Journal
from engine.timeline import Tape
from tui.commands.folding import fold_hash

from .days import simulated
from .kills import Left, kill
from .sizes import Sizes
from .table import Row, at_most, same, told
from .timing import cpu_s

BATCHES = (100, 1_000, 10_000)
RATE = 100_000
"""Events per second for which the share of a processor is given."""

KILLED_EVENTS = 50_000
SEED = 20


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
    yield from _killed(kill(tape, events[:KILLED_EVENTS], sizes.kills, SEED))


def _record(tape: Tape, events: Events, batch: int, folder: Path) -> None:
    info = tape.info
    journal = Journal(folder, Recording(info.day, info.underlying, info.spot_origin, info.tick))
    journal.add_contracts(tape.contracts)
    for start in range(0, len(events), batch):
        journal.append(events[start : start + batch], int(events["ts"][start]), "bench")
    journal.close()


def _read_again(sizes: Sizes, tape: Tape, count: int, folder: Path) -> Iterator[Row]:
    place = Place(folder, tape.info.day, tape.info.symbol)
    opened_s = median(cpu_s(lambda: open_journal(place)) for _ in range(sizes.rounds))
    yield at_most(f"recovering a journal of {count / 1e6:.2f}M events", opened_s, 3, "s")
    compacted_s = cpu_s(lambda: compact(DayStore(folder), place, _fold))
    yield told("compacting it, with both folds", compacted_s, "s")


def _fold(tape: Tape) -> str:
    return fold_hash(tape, lambda what, share: None)


def _killed(left: list[Left]) -> Iterator[Row]:
    torn = sum(each.recovered > each.acknowledged for each in left)
    yield told(f"of {len(left)} kills, those that left more than was acknowledged", torn, "", 0)
    yield same("every acknowledged row is recovered", all(e.recovered >= e.acknowledged for e in left))
    yield same("the recovered rows are the first of the tape", all(each.same_rows for each in left))
    yield same("they fold to the hash of the first of the tape", all(each.same_hash for each in left))


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
