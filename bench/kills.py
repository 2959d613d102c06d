"""Killing a recorder at random moments, and looking at what it left.

First the journal alone, batch after batch of a given tape; then a whole recorder on a live source, which goes
on where the one that was killed before it broke off.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.fold.params import FoldParams
from engine.model.contracts import ContractTable
from engine.model.errors import NoDataError
from engine.model.events import EVENT, Events
from engine.store.journal.folders import recordings
from engine.store.journal.tape import open_journal
from engine.tape.tape import Tape, TapeInfo
from engine.tape.timeline import NO_CHECKPOINTS, Timeline

from .days import simulated
from .live_recorder import SYMBOL
from .recorder import BATCH, BATCHES_PER_SYNC, prepare
from .sizes import Sizes
from .table import Row, same, told
from .timing import ROOT

EVENTS = 50_000
SEED = 20

LIVES = 10
"""So many recorders, one after the other, record one day."""

_TURNS, _START_S, _TURN_S = 12, 2.0, 0.1

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


def rows(sizes: Sizes) -> Iterator[Row]:
    """Yield the rows about kills."""
    tape = simulated(sizes.symbol)
    chunks = -(-EVENTS // max(len(tape.read(0)), 1)) + 1
    events = np.concatenate([tape.read(chunk) for chunk in range(min(chunks, len(tape.starts)))])[:EVENTS]
    yield from _judged("a journal", kill(tape, events, sizes.kills, SEED))
    yield from _judged("a live recorder", list(kill_live(sizes.live_kills, SEED)))


def _judged(what: str, left: list[Left]) -> Iterator[Row]:
    torn = sum(each.recovered > each.acknowledged for each in left)
    yield told(f"{what}: of {len(left)} kills, those that left more than was acknowledged", torn, "", 0)
    yield same("  every acknowledged row is recovered", all(e.recovered >= e.acknowledged for e in left))
    yield same("  the recovered rows are the first of the tape", all(each.same_rows for each in left))
    yield same("  they fold to the hash that the first of the tape had", all(each.same_hash for each in left))


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
    kept = _kept(data)
    if kept is None:
        return Left(acknowledged, 0, True, True)
    recovered = _rows(kept)
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


def kill_live(count: int, seed: int) -> Iterator[Left]:
    """Kill that many live recorders, each after up to a second of its life; a few before they record."""
    rng = np.random.default_rng(seed)
    tape = simulated(SYMBOL)
    for first in range(0, count, LIVES):
        with tempfile.TemporaryDirectory() as name:
            kept = np.zeros(0, EVENT)
            for _ in range(min(LIVES, count - first)):
                said = _lived(Path(name), int(rng.integers(0, _TURNS + 1)), float(rng.random()))
                left, kept = _compared(tape, Path(name), said, len(kept))
                yield left


def _lived(data: Path, turns: int, later: float) -> list[tuple[int, int, str]]:
    """Start a recorder, kill it after so many lines and a share of a turn more; return its whole lines."""
    command = [sys.executable, "-m", "bench.live_recorder", str(data)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(turns)]
        time.sleep(later * (_TURN_S if turns else _START_S))
        child.kill()
        lines += child.stdout.readlines()
    words = [line.decode().split() for line in lines if line.endswith(b"\n")]
    return [(int(safe), int(events), digest) for safe, events, digest in words]


def _compared(tape: Tape, data: Path, said: list[tuple[int, int, str]], before: int) -> tuple[Left, Events]:
    """Hold what is on disk against what the last recorder said, whose day had so many rows before it."""
    safe, events, digest = said[-1] if said else (0, 0, _folded(Prefix(tape, np.zeros(0, EVENT))))
    acknowledged = max(before + safe, events)
    kept = _kept(data)
    if kept is None:
        return Left(acknowledged, 0, True, True), np.zeros(0, EVENT)
    found = _rows(kept)
    chunks = np.searchsorted(tape.starts, kept.end_ns, "right")
    expected = np.concatenate([tape.read(chunk) for chunk in range(chunks)])[: len(found)]
    same_hash = _folded(Prefix(kept, found[:events])) == digest
    return Left(acknowledged, len(found), np.array_equal(found, expected), same_hash), found


def _kept(data: Path) -> Tape | None:
    """Return the one recording below a folder; None when it was killed before its first batch."""
    try:
        return next(map(open_journal, recordings(data)), None)
    except NoDataError:
        return None


def _rows(tape: Tape) -> Events:
    return np.concatenate([np.zeros(0, EVENT), *(tape.read(chunk) for chunk in range(len(tape.starts)))])
