"""A recording of a tape that can be folded, and what it must fold to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.fold.params import FoldParams
from engine.model.events import KIND_NAMES, Events
from engine.store.journal.encoding import Recording
from engine.store.journal.writer import Journal
from engine.tape.tape import Tape
from engine.tape.timeline import NO_CHECKPOINTS, Timeline

Record = Callable[..., Journal]


@pytest.fixture
def events_of(mixed_events: Callable[[int, int], Events]) -> Callable[[int, int], Events]:
    """Return what makes about n events of everything, of known kinds and contracts."""

    def made(seed: int, n: int) -> Events:
        events = mixed_events(seed, n)
        return events[(events["kind"] < len(KIND_NAMES)) & (events["cid"] >= 0) & (events["cid"] <= 6)]

    return made


@pytest.fixture
def recording(in_memory: Callable[..., Tape], mixed_events: Callable[[int, int], Events]) -> Recording:
    """What the recordings of these tests are of."""
    info = in_memory(mixed_events(0, 1)).info
    return Recording(info.day, info.underlying, info.spot_origin, info.tick)


@pytest.fixture
def record(recording: Recording, in_memory: Callable[..., Tape]) -> Record:
    """Return what records events in batches of `step` rows and closes the file unless told not to."""

    def run(root: Path, events: Events, step: int = 100, close: bool = True) -> Journal:
        journal = Journal(root, recording)
        journal.add_contracts(in_memory(events).contracts)
        for start in range(0, len(events), step):
            batch = events[start : start + step]
            assert journal.append(batch, int(batch["ts"][-1]), "test")
        if close:
            journal.close()
        return journal

    return run


@pytest.fixture
def state_hash() -> Callable[[Tape], str]:
    """Return what folds a tape to its state hash."""

    def fold(tape: Tape) -> str:
        timeline = Timeline(tape, FoldParams(), NO_CHECKPOINTS)
        for _ in timeline.advance(timeline.end_ns):
            pass
        return timeline.state.digest()

    return fold


@pytest.fixture
def rows_of() -> Callable[[Tape], Events]:
    """Return what reads a whole tape."""
    return lambda tape: np.concatenate([tape.read(chunk) for chunk in range(len(tape.starts))])
