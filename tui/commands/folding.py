"""Folding one whole day once, to know what it folds to.

The parameters are always the shipped ones: a recorded hash must not depend on somebody's settings.
"""

from __future__ import annotations

from engine.kernel.params import FoldParams
from engine.timeline import Tape, Timeline

from ..output import Progress

_PIECE = 1 << 20


def fold_hash(tape: Tape, progress: Progress) -> str:
    """Return the state hash of the whole tape under the default parameters."""
    timeline = Timeline(tape, FoldParams())
    what = f"folding {tape.info.symbol} {tape.info.day}"
    progress(what, 0.0)
    while not timeline.finished:
        for _ in timeline.advance(timeline.end_ns, _PIECE):
            progress(what, timeline.loaded)
    return timeline.state.digest()
