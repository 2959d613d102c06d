"""How fast days come into being: drawn by the simulator, read from flat files, written and decoded."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from engine.store.days.store import DayStore
from engine.store.importer.importer import import_paths
from engine.tape.tape import Tape

from .days import LoadedTape, on_disk, simulated
from .sizes import Sizes
from .table import Row, at_least, skipped, told
from .timing import ROOT, cpu_s

REAL = ROOT.parent / "shared" / "data"
REAL_FILES = "goog_2015-12-24_*.csv.gz"


def rows(sizes: Sizes) -> Iterator[Row]:
    """Yield the sources' rows."""
    opened_s = median(cpu_s(lambda: simulated(sizes.symbol)) for _ in range(sizes.rounds))
    yield told(f"plan of the simulated {sizes.symbol} day", opened_s, "s")
    drawn = simulated(sizes.symbol)
    loaded = LoadedTape(drawn)
    millions = loaded.events / 1e6
    drawn_s = median(cpu_s(lambda: _read_all(drawn)) for _ in range(sizes.rounds))
    yield at_least(f"drawing its {millions:.2f}M events", millions / drawn_s, 1, "M events/s", 2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield told("writing it to disk", millions / cpu_s(lambda: on_disk(loaded, folder)), "M events/s")
        stored = DayStore(folder).open(loaded.info.day, loaded.info.symbol)
        yield told("  decoding it again", millions / cpu_s(lambda: _read_all(stored)), "M events/s")
        yield told("  bytes on disk", _bytes(folder) / loaded.events, "per event", 1)
        yield _imported(sizes, folder)


def _read_all(tape: Tape) -> None:
    for chunk in range(len(tape.starts)):
        tape.read(chunk)


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _imported(sizes: Sizes, folder: Path) -> Row:
    """Import the real flat files beside the repository, if they are there."""
    files = sorted(REAL.glob(REAL_FILES))
    what = f"importing {REAL_FILES}"
    if not files:
        return skipped(what, "the files are not here")
    reports = []

    def load() -> None:
        reports.append(import_paths(files, DayStore(folder / "imported")))

    spent_s = median(cpu_s(load) for _ in range(min(sizes.rounds, 3)))
    rows_read = reports[-1].rows
    return told(f"{what}: {rows_read:,} rows", rows_read / spent_s / 1e3, "k rows/s", 0)
