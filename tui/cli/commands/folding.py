"""Folding one whole day once, to know what it folds to.

The parameters are always the shipped ones: a recorded hash must not depend on somebody's settings.
"""

from __future__ import annotations

from engine.fold.params import FoldParams
from engine.tape.tape import Tape
from engine.tape.timeline import Timeline

from ..output import Progress

RECORDING_BATCH = 1 << 15
VERIFYING_BATCH = 1_009
"""Another batch size than the recorded hash was folded with: the hash must not depend on it."""


def fold_hash(tape: Tape, progress: Progress, batch: int = RECORDING_BATCH) -> str:
    """Return the state hash of the whole tape under the default parameters; `batch` events at a time."""
    timeline = Timeline(tape, FoldParams())
    what = f"folding {tape.info.symbol} {tape.info.day}"
    progress(what, 0.0)
    while not timeline.finished:
        for _ in timeline.advance(timeline.end_ns, batch):
            progress(what, timeline.loaded)
    return timeline.state.digest()
