"""Killing a recorder at random moments, and looking at what it left."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.events import Events
from engine.kernel.params import FoldParams
from engine.store.journal.places import places
from engine.store.journal.tape import open_journal
from engine.symbols import ContractTable
from engine.timeline import NO_CHECKPOINTS, Tape, TapeInfo, Timeline

from .recorder import BATCH, BATCHES_PER_SYNC, prepare
from .timing import ROOT

_SPREAD_S = 0.004
"""A kill comes up to this long after the line that it was drawn for."""


@dataclass(frozen=True, slots=True)
class Left:
    """What one kill left.

    acknowledged, recovered : rows
    same_rows, same_hash    : whether they are, and fold to, the same as as many rows of the tape
    """

    acknowledged: int
    recovered: int
    same_rows: bool
    same_hash: bool


class Prefix:
    """The first events of a tape, in one chunk."""

    def __init__(self, tape: Tape, events: Events) -> None:
        self.info: TapeInfo = tape.info
        self.contracts: ContractTable = tape.contracts
        self.starts: NDArray[np.int64] = events["ts"][:1].copy()
        self.end_ns = int(events["ts"].max()) if len(events) else tape.info.session.open_ns
        self._events = events

    def read(self, chunk: int) -> Events:
        """Return all of them."""
        return self._events


def kill(tape: Tape, events: Events, count: int, seed: int) -> list[Left]:
    """Record the events, which begin the tape, in a process and kill it, `count` times."""
    rng = np.random.default_rng(seed)
    lines = len(events) // (BATCH * BATCHES_PER_SYNC)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(tape, events, folder)
        moments = [(int(rng.integers(0, lines)), float(rng.uniform(0, _SPREAD_S))) for _ in range(count)]
        return [_left(tape, events, folder, f"data-{i}", *at) for i, at in enumerate(moments)]


def _left(tape: Tape, events: Events, folder: Path, name: str, lines: int, later_s: float) -> Left:
    """Kill one recorder after so many acknowledgements and a little more."""
    data = folder / name
    command = [sys.executable, "-m", "bench.recorder", str(data), str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(1 + lines)]
        time.sleep(later_s)
        child.kill()
        said += child.stdout.readlines()
    acknowledged = max((int(line) for line in said[1:] if line.endswith(b"\n")), default=0)
    found = places(data)
    if not found:
        return Left(acknowledged, 0, True, True)
    kept = open_journal(found[0])
    rows = [kept.read(chunk) for chunk in range(len(kept.starts))]
    recovered = np.concatenate([events[:0], *rows])
    expected = events[: len(recovered)]
    return Left(
        acknowledged,
        len(recovered),
        np.array_equal(recovered, expected),
        _folded(kept) == _folded(Prefix(tape, expected)),
    )


def _folded(tape: Tape) -> str:
    timeline = Timeline(tape, FoldParams(), NO_CHECKPOINTS)
    for _ in timeline.advance(timeline.end_ns):
        pass
    return timeline.state.digest()
