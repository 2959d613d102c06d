"""The fold's own code, run by the Python interpreter over plain Python objects.

Started as a process with NUMBA_DISABLE_JIT=1, so that the decorators of `engine.fold` leave every function
as it was written. Records become objects with slots, arrays of records become lists; nothing of numpy is left
inside the loop, so it is as fast as plain Python gets with this logic.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.fold import trade_side as side
from engine.fold.conditions import TREATMENT
from engine.fold.records import SIDE, SIGNAL
from engine.fold.step import SIGNAL_ROOM, fold

BATCH = 1_000
_WORD = 2**64
CHANGING = ("cells", "under", "forwards")
"""What the fold writes, in the order of its arguments."""


def objects(records: NDArray[np.void]) -> list[Any]:
    """Return one object with slots per record; arrays inside a record become lists, of objects or numbers."""
    names = records.dtype.names or ()
    kind = type("Record", (), {"__slots__": names})
    columns = [_column(records[name]) for name in names]
    made = []
    for values in zip(*columns, strict=True):
        made.append(kind())
        for name, value in zip(names, values, strict=True):
            setattr(made[-1], name, value)
    return made


def _column(column: NDArray[Any]) -> list[Any]:
    return [objects(row) for row in column] if column.dtype.names else column.tolist()


def records_of(made: list[Any], dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """Return the records that the objects stand for."""
    records = np.zeros(len(made), dtype)
    for name in dtype.names or ():
        values = [getattr(each, name) for each in made]
        inner = dtype[name].base
        if inner.names:
            records[name] = np.stack([records_of(value, inner) for value in values])
            continue
        # The compiled signal hash wraps around; a Python integer grows.
        records[name] = [value % _WORD for value in values] if dtype[name] == np.uint64 else values
    return records


def fold_plainly(given: dict[str, NDArray[np.void]]) -> tuple[dict[str, list[Any]], float]:
    """Fold batch by batch and return (what changed, processor seconds)."""
    static, pairs = objects(given["static"]), objects(given["pairs"])
    changed = {name: objects(given[name]) for name in CHANGING}
    params, events = objects(given["params"]), objects(given["events"])
    sides = objects(np.zeros(BATCH, SIDE))
    batches = [events[start : start + BATCH] for start in range(0, len(events), BATCH)]
    began = time.process_time()
    for batch in batches:
        start = 0
        while start < len(batch):
            room = objects(np.zeros(SIGNAL_ROOM, SIGNAL))
            start, _ = fold(batch, start, static, pairs, *changed.values(), params, room, sides)
    return changed, time.process_time() - began


def main(given_path: Path, done_path: Path) -> None:
    """Fold what is given, save the state it led to, and print the processor seconds."""
    vars(side)["TREATMENT"] = TREATMENT.tolist()  # an array's elements would be slow
    with np.load(given_path) as archive:
        given = dict(archive)
    changed, spent_s = fold_plainly(given)
    np.savez(done_path, **{name: records_of(made, given[name].dtype) for name, made in changed.items()})
    print(spent_s)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
